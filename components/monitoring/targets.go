package monitoring

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// target is one thing to which the signals of its area apply.
type target struct {
	area, name string
	// dimensions are the sets of dimensions under which it reports metrics. A signal that requires a set it does not
	// have does not apply to it.
	dimensions map[string]pulumi.StringMap
	// facts are numbers that limits are shares of. A signal that requires one it does not have does not apply to it.
	facts map[string]float64
	// logNamespace is that of the metrics made from its log.
	logNamespace string
	// edge says that it reports in edgeRegion.
	edge bool
}

// Sets of dimensions that not every target of an area has.
const (
	own         = "own"
	targetGroup = "target group"
	logs        = "logs"
	instance    = "instance"
	postgres    = "postgres"
	proxy       = "proxy"
	requests    = "requests"
	provider    = "capacity provider"
	standard    = "standard storage"
	allStorage  = "all storage"
	insights    = "Container Insights"
	aurora      = "Aurora"
	server      = "server of a Multi-AZ cluster"
	copied      = "copied recovery points"
)

// targets returns all there are, in the order of the dashboard.
func (w *Watched) targets() []target {
	var targets []target
	add := func(area, name string, dimensions pulumi.StringMap) *target {
		t := target{area: area, name: name, dimensions: map[string]pulumi.StringMap{}, facts: map[string]float64{}}
		if dimensions != nil {
			t.dimensions[own] = dimensions
		}
		targets = append(targets, t)
		return &targets[len(targets)-1]
	}
	for _, s := range w.Services {
		s.describe(add("service", s.Name, plain("ClusterName", s.ClusterName, "ServiceName", s.ServiceName)), w.Name)
	}
	for _, b := range w.LoadBalancers {
		add("loadBalancer", b.Name, pulumi.StringMap{"LoadBalancer": b.Suffix})
	}
	for _, d := range w.Databases {
		switch {
		case len(d.Servers) == 0:
			d.describe(add("database", d.Name, d.dimensions()))
		case d.Proxy != "":
			d.describeProxy(add("database", d.Name, nil))
		}
		for i, id := range d.Servers {
			d.describe(add("database", fmt.Sprintf("%s-%d", d.Name, i+1), plain("DBInstanceIdentifier", id)))
		}
		for _, replica := range d.Replicas {
			add("replica", replica, plain("DBInstanceIdentifier", replica))
		}
	}
	for _, t := range w.Tables {
		describeTable(add("table", t.Name, plain("TableName", t.TableName)), t)
	}
	for _, b := range w.Buckets {
		b.describe(add("bucket", b.Name, plain("BucketName", b.BucketName)))
	}
	for _, f := range w.FileSystems {
		add("fileSystem", f.Name, pulumi.StringMap{"FileSystemId": f.Id})
	}
	for _, g := range w.AutoScalingGroups {
		t := add("autoScalingGroup", g.Name, plain("AutoScalingGroupName", g.GroupName))
		if g.CapacityProvider != "" {
			t.dimensions[provider] = plain("ClusterName", g.ClusterName, "CapacityProviderName", g.CapacityProvider)
		}
	}
	for _, d := range w.Distributions {
		add(
			"distribution",
			d.Name,
			pulumi.StringMap{"DistributionId": d.Id, "Region": pulumi.String("Global")},
		).edge = true
	}
	for _, a := range w.WebAcls {
		t := add("webAcl", a.Name, plain("WebACL", a.WebAclName, "Rule", "ALL"))
		if t.edge = a.Edge; !a.Edge {
			t.dimensions[own]["Region"] = pulumi.String(w.Location.Region)
		}
	}
	for _, f := range w.Functions {
		t := add("function", f.Name, plain("FunctionName", f.FunctionName))
		t.fact("timeout", f.TimeoutSeconds*1000)
	}
	for _, g := range w.NatGateways {
		add("natGateway", g.Name, pulumi.StringMap{"NatGatewayId": g.Id})
	}
	for _, q := range w.Queues {
		add("queue", q.Name, plain("QueueName", q.QueueName))
	}
	for _, m := range w.StateMachines {
		add("stateMachine", m.Name, plain("StateMachineArn", m.Arn))
	}
	for _, v := range w.BackupVaults {
		t := add("backupVault", v.Name, plain("BackupVaultName", v.VaultName))
		if v.Copied {
			t.dimensions[copied] = t.dimensions[own]
		}
	}
	for _, t := range w.Topics {
		add("topic", t.Name, plain("TopicName", t.TopicName))
	}
	return targets
}

func (s Service) describe(t *target, prefix string) {
	t.fact("tasks", s.DesiredMin)
	if s.MaxTasks > s.DesiredMin {
		t.fact("largest", s.MaxTasks)
	}
	if s.ContainerInsights {
		t.dimensions[insights] = t.dimensions[own]
	}
	if s.TargetGroupSuffix != nil {
		t.dimensions[targetGroup] = pulumi.StringMap{
			"LoadBalancer": s.LoadBalancerSuffix,
			"TargetGroup":  s.TargetGroupSuffix,
		}
	}
	if s.LogGroup != nil {
		t.dimensions[logs] = pulumi.StringMap{}
		t.logNamespace = logNamespace(prefix, s)
	}
}

func (d Database) dimensions() pulumi.StringMap {
	if d.Cluster {
		return plain("DBClusterIdentifier", d.Identifier)
	}
	return plain("DBInstanceIdentifier", d.Identifier)
}

func (d Database) describe(t *target) {
	if len(d.Servers) > 0 {
		t.fact("server storage", d.AllocatedStorageGiB<<30)
		t.dimensions[server] = t.dimensions[own]
	} else {
		t.fact("storage", d.AllocatedStorageGiB<<30)
		d.describeProxy(t)
	}
	t.fact("connections", d.MaxConnections)
	if !d.Cluster {
		t.dimensions[instance] = t.dimensions[own]
	}
	if d.Aurora {
		t.dimensions[aurora] = t.dimensions[own]
	}
	if d.Engine == "postgres" {
		t.dimensions[postgres] = t.dimensions[own]
	}
}

func (d Database) describeProxy(t *target) {
	if d.Proxy != "" {
		t.dimensions[proxy] = plain("ProxyName", d.Proxy)
	}
}

// tableOperations are those whose errors and latency are watched; DynamoDB reports both by operation only. An alarm
// takes ten metrics at most (CloudWatch API, PutMetricAlarm).
var tableOperations = []string{
	"GetItem",
	"BatchGetItem",
	"Query",
	"Scan",
	"PutItem",
	"UpdateItem",
	"DeleteItem",
	"BatchWriteItem",
	"TransactWriteItems",
}

func describeTable(t *target, table Table) {
	for _, operation := range tableOperations {
		t.dimensions[operation] = plain("TableName", table.TableName, "Operation", operation)
	}
}

func (b Bucket) describe(t *target) {
	t.dimensions[standard] = plain("BucketName", b.BucketName, "StorageType", "StandardStorage")
	t.dimensions[allStorage] = plain("BucketName", b.BucketName, "StorageType", "AllStorageTypes")
	if b.RequestMetrics != "" {
		t.dimensions[requests] = plain("BucketName", b.BucketName, "FilterId", b.RequestMetrics)
	}
}

// fact notes a number, unless it is 0.
func (t *target) fact(name string, value int) {
	if value > 0 {
		t.facts[name] = float64(value)
	}
}

// plain makes dimensions of names and values in turn.
func plain(pairs ...string) pulumi.StringMap {
	dimensions := pulumi.StringMap{}
	for i := 0; i < len(pairs); i += 2 {
		dimensions[pairs[i]] = pulumi.String(pairs[i+1])
	}
	return dimensions
}
