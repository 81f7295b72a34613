package monitoring

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/xray"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/names"
	"github.com/awslab/awslab/internal/problem"
)

// TracingArgs describe which traces X-Ray keeps and how it groups them.
type TracingArgs struct {
	// Name of the group of all services, and the beginning of the names of rules and of services: 1 to 30 letters,
	// digits, hyphens and underscores.
	Name string
	// Services are those that send traces, at least one.
	Services []TracedService
	// ReservoirSize is how many requests a second are traced in any case, of each service.
	ReservoirSize int
	// FixedRate is the share of the others that is traced, 0 to 1.
	FixedRate float64
	// UntracedPaths are URL paths, * and ? standing for anything, of which nothing is traced. Default: /healthz and
	// /readyz.
	UntracedPaths []string
	// Insights lets X-Ray look for anomalies in the groups, which is charged for each trace.
	Insights bool
	Tags     map[string]string
}

// TracedService is a service that sends traces.
type TracedService struct {
	// Name ends the names of resources.
	Name string
	// ServiceName is what it is called in traces (OTEL_SERVICE_NAME), and its group and rule too: the Name of all, a
	// hyphen and more, up to 255 characters. Groups and rules have 32 of them, or the beginning and a hash.
	ServiceName string
}

// Tracing is how X-Ray samples and groups traces. Its type token is awslab:monitoring:Tracing.
type Tracing struct {
	pulumi.ResourceState
}

const (
	// maxPath is the length of a path in a rule (X-Ray API, CreateSamplingRule).
	maxPath = 128
	// Rules are tried in the order of their priorities, 1 to 9999; the account's default rule comes after all.
	untracedPriority = 1000
	servicesPriority = 2000
)

// maxTraced is how many services have a group and a sampling rule of their own: X-Ray allows 25 of each in a Region
// ("AWS X-Ray endpoints and quotas"), which two stacks share. More services share one of each.
const maxTraced = 10

var (
	tracingName   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,30}$`)
	tracedService = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
)

func (args *TracingArgs) validate() error {
	var problems []error
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(
		!tracingName.MatchString(args.Name),
		"Name",
		"%q; use 1 to 30 letters, digits, hyphens and underscores",
		args.Name,
	)
	add(len(args.Services) == 0, "Services", "missing; there is nothing to trace")
	for i, s := range args.Services {
		add(
			!namePattern.MatchString(s.Name),
			fmt.Sprintf("Services[%d].Name", i),
			"%q; use 1 to 64 letters, digits and hyphens",
			s.Name,
		)
		add(
			!tracedService.MatchString(s.ServiceName) || !strings.HasPrefix(s.ServiceName, args.Name+"-"),
			fmt.Sprintf("Services[%d].ServiceName", i),
			"%q; use %s-, and up to 255 letters, digits, hyphens and underscores in all",
			s.ServiceName,
			args.Name,
		)
		same := func(o TracedService) bool { return o.Name == s.Name || o.ServiceName == s.ServiceName }
		add(slices.IndexFunc(args.Services, same) < i, fmt.Sprintf("Services[%d]", i), "%+v is listed twice", s)
	}
	add(args.ReservoirSize < 0, "ReservoirSize", "%d is negative", args.ReservoirSize)
	add(!(args.FixedRate >= 0 && args.FixedRate <= 1), "FixedRate", "%g; use 0 to 1", args.FixedRate)
	for i, path := range args.untraced() {
		add(
			!strings.HasPrefix(path, "/") || len(path) > maxPath,
			fmt.Sprintf("UntracedPaths[%d]", i),
			"%q; use a path of up to %d characters that begins with a slash",
			path,
			maxPath,
		)
	}
	return errors.Join(problems...)
}

func (args *TracingArgs) untraced() []string {
	if args.UntracedPaths == nil {
		return []string{"/healthz", "/readyz"}
	}
	return args.UntracedPaths
}

// NewTracing creates groups and sampling rules.
func NewTracing(ctx *pulumi.Context, name string, args *TracingArgs, opts ...pulumi.ResourceOption) (*Tracing, error) {
	if args == nil {
		args = &TracingArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("tracing %q: %w", name, err)
	}
	component := &Tracing{}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Tracing", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering tracing %q: %w", name, err)
	}
	if err := component.newGroups(ctx, name, args); err != nil {
		return nil, err
	}
	for _, rule := range args.samplingRules() {
		if err := component.newRule(ctx, name, args, rule); err != nil {
			return nil, err
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{}); err != nil {
		return nil, fmt.Errorf("registering outputs of tracing %q: %w", name, err)
	}
	return component, nil
}

// newGroups creates one group of all services, and one of each unless they are many.
func (component *Tracing) newGroups(ctx *pulumi.Context, name string, args *TracingArgs) error {
	newGroup := func(resource, group, filter string) error {
		if _, err := xray.NewGroup(ctx, resource, &xray.GroupArgs{
			GroupName:        pulumi.String(names.Tracing.Fit(group)),
			FilterExpression: pulumi.String(filter),
			InsightsConfiguration: xray.GroupInsightsConfigurationArgs{
				InsightsEnabled:      pulumi.Bool(args.Insights),
				NotificationsEnabled: pulumi.Bool(args.Insights),
			},
			Tags: pulumi.ToStringMap(args.Tags),
		}, pulumi.Parent(component)); err != nil {
			return fmt.Errorf("creating group %q: %w", group, err)
		}
		return nil
	}
	var filters []string
	for _, s := range args.Services {
		filter := fmt.Sprintf("service(%q)", s.ServiceName)
		filters = append(filters, filter)
		if len(args.Services) > maxTraced {
			continue
		}
		if err := newGroup(name+"-"+s.Name+"-group", s.ServiceName, filter); err != nil {
			return err
		}
	}
	return newGroup(name+"-group", args.Name, strings.Join(filters, " OR "))
}

// samplingRule says how many of the requests that match it are traced.
type samplingRule struct {
	// resource ends the name of the resource, name is the rule's.
	resource, name string
	priority       int
	service, path  string
	reservoir      int
	rate           float64
}

// samplingRules are of the stack's services only: nothing is said about what else runs in the account.
func (args *TracingArgs) samplingRules() []samplingRule {
	var rules []samplingRule
	for i, path := range args.untraced() {
		rules = append(rules, samplingRule{
			resource: fmt.Sprintf("untraced-%d", i+1),
			name:     fmt.Sprintf("%s-untraced-%d", args.Name, i+1),
			priority: untracedPriority + i,
			service:  args.Name + "-*",
			path:     path,
		})
	}
	if count := len(args.Services); count > maxTraced {
		return append(rules, samplingRule{
			resource:  "services",
			name:      args.Name + "-services",
			priority:  servicesPriority,
			service:   args.Name + "-*",
			path:      "*",
			reservoir: args.ReservoirSize * count,
			rate:      args.FixedRate,
		})
	}
	for i, s := range args.Services {
		rules = append(rules, samplingRule{
			resource:  s.Name,
			name:      s.ServiceName,
			priority:  servicesPriority + i,
			service:   s.ServiceName,
			path:      "*",
			reservoir: args.ReservoirSize,
			rate:      args.FixedRate,
		})
	}
	return rules
}

func (component *Tracing) newRule(ctx *pulumi.Context, name string, args *TracingArgs, rule samplingRule) error {
	anything := pulumi.String("*")
	if _, err := xray.NewSamplingRule(ctx, name+"-"+rule.resource+"-sampling", &xray.SamplingRuleArgs{
		RuleName:      pulumi.String(names.Tracing.Fit(rule.name)),
		Priority:      pulumi.Int(rule.priority),
		Version:       pulumi.Int(1),
		ReservoirSize: pulumi.Int(rule.reservoir),
		FixedRate:     pulumi.Float64(rule.rate),
		ServiceName:   pulumi.String(rule.service),
		UrlPath:       pulumi.String(rule.path),
		ServiceType:   anything,
		Host:          anything,
		HttpMethod:    anything,
		ResourceArn:   anything,
		Tags:          pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("creating sampling rule %q: %w", rule.name, err)
	}
	return nil
}
