package compute

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Capacity says how a service's tasks are divided between on-demand and spot capacity of Fargate: the first
// OnDemandBase run on demand, the others are divided by weight.
type Capacity struct {
	OnDemandBase               int // 0 to 100000
	OnDemandWeight, SpotWeight int // 0 to 1000 each, not both 0
}

func (c Capacity) validate() error {
	var problems []error
	if c.OnDemandBase < 0 || c.OnDemandBase > 100000 {
		problems = append(problems, fmt.Errorf("Capacity.OnDemandBase: %d; use 0 to 100000", c.OnDemandBase))
	}
	for field, weight := range map[string]int{"OnDemandWeight": c.OnDemandWeight, "SpotWeight": c.SpotWeight} {
		if weight < 0 || weight > 1000 {
			problems = append(problems, fmt.Errorf("Capacity.%s: %d; use 0 to 1000", field, weight))
		}
	}
	if c.OnDemandWeight == 0 && c.SpotWeight == 0 {
		problems = append(problems, errors.New("Capacity: both weights are 0; give one of them more"))
	}
	return errors.Join(problems...)
}

// share is one capacity provider's part.
type share struct {
	provider     string
	base, weight int
}

func (c Capacity) shares() []share {
	var shares []share
	if c.OnDemandWeight > 0 || c.OnDemandBase > 0 {
		shares = append(shares, share{"FARGATE", c.OnDemandBase, c.OnDemandWeight})
	}
	if c.SpotWeight > 0 {
		shares = append(shares, share{"FARGATE_SPOT", 0, c.SpotWeight})
	}
	return shares
}

// ClusterArgs describe a cluster.
type ClusterArgs struct {
	// Name in ECS, 1 to 255 letters, digits, hyphens and underscores.
	Name string
	// ContainerInsights collects metrics per task, at a price.
	ContainerInsights bool
	// Capacity is the strategy of tasks that have none of their own.
	Capacity Capacity
	Tags     map[string]string
}

// Cluster is an ECS cluster on Fargate. Its type token is awslab:compute:Cluster.
type Cluster struct {
	pulumi.ResourceState

	ClusterArn  pulumi.StringOutput `pulumi:"clusterArn"`
	ClusterName pulumi.StringOutput `pulumi:"clusterName"`

	// ready is what services have to wait for: they may name a capacity provider only once the cluster has it.
	ready pulumi.Resource
}

// NewCluster makes a cluster.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	if args == nil {
		args = &ClusterArgs{}
	}
	if err := errors.Join(checkName("Name", args.Name, 255), args.Capacity.validate()); err != nil {
		return nil, fmt.Errorf("cluster %q: %w", name, err)
	}
	component := &Cluster{}
	if err := ctx.RegisterComponentResource("awslab:compute:Cluster", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering cluster %q: %w", name, err)
	}
	insights := "disabled"
	if args.ContainerInsights {
		insights = "enabled"
	}
	cluster, err := ecs.NewCluster(ctx, name+"-cluster", &ecs.ClusterArgs{
		Name:     pulumi.String(args.Name),
		Settings: ecs.ClusterSettingArray{ecs.ClusterSettingArgs{Name: pulumi.String("containerInsights"), Value: pulumi.String(insights)}},
		Tags:     pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating cluster %q: %w", name, err)
	}
	var strategies ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArray
	for _, s := range args.Capacity.shares() {
		strategies = append(strategies, ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArgs{
			CapacityProvider: pulumi.String(s.provider), Base: pulumi.Int(s.base), Weight: pulumi.Int(s.weight),
		})
	}
	providers, err := ecs.NewClusterCapacityProviders(ctx, name+"-capacity", &ecs.ClusterCapacityProvidersArgs{
		ClusterName:                       cluster.Name,
		CapacityProviders:                 pulumi.ToStringArray([]string{"FARGATE", "FARGATE_SPOT"}),
		DefaultCapacityProviderStrategies: strategies,
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("adding capacity providers to cluster %q: %w", name, err)
	}
	component.ClusterArn, component.ClusterName, component.ready = cluster.Arn, cluster.Name, providers
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"clusterArn": component.ClusterArn, "clusterName": component.ClusterName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of cluster %q: %w", name, err)
	}
	return component, nil
}
