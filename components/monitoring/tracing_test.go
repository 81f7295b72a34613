package monitoring

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func (g *graph) tracing(change func(*TracingArgs)) error {
	return g.run(func(ctx *pulumi.Context) error {
		args := &TracingArgs{
			Name:          "awslab-dev",
			Services:      []TracedService{{"orders", "awslab-dev-orders"}, {"billing", "awslab-dev-billing"}},
			ReservoirSize: 1,
			FixedRate:     0.05,
			Insights:      true,
			Tags:          labTags,
		}
		change(args)
		_, err := NewTracing(ctx, "lab", args)
		return err
	})
}

func TestTracingInputs(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.tracing(func(*TracingArgs) {}))
	require.Equal(t, map[string]any{
		"groupName":             "awslab-dev",
		"filterExpression":      `service("awslab-dev-orders") OR service("awslab-dev-billing")`,
		"insightsConfiguration": map[string]any{"insightsEnabled": true, "notificationsEnabled": true},
		"tags":                  map[string]any{"Project": "awslab"},
	}, g.inputs(t, "lab-group"))
	require.Equal(t, `service("awslab-dev-orders")`, g.inputs(t, "lab-orders-group")["filterExpression"])
	require.Equal(t, map[string]any{
		"ruleName":      "awslab-dev-billing",
		"priority":      2001.0,
		"version":       1.0,
		"reservoirSize": 1.0,
		"fixedRate":     0.05,
		"serviceName":   "awslab-dev-billing",
		"urlPath":       "*",
		"serviceType":   "*",
		"host":          "*",
		"httpMethod":    "*",
		"resourceArn":   "*",
		"tags":          map[string]any{"Project": "awslab"},
	}, g.inputs(t, "lab-billing-sampling"))
	untraced := g.inputs(t, "lab-untraced-1-sampling")
	require.Equal(t, "awslab-dev-untraced-1", untraced["ruleName"])
	require.Equal(t, "/healthz", untraced["urlPath"])
	require.Equal(t, "awslab-dev-*", untraced["serviceName"], "other stacks are none of its business")
	require.InDelta(t, 0, untraced["fixedRate"], 0)
	require.InDelta(t, 0, untraced["reservoirSize"], 0)
	require.Less(t, untraced["priority"], g.inputs(t, "lab-orders-sampling")["priority"], "it is tried first")
	require.Empty(t, g.names("aws:xray/encryptionConfig:EncryptionConfig"), "it is the account's")
}

func TestEverythingIsTracedWhenAsked(t *testing.T) {
	g := &graph{}
	require.NoError(
		t,
		g.tracing(func(a *TracingArgs) { a.UntracedPaths = []string{} }),
	)
	require.Equal(
		t,
		[]string{"lab-billing-sampling", "lab-orders-sampling"},
		g.names("aws:xray/samplingRule:SamplingRule"),
	)
}

func TestTracingProblems(t *testing.T) {
	for want, change := range map[string]func(*TracingArgs){
		`Name: "a b"; use 1 to 30`:                       func(a *TracingArgs) { a.Name = "a b" },
		"Services: missing":                              func(a *TracingArgs) { a.Services = nil },
		`Services[0].Name: "/"`:                          func(a *TracingArgs) { a.Services[0].Name = "/" },
		`Services[0].ServiceName: "orders"; use awslab-`: func(a *TracingArgs) { a.Services[0].ServiceName = "orders" },
		"up to 255 letters": func(a *TracingArgs) {
			a.Services[0].ServiceName = a.Name + "-" + strings.Repeat("x", 255)
		},
		"is listed twice":               func(a *TracingArgs) { a.Services[1] = a.Services[0] },
		"ReservoirSize: -1 is negative": func(a *TracingArgs) { a.ReservoirSize = -1 },
		"FixedRate: 1.5; use 0 to 1":    func(a *TracingArgs) { a.FixedRate = 1.5 },
		"FixedRate: NaN; use 0 to 1":    func(a *TracingArgs) { a.FixedRate = math.NaN() },
		`UntracedPaths[0]: "healthz"; use a path`: func(a *TracingArgs) {
			a.UntracedPaths = []string{
				"healthz",
			}
		},
	} {
		g := &graph{}
		require.ErrorContains(t, g.tracing(change), want)
		require.Empty(t, g.resources, "nothing is registered")
	}
	require.Error(t, (&graph{}).run(func(ctx *pulumi.Context) error {
		_, err := NewTracing(ctx, "lab", nil)
		return err
	}))
}

// X-Ray allows 25 groups and rules in a Region.
func TestManyServicesShareAGroupAndARule(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.tracing(func(args *TracingArgs) {
		args.Services = nil
		for i := range 100 {
			name := fmt.Sprintf("s%d", i)
			args.Services = append(args.Services, TracedService{Name: name, ServiceName: "awslab-dev-" + name})
		}
	}))
	require.Equal(t, []string{"lab-group"}, g.names("aws:xray/group:Group"))
	require.Contains(t, g.names("aws:xray/samplingRule:SamplingRule"), "lab-services-sampling")
	require.Less(t, len(g.names("aws:xray/samplingRule:SamplingRule")), 10)
	require.Equal(t, "awslab-dev-*", g.inputs(t, "lab-services-sampling")["serviceName"])
	require.InDelta(t, 100, g.inputs(t, "lab-services-sampling")["reservoirSize"], 0)
}
