//go:build mutation

package mutation_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/serve"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
)

// leastMutants is how many the suite is made of at least.
const leastMutants = 150

func TestEveryMutantIsCaught(t *testing.T) {
	recorded := recordProd(t)
	server, err := serve.New(packs.All)
	require.NoError(t, err)

	unchanged := mutant{}
	for urn, req := range recorded.inputs {
		unchanged = unchanged.and(mutant{inputs: map[string]props{urn: req.GetProperties().AsMap()}})
	}
	require.Empty(t, judge(t, server, recorded, unchanged), "prod as it is has findings")

	mutants := derive(recorded)
	require.GreaterOrEqual(t, len(mutants), leastMutants)
	kills := map[string]int{} // by rule
	caughtBy := map[string]int{}
	var survivors []string
	for _, m := range mutants {
		found := judge(t, server, recorded, m)
		if len(found) == 0 {
			survivors = append(survivors, m.what)
		}
		caught := map[string]bool{}
		for _, d := range found {
			kills[d.GetPolicyName()]++
			caught[d.GetPolicyPackName()] = true
		}
		for pack := range caught {
			caughtBy[pack]++
		}
	}
	t.Log(table(len(mutants), len(survivors), caughtBy, kills))
	require.Empty(t, survivors, "no rule finds these")
}

// judge returns what the packs find, other than what they cannot judge.
func judge(t *testing.T, server *serve.Server, recorded world, m mutant) []*pulumirpc.AnalyzeDiagnostic {
	t.Helper()
	requests, stack, err := m.shown(recorded)
	require.NoError(t, err, m.what)
	var found []*pulumirpc.AnalyzeDiagnostic
	for _, req := range requests {
		answer, err := server.Analyze(t.Context(), req)
		require.NoError(t, err, m.what)
		found = append(found, answer.GetDiagnostics()...)
	}
	answer, err := server.AnalyzeStack(t.Context(), stack)
	require.NoError(t, err, m.what)
	found = append(found, answer.GetDiagnostics()...)
	return slices.DeleteFunc(found, func(d *pulumirpc.AnalyzeDiagnostic) bool { return d.GetPolicyName() == rule.Unevaluated })
}

// table is the score: of all packs, of each, and the rules that no mutant needs.
func table(mutants, survivors int, caughtBy, kills map[string]int) string {
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "\nall packs\t%d of %d mutants caught\t%.1f %%\n", mutants-survivors, mutants, 100*float64(mutants-survivors)/float64(mutants))
	for _, pack := range packs.Separate {
		idle := slices.DeleteFunc(slices.Clone(pack.Rules), func(r rule.Rule) bool { return kills[r.Name] > 0 })
		names := make([]string, len(idle))
		for i, r := range idle {
			names[i] = r.Name
		}
		fmt.Fprintf(out, "%s\t%d mutants\t%d of %d rules needed; not by prod: %s\n", pack.Name, caughtBy[pack.Name], len(pack.Rules)-len(idle), len(pack.Rules), strings.Join(names, ", "))
	}
	_ = out.Flush()
	for _, name := range slices.Sorted(maps.Keys(kills)) {
		fmt.Fprintf(&text, "  %s: %d\n", name, kills[name])
	}
	return text.String()
}
