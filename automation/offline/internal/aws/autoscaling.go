package aws

import "slices"

func init() {
	register(map[string]behavior{tAutoScalingGroup: {create: placeGroup, update: placeGroup}})
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
