// Package route53 stands in for hosted zones and their records.
package route53

import (
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "route53", Name: "Route 53",
	Behaviors: map[string]bridge.Behavior{
		token.Record: {Create: createRecord},
		token.Zone:   {Create: createZone, Releases: bridge.Emptied},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:route53/getZone:getZone": getZone,
	},
	Equalities: map[string]func(a, b string) bool{
		"domain": func(a, b string) bool { return writtenDomain(a) == writtenDomain(b) },
	},
	Forms: map[string]func(string) string{"domain": writtenDomain},
}

// writtenDomain returns a name as the provider keeps it: Route 53 has it with a dot at its end, and in lower case.
func writtenDomain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// getZone describes a hosted zone: one in the world, or else, since a zone that a person owns is not in the world, any
// public one is taken to exist.
func getZone(c bridge.Call) (map[string]any, error) {
	name := strings.TrimSuffix(c.Args.Str("name"), ".")
	id := c.Args.Str("zoneId")
	zones, err := c.Here(token.Zone)
	if err != nil {
		return nil, err
	}
	for _, zone := range zones {
		private := len(bridge.StateOf(zone).List("vpcs")) > 0
		if (zone.ID == id || id == "" && bridge.StateOf(zone).Str("name") == name) &&
			private == c.Args.Bool("privateZone") {
			return bridge.Describe(zone), nil
		}
	}
	if c.Args.Bool("privateZone") {
		return nil, bridge.Refuse(
			"NoSuchHostedZone",
			"no matching private hosted zone found: offline there are those that the program made",
		)
	}
	if id == "" {
		id = fmt.Sprintf(
			"Z%08X%s",
			crc32.ChecksumIEEE([]byte(name)),
			strings.ToUpper(region.All[0].Digest("zone/"+name, 12)),
		)
	}
	if name == "" {
		name = "example.com"
	}
	return map[string]any{
		"id":     id,
		"zoneId": id,
		"name":   name,
		"arn":    fmt.Sprintf("arn:%s:route53:::hostedzone/%s", c.Region().Partition(), id),
		"nameServers": []any{
			"ns-1.awsdns-01.org",
			"ns-2.awsdns-02.co.uk",
			"ns-3.awsdns-03.com",
			"ns-4.awsdns-04.net",
		},
		"primaryNameServer":        "ns-1.awsdns-01.org",
		"callerReference":          "",
		"comment":                  "",
		"linkedServiceDescription": "",
		"linkedServicePrincipal":   "",
		"resourceRecordSetCount":   2.0,
		"tags":                     map[string]any{},
		"vpcId":                    c.Args.Str("vpcId"),
	}, nil
}

// createZone writes the name as Route 53 has it.
func createZone(c *bridge.Change) error {
	c.Set("name", strings.TrimSuffix(strings.ToLower(c.Inputs.Str("name")), "."))
	return nil
}

func createRecord(c *bridge.Change) error {
	name := strings.TrimSuffix(strings.ToLower(c.Inputs.Str("name")), ".")
	c.Set("name", name)
	c.Out("fqdn", fullName(c, name))
	c.Id = strings.TrimPrefix(c.Inputs.Str("zoneId"), "/hostedzone/") + "_" + name + "_" + c.Inputs.Str("type")
	if set := c.Inputs.Str("setIdentifier"); set != "" {
		c.Id += "_" + set
	}
	if c.Inputs.Bool("allowOverwrite") {
		return nil
	}
	if _, err := c.Tx.Get(world.Key{Region: world.Global, Type: token.Record, Key: c.Id}); err == nil {
		return bridge.Refuse(
			"InvalidChangeBatch",
			"[Tried to create resource record set [name='%s.', type='%s'] but it already exists]",
			name,
			c.Inputs.Str("type"),
		)
	}
	return nil
}

// fullName appends the zone's name to a record's, when the zone is in the world and the name does not end with it.
func fullName(c *bridge.Change, name string) string {
	zone := bridge.StateOf(c.Target("zoneId")).Str("name")
	if zone == "" || name == zone || strings.HasSuffix(name, "."+zone) {
		return name
	}
	if name == "" {
		return zone
	}
	return name + "." + zone
}
