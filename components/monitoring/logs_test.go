package monitoring

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func (g *graph) logs(args *LogsArgs) error {
	return g.run(func(ctx *pulumi.Context) error {
		_, err := NewLogs(ctx, "lab", args)
		return err
	})
}

func TestLogsInputs(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.logs(&LogsArgs{Watched: everything()}))
	filter := g.inputs(t, "lab-orders-errors")
	require.Contains(t, filter["pattern"], `($.level = "ERROR")`)
	delete(filter, "pattern")
	require.Equal(t, map[string]any{
		"name": "awslab-dev-orders-errors", "logGroupName": "/ecs/orders",
		"metricTransformation": map[string]any{
			"namespace":    "awslab-dev/orders",
			"name":         "ErrorLines",
			"value":        "1",
			"defaultValue": "0",
			"unit":         "Count",
		},
	}, filter)
	require.Equal(t, []any{"/ecs/orders", "/ecs/billing"}, g.inputs(t, "lab-query-slow-requests")["logGroupNames"])
	require.Equal(t, "awslab-dev/slow-requests", g.inputs(t, "lab-query-slow-requests")["name"])
	require.Equal(t, []any{"/ecs/billing"}, g.inputs(t, "lab-query-errors-of-billing")["logGroupNames"])
	require.Len(t, g.names("aws:cloudwatch/queryDefinition:QueryDefinition"), len(queries)+2)
}

func TestQueriesAreCommandsInAPipe(t *testing.T) {
	for _, q := range append(queries, query{"of a service", "fields @message\n" + errorsFilter}) {
		for i, line := range strings.Split(q.text, "\n") {
			require.Equal(t, i > 0, strings.HasPrefix(line, "| "), "%s: %s", q.name, line)
			require.Regexp(t, `^(\| )?(fields|filter|stats|sort|limit) `, line)
		}
	}
}

func TestAQueryIsOfNoMoreLogGroupsThanItMayBe(t *testing.T) {
	for services, want := range map[int][]int{50: {50}, 51: {50, 1}, 100: {50, 50}} {
		g := &graph{}
		watched := everything()
		watched.Services = nil
		for i := range services {
			service := everything().Services[0]
			service.Name, service.LogGroup = fmt.Sprintf("s%d", i), text(fmt.Sprintf("/ecs/s%d", i))
			watched.Services = append(watched.Services, service)
		}
		require.NoError(t, g.logs(&LogsArgs{Watched: watched}))
		asked := map[any]bool{}
		for part, count := range want {
			saved := g.inputs(t, pageName("lab-query-errors", part))
			require.Equal(t, pageName("awslab-dev/errors", part), saved["name"])
			groups := saved["logGroupNames"].([]any)
			require.Len(t, groups, count)
			for _, group := range groups {
				asked[group] = true
			}
		}
		require.Len(t, asked, services)
		require.NotContains(t, g.names(""), pageName("lab-query-errors", len(want)))
	}
}

func TestServicesWithoutLogHaveNoQueries(t *testing.T) {
	g := &graph{}
	watched := everything()
	watched.Services[0].LogGroup, watched.Services[1].LogGroup = nil, nil
	require.NoError(t, g.logs(&LogsArgs{Watched: watched}))
	require.Empty(t, g.names(""))
}

func TestLogProblems(t *testing.T) {
	for _, args := range []*LogsArgs{nil, {Watched{Location: ireland}}} {
		g := &graph{}
		require.ErrorContains(t, g.logs(args), `Name: ""; use 1 to 64`)
		require.Empty(t, g.resources, "nothing is registered")
	}
}
