package rds

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/internal/dbclass"
)

func createDBCluster(c *bridge.Change) error {
	restored := c.Inputs.Has("snapshotIdentifier") || c.Inputs.Has("restoreToPointInTime") ||
		c.Inputs.Has("s3Import") ||
		c.Inputs.Has("replicationSourceIdentifier") ||
		c.Inputs.Has("globalClusterIdentifier")
	if !restored && !c.Inputs.Given("masterUsername") {
		return errors.New("\"master_username\": required field is not set")
	}
	if !restored && !c.Inputs.Given("masterPassword") && !c.Inputs.Bool("manageMasterUserPassword") {
		return errors.New("one of masterPassword and manageMasterUserPassword is required")
	}
	known, has := engines[c.Inputs.Str("engine")]
	if !has {
		return bridge.Refuse("InvalidParameterValue", "Invalid DB engine: %q", c.Inputs.Str("engine"))
	}
	if err := c.Compute(false); err != nil {
		return err
	}
	if err := placeDatabase(c); err != nil {
		return err
	}
	if err := clusterVersions(c, known); err != nil {
		return err
	}
	if zones := clusterZones(c); !c.Inputs.Has("availabilityZones") && len(zones) >= clusterCopies {
		c.Set("availabilityZones", values.ToAny(zones[:clusterCopies]))
	}
	if isMultiAZ(c.Inputs) {
		if err := placeMultiAZ(c); err != nil {
			return err
		}
	}
	c.Out("port", known.port)
	for property, infix := range map[string]string{"endpoint": "cluster", "readerEndpoint": "cluster-ro"} {
		c.Set(
			property,
			fmt.Sprintf(
				"%s.%s-%s.%s.rds.%s",
				values.View(c.State).Str("clusterIdentifier"),
				infix,
				c.Region().Digest("rds", 12),
				c.Region().Name,
				c.Region().DNSSuffix(),
			),
		)
	}
	if c.Inputs.Bool("storageEncrypted") {
		c.Out("kmsKeyId", c.Region().ManagedKeyARN("rds"))
	}
	delete(c.State, "availabilityZone")
	return managedPassword(c)
}

// clusterVersions fills in the version and what follows from it, and refuses what RDS refuses of a cluster.
func clusterVersions(c *bridge.Change, known engine) error {
	full := known.full(values.View(c.State).Str("engineVersion"))
	c.Set("engineVersionActual", full)
	c.Out("engineVersion", full)
	defaultParameters(c, "dbClusterParameterGroupName", known.family(full))
	if err := refuseFamily(c, "dbClusterParameterGroupName", known.family(full)); err != nil {
		return err
	}
	if err := refuseMonitoring(c); err != nil {
		return err
	}
	return refuseWindows(c, "preferredBackupWindow", "preferredMaintenanceWindow")
}

// clusterCopies is over how many availability zones a cluster keeps its data.
const clusterCopies = 3

// clusterZones returns the availability zones that a cluster can be in.
func clusterZones(c *bridge.Change) []string {
	if group := c.Target("dbSubnetGroupName"); group != nil {
		zones, _ := zonesOf(c.Tx, group)
		return zones
	}
	return c.Region().ZoneNames()
}

func updateDBCluster(c *bridge.Change) error {
	if err := growStorage(c); err != nil {
		return err
	}
	known := engines[values.View(c.State).Str("engine")]
	before, after := c.Olds.Str("engineVersionActual"), known.full(values.View(c.State).Str("engineVersion"))
	if err := refuseVersion(c, known, before, after); err != nil {
		return err
	}
	if err := clusterVersions(c, known); err != nil {
		return err
	}
	postpone(c)
	if err := updateMembers(c, known); err != nil {
		return err
	}
	if !c.Inputs.Bool("manageMasterUserPassword") {
		c.Set("masterUserSecrets", []any{})
	}
	return managedPassword(c)
}

// updateMembers gives Aurora's instances what they have of their cluster.
func updateMembers(c *bridge.Change, known engine) error {
	members, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	state := values.View(c.State)
	for _, member := range members {
		if member.Property != "clusterIdentifier" || member.Thing.Type != token.DBClusterInstance {
			continue
		}
		if err := follow(c, member.Thing, map[string]string{
			"engineVersion":         state.Str("engineVersion"),
			"engineVersionActual":   state.Str("engineVersionActual"),
			"preferredBackupWindow": state.Str("preferredBackupWindow"),
			"dbParameterGroupName":  "default." + known.family(state.Str("engineVersionActual")),
		}, "dbParameterGroupName"); err != nil {
			return err
		}
	}
	return nil
}

// isMultiAZ reports whether a cluster is one of RDS, with two readable standbys, and not of Aurora.
func isMultiAZ(cluster values.View) bool {
	return slices.Contains([]string{"mysql", "postgres"}, cluster.Str("engine"))
}

// multiAZClasses are the instance classes that a Multi-AZ DB cluster can have: those with local disks. From "Instance
// class availability for Multi-AZ DB clusters" in the Amazon RDS User Guide.
var multiAZClasses = regexp.MustCompile(`^db\.(c6gd|m5d|m6gd|m6id|m6idn|m8gd|r5d|r6gd|r6id|r6idn|r8gd|x2iedn)\.`)

// placeMultiAZ refuses a Multi-AZ cluster that lacks something, and names its three instances.
func placeMultiAZ(c *bridge.Change) error {
	for _, property := range []string{"dbClusterInstanceClass", "allocatedStorage", "storageType"} {
		if !c.Inputs.Given(property) {
			return bridge.Refuse(
				"InvalidParameterCombination",
				"%s is required for a Multi-AZ DB cluster of engine %s",
				property,
				c.Inputs.Str("engine"),
			)
		}
	}
	if class := c.Inputs.Str("dbClusterInstanceClass"); !multiAZClasses.MatchString(class) {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"RDS does not support creating a DB cluster with the following combination: "+
				"DBClusterInstanceClass=%s, Engine=%s. It must be a class with local disks, such as db.m6gd.large",
			class,
			c.Inputs.Str("engine"),
		)
	}
	if zones := clusterZones(c); len(zones) < clusterCopies {
		return bridge.Refuse(
			"DBSubnetGroupDoesNotCoverEnoughAZs",
			"The DB subnet group doesn't meet Availability Zone (AZ) coverage "+
				"requirement. Current AZ coverage: %s. Add subnets to cover at least 3 AZs.",
			strings.Join(zones, ", "),
		)
	}
	var members []any
	for i := range clusterCopies {
		members = append(members, fmt.Sprintf("%s-instance-%d", values.View(c.State).Str("clusterIdentifier"), i+1))
	}
	c.Set("clusterMembers", members)
	if values.View(c.State).Str("storageType") == "gp3" {
		iops, _ := gp3(values.View(c.State).Num("allocatedStorage"))
		c.Out("iops", iops)
	}
	return nil
}

func createDBClusterInstance(c *bridge.Change) error {
	cluster := bridge.StateOf(c.Target("clusterIdentifier"))
	if err := refuseMember(c.Inputs, cluster); err != nil {
		return err
	}
	if err := c.Compute(false); err != nil {
		return err
	}
	for _, property := range []string{
		"engineVersion",
		"engineVersionActual",
		"dbSubnetGroupName",
		"storageEncrypted",
		"kmsKeyId",
		"preferredBackupWindow",
	} {
		if value, has := cluster.At(property); has {
			c.Out(property, value)
		}
	}
	known := engines[c.Inputs.Str("engine")]
	c.Set("port", cluster.Num("port"))
	c.Out("dbParameterGroupName", "default."+known.family(cluster.Str("engineVersionActual")))
	if err := refuseFamily(c, "dbParameterGroupName", known.family(cluster.Str("engineVersionActual"))); err != nil {
		return err
	}
	if err := refuseMonitoring(c); err != nil {
		return err
	}
	c.Set(
		"endpoint",
		fmt.Sprintf(
			"%s.%s.%s.rds.%s",
			values.View(c.State).Str("identifier"),
			c.Region().Digest("rds", 12),
			c.Region().Name,
			c.Region().DNSSuffix(),
		),
	)
	siblings, err := c.Siblings(token.DBClusterInstance)
	if err != nil {
		return err
	}
	members := 0
	for _, sibling := range siblings {
		if bridge.StateOf(sibling).Str("clusterIdentifier") == c.Inputs.Str("clusterIdentifier") {
			members++
		}
	}
	c.Set("writer", members == 0)
	// Aurora spreads the members of a cluster over the zones of its subnets.
	zones := clusterZones(c)
	c.Out("availabilityZone", zones[members%len(zones)])
	return nil
}

// refuseMember refuses an instance that does not fit its cluster.
func refuseMember(instance, cluster values.View) error {
	own, class := instance.Str("engine"), instance.Str("instanceClass")
	if of := cluster.Str("engine"); own != of {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"The engine name requested for your DB instance (%s) doesn't match the engine name "+
				"of your DB cluster (%s).",
			own,
			of,
		)
	}
	if class == "db.serverless" && !cluster.Has("serverlessv2ScalingConfiguration") {
		return bridge.Refuse(
			"InvalidDBClusterStateFault",
			"Set the Serverless v2 scaling configuration on the parent DB cluster before creating "+
				"a Serverless v2 DB instance.",
		)
	}
	if !dbclass.IsAurora(class) {
		return refuseCombination(class, own, cluster.Str("engineVersionActual"))
	}
	return nil
}
