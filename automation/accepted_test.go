//go:build e2e

package automation_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/infra/config/configtest"
)

// What the configuration accepts comes up on the offline target; what it refuses leaves nothing there.
// Policies are left out: they judge what may be deployed, not what can be. Run it with: make accepted
func TestWhatIsAcceptedComesUp(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	rapid.Check(t, func(r *rapid.T) {
		configuration := configtest.DrawAtLimits(r)
		leaveOutWhatIsElsewhere(configuration)
		p.write(r, "dev", configuration)
		require.NoError(r, os.RemoveAll(filepath.Join(p.dir, ".awslab")))

		options := p.options("dev")
		options.PolicyPacks = nil
		lab, err := automation.Open(ctx, options)
		if err == nil {
			_, err = lab.Up(ctx)
		}
		if refused := new(config.Error); errors.As(err, &refused) {
			require.NoDirExists(r, filepath.Join(p.dir, ".awslab"), "a refusal comes before anything is made")
			r.Skip(err)
		}
		require.NoError(r, err, "%v", configuration)
	})
}

// leaveOutWhatIsElsewhere removes what refers to something that the stack does not make, and that the offline target's
// account does not have.
func leaveOutWhatIsElsewhere(configuration map[string]any) {
	if balancer, ok := configuration["loadBalancer"].(map[string]any); ok {
		delete(balancer, "certificateArn")
	}
}
