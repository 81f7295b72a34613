package monitoring

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// alarm is a metric alarm that is to be made.
type alarm struct {
	// key is the signal's or the objective's; name ends the alarm's name and the resource's.
	key, name   string
	description string
	metrics     []metric
	dimensions  map[string]pulumi.StringMap
	// logNamespace is that of metrics without one.
	logNamespace string
	expression   string

	comparison                  comparison
	limit                       float64
	period, datapoints, periods int
	missing                     missing

	role role
	// silent alarms have no action; a composite alarm does.
	silent bool
	edge   bool
}

// alarms returns all that watch a target.
func (args *AlarmsArgs) alarms(t target) []alarm {
	var alarms []alarm
	for _, s := range signals {
		if s.comparison == shown || s.comparison.learns() && !args.Anomalies || !s.appliesTo(t) {
			continue
		}
		threshold, overridden := args.Thresholds[s.key()]
		if !overridden {
			threshold = s.threshold
		}
		alarms = append(alarms, s.alarm(t, threshold))
	}
	return alarms
}

func (s signal) alarm(t target, threshold float64) alarm {
	unit := string(s.unit)
	if s.unit != percent && s.unit != count {
		unit = " " + unit
	}
	return alarm{
		key: s.key(), name: t.area + "-" + t.name + "-" + s.name,
		description: fmt.Sprintf("%s (%s of %s, limit %g%s)", s.description, s.key(), t.name, threshold, unit),
		metrics:     s.metrics, dimensions: t.dimensions, logNamespace: t.logNamespace, expression: s.expression,
		comparison: s.comparison, limit: s.limit(t, threshold),
		period: s.period, datapoints: s.datapoints, periods: s.periods, missing: s.missing, role: s.role, edge: t.edge,
	}
}

// create registers the alarm.
func (a alarm) create(
	ctx *pulumi.Context,
	resource, name string,
	actions pulumi.StringArray,
	tags map[string]string,
	opts ...pulumi.ResourceOption,
) (*cloudwatch.MetricAlarm, error) {
	args := &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(name),
		AlarmDescription:   pulumi.String(a.description),
		ComparisonOperator: pulumi.String(a.comparison),
		EvaluationPeriods:  pulumi.Int(a.periods),
		DatapointsToAlarm:  pulumi.Int(a.datapoints),
		TreatMissingData:   pulumi.String(a.missing),
		ActionsEnabled:     pulumi.Bool(true),
		Tags:               pulumi.ToStringMap(tags),
	}
	if !a.silent {
		args.AlarmActions = anyOf(actions)
	}
	if a.missing == silence {
		args.InsufficientDataActions = anyOf(actions)
	}
	switch {
	case a.comparison.learns():
		args.ThresholdMetricId = pulumi.String("band")
		args.MetricQueries = append(a.queries(true), cloudwatch.MetricAlarmMetricQueryArgs{
			Id:         pulumi.String("band"),
			Expression: pulumi.Sprintf("ANOMALY_DETECTION_BAND(m1, %g)", a.limit),
			Label:      pulumi.String("usual"),
			ReturnData: pulumi.Bool(true),
		})
	case a.expression != "":
		args.Threshold = pulumi.Float64(a.limit)
		args.MetricQueries = append(a.queries(false), cloudwatch.MetricAlarmMetricQueryArgs{
			Id:         pulumi.String("result"),
			Expression: pulumi.String(a.expression),
			Label:      pulumi.String(a.name),
			ReturnData: pulumi.Bool(true),
		})
	default:
		args.Threshold = pulumi.Float64(a.limit)
		a.watch(args)
	}
	created, err := cloudwatch.NewMetricAlarm(ctx, resource, args, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating alarm %q: %w", name, err)
	}
	return created, nil
}

// watch compares the only metric itself.
func (a alarm) watch(args *cloudwatch.MetricAlarmArgs) {
	m := a.metrics[0]
	args.Namespace, args.MetricName = pulumi.String(a.namespace(m)), pulumi.String(m.name)
	args.Period = pulumi.Int(a.period)
	if dimensions := a.dimensions[m.set()]; len(dimensions) > 0 {
		args.Dimensions = dimensions
	}
	if slices.Contains(statistics, m.statistic) {
		args.Statistic = pulumi.String(m.statistic)
		return
	}
	// Few samples are evaluated too, as is the default: ignored, they would leave the alarm in its state for ever.
	args.ExtendedStatistic = pulumi.String(m.statistic)
}

// statistics are those that are not extended.
var statistics = []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"}

// queries fetch the metrics, to be compared themselves or to be combined.
func (a alarm) queries(compared bool) cloudwatch.MetricAlarmMetricQueryArray {
	var queries cloudwatch.MetricAlarmMetricQueryArray
	for _, m := range a.metrics {
		fetched := cloudwatch.MetricAlarmMetricQueryMetricArgs{
			Namespace:  pulumi.String(a.namespace(m)),
			MetricName: pulumi.String(m.name),
			Period:     pulumi.Int(a.period),
			Stat:       pulumi.String(m.statistic),
		}
		if dimensions := a.dimensions[m.set()]; len(dimensions) > 0 {
			fetched.Dimensions = dimensions
		}
		queries = append(queries, cloudwatch.MetricAlarmMetricQueryArgs{
			Id:         pulumi.String(m.id),
			Metric:     fetched,
			ReturnData: pulumi.Bool(compared),
		})
	}
	return queries
}

func (a alarm) namespace(m metric) string {
	if m.namespace == "" {
		return a.logNamespace
	}
	return m.namespace
}

func anyOf(actions pulumi.StringArray) pulumi.Array {
	values := pulumi.Array{}
	for _, action := range actions {
		values = append(values, action)
	}
	return values
}
