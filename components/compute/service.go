package compute

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/network"
)

// ServiceArgs describe a microservice behind a load balancer.
type ServiceArgs struct {
	// Name of the service in ECS and of its task definition's family, 1 to 255 letters, digits, hyphens and
	// underscores. The target group gets it too, and so at most 32 characters.
	Name string
	// Region is where the logs go.
	Region  string
	Cluster *Cluster
	// LoadBalancer carries the service's route, which Route describes.
	LoadBalancer *LoadBalancer
	Route        Route
	Vpc          *network.Vpc
	// Image is the reference of the container's image; by digest, so that what was tested is what runs.
	Image pulumi.StringInput
	// Port is the one the container listens on.
	Port int
	// CPU in 1/1024 vCPU and Memory in MiB; see FargateCPUs and FargateMemory.
	CPU, Memory int
	// Architecture is amd64 (the default) or arm64.
	Architecture string
	// ExecutionRoleArn lets ECS start the tasks, TaskRoleArn is what the service's code acts as.
	ExecutionRoleArn, TaskRoleArn pulumi.StringInput
	// DesiredCount is the number of tasks. With Scaling it is the number to start with.
	DesiredCount int
	// Scaling is nil for a fixed number of tasks.
	Scaling  *Scaling
	Capacity Capacity
	Health   Health
	// Environment and Secrets are passed to the container; a secret's value is the ARN of a Secrets Manager secret or
	// an SSM parameter. No variable may be in both.
	Environment, Secrets pulumi.StringMap
	// LogGroup is the name of the service's log group, LogRetentionDays how long it keeps events.
	LogGroup         string
	LogRetentionDays int
	// LogKmsKeyArn encrypts the log group. Nil means CloudWatch's own key.
	LogKmsKeyArn pulumi.StringPtrInput
	Tags         map[string]string
}

// Health says how the load balancer, and the container itself, find out whether a task is well.
type Health struct {
	// Path is what the load balancer asks for, every Interval seconds (5 to 300), for at most Timeout seconds (2 to 120).
	Path              string
	Interval, Timeout int
	// Grace is how many seconds a new task may be unhealthy.
	Grace int
	// Command runs in the container, for at most Timeout seconds (2 to 60); its first word is CMD or CMD-SHELL. Empty
	// means no check of its own.
	Command []string
}

// Service is a microservice on ECS. Its type token is awslab:compute:Service.
type Service struct {
	pulumi.ResourceState

	ServiceName       pulumi.StringOutput `pulumi:"serviceName"`
	ServiceArn        pulumi.StringOutput `pulumi:"serviceArn"`
	TaskDefinitionArn pulumi.StringOutput `pulumi:"taskDefinitionArn"`
	TargetGroupArn    pulumi.StringOutput `pulumi:"targetGroupArn"`
	SecurityGroupId   pulumi.StringOutput `pulumi:"securityGroupId"`
	LogGroupName      pulumi.StringOutput `pulumi:"logGroupName"`
}

// Deployment settings that suit short requests: with the defaults of ELB a task would take 2.5 minutes to be found
// healthy and 5 to drain.
const (
	healthyThreshold    = 2
	unhealthyThreshold  = 3
	deregistrationDelay = 30 // seconds
	minimumHealthy      = 100
	maximumHealthy      = 200
)

var ecsName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func checkName(field, name string, limit int) error {
	if len(name) > limit || !ecsName.MatchString(name) {
		return fmt.Errorf("%s: %q; use 1 to %d letters, digits, hyphens and underscores", field, name, limit)
	}
	return nil
}

func (args *ServiceArgs) validate() error {
	problems := []error{args.Capacity.validate()}
	add := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	add(!elbName.MatchString(args.Name), "Name: %q; use 1 to 32 letters, digits and hyphens, none at the ends", args.Name)
	add(args.Cluster == nil, "Cluster: missing")
	add(args.LoadBalancer == nil, "LoadBalancer: missing")
	add(args.Vpc == nil, "Vpc: missing")
	add(args.Image == nil, "Image: missing")
	add(args.ExecutionRoleArn == nil, "ExecutionRoleArn: missing")
	add(args.TaskRoleArn == nil, "TaskRoleArn: missing")
	add(args.Region == "", "Region: missing")
	add(args.Port < 1 || args.Port > 65535, "Port: %d; use 1 to 65535", args.Port)
	add(!slices.Contains([]string{"", "amd64", "arm64"}, args.Architecture), "Architecture: %q; use amd64 or arm64", args.Architecture)
	if memories := FargateMemory(args.CPU); memories == nil {
		add(true, "CPU: %d is no Fargate size; use one of %v", args.CPU, FargateCPUs())
	} else {
		add(!slices.Contains(memories, args.Memory), "Memory: %d MiB does not go with CPU %d; use one of %v", args.Memory, args.CPU, memories)
	}
	add(args.LogGroup == "", "LogGroup: missing")
	add(args.DesiredCount < 0, "DesiredCount: %d is negative", args.DesiredCount)
	for _, name := range slices.Sorted(maps.Keys(args.Secrets)) {
		_, twice := args.Environment[name]
		add(twice, "Secrets: %s is in Environment too", name)
	}
	problems = append(problems, args.Route.validate(), args.Health.validate())
	if args.Scaling != nil {
		problems = append(problems, args.Scaling.validate())
	}
	return errors.Join(problems...)
}

func (h Health) validate() error {
	var problems []error
	add := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	add(!strings.HasPrefix(h.Path, "/"), "Health.Path: %q; begin with /", h.Path)
	add(h.Interval < 5 || h.Interval > 300, "Health.Interval: %d; use 5 to 300 seconds", h.Interval)
	add(h.Timeout < 2 || h.Timeout > 120, "Health.Timeout: %d; use 2 to 120 seconds", h.Timeout)
	add(h.Timeout >= h.Interval, "Health.Timeout: %d is not shorter than Interval, %d", h.Timeout, h.Interval)
	add(h.Grace < 0, "Health.Grace: %d is negative", h.Grace)
	if len(h.Command) > 0 {
		add(h.Timeout > MaxCommandTimeout, "Health.Timeout: %d; with Command, use at most %d seconds", h.Timeout, MaxCommandTimeout)
		add(h.Command[0] != "CMD" && h.Command[0] != "CMD-SHELL", "Health.Command: begins with %q; the first word is CMD or CMD-SHELL", h.Command[0])
	}
	return errors.Join(problems...)
}

// NewService makes a service and everything it owns.
func NewService(ctx *pulumi.Context, name string, args *ServiceArgs, opts ...pulumi.ResourceOption) (*Service, error) {
	if args == nil {
		args = &ServiceArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	component := &Service{}
	if err := ctx.RegisterComponentResource("awslab:compute:Service", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering service %q: %w", name, err)
	}
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name: pulumi.String(args.LogGroup), RetentionInDays: pulumi.Int(args.LogRetentionDays), KmsKeyId: args.LogKmsKeyArn,
		Tags: pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the log group of service %q: %w", name, err)
	}
	group, err := component.connect(ctx, name, args)
	if err != nil {
		return nil, err
	}
	targets, rule, err := component.route(ctx, name, args)
	if err != nil {
		return nil, err
	}
	task, err := component.newTaskDefinition(ctx, name, args, logs)
	if err != nil {
		return nil, err
	}
	service, err := component.deploy(ctx, name, args, group, targets, task, rule)
	if err != nil {
		return nil, err
	}
	if err := args.Scaling.apply(ctx, name, args, service, targets, component); err != nil {
		return nil, err
	}
	component.ServiceName, component.ServiceArn = service.Name, service.ID().ToStringOutput()
	component.TaskDefinitionArn, component.TargetGroupArn = task.Arn, targets.Arn
	component.SecurityGroupId, component.LogGroupName = group, logs.Name
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"serviceName": component.ServiceName, "serviceArn": component.ServiceArn, "taskDefinitionArn": component.TaskDefinitionArn,
		"targetGroupArn": component.TargetGroupArn, "securityGroupId": component.SecurityGroupId, "logGroupName": component.LogGroupName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of service %q: %w", name, err)
	}
	return component, nil
}

// connect makes the service's security group, which only the load balancer reaches.
func (component *Service) connect(ctx *pulumi.Context, name string, args *ServiceArgs) (pulumi.StringOutput, error) {
	group, err := network.NewSecurityGroup(ctx, name+"-tasks", &network.SecurityGroupArgs{
		VpcId: args.Vpc.VpcId, Description: "Tasks of service " + args.Name, Egress: args.Vpc.ServiceEgress(), Tags: args.Tags,
	}, pulumi.Parent(component))
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating the security group of service %q: %w", name, err)
	}
	if _, err := network.NewConnection(ctx, name+"-from-load-balancer", &network.ConnectionArgs{
		FromSecurityGroupId: args.LoadBalancer.SecurityGroupId, ToSecurityGroupId: group.SecurityGroupId,
		Ports: network.Port(args.Port), Description: "Load balancer to service " + args.Name,
	}, pulumi.Parent(component)); err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("connecting the load balancer with service %q: %w", name, err)
	}
	return group.SecurityGroupId, nil
}

// route makes the target group and the rule that leads to it.
func (component *Service) route(ctx *pulumi.Context, name string, args *ServiceArgs) (*lb.TargetGroup, *lb.ListenerRule, error) {
	targets, err := lb.NewTargetGroup(ctx, name+"-targets", &lb.TargetGroupArgs{
		Name: pulumi.String(args.Name), VpcId: args.Vpc.VpcId, TargetType: pulumi.String("ip"),
		Port: pulumi.Int(args.Port), Protocol: pulumi.String("HTTP"), DeregistrationDelay: pulumi.Int(deregistrationDelay),
		HealthCheck: lb.TargetGroupHealthCheckArgs{
			Path: pulumi.String(args.Health.Path), Protocol: pulumi.String("HTTP"), Matcher: pulumi.String("200"),
			Interval: pulumi.Int(args.Health.Interval), Timeout: pulumi.Int(args.Health.Timeout),
			HealthyThreshold: pulumi.Int(healthyThreshold), UnhealthyThreshold: pulumi.Int(unhealthyThreshold),
		},
		Tags: pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, nil, fmt.Errorf("creating the target group of service %q: %w", name, err)
	}
	rule, err := lb.NewListenerRule(ctx, name+"-rule", &lb.ListenerRuleArgs{
		ListenerArn: args.LoadBalancer.ListenerArn, Priority: pulumi.Int(args.Route.RulePriority()), Conditions: args.Route.conditions(),
		Actions: lb.ListenerRuleActionArray{lb.ListenerRuleActionArgs{Type: pulumi.String("forward"), TargetGroupArn: targets.Arn}},
		Tags:    pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, nil, fmt.Errorf("routing requests to service %q: %w", name, err)
	}
	return targets, rule, nil
}

func (component *Service) deploy(
	ctx *pulumi.Context, name string, args *ServiceArgs,
	group pulumi.StringOutput, targets *lb.TargetGroup, task *ecs.TaskDefinition, rule *lb.ListenerRule,
) (*ecs.Service, error) {
	var strategies ecs.ServiceCapacityProviderStrategyArray
	for _, s := range args.Capacity.shares() {
		strategies = append(strategies, ecs.ServiceCapacityProviderStrategyArgs{
			CapacityProvider: pulumi.String(s.provider), Base: pulumi.Int(s.base), Weight: pulumi.Int(s.weight),
		})
	}
	// ECS takes a target group only once a listener leads to it.
	opts := []pulumi.ResourceOption{pulumi.Parent(component), pulumi.DependsOn([]pulumi.Resource{rule, args.Cluster.ready})}
	if args.Scaling != nil {
		// The count belongs to the autoscaler from the first deployment on.
		opts = append(opts, pulumi.IgnoreChanges([]string{"desiredCount"}))
	}
	service, err := ecs.NewService(ctx, name+"-service", &ecs.ServiceArgs{
		Name: pulumi.String(args.Name), Cluster: args.Cluster.ClusterArn, TaskDefinition: task.Arn,
		DesiredCount: pulumi.Int(args.DesiredCount), CapacityProviderStrategies: strategies,
		NetworkConfiguration: ecs.ServiceNetworkConfigurationArgs{
			Subnets: args.Vpc.AppSubnetIds, SecurityGroups: pulumi.StringArray{group}, AssignPublicIp: pulumi.Bool(false),
		},
		LoadBalancers: ecs.ServiceLoadBalancerArray{ecs.ServiceLoadBalancerArgs{
			TargetGroupArn: targets.Arn, ContainerName: pulumi.String(containerName), ContainerPort: pulumi.Int(args.Port),
		}},
		HealthCheckGracePeriodSeconds:   pulumi.Int(args.Health.Grace),
		DeploymentMinimumHealthyPercent: pulumi.Int(minimumHealthy),
		DeploymentMaximumPercent:        pulumi.Int(maximumHealthy),
		DeploymentCircuitBreaker:        ecs.ServiceDeploymentCircuitBreakerArgs{Enable: pulumi.Bool(true), Rollback: pulumi.Bool(true)},
		AvailabilityZoneRebalancing:     pulumi.String("ENABLED"),
		EnableEcsManagedTags:            pulumi.Bool(true),
		PropagateTags:                   pulumi.String("SERVICE"),
		// Without it a deployment that was rolled back would count as a success.
		WaitForSteadyState: pulumi.Bool(true),
		Tags:               pulumi.ToStringMap(args.Tags),
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating service %q: %w", name, err)
	}
	return service, nil
}
