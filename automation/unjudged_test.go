package automation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A rule that cannot judge before the first up lets pass what it is there to stop.
func TestEveryRuleJudgesBeforeTheFirstUp(t *testing.T) {
	for name, test := range map[string]struct {
		stack   string
		changes map[string]any
	}{
		"dev":                  {"dev", nil},
		"dev through a proxy":  {"dev", map[string]any{"database.proxy": true}},
		"dev with MySQL":       {"dev", map[string]any{"database.engine": "mysql"}},
		"prod":                 {"prod", nil},
		"prod without a proxy": {"prod", map[string]any{"database.proxy": false}},
		"prod on EC2":          {"prod", map[string]any{"cluster.launchType": "ec2"}},
		"prod with Aurora":     {"prod", map[string]any{"database.kind": "aurora", "database.proxy": false}},
		"prod with a Multi-AZ cluster": {"prod", map[string]any{
			"database.kind": "multiAzCluster",
			"exemptions": []any{map[string]any{
				"rule":     "backup-copies",
				"resource": "*::backup-uncopied-plan",
				"reason":   "AWS Backup copies no snapshots of Multi-AZ DB clusters",
				"expires":  time.Now().AddDate(0, 1, 0).UTC().Format(time.DateOnly),
			}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			p.edit(t, test.stack, test.changes)
			preview, err := p.open(t, test.stack).Preview(t.Context())
			require.NoError(t, err)
			for _, v := range preview.Violations {
				require.Empty(t, v.Unjudged, "%s: %s", v.ResourceName, v.Finding)
			}
		})
	}
}
