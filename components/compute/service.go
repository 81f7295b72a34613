package compute

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/names"
)

// Service is a microservice on ECS. Its type token is awslab:compute:Service.
type Service struct {
	pulumi.ResourceState

	ServiceName pulumi.StringOutput `pulumi:"serviceName"`
	ServiceArn  pulumi.StringOutput `pulumi:"serviceArn"`
	// TaskDefinitionArn is the one that runs.
	TaskDefinitionArn pulumi.StringOutput `pulumi:"taskDefinitionArn"`
	// TargetGroupArn and TargetGroupArnSuffix are empty for a service without a route.
	TargetGroupArn       pulumi.StringOutput `pulumi:"targetGroupArn"`
	TargetGroupArnSuffix pulumi.StringOutput `pulumi:"targetGroupArnSuffix"`
	// Endpoint is where other services reach this one through Service Connect, http://<name>:<port>; empty if they do
	// not.
	Endpoint     pulumi.StringOutput `pulumi:"endpoint"`
	LogGroupName pulumi.StringOutput `pulumi:"logGroupName"`
}

// Settings of the target group that suit short requests: with the defaults of ELB a task would take 2.5 minutes to be
// found healthy and 5 to drain.
const (
	healthyThreshold = 2
	// UnhealthyThreshold is the number of failed checks in a row after which a task is unhealthy, for the load balancer
	// and for the container's own health check.
	UnhealthyThreshold  = 3
	deregistrationDelay = 30 // seconds
)

// servicePlan is what a service is made of, while it is being made.
type servicePlan struct {
	*ServiceArgs
	name      string // of the component
	component *Service
	logs      *cloudwatch.LogGroup
	groups    pulumi.StringArray // the tasks' security groups: the service's own, and those shared with others
	targets   *lb.TargetGroup    // nil without a route
	task      *ecs.TaskDefinition
	before    *ecs.TaskDefinition // of the runs before a deployment
	// ready is what has to be there before the tasks run.
	ready []pulumi.Resource
}

// NewService creates a service and everything it owns.
func NewService(ctx *pulumi.Context, name string, args *ServiceArgs, opts ...pulumi.ResourceOption) (*Service, error) {
	if args == nil {
		args = &ServiceArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	component := &Service{}
	if err := ctx.RegisterComponentResource(serviceType, name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering service %q: %w", name, err)
	}
	component.Endpoint = pulumi.String(args.endpoint()).ToStringOutput() // registering makes new outputs
	plan := &servicePlan{
		ServiceArgs: args,
		name:        name,
		component:   component,
		ready:       slices.Concat([]pulumi.Resource{args.Cluster.ready}, args.Network.After, args.Ready),
	}
	for _, volume := range args.Volumes {
		plan.ready = append(plan.ready, volume.After...)
	}
	for _, step := range []func(*pulumi.Context) error{
		plan.newLogGroups, plan.connect, plan.route, plan.newTaskDefinitions, plan.runBefore, plan.deploy,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"serviceName":          component.ServiceName,
		"serviceArn":           component.ServiceArn,
		"taskDefinitionArn":    component.TaskDefinitionArn,
		"targetGroupArn":       component.TargetGroupArn,
		"targetGroupArnSuffix": component.TargetGroupArnSuffix,
		"endpoint":             component.Endpoint,
		"logGroupName":         component.LogGroupName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of service %q: %w", name, err)
	}
	return component, nil
}

// newLogGroups makes one for the output of the containers, and one for metrics if there are any.
func (p *servicePlan) newLogGroups(ctx *pulumi.Context) (err error) {
	if p.logs, err = p.newLogGroup(ctx, p.name+"-logs", p.LogGroup); err != nil {
		return err
	}
	p.component.LogGroupName = p.logs.Name
	if p.Tracing == nil {
		return nil
	}
	metrics, err := p.newLogGroup(ctx, p.name+"-metrics", MetricsLogGroup(p.LogGroup))
	p.ready = append(p.ready, metrics)
	return err
}

func (p *servicePlan) newLogGroup(ctx *pulumi.Context, name, group string) (*cloudwatch.LogGroup, error) {
	made, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(group),
		RetentionInDays: pulumi.Int(p.LogRetentionDays),
		KmsKeyId:        p.LogKmsKeyArn,
		Tags:            pulumi.ToStringMap(p.Tags),
	}, pulumi.Parent(p.component))
	if err != nil {
		return nil, fmt.Errorf("creating the log group %s of service %q: %w", group, p.name, err)
	}
	return made, nil
}

// connect puts the tasks into their security groups: the service's own, further ones, and with a route the one that the
// load balancer reaches.
func (p *servicePlan) connect(ctx *pulumi.Context) error {
	p.groups = append(pulumi.StringArray{p.SecurityGroup.SecurityGroupId}, p.SecurityGroupIds...)
	p.ready = append(p.ready, p.SecurityGroup.Rules...) // without those of egress no image can be pulled
	if p.routed() {
		targets, door, err := p.LoadBalancer.open(ctx, p.Network.VpcId, p.Port)
		if err != nil {
			return fmt.Errorf("letting the load balancer call service %q: %w", p.name, err)
		}
		p.groups = append(p.groups, targets.SecurityGroupId)
		p.ready = append(p.ready, door.Rules...)
	}
	return nil
}

// serviceType is in the URNs of what a service has.
const serviceType = "awslab:compute:Service"

// targetPort is the target group's port, which its replacement would follow; ECS registers each task with the port of
// its container instead.
const targetPort = 80

// route makes the target group and the rule that leads to it.
func (p *servicePlan) route(ctx *pulumi.Context) (err error) {
	if !p.routed() {
		none := pulumi.String("").ToStringOutput()
		p.component.TargetGroupArn, p.component.TargetGroupArnSuffix = none, none
		return nil
	}
	p.targets, err = lb.NewTargetGroup(ctx, cmp.Or(p.TargetGroup, p.name)+"-targets", &lb.TargetGroupArgs{
		Name:                pulumi.String(names.LoadBalancer.Fit(cmp.Or(p.TargetGroupName, p.Name))),
		VpcId:               p.Network.VpcId,
		TargetType:          pulumi.String("ip"),
		Port:                pulumi.Int(targetPort),
		Protocol:            pulumi.String("HTTP"),
		DeregistrationDelay: pulumi.Int(deregistrationDelay),
		HealthCheck: lb.TargetGroupHealthCheckArgs{
			Path:               pulumi.String(p.Health.Path),
			Protocol:           pulumi.String("HTTP"),
			Matcher:            pulumi.String("200"),
			Interval:           pulumi.Int(p.Health.Interval),
			Timeout:            pulumi.Int(p.Health.Timeout),
			HealthyThreshold:   pulumi.Int(healthyThreshold),
			UnhealthyThreshold: pulumi.Int(UnhealthyThreshold),
		},
		Tags: pulumi.ToStringMap(p.Tags),
	}, pulumi.Parent(p.component))
	if err != nil {
		return fmt.Errorf("creating the target group of service %q: %w", p.name, err)
	}
	rule, err := p.LoadBalancer.newRule(ctx, p.Route, p.forward(), p.Tags, pulumi.Parent(p.component), pulumi.Aliases(
		[]pulumi.Alias{{Name: pulumi.String(p.name + "-rule")}, {Parent: p.LoadBalancer}}), pulumi.DependsOn(p.Detours))
	if err != nil {
		return fmt.Errorf("routing requests to service %q: %w", p.name, err)
	}
	// ECS takes a target group only once a listener leads to it.
	p.ready = append(p.ready, rule)
	p.component.TargetGroupArn, p.component.TargetGroupArnSuffix = p.targets.Arn, p.targets.ArnSuffix
	return nil
}

// forward sends requests to the target group, or for now to the predecessor alone.
func (p *servicePlan) forward() lb.ListenerRuleActionArgs {
	action := lb.ListenerRuleActionArgs{Type: pulumi.String("forward")}
	if p.Predecessor == nil {
		action.TargetGroupArn = p.targets.Arn
		return action
	}
	action.Forward = lb.ListenerRuleActionForwardArgs{TargetGroups: lb.ListenerRuleActionForwardTargetGroupArray{
		lb.ListenerRuleActionForwardTargetGroupArgs{Arn: p.Predecessor, Weight: pulumi.Int(1)},
		lb.ListenerRuleActionForwardTargetGroupArgs{Arn: p.targets.Arn, Weight: pulumi.Int(0)},
	}}
	return action
}

// formerly is the name that a resource had in stacks of earlier versions, which keep the resource.
func formerly(name string) pulumi.ResourceOption {
	return pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(name)}})
}
