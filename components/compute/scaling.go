package compute

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Scaling keeps averages over a service's tasks near targets by changing their number between Min and Max.
type Scaling struct {
	Min, Max int
	// CPU and Memory are percentages, 1 to 100; 0 does not scale by them.
	CPU, Memory int
	// RequestsPerTarget is per minute; 0 does not scale by requests.
	RequestsPerTarget int
}

// Scaling out is quick and scaling in slow: too few tasks hurt users, too many cost a little.
const (
	scaleOutCooldown = 60  // seconds
	scaleInCooldown  = 300 // seconds
)

func (s *Scaling) validate() error {
	var problems []error
	if s.Min < 0 || s.Max < 1 || s.Min > s.Max {
		problems = append(problems, fmt.Errorf("Scaling: %d to %d; use 0 <= Min <= Max and at least 1 as Max", s.Min, s.Max))
	}
	if s.CPU < 0 || s.CPU > 100 || s.Memory < 0 || s.Memory > 100 {
		problems = append(problems, fmt.Errorf("Scaling: CPU %d and Memory %d; use percentages", s.CPU, s.Memory))
	}
	if s.RequestsPerTarget < 0 {
		problems = append(problems, fmt.Errorf("Scaling.RequestsPerTarget: %d is negative", s.RequestsPerTarget))
	}
	if s.CPU == 0 && s.Memory == 0 && s.RequestsPerTarget == 0 {
		problems = append(problems, errors.New("Scaling: no target; give CPU, Memory or RequestsPerTarget"))
	}
	return errors.Join(problems...)
}

// metric is one thing to keep near a target.
type metric struct {
	name, predefined string
	target           int
	label            pulumi.StringPtrInput
}

// apply is called on nil for a service of a fixed size.
func (s *Scaling) apply(
	ctx *pulumi.Context, name string, args *ServiceArgs, service *ecs.Service, targets *lb.TargetGroup, parent pulumi.Resource,
) error {
	if s == nil {
		return nil
	}
	target, err := appautoscaling.NewTarget(ctx, name+"-scaling", &appautoscaling.TargetArgs{
		ServiceNamespace:  pulumi.String("ecs"),
		ScalableDimension: pulumi.String("ecs:service:DesiredCount"),
		ResourceId:        pulumi.Sprintf("service/%s/%s", args.Cluster.ClusterName, service.Name),
		MinCapacity:       pulumi.Int(s.Min),
		MaxCapacity:       pulumi.Int(s.Max),
		Tags:              pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(parent))
	if err != nil {
		return fmt.Errorf("making service %q scalable: %w", name, err)
	}
	for _, m := range []metric{
		{"cpu", "ECSServiceAverageCPUUtilization", s.CPU, nil},
		{"memory", "ECSServiceAverageMemoryUtilization", s.Memory, nil},
		{"requests", "ALBRequestCountPerTarget", s.RequestsPerTarget,
			pulumi.Sprintf("%s/%s", args.LoadBalancer.ArnSuffix, targets.ArnSuffix)},
	} {
		if m.target == 0 {
			continue
		}
		if _, err := appautoscaling.NewPolicy(ctx, name+"-scaling-"+m.name, &appautoscaling.PolicyArgs{
			Name:              pulumi.String(args.Name + "-" + m.name),
			PolicyType:        pulumi.String("TargetTrackingScaling"),
			ServiceNamespace:  target.ServiceNamespace,
			ScalableDimension: target.ScalableDimension,
			ResourceId:        target.ResourceId,
			TargetTrackingScalingPolicyConfiguration: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
				TargetValue:      pulumi.Float64(m.target),
				ScaleOutCooldown: pulumi.Int(scaleOutCooldown),
				ScaleInCooldown:  pulumi.Int(scaleInCooldown),
				PredefinedMetricSpecification: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs{
					PredefinedMetricType: pulumi.String(m.predefined), ResourceLabel: m.label,
				},
			},
		}, pulumi.Parent(parent)); err != nil {
			return fmt.Errorf("scaling service %q by %s: %w", name, m.name, err)
		}
	}
	return nil
}
