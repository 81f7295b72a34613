package aws

import (
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// route53Service is what Route 53 does beyond its models.
var route53Service = service{
	module: "route53", name: "Route 53",
	behaviors: map[string]behavior{
		tRecord: {create: createRecord},
		tZone:   {create: createZone, releases: emptied},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:route53/getZone:getZone": getZone,
	},
	equalities: map[string]func(a, b string) bool{
		"domain": func(a, b string) bool {
			return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
		},
	},
}

// createZone writes the name as Route 53 has it.
func createZone(c *change) error {
	c.set("name", strings.TrimSuffix(strings.ToLower(c.inputs.str("name")), "."))
	return nil
}

func createRecord(c *change) error {
	name := strings.TrimSuffix(strings.ToLower(c.inputs.str("name")), ".")
	c.set("name", name)
	c.out("fqdn", c.fullName(name))
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

// fullName appends the zone's name to a record's, when the zone is in the world and the name does not end with it.
func (c *change) fullName(name string) string {
	zone := stateOf(c.target("zoneId")).str("name")
	if zone == "" || name == zone || strings.HasSuffix(name, "."+zone) {
		return name
	}
	if name == "" {
		return zone
	}
	return name + "." + zone
}
