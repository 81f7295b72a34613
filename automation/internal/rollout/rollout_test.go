package rollout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/internal/rollout"
)

// states are what ECS answers, one after the other.
type states struct {
	answers []types.Deployment
	asked   int
}

func (s *states) DescribeServices(
	_ context.Context,
	in *ecs.DescribeServicesInput,
	_ ...func(*ecs.Options),
) (*ecs.DescribeServicesOutput, error) {
	if aws.ToString(in.Cluster) != "lab" || in.Services[0] != "orders" {
		return nil, errors.New("no such service")
	}
	answer := s.answers[min(s.asked, len(s.answers)-1)]
	s.asked++
	old := types.Deployment{Id: aws.String("old"), Status: aws.String("ACTIVE")}
	return &ecs.DescribeServicesOutput{
		Services: []types.Service{{Deployments: []types.Deployment{old, answer}}},
	}, nil
}

func deployment(id string, state types.DeploymentRolloutState, reason string) types.Deployment {
	return types.Deployment{
		Id:                 aws.String(id),
		Status:             aws.String("PRIMARY"),
		RolloutState:       state,
		RolloutStateReason: aws.String(reason),
	}
}

func TestWait(t *testing.T) {
	running := deployment("new", types.DeploymentRolloutStateInProgress, "baking")
	for name, test := range map[string]struct {
		answers []types.Deployment
		asked   int
		want    string
	}{
		"over already": {
			[]types.Deployment{deployment("new", types.DeploymentRolloutStateCompleted, "")}, 1, "",
		},
		"after its alarms had time to tell": {
			[]types.Deployment{running, running, deployment("new", types.DeploymentRolloutStateCompleted, "")}, 3, "",
		},
		"of a kind without states": {[]types.Deployment{deployment("new", "", "")}, 1, ""},
		"failed": {
			[]types.Deployment{running, deployment("new", types.DeploymentRolloutStateFailed, "an alarm")},
			2,
			"the deployment of service orders failed: an alarm. An update that does not change the service starts no " +
				"other: change it, or mend what failed and run aws ecs update-service --cluster lab --service orders " +
				"--force-new-deployment",
		},
		"rolled back": {
			[]types.Deployment{running, deployment("older", types.DeploymentRolloutStateInProgress, "alarm detected")},
			2,
			"the deployment of service orders was rolled back: alarm detected",
		},
		"none": {
			[]types.Deployment{{Id: aws.String("x"), Status: aws.String("INACTIVE")}},
			1,
			"waiting for the deployment of service orders: there is none",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &states{answers: test.answers}
			err := rollout.Wait(t.Context(), s, "lab", "orders", time.Millisecond)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, test.want)
			}
			require.Equal(t, test.asked, s.asked)
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &states{answers: []types.Deployment{deployment("new", types.DeploymentRolloutStateInProgress, "")}}
	require.ErrorIs(t, rollout.Wait(ctx, s, "lab", "orders", time.Hour), context.Canceled)
}
