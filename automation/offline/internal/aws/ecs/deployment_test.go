package ecs_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/internal/taskfailures"
	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/ecs"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// shop is a lab with a service of two revisions of a task definition.
type shop struct {
	*awstest.Lab
	inputs        awstest.In
	first, second string
	began         time.Time
}

func newShop(t *testing.T) *shop {
	t.Helper()
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	cluster := l.Create(token.Cluster, "lab", awstest.In{"name": "lab"})
	revision := func() string {
		return l.Create(token.TaskDefinition, "shop", awstest.In{
			"family":                  "shop",
			"containerDefinitions":    awstest.Shop,
			"requiresCompatibilities": []any{"FARGATE"},
			"networkMode":             "awsvpc",
			"cpu":                     "256",
			"memory":                  "512",
		}).Str("arn")
	}
	s := &shop{Lab: l, first: revision(), second: revision(), began: time.Now().UTC()}
	s.inputs = awstest.In{
		"name":                     "shop",
		"cluster":                  cluster.Str("arn"),
		"launchType":               "FARGATE",
		"desiredCount":             1,
		"forceNewDeployment":       true,
		"waitForSteadyState":       true,
		"taskDefinition":           s.first,
		"networkConfiguration":     awstest.In{"subnets": []any{subnets[0].Id}},
		"deploymentCircuitBreaker": awstest.In{"enable": true, "rollback": true},
	}
	return s
}

// with returns the inputs of the service with others.
func (s *shop) with(others awstest.In) awstest.In { return awstest.Merge(s.inputs, others) }

// fault fails the next deployment.
func (s *shop) fault(code string) {
	s.Helper()
	require.NoError(s, s.W.AddFault(s.Context(), world.Fault{Operation: world.Run, URN: "*", Code: code, Times: 1}))
}

// deployments are those that ECS describes, the latest first.
func (s *shop) deployments() []types.Deployment {
	s.Helper()
	out, err := ecs.API{World: s.W}.DescribeServices(s.Context(), &sdk.DescribeServicesInput{
		Cluster: aws.String("lab"), Services: []string{"shop"},
	})
	require.NoError(s, err)
	return out.Services[0].Deployments
}

func (s *shop) failures() []taskfailures.Failure {
	s.Helper()
	api := ecs.API{World: s.W}
	failures, err := taskfailures.Since(context.Background(), api, api, "lab", "shop", s.began)
	require.NoError(s, err)
	return failures
}

func TestTheCircuitBreakerGoesBackToTheLastCompletedDeployment(t *testing.T) {
	for code, reason := range map[string]string{
		world.Exit:      "Essential container in task exited",
		world.Unhealthy: "Task failed container health checks",
	} {
		t.Run(code, func(t *testing.T) {
			s := newShop(t)
			made := s.Create(token.Service, "shop", s.inputs)
			s.fault(code)
			updated, err := s.TryUpdate(made, s.with(awstest.In{"taskDefinition": s.second, "desiredCount": 9}))
			require.NoError(t, err, "the service is steady again")
			assert.Equal(t, s.first, updated.Str("taskDefinition"))

			deployments := s.deployments()
			require.Len(t, deployments, 3)
			assert.Equal(t, types.DeploymentRolloutStateCompleted, deployments[0].RolloutState)
			assert.Equal(t, s.first, *deployments[0].TaskDefinition)
			assert.Equal(t, "ECS deployment circuit breaker: rolling back to deploymentId "+*deployments[2].Id+".",
				*deployments[0].RolloutStateReason)
			assert.Equal(t, types.DeploymentRolloutStateFailed, deployments[1].RolloutState)
			assert.Equal(t, s.second, *deployments[1].TaskDefinition)

			failures := s.failures()
			require.Len(t, failures, 3, "no more are told of")
			assert.Equal(t, reason, failures[0].Reason)
			assert.Equal(t, "ECS deployment circuit breaker: tasks failed to start.", failures[0].Deployment)
			require.Len(t, s.Warnings, 1)
			assert.Contains(t, s.Warnings[0], "a fault was asked for ("+code+")")

			mended := s.Update(updated, s.with(awstest.In{"taskDefinition": s.second}))
			assert.Equal(t, s.second, mended.Str("taskDefinition"))
		})
	}
}

// The thresholds are those of "How the Amazon ECS deployment circuit breaker detects failures".
func TestThresholdOfTheCircuitBreaker(t *testing.T) {
	for desired, threshold := range map[int]int{1: 3, 6: 3, 7: 4, 25: 13, 400: 200, 800: 200} {
		s := newShop(t)
		s.fault(world.Exit)
		_, err := s.TryCreate(token.Service, "shop", s.with(awstest.In{"desiredCount": desired}))
		require.Error(t, err)
		out, err := ecs.API{World: s.W}.ListTasks(t.Context(), &sdk.ListTasksInput{
			Cluster: aws.String("lab"), ServiceName: aws.String("shop"),
		})
		require.NoError(t, err)
		assert.Len(t, out.TaskArns, threshold, "%d tasks are desired", desired)
	}
}

// With no deployment to go back to, the service has no task, and the provider waits in vain. The service is there.
func TestAFirstDeploymentThatFailsIsNotRolledBack(t *testing.T) {
	s := newShop(t)
	s.fault(world.Exit)
	_, err := s.TryCreate(token.Service, "shop", s.inputs)
	require.ErrorContains(t, err, "create: timeout while waiting for state to become 'tfSTABLE'")
	assert.Equal(t, types.DeploymentRolloutStateFailed, s.deployments()[0].RolloutState)
	_, exists := s.Imported(token.Service, "lab/shop")
	assert.True(t, exists)

	quick := newShop(t)
	quick.fault(world.Exit)
	quick.Create(token.Service, "shop", quick.with(awstest.In{"waitForSteadyState": false}))
	assert.Equal(t, types.DeploymentRolloutStateFailed, quick.deployments()[0].RolloutState)
}

func TestWithoutACircuitBreakerNothingIsRolledBack(t *testing.T) {
	s := newShop(t)
	inputs := s.with(awstest.In{"deploymentCircuitBreaker": awstest.In{"enable": false, "rollback": false}})
	made := s.Create(token.Service, "shop", inputs)
	s.fault(world.Unhealthy)
	_, err := s.TryUpdate(made, awstest.Merge(inputs, awstest.In{"taskDefinition": s.second}))
	require.ErrorContains(t, err, "update: timeout while waiting for state to become 'tfSTABLE'")
	assert.Equal(t, types.DeploymentRolloutStateInProgress, s.deployments()[0].RolloutState)
	refreshed, _ := s.Refresh(made)
	assert.Equal(t, s.second, refreshed.Str("taskDefinition"))
}

// The provider's wait is over before an alarm rolls the deployment back in its bake time.
func TestAnAlarmGoesBackAfterTheProvidersWait(t *testing.T) {
	s := newShop(t)
	inputs := s.with(awstest.In{
		"alarms": awstest.In{"alarmNames": []any{"errors"}, "enable": true, "rollback": true},
	})
	made := s.Create(token.Service, "shop", inputs)
	s.fault(world.Alarm)
	updated := s.Update(made, awstest.Merge(inputs, awstest.In{"taskDefinition": s.second}))
	assert.Equal(t, s.second, updated.Str("taskDefinition"))
	assert.Equal(t, types.DeploymentRolloutStateInProgress, s.deployments()[0].RolloutState)
	assert.Empty(t, s.failures(), "its tasks run")

	after := s.deployments()
	assert.Equal(t, s.first, *after[0].TaskDefinition)
	assert.Equal(t, types.DeploymentRolloutStateFailed, after[1].RolloutState)
	refreshed, _ := s.Refresh(updated)
	assert.Equal(t, s.first, refreshed.Str("taskDefinition"))
	failures := s.failures()
	require.Len(t, failures, 1)
	assert.Equal(t, "ECS deployment failed: alarm detected.", failures[0].Deployment)
}

func TestAnAlarmThatTheServiceDoesNotHaveFailsNothing(t *testing.T) {
	s := newShop(t)
	s.fault(world.Alarm)
	s.Create(token.Service, "shop", s.inputs)
	assert.Equal(t, types.DeploymentRolloutStateCompleted, s.deployments()[0].RolloutState)
	require.Len(t, s.Warnings, 1)
	assert.Contains(t, s.Warnings[0], "the service has no alarm that could fail its deployment")
}

func TestADeletedServiceHasNoDeployments(t *testing.T) {
	s := newShop(t)
	made := s.Create(token.Service, "shop", s.inputs)
	require.NoError(t, s.TryDelete(made))
	s.fault(world.Exit)
	_, err := s.TryCreate(token.Service, "shop", s.inputs)
	require.Error(t, err, "there is nothing to go back to")
}
