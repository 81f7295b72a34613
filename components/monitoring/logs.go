package monitoring

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// LogsArgs describe what is made of the services' logs, which are JSON lines with a level.
type LogsArgs struct {
	// Prefix begins the names of queries and is the namespace of metrics.
	Prefix   string
	Services []Service
}

// Logs are a metric of errors for each service, and saved queries. Its type token is awslab:monitoring:Logs.
type Logs struct {
	pulumi.ResourceState
}

// queries are saved for CloudWatch Logs Insights.
var queries = []struct{ name, text string }{
	{"errors", "fields @timestamp, msg, err\n| filter level = \"ERROR\"\n| sort @timestamp desc\n| limit 100"},
	{"slow-requests", "fields @timestamp, method, path, status, duration\n| filter ispresent(duration)\n| sort duration desc\n| limit 50"},
	{"requests-by-status", "filter ispresent(status)\n| stats count(*) by status, bin(5m)"},
}

// NewLogs makes the metrics and queries.
func NewLogs(ctx *pulumi.Context, name string, args *LogsArgs, opts ...pulumi.ResourceOption) (*Logs, error) {
	if args == nil || args.Prefix == "" {
		return nil, fmt.Errorf("logs %q: %w", name, errors.New("Prefix: missing; say how the queries' names begin"))
	}
	component := &Logs{}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Logs", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering logs %q: %w", name, err)
	}
	groups := pulumi.StringArray{}
	for _, s := range args.Services {
		groups = append(groups, s.LogGroup)
		if _, err := cloudwatch.NewLogMetricFilter(ctx, name+"-"+s.Name+"-errors", &cloudwatch.LogMetricFilterArgs{
			Name: pulumi.String(args.Prefix + "-" + s.Name + "-errors"), LogGroupName: s.LogGroup,
			Pattern: pulumi.String(`{ $.level = "ERROR" }`),
			MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
				Name: pulumi.String(s.Name + "-errors"), Namespace: pulumi.String(args.Prefix), Value: pulumi.String("1"), DefaultValue: pulumi.String("0"),
			},
		}, pulumi.Parent(component)); err != nil {
			return nil, fmt.Errorf("counting the errors of service %s: %w", s.Name, err)
		}
	}
	for _, q := range queries {
		if len(groups) == 0 {
			break
		}
		if _, err := cloudwatch.NewQueryDefinition(ctx, name+"-"+q.name, &cloudwatch.QueryDefinitionArgs{
			Name: pulumi.String(args.Prefix + "/" + q.name), LogGroupNames: groups, QueryString: pulumi.String(q.text),
		}, pulumi.Parent(component)); err != nil {
			return nil, fmt.Errorf("saving query %s: %w", q.name, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of logs %q: %w", name, err)
	}
	return component, nil
}
