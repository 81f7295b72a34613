package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

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
	err = unknownRule("rds-multi", nil)
	require.EqualError(t, err, `there is no rule "rds-multi": the project has no policy packs`)
}
