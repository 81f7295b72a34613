package monitoring

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// LogsArgs describe whose logs are counted and queried: those of the services that have a log group. They are taken for
// lines of JSON with the fields that log/slog writes (time, level, msg), and for requests method, path, status and
// duration_ms.
type LogsArgs struct {
	Watched
}

// Logs count the errors in the services' logs, for the alarm service.logErrors, and keep queries for CloudWatch Logs
// Insights. Their type token is awslab:monitoring:Logs.
type Logs struct {
	pulumi.ResourceState
}

// errorLines is the metric that counts lines of level ERROR.
const errorLines = "ErrorLines"

// logNamespace returns that of the metrics made from a service's log. A metric filter has no way to name the service in
// a dimension, since the lines do not.
func logNamespace(prefix string, s Service) string { return prefix + "/" + s.Name }

// errorPattern matches what log/slog and most others write, and fatal or critical too, where there is such a level.
const errorPattern = `{ ($.level = "ERROR") || ($.level = "error") || ($.level = "FATAL") || ($.level = "fatal") ` +
	`|| ($.level = "CRITICAL") || ($.level = "critical") }`

// query is one for Logs Insights.
type query struct{ name, text string }

const errorsFilter = `| filter level like /(?i)^(error|fatal|critical)$/
| sort @timestamp desc
| limit 200`

// maxQueried is how many log groups a query may be asked of ("StartQuery", Amazon CloudWatch Logs API). CloudWatch
// saves a query with more, and refuses to run it.
const maxQueried = 50

// queries are asked of all services at once, or of 50 at a time.
var queries = []query{
	{"errors", "fields @log, @timestamp, level, msg, error, request_id, trace_id\n" + errorsFilter},
	{"errors-by-message", `filter level like /(?i)^(error|fatal|critical)$/
| stats count(*) as errors, latest(@timestamp) as lastSeen by @log, msg
| sort errors desc
| limit 50`},
	{"slow-requests", `fields @timestamp, @log, method, path, status, duration_ms, request_id, trace_id
| filter ispresent(duration_ms)
| sort duration_ms desc
| limit 100`},
	{"latency-by-path", `filter ispresent(duration_ms)
| stats count(*) as requests, pct(duration_ms, 50) as p50, pct(duration_ms, 99) as p99, ` +
		`max(duration_ms) as slowest by @log, method, path
| sort p99 desc
| limit 100`},
	{"requests-by-status", `filter ispresent(status)
| stats count(*) as requests by @log, status, bin(5m)
| sort requests desc`},
	{"one-request", `fields @timestamp, @log, level, msg, @message
| filter request_id = "put the request's id here"
| sort @timestamp asc`},
}

// NewLogs creates the filters and queries.
func NewLogs(ctx *pulumi.Context, name string, args *LogsArgs, opts ...pulumi.ResourceOption) (*Logs, error) {
	if args == nil {
		args = &LogsArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("logs %q: %w", name, err)
	}
	component := &Logs{}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Logs", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering logs %q: %w", name, err)
	}
	var groups pulumi.StringArray
	for _, s := range args.Services {
		if s.LogGroup == nil {
			continue
		}
		groups = append(groups, s.LogGroup)
		if err := component.countErrors(ctx, name, args, s); err != nil {
			return nil, err
		}
		if err := component.save(
			ctx,
			name,
			args,
			query{"errors-of-" + s.Name, "fields @timestamp, level, msg, error, request_id, trace_id\n" + errorsFilter},
			pulumi.StringArray{s.LogGroup},
		); err != nil {
			return nil, err
		}
	}
	for _, q := range queries {
		part := 0
		for some := range slices.Chunk(groups, maxQueried) {
			if err := component.save(ctx, name, args, query{pageName(q.name, part), q.text}, some); err != nil {
				return nil, err
			}
			part++
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of logs %q: %w", name, err)
	}
	return component, nil
}

func (component *Logs) countErrors(ctx *pulumi.Context, name string, args *LogsArgs, s Service) error {
	if _, err := cloudwatch.NewLogMetricFilter(ctx, name+"-"+s.Name+"-errors", &cloudwatch.LogMetricFilterArgs{
		Name:         pulumi.String(args.Name + "-" + s.Name + "-errors"),
		LogGroupName: s.LogGroup,
		Pattern:      pulumi.String(errorPattern),
		MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
			Namespace:    pulumi.String(logNamespace(args.Name, s)),
			Name:         pulumi.String(errorLines),
			Value:        pulumi.String("1"),
			DefaultValue: pulumi.String("0"),
			Unit:         pulumi.String("Count"),
		},
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("counting the errors of service %q: %w", s.Name, err)
	}
	return nil
}

func (component *Logs) save(
	ctx *pulumi.Context,
	name string,
	args *LogsArgs,
	q query,
	groups pulumi.StringArray,
) error {
	if _, err := cloudwatch.NewQueryDefinition(ctx, name+"-query-"+q.name, &cloudwatch.QueryDefinitionArgs{
		// The console shows what is before a slash as a folder.
		Name:          pulumi.String(args.Name + "/" + q.name),
		QueryString:   pulumi.String(q.text),
		LogGroupNames: groups,
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("saving query %q: %w", q.name, err)
	}
	return nil
}
