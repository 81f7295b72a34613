package compute

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// Deployment says how a new version of a service takes the place of the old one, and what makes it go back. One that
// cannot start its tasks always goes back.
type Deployment struct {
	// MinimumHealthyPercent (0 to 100) and MaximumPercent (100 to 200) of DesiredCount are how few and how many tasks
	// run during a deployment. Both 0 mean 100 and 200: none less, up to twice as many. A service of which no two tasks
	// may run at once has 0 and 100.
	MinimumHealthyPercent, MaximumPercent int
	// Alarms of CloudWatch, by name, that roll back a deployment during which they go into ALARM. They have to exist
	// before the service does.
	Alarms []string
	// ServerErrors is how many 5xx answers of the service's tasks in a minute roll a deployment back; 0 means no number
	// does. The alarm is the service's own.
	ServerErrors int
}

func (d Deployment) percents() (minimum, maximum int) {
	if d.MaximumPercent == 0 {
		return 100, 200
	}
	return d.MinimumHealthyPercent, d.MaximumPercent
}

// bounds returns how few and how many of so many tasks run during a deployment. ECS rounds the minimum up, and the
// maximum down.
func (d Deployment) bounds(tasks int) (least, most int) {
	minimum, maximum := d.percents()
	return (tasks*minimum + 99) / 100, tasks * maximum / 100
}

const (
	// taskStart is time for a task's place, network interface, image and process. With these a deployment of all tasks
	// at once is over in 4 minutes.
	taskStart = 2 * time.Minute
	// leastWait is how long the aws provider waits for any service.
	leastWait = 20 * time.Minute
)

// wait is how long a deployment, and then the way back from it, may last. In each round ECS replaces as many tasks as
// the percentages let ("Deployment parameters", Amazon ECS Developer Guide), and waits until the new ones are well and
// the old ones have drained: ten rounds at 110 percent.
func (args *ServiceArgs) wait() time.Duration {
	tasks := args.mostTasks()
	least, most := args.Deployment.bounds(tasks)
	replaced := max(1, most-least)
	rounds := (tasks + replaced - 1) / replaced
	round := taskStart + time.Second*time.Duration(
		args.Health.Grace+healthyThreshold*args.Health.Interval+deregistrationDelay+StopTimeout,
	)
	return max(leastWait, 2*time.Duration(rounds)*round)
}

// validate takes the least number of tasks that there may be, from 1 up.
func (d Deployment) validate(routed bool, tasks int) error {
	var problems []error
	minimum, maximum := d.percents()
	if d.MaximumPercent == 0 && d.MinimumHealthyPercent != 0 {
		problems = append(problems, problem.New(
			"Deployment.MaximumPercent",
			"missing; give it with MinimumHealthyPercent, %d",
			d.MinimumHealthyPercent,
		))
	}
	if minimum < 0 || minimum > 100 || maximum < 100 || maximum > 200 {
		problems = append(problems, problem.New(
			"Deployment",
			"%d to %d percent; use 0 to 100 as MinimumHealthyPercent and 100 to 200 as MaximumPercent",
			minimum,
			maximum,
		))
	}
	// ECS rounds the minimum up and the maximum down.
	least, most := d.bounds(tasks)
	if least >= tasks && most <= tasks {
		problems = append(problems, problem.New(
			"Deployment",
			"%d to %d percent of %d tasks are %d to %d: a deployment could neither start nor stop one; lower "+
				"the minimum or raise the maximum, to 200 for a single task",
			minimum, maximum, tasks, least, most,
		))
	}
	for i, alarm := range d.Alarms {
		if alarm == "" || len(alarm) > 255 {
			problems = append(problems, problem.New(
				fmt.Sprintf("Deployment.Alarms[%d]", i),
				"%q; an alarm's name has 1 to 255 characters",
				alarm,
			))
		}
	}
	if d.ServerErrors < 0 {
		problems = append(problems, problem.New("Deployment.ServerErrors", "%d is negative", d.ServerErrors))
	}
	if d.ServerErrors > 0 && !routed {
		problems = append(problems, problem.New(
			"Deployment.ServerErrors",
			"only the load balancer counts them; use Alarms for a service without a Route",
		))
	}
	return errors.Join(problems...)
}

func (p *servicePlan) deploy(ctx *pulumi.Context) error {
	alarms, err := p.rollbackAlarms(ctx)
	if err != nil {
		return err
	}
	args := p.serviceArgs()
	// Without the block the provider would keep the alarms of before, which are gone.
	args.Alarms = ecs.ServiceAlarmsArgs{
		AlarmNames: alarms,
		Enable:     pulumi.Bool(len(alarms) > 0),
		Rollback:   pulumi.Bool(len(alarms) > 0),
	}
	opts := []pulumi.ResourceOption{
		pulumi.Parent(p.component),
		pulumi.DependsOn(p.ready),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Create: p.wait().String(), Update: p.wait().String()}),
	}
	if ignored := p.ignoredChanges(); len(ignored) > 0 {
		opts = append(opts, pulumi.IgnoreChanges(ignored))
	}
	service, err := ecs.NewService(ctx, p.name+"-service", args, opts...)
	if err != nil {
		return fmt.Errorf("creating service %q: %w", p.name, err)
	}
	p.component.ServiceName, p.component.ServiceArn = service.Name, service.ID().ToStringOutput()
	p.component.TaskDefinitionArn = p.deployed(ctx, service)
	if err := p.scale(ctx, service); err != nil {
		return err
	}
	return p.runAfter(ctx, service)
}

func (p *servicePlan) ignoredChanges() []string {
	var ignored []string
	if p.Scaling != nil {
		ignored = append(ignored, "desiredCount") // it belongs to the autoscaler from the first deployment on
	}
	if !p.routed() || p.NewlyRouted {
		// ECS refuses a grace period in the update that adds or removes the target group.
		ignored = append(ignored, "healthCheckGracePeriodSeconds")
	}
	return ignored
}

// deployed returns the task definition that runs, or an error when ECS went back to an earlier one: the provider waits
// until the service is stable, and one that was rolled back is
// (https://github.com/hashicorp/terraform-provider-aws/issues/20858).
func (p *servicePlan) deployed(ctx *pulumi.Context, service *ecs.Service) pulumi.StringOutput {
	if ctx.DryRun() {
		return p.task.Arn
	}
	found := ecs.LookupServiceOutput(ctx, ecs.LookupServiceOutputArgs{
		ClusterArn:  p.Cluster.ClusterArn,
		ServiceName: p.awaited(ctx, service),
	}, pulumi.Parent(p.component))
	return pulumi.All(p.task.Arn, found.TaskDefinition()).ApplyT(func(known []any) (string, error) {
		wanted, running := known[0].(string), known[1].(string)
		if running != wanted {
			return "", fmt.Errorf("service %s runs %s and not %s: the deployment failed and was rolled back; "+
				"its stopped tasks and the log group %s tell why", p.Name, running, wanted, p.LogGroup)
		}
		return wanted, nil
	}).(pulumi.StringOutput)
}

// awaited returns the service's name once its deployment is over: the provider's wait ends while an alarm can still
// roll it back.
func (p *servicePlan) awaited(ctx *pulumi.Context, service *ecs.Service) pulumi.StringOutput {
	if p.Await == nil {
		return service.Name
	}
	return pulumi.All(p.Cluster.ClusterArn, service.Name).ApplyT(func(known []any) (string, error) {
		cluster, name := known[0].(string), known[1].(string)
		return name, p.Await(ctx.Context(), cluster, name)
	}).(pulumi.StringOutput)
}

func (p *servicePlan) serviceArgs() *ecs.ServiceArgs {
	minimum, maximum := p.Deployment.percents()
	rebalancing := "ENABLED"
	if maximum == 100 {
		rebalancing = "DISABLED" // it starts a task before it stops one, and ECS refuses it where that may not be
	}
	args := &ecs.ServiceArgs{
		Name:                       pulumi.String(p.Name),
		Cluster:                    p.Cluster.ClusterArn,
		TaskDefinition:             p.task.Arn,
		DesiredCount:               pulumi.Int(p.DesiredCount),
		CapacityProviderStrategies: p.capacityStrategies(),
		NetworkConfiguration: ecs.ServiceNetworkConfigurationArgs{
			Subnets:        p.Network.SubnetIds,
			SecurityGroups: p.groups,
			AssignPublicIp: pulumi.Bool(false),
		},
		DeploymentMinimumHealthyPercent: pulumi.Int(minimum),
		DeploymentMaximumPercent:        pulumi.Int(maximum),
		DeploymentCircuitBreaker: ecs.ServiceDeploymentCircuitBreakerArgs{
			Enable:   pulumi.Bool(true),
			Rollback: pulumi.Bool(true),
		},
		AvailabilityZoneRebalancing: pulumi.String(rebalancing),
		EnableEcsManagedTags:        pulumi.Bool(true),
		EnableExecuteCommand:        pulumi.Bool(p.ExecuteCommand),
		PropagateTags:               pulumi.String("SERVICE"),
		ServiceConnectConfiguration: p.connectConfiguration(),
		// Without it the provider replaces the service when its capacity changes, and drops changes of the triggers.
		ForceNewDeployment: pulumi.Bool(true),
		Triggers:           p.Triggers,
		// Without it a deployment that was rolled back would count as a success.
		WaitForSteadyState: pulumi.Bool(true),
		Tags:               pulumi.ToStringMap(p.Tags),
	}
	if p.onEC2() {
		args.OrderedPlacementStrategies = placement
	}
	if p.routed() {
		if !p.NewlyRouted {
			args.HealthCheckGracePeriodSeconds = pulumi.Int(p.Health.Grace)
		}
		args.LoadBalancers = ecs.ServiceLoadBalancerArray{ecs.ServiceLoadBalancerArgs{
			TargetGroupArn: p.targets.Arn,
			ContainerName:  pulumi.String(ContainerName),
			ContainerPort:  pulumi.Int(p.Port),
		}}
	}
	return args
}

// placement spreads tasks over the zones first, and within a zone fills instances before it uses others.
var placement = ecs.ServiceOrderedPlacementStrategyArray{
	ecs.ServiceOrderedPlacementStrategyArgs{
		Type:  pulumi.String("spread"),
		Field: pulumi.String("attribute:ecs.availability-zone"),
	},
	ecs.ServiceOrderedPlacementStrategyArgs{Type: pulumi.String("binpack"), Field: pulumi.String("memory")},
}

// shares returns the parts of the capacity providers that run the tasks.
func (args *ServiceArgs) shares() []share {
	if args.onEC2() {
		return []share{{provider: args.CapacityProvider, weight: 1}}
	}
	return args.Capacity.shares()
}

func (args *ServiceArgs) capacityStrategies() ecs.ServiceCapacityProviderStrategyArray {
	var strategies ecs.ServiceCapacityProviderStrategyArray
	for _, s := range args.shares() {
		strategies = append(strategies, ecs.ServiceCapacityProviderStrategyArgs{
			CapacityProvider: pulumi.String(s.provider),
			Base:             pulumi.Int(s.base),
			Weight:           pulumi.Int(s.weight),
		})
	}
	return strategies
}

// rollbackAlarms returns the names of the alarms that roll a deployment back.
func (p *servicePlan) rollbackAlarms(ctx *pulumi.Context) (pulumi.StringArray, error) {
	names := pulumi.StringArray{}
	for _, name := range slices.Sorted(slices.Values(p.Deployment.Alarms)) {
		names = append(names, pulumi.String(name))
	}
	if p.Deployment.ServerErrors == 0 {
		return names, nil
	}
	alarm, err := cloudwatch.NewMetricAlarm(ctx, p.name+"-deployment-errors", &cloudwatch.MetricAlarmArgs{
		Name:             pulumi.String(p.Name + "-deployment-errors"),
		AlarmDescription: pulumi.Sprintf("Rolls back a deployment of service %s whose tasks answer with 5xx", p.Name),
		Namespace:        pulumi.String("AWS/ApplicationELB"),
		MetricName:       pulumi.String("HTTPCode_Target_5XX_Count"),
		Dimensions: pulumi.StringMap{
			"LoadBalancer": p.LoadBalancer.ArnSuffix, "TargetGroup": p.targets.ArnSuffix,
		},
		Statistic:          pulumi.String("Sum"),
		Period:             pulumi.Int(60),
		EvaluationPeriods:  pulumi.Int(1),
		ComparisonOperator: pulumi.String("GreaterThanOrEqualToThreshold"),
		Threshold:          pulumi.Float64(p.Deployment.ServerErrors),
		TreatMissingData:   pulumi.String("notBreaching"), // no errors, no data
		Tags:               pulumi.ToStringMap(p.Tags),
	}, pulumi.Parent(p.component))
	if err != nil {
		return nil, fmt.Errorf("creating the alarm that rolls back service %q: %w", p.name, err)
	}
	return append(names, alarm.Name), nil
}
