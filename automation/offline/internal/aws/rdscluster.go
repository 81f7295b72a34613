package aws

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func createDBCluster(c *change) error {
	restored := c.inputs.has("snapshotIdentifier") || c.inputs.has("restoreToPointInTime") || c.inputs.has("s3Import") ||
		c.inputs.has("replicationSourceIdentifier") || c.inputs.has("globalClusterIdentifier")
	if !restored && !c.inputs.given("masterUsername") {
		return errors.New("\"master_username\": required field is not set")
	}
	if !restored && !c.inputs.given("masterPassword") && !c.inputs.bool("manageMasterUserPassword") {
		return errors.New("one of masterPassword and manageMasterUserPassword is required")
	}
	known, has := engines[c.inputs.str("engine")]
	if !has {
		return refuse("InvalidParameterValue", "Invalid DB engine: %q", c.inputs.str("engine"))
	}
	if err := c.compute(false); err != nil {
		return err
	}
	if err := c.placeDatabase(); err != nil {
		return err
	}
	if err := c.clusterVersions(known); err != nil {
		return err
	}
	if zones := c.clusterZones(); !c.inputs.has("availabilityZones") && len(zones) >= clusterCopies {
		c.set("availabilityZones", toAny(zones[:clusterCopies]))
	}
	if isMultiAZ(c.inputs) {
		if err := c.placeMultiAZ(); err != nil {
			return err
		}
	}
	c.out("port", known.port)
	for property, infix := range map[string]string{"endpoint": "cluster", "readerEndpoint": "cluster-ro"} {
		c.set(property, fmt.Sprintf("%s.%s-%s.%s.rds.%s", view(c.state).str("clusterIdentifier"), infix, c.region().digest("rds", 12),
			c.region().Name, c.region().DNSSuffix()))
	}
	if c.inputs.bool("storageEncrypted") {
		c.out("kmsKeyId", c.region().managedKeyARN("rds"))
	}
	delete(c.state, "availabilityZone")
	return c.managedPassword()
}

// clusterVersions fills in the version and what follows from it, and refuses what RDS refuses of a cluster.
func (c *change) clusterVersions(known engine) error {
	full := known.full(view(c.state).str("engineVersion"))
	c.set("engineVersionActual", full)
	c.out("engineVersion", full)
	c.defaultParameters("dbClusterParameterGroupName", known.family(full))
	if err := c.refuseFamily("dbClusterParameterGroupName", known.family(full)); err != nil {
		return err
	}
	if err := c.refuseMonitoring(); err != nil {
		return err
	}
	return c.refuseWindows("preferredBackupWindow", "preferredMaintenanceWindow")
}

// clusterCopies is over how many availability zones a cluster keeps its data.
const clusterCopies = 3

// clusterZones are the availability zones that a cluster can be in.
func (c *change) clusterZones() []string {
	if group := c.target("dbSubnetGroupName"); group != nil {
		zones, _ := zonesOf(c.tx, group)
		return zones
	}
	return c.region().zoneNames()
}

func updateDBCluster(c *change) error {
	known := engines[view(c.state).str("engine")]
	before, after := c.olds.str("engineVersionActual"), known.full(view(c.state).str("engineVersion"))
	if before != "" && known.family(before) != known.family(after) && !c.inputs.bool("allowMajorVersionUpgrade") {
		return refuse("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present when upgrading to a new "+
			"major version: from %s to %s", before, after)
	}
	if err := c.clusterVersions(known); err != nil {
		return err
	}
	if !c.inputs.bool("manageMasterUserPassword") {
		c.set("masterUserSecrets", []any{})
	}
	return c.managedPassword()
}

// isMultiAZ says whether a cluster is one of RDS, with two readable standbys, and not of Aurora.
func isMultiAZ(cluster view) bool {
	return slices.Contains([]string{"mysql", "postgres"}, cluster.str("engine"))
}

// multiAZClasses are the instance classes that a Multi-AZ DB cluster can have: those with local disks. From "Instance
// class availability for Multi-AZ DB clusters" in the Amazon RDS User Guide.
var multiAZClasses = regexp.MustCompile(`^db\.(c6gd|m5d|m6gd|m6id|m6idn|m8gd|r5d|r6gd|r6id|r6idn|r8gd|x2iedn)\.`)

// placeMultiAZ refuses a Multi-AZ cluster that lacks something, and names its three instances.
func (c *change) placeMultiAZ() error {
	for _, property := range []string{"dbClusterInstanceClass", "allocatedStorage", "storageType"} {
		if !c.inputs.given(property) {
			return refuse("InvalidParameterCombination", "%s is required for a Multi-AZ DB cluster of engine %s", property, c.inputs.str("engine"))
		}
	}
	if class := c.inputs.str("dbClusterInstanceClass"); !multiAZClasses.MatchString(class) {
		return refuse("InvalidParameterCombination", "RDS does not support creating a DB cluster with the following combination: "+
			"DBClusterInstanceClass=%s, Engine=%s. It must be a class with local disks, such as db.m6gd.large", class, c.inputs.str("engine"))
	}
	if zones := c.clusterZones(); len(zones) < clusterCopies {
		return refuse("DBSubnetGroupDoesNotCoverEnoughAZs", "The DB subnet group doesn't meet Availability Zone (AZ) coverage "+
			"requirement. Current AZ coverage: %s. Add subnets to cover at least 3 AZs.", strings.Join(zones, ", "))
	}
	var members []any
	for i := range clusterCopies {
		members = append(members, fmt.Sprintf("%s-instance-%d", view(c.state).str("clusterIdentifier"), i+1))
	}
	c.set("clusterMembers", members)
	return nil
}

func createDBClusterInstance(c *change) error {
	cluster := stateOf(c.target("clusterIdentifier"))
	if err := refuseMember(c.inputs, cluster); err != nil {
		return err
	}
	if err := c.compute(false); err != nil {
		return err
	}
	for _, property := range []string{
		"engineVersion", "engineVersionActual", "dbSubnetGroupName", "storageEncrypted", "kmsKeyId", "preferredBackupWindow",
	} {
		if value, has := cluster.at(property); has {
			c.out(property, value)
		}
	}
	known := engines[c.inputs.str("engine")]
	c.set("port", cluster.num("port"))
	c.out("dbParameterGroupName", "default."+known.family(cluster.str("engineVersionActual")))
	if err := c.refuseFamily("dbParameterGroupName", known.family(cluster.str("engineVersionActual"))); err != nil {
		return err
	}
	if err := c.refuseMonitoring(); err != nil {
		return err
	}
	c.set("endpoint", fmt.Sprintf("%s.%s.%s.rds.%s", view(c.state).str("identifier"), c.region().digest("rds", 12), c.region().Name, c.region().DNSSuffix()))
	siblings, err := c.siblings(tDBClusterInstance)
	if err != nil {
		return err
	}
	members := 0
	for _, sibling := range siblings {
		if stateOf(sibling).str("clusterIdentifier") == c.inputs.str("clusterIdentifier") {
			members++
		}
	}
	c.set("writer", members == 0)
	// Aurora spreads the members of a cluster over the zones of its subnets.
	zones := c.region().zoneNames()
	c.out("availabilityZone", zones[members%len(zones)])
	return nil
}

// refuseMember refuses an instance that does not fit its cluster.
func refuseMember(instance, cluster view) error {
	own, class := instance.str("engine"), instance.str("instanceClass")
	if of := cluster.str("engine"); own != of {
		return refuse("InvalidParameterCombination", "The engine name requested for your DB instance (%s) doesn't match the engine name "+
			"of your DB cluster (%s).", own, of)
	}
	if class == "db.serverless" && !cluster.has("serverlessv2ScalingConfiguration") {
		return refuse("InvalidDBClusterStateFault", "Set the Serverless v2 scaling configuration on the parent DB cluster before creating "+
			"a Serverless v2 DB instance.")
	}
	if strings.HasSuffix(class, ".micro") {
		return refuse("InvalidParameterCombination", "RDS does not support creating a DB instance with the following combination: "+
			"DBInstanceClass=%s, Engine=%s. Aurora begins with db.t4g.medium", class, own)
	}
	return nil
}
