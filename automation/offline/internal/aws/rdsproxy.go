package aws

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// families are the engines that each engine family of a proxy serves.
var families = map[string][]string{
	"MYSQL":      {"mysql", "mariadb", "aurora-mysql"},
	"POSTGRESQL": {"postgres", "aurora-postgresql"},
	"SQLSERVER":  {"sqlserver-ee", "sqlserver-se", "sqlserver-web", "sqlserver-ex"},
}

func createProxy(c *change) error {
	for _, auth := range c.inputs.objects("auths") {
		if auth.str("secretArn") == "" {
			return refuse("InvalidParameterValue", "A proxy needs the secret of each user: auths.secretArn is empty")
		}
	}
	return placeProxy(c)
}

// placeProxy refuses subnets in one zone and security groups of another VPC.
func placeProxy(c *change) error {
	zones := map[string]bool{}
	vpc := ""
	for _, subnet := range c.targets("vpcSubnetIds") {
		zones[stateOf(subnet).str("availabilityZone")] = true
		vpc = stateOf(subnet).str("vpcId")
	}
	if len(zones) < 2 {
		return refuse("InvalidSubnet", "A proxy needs subnets in at least two Availability Zones; it has %s", strings.Join(sortedKeys(zones), ", "))
	}
	if c.hasOutput("vpcId") {
		c.set("vpcId", vpc)
	}
	return c.refuseForeignGroups("vpcSubnetIds", "vpcSecurityGroupIds")
}

// createProxyTarget refuses a database of another engine than the proxy's.
func createProxyTarget(c *change) error {
	kind, database := "RDS_INSTANCE", c.target("dbInstanceIdentifier")
	if database == nil {
		kind, database = "TRACKED_CLUSTER", c.target("dbClusterIdentifier")
	}
	state, proxy := stateOf(database), stateOf(c.target("dbProxyName"))
	if family := proxy.str("engineFamily"); !slices.Contains(families[family], state.str("engine")) {
		return refuse("InvalidDBInstanceState", "The proxy %s is for the engine family %s; %s is of engine %s", proxy.str("name"), family,
			database.Name, state.str("engine"))
	}
	if name := c.inputs.str("targetGroupName"); name != "default" {
		return refuse("DBProxyTargetGroupNotFoundFault", "The target group %s does not exist: a proxy has one, named default", name)
	}
	c.id = c.inputs.str("dbProxyName") + "/" + c.inputs.str("targetGroupName") + "/" + kind + "/" + database.Name
	c.set("type", kind)
	c.set("rdsResourceId", database.Name)
	c.set("port", state.num("port"))
	if kind == "TRACKED_CLUSTER" {
		c.set("trackedClusterId", database.Name)
		return nil
	}
	c.set("endpoint", state.str("address"))
	c.set("targetArn", database.ARN)
	return nil
}

// sourceTypes are the types of what events come from, by the name RDS has for them. Others are not looked for.
var sourceTypes = map[string][]string{
	"db-instance": {tDBInstance, tDBClusterInstance}, "db-cluster": {tDBCluster}, "db-proxy": {tDBProxy}, "db-parameter-group": {tDBParameterGroup},
}

// refuseSources refuses to subscribe to the events of what does not exist.
func refuseSources(c *change) error {
	types, known := sourceTypes[c.inputs.str("sourceType")]
	if !known {
		return nil
	}
	for _, id := range c.inputs.strings("sourceIds") {
		exists, err := c.existsHere(types, id)
		if err != nil {
			return err
		}
		if !exists && !c.isMultiAZMember(id) {
			return refuse("SourceNotFound", "Could not find source: %s", id)
		}
	}
	return nil
}

// existsHere says whether the region has a thing of the name of any of the types.
func (c *change) existsHere(types []string, name string) (bool, error) {
	for _, token := range types {
		things, err := c.tx.ByName(token, name)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(things, func(t *world.Thing) bool { return t.Region == c.region().Name }) {
			return true, nil
		}
	}
	return false, nil
}

// isMultiAZMember says whether a name is that of an instance of a Multi-AZ cluster, which is no thing of its own.
func (c *change) isMultiAZMember(name string) bool {
	clusters, err := c.tx.OfType(c.region().Name, tDBCluster)
	return err == nil && slices.ContainsFunc(clusters, func(t *world.Thing) bool {
		return slices.Contains(stateOf(t).strings("clusterMembers"), name)
	})
}
