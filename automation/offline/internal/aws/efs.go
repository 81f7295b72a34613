package aws

import "errors"

func init() {
	register(map[string]behavior{
		tFileSystem:  {create: createFileSystem, read: readFileSystem},
		tMountTarget: {create: createMountTarget},
	})
}

func createFileSystem(c *change) error {
	if c.inputs.has("kmsKeyId") && !c.inputs.bool("encrypted") {
		return errors.New("encrypted must be set to true when kmsKeyId is specified")
	}
	if c.inputs.bool("encrypted") {
		c.out("kmsKeyId", c.p.keyARN("elasticfilesystem"))
	}
	if zone := c.inputs.str("availabilityZoneName"); zone != "" {
		c.set("availabilityZoneId", c.p.region.zoneID(zone))
	}
	return nil
}

// readFileSystem counts the mount targets.
func readFileSystem(c *change) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	count := 0.0
	for _, r := range referrers {
		if r.Thing.Type == tMountTarget {
			count++
		}
	}
	c.set("numberOfMountTargets", count)
	return nil
}

func createMountTarget(c *change) error {
	subnet := c.target("subnetId")
	if subnet == nil {
		return refuse("SubnetNotFound", "Subnet ID '%s' does not exist.", c.inputs.str("subnetId"))
	}
	zone := stateOf(subnet).str("availabilityZone")
	others, err := c.siblings(tMountTarget)
	if err != nil {
		return err
	}
	for _, other := range others {
		if state := stateOf(other); state.str("fileSystemId") == c.inputs.str("fileSystemId") && state.str("availabilityZoneName") == zone {
			return refuse("MountTargetConflict", "mount target already exists in this AZ: %s is in %s", other.ID, zone)
		}
	}
	c.set("availabilityZoneName", zone)
	c.set("availabilityZoneId", stateOf(subnet).str("availabilityZoneId"))
	c.out("ipAddress", addressIn(subnet))
	if len(c.inputs.list("securityGroups")) > 0 {
		return c.refuseForeignGroups("subnetId", "securityGroups")
	}
	vpcs, err := c.tx.ByID(tVpc, stateOf(subnet).str("vpcId"))
	if err != nil || len(vpcs) == 0 {
		return err
	}
	c.out("securityGroups", []any{stateOf(vpcs[0]).str("defaultSecurityGroupId")})
	return nil
}
