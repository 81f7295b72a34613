package monitoring

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// DashboardArgs describe a dashboard of what is watched, which is named as that.
type DashboardArgs struct {
	Watched
	// Alarms are the ARNs of alarms whose state is shown on top; see [Alarms].
	Alarms []string
	// Thresholds are those of [AlarmsArgs], drawn into the graphs.
	Thresholds map[string]float64
	// CostTag is a tag that everything in the stack has. Empty means that there is none.
	CostTag string
}

// Dashboard is a dashboard in CloudWatch. Its type token is awslab:monitoring:Dashboard.
type Dashboard struct {
	pulumi.ResourceState

	// Arn becomes known once it is there.
	Arn pulumi.StringOutput `pulumi:"arn"`
	// Url of the console that shows it, known in preview.
	Url string
	// Name is the one given.
	Name string
}

var alarmArn = regexp.MustCompile(`^arn:[a-z-]+:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+$`)

func (args *DashboardArgs) validate() error {
	problems := []error{args.Watched.validate(), CheckThresholds(args.Thresholds)}
	for i, arn := range args.Alarms {
		if !alarmArn.MatchString(arn) {
			problems = append(problems, problem.New(fmt.Sprintf("Alarms[%d]", i), "%q is not an ARN of an alarm", arn))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	// What the widgets show may not be known yet, how many there are is.
	known := args.Watched.withPlaceholders()
	if n := len(layout(args.rows(known))); n > maxWidgets {
		return problem.New(
			"Watched",
			"makes %d widgets; CloudWatch allows %d on a dashboard. Make several, each of a part",
			n,
			maxWidgets,
		)
	}
	return nil
}

// NewDashboard creates the dashboard.
func NewDashboard(
	ctx *pulumi.Context,
	name string,
	args *DashboardArgs,
	opts ...pulumi.ResourceOption,
) (*Dashboard, error) {
	if args == nil {
		args = &DashboardArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("dashboard %q: %w", name, err)
	}
	component := &Dashboard{Url: args.url(), Name: args.Name}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Dashboard", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering dashboard %q: %w", name, err)
	}
	dashboard, err := cloudwatch.NewDashboard(ctx, name+"-dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(args.Name),
		DashboardBody: args.Watched.resolved(args.body),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating dashboard %q: %w", args.Name, err)
	}
	component.Arn = dashboard.DashboardArn
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"arn": component.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of dashboard %q: %w", name, err)
	}
	return component, nil
}

// body returns what CloudWatch reads, of what is watched with everything known.
func (args *DashboardArgs) body(w *Watched) (string, error) {
	text, err := json.Marshal(object{"start": "-PT3H", "periodOverride": "inherit", "widgets": layout(args.rows(w))})
	if err != nil {
		return "", fmt.Errorf("rendering dashboard %q: %w", args.Name, err)
	}
	return string(text), nil
}

// consoles are the domains of the console in the partitions.
var consoles = map[string]string{
	"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com",
}

func (args *DashboardArgs) url() string {
	console, known := consoles[args.Location.Partition]
	if !known {
		console = consoles["aws"]
	}
	return fmt.Sprintf(
		"https://%s.%s/cloudwatch/home?region=%[1]s#dashboards/dashboard/%[3]s",
		args.Location.Region,
		console,
		args.Name,
	)
}
