package cost

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const urn = "urn:pulumi:dev::awslab::"

func of(typ, name, parent string, in map[string]any) Resource {
	return Resource{URN: urn + typ + "::" + name, Parent: urn + parent, Type: typ, Inputs: in}
}

var (
	stack     = Resource{URN: urn + "pulumi:pulumi:Stack::awslab-dev", Type: "pulumi:pulumi:Stack"}
	component = of("awslab:compute:Service", "orders", "pulumi:pulumi:Stack::awslab-dev", nil)
)

const orders = "awslab:compute:Service::orders"

func task(architecture string) Resource {
	return of("aws:ecs/taskDefinition:TaskDefinition", "orders-task", orders, map[string]any{
		"cpu": "512", "memory": "1024", "runtimePlatform": map[string]any{"cpuArchitecture": architecture},
	})
}

func service(strategies ...any) Resource {
	return of("aws:ecs/service:Service", "orders-service", orders, map[string]any{
		"desiredCount": 2.0, "capacityProviderStrategies": strategies,
	})
}

func strategy(provider string, weight float64) any {
	return map[string]any{"capacityProvider": provider, "weight": weight}
}

func TestEstimate(t *testing.T) {
	const vCPU, memory = 0.04048, 0.004445
	for name, test := range map[string]struct {
		resources []Resource
		want      float64
	}{
		"nothing that costs": {[]Resource{of("aws:ec2/vpc:Vpc", "lab", orders, nil)}, 0},
		"tasks on Fargate":   {[]Resource{task("X86_64"), service(strategy("FARGATE", 1))}, 730 * (vCPU + 2*memory)},
		"half of them Spot": {
			[]Resource{task("X86_64"), service(strategy("FARGATE", 1), strategy("FARGATE_SPOT", 1))},
			730 * (vCPU + 2*memory) * 0.65,
		},
		"with a collector of metrics": {
			[]Resource{
				of("aws:ecs/taskDefinition:TaskDefinition", "orders-task", orders, map[string]any{
					"containerDefinitions": `[{"environment": [{"value": "exporters: {awsemf: {}}"}]}]`,
				}),
				service(strategy("instances-of-lab", 1)),
			},
			5 * 0.30,
		},
		"on Graviton":  {[]Resource{task("ARM64"), service(strategy("FARGATE", 1))}, 730 * (0.03238 + 2*0.00356)},
		"on instances": {[]Resource{task("X86_64"), service(strategy("instances-of-lab", 1))}, 0},
		"a Multi-AZ database": {
			[]Resource{of("aws:rds/instance:Instance", "it", orders, map[string]any{
				"instanceClass": "db.t4g.micro", "multiAz": true, "allocatedStorage": 20.0,
			})},
			2 * (730*0.018 + 20*0.127),
		},
		"an alarm on two metrics": {
			[]Resource{of("aws:cloudwatch/metricAlarm:MetricAlarm", "it", orders, map[string]any{
				"metricQueries": []any{
					map[string]any{"metric": map[string]any{}}, map[string]any{"metric": map[string]any{}},
					map[string]any{"expression": "m1 + m2"},
				},
			})},
			0.20,
		},
		"a topic":            {[]Resource{of("aws:sns/topic:Topic", "it", orders, nil)}, 0.05},
		"a gateway endpoint": {[]Resource{of("aws:ec2/vpcEndpoint:VpcEndpoint", "it", orders, nil)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			lines := Estimate(append([]Resource{stack, component}, test.resources...))
			assert.InDelta(t, test.want, Total(lines), 1e-6)
			for _, line := range lines {
				assert.Equal(t, "orders", line.Component)
				assert.NotEmpty(t, line.What)
			}
		})
	}
}

func TestWhatTheListLacksIsSaid(t *testing.T) {
	lines := Estimate(
		[]Resource{of("aws:rds/instance:Instance", "it", "", map[string]any{"instanceClass": "db.x9.huge"})},
	)
	require.Contains(t, []string{lines[0].Unknown, lines[1].Unknown}, "the price list has no db.x9.huge")
}

// Every rule names prices that there are, whatever is known of the inputs.
func TestEveryRuleHasItsPrices(t *testing.T) {
	for typ := range rules {
		require.NotPanics(t, func() { Estimate([]Resource{of(typ, "it", "", nil)}) }, typ)
		for _, in := range []map[string]any{
			{"vpcEndpointType": "Interface", "thresholdMetricId": "band", "dbClusterInstanceClass": "db.m6gd.large"},
			{"subnets": []any{"a"}, "rules": []any{1.0}, "replicas": []any{1.0}},
		} {
			require.NotPanics(t, func() { Estimate([]Resource{of(typ, "it", "", in)}) }, typ)
		}
	}
}

func TestThePriceListIsDated(t *testing.T) {
	prices := Prices()
	_, err := time.Parse(time.DateOnly, prices.AsOf)
	require.NoError(t, err)
	require.NotEmpty(t, prices.Source)
	content, err := os.ReadFile(filepath.Join("prices.json"))
	require.NoError(t, err)
	require.True(t, json.Valid(content))
	for name, usd := range prices.USD {
		assert.Positive(t, usd, name)
	}
}
