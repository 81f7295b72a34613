package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/runtask/internal/taskrun"
)

// full is an ECS that has no room, and keeps what it was asked for.
type full struct {
	taskrun.ECS
	tokens []string
}

var errFull = errors.New("no capacity")

func (f *full) RunTask(_ context.Context, in *ecs.RunTaskInput, _ ...func(*ecs.Options)) (*ecs.RunTaskOutput, error) {
	f.tokens = append(f.tokens, *in.ClientToken)
	return nil, errFull
}

const event = `{"cluster": "lab", "taskDefinition": "lab-orders:7", "subnets": ["subnet-1"], "securityGroups": ["sg-1"],
	"containerName": "app", "command": ["migrate"], "timeoutSeconds": 600}`

func TestARequestOfLambdaIsOneTask(t *testing.T) {
	region := &full{}
	function := lambda.NewHandler(handler(&taskrun.Runner{ECS: region, Log: slog.New(slog.DiscardHandler)}))
	for _, id := range []string{"request-1", "request-1", "request-2"} {
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: id})
		_, err := function.Invoke(ctx, []byte(event))
		require.ErrorIs(t, err, errFull)
	}
	assert.Equal(t, []string{"request-1-1", "request-1-1", "request-2-1"}, region.tokens)
}

func TestOutsideLambdaNothingRuns(t *testing.T) {
	_, err := handler(&taskrun.Runner{})(t.Context(), taskrun.Event{})
	assert.ErrorContains(t, err, "call it through Lambda")
}

func TestAnEventThatIsNoneIsRefused(t *testing.T) {
	function := lambda.NewHandler(handler(&taskrun.Runner{}))
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	_, err := function.Invoke(ctx, []byte(`{"clusterName": "lab"}`))
	assert.ErrorContains(t, err, `unknown field "clusterName"`)
}
