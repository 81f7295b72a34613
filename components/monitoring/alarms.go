package monitoring

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// signal is something that tells whether a thing is well.
type signal struct {
	area, name        string
	namespace, metric string
	// statistic is one of CloudWatch's, or a percentile such as p99.
	statistic string
	// above tells that more than the threshold is bad; else less is.
	above     bool
	threshold float64
	// period in seconds, periods in a row, of which points must be bad.
	period, periods, points int
	// missing is what no data means: notBreaching (nothing happened) or breaching (it should have).
	missing string
	// learned signals have no limit that fits every stack; an anomaly detector finds what is usual.
	learned bool
	about   string
}

// signals are the golden ones (latency, traffic, errors, saturation: "Monitoring Distributed Systems", Site Reliability
// Engineering) of each kind of thing. Thresholds are for a platform of short requests; Thresholds changes them.
var signals = []signal{
	{"service", "cpu", "AWS/ECS", "CPUUtilization", "Average", true, 85, 60, 5, 5, "notBreaching", false, "percent; scaling aims lower"},
	{"service", "memory", "AWS/ECS", "MemoryUtilization", "Average", true, 90, 60, 5, 5, "notBreaching", false, "percent; scaling aims lower"},
	{"target", "errors", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", true, 10, 60, 5, 3, "notBreaching", false, "5xx answers a minute"},
	{"target", "latency", "AWS/ApplicationELB", "TargetResponseTime", "p99", true, 1, 60, 5, 5, "notBreaching", false, "seconds"},
	{"target", "unhealthy", "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", true, 0, 60, 5, 5, "notBreaching", false, "tasks"},
	{"target", "requests", "AWS/ApplicationELB", "RequestCount", "Sum", true, 2, 300, 3, 3, "notBreaching", true, "standard deviations from the usual"},
	{"loadBalancer", "errors", "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", true, 10, 60, 5, 3, "notBreaching", false, "5xx answers a minute of its own"},
	{"loadBalancer", "rejected", "AWS/ApplicationELB", "RejectedConnectionCount", "Sum", true, 0, 60, 5, 3, "notBreaching", false, "connections"},
	{"database", "cpu", "AWS/RDS", "CPUUtilization", "Average", true, 80, 300, 3, 3, "breaching", false, "percent"},
	{"database", "memory", "AWS/RDS", "FreeableMemory", "Average", false, 128 << 20, 300, 3, 3, "breaching", false, "bytes"},
	{"database", "storage", "AWS/RDS", "FreeStorageSpace", "Minimum", false, 2 << 30, 300, 1, 1, "breaching", false, "bytes; below a tenth RDS grows the storage"},
	{"database", "connections", "AWS/RDS", "DatabaseConnections", "Average", true, 2, 300, 3, 3, "notBreaching", true, "standard deviations from the usual"},
	{"database", "latency", "AWS/RDS", "WriteLatency", "p99", true, 0.1, 300, 3, 3, "notBreaching", false, "seconds"},
	{"replica", "lag", "AWS/RDS", "ReplicaLag", "Maximum", true, 60, 60, 5, 5, "notBreaching", false, "seconds"},
	{"table", "throttled", "AWS/DynamoDB", "ThrottledRequests", "Sum", true, 0, 60, 5, 3, "notBreaching", false, "requests"},
	{"table", "errors", "AWS/DynamoDB", "SystemErrors", "Sum", true, 0, 60, 5, 3, "notBreaching", false, "requests"},
	{"fileSystem", "io", "AWS/EFS", "PercentIOLimit", "Maximum", true, 95, 300, 3, 3, "notBreaching", false, "percent"},
	{"function", "errors", "AWS/Lambda", "Errors", "Sum", true, 0, 300, 1, 1, "notBreaching", false, "calls"},
	{"function", "throttled", "AWS/Lambda", "Throttles", "Sum", true, 0, 300, 1, 1, "notBreaching", false, "calls"},
	{"firewall", "blocked", "AWS/WAFV2", "BlockedRequests", "Sum", true, 1000, 300, 2, 2, "notBreaching", false, "requests in five minutes"},
	{"instances", "cpu", "AWS/EC2", "CPUUtilization", "Average", true, 90, 300, 3, 3, "notBreaching", false, "percent"},
}

func (s signal) key() string { return s.area + "." + s.name }

// AlarmsArgs describe alarms.
type AlarmsArgs struct {
	Place identity.Place
	// Prefix begins the alarms' names.
	Prefix  string
	Watched Watched
	// TopicArn is told when an alarm goes off, and when it is over.
	TopicArn pulumi.StringInput
	// Thresholds change those of signals, by area and name, such as target.latency.
	Thresholds map[string]float64
	// Anomalies adds the alarms that learn what is usual. Each costs as much as three others.
	Anomalies bool
	Tags      map[string]string
}

// Alarms are alarms on everything that is watched, one composite alarm for each service, and events of failed deployments
// and backups. Its type token is awslab:monitoring:Alarms.
type Alarms struct {
	pulumi.ResourceState

	// Names are the alarms', by area, known in preview.
	Names []string
}

// CheckThresholds reports thresholds of signals that there are not.
func CheckThresholds(thresholds map[string]float64) error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(thresholds)) {
		if !slices.ContainsFunc(signals, func(s signal) bool { return s.key() == key }) {
			problems = append(problems, fmt.Errorf("%s: there is no such signal; did you mean %q?", key, nearest(key)))
		}
	}
	return errors.Join(problems...)
}

func nearest(key string) string {
	best := slices.MinFunc(signals, func(a, b signal) int {
		return levenshtein.Distance(key, a.key(), nil) - levenshtein.Distance(key, b.key(), nil)
	})
	return best.key()
}

func (args *AlarmsArgs) validate() error {
	problems := []error{args.Place.Validate(), args.Watched.validate()}
	if args.Prefix == "" {
		problems = append(problems, errors.New("Prefix: missing; alarms of two stacks must not have one name"))
	}
	if args.TopicArn == nil {
		problems = append(problems, errors.New("TopicArn: missing; an alarm that tells nobody is none"))
	}
	if err := CheckThresholds(args.Thresholds); err != nil {
		problems = append(problems, fmt.Errorf("Thresholds: %w", err))
	}
	for _, s := range args.Watched.Services {
		problems = append(problems, s.Objectives.validate())
	}
	return errors.Join(problems...)
}

// NewAlarms makes the alarms.
func NewAlarms(ctx *pulumi.Context, name string, args *AlarmsArgs, opts ...pulumi.ResourceOption) (*Alarms, error) {
	if args == nil {
		args = &AlarmsArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("alarms %q: %w", name, err)
	}
	component := &Alarms{}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Alarms", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering alarms %q: %w", name, err)
	}
	byService := map[string][]madeAlarm{}
	subjects := args.Watched.subjects()
	for _, s := range signals {
		if s.learned && !args.Anomalies {
			continue
		}
		for _, about := range subjects[s.area] {
			alarm, err := component.newAlarm(ctx, name, args, s, about)
			if err != nil {
				return nil, err
			}
			if s.area == "service" || s.area == "target" {
				byService[about.name] = append(byService[about.name], alarm)
			}
		}
	}
	for _, service := range args.Watched.Services {
		burning, err := component.newObjectives(ctx, name, args, service)
		if err != nil {
			return nil, err
		}
		if err := component.newComposite(ctx, name, args, service, append(byService[service.Name], burning...)); err != nil {
			return nil, err
		}
	}
	if err := component.newEvents(ctx, name, args); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"names": pulumi.ToStringArray(component.Names)}); err != nil {
		return nil, fmt.Errorf("registering outputs of alarms %q: %w", name, err)
	}
	return component, nil
}

// alarmName is unique in the account and region.
func (args *AlarmsArgs) alarmName(parts ...string) string {
	return strings.Join(append([]string{args.Prefix}, parts...), "-")
}

func (args *AlarmsArgs) threshold(s signal) float64 {
	if t, changed := args.Thresholds[s.key()]; changed {
		return t
	}
	if s.key() == "database.storage" && args.Watched.Database.StorageGiB > 0 {
		return float64(args.Watched.Database.StorageGiB) * (1 << 30) / 20 // half of what makes RDS grow it
	}
	return s.threshold
}

// madeAlarm is an alarm with its name, which is known in preview.
type madeAlarm struct {
	name     string
	resource pulumi.Resource
}

func (component *Alarms) newAlarm(ctx *pulumi.Context, name string, args *AlarmsArgs, s signal, about subject) (madeAlarm, error) {
	alarmName := args.alarmName(about.name, s.area, s.name)
	comparison := "LessThanThreshold"
	if s.above {
		comparison = "GreaterThanThreshold"
	}
	alarm := &cloudwatch.MetricAlarmArgs{
		Name: pulumi.String(alarmName), AlarmDescription: pulumi.Sprintf("%s of %s: %s", s.metric, about.name, s.about),
		ComparisonOperator: pulumi.String(comparison), EvaluationPeriods: pulumi.Int(s.periods), DatapointsToAlarm: pulumi.Int(s.points),
		TreatMissingData: pulumi.String(s.missing), AlarmActions: pulumi.Array{args.TopicArn}, OkActions: pulumi.Array{args.TopicArn},
		Tags: pulumi.ToStringMap(args.Tags),
	}
	if s.learned {
		alarm.ComparisonOperator = pulumi.String("LessThanLowerOrGreaterThanUpperThreshold")
		alarm.ThresholdMetricId = pulumi.String("usual")
		alarm.MetricQueries = cloudwatch.MetricAlarmMetricQueryArray{
			s.query("value", about.dimensions, true),
			cloudwatch.MetricAlarmMetricQueryArgs{
				Id: pulumi.String("usual"), Label: pulumi.String("Usual"), ReturnData: pulumi.Bool(true),
				Expression: pulumi.Sprintf("ANOMALY_DETECTION_BAND(value, %v)", args.threshold(s)),
			},
		}
	} else {
		alarm.Namespace, alarm.MetricName, alarm.Dimensions = pulumi.String(s.namespace), pulumi.String(s.metric), about.dimensions
		alarm.Period, alarm.Threshold = pulumi.Int(s.period), pulumi.Float64(args.threshold(s))
		if strings.HasPrefix(s.statistic, "p") {
			alarm.ExtendedStatistic = pulumi.String(s.statistic)
		} else {
			alarm.Statistic = pulumi.String(s.statistic)
		}
	}
	made, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+about.name+"-"+s.area+"-"+s.name, alarm, pulumi.Parent(component))
	if err != nil {
		return madeAlarm{}, fmt.Errorf("creating alarm %s: %w", alarmName, err)
	}
	component.Names = append(component.Names, alarmName)
	return madeAlarm{alarmName, made}, nil
}

func (s signal) query(id string, dimensions pulumi.StringMap, returned bool) cloudwatch.MetricAlarmMetricQueryArgs {
	return cloudwatch.MetricAlarmMetricQueryArgs{
		Id: pulumi.String(id), ReturnData: pulumi.Bool(returned),
		Metric: cloudwatch.MetricAlarmMetricQueryMetricArgs{
			Namespace: pulumi.String(s.namespace), MetricName: pulumi.String(s.metric), Dimensions: dimensions, Period: pulumi.Int(s.period), Stat: pulumi.String(s.statistic),
		},
	}
}

// newComposite makes the alarm that says that a service is not well, whatever it is.
func (component *Alarms) newComposite(ctx *pulumi.Context, name string, args *AlarmsArgs, service Service, alarms []madeAlarm) error {
	if len(alarms) == 0 {
		return nil
	}
	terms, there := make([]string, len(alarms)), make([]pulumi.Resource, len(alarms))
	for i, alarm := range alarms {
		terms[i], there[i] = fmt.Sprintf("ALARM(%q)", alarm.name), alarm.resource
	}
	if _, err := cloudwatch.NewCompositeAlarm(ctx, name+"-"+service.Name+"-health", &cloudwatch.CompositeAlarmArgs{
		AlarmName: pulumi.String(args.alarmName(service.Name, "health")), AlarmDescription: pulumi.String("Service " + service.Name + " is not well"),
		AlarmRule: pulumi.String(strings.Join(terms, " OR ")), AlarmActions: pulumi.StringArray{args.TopicArn}, OkActions: pulumi.StringArray{args.TopicArn},
		Tags: pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component), pulumi.DependsOn(there)); err != nil {
		return fmt.Errorf("creating the alarm of service %s: %w", service.Name, err)
	}
	return nil
}
