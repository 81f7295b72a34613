//go:build e2e

package automation_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/awslab/awslab/automation/offline"
	"github.com/stretchr/testify/require"
)

// What AWS refuses in one step takes two updates, neither of which fails; what a configuration no longer has is gone.
func TestLifecycleOfChangesInTwoSteps(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	p.setLevels(t, "dev", map[string]any{"all": "advisory"})
	night := map[string]any{"name": "night", "at": "cron(0 20 * * ? *)", "min": 0, "max": 0}
	p.edit(t, "dev", map[string]any{
		"cluster.launchType":         "ec2",
		"services[1].path":           nil,
		"services[1].internal":       true,
		"services[0].rollbackErrors": 5,
		"services[0].desiredCount":   nil,
		"services[0].scaling":        map[string]any{"min": 1, "max": 2, "schedules": []any{night}},
	})
	_, err := p.open(t, "dev").Up(ctx)
	require.NoError(t, err)
	for _, change := range []struct {
		name    string
		changes map[string]any
		steps   int
	}{
		{"instances make place for Fargate", map[string]any{"cluster.launchType": nil}, 2},
		{"a service becomes public", map[string]any{"services[1].path": "/orders", "services[1].internal": nil}, 2},
		{"and internal again", map[string]any{"services[1].path": nil, "services[1].internal": true}, 1},
		{"schedules and alarms go", map[string]any{
			"services[0].rollbackErrors": 0, "services[0].scaling": map[string]any{"min": 1, "max": 2},
		}, 1},
	} {
		t.Run(change.name, func(t *testing.T) {
			p.edit(t, "dev", change.changes)
			for range change.steps {
				up, err := p.open(t, "dev").Up(ctx)
				require.NoError(t, err)
				require.False(t, up.Unchanged(), "there is a step more than it takes")
				requireDataKept(t, up)
			}
			p.requireUnchanged(t, "dev")
		})
	}
	p.takeDown(t, "dev")
}

// A database that is taken out leaves its snapshot and the key that encrypts it, each time.
func TestLifecycleOfADatabaseThatIsTakenOut(t *testing.T) {
	p := newProject(t)
	p.setLevels(t, "dev", map[string]any{"all": "advisory"})
	bring := func(changes map[string]any) {
		p.edit(t, "dev", changes)
		require.NoError(t, bringUp(p.open(t, "dev"), true))
		p.requireUnchanged(t, "dev")
	}
	put := map[string]any{
		"database": map[string]any{"finalSnapshot": true}, "services[1].access.database": true,
		"services[1].before": []any{map[string]any{"name": "migrate", "command": []any{"migrate"}}},
	}
	taken := map[string]any{"database": nil, "services[1].access.database": nil, "services[1].before": nil}
	for range 2 {
		bring(put)
		bring(taken)
	}
	destroyed, err := p.open(t, "dev").Destroy(t.Context())
	require.NoError(t, err)
	require.True(t, destroyed.Succeeded)
	kept := p.world(t)
	require.Len(t, kept, 1)
	require.Equal(t, "aws:kms/key:Key", kept[0].Type)
}

// A change that failed half way is taken back: nothing of what it was to replace is deleted.
func TestLifecycleOfAChangeThatFailsAndIsTakenBack(t *testing.T) {
	p := newProject(t)
	_, err := p.open(t, "dev").Up(t.Context())
	require.NoError(t, err)
	path := filepath.Join(p.dir, "Pulumi.dev.yaml")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, p.home(t).Inject(t.Context(), offline.Fault{
		Operation: offline.Update, URN: "*::orders-service", Code: "ClientException", Message: "asked for", Times: 1,
	}))
	p.edit(t, "dev", map[string]any{"database.proxy": true})
	_, err = p.open(t, "dev").Up(t.Context())
	require.ErrorContains(t, err, "asked for")
	require.NoError(t, os.WriteFile(path, before, 0o600))
	require.NoError(t, p.home(t).Record(t.Context()))
	_, err = p.open(t, "dev").Up(t.Context())
	require.NoError(t, err)
	outages, err := p.home(t).Outages(t.Context())
	require.NoError(t, err)
	require.Empty(t, outages)
	p.requireExactPermissions(t)
	p.requireUnchanged(t, "dev")
}
