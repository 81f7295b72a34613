package main

import (
	"strings"
	"testing"

	"github.com/awslab/awslab/automation"
	"github.com/charmbracelet/lipgloss"
	"github.com/stretchr/testify/require"
)

func texts(lines []line) []string {
	var all []string
	for _, l := range lines {
		all = append(all, l.text)
	}
	return all
}

// found returns an advisory finding of severity LOW.
func found(policy, name string, edits ...func(*automation.Violation)) automation.Violation {
	v := automation.Violation{
		Pack:         "baseline",
		Policy:       policy,
		Severity:     "LOW",
		Controls:     []string{"A.1"},
		Title:        "All is well",
		Finding:      "it is not.",
		Fix:          "make it so.",
		URN:          "urn:" + name,
		ResourceType: "aws:x:Y",
		ResourceName: name,
		Message:      policy + name,
	}
	for _, edit := range edits {
		edit(&v)
	}
	return v
}

func mandatory(v *automation.Violation) { v.Mandatory = true }
func high(v *automation.Violation)      { v.Severity = "HIGH" }
func unjudged(v *automation.Violation) {
	v.Unjudged, v.Policy, v.Mandatory = v.Policy, "unevaluated", false
}
func foreign(v *automation.Violation) {
	v.Severity, v.Controls, v.Title, v.Fix = "", nil, "", ""
	v.Finding = "First line.\nSecond line."
}

const block1 = "\n  aws:x:Y  %s\n    %s\n      it is not.\n      Fix: make it so."

func said(names, head string) string {
	return strings.Replace(strings.Replace(block1, "%s", names, 1), "%s", head, 1)
}

func TestFindings(t *testing.T) {
	tests := map[string]struct {
		failed     bool
		violations []automation.Violation
		want       string
	}{
		"none": {},
		"one": {
			violations: []automation.Violation{found("rule", "a")},
			want: "policy findings: 1 advisory\n" + said(
				"a",
				"advisory LOW A.1  rule (baseline): All is well",
			) + "\n"},
		"equal findings are folded": {
			violations: []automation.Violation{found("rule", "b"), found("rule", "a")},
			want: "policy findings: 2 advisory\n" + said(
				"2 resources: a, b",
				"advisory LOW A.1  rule (baseline): All is well",
			) + "\n"},
		"findings of one rule share its fix": {
			violations: []automation.Violation{
				found("rule", "a"),
				found("rule", "a", func(v *automation.Violation) { v.Finding = "and more." }),
			},
			want: "policy findings: 2 advisory\n\n  aws:x:Y  a\n    advisory LOW A.1  rule (baseline): All is well\n" +
				"      and more.\n      it is not.\n      Fix: make it so.\n"},
		"the gravest first": {
			violations: []automation.Violation{found("r1", "a"), found("r2", "b", high), found("r3", "c", mandatory)},
			want: "policy findings: 1 mandatory, 2 advisory\n" + said(
				"c",
				"mandatory LOW A.1  r3 (baseline): All is well",
			) + "\n" +
				said(
					"b",
					"advisory HIGH A.1  r2 (baseline): All is well",
				) + "\n" +
				said(
					"a",
					"advisory LOW A.1  r1 (baseline): All is well",
				) + "\n"},
		"what refuses stands last": {
			failed: true,
			violations: []automation.Violation{
				found("r3", "c", mandatory),
				found("r1", "a"),
				found("r4", "d", unjudged),
			},
			want: "policy findings: 1 mandatory, 1 advisory, 1 not judged yet\n\n" +
				"  1 rule could not judge 1 resource until what they need is known:\n    r4: d\n" +
				said("a", "advisory LOW A.1  r1 (baseline): All is well") + "\n" +
				said("c", "mandatory LOW A.1  r3 (baseline): All is well") + "\n"},
		"what was not judged is a line a rule": {
			violations: []automation.Violation{
				found("r1", "b", unjudged),
				found("r1", "a", unjudged),
				found("r2", "a", unjudged),
			},
			want: "policy findings: 3 not judged yet\n\n" +
				"  2 rules could not judge 2 resources until what they need is known:\n    r1: a, b\n    r2: a\n"},
		"a third party's message is whole": {
			violations: []automation.Violation{found("rule", "a", foreign)},
			want: "policy findings: 1 advisory\n\n  aws:x:Y  a\n    advisory  rule (baseline)\n      First " +
				"line.\n      Second line.\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			lines := (&findings{}).section(automation.Result{Succeeded: !test.failed, Violations: test.violations}, 0)
			require.Equal(t, test.want, strings.Join(texts(lines), "\n"))
		})
	}
}

func TestAnUpdateShowsOnlyWhatItsPreviewDidNot(t *testing.T) {
	f := &findings{}
	preview := automation.Result{Succeeded: true, Violations: []automation.Violation{found("r1", "a")}}
	f.section(preview, 0)
	require.Equal(t, []string{"policy findings: 1 advisory, all shown above"}, texts(f.section(preview, 0)))

	update := automation.Result{Succeeded: true, Violations: []automation.Violation{found("r1", "a"), found("r2", "b")}}
	text := strings.Join(texts(f.section(update, 0)), "\n")
	require.Contains(t, text, "new policy findings: 1 advisory (1 more are shown above)")
	require.NotContains(t, text, "r1")
}

func TestFindingsFitANarrowTerminal(t *testing.T) {
	v := found("rule", "a", func(v *automation.Violation) { v.Finding = strings.Repeat("word ", 40) + "." })
	for _, l := range (&findings{}).section(automation.Result{Violations: []automation.Violation{v}}, 40) {
		require.LessOrEqual(t, lipgloss.Width(l.text), 40, l.text)
	}
}

func TestALongWordStaysWhole(t *testing.T) {
	word := strings.Repeat("x", 50)
	require.Equal(t, []string{"  a", "    " + word, "    b"}, texts(wrap("a "+word+" b", "  ", "    ", 20, plainStyle)))
}
