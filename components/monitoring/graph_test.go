package monitoring

import (
	"slices"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
)

const (
	metricAlarm    = "aws:cloudwatch/metricAlarm:MetricAlarm"
	compositeAlarm = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
)

var (
	ireland = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
	labTags = map[string]string{"Project": "awslab"}
)

// graph records what a program registers.
type graph struct {
	mutex     sync.Mutex
	resources []pulumi.MockResourceArgs
}

func (g *graph) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.resources = append(g.resources, args)
	state := args.Inputs.Copy()
	if args.Custom && !state.HasValue("arn") {
		state["arn"] = resource.NewStringProperty("arn:" + args.Name)
	}
	state["dashboardArn"] = resource.NewStringProperty("arn:" + args.Name)
	return args.Name + "-id", state, nil
}

func (g *graph) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return resource.PropertyMap{}, nil
}

func (g *graph) run(program pulumi.RunFunc) error {
	return pulumi.RunErr(program, pulumi.WithMocks("awslab", "dev", g))
}

func (g *graph) find(t *testing.T, name string) pulumi.MockResourceArgs {
	t.Helper()
	i := slices.IndexFunc(g.resources, func(r pulumi.MockResourceArgs) bool { return r.Name == name && r.Custom })
	require.GreaterOrEqual(t, i, 0, "no resource is named %q among %v", name, g.names(""))
	return g.resources[i]
}

func (g *graph) inputs(t *testing.T, name string) map[string]any {
	t.Helper()
	return g.find(t, name).Inputs.MapRepl(nil, reveal)
}

// reveal shows what is in a secret.
func reveal(v resource.PropertyValue) (any, bool) {
	if v.IsSecret() {
		return v.SecretValue().Element.V, true
	}
	return nil, false
}

// names returns those of the resources of a type, or of all that are no components.
func (g *graph) names(typeToken string) []string {
	var names []string
	for _, r := range g.resources {
		if r.TypeToken == typeToken || typeToken == "" && r.Custom {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

func text(value string) pulumi.StringInput { return pulumi.String(value) }

// everything returns a thing of each kind, with all that each can have.
func everything() Watched {
	return Watched{
		Name: "awslab-dev", Location: ireland,
		Services: []Service{
			{
				Name:               "orders",
				ServiceName:        "awslab-dev-orders",
				ClusterName:        "awslab-dev",
				DesiredMin:         3,
				MaxTasks:           12,
				ContainerInsights:  true,
				LoadBalancerSuffix: text("app/alb/1"),
				TargetGroupSuffix:  text("targetgroup/orders/2"),
				LogGroup:           text("/ecs/orders"),
				Objectives:         Objectives{Availability: 99.9, LatencyMilliseconds: 500, LatencyPercentage: 99},
			},
			{
				Name:        "billing",
				ServiceName: "awslab-dev-billing",
				ClusterName: "awslab-dev",
				DesiredMin:  1,
				LogGroup:    text("/ecs/billing"),
			},
		},
		LoadBalancers: []LoadBalancer{{"public", text("app/alb/1")}},
		Databases: []Database{
			{
				Name:                "lab",
				Identifier:          "awslab-dev",
				Engine:              "postgres",
				Replicas:            []string{"awslab-dev-1"},
				AllocatedStorageGiB: 100,
				MaxConnections:      800,
				Proxy:               "awslab-dev",
			},
			{Name: "other", Identifier: "awslab-dev-other", Cluster: true, Aurora: true, Engine: "mysql"},
			{
				Name:                "third",
				Identifier:          "awslab-dev-third",
				Cluster:             true,
				Engine:              "mysql",
				AllocatedStorageGiB: 100,
				Servers:             []string{"a-1", "a-2", "a-3"},
			},
		},
		Tables:            []Table{{"orders", "awslab-dev-orders"}},
		Buckets:           []Bucket{{"files", "awslab-dev-files", "EntireBucket"}},
		FileSystems:       []FileSystem{{"shared", text("fs-1")}},
		AutoScalingGroups: []AutoScalingGroup{{"instances", "awslab-dev", "awslab-dev", "awslab-dev-ec2"}},
		Distributions:     []Distribution{{"website", text("E1")}},
		WebAcls:           []WebAcl{{"regional", "awslab-dev", false}, {"edge", "awslab-dev-edge", true}},
		Functions:         []Function{{"check", "awslab-dev-check", 60}},
		NatGateways:       []NatGateway{{"a", text("nat-1")}},
		Queues:            []Queue{{"failed", "awslab-dev-failed"}},
		StateMachines: []StateMachine{
			{"redeploy", "arn:aws:states:eu-west-1:123456789012:stateMachine:awslab-dev-redeploy"},
		},
		BackupVaults: []BackupVault{{"daily", "awslab-dev", true}},
		Topics:       []Topic{{"alarms", "awslab-dev-alarms"}},
	}
}
