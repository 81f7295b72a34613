package monitoring

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// DashboardArgs describe a dashboard of what is watched, which is named as that. What does not fit is on further ones,
// <Name>-2 and so on.
type DashboardArgs struct {
	Watched
	// Alarms are the ARNs of alarms whose state is shown on top; see [Alarms].
	Alarms []string
	// Thresholds are those of [AlarmsArgs], drawn into the graphs.
	Thresholds map[string]float64
	// CostTag is a tag that everything in the stack has. Empty means that there is none.
	CostTag string
}

// Dashboard is a dashboard in CloudWatch, of one or more pages, each of which leads to the others. Its type token is
// awslab:monitoring:Dashboard.
type Dashboard struct {
	pulumi.ResourceState

	// Arn of the first page becomes known once it is there.
	Arn pulumi.StringOutput `pulumi:"arn"`
	// Url of the console that shows the first page, known in preview.
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
	return errors.Join(problems...)
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
	component := &Dashboard{Url: args.url(0), Name: args.Name}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Dashboard", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering dashboard %q: %w", name, err)
	}
	// What the widgets show may not be known yet, how many there are is.
	for page := range args.pages(args.Watched.withPlaceholders()) {
		dashboard, err := cloudwatch.NewDashboard(ctx, pageName(name+"-dashboard", page), &cloudwatch.DashboardArgs{
			DashboardName: pulumi.String(pageName(args.Name, page)),
			DashboardBody: args.Watched.resolved(func(w *Watched) (string, error) { return args.body(w, page) }),
		}, pulumi.Parent(component))
		if err != nil {
			return nil, fmt.Errorf("creating page %d of dashboard %q: %w", page+1, args.Name, err)
		}
		if page == 0 {
			component.Arn = dashboard.DashboardArn
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"arn": component.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of dashboard %q: %w", name, err)
	}
	return component, nil
}

// pageName is that of a page, which are counted from 0.
func pageName(dashboard string, page int) string {
	if page == 0 {
		return dashboard
	}
	return fmt.Sprintf("%s-%d", dashboard, page+1)
}

// pages divides the rows into as many dashboards as CloudWatch needs for their widgets.
func (args *DashboardArgs) pages(w *Watched) [][][]widget {
	pages, count := make([][][]widget, 1), 1 // with one for the links
	rows := args.rows(w)
	for i, row := range rows {
		needed := len(row)
		if isHeading(row) && i+1 < len(rows) {
			needed += len(rows[i+1])
		}
		if count+needed > maxWidgets {
			pages, count = append(pages, nil), 1
		}
		pages[len(pages)-1] = append(pages[len(pages)-1], row)
		count += len(row)
	}
	if len(pages) > 1 {
		for page := range pages {
			pages[page] = slices.Insert(pages[page], 0, []widget{args.links(page, len(pages))})
		}
	}
	return pages
}

// links leads from a page to the others.
func (args *DashboardArgs) links(page, pages int) widget {
	links := make([]string, 0, pages)
	for other := range pages {
		link := fmt.Sprintf("[page %d](%s)", other+1, args.url(other))
		if other == page {
			link = fmt.Sprintf("**page %d**", page+1)
		}
		links = append(links, link)
	}
	return heading(strings.Join(links, " · "))
}

// body returns a page as CloudWatch reads it, of what is watched with everything known.
func (args *DashboardArgs) body(w *Watched, page int) (string, error) {
	widgets := layout(args.pages(w)[page])
	text, err := json.Marshal(object{"start": "-PT3H", "periodOverride": "inherit", "widgets": widgets})
	if err != nil {
		return "", fmt.Errorf("rendering dashboard %q: %w", args.Name, err)
	}
	return string(text), nil
}

// consoles are the domains of the console in the partitions.
var consoles = map[string]string{
	"aws":        "console.aws.amazon.com",
	"aws-cn":     "console.amazonaws.cn",
	"aws-us-gov": "console.amazonaws-us-gov.com",
	"aws-eusc":   "console.amazonaws-eusc.eu",
}

func (args *DashboardArgs) url(page int) string {
	console, known := consoles[args.Location.Partition]
	if !known {
		console = consoles["aws"]
	}
	return fmt.Sprintf(
		"https://%s.%s/cloudwatch/home?region=%[1]s#dashboards/dashboard/%[3]s",
		args.Location.Region,
		console,
		pageName(args.Name, page),
	)
}
