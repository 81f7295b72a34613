package compute

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/servicediscovery"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
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
		problems = append(problems, problem.New("Capacity.OnDemandBase", "%d; use 0 to 100000", c.OnDemandBase))
	}
	for field, weight := range map[string]int{"OnDemandWeight": c.OnDemandWeight, "SpotWeight": c.SpotWeight} {
		if weight < 0 || weight > 1000 {
			problems = append(problems, problem.New(fmt.Sprintf("Capacity.%s", field), "%d; use 0 to 1000", weight))
		}
	}
	if c.OnDemandWeight == 0 && c.SpotWeight == 0 {
		problems = append(problems, problem.New("Capacity", "both weights are 0; give one of them more"))
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

var fargateProviders = []string{"FARGATE", "FARGATE_SPOT"}

// ClusterArgs describe a cluster.
type ClusterArgs struct {
	// Name in ECS, 1 to 255 letters, digits, hyphens and underscores.
	Name string
	// ContainerInsights collects metrics per task, which is charged.
	ContainerInsights bool
	// Capacity is the strategy of tasks on Fargate that have none of their own.
	Capacity Capacity
	// Instances are EC2 instances of the cluster's own, which run the tasks instead of Fargate. Nil means Fargate. They
	// can be added at any time, and removed once no service uses them: in an update after the one that moves the
	// services.
	Instances *Instances
	// Namespace is the name in which services find each other (Service Connect). Empty means that they do not.
	Namespace string
	// SessionLogGroup is the name of the log group that records what people do in tasks with ECS Exec; it is created
	// here. Empty means that sessions go unrecorded.
	SessionLogGroup  string
	LogRetentionDays int
	// KmsKeyArn encrypts sessions and the storage of tasks: the key's policy has to let Fargate in, see
	// [identity.FargateKeyUse]. LogKmsKeyArn encrypts the record of sessions. Nil means AWS's own keys.
	KmsKeyArn, LogKmsKeyArn pulumi.StringInput
	Tags                    map[string]string
}

// Cluster is an ECS cluster, on Fargate or on instances of its own. Its type token is awslab:compute:Cluster.
type Cluster struct {
	pulumi.ResourceState

	ClusterArn  pulumi.StringOutput `pulumi:"clusterArn"`
	ClusterName pulumi.StringOutput `pulumi:"clusterName"`
	// Namespace is the ARN of the one in which services find each other; empty without one.
	Namespace pulumi.StringOutput `pulumi:"namespace"`

	// LaunchType is FARGATE or EC2. On EC2 CapacityProvider and ScalingGroup are the names of what governs the
	// instances.
	LaunchType, CapacityProvider, ScalingGroup string

	// ready is what services have to wait for: they may name a capacity provider only once the cluster has it.
	ready pulumi.Resource
}

// NewCluster creates a cluster.
func NewCluster(ctx *pulumi.Context, name string, args *ClusterArgs, opts ...pulumi.ResourceOption) (*Cluster, error) {
	if args == nil {
		args = &ClusterArgs{}
	}
	if err := errors.Join(checkName("Name", args.Name, 255), args.validateCapacity()); err != nil {
		return nil, fmt.Errorf("cluster %q: %w", name, err)
	}
	component := &Cluster{LaunchType: "FARGATE"}
	if err := ctx.RegisterComponentResource("awslab:compute:Cluster", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering cluster %q: %w", name, err)
	}
	component.Namespace = pulumi.String("").ToStringOutput() // registering makes new outputs
	settings, err := component.settings(ctx, name, args)
	if err != nil {
		return nil, err
	}
	cluster, err := ecs.NewCluster(ctx, name+"-cluster", settings, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating cluster %q: %w", name, err)
	}
	capacity, err := component.capacity(ctx, name, args, cluster)
	if err != nil {
		return nil, err
	}
	providers, err := ecs.NewClusterCapacityProviders(ctx, name+"-capacity", capacity, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("adding capacity providers to cluster %q: %w", name, err)
	}
	component.ClusterArn, component.ClusterName, component.ready = cluster.Arn, cluster.Name, providers
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"clusterArn": component.ClusterArn, "clusterName": component.ClusterName, "namespace": component.Namespace,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of cluster %q: %w", name, err)
	}
	return component, nil
}

func (args *ClusterArgs) validateCapacity() error {
	if args.Instances != nil {
		return args.Instances.validate()
	}
	return args.Capacity.validate()
}

func (component *Cluster) settings(ctx *pulumi.Context, name string, args *ClusterArgs) (*ecs.ClusterArgs, error) {
	insights := "disabled"
	if args.ContainerInsights {
		insights = "enabled"
	}
	settings := &ecs.ClusterArgs{
		Name: pulumi.String(args.Name),
		Settings: ecs.ClusterSettingArray{
			ecs.ClusterSettingArgs{Name: pulumi.String("containerInsights"), Value: pulumi.String(insights)},
		},
		Tags: pulumi.ToStringMap(args.Tags),
	}
	if args.Namespace != "" {
		namespace, err := servicediscovery.NewHttpNamespace(ctx, name+"-namespace", &servicediscovery.HttpNamespaceArgs{
			Name:        pulumi.String(args.Namespace),
			Description: pulumi.String("Services of cluster " + args.Name),
			Tags:        pulumi.ToStringMap(args.Tags),
		}, pulumi.Parent(component))
		if err != nil {
			return nil, fmt.Errorf("creating the namespace of cluster %q: %w", name, err)
		}
		component.Namespace = namespace.Arn
		settings.ServiceConnectDefaults = ecs.ClusterServiceConnectDefaultsArgs{Namespace: namespace.Arn}
	}
	configuration, err := component.configuration(ctx, name, args)
	if err != nil {
		return nil, err
	}
	settings.Configuration = configuration
	return settings, nil
}

// configuration returns how sessions and the storage of tasks are kept. It is nil when the arguments say neither.
func (component *Cluster) configuration(
	ctx *pulumi.Context,
	name string,
	args *ClusterArgs,
) (ecs.ClusterConfigurationPtrInput, error) {
	if args.SessionLogGroup == "" && args.KmsKeyArn == nil {
		return nil, nil
	}
	configuration := ecs.ClusterConfigurationArgs{}
	if key := optionalInput(args.KmsKeyArn); key != nil {
		configuration.ManagedStorageConfiguration = ecs.ClusterConfigurationManagedStorageConfigurationArgs{
			FargateEphemeralStorageKmsKeyId: key,
			KmsKeyId:                        key,
		}
	}
	if args.SessionLogGroup == "" {
		return configuration, nil
	}
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-sessions", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(args.SessionLogGroup),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        optionalInput(args.LogKmsKeyArn),
		Tags:            pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the log group of the sessions in cluster %q: %w", name, err)
	}
	configuration.ExecuteCommandConfiguration = ecs.ClusterConfigurationExecuteCommandConfigurationArgs{
		Logging:  pulumi.String("OVERRIDE"),
		KmsKeyId: optionalInput(args.KmsKeyArn),
		LogConfiguration: ecs.ClusterConfigurationExecuteCommandConfigurationLogConfigurationArgs{
			CloudWatchEncryptionEnabled: pulumi.Bool(args.LogKmsKeyArn != nil),
			CloudWatchLogGroupName:      logs.Name,
		},
	}
	return configuration, nil
}

func optionalInput(value pulumi.StringInput) pulumi.StringPtrInput {
	if value == nil {
		return nil
	}
	return value.ToStringOutput().ToStringPtrOutput()
}

// capacity is where the tasks run: on the instances, or on Fargate. A cluster with instances keeps Fargate's capacity
// providers, which cost nothing: services that have run there still use them while they move to the instances, and
// ECS takes no provider from a cluster that a service uses.
func (component *Cluster) capacity(
	ctx *pulumi.Context,
	name string,
	args *ClusterArgs,
	cluster *ecs.Cluster,
) (*ecs.ClusterCapacityProvidersArgs, error) {
	capacity := &ecs.ClusterCapacityProvidersArgs{ClusterName: cluster.Name}
	if args.Instances != nil {
		provider, err := component.newInstances(ctx, name, args, cluster)
		if err != nil {
			return nil, err
		}
		capacity.CapacityProviders = append(pulumi.ToStringArray(fargateProviders), provider.Name)
		capacity.DefaultCapacityProviderStrategies = ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArray{
			ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArgs{
				CapacityProvider: provider.Name,
				Weight:           pulumi.Int(1),
			},
		}
		return capacity, nil
	}
	var strategies ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArray
	for _, s := range args.Capacity.shares() {
		strategies = append(strategies, ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArgs{
			CapacityProvider: pulumi.String(s.provider),
			Base:             pulumi.Int(s.base),
			Weight:           pulumi.Int(s.weight),
		})
	}
	capacity.CapacityProviders = pulumi.ToStringArray(fargateProviders)
	capacity.DefaultCapacityProviderStrategies = strategies
	return capacity, nil
}
