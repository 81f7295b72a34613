package automation

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"
)

const serviceURN = "urn:pulumi:dev::awslab::aws:ecs/service:Service::orders-service"

func deployed(op apitype.OpType) apitype.StepEventMetadata {
	return apitype.StepEventMetadata{Op: op, URN: serviceURN, Type: ecsServiceType,
		New: &apitype.StepEventStateMetadata{Inputs: map[string]any{"cluster": "lab", "name": "awslab-dev-orders"}}}
}

// explained returns what a collector tells after the events of a failed operation.
func explained(find findFailures, seen ...apitype.EngineEvent) Result {
	c := &collector{lab: &Lab{findFailures: find}, began: time.Unix(100, 0)}
	for _, e := range seen {
		c.take(engineEvent(e))
	}
	c.explain(context.Background())
	return c.result
}

func TestAFailedDeploymentIsExplained(t *testing.T) {
	find := func(_ context.Context, service ecsService, since time.Time) ([]TaskFailure, error) {
		require.Equal(t, ecsService{"lab", "awslab-dev-orders"}, service)
		require.Equal(t, time.Unix(100, 0), since)
		return []TaskFailure{
			{Service: service.name, TaskArn: "task/lab/abc", Reason: "Essential container in task exited"},
		}, nil
	}
	result := explained(
		find,
		apitype.EngineEvent{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: deployed(apitype.OpUpdate)}},
	)
	require.Len(t, result.TaskFailures, 1)
	require.Equal(
		t,
		[]Diagnostic{
			{Severity: "error", URN: serviceURN, Message: "task abc stopped: Essential container in task exited"},
		},
		result.Diagnostics,
	)
}

// The provider waits 20 minutes for a first deployment, long after ECS has given it up.
func TestTasksThatStopAreToldOfWhileTheirServiceIsDeployed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int32
		find := func(_ context.Context, service ecsService, _ time.Time) ([]TaskFailure, error) {
			if looks.Add(1) == 1 {
				return nil, errors.New("throttled")
			}
			return []TaskFailure{{Service: service.name, TaskArn: "task/lab/abc", Reason: "it crashed"}}, nil
		}
		c := &collector{lab: &Lab{findFailures: find}, ctx: t.Context()}
		_, err := c.drain(func(ch chan<- events.EngineEvent) (Outputs, error) {
			defer close(ch)
			time.Sleep(time.Minute + rolloutPause/2)
			require.Zero(t, looks.Load(), "nothing is being deployed")
			ch <- engineEvent(apitype.EngineEvent{
				ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: deployed(apitype.OpCreate)},
			})
			time.Sleep(time.Minute)
			require.EqualValues(t, time.Minute/rolloutPause, looks.Load())
			ch <- engineEvent(apitype.EngineEvent{
				ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: deployed(apitype.OpCreate)},
			})
			before := looks.Load()
			time.Sleep(time.Minute)
			require.Equal(t, before, looks.Load())
			return nil, nil
		})
		require.NoError(t, err)
		require.Equal(t, []Diagnostic{
			{Severity: "warning", URN: serviceURN, Message: "task abc stopped: it crashed"},
		}, c.result.Diagnostics, "once")
	})
}

func TestWhatWasNotDeployedIsNotExplained(t *testing.T) {
	find := func(context.Context, ecsService, time.Time) ([]TaskFailure, error) {
		t.Fatal("nobody asks")
		return nil, nil
	}
	explained(
		find,
		apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: deployed(apitype.OpSame)}},
		apitype.EngineEvent{
			ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: deployed(apitype.OpUpdate), Planning: true},
		},
		apitype.EngineEvent{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: stepMetadata(apitype.OpCreate)}},
	)
}

func TestWhatCannotBeFoundOutIsSaid(t *testing.T) {
	find := func(context.Context, ecsService, time.Time) ([]TaskFailure, error) {
		return nil, errors.New("AccessDenied")
	}
	result := explained(
		find,
		apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: deployed(apitype.OpCreate)}},
	)
	require.Equal(
		t,
		[]Diagnostic{
			{Severity: "warning", URN: serviceURN, Message: "finding out why its tasks stopped: AccessDenied"},
		},
		result.Diagnostics,
	)
	require.Empty(t, result.TaskFailures)
}

func TestTheProgramWaitsForDeploymentsToBeOver(t *testing.T) {
	var awaited []ecsService
	l := &Lab{awaitRollout: func(_ context.Context, service ecsService) error {
		awaited = append(awaited, service)
		return errors.New("the deployment was rolled back")
	}}
	require.EqualError(t, l.await(t.Context(), "lab", "awslab-dev-orders"), "the deployment was rolled back")
	require.Equal(t, []ecsService{{"lab", "awslab-dev-orders"}}, awaited)
	require.NoError(t, (&Lab{}).await(t.Context(), "lab", "awslab-dev-orders"), "nobody knows")
}

func TestTheProgramStopsToWaitWhenTheOperationIsCancelled(t *testing.T) {
	operation, cancel := context.WithCancel(t.Context())
	l := &Lab{awaitRollout: func(ctx context.Context, _ ecsService) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	l.operation.Store(&operation)
	require.ErrorIs(t, l.await(t.Context(), "lab", "awslab-dev-orders"), context.Canceled)
}
