package aws

import (
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func init() {
	register(map[string]behavior{tRecord: {create: createRecord}})
}

func createRecord(c *change) error {
	name := strings.TrimSuffix(strings.ToLower(c.inputs.str("name")), ".")
	c.set("name", name)
	c.out("fqdn", name)
	c.id = strings.TrimPrefix(c.inputs.str("zoneId"), "/hostedzone/") + "_" + name + "_" + c.inputs.str("type")
	if set := c.inputs.str("setIdentifier"); set != "" {
		c.id += "_" + set
	}
	if c.inputs.bool("allowOverwrite") {
		return nil
	}
	if _, err := c.tx.Get(world.Key{Region: world.Global, Type: tRecord, Key: c.id}); err == nil {
		return refuse("InvalidChangeBatch", "[Tried to create resource record set [name='%s.', type='%s'] but it already exists]",
			name, c.inputs.str("type"))
	}
	return nil
}
