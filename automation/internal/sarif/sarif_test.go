package sarif

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/awslab/awslab/automation"
	"github.com/stretchr/testify/require"
)

var (
	refusal = automation.Violation{
		Pack:         "resilience",
		Policy:       "rds-multi-az",
		Severity:     "MEDIUM",
		Controls:     []string{"RDS.5"},
		Title:        "Two zones",
		Finding:      "one zone.",
		Fix:          "set multiAz.",
		URN:          "urn:pulumi:dev::awslab::aws:rds/instance:Instance::main",
		ResourceName: "main",
		Message:      "the whole message",
		Mandatory:    true,
	}
	advice   = automation.Violation{Pack: "third", Policy: "named", Message: "no name", Finding: "no name"}
	accepted = automation.Violation{
		Pack:     "resilience",
		Policy:   "exemptions",
		Accepted: "rds-multi-az",
		Reason:   "it can be made again",
		Message:  "rds-multi-az is accepted for reports until 2027-01-31: it can be made again.",
		URN:      "urn:pulumi:dev::awslab::aws:rds/instance:Instance::reports",
	}
	unjudged = automation.Violation{
		Pack:     "baseline",
		Policy:   "unevaluated",
		Unjudged: "s3-tls-only",
		Message:  "not yet",
		URN:      "urn:x",
	}
)

// write returns the log as any reader sees it.
func write(t *testing.T, violations ...automation.Violation) map[string]any {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, Write(&out, "dev", violations))
	var log map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &log))
	return log
}

func at(t *testing.T, value any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			require.Contains(t, value, step)
			value = value.(map[string]any)[step]
		case int:
			require.Greater(t, len(value.([]any)), step)
			value = value.([]any)[step]
		}
	}
	return value
}

// TestRequiredProperties checks what the schema of SARIF 2.1.0 requires, and what code-scanning tools require besides.
func TestRequiredProperties(t *testing.T) {
	for name, violations := range map[string][]automation.Violation{
		"no finding": nil, "every kind": {refusal, advice, accepted, unjudged, refusal},
	} {
		t.Run(name, func(t *testing.T) {
			log := write(t, violations...)
			require.Equal(t, "2.1.0", log["version"])
			require.Len(t, log["runs"], 1)
			require.NotEmpty(t, at(t, log, "runs", 0, "tool", "driver", "name"))
			rules := at(t, log, "runs", 0, "tool", "driver", "rules").([]any)
			ids := map[any]bool{}
			for _, rule := range rules {
				require.NotEmpty(t, at(t, rule, "shortDescription", "text"))
				require.NotEmpty(t, at(t, rule, "help", "text"))
				require.Contains(t, []any{"error", "warning", "note"}, at(t, rule, "defaultConfiguration", "level"))
				require.False(t, ids[at(t, rule, "id")], "ids are unique")
				ids[at(t, rule, "id")] = true
			}
			results := at(t, log, "runs", 0, "results").([]any)
			require.Len(t, results, len(violations))
			for _, result := range results {
				require.NotEmpty(t, at(t, result, "message", "text"))
				index := int(at(t, result, "ruleIndex").(float64))
				require.Equal(t, at(t, result, "ruleId"), at(t, rules, index, "id"))
				where := at(t, result, "locations", 0, "physicalLocation")
				require.Equal(t, "Pulumi.dev.yaml", at(t, where, "artifactLocation", "uri"))
				require.EqualValues(t, 1, at(t, where, "region", "startLine"))
				require.NotEmpty(t, at(t, result, "partialFingerprints", "awslabFinding/v1"))
			}
		})
	}
}

func TestResults(t *testing.T) {
	tests := map[string]struct {
		violation                 automation.Violation
		rule, level, help, scored string
	}{
		"mandatory":            {refusal, "resilience/rds-multi-az", "error", "set multiAz.", "5.5"},
		"advisory, no details": {advice, "third/named", "warning", "named", ""},
		"not judged": {unjudged, "unevaluated", "note",
			"Preview again once the resource exists: a value that the rule needs is not known before.", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			log := write(t, test.violation)
			rule, result := at(t, log, "runs", 0, "tool", "driver", "rules", 0), at(t, log, "runs", 0, "results", 0)
			require.Equal(t, test.rule, at(t, result, "ruleId"))
			require.Equal(t, test.level, at(t, result, "level"))
			require.Equal(t, test.violation.Message, at(t, result, "message", "text"))
			require.Equal(t, test.help, at(t, rule, "help", "text"))
			score, _ := at(t, rule, "properties").(map[string]any)["security-severity"].(string)
			require.Equal(t, test.scored, score)
			if test.violation.URN != "" {
				require.Equal(t, test.violation.URN,
					at(t, result, "locations", 0, "logicalLocations", 0, "fullyQualifiedName"))
			}
		})
	}
}

func TestALogDoesNotDependOnTheOrderOfFindings(t *testing.T) {
	violations := []automation.Violation{refusal, advice, unjudged}
	log := write(t, violations...)
	slices.Reverse(violations)
	require.Equal(t, log, write(t, violations...))
}

func TestFingerprintsTellFindingsApart(t *testing.T) {
	other := refusal
	other.URN += "-replica"
	prints := func(v automation.Violation) any {
		return at(t, write(t, v), "runs", 0, "results", 0, "partialFingerprints", "awslabFinding/v1")
	}
	require.NotEqual(t, prints(refusal), prints(other))
	louder := refusal
	louder.Mandatory = false
	require.Equal(t, prints(refusal), prints(louder), "a change of level is the same finding")
}

func TestWhatIsAcceptedIsSuppressed(t *testing.T) {
	log := write(t, accepted, refusal)
	require.Len(t, at(t, log, "runs", 0, "tool", "driver", "rules"), 1, "it goes by the name of its rule")
	require.Equal(
		t,
		"Two zones",
		at(t, log, "runs", 0, "tool", "driver", "rules", 0, "shortDescription", "text"),
		"which a violation describes better",
	)
	suppressed := 0
	for _, result := range at(t, log, "runs", 0, "results").([]any) {
		if suppressions, has := result.(map[string]any)["suppressions"]; has {
			suppressed++
			require.Equal(t, "external", at(t, suppressions, 0, "kind"))
			require.Equal(t, "it can be made again", at(t, suppressions, 0, "justification"))
			require.Equal(t, "note", at(t, result, "level"))
		}
	}
	require.Equal(t, 1, suppressed)
}
