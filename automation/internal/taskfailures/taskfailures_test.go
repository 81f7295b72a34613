package taskfailures_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/internal/taskfailures"
)

// account is what the APIs answer.
type account struct {
	tasks         []types.Task
	definitionErr error
	logs          map[string][]string
}

func (a account) ListTasks(_ context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	if aws.ToString(in.Cluster) != "lab" || aws.ToString(in.ServiceName) != "orders" || in.DesiredStatus != types.DesiredStatusStopped {
		return nil, errors.New("no such service")
	}
	out := &ecs.ListTasksOutput{}
	for _, t := range a.tasks {
		out.TaskArns = append(out.TaskArns, *t.TaskArn)
	}
	return out, nil
}

func (a account) DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	return &ecs.DescribeTasksOutput{Tasks: a.tasks}, nil
}

func (a account) DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{
		Name: aws.String("app"), LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs,
			Options: map[string]string{"awslogs-group": "/ecs/orders", "awslogs-stream-prefix": "app"}},
	}}}}, a.definitionErr
}

func (a account) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	lines, found := a.logs[*in.LogGroupName+":"+*in.LogStreamName]
	if !found {
		return nil, errors.New("ResourceNotFoundException")
	}
	out := &cloudwatchlogs.GetLogEventsOutput{}
	for _, line := range lines {
		out.Events = append(out.Events, logtypes.OutputLogEvent{Message: aws.String(line)})
	}
	return out, nil
}

var began = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

func task(id string, minute int, code types.TaskStopCode, reason string) types.Task {
	return types.Task{
		TaskArn: aws.String("arn:aws:ecs:eu-west-1:123456789012:task/lab/" + id), TaskDefinitionArn: aws.String("orders:7"),
		StoppedAt: aws.Time(began.Add(time.Duration(minute) * time.Minute)), StopCode: code, StoppedReason: aws.String(reason),
		Containers: []types.Container{{Name: aws.String("app"), ExitCode: aws.Int32(1)}},
	}
}

func failures(t *testing.T, a account) []taskfailures.Failure {
	t.Helper()
	found, err := taskfailures.Since(context.Background(), a, a, "lab", "orders", began)
	require.NoError(t, err)
	return found
}

func TestAFailureHasItsReasonAndItsLastLines(t *testing.T) {
	found := failures(t, account{
		tasks: []types.Task{task("abc", 1, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited")},
		logs:  map[string][]string{"/ecs/orders:app/app/abc": {"starting\n", "panic: no DATABASE_HOST"}},
	})
	require.Len(t, found, 1)
	require.Equal(t, "task abc stopped: Essential container in task exited\n  container app exited with 1\n    | starting\n    | panic: no DATABASE_HOST", found[0].String())
}

func TestOnlyFailuresOfTheRunAreTold(t *testing.T) {
	exited := types.TaskStopCodeEssentialContainerExited
	found := failures(t, account{tasks: []types.Task{
		task("before", -1, exited, "an old one"),
		task("fewer", 1, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by deployment ecs-svc/1"),
		task("sick", 2, types.TaskStopCodeServiceSchedulerInitiated, "Task failed ELB health checks in target-group x"),
		task("later", 3, exited, "Essential container in task exited"),
	}})
	require.Len(t, found, 2)
	require.Equal(t, "Essential container in task exited", found[0].Reason)
	require.Equal(t, "Task failed ELB health checks in target-group x", found[1].Reason)
}

func TestNoMoreThanThreeTasksAreTold(t *testing.T) {
	var a account
	for minute := range 10 {
		a.tasks = append(a.tasks, task("t", minute+1, types.TaskStopCodeTaskFailedToStart, "CannotPullContainerError"))
	}
	found := failures(t, a)
	require.Len(t, found, 3)
	require.Equal(t, began.Add(10*time.Minute), found[0].StoppedAt)
}

func TestWhatMayNotBeReadIsLeftOut(t *testing.T) {
	found := failures(t, account{
		tasks: []types.Task{task("abc", 1, types.TaskStopCodeTaskFailedToStart, "ResourceInitializationError")}, definitionErr: errors.New("AccessDenied"),
	})
	require.Equal(t, "task abc stopped: ResourceInitializationError\n  container app exited with 1", found[0].String())
}

func TestAServiceThatCannotBeListedIsAnError(t *testing.T) {
	_, err := taskfailures.Since(context.Background(), account{}, account{}, "lab", "other", began)
	require.ErrorContains(t, err, "listing the stopped tasks of service other: no such service")
}
