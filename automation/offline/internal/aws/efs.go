package aws

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// efsService is what EFS does beyond its models.
var efsService = service{
	module: "efs", name: "EFS",
	behaviors: map[string]behavior{
		tFileSystem:      {create: createFileSystem, read: readFileSystem, remove: removeFileSystem},
		tMountTarget:     {create: createMountTarget},
		tFileReplication: {create: createFileReplication, remove: removeFileReplication},
	},
}

func createFileSystem(c *change) error {
	if c.inputs.has("kmsKeyId") && !c.inputs.bool("encrypted") {
		return errors.New("encrypted must be set to true when kmsKeyId is specified")
	}
	if c.inputs.bool("encrypted") {
		c.out("kmsKeyId", c.region().managedKeyARN("elasticfilesystem"))
	}
	if zone := c.inputs.str("availabilityZoneName"); zone != "" {
		c.set("availabilityZoneId", c.region().zoneID(zone))
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
		state := stateOf(other)
		if state.str("fileSystemId") != c.inputs.str("fileSystemId") {
			continue
		}
		if state.str("availabilityZoneName") == zone {
			return refuse("MountTargetConflict", "mount target already exists in this AZ: %s is in %s", other.ID, zone)
		}
		if err := c.refuseOtherVPC(other, stateOf(subnet).str("vpcId")); err != nil {
			return err
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

// refuseOtherVPC refuses mount targets of one file system in two VPCs.
func (c *change) refuseOtherVPC(other *world.Thing, vpc string) error {
	links, err := c.tx.Links(other)
	if err != nil {
		return err
	}
	for _, link := range links {
		if of := stateOf(link.Target).str("vpcId"); link.Property == "subnetId" && of != vpc {
			return refuse("MountTargetConflict", "requested subnet for new mount target is not in the same VPC as existing mount targets: it is in "+
				"%s, they are in %s", vpc, of)
		}
	}
	return nil
}

// removeFileSystem refuses to delete a file system that another one is copied to.
func removeFileSystem(c *change) error {
	replications, err := c.tx.All()
	if err != nil {
		return err
	}
	for _, thing := range replications {
		if thing.Type == tFileReplication && stateOf(thing).str("destination.fileSystemId") == c.thing.ID {
			return refuseRetried("FileSystemInUse", "file system %s is the destination of the replication of %s", c.thing.ID, thing.ID)
		}
	}
	return nil
}

// createFileReplication copies to a file system that the program names, or makes one in the other region, as EFS does.
func createFileReplication(c *change) error {
	source := c.target("sourceFileSystemId")
	region := c.inputs.str("destination.region")
	if region == "" {
		region = c.region().Name
	}
	if _, err := regionNamed(region); err != nil {
		return refuse("ValidationException", "destination: %v", err)
	}
	c.set("destination.region", region)
	c.set("destination.status", "ENABLED")
	c.set("sourceFileSystemArn", source.ARN)
	c.set("originalSourceFileSystemArn", source.ARN)
	if c.inputs.has("destination.fileSystemId") {
		return c.refuseDestination(region)
	}
	destination := copyOfFileSystem(source, region, c.inputs.str("destination.kmsKeyId"))
	c.set("destination.fileSystemId", destination.ID)
	return c.tx.Put(destination, nil)
}

// refuseDestination refuses a destination that is not in the region or is protected from being overwritten.
func (c *change) refuseDestination(region string) error {
	id := c.inputs.str("destination.fileSystemId")
	systems, err := c.tx.ByID(tFileSystem, id)
	if err != nil {
		return err
	}
	if len(systems) == 0 || systems[0].Region != region {
		return refuse("FileSystemNotFound", "File system '%s' does not exist in %s.", id, region)
	}
	if stateOf(systems[0]).str("protection.replicationOverwrite") != "DISABLED" {
		return refuse("ValidationException", "The destination file system %s is protected from being overwritten: set its "+
			"protection.replicationOverwrite to DISABLED", id)
	}
	return nil
}

func copyOfFileSystem(source *world.Thing, region, key string) *world.Thing {
	id := "fs-" + randomHex(17)
	arn := fmt.Sprintf("arn:%s:elasticfilesystem:%s:%s:file-system/%s", regions[0].Partition(), region, world.Account, id)
	state := source.State.Copy()
	for name, value := range map[string]any{
		"id": id, "arn": arn, "kmsKeyId": key, "encrypted": true, "creationToken": "source-" + source.ID,
		"dnsName": fmt.Sprintf("%s.efs.%s.amazonaws.com", id, region), "protection": map[string]any{"replicationOverwrite": "ENABLED"},
	} {
		state[resource.PropertyKey(name)] = property(value)
	}
	return &world.Thing{
		Key: world.Key{Region: region, Type: tFileSystem, Key: id}, ID: id, ARN: arn, Name: "source-" + source.ID, State: state,
	}
}

// removeFileReplication tells of the file system that stays: EFS only stops copying to it.
func removeFileReplication(c *change) error {
	id, region := c.olds.str("destination.fileSystemId"), c.olds.str("destination.region")
	systems, err := c.tx.ByID(tFileSystem, id)
	if err == nil && len(systems) > 0 && systems[0].URN == "" {
		c.warn("EFS made the file system %s in %s for this replication, and no resource manages it: it stays until somebody deletes it", id, region)
	}
	return err
}
