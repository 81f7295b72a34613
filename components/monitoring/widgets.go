package monitoring

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// widget is one of a dashboard, as CloudWatch reads it.
type widget struct {
	Type string `json:"type"`
	box
	Properties object `json:"properties"`
}

const (
	graphWidth  = 6
	graphHeight = 5
	// maxAlarms is how many alarms a widget takes (CloudWatch API, "Dashboard body structure and syntax").
	maxAlarms = 100
)

func heading(markdown string) widget {
	return widget{
		Type:       "text",
		box:        box{Width: gridWidth, Height: 1},
		Properties: object{"markdown": markdown, "background": "transparent"},
	}
}

func isHeading(row []widget) bool { return len(row) == 1 && row[0].Type == "text" }

// alarmWidgets show the state of alarms, given by their ARNs.
func alarmWidgets(arns []string) []widget {
	var widgets []widget
	for chunk := range slices.Chunk(arns, maxAlarms) {
		widgets = append(widgets, widget{
			Type: "alarm", box: box{Width: gridWidth, Height: 2 + (len(chunk)+5)/6},
			Properties: object{
				"title":  fmt.Sprintf("Alarms (%d)", len(chunk)),
				"alarms": chunk,
				"sortBy": "stateUpdatedTimestamp",
			},
		})
	}
	return widgets
}

// costWidgets returns about money: what the account is charged, which CloudWatch knows where it is told to in the
// account's billing preferences, and where to see what the stack costs.
func (args *DashboardArgs) costWidgets() []widget {
	if args.Location.Partition != "aws" {
		return nil // the other partitions have no billing metrics
	}
	note := "Charges of the whole account, once a day has been billed; they need *billing alerts* in the billing " +
		"preferences. "
	if args.CostTag != "" {
		note += fmt.Sprintf(
			"What this stack costs is in [Cost "+
				"Explorer](https://console.aws.amazon.com/cost-management/home#/cost-explorer), grouped by the tag "+
				"`%s`, "+
				"which has to be activated as a cost allocation tag.",
			args.CostTag,
		)
	}
	return []widget{
		{Type: "text", box: box{Width: 2 * graphWidth, Height: graphHeight}, Properties: object{"markdown": note}},
		{Type: "metric", box: box{Width: 2 * graphWidth, Height: graphHeight}, Properties: object{
			"title":   "estimated charges this month (USD)",
			"view":    "timeSeries",
			"region":  edgeRegion,
			"period":  21600,
			"stat":    "Maximum",
			"metrics": []any{[]any{"AWS/Billing", "EstimatedCharges", "Currency", "USD"}},
		}},
	}
}

// graph draws a signal of a target, with the limit of its alarm.
func (s signal) graph(t target, region string, threshold float64) widget {
	properties := object{
		"title": t.name + ": " + s.title, "view": "timeSeries", "stacked": false, "region": region, "period": s.period,
		"metrics": s.lines(t),
	}
	if s.comparison != shown && !s.comparison.learns() {
		properties["annotations"] = object{"horizontal": []object{{"label": "alarm", "value": s.limit(t, threshold)}}}
	}
	return widget{Type: "metric", box: box{Width: graphWidth, Height: graphHeight}, Properties: properties}
}

// lines returns the metrics of a graph. Those that an expression combines are not drawn themselves.
func (s signal) lines(t target) []any {
	var lines []any
	for i, m := range s.metrics {
		options := object{"stat": m.statistic}
		if m.id != "" {
			options["id"], options["visible"] = m.id, s.expression == ""
		}
		if i == 0 && s.expression != "" {
			lines = append(lines, []any{object{"expression": s.expression, "label": s.title, "id": "result"}})
		}
		lines = append(lines, m.line(t, options))
	}
	return lines
}

// line returns the notation of a metric: namespace, name, dimensions in pairs, options.
func (m metric) line(t target, options object) []any {
	namespace := m.namespace
	if namespace == "" {
		namespace = t.logNamespace
	}
	line := []any{namespace, m.name}
	dimensions := t.dimensions[m.set()]
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		line = append(line, name, string(dimensions[name].(pulumi.String)))
	}
	return append(line, options)
}

// objectiveWidgets show how an objective is kept over what the dashboard shows, and how fast its budget burns.
func (o objective) widgets(t target, region string) []widget {
	var kept, burning []any
	kept = append(kept, []any{object{"expression": "100 * (1 - " + o.missed + ")", "label": o.promise, "id": "result"}})
	burning = append(burning, []any{object{"expression": o.burnRate(0), "label": "burn rate", "id": "result"}})
	for _, m := range o.metrics {
		line := m.line(t, object{"stat": m.statistic, "id": m.id, "visible": false})
		kept, burning = append(kept, line), append(burning, line)
	}
	var limits []object
	for _, w := range windows {
		limits = append(limits, object{"label": w.name + " burn over " + formatPeriod(w.long), "value": w.rate})
	}
	return []widget{
		{Type: "metric", box: box{Width: graphWidth, Height: graphHeight}, Properties: object{
			"title":                fmt.Sprintf("%s: %s kept (%%)", t.name, o.name),
			"view":                 "singleValue",
			"setPeriodToTimeRange": true,
			"region":               region,
			"metrics":              kept,
		}},
		{Type: "metric", box: box{Width: graphWidth, Height: graphHeight}, Properties: object{
			"title":       fmt.Sprintf("%s: burn rate of %s", t.name, o.name),
			"view":        "timeSeries",
			"stacked":     false,
			"region":      region,
			"period":      3600,
			"metrics":     burning,
			"annotations": object{"horizontal": limits},
		}},
	}
}

// titles head the areas of the dashboard, in the order of targets.
var titles = map[string]string{
	"service":          "Services",
	"loadBalancer":     "Load balancers",
	"database":         "Databases",
	"replica":          "Read replicas",
	"table":            "Tables",
	"bucket":           "Buckets",
	"fileSystem":       "File systems",
	"autoScalingGroup": "Scaling of instances",
	"distribution":     "CDN",
	"webAcl":           "Firewall",
	"function":         "Functions",
	"natGateway":       "NAT gateways",
	"queue":            "Failed events",
	"stateMachine":     "State machines",
	"backupVault":      "Backup",
	"topic":            "Notifications",
}

// rows returns the dashboard's: the alarms, then one for each target under the heading of its area, then money.
func (args *DashboardArgs) rows(w *Watched) [][]widget {
	var rows [][]widget
	for _, group := range byRegion(args.Alarms) {
		rows = append(rows, alarmWidgets(group))
	}
	services := map[string]Service{}
	for _, s := range w.Services {
		services[s.Name] = s
	}
	area := ""
	for _, t := range w.targets() {
		if t.area != area {
			area = t.area
			rows = append(rows, []widget{heading("## " + titles[area])})
		}
		rows = append(rows, args.row(t, services[t.name].Objectives))
	}
	if cost := args.costWidgets(); len(cost) > 0 {
		rows = append(rows, []widget{heading("## Cost")}, cost)
	}
	return rows
}

// row shows a target. Only services have objectives.
func (args *DashboardArgs) row(t target, o Objectives) []widget {
	region := args.Location.Region
	if t.edge {
		region = edgeRegion
	}
	var row []widget
	if t.area == "service" {
		for _, objective := range o.objectives() {
			row = append(row, objective.widgets(t, region)...)
		}
	}
	for _, s := range signals {
		if !s.appliesTo(t) {
			continue
		}
		threshold, changed := args.Thresholds[s.key()]
		if !changed {
			threshold = s.threshold
		}
		row = append(row, s.graph(t, region, threshold))
	}
	return row
}

// byRegion groups ARNs, in the order of the regions: a widget shows alarms of one.
func byRegion(arns []string) [][]string {
	groups := map[string][]string{}
	for _, text := range arns {
		alarm, err := arn.Parse(text)
		if err != nil {
			continue // what is no ARN was refused with the arguments
		}
		groups[alarm.Region] = append(groups[alarm.Region], text)
	}
	var ordered [][]string
	for _, region := range slices.Sorted(maps.Keys(groups)) {
		ordered = append(ordered, groups[region])
	}
	return ordered
}
