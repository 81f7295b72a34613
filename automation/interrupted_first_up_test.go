//go:build e2e

package automation_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/offline"
)

// inState lists the URNs of the state of dev, sorted.
func (p *project) inState(t *testing.T) []string {
	t.Helper()
	exported, err := p.open(t, "dev").Export(t.Context(), automation.ExportOptions{})
	require.NoError(t, err)
	var state apitype.DeploymentV3
	require.NoError(t, json.Unmarshal(exported.Deployment, &state))
	var urns []string
	for _, r := range state.Resources {
		urns = append(urns, string(r.URN))
	}
	slices.Sort(urns)
	return urns
}

// A first up that is interrupted at its images has left no outputs, and images in ECR: the next one completes the state
// as well as the world.
func TestLifecycleOfAFirstUpThatIsInterruptedAtItsImages(t *testing.T) {
	buildCommand(t)
	p := newProject(t)
	up := func() {
		_, err := p.open(t, "dev").Up(t.Context())
		require.NoError(t, err)
	}
	up()
	undisturbed := p.inState(t)

	for name, interrupt := range map[string]func(t *testing.T){
		"cancelled": func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			options := p.options("dev")
			options.OnEvent = func(e automation.Event) {
				if e.Operation == automation.OperationUp && e.Resource != nil && e.Resource.Type == image {
					cancel()
				}
			}
			lab, err := automation.Open(t.Context(), options)
			require.NoError(t, err)
			_, err = lab.Up(ctx)
			require.ErrorIs(t, err, automation.ErrCancelled)
		},
		"killed": func(t *testing.T) {
			p.killAt(t, "up", offline.Create, "*aws:ecs/service:Service::orders-service", everything)
			p.recovered(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			lab := p.open(t, "dev")
			_, err := lab.Destroy(t.Context())
			require.NoError(t, err)
			require.NoError(t, lab.Remove(t.Context()))
			interrupt(t)
			require.Less(t, len(p.inState(t)), len(undisturbed))
			up()
			require.Equal(t, undisturbed, p.inState(t))
			p.requireUnchanged(t, "dev")
		})
	}
}
