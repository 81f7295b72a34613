package makespan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	natGateway = "aws:ec2/natGateway:NatGateway" // 107 s
	key        = "aws:kms/key:Key"               // 22 s
	topic      = "aws:sns/topic:Topic"           // 2 s
)

func urnOf(typ, name string) resource.URN {
	return resource.NewURN("dev", "lab", "", tokens.Type(typ), name)
}

func thing(typ, name string, needs ...resource.URN) apitype.ResourceV3 {
	return apitype.ResourceV3{
		URN: urnOf(typ, name), Type: tokens.Type(typ), Custom: true, Dependencies: needs,
	}
}

func TestWhatDoesNotNeedEachOtherIsMadeAtOnce(t *testing.T) {
	resources := []apitype.ResourceV3{
		thing(key, "a"), thing(natGateway, "b"), thing(topic, "c", urnOf(key, "a")), thing(key, "d", urnOf(topic, "c")),
	}
	for workers, seconds := range map[int]time.Duration{1: 153, 2: 107, 9: 107} {
		estimate, err := Of(resources, workers)
		require.NoError(t, err)
		require.Equal(t, seconds*time.Second, estimate.Total, "%d workers", workers)
		require.Equal(t, []Step{{natGateway, "b", 107 * time.Second, 107 * time.Second}}, estimate.Path)
	}
}

func TestThePathIsTheLongestChain(t *testing.T) {
	component := apitype.ResourceV3{URN: urnOf("lab:network:Vpc", "vpc"), Type: "lab:network:Vpc"}
	child := thing(natGateway, "child")
	child.Parent = component.URN
	property := thing(topic, "property")
	property.PropertyDependencies = map[resource.PropertyKey][]resource.URN{"policy": {child.URN, ""}}
	resources := []apitype.ResourceV3{
		component, thing(key, "short"), child, property, thing(key, "last", property.URN, urnOf(key, "short")),
	}
	estimate, err := Of(resources, 4)
	require.NoError(t, err)
	require.Equal(t, 131*time.Second, estimate.Critical)
	require.Equal(t, "2m11s, at best 2m11s:\n"+
		"   1m47s    1m47s  aws:ec2/natGateway:NatGateway child\n"+
		"   1m49s       2s  aws:sns/topic:Topic property\n"+
		"   2m11s      22s  aws:kms/key:Key last", estimate.String())
}

func TestTheTimeOfATypeCanDependOnAnInput(t *testing.T) {
	table := thing("aws:dynamodb/table:Table", "items")
	alone, err := Of([]apitype.ResourceV3{table}, 1)
	require.NoError(t, err)
	table.Inputs = map[string]any{"replicas": []any{}}
	copied, err := Of([]apitype.ResourceV3{table}, 1)
	require.NoError(t, err)
	require.Greater(t, copied.Total, alone.Total)
}

func TestATypeThatNobodyTimedIsAnError(t *testing.T) {
	_, err := Of([]apitype.ResourceV3{thing("aws:eks/cluster:Cluster", "k8s")}, 1)
	require.ErrorContains(t, err, "aws:eks/cluster:Cluster: durations.json does not say")
}

// What can be registered is what the offline target has a model of.
func TestEveryTypeIsTimedAndHasASource(t *testing.T) {
	var known durations
	require.NoError(t, json.Unmarshal(durationsJSON, &known))
	for _, wait := range known.Waits {
		require.NotEmpty(t, wait.Source, wait.Type)
		require.NotContains(t, known.Calls.Types, wait.Type)
	}
	files, err := filepath.Glob("../../offline/internal/aws/models/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var models map[string]any
		require.NoError(t, json.Unmarshal(content, &models))
		for typ := range models {
			if strings.HasPrefix(typ, "aws:") {
				_, err := Of([]apitype.ResourceV3{thing(typ, "a")}, 1)
				require.NoError(t, err)
			}
		}
	}
}

// More workers than resources reach the critical path, one needs the sum, and what is between lies between.
func TestASchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := []string{natGateway, key, topic}
		var resources []apitype.ResourceV3
		sum := time.Duration(0)
		for i := range rapid.IntRange(1, 30).Draw(t, "resources") {
			r := thing(rapid.SampledFrom(types).Draw(t, "type"), string(rune('A'+i)))
			for _, before := range resources {
				if rapid.IntRange(0, 5).Draw(t, "needed") == 0 {
					r.Dependencies = append(r.Dependencies, before.URN)
				}
			}
			resources = append(resources, r)
			one, err := Of([]apitype.ResourceV3{r}, 1)
			require.NoError(t, err)
			sum += one.Total
		}
		at := func(workers int) *Estimate {
			estimate, err := Of(resources, workers)
			require.NoError(t, err)
			return estimate
		}
		best := at(len(resources))
		require.Equal(t, best.Critical, best.Total)
		require.Equal(t, sum, at(1).Total)
		some := at(rapid.IntRange(1, 8).Draw(t, "workers")).Total
		require.GreaterOrEqual(t, some, best.Critical)
		require.LessOrEqual(t, some, sum)
	})
}
