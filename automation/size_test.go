//go:build e2e

package automation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

// What the quotas allow comes up: 100 services in one stack, each with a route, the database, a table and the file
// system. The state is written at the end alone, which else takes most of the time.
func TestLifecycleOfAHundredServices(t *testing.T) {
	p := newProject(t)
	p.edit(t, "prod", map[string]any{"services": servicesOfImages(100)})
	options := p.options("prod")
	options.Environment = map[string]string{"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	up, err := lab.Up(t.Context())
	require.NoError(t, err)
	require.True(t, up.Succeeded)
	p.requireExactPermissions(t)
	p.requireUnchanged(t, "prod")
}
