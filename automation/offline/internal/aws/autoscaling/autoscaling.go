// Package autoscaling stands in for Auto Scaling groups: the zones and subnets they launch instances in.
package autoscaling

import (
	"fmt"
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "autoscaling", Name: "Auto Scaling",
	Behaviors: map[string]bridge.Behavior{
		token.AutoScalingGroup: {Create: placeGroup, Update: placeGroup, Remove: drainGroup},
	},
}

// placeGroup refuses sizes out of order and finds the zones of the group's subnets.
func placeGroup(c *bridge.Change) error {
	least, most := c.Inputs.Num("minSize"), c.Inputs.Num("maxSize")
	desired, given := c.Inputs.At("desiredCapacity")
	if least > most {
		return bridge.Refuse(
			"ValidationError",
			"Max bound, %g, must be greater than or equal to min bound, %g",
			most,
			least,
		)
	}
	if n, is := values.Number(desired); given && is && (n < least || n > most) {
		return bridge.Refuse(
			"ValidationError",
			"Desired capacity:%g must be between the specified min size:%g and max size:%g",
			n,
			least,
			most,
		)
	}
	var zones []string
	for _, subnet := range c.Targets("vpcZoneIdentifiers") {
		zones = append(zones, bridge.StateOf(subnet).Str("availabilityZone"))
	}
	slices.Sort(zones)
	if len(zones) > 0 {
		c.Set("availabilityZones", values.ToAny(slices.Compact(zones)))
	}
	nameTemplate(c)
	return nil
}

// nameTemplate adds the name of the launch template of a mixed group, which Auto Scaling returns beside its id.
func nameTemplate(c *bridge.Change) {
	const of = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification."
	if template := c.Target(of + "launchTemplateId"); template != nil {
		c.Set(of+"launchTemplateName", template.Name)
	}
}

// drainGroup fails the wait for a group without instances when they are protected from being ended: the provider sets
// the group's size to 0, which protected instances outlive.
func drainGroup(c *bridge.Change) error {
	state := bridge.StateOf(c.Thing)
	if c.Olds.Bool("forceDelete") || !state.Bool("protectFromScaleIn") || state.Num("desiredCapacity") == 0 {
		return nil
	}
	return fmt.Errorf(
		"waiting for Auto Scaling Group (%s) drained: %g instances are protected from scale in and are not ended; "+
			"set forceDelete "+
			"and run an update first",
		c.Thing.ID,
		state.Num("desiredCapacity"),
	)
}
