package monitoring

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/xray"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// TracingArgs describe which requests are traced, and how traces are grouped.
type TracingArgs struct {
	// Name of the group, and the beginning of those of the rules, 1 to 20 characters.
	Name string
	// Services are the names by which services call themselves in traces.
	Services []string
	// Rate is the part of the requests that is traced beyond one a second, 0 to 1.
	Rate float64
	Tags map[string]string
}

// Tracing is a group of traces in X-Ray with its sampling rules. Its type token is awslab:monitoring:Tracing.
type Tracing struct {
	pulumi.ResourceState
}

// slow is from how many seconds on X-Ray's insights look at a trace.
const slow = 5

// rulePriority leaves room before it for rules that people add by hand (1 is the first, 9999 the last).
const rulePriority = 5000

// NewTracing makes the group and a sampling rule for each service.
func NewTracing(ctx *pulumi.Context, name string, args *TracingArgs, opts ...pulumi.ResourceOption) (*Tracing, error) {
	if args == nil {
		args = &TracingArgs{}
	}
	var problems []error
	if args.Name == "" || len(args.Name) > 20 {
		problems = append(problems, fmt.Errorf("Name: %q; use 1 to 20 characters", args.Name))
	}
	if args.Rate < 0 || args.Rate > 1 {
		problems = append(problems, fmt.Errorf("Rate: %v; use 0 to 1", args.Rate))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("tracing %q: %w", name, err)
	}
	component := &Tracing{}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Tracing", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering tracing %q: %w", name, err)
	}
	if _, err := xray.NewGroup(ctx, name+"-group", &xray.GroupArgs{
		GroupName: pulumi.String(args.Name), FilterExpression: pulumi.Sprintf("fault OR error OR responsetime > %d", slow),
		InsightsConfiguration: xray.GroupInsightsConfigurationArgs{InsightsEnabled: pulumi.Bool(true), NotificationsEnabled: pulumi.Bool(true)},
		Tags:                  pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component)); err != nil {
		return nil, fmt.Errorf("creating the group of tracing %q: %w", name, err)
	}
	for i, service := range args.Services {
		if _, err := xray.NewSamplingRule(ctx, name+"-"+service, &xray.SamplingRuleArgs{
			// A rule's name has 32 characters (X-Ray API, SamplingRule).
			RuleName: pulumi.String(short(service)), Priority: pulumi.Int(rulePriority + i), Version: pulumi.Int(1),
			ReservoirSize: pulumi.Int(1), FixedRate: pulumi.Float64(args.Rate), ServiceName: pulumi.String(service),
			Host: pulumi.String("*"), HttpMethod: pulumi.String("*"), UrlPath: pulumi.String("*"), ResourceArn: pulumi.String("*"), ServiceType: pulumi.String("*"),
			Tags: pulumi.ToStringMap(args.Tags),
		}, pulumi.Parent(component)); err != nil {
			return nil, fmt.Errorf("creating the sampling rule of %s: %w", service, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of tracing %q: %w", name, err)
	}
	return component, nil
}

func short(name string) string { return name[:min(32, len(name))] }
