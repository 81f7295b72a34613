package compute

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/components/network/networktest"
)

// graph records what a program registers.
type graph struct {
	mutex     sync.Mutex
	resources []pulumi.MockResourceArgs
	// running is the task definition that services run; empty means their own.
	running string
}

func (g *graph) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	id := args.Name + "-id"
	if networktest.IsStandIn(args) {
		return id, args.Inputs, nil
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.resources = append(g.resources, args)
	state := args.Inputs.Copy()
	if args.TypeToken == networktest.VpcToken {
		state = networktest.VpcOutputs(args)
	}
	for _, output := range []resource.PropertyKey{"arn", "arnSuffix", "dnsName", "prefixListId"} {
		if args.Custom {
			state[output] = resource.NewStringProperty(string(output) + ":" + args.Name)
		}
	}
	if args.TypeToken == "aws:acm/certificate:Certificate" {
		names := []resource.PropertyValue{args.Inputs["domainName"]}
		if others := args.Inputs["subjectAlternativeNames"]; others.IsArray() {
			names = append(others.ArrayValue(), names...) // in no order that tells anything
		}
		var proofs []resource.PropertyValue
		for _, name := range names {
			proofs = append(proofs, resource.NewObjectProperty(resource.NewPropertyMapFromMap(map[string]any{
				"domainName":          name.StringValue(),
				"resourceRecordName":  "_proof." + strings.TrimPrefix(name.StringValue(), "*."),
				"resourceRecordType":  "CNAME",
				"resourceRecordValue": "_proven.acm-validations.aws",
			})))
		}
		state["domainValidationOptions"] = resource.NewArrayProperty(proofs)
	}
	return id, state, nil
}

func (g *graph) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token != "aws:ecs/getService:getService" {
		return resource.PropertyMap{}, nil
	}
	running := g.running
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, r := range g.resources {
		if family := r.Inputs["family"]; running == "" && family.IsString() &&
			family.StringValue() == args.Args["serviceName"].StringValue() {
			running = "arn:" + r.Name
		}
	}
	return resource.PropertyMap{"taskDefinition": resource.NewStringProperty(running)}, nil
}

// policyHash ends the name of a policy of a rolling role, see package identity.
var policyHash = regexp.MustCompile(`-[0-9a-f]{8}$`)

func isNamed(r pulumi.MockResourceArgs, name string) bool {
	return r.Name == name ||
		r.TypeToken == "aws:iam/rolePolicy:RolePolicy" && policyHash.ReplaceAllString(r.Name, "") == name
}

func (g *graph) find(t *testing.T, name string) pulumi.MockResourceArgs {
	t.Helper()
	i := slices.IndexFunc(g.resources, func(r pulumi.MockResourceArgs) bool { return isNamed(r, name) })
	require.GreaterOrEqual(t, i, 0, "no resource is named %q", name)
	return g.resources[i]
}

func (g *graph) inputs(t *testing.T, name string) map[string]any {
	t.Helper()
	return g.find(t, name).Inputs.Mappable()
}

func (g *graph) names(typeToken string) []string {
	var names []string
	for _, r := range g.resources {
		if r.TypeToken == typeToken {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

func (g *graph) run(program pulumi.RunFunc) error {
	return pulumi.RunErr(networktest.WithChildren("network", 2, program), pulumi.WithMocks("awslab", "dev", g))
}

func ordersArgs() *ServiceArgs {
	return &ServiceArgs{
		Name:             "awslab-dev-orders",
		Region:           "eu-west-1",
		Route:            Route{Path: "/orders"},
		Image:            pulumi.String("registry/orders@sha256:1"),
		Port:             8080,
		CPU:              256,
		Memory:           512,
		ExecutionRoleArn: pulumi.String("arn:execution"),
		TaskRoleArn:      pulumi.String("arn:task"),
		DesiredCount:     2,
		Capacity:         Capacity{OnDemandWeight: 1},
		Health:           Health{Path: "/readyz", Interval: 10, Timeout: 5, Grace: 30},
		LogGroup:         "/ecs/awslab-dev-orders",
		LogRetentionDays: 30,
		Tags:             labTags,
	}
}

// runOrders runs a program with the service orders and all that it needs.
func (g *graph) runOrders(change func(*ServiceArgs)) error {
	return g.runIn(func(_ *pulumi.Context, args *ServiceArgs) error {
		change(args)
		return nil
	})
}

func (g *graph) runIn(change func(*pulumi.Context, *ServiceArgs) error) error {
	return g.run(func(ctx *pulumi.Context) error {
		args := ordersArgs()
		vpc, err := network.NewVpc(ctx, "network", &network.VpcArgs{
			Location:          identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"},
			AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"},
		})
		if err != nil {
			return err
		}
		args.Network = vpc.ServicePlacement()
		if args.SecurityGroup, err = args.Network.NewSecurityGroup(ctx, "orders-tasks", "Tasks", nil); err != nil {
			return err
		}
		if args.Cluster, err = NewCluster(
			ctx,
			"lab",
			&ClusterArgs{Name: "awslab-dev", Capacity: args.Capacity},
		); err != nil {
			return err
		}
		if args.LoadBalancer, err = NewLoadBalancer(ctx, "lab", &LoadBalancerArgs{
			Name: "awslab-dev-alb", SubnetIds: vpc.PublicSubnetIds, SecurityGroupId: vpc.LoadBalancerSecurityGroupId,
		}); err != nil {
			return err
		}
		if err := change(ctx, args); err != nil {
			return err
		}
		_, err = NewService(ctx, "orders", args)
		return err
	})
}
