//go:build e2e

package automation_test

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/internal/makespan"
)

// requireShortMakespan estimates the first deployment of a stack on AWS from its state, and logs which chain of
// resources makes it as long as it is: a dependency that nothing needs shows there.
func (p *project) requireShortMakespan(t *testing.T, stackName string) {
	t.Helper()
	deployment, err := p.open(t, stackName).Export(t.Context(), automation.ExportOptions{})
	require.NoError(t, err)
	var state apitype.DeploymentV3
	require.NoError(t, json.Unmarshal(deployment.Deployment, &state))
	estimate, err := makespan.Of(state.Resources, automation.DefaultParallel)
	require.NoError(t, err)
	t.Logf("a first deployment of %s takes AWS %s", stackName, estimate)
	require.LessOrEqual(t, estimate.Total.Seconds(), 1.1*estimate.Critical.Seconds())
}
