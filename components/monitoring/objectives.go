package monitoring

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Objectives are service level objectives over 30 days; 0 is none.
type Objectives struct {
	// Availability is the percentage of requests that are not answered with 5xx, 50 to 99.999.
	Availability float64
	// LatencyMilliseconds is what LatencyPercentage of the requests (50 to 99.999) are answered within.
	LatencyMilliseconds int
	LatencyPercentage   float64
}

func (o Objectives) validate() error {
	var problems []error
	for field, p := range map[string]float64{"Availability": o.Availability, "LatencyPercentage": o.LatencyPercentage} {
		if p != 0 && (p < 50 || p > 99.999) {
			problems = append(problems, fmt.Errorf("Objectives.%s: %v; use 50 to 99.999, or 0 for none", field, p))
		}
	}
	if o.LatencyMilliseconds < 0 {
		problems = append(problems, fmt.Errorf("Objectives.LatencyMilliseconds: %d is negative", o.LatencyMilliseconds))
	}
	return errors.Join(problems...)
}

// burn is how fast what may fail in 30 days is used up, seen over a long window and, so that the alarm is over soon after
// the trouble, a short one ("Alerting on SLOs", The Site Reliability Workbook, table 5-8).
type burn struct {
	name        string
	rate        float64
	long, short int // seconds
}

var burns = []burn{
	{"fast", 14.4, 3600, 300},      // 2 % of the budget in an hour
	{"slow", 6, 6 * 3600, 30 * 60}, // 5 % of the budget in six hours
}

// Budget is the part of the requests that may fail, for an objective in percent.
func Budget(objective float64) float64 { return (100 - objective) / 100 }

// Spent is the part of a 30-day budget that burning at a rate uses up in a number of seconds.
func Spent(rate float64, seconds int) float64 { return rate * float64(seconds) / (30 * 24 * 3600) }

// objective is one of a service's: what counts as bad, of what counts at all.
type objective struct {
	name   string
	budget float64
	// bad and all are expressions over the metrics' ids.
	ratio   string
	metrics map[string]signal
}

func (o Objectives) list() []objective {
	requests := signal{namespace: "AWS/ApplicationELB", metric: "RequestCount", statistic: "Sum"}
	var list []objective
	if o.Availability > 0 {
		list = append(list, objective{"availability", Budget(o.Availability), "IF(all%[1]d > 0, FILL(bad%[1]d, 0) / all%[1]d, 0)", map[string]signal{
			"bad": {namespace: "AWS/ApplicationELB", metric: "HTTPCode_Target_5XX_Count", statistic: "Sum"}, "all": requests,
		}})
	}
	if o.LatencyMilliseconds > 0 && o.LatencyPercentage > 0 {
		// PR is the percentage of values in a range.
		within := fmt.Sprintf("PR(:%v)", float64(o.LatencyMilliseconds)/1000)
		list = append(list, objective{"latency", Budget(o.LatencyPercentage), "1 - FILL(fast%[1]d, 100) / 100", map[string]signal{
			"fast": {namespace: "AWS/ApplicationELB", metric: "TargetResponseTime", statistic: within},
		}})
	}
	return list
}

// newObjectives makes an alarm for each objective and speed of burning.
func (component *Alarms) newObjectives(ctx *pulumi.Context, name string, args *AlarmsArgs, service Service) ([]madeAlarm, error) {
	if service.TargetGroup == nil || args.Watched.LoadBalancer == nil {
		return nil, nil
	}
	dimensions := pulumi.StringMap{"TargetGroup": service.TargetGroup, "LoadBalancer": args.Watched.LoadBalancer.ArnSuffix}
	var made []madeAlarm
	for _, o := range service.Objectives.list() {
		for _, b := range burns {
			alarmName := args.alarmName(service.Name, o.name, b.name+"-burn")
			alarm, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+service.Name+"-"+o.name+"-"+b.name, &cloudwatch.MetricAlarmArgs{
				Name:             pulumi.String(alarmName),
				AlarmDescription: pulumi.Sprintf("Service %s uses up what may fail of its %s %v times as fast as it may", service.Name, o.name, b.rate),
				// The long window is the period of the result; the short one is looked at in the same expression.
				ComparisonOperator: pulumi.String("GreaterThanThreshold"), EvaluationPeriods: pulumi.Int(1), Threshold: pulumi.Float64(0),
				TreatMissingData: pulumi.String("notBreaching"), MetricQueries: o.queries(b, dimensions),
				AlarmActions: pulumi.Array{args.TopicArn}, OkActions: pulumi.Array{args.TopicArn}, Tags: pulumi.ToStringMap(args.Tags),
			}, pulumi.Parent(component))
			if err != nil {
				return nil, fmt.Errorf("creating alarm %s: %w", alarmName, err)
			}
			made = append(made, madeAlarm{alarmName, alarm})
			component.Names = append(component.Names, alarmName)
		}
	}
	return made, nil
}

// queries ask whether in both windows more than rate times the budget went wrong.
func (o objective) queries(b burn, dimensions pulumi.StringMap) cloudwatch.MetricAlarmMetricQueryArray {
	var queries cloudwatch.MetricAlarmMetricQueryArray
	for i, window := range []int{b.long, b.short} {
		for _, id := range sortedKeys(o.metrics) {
			s := o.metrics[id]
			s.period = window
			queries = append(queries, s.query(fmt.Sprintf("%s%d", id, i), dimensions, false))
		}
		queries = append(queries, cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String(fmt.Sprintf("ratio%d", i)), Expression: pulumi.String(fmt.Sprintf(o.ratio, i)), ReturnData: pulumi.Bool(false),
		})
	}
	limit := b.rate * o.budget
	return append(queries, cloudwatch.MetricAlarmMetricQueryArgs{
		Id: pulumi.String("burning"), Label: pulumi.String("Burning"), ReturnData: pulumi.Bool(true),
		Expression: pulumi.String(fmt.Sprintf("IF(ratio0 > %[1]g AND ratio1 > %[1]g, 1, 0)", limit)),
	})
}
