// Package rds stands in for databases: instances, clusters, proxies, replicas and the limits of each engine.
package rds

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "rds", Name: "RDS",
	Behaviors: map[string]bridge.Behavior{
		token.DBInstance: {
			Check:  checkDBInstance,
			Diff:   diffDBInstance,
			Create: createDBInstance,
			Update: updateDBInstance,
			Remove: removeDatabase,
			Read:   openWindow,
		},
		token.DBSubnetGroup:       {Create: createDBSubnetGroup, Update: createDBSubnetGroup},
		token.DBParameterGroup:    {Create: readParameters, Update: readParameters},
		token.DBClusterParameters: {Create: readParameters, Update: readParameters},
		token.DBCluster: {
			Create: createDBCluster,
			Update: updateDBCluster,
			Remove: removeDatabase,
			Read:   openWindow,
		},
		token.DBClusterInstance: {Create: createDBClusterInstance, Update: updateMember, Read: openWindow},
		token.DBReplication:     {Create: createDBReplication},
		token.DBProxy:           {Create: createProxy},
		token.DBProxyEndpoint:   {Create: placeProxy},
		token.DBProxyTarget:     {Create: createProxyTarget},
		token.DBEvents:          {Create: refuseSources, Update: refuseSources},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:rds/getInstance:getInstance": get("dbInstanceIdentifier", token.DBInstance, "DBInstanceNotFound"),
		"aws:rds/getCluster:getCluster":   get("clusterIdentifier", token.DBCluster, "DBClusterNotFoundFault"),

		"aws:rds/getSnapshot:getSnapshot":               getSnapshot("dbSnapshotIdentifier"),
		"aws:rds/getClusterSnapshot:getClusterSnapshot": getSnapshot("dbClusterSnapshotIdentifier"),
	},
}

// get describes a database with its full version, not with the part of it that was asked for.
func get(argument, token, code string) func(bridge.Call) (map[string]any, error) {
	find := bridge.GetByName(argument, token, code)
	return func(c bridge.Call) (map[string]any, error) {
		found, err := find(c)
		if err == nil {
			found["engineVersion"] = found["engineVersionActual"]
		}
		return found, err
	}
}

// getSnapshot finds the final snapshot of a database that was deleted, by its name.
func getSnapshot(argument string) func(bridge.Call) (map[string]any, error) {
	return func(c bridge.Call) (map[string]any, error) {
		name := c.Args.Str(argument)
		_, exists, err := c.Tx.Buried(c.Region().Name, tSnapshot, name)
		if err == nil && !exists {
			err = errors.New("reading RDS DB Snapshots: couldn't find resource")
		}
		return map[string]any{"id": name, argument: name}, err
	}
}

// engine is what follows from a database engine: its port, its default version offline and the newest of other major
// versions, how many parts of the version name its family, and its licence.
type engine struct {
	port           float64
	versions       []string
	familyParts    int
	license, group string
}

// engines are the RDS engines. The versions are plausible ones of 2025: which of them AWS offers was not looked up.
var engines = map[string]engine{
	"mysql":    {3306, []string{"8.0.42", "8.4.5"}, 2, "general-public-license", "mysql"},
	"mariadb":  {3306, []string{"11.4.5", "10.11.11"}, 2, "general-public-license", "mariadb"},
	"postgres": {5432, []string{"17.5", "16.9", "15.13", "14.18"}, 1, "postgresql-license", "postgres"},
	"oracle-ee": {
		1521,
		[]string{"19.0.0.0.ru-2025-04.rur-2025-04.r1"},
		1,
		"bring-your-own-license",
		"oracle-ee",
	},
	"oracle-se2":        {1521, []string{"19.0.0.0.ru-2025-04.rur-2025-04.r1"}, 1, "license-included", "oracle-se2"},
	"sqlserver-ex":      {1433, []string{"16.00.4195.2.v1"}, 2, "license-included", "sqlserver-ex"},
	"sqlserver-se":      {1433, []string{"16.00.4195.2.v1"}, 2, "license-included", "sqlserver-se"},
	"sqlserver-ee":      {1433, []string{"16.00.4195.2.v1"}, 2, "license-included", "sqlserver-ee"},
	"sqlserver-web":     {1433, []string{"16.00.4195.2.v1"}, 2, "license-included", "sqlserver-web"},
	"aurora-mysql":      {3306, []string{"8.0.mysql_aurora.3.08.2"}, 2, "general-public-license", "aurora-mysql"},
	"aurora-postgresql": {5432, []string{"16.6", "17.4", "15.10"}, 1, "postgresql-license", "aurora-postgresql"},
}

// full returns the engine's full version for the one asked for, of which the first parts may be given.
func (e engine) full(asked string) string {
	if asked == "" {
		return e.versions[0]
	}
	for _, version := range e.versions {
		if version == asked || strings.HasPrefix(version, asked+".") {
			return version
		}
	}
	if strings.Count(asked, ".") >= strings.Count(e.versions[0], ".") {
		return asked
	}
	return asked + ".1"
}

// family returns the parameter group family of a version: postgres17, mysql8.0.
func (e engine) family(version string) string {
	parts := strings.Split(version, ".")
	return e.group + strings.Join(parts[:min(e.familyParts, len(parts))], ".")
}

// optionGroup returns the default option group of a version: default:postgres-17, default:mysql-8-0.
func (e engine) optionGroup(version string) string {
	family := strings.TrimPrefix(e.family(version), e.group)
	return "default:" + e.group + "-" + strings.ReplaceAll(family, ".", "-")
}

// earlier reports whether a version, such as 17.4 or 8.0.mysql_aurora.3.08.2, comes before another of its kind.
func earlier(version, other string) bool {
	return slices.CompareFunc(strings.Split(version, "."), strings.Split(other, "."), func(a, b string) int {
		one, _ := strconv.Atoi(a) // 0 for the part that is a name
		two, _ := strconv.Atoi(b)
		return cmp.Compare(one, two)
	}) < 0
}

// placeDatabase finds zones and network of a database from its subnet group.
func placeDatabase(c *bridge.Change) error {
	group := c.Target("dbSubnetGroupName")
	zones := c.Region().ZoneNames()
	vpc := c.Region().DefaultVPC()
	if group != nil {
		if zones, vpc = zonesOf(c.Tx, group); len(zones) == 0 {
			return bridge.Refuse("InvalidVPCNetworkStateFault", "DB subnet group %s has no subnets", group.Name)
		}
	}
	for _, security := range c.Targets("vpcSecurityGroupIds") {
		if of := bridge.StateOf(security).Str("vpcId"); of != vpc {
			return bridge.Refuse(
				"InvalidParameterCombination",
				"The DB instance and EC2 security group are in different VPCs. The DB "+
					"instance is in %s and the EC2 security group %s is in %s",
				vpc,
				security.ID,
				of,
			)
		}
	}
	if zone := c.Inputs.Str("availabilityZone"); zone != "" && !slices.Contains(zones, zone) {
		return bridge.Refuse(
			"InvalidParameterValue",
			"The availability zone %s is not among those of the subnet group: %s",
			zone,
			strings.Join(zones, ", "),
		)
	}
	c.Out("availabilityZone", zones[0])
	if len(c.Inputs.List("vpcSecurityGroupIds")) == 0 {
		security := c.Region().Part("sg")
		if vpcs, err := c.Tx.ByID(token.Vpc, vpc); err == nil && len(vpcs) > 0 {
			security = bridge.StateOf(vpcs[0]).Str("defaultSecurityGroupId")
		}
		c.Out("vpcSecurityGroupIds", []any{security})
	}
	return nil
}

// zonesOf returns the availability zones and the VPC of a subnet group.
func zonesOf(tx *world.Tx, group *world.Thing) (zones []string, vpc string) {
	links, err := tx.Links(group)
	if err != nil {
		return nil, ""
	}
	for _, link := range links {
		if link.Property == "subnetIds" {
			subnet := bridge.StateOf(link.Target)
			zones = append(zones, subnet.Str("availabilityZone"))
			vpc = subnet.Str("vpcId")
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones), vpc
}

func createDBSubnetGroup(c *bridge.Change) error {
	zones := map[string]bool{}
	vpc := ""
	for _, subnet := range c.Targets("subnetIds") {
		state := bridge.StateOf(subnet)
		zones[state.Str("availabilityZone")] = true
		if of := state.Str("vpcId"); vpc != "" && of != vpc {
			return bridge.Refuse("InvalidSubnet", "The requested subnets are in different VPCs: %s and %s", vpc, of)
		}
		vpc = state.Str("vpcId")
	}
	if len(zones) < 2 {
		return bridge.Refuse(
			"DBSubnetGroupDoesNotCoverEnoughAZs",
			"The DB subnet group doesn't meet Availability Zone (AZ) coverage "+
				"requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.",
			strings.Join(values.SortedKeys(zones), ", "),
		)
	}
	c.Set("vpcId", vpc)
	return nil
}

// createDBReplication refuses to copy backups within a region, and of a database that makes none.
func createDBReplication(c *bridge.Change) error {
	arn := c.Inputs.Str("sourceDbInstanceArn")
	sources, err := c.Tx.ByARN(arn)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return bridge.Refuse("DBInstanceNotFound", "DBInstance %s not found.", arn)
	}
	source := sources[0]
	state := bridge.StateOf(source)
	switch {
	case source.Region == c.Region().Name:
		return bridge.Refuse(
			"InvalidParameterCombination",
			"The source DB instance %s is in %s: automated backups are copied to another region",
			source.Name,
			source.Region,
		)
	case state.Num("backupRetentionPeriod") == 0:
		return bridge.Refuse(
			"InvalidDBInstanceState",
			"Automated backups are not enabled for DB instance %s",
			source.Name,
		)
	case state.Bool("storageEncrypted") && !c.Inputs.Has("kmsKeyId"):
		return bridge.Refuse(
			"InvalidParameterCombination",
			"The source DB instance %s is encrypted: kmsKeyId must name a key in %s",
			source.Name,
			c.Region().Name,
		)
	}
	return nil
}
