// Package efs stands in for file systems: mount targets in one VPC, and copies in another region.
package efs

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/aws/ec2"
	"github.com/awslab/awslab/automation/offline/internal/aws/iam"
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "efs", Name: "EFS",
	Behaviors: map[string]bridge.Behavior{
		token.FileSystem:       {Create: createFileSystem, Read: readFileSystem, Remove: removeFileSystem},
		token.MountTarget:      {Create: createMountTarget},
		token.FileSystemPolicy: {Create: createPolicy, Update: createPolicy},
		token.FileReplication:  {Create: createFileReplication, Remove: removeFileReplication},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:efs/getFileSystem:getFileSystem": getFileSystem,
	},
}

func getFileSystem(c bridge.Call) (map[string]any, error) {
	found, err := bridge.GetOne(token.FileSystem, "FileSystemNotFound")(c)
	if err != nil {
		return nil, err
	}
	found["protections"] = []any{found["protection"]}
	delete(found, "protection")
	return found, nil
}

func createFileSystem(c *bridge.Change) error {
	if c.Inputs.Has("kmsKeyId") && !c.Inputs.Bool("encrypted") {
		return errors.New("encrypted must be set to true when kmsKeyId is specified")
	}
	if c.Inputs.Bool("encrypted") {
		c.Out("kmsKeyId", c.Region().ManagedKeyARN("elasticfilesystem"))
	}
	if zone := c.Inputs.Str("availabilityZoneName"); zone != "" {
		c.Set("availabilityZoneId", c.Region().ZoneID(zone))
	}
	return nil
}

// readFileSystem counts the mount targets.
func readFileSystem(c *bridge.Change) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	count := 0.0
	for _, r := range referrers {
		if r.Thing.Type == token.MountTarget {
			count++
		}
	}
	c.Set("numberOfMountTargets", count)
	return nil
}

func createMountTarget(c *bridge.Change) error {
	subnet := c.Target("subnetId")
	if subnet == nil {
		return bridge.Refuse("SubnetNotFound", "Subnet ID '%s' does not exist.", c.Inputs.Str("subnetId"))
	}
	zone := bridge.StateOf(subnet).Str("availabilityZone")
	others, err := c.Siblings(token.MountTarget)
	if err != nil {
		return err
	}
	for _, other := range others {
		state := bridge.StateOf(other)
		if state.Str("fileSystemId") != c.Inputs.Str("fileSystemId") {
			continue
		}
		if state.Str("availabilityZoneName") == zone {
			return bridge.Refuse(
				"MountTargetConflict",
				"mount target already exists in this AZ: %s is in %s",
				other.ID,
				zone,
			)
		}
		if err := refuseOtherVPC(c, other, bridge.StateOf(subnet).Str("vpcId")); err != nil {
			return err
		}
	}
	c.Set("availabilityZoneName", zone)
	c.Set("availabilityZoneId", bridge.StateOf(subnet).Str("availabilityZoneId"))
	c.Out("ipAddress", ec2.AddressIn(subnet))
	if len(c.Inputs.List("securityGroups")) > 0 {
		return ec2.RefuseForeignGroups(c, "subnetId", "securityGroups")
	}
	vpcs, err := c.Tx.ByID(token.Vpc, bridge.StateOf(subnet).Str("vpcId"))
	if err != nil || len(vpcs) == 0 {
		return err
	}
	c.Out("securityGroups", []any{bridge.StateOf(vpcs[0]).Str("defaultSecurityGroupId")})
	return nil
}

// refuseOtherVPC refuses mount targets of one file system in two VPCs.
func refuseOtherVPC(c *bridge.Change, other *world.Thing, vpc string) error {
	links, err := c.Tx.Links(other)
	if err != nil {
		return err
	}
	for _, link := range links {
		if of := bridge.StateOf(link.Target).Str("vpcId"); link.Property == "subnetId" && of != vpc {
			return bridge.Refuse(
				"MountTargetConflict",
				"requested subnet for new mount target is not in the same VPC as existing mount targets: it is in "+
					"%s, they are in %s",
				vpc,
				of,
			)
		}
	}
	return nil
}

// createPolicy refuses a policy that names a role which does not exist.
func createPolicy(c *bridge.Change) error { return iam.RefusePrincipals(c, c.Inputs.Str("policy")) }

// removeFileSystem refuses to delete a file system that another one is copied to.
func removeFileSystem(c *bridge.Change) error {
	replications, err := c.Tx.OfTypeAnywhere(token.FileReplication)
	if err != nil {
		return err
	}
	for _, thing := range replications {
		if bridge.StateOf(thing).Str("destination.fileSystemId") == c.Thing.ID {
			return bridge.RefuseRetried(
				"FileSystemInUse",
				"file system %s is the destination of the replication of %s",
				c.Thing.ID,
				thing.ID,
			)
		}
	}
	return nil
}

// createFileReplication copies to a file system that the program names, or makes one in the other region, as EFS does.
func createFileReplication(c *bridge.Change) error {
	source := c.Target("sourceFileSystemId")
	where := c.Inputs.Str("destination.region")
	if where == "" {
		where = c.Region().Name
	}
	if _, err := region.Named(where); err != nil {
		return bridge.Refuse("ValidationException", "destination: %v", err)
	}
	c.Set("destination.region", where)
	c.Set("destination.status", "ENABLED")
	c.Set("sourceFileSystemArn", source.ARN)
	c.Set("originalSourceFileSystemArn", source.ARN)
	if c.Inputs.Has("destination.fileSystemId") {
		return replicateTo(c, where)
	}
	destination := copyOfFileSystem(source, where, c.Inputs.Str("destination.kmsKeyId"))
	c.Set("destination.fileSystemId", destination.ID)
	return c.Tx.Put(destination, nil)
}

// replicateTo refuses a destination that is not in the region or is protected from being overwritten. From then on EFS
// says REPLICATING of its protection, which it accepts from nobody (EFS API, FileSystemProtectionDescription).
func replicateTo(c *bridge.Change, region string) error {
	id := c.Inputs.Str("destination.fileSystemId")
	systems, err := c.Tx.ByID(token.FileSystem, id)
	if err != nil {
		return err
	}
	if len(systems) == 0 || systems[0].Region != region {
		return bridge.Refuse("FileSystemNotFound", "File system '%s' does not exist in %s.", id, region)
	}
	if bridge.StateOf(systems[0]).Str("protection.replicationOverwrite") != "DISABLED" {
		return bridge.Refuse(
			"ValidationException",
			"The destination file system %s is protected from being overwritten: set its "+
				"protection.replicationOverwrite to DISABLED",
			id,
		)
	}
	return protect(c, systems[0], "REPLICATING")
}

func protect(c *bridge.Change, destination *world.Thing, status string) error {
	links, err := c.Tx.Links(destination)
	if err != nil {
		return err
	}
	destination.State = destination.State.Copy()
	values.Set(destination.State, "protection", values.Of(map[string]any{"replicationOverwrite": status}))
	return c.Tx.Put(destination, links)
}

func copyOfFileSystem(source *world.Thing, where, key string) *world.Thing {
	id := "fs-" + template.RandomHex(17)
	arn := fmt.Sprintf(
		"arn:%s:elasticfilesystem:%s:%s:file-system/%s",
		region.Of(where).Partition(),
		where,
		world.Account,
		id,
	)
	state := source.State.Copy()
	for name, value := range map[string]any{
		"id":            id,
		"arn":           arn,
		"kmsKeyId":      key,
		"encrypted":     true,
		"creationToken": "source-" + source.ID,
		"dnsName":       fmt.Sprintf("%s.efs.%s.%s", id, where, region.Of(where).DNSSuffix()),
		"protection":    map[string]any{"replicationOverwrite": "ENABLED"},
	} {
		state[resource.PropertyKey(name)] = values.Of(value)
	}
	return &world.Thing{
		Key:   world.Key{Region: where, Type: token.FileSystem, Key: id},
		ID:    id,
		ARN:   arn,
		Name:  "source-" + source.ID,
		State: state,
	}
}

// removeFileReplication tells of the file system that stays: EFS only stops copying to it, and protects it again.
func removeFileReplication(c *bridge.Change) error {
	id, region := c.Olds.Str("destination.fileSystemId"), c.Olds.Str("destination.region")
	systems, err := c.Tx.ByID(token.FileSystem, id)
	if err != nil || len(systems) == 0 {
		return err
	}
	if systems[0].URN == "" {
		c.Warn(
			"EFS made the file system %s in %s for this replication, and no resource manages it: it stays until "+
				"somebody deletes it",
			id,
			region,
		)
	}
	return protect(c, systems[0], "ENABLED")
}
