package rds

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/ec2"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// families are the engines that each engine family of a proxy serves.
var families = map[string][]string{
	"MYSQL":      {"mysql", "mariadb", "aurora-mysql"},
	"POSTGRESQL": {"postgres", "aurora-postgresql"},
	"SQLSERVER":  {"sqlserver-ee", "sqlserver-se", "sqlserver-web", "sqlserver-ex"},
}

func createProxy(c *bridge.Change) error {
	for _, auth := range c.Inputs.Objects("auths") {
		if auth.Str("secretArn") == "" {
			return bridge.Refuse(
				"InvalidParameterValue",
				"A proxy needs the secret of each user: auths.secretArn is empty",
			)
		}
	}
	return placeProxy(c)
}

// placeProxy refuses subnets in one zone and security groups of another VPC.
func placeProxy(c *bridge.Change) error {
	zones := map[string]bool{}
	vpc := ""
	for _, subnet := range c.Targets("vpcSubnetIds") {
		zones[bridge.StateOf(subnet).Str("availabilityZone")] = true
		vpc = bridge.StateOf(subnet).Str("vpcId")
	}
	if len(zones) < 2 {
		return bridge.Refuse(
			"InvalidSubnet",
			"A proxy needs subnets in at least two Availability Zones; it has %s",
			strings.Join(values.SortedKeys(zones), ", "),
		)
	}
	if c.HasOutput("vpcId") {
		c.Set("vpcId", vpc)
	}
	return ec2.RefuseForeignGroups(c, "vpcSubnetIds", "vpcSecurityGroupIds")
}

// createProxyTarget refuses a database of another engine than the proxy's.
func createProxyTarget(c *bridge.Change) error {
	kind, database := "RDS_INSTANCE", c.Target("dbInstanceIdentifier")
	if database == nil {
		kind, database = "TRACKED_CLUSTER", c.Target("dbClusterIdentifier")
	}
	state, proxy := bridge.StateOf(database), bridge.StateOf(c.Target("dbProxyName"))
	if family := proxy.Str("engineFamily"); !slices.Contains(families[family], state.Str("engine")) {
		return bridge.Refuse(
			"InvalidDBInstanceState",
			"The proxy %s is for the engine family %s; %s is of engine %s",
			proxy.Str("name"),
			family,
			database.Name,
			state.Str("engine"),
		)
	}
	if name := c.Inputs.Str("targetGroupName"); name != "default" {
		return bridge.Refuse(
			"DBProxyTargetGroupNotFoundFault",
			"The target group %s does not exist: a proxy has one, named default",
			name,
		)
	}
	c.Id = c.Inputs.Str("dbProxyName") + "/" + c.Inputs.Str("targetGroupName") + "/" + kind + "/" + database.Name
	c.Set("type", kind)
	c.Set("rdsResourceId", database.Name)
	c.Set("port", state.Num("port"))
	if kind == "TRACKED_CLUSTER" {
		c.Set("trackedClusterId", database.Name)
		return nil
	}
	c.Set("endpoint", state.Str("address"))
	c.Set("targetArn", database.ARN)
	return nil
}

// sourceTypes are the types of what events come from, by the name RDS has for them. Others are not looked for.
var sourceTypes = map[string][]string{
	"db-instance":        {token.DBInstance, token.DBClusterInstance},
	"db-cluster":         {token.DBCluster},
	"db-proxy":           {token.DBProxy},
	"db-parameter-group": {token.DBParameterGroup},
}

// refuseSources refuses to subscribe to the events of what does not exist.
func refuseSources(c *bridge.Change) error {
	types, known := sourceTypes[c.Inputs.Str("sourceType")]
	if !known {
		return nil
	}
	for _, id := range c.Inputs.Strings("sourceIds") {
		exists, err := existsHere(c, types, id)
		if err != nil {
			return err
		}
		if !exists && !isMultiAZMember(c, id) {
			return bridge.Refuse("SourceNotFound", "Could not find source: %s", id)
		}
	}
	return nil
}

// existsHere reports whether the region has a thing of the name of any of the types.
func existsHere(c *bridge.Change, types []string, name string) (bool, error) {
	for _, token := range types {
		things, err := c.Tx.ByName(token, name)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(things, func(t *world.Thing) bool { return t.Region == c.Region().Name }) {
			return true, nil
		}
	}
	return false, nil
}

// isMultiAZMember reports whether a name is that of an instance of a Multi-AZ cluster, which is no thing of its own.
func isMultiAZMember(c *bridge.Change, name string) bool {
	clusters, err := c.Tx.OfType(c.Region().Name, token.DBCluster)
	return err == nil && slices.ContainsFunc(clusters, func(t *world.Thing) bool {
		return slices.Contains(bridge.StateOf(t).Strings("clusterMembers"), name)
	})
}
