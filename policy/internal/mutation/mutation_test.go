//go:build mutation

package mutation_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/internal/diagnostic"
	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/serve"
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
		name: "prod on EC2 instances, with Aurora",
		changes: []string{
			"awslab:database: {}",
			"awslab:database: {kind: aurora}",
			"  awslab:network:",
			"  awslab:cluster: {launchType: ec2}\n  awslab:network:",
		},
		known: []string{"ec2-launch-isolation"}, // its services share instances, which prod.json takes for advice
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
			total.add(caught)
			require.GreaterOrEqual(t, caught.mutants, leastMutants)
			require.Empty(t, caught.survivors, "no rule finds these")
		})
	}
	t.Log(total.String() + total.alone())
	require.ElementsMatch(
		t,
		slices.Collect(maps.Keys(questioned)),
		total.idle(),
		"each rule catches a mutant, or there is a reason why none needs it",
	)
}

// questioned are the rules that no mutant needs, and why they are there all the same.
var questioned = map[string]string{
	"asg-health-check": "the lab's tasks have addresses of their own, so that no instance of its is behind a load " +
		"balancer",
	"cloudfront-tls":  "without a domain of its own the website has CloudFront's certificate",
	"lambda-multi-az": "the lab's functions are in no VPC",
}

func score(t *testing.T, server *serve.Server, recorded world, known []string) *tally {
	t.Helper()
	find := func(m mutant) []*pulumirpc.AnalyzeDiagnostic {
		return slices.DeleteFunc(
			judge(t, server, recorded, m),
			func(d *pulumirpc.AnalyzeDiagnostic) bool { return slices.Contains(known, d.GetPolicyName()) },
		)
	}
	unchanged := mutant{}
	for urn, req := range recorded.inputs {
		unchanged = unchanged.and(mutant{inputs: map[string]props{urn: req.GetProperties().AsMap()}})
	}
	require.Empty(t, find(unchanged), "the stack as it is has findings")
	counted, near := newScore(), newNeighbours(recorded)
	for _, m := range derive(recorded) {
		counted.count(
			m,
			slices.DeleteFunc(find(m), func(d *pulumirpc.AnalyzeDiagnostic) bool { return !near.relate(m, d) }),
		)
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
	return slices.DeleteFunc(
		found,
		func(d *pulumirpc.AnalyzeDiagnostic) bool { return d.GetPolicyName() == diagnostic.Unevaluated },
	)
}

// neighbours tell which resources name which, by their ids, names and ARNs.
type neighbours struct {
	names map[string][]string
	texts map[string]string
}

func newNeighbours(w world) neighbours {
	n := neighbours{names: map[string][]string{}, texts: map[string]string{}}
	for _, t := range w.things() {
		n.texts[t.urn] = render(t.outputs)
		for _, label := range []string{"id", "arn", "name", "bucket", "identifier", "arnSuffix"} {
			if name, _ := t.outputs[label].(string); len(name) > 4 {
				n.names[t.urn] = append(n.names[t.urn], `"`+name+`"`)
			}
		}
	}
	return n
}

func (n neighbours) knows(one, other string) bool {
	return slices.ContainsFunc(n.names[other], func(name string) bool { return strings.Contains(n.texts[one], name) })
}

// relate reports whether a finding is about what a mutant changed, or about what that names or is named by. One about
// something else is not what catches the mutant, unless its rule is about what is missing from the whole stack.
func (n neighbours) relate(m mutant, d *pulumirpc.AnalyzeDiagnostic) bool {
	touched := m.touched()
	if touched[d.GetUrn()] || slices.Contains(aboutTheStack, d.GetPolicyName()) {
		return true
	}
	for urn := range touched {
		if n.knows(urn, d.GetUrn()) || n.knows(d.GetUrn(), urn) {
			return true
		}
	}
	return false
}

// aboutTheStack are rules whose findings are on something else than what is wrong: on what no selection covers, on a
// plan that nothing tests, on a role that leads to another, on a task whose role's policy is wrong, on what lies in a
// subnet whose route table has a route.
var aboutTheStack = []string{
	"backup-coverage",
	"backup-restore-tested",
	"privesc-paths",
	"role-matches-use",
	"private-subnets",
}

// tally is how many mutants there were, who caught them, and who did so alone.
type tally struct {
	mutants             int
	survivors           []string
	packs, rules, loner map[string]int
}

func newScore() *tally {
	return &tally{packs: map[string]int{}, rules: map[string]int{}, loner: map[string]int{}}
}

func (s *tally) count(m mutant, found []*pulumirpc.AnalyzeDiagnostic) {
	s.mutants++
	if len(found) == 0 {
		s.survivors = append(s.survivors, m.what)
	}
	names := map[string]bool{}
	for _, d := range found {
		names[d.GetPolicyName()] = true
	}
	for name := range names {
		if len(names) == 1 {
			s.loner[name]++
		}
	}
	seen := map[string]bool{}
	for _, d := range found {
		for counts, name := range map[*map[string]int]string{
			&s.packs: d.GetPolicyPackName(),
			&s.rules: d.GetPolicyName(),
		} {
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
	for name, n := range other.loner {
		s.loner[name] += n
	}
}

// String returns the score of all packs, and how many mutants each would have caught alone.
func (s *tally) String() string {
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(
		out,
		"\nall packs\t%d of %d mutants caught\t%.1f %%\n",
		s.mutants-len(s.survivors),
		s.mutants,
		100*float64(s.mutants-len(s.survivors))/float64(s.mutants),
	)
	for _, pack := range packs.Separate {
		fmt.Fprintf(
			out,
			"%s\t%d\t%.1f %%\n",
			pack.Name,
			s.packs[pack.Name],
			100*float64(s.packs[pack.Name])/float64(s.mutants),
		)
	}
	_ = out.Flush()
	return text.String()
}

// idle names the rules that caught no mutant.
func (s *tally) idle() []string {
	var names []string
	for _, r := range packs.All.Rules {
		if s.rules[r.Name] == 0 {
			names = append(names, r.Name)
		}
	}
	return names
}

// alone tells for each rule of each pack how many mutants it caught, and how many of them no other did.
func (s *tally) alone() string {
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, pack := range packs.Separate {
		fmt.Fprintf(out, "\n%s\tcaught\talone\n", pack.Name)
		for _, r := range pack.Rules {
			fmt.Fprintf(out, "  %s\t%d\t%d\n", r.Name, s.rules[r.Name], s.loner[r.Name])
		}
	}
	_ = out.Flush()
	return text.String()
}
