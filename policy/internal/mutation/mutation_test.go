//go:build mutation

package mutation_test

import (
	"fmt"
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

// stacks are prod, and prod with what it could be made of instead.
var stacks = []struct {
	name    string
	changes []string
	// known are rules that find something in the stack as it is, and count for no mutant of it.
	known []string
}{
	{name: "prod"},
	{
		name:    "prod on EC2 instances, with Aurora",
		changes: []string{"awslab:database: {}", "awslab:database: {kind: aurora}", "  awslab:network:", "  awslab:cluster: {launchType: ec2}\n  awslab:network:"},
		known:   []string{"ec2-launch-isolation"}, // its services share instances, which prod.json takes for advice
	},
}

func TestEveryMutantIsCaught(t *testing.T) {
	server, err := serve.New(packs.All)
	require.NoError(t, err)
	total := newScore()
	for _, stack := range stacks {
		t.Run(stack.name, func(t *testing.T) {
			recorded := recordProd(t, stack.changes...)
			caught := score(t, server, recorded, stack.known)
			t.Log(caught.String())
			require.GreaterOrEqual(t, caught.mutants, leastMutants)
			require.Empty(t, caught.survivors, "no rule finds these")
			total.add(caught)
		})
	}
	t.Log(total.String() + total.idle())
}

func score(t *testing.T, server *serve.Server, recorded world, known []string) *tally {
	t.Helper()
	find := func(m mutant) []*pulumirpc.AnalyzeDiagnostic {
		return slices.DeleteFunc(judge(t, server, recorded, m), func(d *pulumirpc.AnalyzeDiagnostic) bool { return slices.Contains(known, d.GetPolicyName()) })
	}
	unchanged := mutant{}
	for urn, req := range recorded.inputs {
		unchanged = unchanged.and(mutant{inputs: map[string]props{urn: req.GetProperties().AsMap()}})
	}
	require.Empty(t, find(unchanged), "the stack as it is has findings")
	counted := newScore()
	for _, m := range derive(recorded) {
		counted.count(m, find(m))
	}
	for _, name := range known {
		counted.rules[name]++
	}
	return counted
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

// tally is how many mutants there were, and who caught them.
type tally struct {
	mutants      int
	survivors    []string
	packs, rules map[string]int
}

func newScore() *tally { return &tally{packs: map[string]int{}, rules: map[string]int{}} }

func (s *tally) count(m mutant, found []*pulumirpc.AnalyzeDiagnostic) {
	s.mutants++
	if len(found) == 0 {
		s.survivors = append(s.survivors, m.what)
	}
	seen := map[string]bool{}
	for _, d := range found {
		for counts, name := range map[*map[string]int]string{&s.packs: d.GetPolicyPackName(), &s.rules: d.GetPolicyName()} {
			if !seen[name] {
				(*counts)[name]++
			}
			seen[name] = true
		}
	}
}

func (s *tally) add(other *tally) {
	s.mutants += other.mutants
	s.survivors = append(s.survivors, other.survivors...)
	for name, n := range other.packs {
		s.packs[name] += n
	}
	for name, n := range other.rules {
		s.rules[name] += n
	}
}

// String is the score of all packs, and how many mutants each would have caught alone.
func (s *tally) String() string {
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "\nall packs\t%d of %d mutants caught\t%.1f %%\n", s.mutants-len(s.survivors), s.mutants, 100*float64(s.mutants-len(s.survivors))/float64(s.mutants))
	for _, pack := range packs.Separate {
		fmt.Fprintf(out, "%s\t%d\t%.1f %%\n", pack.Name, s.packs[pack.Name], 100*float64(s.packs[pack.Name])/float64(s.mutants))
	}
	_ = out.Flush()
	return text.String()
}

// idle names the rules that no mutant needs.
func (s *tally) idle() string {
	var names []string
	for _, r := range packs.All.Rules {
		if s.rules[r.Name] == 0 {
			names = append(names, r.Name)
		}
	}
	return fmt.Sprintf("%d of %d rules caught a mutant; not about anything in these stacks: %s\n", len(packs.All.Rules)-len(names), len(packs.All.Rules), strings.Join(names, ", "))
}
