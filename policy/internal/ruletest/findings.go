package ruletest

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/internal/diagnostic"
	"github.com/awslab/awslab/policy/internal/rule"
)

var update = flag.Bool("update", false, "write the findings in testdata")

// checkFindings compares what the rules say to the cases that fail with testdata/findings.json, from which
// docs/policies.md quotes them.
func checkFindings(t *testing.T, pack rule.Pack, cases map[string][]Case) {
	t.Helper()
	got := map[string][]string{}
	client := Client(t, pack)
	for _, r := range pack.Rules {
		for _, c := range cases[r.Name] {
			if c.Situation != Fails {
				continue
			}
			configureOnly(t, client, pack, r, c.Settings)
			for _, d := range judge(t, client, r, c).GetDiagnostics() {
				finding := diagnostic.Parse(d.GetPolicyName(), c.Resource.Name, d.GetMessage()).Finding
				if d.GetUrn() == urn(c.Resource) && !slices.Contains(got[r.Name], finding) {
					got[r.Name] = append(got[r.Name], finding)
				}
			}
		}
	}
	path := filepath.Join("testdata", "findings.json")
	if *update {
		content, err := json.MarshalIndent(got, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, append(content, '\n'), 0o644))
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var want map[string][]string
	require.NoError(t, json.Unmarshal(content, &want))
	require.Equal(
		t,
		want,
		got,
		"run: go test ./policy/internal/packs/... -run TestRules -update; go generate ./policy/...",
	)
}
