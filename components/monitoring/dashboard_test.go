package monitoring

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWidgetsFitTheGridAndDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Custom(func(t *rapid.T) widget {
			return widget{
				box: box{
					Width:  rapid.IntRange(1, gridWidth).Draw(t, "width"),
					Height: rapid.IntRange(1, 10).Draw(t, "height"),
				},
			}
		})
		rows := rapid.SliceOfN(rapid.SliceOfN(size, 0, 12), 0, 6).Draw(t, "rows")
		placed := layout(rows)
		requireTidy(t, placed)

		var given []widget
		top := 0 // where the row may begin
		for i, w := range slices.Concat(rows...) {
			require.Equal(t, w.Width, placed[i].Width)
			require.Equal(t, w.Height, placed[i].Height)
			given = append(given, w)
		}
		require.Len(t, placed, len(given))
		for i := 0; len(rows) > 0; rows = rows[1:] {
			bottom := top
			for range rows[0] {
				require.GreaterOrEqual(t, placed[i].Y, top, "a row begins below the one before")
				bottom = max(bottom, placed[i].Y+placed[i].Height)
				i++
			}
			top = bottom
		}
	})
}

func TestWidgetsAreSetLikeWords(t *testing.T) {
	sized := func(width, height int) widget { return widget{box: box{Width: width, Height: height}} }
	var places []box
	for _, w := range layout([][]widget{
		{sized(24, 1)},
		{sized(12, 5), sized(12, 2), sized(6, 1), sized(18, 1), sized(1, 1)},
		{},
		{sized(6, 3)},
	}) {
		places = append(places, w.box)
	}
	require.Equal(t, []box{
		{0, 0, 24, 1},
		{0, 1, 12, 5}, {12, 1, 12, 2}, // a full line, as high as the higher one
		{0, 6, 6, 1}, {6, 6, 18, 1},
		{0, 7, 1, 1},
		{0, 8, 6, 3},
	}, places)
}

// requireTidy checks every pair, so that it knows nothing of how the widgets came to their places.
func requireTidy(t require.TestingT, placed []widget) {
	for i, a := range placed {
		require.True(t, a.X >= 0 && a.Y >= 0 && a.X+a.Width <= gridWidth, "%+v is off the grid", a.box)
		for _, b := range placed[i+1:] {
			apart := a.X+a.Width <= b.X || b.X+b.Width <= a.X || a.Y+a.Height <= b.Y || b.Y+b.Height <= a.Y
			require.True(t, apart, "%+v and %+v overlap", a.box, b.box)
		}
	}
}

func (g *graph) dashboard(change func(*DashboardArgs)) (*Dashboard, error) {
	var dashboard *Dashboard
	return dashboard, g.run(func(ctx *pulumi.Context) (err error) {
		args := &DashboardArgs{
			Watched: everything(),
			CostTag: "Project",
			Alarms:  []string{ireland.Arn("cloudwatch", "alarm:a")},
		}
		if change != nil {
			change(args)
		}
		dashboard, err = NewDashboard(ctx, "lab", args)
		return err
	})
}

// body returns what the dashboard shows, read back.
func (g *graph) body(t *testing.T) []widget { return g.page(t, "lab-dashboard") }

func (g *graph) page(t *testing.T, name string) []widget {
	t.Helper()
	var body struct{ Widgets []widget }
	require.NoError(t, json.Unmarshal([]byte(g.inputs(t, name)["dashboardBody"].(string)), &body))
	return body.Widgets
}

func find(t *testing.T, widgets []widget, title string) object {
	t.Helper()
	i := slices.IndexFunc(widgets, func(w widget) bool { return w.Properties["title"] == title })
	require.GreaterOrEqual(t, i, 0, "no widget is titled %q", title)
	return widgets[i].Properties
}

func TestDashboardShowsWhateverIsWatched(t *testing.T) {
	g := &graph{}
	dashboard, err := g.dashboard(nil)
	require.NoError(t, err)
	require.Equal(t, "awslab-dev", dashboard.Name)
	require.Equal(
		t,
		"https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/awslab-dev",
		dashboard.Url,
	)
	widgets := g.body(t)
	requireTidy(t, widgets)
	all := everything()
	for _, target := range all.targets() {
		for _, s := range signals {
			if s.appliesTo(target) {
				find(t, widgets, target.name+": "+s.title)
			}
		}
	}
	for _, w := range widgets {
		if w.Type == "metric" {
			assert.Contains(t, []any{"eu-west-1", "us-east-1"}, w.Properties["region"])
			assert.NotEmpty(t, w.Properties["metrics"])
		}
	}
	assert.Equal(t, "us-east-1", find(t, widgets, "website: requests")["region"], "CloudFront reports there")
	assert.Equal(
		t,
		[]any{"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"},
		find(t, widgets, "Alarms (1)")["alarms"],
	)
}

func TestGraphs(t *testing.T) {
	g := &graph{}
	_, err := g.dashboard(func(args *DashboardArgs) { args.Thresholds = map[string]float64{"service.errors": 2} })
	require.NoError(t, err)
	widgets := g.body(t)
	hidden := func(id, metric string) []any {
		return []any{
			"AWS/ApplicationELB",
			metric,
			"LoadBalancer",
			"app/alb/1",
			"TargetGroup",
			"targetgroup/orders/2",
			object{"id": id, "stat": "Sum", "visible": false},
		}
	}
	require.Equal(t, object{
		"title":       "orders: requests that failed (%)",
		"view":        "timeSeries",
		"stacked":     false,
		"region":      "eu-west-1",
		"period":      60.0,
		"annotations": object{"horizontal": []any{object{"label": "alarm", "value": 2.0}}},
		"metrics": []any{
			[]any{
				object{
					"expression": "100 * (FILL(errors, 0) + FILL(unreachable, 0)) / requests",
					"id":         "result",
					"label":      "requests that failed (%)",
				},
			},
			hidden("errors", "HTTPCode_Target_5XX_Count"),
			hidden("unreachable", "TargetConnectionErrorCount"),
			hidden("requests", "RequestCount"),
		},
	}, find(t, widgets, "orders: requests that failed (%)"))
	require.Equal(t, object{
		"title": "shared: clients", "view": "timeSeries", "stacked": false, "region": "eu-west-1", "period": 60.0,
		"metrics": []any{[]any{"AWS/EFS", "ClientConnections", "FileSystemId", "fs-1", object{"stat": "Sum"}}},
	}, find(t, widgets, "shared: clients"), "without an alarm there is no limit")
	require.Equal(
		t,
		[]any{[]any{"awslab-dev/billing", "ErrorLines", object{"stat": "Sum"}}},
		find(t, widgets, "billing: errors in the log")["metrics"],
	)

	kept := find(t, widgets, "orders: availability kept (%)")
	require.Equal(t, "singleValue", kept["view"])
	require.Equal(t, true, kept["setPeriodToTimeRange"])
	burning := find(t, widgets, "orders: burn rate of latency")
	require.Equal(t, object{"horizontal": []any{
		object{"label": "fast burn over 1 h", "value": 14.4}, object{"label": "slow burn over 6 h", "value": 6.0},
	}}, burning["annotations"])
}

func TestDashboardOfNothingIsOne(t *testing.T) {
	g := &graph{}
	_, err := g.dashboard(func(args *DashboardArgs) {
		*args = DashboardArgs{Watched: Watched{Name: "awslab-dev", Location: ireland}}
		args.Location.Partition, args.Location.Region = "aws-us-gov", "us-gov-west-1"
	})
	require.NoError(t, err)
	require.Empty(t, g.body(t), "no billing metrics in that partition either")
}

func TestManyAlarmsAreSharedOutByRegionAndNumber(t *testing.T) {
	var arns []string
	for i := range 150 {
		arns = append(arns, ireland.Arn("cloudwatch", fmt.Sprintf("alarm:%03d", i)))
	}
	arns = append(arns, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:edge")
	g := &graph{}
	_, err := g.dashboard(func(args *DashboardArgs) { args.Alarms = arns })
	require.NoError(t, err)
	widgets := g.body(t)
	require.Equal(
		t,
		[]any{"arn:aws:cloudwatch:us-east-1:123456789012:alarm:edge"},
		find(t, widgets, "Alarms (1)")["alarms"],
	)
	require.Len(t, find(t, widgets, "Alarms (100)")["alarms"], 100)
	require.Len(t, find(t, widgets, "Alarms (50)")["alarms"], 50)
}

func TestWhatIsTooMuchForOneDashboardIsOnSeveral(t *testing.T) {
	g := &graph{}
	_, err := g.dashboard(func(a *DashboardArgs) {
		for i := range 120 {
			a.Tables = append(a.Tables, Table{fmt.Sprintf("t%d", i), "t"})
		}
	})
	require.NoError(t, err)
	var titles []any
	for page, name := range []string{"lab-dashboard", "lab-dashboard-2"} {
		widgets := g.page(t, name)
		require.LessOrEqual(t, len(widgets), 500)
		links := widgets[0].Properties["markdown"]
		require.Contains(t, links, fmt.Sprintf("**page %d**", page+1))
		require.Contains(
			t,
			links,
			[]string{"#dashboards/dashboard/awslab-dev-2)", "#dashboards/dashboard/awslab-dev)"}[page],
		)
		require.NotEqual(t, "text", widgets[len(widgets)-1].Type, "a heading stands before its row")
		for _, w := range widgets {
			titles = append(titles, w.Properties["title"])
		}
	}
	require.Contains(t, titles, "t0: "+signalsOf("table")[0])
	require.Contains(t, titles, "t119: "+signalsOf("table")[0])
}

// signalsOf returns the titles of the signals of an area.
func signalsOf(area string) []string {
	var titles []string
	for _, s := range signals {
		if s.area == area {
			titles = append(titles, s.title)
		}
	}
	return titles
}

func TestDashboardProblems(t *testing.T) {
	for want, change := range map[string]func(*DashboardArgs){
		`Name: ""; use 1 to 64`:                    func(a *DashboardArgs) { a.Name = "" },
		`Alarms[0]: "a" is not an ARN of an alarm`: func(a *DashboardArgs) { a.Alarms = []string{"a"} },
		`Thresholds["service.foo"]: there is no such`: func(a *DashboardArgs) {
			a.Thresholds = map[string]float64{
				"service.foo": 1,
			}
		},
	} {
		g := &graph{}
		_, err := g.dashboard(change)
		require.ErrorContains(t, err, want)
		require.Empty(t, g.resources, "nothing is registered")
	}
	require.Error(t, (&graph{}).run(func(ctx *pulumi.Context) error {
		_, err := NewDashboard(ctx, "lab", nil)
		return err
	}))
}

// What is watched may not be known in a preview; then neither is the body, and nothing panics.
func TestBodyIsUnknownUntilEverythingIsKnown(t *testing.T) {
	g := &graph{}
	require.NoError(t, pulumi.RunErr(func(ctx *pulumi.Context) error {
		args := &DashboardArgs{Watched: everything()}
		args.FileSystems[0].Id = pulumi.UnsafeUnknownOutput(nil).ApplyT(
			func(any) string { return "" },
		).(pulumi.StringOutput)
		_, err := NewDashboard(ctx, "lab", args)
		return err
	}, pulumi.WithMocks("awslab", "dev", g), func(info *pulumi.RunInfo) { info.DryRun = true }))
	require.NotContains(
		t,
		g.find(t, "lab-dashboard").Inputs,
		resource.PropertyKey("dashboardBody"),
		"mocks leave out what is unknown",
	)
}
