package compute

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// Scaling keeps averages over a service's tasks near targets by changing their number between Min and Max.
type Scaling struct {
	// Min is at least 1 where there is a target and no schedule with such a Min: without a task nothing is measured,
	// and none is added.
	Min, Max int
	// CPU and Memory are percentages, 1 to 100; 0 does not scale by them.
	CPU, Memory int
	// RequestsPerTarget is per minute; 0 does not scale by requests. Only the load balancer counts requests.
	RequestsPerTarget int
	// ScaleOutCooldown and ScaleInCooldown are how many seconds pass between a step and the next, up to 3600. 0 means
	// 60 and 300: too few tasks hurt users, too many cost a little.
	ScaleOutCooldown, ScaleInCooldown int
	// DisableScaleIn only ever adds tasks by the targets; Schedules still take them away.
	DisableScaleIn bool
	// Schedules change Min and Max at certain times. With schedules an update changes neither.
	Schedules []Schedule
}

// predefinedMetric is a metric that Application Auto Scaling knows by name.
type predefinedMetric = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs

const (
	scaleOutCooldown = 60   // seconds
	scaleInCooldown  = 300  // seconds
	maxCooldown      = 3600 // seconds
)

func (s *Scaling) validate() error {
	var problems []error
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(
		s.Min < 0 || s.Max < 1 || s.Min > s.Max,
		"Scaling",
		"%d to %d; use 0 <= Min <= Max and at least 1 as Max",
		s.Min,
		s.Max,
	)
	add(
		s.CPU < 0 || s.CPU > 100 || s.Memory < 0 || s.Memory > 100,
		"Scaling",
		"CPU %d and Memory %d; use percentages",
		s.CPU,
		s.Memory,
	)
	add(s.RequestsPerTarget < 0, "Scaling.RequestsPerTarget", "%d is negative", s.RequestsPerTarget)
	add(
		s.CPU == 0 && s.Memory == 0 && s.RequestsPerTarget == 0 && len(s.Schedules) == 0,
		"Scaling",
		"no target; give CPU, Memory or RequestsPerTarget, or Schedules",
	)
	add(
		s.ScaleOutCooldown < 0 || s.ScaleOutCooldown > maxCooldown,
		"Scaling.ScaleOutCooldown",
		"%d; use 0 to %d seconds",
		s.ScaleOutCooldown,
		maxCooldown,
	)
	add(
		s.ScaleInCooldown < 0 || s.ScaleInCooldown > maxCooldown,
		"Scaling.ScaleInCooldown",
		"%d; use 0 to %d seconds",
		s.ScaleInCooldown,
		maxCooldown,
	)
	names := map[string]bool{}
	for i, schedule := range s.Schedules {
		at := fmt.Sprintf("Scaling.Schedules[%d]", i)
		problems = append(problems, schedule.validate(at))
		add(names[schedule.Name], at+".Name", "%q is used twice", schedule.Name)
		names[schedule.Name] = true
	}
	return errors.Join(append(problems, s.checkWaking())...)
}

// checkWaking reports limits by which the targets can take the last task away and nothing starts another: a metric has
// no data while no task reports it, and without data target tracking adds none ("Use a target metric to scale Amazon
// ECS services", Amazon ECS developer guide).
func (s *Scaling) checkWaking() error {
	isTracked := s.CPU > 0 || s.Memory > 0 || s.RequestsPerTarget > 0
	if !isTracked || slices.ContainsFunc(s.Schedules, func(one Schedule) bool { return one.Min > 0 }) {
		return nil
	}
	const asleep = "0; without a task nothing is measured that could start one: use at least 1, or a schedule that does"
	if s.Min == 0 && s.Max > 0 {
		return problem.New("Scaling.Min", asleep)
	}
	for i, one := range s.Schedules {
		if one.Min == 0 && one.Max > 0 {
			return problem.New(fmt.Sprintf("Scaling.Schedules[%d].Min", i), asleep)
		}
	}
	return nil
}

// metric is one thing to keep near a target.
type metric struct {
	name, predefined string
	target           int
	label            pulumi.StringPtrInput
}

func (p *servicePlan) metrics() []metric {
	metrics := []metric{
		{"cpu", "ECSServiceAverageCPUUtilization", p.Scaling.CPU, nil},
		{"memory", "ECSServiceAverageMemoryUtilization", p.Scaling.Memory, nil},
	}
	if p.routed() {
		metrics = append(metrics, metric{"requests", "ALBRequestCountPerTarget", p.Scaling.RequestsPerTarget,
			pulumi.Sprintf("%s/%s", p.LoadBalancer.ArnSuffix, p.targets.ArnSuffix)})
	}
	return metrics
}

func (p *servicePlan) scale(ctx *pulumi.Context, service *ecs.Service) error {
	s := p.Scaling
	if s == nil {
		return nil
	}
	// Schedules leave the limits that they set last behind them when they are removed, and the provider, which compares
	// with what it set itself, sees no difference. So the target is then registered anew.
	opts := []pulumi.ResourceOption{
		pulumi.Parent(p.component),
		pulumi.ReplacementTrigger(pulumi.Bool(len(s.Schedules) > 0)),
		pulumi.DeleteBeforeReplace(true), // a service has one target
	}
	if len(s.Schedules) > 0 {
		// The limits belong to the schedules from the first deployment on: an update at night would else wake the
		// service.
		opts = append(opts, pulumi.IgnoreChanges([]string{"minCapacity", "maxCapacity"}))
	}
	target, err := appautoscaling.NewTarget(ctx, p.name+"-scaling", &appautoscaling.TargetArgs{
		ServiceNamespace:  pulumi.String("ecs"),
		ScalableDimension: pulumi.String("ecs:service:DesiredCount"),
		ResourceId:        pulumi.Sprintf("service/%s/%s", p.Cluster.ClusterName, service.Name),
		MinCapacity:       pulumi.Int(s.Min),
		MaxCapacity:       pulumi.Int(s.Max),
		Tags:              pulumi.ToStringMap(p.Tags),
	}, opts...)
	if err != nil {
		return fmt.Errorf("making service %q scalable: %w", p.name, err)
	}
	for _, m := range p.metrics() {
		if m.target == 0 {
			continue
		}
		if err := p.track(ctx, target, m); err != nil {
			return err
		}
	}
	return p.schedule(ctx, target)
}

func (p *servicePlan) track(ctx *pulumi.Context, target *appautoscaling.Target, m metric) error {
	configuration := appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
		TargetValue:      pulumi.Float64(m.target),
		ScaleOutCooldown: pulumi.Int(cmp.Or(p.Scaling.ScaleOutCooldown, scaleOutCooldown)),
		ScaleInCooldown:  pulumi.Int(cmp.Or(p.Scaling.ScaleInCooldown, scaleInCooldown)),
		DisableScaleIn:   pulumi.Bool(p.Scaling.DisableScaleIn),
		PredefinedMetricSpecification: predefinedMetric{
			PredefinedMetricType: pulumi.String(m.predefined),
			ResourceLabel:        m.label,
		},
	}
	if _, err := appautoscaling.NewPolicy(ctx, p.name+"-scaling-"+m.name, &appautoscaling.PolicyArgs{
		Name:                                     pulumi.String(p.Name + "-" + m.name),
		PolicyType:                               pulumi.String("TargetTrackingScaling"),
		ServiceNamespace:                         target.ServiceNamespace,
		ScalableDimension:                        target.ScalableDimension,
		ResourceId:                               target.ResourceId,
		TargetTrackingScalingPolicyConfiguration: configuration,
	}, pulumi.Parent(p.component)); err != nil {
		return fmt.Errorf("scaling service %q by %s: %w", p.name, m.name, err)
	}
	return nil
}
