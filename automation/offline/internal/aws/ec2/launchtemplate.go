package ec2

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// updateLaunchTemplate makes a new version, unless only tags changed.
func updateLaunchTemplate(c *bridge.Change) error {
	versioned := slices.ContainsFunc(
		values.SortedKeys(c.Difference.Edits),
		func(at string) bool { return !strings.HasPrefix(at, "tags") },
	)
	if !versioned {
		return nil
	}
	latest := values.View(c.State).Num("latestVersion") + 1
	c.Set("latestVersion", latest)
	if c.Inputs.Bool("updateDefaultVersion") {
		c.Set("defaultVersion", latest)
	}
	return nil
}
