package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

func TestHistoryIsATable(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var out strings.Builder
	require.NoError(t, printHistory(&out, []automation.PastOperation{
		{Operation: "update", Result: "in-progress", Began: began},
		{
			Operation: "destroy", Result: "succeeded", Began: began, Ended: began.Add(90 * time.Second),
			Changes: map[string]int{"same": 1, "delete": 2},
		},
	}))
	require.Equal(t, `OPERATION  RESULT       BEGAN                 TOOK   CHANGES
update     in-progress  2026-01-02T03:04:05Z  -      
destroy    succeeded    2026-01-02T03:04:05Z  1m30s  2 delete, 1 same
`, out.String())
	out.Reset()
	require.NoError(t, printHistory(&out, nil))
	require.Equal(t, "nothing has changed the stack yet\n", out.String())
}

func TestARuleIsExplained(t *testing.T) {
	rule := automation.Policy{
		Name: "rds-multi-az", Pack: "resilience", Severity: "MEDIUM", Controls: []string{"RDS.5", "CIS 5.0.0/2.2.4"},
		Description: "RDS DB instances are Multi-AZ deployments.", Fix: "set multiAz to true.",
		Levels: map[string]string{"prod": "mandatory", "dev": "advisory"},
	}
	var out strings.Builder
	require.NoError(t, explainPolicy(&out, rule))
	require.Equal(t, `rds-multi-az: RDS DB instances are Multi-AZ deployments.
Fix: set multiAz to true.
Severity: MEDIUM
Controls: RDS.5, CIS 5.0.0/2.2.4
Pack: resilience
In stack dev: advisory
In stack prod: mandatory
`, out.String())
	err := unknownRule("rds-multi", []automation.Policy{{Name: "s3-logs"}, rule})
	require.EqualError(t, err, `there is no rule "rds-multi"; did you mean "rds-multi-az"? See: awslab policy list`)
	require.Equal(t, exitInput, exitCode(t.Context(), err))
}
