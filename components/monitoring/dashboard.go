package monitoring

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// DashboardArgs describe a dashboard.
type DashboardArgs struct {
	Place identity.Place
	// Name in AWS, 1 to 255 letters, digits, hyphens and underscores.
	Name    string
	Watched Watched
	// Alarms are the names of alarms whose state is shown at the top.
	Alarms []string
}

// Dashboard shows everything that is watched, one row for each thing. Its type token is awslab:monitoring:Dashboard.
type Dashboard struct {
	pulumi.ResourceState

	DashboardName pulumi.StringOutput `pulumi:"dashboardName"`
	// Url leads to it in AWS's console, known in preview.
	Url string
}

func (args *DashboardArgs) validate() error {
	problems := []error{args.Place.Validate(), args.Watched.validate()}
	if !topicName.MatchString(args.Name) {
		problems = append(problems, fmt.Errorf("Name: %q; use 1 to 255 letters, digits, hyphens and underscores", args.Name))
	}
	return errors.Join(problems...)
}

// NewDashboard makes a dashboard.
func NewDashboard(ctx *pulumi.Context, name string, args *DashboardArgs, opts ...pulumi.ResourceOption) (*Dashboard, error) {
	if args == nil {
		args = &DashboardArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("dashboard %q: %w", name, err)
	}
	component := &Dashboard{Url: fmt.Sprintf("https://%[1]s.console.aws.amazon.com/cloudwatch/home?region=%[1]s#dashboards/dashboard/%[2]s", args.Place.Region, args.Name)}
	if err := ctx.RegisterComponentResource("awslab:monitoring:Dashboard", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering dashboard %q: %w", name, err)
	}
	dashboard, err := cloudwatch.NewDashboard(ctx, name+"-dashboard", &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(args.Name), DashboardBody: args.body(),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating dashboard %q: %w", name, err)
	}
	component.DashboardName = dashboard.DashboardName
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"dashboardName": component.DashboardName, "url": pulumi.String(component.Url)}); err != nil {
		return nil, fmt.Errorf("registering outputs of dashboard %q: %w", name, err)
	}
	return component, nil
}

// The grid of a dashboard ("Dashboard body structure and syntax", Amazon CloudWatch API reference).
const (
	gridWidth    = 24
	widgetHeight = 6
	titleHeight  = 1
)

// row is one line of the dashboard: a title, and a graph for each metric.
type row struct {
	title  string
	graphs []graph
}

// graph shows the metrics of one thing.
type graph struct {
	title   string
	metrics []line
}

// line is one metric. Its dimensions are numbers of inputs, see rows.
type line struct {
	namespace, metric, statistic string
	dimensions                   map[string]int
}

// widget is a part of the dashboard as the API has it.
type widget struct {
	Type       string         `json:"type"`
	X          int            `json:"x"`
	Y          int            `json:"y"`
	Width      int            `json:"width"`
	Height     int            `json:"height"`
	Properties map[string]any `json:"properties"`
}

// rowTitles are in the order in which a person looks: what users notice first.
var rowTitles = []struct{ area, title string }{
	{"loadBalancer", "Load balancer"}, {"target", "Requests to %s"}, {"service", "Tasks of %s"}, {"instances", "Instances"}, {"database", "Database %s"},
	{"table", "Table %s"}, {"fileSystem", "File system"}, {"function", "Function %s"}, {"firewall", "Firewall"},
}

// rows lays out the graphs, and lists the inputs that the dimensions' numbers stand for.
func (args *DashboardArgs) rows() ([]row, []any) {
	var rows []row
	var inputs []any
	subjects := args.Watched.subjects()
	for _, kind := range rowTitles {
		for _, about := range subjects[kind.area] {
			dimensions := map[string]int{}
			for _, name := range slices.Sorted(maps.Keys(about.dimensions)) {
				dimensions[name] = len(inputs)
				inputs = append(inputs, about.dimensions[name])
			}
			title := kind.title
			if title != "" && slices.Contains([]string{"target", "service", "database", "table", "function"}, kind.area) {
				title = fmt.Sprintf(kind.title, about.name)
			}
			one := row{title: title}
			for _, s := range signals {
				if s.area == kind.area {
					one.graphs = append(one.graphs, graph{s.metric, []line{{s.namespace, s.metric, s.statistic, dimensions}}})
				}
			}
			rows = append(rows, one)
		}
	}
	return rows, inputs
}

// place puts the rows on the grid, one below the other, each graph beside the last one.
func place(rows []row, y int) []widget {
	var widgets []widget
	for _, r := range rows {
		widgets = append(widgets, widget{"text", 0, y, gridWidth, titleHeight, map[string]any{"markdown": "## " + r.title}})
		y += titleHeight
		width := gridWidth / max(1, min(4, len(r.graphs)))
		for i, g := range r.graphs {
			x := i * width % (gridWidth / width * width)
			if i > 0 && x == 0 {
				y += widgetHeight
			}
			widgets = append(widgets, widget{"metric", x, y, width, widgetHeight, map[string]any{"title": g.title, "graph": g}})
		}
		y += widgetHeight
	}
	return widgets
}

// body is the dashboard's JSON.
func (args *DashboardArgs) body() pulumi.StringOutput {
	rows, inputs := args.rows()
	return pulumi.All(inputs...).ApplyT(func(values []any) (string, error) {
		widgets, y := []widget{}, 0
		if len(args.Alarms) > 0 {
			arns := make([]string, len(args.Alarms))
			for i, alarm := range args.Alarms {
				arns[i] = args.Place.Arn("cloudwatch", "alarm:"+alarm)
			}
			height := 2 + len(arns)/4
			widgets = append(widgets, widget{"alarm", 0, 0, gridWidth, height, map[string]any{"title": "Alarms", "alarms": arns}})
			y = height
		}
		for _, w := range place(rows, y) {
			if g, is := w.Properties["graph"].(graph); is {
				delete(w.Properties, "graph")
				w.Properties["region"], w.Properties["metrics"] = args.Place.Region, g.render(values)
			}
			widgets = append(widgets, w)
		}
		text, err := json.Marshal(map[string]any{"widgets": widgets, "start": "-PT6H", "periodOverride": "inherit"})
		if err != nil {
			return "", fmt.Errorf("rendering dashboard %s: %w", args.Name, err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
}

// render writes metrics as dashboards have them: namespace, metric, dimensions by name and value, options.
func (g graph) render(values []any) []any {
	var metrics []any
	for _, l := range g.metrics {
		metric := []any{l.namespace, l.metric}
		for _, name := range slices.Sorted(maps.Keys(l.dimensions)) {
			metric = append(metric, name, values[l.dimensions[name]])
		}
		metrics = append(metrics, append(metric, map[string]any{"stat": l.statistic, "period": 60}))
	}
	return metrics
}
