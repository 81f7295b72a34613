package aws

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// autoscalingService is what Auto Scaling does beyond its models.
var autoscalingService = service{
	module: "autoscaling", name: "Auto Scaling",
	behaviors: map[string]behavior{
		tAutoScalingGroup: {create: placeGroup, update: placeGroup, remove: drainGroup},
	},
}

// placeGroup refuses sizes out of order and finds the zones of the group's subnets.
func placeGroup(c *change) error {
	least, most := c.inputs.num("minSize"), c.inputs.num("maxSize")
	desired, given := c.inputs.at("desiredCapacity")
	if least > most {
		return refuse("ValidationError", "Max bound, %g, must be greater than or equal to min bound, %g", most, least)
	}
	if n, is := number(desired); given && is && (n < least || n > most) {
		return refuse("ValidationError", "Desired capacity:%g must be between the specified min size:%g and max size:%g", n, least, most)
	}
	var zones []string
	for _, subnet := range c.targets("vpcZoneIdentifiers") {
		zones = append(zones, stateOf(subnet).str("availabilityZone"))
	}
	slices.Sort(zones)
	if len(zones) > 0 {
		c.set("availabilityZones", toAny(slices.Compact(zones)))
	}
	return nil
}

// drainGroup fails the wait for a group without instances when they are protected from being ended: the provider sets
// the group's size to 0, which protected instances outlive.
func drainGroup(c *change) error {
	state := stateOf(c.thing)
	if c.olds.bool("forceDelete") || !state.bool("protectFromScaleIn") || state.num("desiredCapacity") == 0 {
		return nil
	}
	return fmt.Errorf("waiting for Auto Scaling Group (%s) drained: %g instances are protected from scale in and are not ended; set forceDelete "+
		"and run an update first", c.thing.ID, state.num("desiredCapacity"))
}

// refuseInstances refuses to delete a cluster while instances of a group that joins it run. An instance joins the
// cluster that its user data names.
func refuseInstances(c *change) error {
	groups, err := c.tx.OfType(c.thing.Region, tAutoScalingGroup)
	if err != nil {
		return err
	}
	for _, group := range groups {
		if stateOf(group).num("desiredCapacity") == 0 {
			continue
		}
		joins, err := joinsCluster(c.tx, group, c.thing.Name)
		if err != nil {
			return err
		}
		if joins {
			return refuseRetried("ClusterContainsContainerInstancesException", "The Cluster cannot be deleted while Container Instances are active "+
				"or draining: those of the Auto Scaling group %s are in %s", group.Name, c.thing.Name)
		}
	}
	return nil
}

// joinsCluster says whether the launch template of a group names the cluster.
func joinsCluster(tx *world.Tx, group *world.Thing, cluster string) (bool, error) {
	links, err := tx.Links(group)
	if err != nil {
		return false, err
	}
	for _, link := range links {
		if link.Target.Type != tLaunchTemplate {
			continue
		}
		script, err := base64.StdEncoding.DecodeString(stateOf(link.Target).str("userData"))
		if err != nil {
			continue // no user data that an instance could run either
		}
		for line := range strings.Lines(string(script)) {
			if _, name, found := strings.Cut(line, "ECS_CLUSTER="); found && leadingName(name) == cluster {
				return true, nil
			}
		}
	}
	return false, nil
}

// leadingName returns the name at the beginning of a text, which may be quoted.
func leadingName(text string) string {
	text = strings.TrimLeft(text, `"'`)
	end := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(alphabets["alnum"]+"-_", r) })
	if end < 0 {
		return text
	}
	return text[:end]
}
