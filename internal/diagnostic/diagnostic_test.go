package diagnostic

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDiagnosticsAreWrittenAsPeopleReadThem(t *testing.T) {
	for text, c := range map[string]struct {
		policy string
		data   Diagnostic
	}{
		"[MEDIUM][RDS.5][REL10] Databases run in two zones\nlogs: multiAz is false.\n" +
			"Why: one zone can fail.\nFix: set multiAz.": {
			"rds-multi-az",
			Diagnostic{
				Severity: "MEDIUM",
				Controls: []string{"RDS.5", "REL10"},
				Title:    "Databases run in two zones",
				Resource: "logs",
				Finding:  "multiAz is false.",
				Why:      "one zone can fail.",
				Fix:      "set multiAz.",
			},
		},
		"s3-tls-only could not be judged for logs: policy: not known yet.": {Unevaluated, Diagnostic{
			Unjudged: "s3-tls-only", Resource: "logs", Finding: "policy: not known yet."}},
		"rds-multi-az is accepted for logs until 2027-01-31: it can be made again.": {Exemptions, Diagnostic{
			Accepted: "rds-multi-az", Resource: "logs", Until: "2027-01-31", Reason: "it can be made again"}},
		"Buckets need a name.\n\nSee [docs].": {
			"another-vendors",
			Diagnostic{Resource: "logs", Finding: "Buckets need a name.\n\nSee [docs]."},
		},
	} {
		assert.Equal(t, text, c.data.String())
		assert.Equal(t, c.data, Parse(c.policy, "logs", text))
	}
}

// FuzzRoundTrip writes and reads violations: nothing is lost but line breaks where one line is written.
func FuzzRoundTrip(f *testing.F) {
	f.Add(
		"HIGH",
		"RDS.5 REL10",
		"Databases run in two zones",
		"logs",
		"multiAz is false.",
		"One fails.",
		"set multiAz.",
	)
	f.Add("", "", "", "", "a\nFix: b", "x\nWhy: y", "c\nFix: d")
	f.Add("LOW", "x]", "[a] b", "a: b", ": ", "", " ")
	f.Fuzz(func(t *testing.T, severity, controls, title, resource, finding, why, fix string) {
		if severity != "" && !slices.Contains(Severities, severity) {
			t.Skip("no severity")
		}
		written := Diagnostic{Severity: severity, Controls: strings.Fields(controls), Title: title, Resource: resource,
			Finding: finding, Why: why, Fix: fix}.written()
		labelled := written.Severity != "" || len(written.Controls) > 0
		if labelled != (written.Title != "") ||
			len(written.Controls) > 0 && slices.Contains(Severities, written.Controls[0]) {
			t.Skip("a title comes with labels, and a label that is a severity is one")
		}
		if !labelled && (headline.MatchString(strings.SplitN(finding, "\n", 2)[0])) ||
			written.Fix == "" && strings.Contains(finding+whyMark+written.Why, fixMark) ||
			written.Why == "" && strings.Contains(finding, whyMark) {
			t.Skip("a finding that looks like more than it is")
		}
		if len(written.Controls) == 0 {
			written.Controls = nil
		}
		require.Equal(t, written, Parse("a-rule", written.Resource, written.String()))
	})
}

func FuzzRoundTripOfExemptions(f *testing.F) {
	f.Add("rds-multi-az", "logs", "2027-01-31", "it can be made again", "multiAz: unknown")
	f.Fuzz(func(t *testing.T, rule, resource, until, reason, finding string) {
		accepted := Diagnostic{Accepted: rule, Resource: resource, Until: until, Reason: reason}.written()
		if accepted.Accepted == "" || accepted.Resource == "" || accepted.Until == "" || accepted.Reason == "" ||
			finding == "" {
			t.Skip("something is missing")
		}
		require.Equal(t, accepted, Parse(Exemptions, "", accepted.String()))
		unjudged := Diagnostic{Unjudged: accepted.Accepted, Resource: accepted.Resource, Finding: finding}
		require.Equal(t, unjudged, Parse(Unevaluated, "", unjudged.String()))
	})
}
