package rds

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// pendingReboot is the apply method of a parameter that was never changed.
const pendingReboot = "pending-reboot"

// forced are the versions since which the families require TLS by default, and so have rds.force_ssl at 1. From
// "Requiring an SSL connection" in the Amazon RDS User Guide and "Requiring an SSL/TLS connection" in that of Aurora.
var forced = map[string]int{"postgres": 15, "aurora-postgresql": 17}

// isDefault reports whether a parameter has the value that it has in its family anyway.
func isDefault(family string, parameter values.View) bool {
	engine := strings.TrimRight(family, "0123456789")
	since, known := forced[engine]
	version, err := strconv.Atoi(strings.TrimPrefix(family, engine))
	return known && err == nil && version >= since &&
		parameter.Str("name") == "rds.force_ssl" && parameter.Str("value") == "1"
}

// readParameters gives each parameter the apply method that RDS returns: of one that has its default, that of a
// parameter that was never changed, and otherwise the one with which its value was last changed. An update of the
// method alone is taken and has no effect (terraform-provider-aws #36419 and #44280).
func readParameters(c *bridge.Change) error {
	before := c.Olds.Objects("parameters")
	var read []any
	for _, parameter := range values.View(c.State).Objects("parameters") {
		kept := resource.PropertyMap(parameter).Copy()
		same := slices.IndexFunc(before, func(old values.View) bool {
			return old.Str("name") == parameter.Str("name") && old.Str("value") == parameter.Str("value")
		})
		switch {
		case isDefault(c.Inputs.Str("family"), parameter):
			kept["applyMethod"] = resource.NewProperty(pendingReboot)
		case same >= 0:
			kept["applyMethod"] = resource.NewProperty(before[same].Str("applyMethod"))
		}
		read = append(read, resource.NewProperty(kept))
	}
	if read != nil {
		c.Set("parameters", read)
	}
	return nil
}
