package taskfailures_test

import (
	"context"
	"errors"
	"slices"
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
	service       types.Service
	serviceErr    error
	logs          map[string][]string
}

func (a account) ListTasks(
	_ context.Context,
	in *ecs.ListTasksInput,
	_ ...func(*ecs.Options),
) (*ecs.ListTasksOutput, error) {
	if aws.ToString(in.Cluster) != "lab" || aws.ToString(in.ServiceName) != "orders" ||
		in.DesiredStatus != types.DesiredStatusStopped {
		return nil, errors.New("no such service")
	}
	out := &ecs.ListTasksOutput{}
	for _, t := range a.tasks {
		out.TaskArns = append(out.TaskArns, *t.TaskArn)
	}
	return out, nil
}

func (a account) DescribeServices(
	_ context.Context,
	in *ecs.DescribeServicesInput,
	_ ...func(*ecs.Options),
) (*ecs.DescribeServicesOutput, error) {
	if aws.ToString(in.Cluster) != "lab" || len(in.Services) != 1 || in.Services[0] != "orders" {
		return nil, errors.New("no such service")
	}
	return &ecs.DescribeServicesOutput{Services: []types.Service{a.service}}, a.serviceErr
}

func (a account) DescribeTasks(
	context.Context,
	*ecs.DescribeTasksInput,
	...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	return &ecs.DescribeTasksOutput{Tasks: slices.Clone(a.tasks)}, nil
}

func (a account) DescribeTaskDefinition(
	context.Context,
	*ecs.DescribeTaskDefinitionInput,
	...func(*ecs.Options),
) (*ecs.DescribeTaskDefinitionOutput, error) {
	return &ecs.DescribeTaskDefinitionOutput{
		TaskDefinition: &types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("app"), LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs,
				Options: map[string]string{"awslogs-group": "/ecs/orders", "awslogs-stream-prefix": "app"}},
		}}},
	}, a.definitionErr
}

func (a account) GetLogEvents(
	_ context.Context,
	in *cloudwatchlogs.GetLogEventsInput,
	_ ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.GetLogEventsOutput, error) {
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
		TaskArn:           aws.String("arn:aws:ecs:eu-west-1:123456789012:task/lab/" + id),
		TaskDefinitionArn: aws.String("orders:7"),
		StoppedAt:         aws.Time(began.Add(time.Duration(minute) * time.Minute)),
		StopCode:          code,
		StoppedReason:     aws.String(reason),
		Containers:        []types.Container{{Name: aws.String("app"), ExitCode: aws.Int32(1)}},
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
		tasks: []types.Task{
			task("abc", 1, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited"),
		},
		logs: map[string][]string{"/ecs/orders:app/app/abc": {"starting\n", "panic: no DATABASE_HOST"}},
	})
	require.Len(t, found, 1)
	require.Equal(
		t,
		"task abc stopped: Essential container in task exited\n  container app exited with 1\n    | starting\n    "+
			"| panic: no DATABASE_HOST",
		found[0].String(),
	)
}

func TestOnlyFailuresOfTheRunAreTold(t *testing.T) {
	exited := types.TaskStopCodeEssentialContainerExited
	found := failures(t, account{tasks: []types.Task{
		task("before", -1, exited, "an old one"),
		task(
			"fewer",
			1,
			types.TaskStopCodeServiceSchedulerInitiated,
			"Scaling activity initiated by deployment ecs-svc/1",
		),
		task("sick", 2, types.TaskStopCodeServiceSchedulerInitiated, "Task failed ELB health checks in target-group x"),
		task("later", 3, exited, "Essential container in task exited"),
	}})
	require.Len(t, found, 2)
	require.Equal(t, "Essential container in task exited", found[0].Reason)
	require.Equal(t, "Task failed ELB health checks in target-group x", found[1].Reason)
}

// scheduledBy returns a task that the service stopped, as it does with those of a deployment that it takes back.
func scheduledBy(id, deployment string, minute int) types.Task {
	stopped := task(
		id,
		minute,
		types.TaskStopCodeServiceSchedulerInitiated,
		"Scaling activity initiated by (deployment ecs-svc/9)",
	)
	stopped.StartedBy = aws.String(deployment)
	return stopped
}

// An alarm that goes off stops tasks that are sound as far as ECS knows; what they logged tells what the alarm saw.
func TestTheTasksOfADeploymentThatFailedAreTold(t *testing.T) {
	event := func(minute int, message string) types.ServiceEvent {
		return types.ServiceEvent{
			CreatedAt: aws.Time(began.Add(time.Duration(minute) * time.Minute)),
			Message:   aws.String(message),
		}
	}
	a := account{
		tasks: []types.Task{
			scheduledBy("old", "ecs-svc/1", 2),
			scheduledBy("new", "ecs-svc/2", 4),
			scheduledBy("earlier", "ecs-svc/0", 1),
			task("crashed", 3, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited"),
		},
		logs: map[string][]string{"/ecs/orders:app/app/new": {"500: no such column"}},
		service: types.Service{Events: []types.ServiceEvent{
			event(4, "(service orders) (deployment ecs-svc/2) deployment failed: alarm detected."),
			event(4, "(service orders) rolling back to (deployment ecs-svc/9)."),
			event(-9, "(service orders) (deployment ecs-svc/0) deployment failed: tasks failed to start."),
		}},
	}
	found := failures(t, a)
	require.Len(t, found, 2, "neither those of the deployment before nor of one that failed before")
	require.Equal(t, "Essential container in task exited", found[0].Reason, "what failed by itself comes first")
	require.Equal(
		t,
		"task new stopped: Scaling activity initiated by (deployment ecs-svc/9)\n  its deployment failed: alarm "+
			"detected.\n"+
			"  container app exited with 1\n    | 500: no such column",
		found[1].String(),
	)

	a.service.Deployments = []types.Deployment{
		{
			Id:                 aws.String("ecs-svc/2"),
			UpdatedAt:          aws.Time(began),
			RolloutState:       types.DeploymentRolloutStateFailed,
			RolloutStateReason: aws.String("alarm(s) orders-errors detected"),
		},
		{Id: aws.String("ecs-svc/1"), UpdatedAt: aws.Time(began), RolloutState: types.DeploymentRolloutStateCompleted},
	}
	require.Equal(
		t,
		"alarm(s) orders-errors detected",
		failures(t, a)[1].Deployment,
		"a deployment that is still there knows more",
	)
}

func TestAServiceThatMayNotBeDescribedIsTold(t *testing.T) {
	a := account{
		tasks:      []types.Task{task("abc", 1, types.TaskStopCodeTaskFailedToStart, "CannotPullContainerError")},
		serviceErr: errors.New("AccessDenied"),
	}
	found, err := taskfailures.Since(context.Background(), a, a, "lab", "orders", began)
	require.ErrorContains(t, err, "describing service orders: AccessDenied")
	require.Len(t, found, 1, "and its tasks all the same")
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
		tasks:         []types.Task{task("abc", 1, types.TaskStopCodeTaskFailedToStart, "ResourceInitializationError")},
		definitionErr: errors.New("AccessDenied"),
	})
	require.Equal(t, "task abc stopped: ResourceInitializationError\n  container app exited with 1", found[0].String())
}

func TestAServiceThatCannotBeListedIsAnError(t *testing.T) {
	_, err := taskfailures.Since(context.Background(), account{}, account{}, "lab", "other", began)
	require.ErrorContains(t, err, "listing the stopped tasks of service other: no such service")
}
