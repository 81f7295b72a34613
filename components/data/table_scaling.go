package data

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Capacity is what a table or an index can do in a second. Auto scaling keeps it as far above what is used as
// Utilization says, within the ranges.
type Capacity struct {
	Read, Write CapacityRange
	// Utilization is how much of the capacity is used, in percent, 20 to 90. Default: 70.
	Utilization int
}

// CapacityRange is in units: a read unit is a consistent read of 4 KB a second, a write unit a write of 1 KB.
type CapacityRange struct{ Min, Max int }

// maxTableCapacity is the default quota of a table ("Quotas in Amazon DynamoDB").
const maxTableCapacity = 40000

// predefinedMetric is a metric that Application Auto Scaling knows by name.
type predefinedMetric = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs

// targetTracking is how a scaling policy keeps a metric near a value.
type targetTracking = appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs

// Auto scaling takes capacity away slowly, as DynamoDB lets it be removed a limited number of times a day.
const (
	tableScaleOutCooldown = 60  // seconds
	tableScaleInCooldown  = 300 // seconds
)

func (c *Capacity) withDefaults() *Capacity {
	full := *c
	full.Utilization = cmp.Or(full.Utilization, 70)
	return &full
}

func (c *Capacity) validate(p *problems, at string) {
	for _, direction := range []struct {
		name string
		CapacityRange
	}{{"Read", c.Read}, {"Write", c.Write}} {
		p.addIf(
			direction.Min < 1 || direction.Max < direction.Min || direction.Max > maxTableCapacity,
			at+"."+direction.name,
			"%d to %d units; use 1 <= Min <= Max <= %d",
			direction.Min,
			direction.Max,
			maxTableCapacity,
		)
	}
	p.addIf(c.Utilization < 20 || c.Utilization > 90, at+".Utilization", "%d; use 20 to 90 percent", c.Utilization)
}

// capacityOf returns an index's own, or the table's, or nil when the table is paid by request.
func (args *TableArgs) capacityOf(index Index) *Capacity {
	if index.Capacity != nil {
		return index.Capacity.withDefaults()
	}
	return args.Capacity
}

// newScaling keeps the capacities of the table and of its indexes near what is used.
func (t *Table) newScaling(ctx *pulumi.Context, name string) error {
	if t.args.Capacity == nil {
		return nil
	}
	if err := t.scale(ctx, name, "table", pulumi.Sprintf("table/%s", t.TableName), t.args.Capacity); err != nil {
		return err
	}
	for _, index := range t.args.Indexes {
		resourceId := pulumi.Sprintf("table/%s/index/%s", t.TableName, index.Name)
		if err := t.scale(ctx, name+"-"+index.Name, "index", resourceId, t.args.capacityOf(index)); err != nil {
			return err
		}
	}
	return nil
}

// scale keeps the read and the write capacity of a table or an index within their ranges.
func (t *Table) scale(ctx *pulumi.Context, name, kind string, resourceId pulumi.StringInput, capacity *Capacity) error {
	for _, direction := range []struct {
		name, unit string
		CapacityRange
	}{{"read", "Read", capacity.Read}, {"write", "Write", capacity.Write}} {
		target, err := appautoscaling.NewTarget(
			ctx,
			fmt.Sprintf("%s-%s-scaling", name, direction.name),
			&appautoscaling.TargetArgs{
				ServiceNamespace:  pulumi.String("dynamodb"),
				ScalableDimension: pulumi.String(fmt.Sprintf("dynamodb:%s:%sCapacityUnits", kind, direction.unit)),
				ResourceId:        resourceId,
				MinCapacity:       pulumi.Int(direction.Min),
				MaxCapacity:       pulumi.Int(direction.Max),
				Tags:              pulumi.ToStringMap(t.args.Tags),
			},
			pulumi.Parent(t),
		)
		if err != nil {
			return fmt.Errorf("making the %s capacity of %q scalable: %w", direction.name, name, err)
		}
		_, err = appautoscaling.NewPolicy(
			ctx,
			fmt.Sprintf("%s-%s-utilization", name, direction.name),
			&appautoscaling.PolicyArgs{
				Name:              pulumi.String(direction.name + "-utilization"),
				PolicyType:        pulumi.String("TargetTrackingScaling"),
				ServiceNamespace:  target.ServiceNamespace,
				ScalableDimension: target.ScalableDimension,
				ResourceId:        target.ResourceId,
				TargetTrackingScalingPolicyConfiguration: targetTracking{
					TargetValue:      pulumi.Float64(capacity.Utilization),
					ScaleOutCooldown: pulumi.Int(tableScaleOutCooldown),
					ScaleInCooldown:  pulumi.Int(tableScaleInCooldown),
					PredefinedMetricSpecification: predefinedMetric{
						PredefinedMetricType: pulumi.String(
							fmt.Sprintf("DynamoDB%sCapacityUtilization", direction.unit),
						),
					},
				},
			},
			pulumi.Parent(t),
		)
		if err != nil {
			return fmt.Errorf("scaling the %s capacity of %q: %w", direction.name, name, err)
		}
	}
	return nil
}
