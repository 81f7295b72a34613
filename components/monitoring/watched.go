package monitoring

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// edgeRegion is where CloudFront, and web ACLs in front of it, report their metrics.
const edgeRegion = "us-east-1"

// Watched is what there is to watch. Each thing has a logical Name, of letters, digits and hyphens and unlike that of
// any other of its kind, that is part of the names of its alarms; the other fields are those by which AWS knows it.
type Watched struct {
	// Name begins the names of alarms, filters and queries, and is the dashboard's: 1 to 64 letters, digits, hyphens
	// and underscores.
	Name     string
	Location identity.Location

	Services          []Service
	LoadBalancers     []LoadBalancer
	Databases         []Database
	Tables            []Table
	Buckets           []Bucket
	FileSystems       []FileSystem
	AutoScalingGroups []AutoScalingGroup
	Distributions     []Distribution
	WebAcls           []WebAcl
	Functions         []Function
	NatGateways       []NatGateway
	Queues            []Queue
	StateMachines     []StateMachine
	BackupVaults      []BackupVault
	Topics            []Topic
}

// Service is a service of ECS.
type Service struct {
	Name        string
	ServiceName string
	ClusterName string
	// LoadBalancerSuffix and TargetGroupSuffix are the ends of the two ARNs. Nil means that it has no target group.
	LoadBalancerSuffix, TargetGroupSuffix pulumi.StringInput
	// LogGroup is the name of its log group. Nil means that its log is not watched.
	LogGroup pulumi.StringInput
	// DesiredMin is how few tasks should run. 0 means that none is fine too.
	DesiredMin int
	// MaxTasks is how many tasks scaling goes up to. 0 means that the service does not scale.
	MaxTasks int
	// ContainerInsights says that the cluster reports them, how many tasks should run among others.
	ContainerInsights bool
	// Objectives are what its users may expect.
	Objectives Objectives
}

// LoadBalancer is an application load balancer.
type LoadBalancer struct {
	Name string
	// Suffix is the end of its ARN.
	Suffix pulumi.StringInput
}

// Database is an RDS instance, or a cluster.
type Database struct {
	Name string
	// Identifier of the instance, or of the cluster when Cluster is set.
	Identifier string
	Cluster    bool
	// Aurora says that the cluster is Aurora's. Servers are the identifiers of the instances of one that is not: RDS
	// reports each for itself.
	Aurora  bool
	Servers []string
	// Engine is postgres or mysql.
	Engine string
	// Replicas are the identifiers of read replicas of an instance.
	Replicas []string
	// AllocatedStorageGiB is the size to begin with. 0 means that storage is not limited, as with Aurora.
	AllocatedStorageGiB int
	// MaxConnections is how many connections the class takes. 0 means that connections are not alarmed.
	MaxConnections int
	// Proxy is the name of the RDS Proxy in front. Empty means none.
	Proxy string
}

// Table is a DynamoDB table.
type Table struct{ Name, TableName string }

// Bucket is an S3 bucket.
type Bucket struct {
	Name, BucketName string
	// RequestMetrics is the id of a metrics configuration of the bucket. Empty means that requests are not watched.
	RequestMetrics string
}

// FileSystem is an EFS file system.
type FileSystem struct {
	Name string
	Id   pulumi.StringInput
}

// AutoScalingGroup is a group of instances with the capacity provider that scales it. The group has to publish its
// metrics (enabledMetrics).
type AutoScalingGroup struct {
	Name      string
	GroupName string
	// ClusterName and CapacityProvider may both be empty.
	ClusterName, CapacityProvider string
}

// Distribution is a distribution of CloudFront.
type Distribution struct {
	Name string
	Id   pulumi.StringInput
}

// WebAcl is a web ACL of AWS WAF.
type WebAcl struct {
	Name string
	// WebAclName is the metric name of its visibility configuration.
	WebAclName string
	// Edge says that it stands in front of CloudFront.
	Edge bool
}

// Function is a Lambda function.
type Function struct {
	Name, FunctionName string
	// TimeoutSeconds is after how long Lambda stops it. 0 means that its duration is not alarmed.
	TimeoutSeconds int
}

// NatGateway is a NAT gateway.
type NatGateway struct {
	Name string
	Id   pulumi.StringInput
}

// Queue is a queue of SQS for what could not be handled: it should be empty.
type Queue struct{ Name, QueueName string }

// StateMachine is one of Step Functions.
type StateMachine struct{ Name, Arn string }

// BackupVault is a vault of AWS Backup that gets a backup every day.
type BackupVault struct {
	Name, VaultName string
	// Copied says that recovery points are copied to another vault.
	Copied bool
}

// Topic is an SNS topic.
type Topic struct{ Name, TopicName string }

var (
	prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	namePattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)
)

// validate reports everything that is wrong with what is watched.
func (w *Watched) validate() error {
	problems := []error{w.Location.Validate()}
	if !prefixPattern.MatchString(w.Name) {
		problems = append(
			problems,
			problem.New("Name", "%q; use 1 to 64 letters, digits, hyphens and underscores", w.Name),
		)
	}
	seen := map[string]bool{}
	for _, f := range w.fields() {
		if !namePattern.MatchString(f.name) {
			problems = append(
				problems,
				problem.New(f.at+".Name", "%q; use 1 to 64 letters, digits and hyphens", f.name),
			)
		}
		if seen[f.kind+f.name] {
			problems = append(problems, problem.New(f.at+".Name", "%q is used twice", f.name))
		}
		seen[f.kind+f.name] = true
		for _, needed := range f.needed {
			if needed.value == nil || needed.value == pulumi.String("") {
				problems = append(problems, problem.New(fmt.Sprintf("%s.%s", f.at, needed.field), "missing"))
			}
		}
	}
	for i, s := range w.Services {
		problems = append(problems, s.validate(fmt.Sprintf("Services[%d]", i)))
	}
	for i, d := range w.Databases {
		problems = append(problems, d.validate(fmt.Sprintf("Databases[%d]", i)))
	}
	return errors.Join(problems...)
}

// thing is what every kind of thing has in common.
type thing struct {
	kind, at, name string
	needed         []need
}

// need is a field that has to have a value.
type need struct {
	field string
	value pulumi.StringInput
}

func (w *Watched) fields() []thing {
	var things []thing
	add := func(kind string, i int, name string, needed ...need) {
		things = append(things, thing{kind, fmt.Sprintf("%s[%d]", kind, i), name, needed})
	}
	for i, s := range w.Services {
		add(
			"Services",
			i,
			s.Name,
			need{"ServiceName", pulumi.String(s.ServiceName)},
			need{"ClusterName", pulumi.String(s.ClusterName)},
		)
	}
	for i, b := range w.LoadBalancers {
		add("LoadBalancers", i, b.Name, need{"Suffix", b.Suffix})
	}
	for i, d := range w.Databases {
		add("Databases", i, d.Name, need{"Identifier", pulumi.String(d.Identifier)})
	}
	for i, t := range w.Tables {
		add("Tables", i, t.Name, need{"TableName", pulumi.String(t.TableName)})
	}
	for i, b := range w.Buckets {
		add("Buckets", i, b.Name, need{"BucketName", pulumi.String(b.BucketName)})
	}
	for i, f := range w.FileSystems {
		add("FileSystems", i, f.Name, need{"Id", f.Id})
	}
	for i, g := range w.AutoScalingGroups {
		add("AutoScalingGroups", i, g.Name, need{"GroupName", pulumi.String(g.GroupName)})
	}
	for i, d := range w.Distributions {
		add("Distributions", i, d.Name, need{"Id", d.Id})
	}
	for i, a := range w.WebAcls {
		add("WebAcls", i, a.Name, need{"WebAclName", pulumi.String(a.WebAclName)})
	}
	for i, f := range w.Functions {
		add("Functions", i, f.Name, need{"FunctionName", pulumi.String(f.FunctionName)})
	}
	for i, g := range w.NatGateways {
		add("NatGateways", i, g.Name, need{"Id", g.Id})
	}
	for i, q := range w.Queues {
		add("Queues", i, q.Name, need{"QueueName", pulumi.String(q.QueueName)})
	}
	for i, m := range w.StateMachines {
		add("StateMachines", i, m.Name, need{"Arn", pulumi.String(m.Arn)})
	}
	for i, v := range w.BackupVaults {
		add("BackupVaults", i, v.Name, need{"VaultName", pulumi.String(v.VaultName)})
	}
	for i, t := range w.Topics {
		add("Topics", i, t.Name, need{"TopicName", pulumi.String(t.TopicName)})
	}
	return things
}

func (s Service) validate(at string) error {
	var problems []error
	if (s.LoadBalancerSuffix == nil) != (s.TargetGroupSuffix == nil) {
		problems = append(problems, problem.New(
			at,
			"LoadBalancerSuffix and TargetGroupSuffix come together; set both, or none for a service without "+
				"target group",
		))
	}
	if s.DesiredMin < 0 {
		problems = append(problems, problem.New(at+".DesiredMin", "%d is negative", s.DesiredMin))
	}
	return errors.Join(append(problems, s.Objectives.validate(at+".Objectives", s.TargetGroupSuffix != nil))...)
}

func (d Database) validate(at string) error {
	var problems []error
	if d.Engine != "postgres" && d.Engine != "mysql" {
		problems = append(problems, problem.New(at+".Engine", "%q; use postgres or mysql", d.Engine))
	}
	if d.AllocatedStorageGiB < 0 || d.MaxConnections < 0 {
		problems = append(problems, problem.New(
			at,
			"AllocatedStorageGiB %d, MaxConnections %d; neither may be negative",
			d.AllocatedStorageGiB,
			d.MaxConnections,
		))
	}
	if d.Cluster && len(d.Replicas) > 0 {
		problems = append(
			problems,
			problem.New(at+".Replicas", "a cluster reports the lag of its readers itself; leave them out"),
		)
	}
	replicas := slices.Sorted(slices.Values(d.Replicas))
	if len(slices.Compact(replicas)) < len(d.Replicas) {
		problems = append(problems, problem.New(at+".Replicas", "%q has one twice", d.Replicas))
	}
	return errors.Join(problems...)
}

// atEdge reports whether anything reports its metrics in edgeRegion while the rest is elsewhere.
func (w *Watched) atEdge() bool {
	return w.Location.Region != edgeRegion &&
		(len(w.Distributions) > 0 || slices.ContainsFunc(w.WebAcls, func(a WebAcl) bool { return a.Edge }))
}

// inputs returns the values that may not be known yet, in a fixed order.
func (w *Watched) inputs() []*pulumi.StringInput {
	var inputs []*pulumi.StringInput
	add := func(given ...*pulumi.StringInput) {
		for _, input := range given {
			if *input != nil {
				inputs = append(inputs, input)
			}
		}
	}
	for i := range w.Services {
		add(&w.Services[i].LoadBalancerSuffix, &w.Services[i].TargetGroupSuffix, &w.Services[i].LogGroup)
	}
	for i := range w.LoadBalancers {
		add(&w.LoadBalancers[i].Suffix)
	}
	for i := range w.FileSystems {
		add(&w.FileSystems[i].Id)
	}
	for i := range w.Distributions {
		add(&w.Distributions[i].Id)
	}
	for i := range w.NatGateways {
		add(&w.NatGateways[i].Id)
	}
	return inputs
}

// resolved returns render of w, once all of it is known.
func (w *Watched) resolved(render func(*Watched) (string, error)) pulumi.StringOutput {
	var inputs []any
	for _, input := range w.inputs() {
		inputs = append(inputs, *input)
	}
	return pulumi.All(inputs...).ApplyT(func(known []any) (string, error) {
		return render(w.with(func(i int) string { return known[i].(string) }))
	}).(pulumi.StringOutput)
}

// withPlaceholders returns w with something in place of every input.
func (w *Watched) withPlaceholders() *Watched { return w.with(func(int) string { return "unknown" }) }

// with returns a copy of w in which every input is a plain string.
func (w *Watched) with(value func(int) string) *Watched {
	other := *w
	other.Services = slices.Clone(w.Services)
	other.LoadBalancers = slices.Clone(w.LoadBalancers)
	other.FileSystems = slices.Clone(w.FileSystems)
	other.Distributions = slices.Clone(w.Distributions)
	other.NatGateways = slices.Clone(w.NatGateways)
	for i, input := range other.inputs() {
		*input = pulumi.String(value(i))
	}
	return &other
}

// finite tells a number from infinities and from what is no number.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
