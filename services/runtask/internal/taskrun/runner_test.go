package taskrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	cluster = "arn:aws:ecs:eu-central-1:111122223333:cluster/lab"
	taskArn = "arn:aws:ecs:eu-central-1:111122223333:task/lab/0123456789abcdef0123456789abcdef"
)

// region answers for ECS and CloudWatch Logs about one task.
type region struct {
	failures []types.Failure
	// full is how many tasks ECS refuses while there is no room for them.
	full   int
	errors map[string]error // by operation
	// denied is how many calls of an operation are denied before a right is there.
	denied map[string]int
	// throttled is how many looks at the task meet throttling, once it was seen.
	throttled int
	// tasks are what DescribeTasks answers, one after the other, and then the last one again. Nil is a task that ECS
	// does not know yet.
	tasks []*types.Task
	// logs are what GetLogEvents answers, likewise. Nil is a stream that is not there.
	logs [][]string

	ran         []*ecs.RunTaskInput
	stopped     []*ecs.StopTaskInput
	read        []*cloudwatchlogs.GetLogEventsInput
	describedAt []time.Time
}

func (r *region) RunTask(_ context.Context, in *ecs.RunTaskInput, _ ...func(*ecs.Options)) (*ecs.RunTaskOutput, error) {
	if err := r.deny("RunTask"); err != nil {
		return nil, err
	}
	r.ran = append(r.ran, in)
	if r.full > 0 {
		r.full--
		return &ecs.RunTaskOutput{Failures: []types.Failure{{Reason: aws.String(noRoom)}}}, nil
	}
	if len(r.failures) > 0 {
		return &ecs.RunTaskOutput{Failures: r.failures}, nil
	}
	return &ecs.RunTaskOutput{Tasks: []types.Task{{TaskArn: aws.String(taskArn)}}}, r.errors["RunTask"]
}

func (r *region) DescribeTasks(
	_ context.Context,
	in *ecs.DescribeTasksInput,
	_ ...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	if *in.Cluster != cluster || len(in.Tasks) != 1 || in.Tasks[0] != taskArn {
		return nil, fmt.Errorf("asked for %v of %s", in.Tasks, *in.Cluster)
	}
	if err := r.deny("DescribeTasks"); err != nil {
		return nil, err
	}
	if len(r.describedAt) > 0 && r.throttled > 0 {
		r.throttled--
		return nil, &types.ServerException{Message: aws.String("Rate exceeded")}
	}
	task := r.tasks[min(len(r.describedAt), len(r.tasks)-1)]
	r.describedAt = append(r.describedAt, time.Now())
	if task == nil {
		return &ecs.DescribeTasksOutput{
			Failures: []types.Failure{{Reason: aws.String("MISSING")}},
		}, r.errors["DescribeTasks"]
	}
	return &ecs.DescribeTasksOutput{Tasks: []types.Task{*task}}, r.errors["DescribeTasks"]
}

func (r *region) StopTask(
	ctx context.Context,
	in *ecs.StopTaskInput,
	_ ...func(*ecs.Options),
) (*ecs.StopTaskOutput, error) {
	r.stopped = append(r.stopped, in)
	return &ecs.StopTaskOutput{}, errors.Join(ctx.Err(), r.errors["StopTask"])
}

func (r *region) GetLogEvents(
	ctx context.Context,
	in *cloudwatchlogs.GetLogEventsInput,
	_ ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.GetLogEventsOutput, error) {
	lines := r.logs[min(len(r.read), len(r.logs)-1)]
	r.read = append(r.read, in)
	if err := errors.Join(ctx.Err(), r.errors["GetLogEvents"]); err != nil {
		return nil, err
	}
	if lines == nil {
		return nil, fmt.Errorf(
			"operation error CloudWatch Logs: GetLogEvents, %w",
			&logtypes.ResourceNotFoundException{},
		)
	}
	answer := &cloudwatchlogs.GetLogEventsOutput{}
	for _, line := range lines {
		answer.Events = append(answer.Events, logtypes.OutputLogEvent{Message: aws.String(line)})
	}
	return answer, nil
}

// deny returns what IAM answers while a right that was just given is not known everywhere.
func (r *region) deny(operation string) error {
	if r.denied[operation] == 0 {
		return nil
	}
	r.denied[operation]--
	return fmt.Errorf("operation error ECS: %s, %w", operation, &smithy.GenericAPIError{
		Code: "AccessDeniedException", Message: "not authorized to perform: ecs:" + operation,
	})
}

func at(status string) *types.Task { return &types.Task{LastStatus: &status} }

// ended returns a task whose container app ended, beside another one.
func ended(code *int32, reason string) *types.Task {
	task := at("STOPPED")
	task.StopCode, task.StoppedReason = types.TaskStopCodeEssentialContainerExited, aws.String(
		"Essential container in task exited",
	)
	task.Containers = []types.Container{
		{Name: aws.String("collector"), ExitCode: aws.Int32(137)},
		{Name: aws.String("app"), ExitCode: code, Reason: aws.String(reason)},
	}
	return task
}

// callEvent is what components/compute calls the function with.
const callEvent = `{
	"cluster": "` + cluster + `",
		"taskDefinition": "arn:aws:ecs:eu-central-1:111122223333:task-definition/lab-orders:7",
	"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "base": 1, "weight": 1},
		{"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 3}],
	"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"],
	"containerName": "app", "command": ["migrate"], "timeoutSeconds": 600,
	"logGroup": "/ecs/lab-orders", "logStreamPrefix": "app", "startedBy": "migrate"
}`

func readEvent(t *testing.T) Event {
	t.Helper()
	var event Event
	require.NoError(t, json.Unmarshal([]byte(callEvent), &event))
	return event
}

// run runs the event as Lambda does, with 15 minutes for all, on synctest's clock. took is the time that passed.
func run(t *testing.T, r *region, change func(*Event)) (result Result, took time.Duration, err error) {
	t.Helper()
	event := readEvent(t)
	if change != nil {
		change(&event)
	}
	if r.logs == nil {
		r.logs = [][]string{nil}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		start := time.Now()
		result, err = (&Runner{ECS: r, Logs: r, Log: slog.New(slog.DiscardHandler)}).Run(ctx, "request-1", event)
		took = time.Since(start)
		require.NoError(t, ctx.Err(), "it ends before Lambda ends it")
	})
	return result, took, err
}

func TestATaskThatSucceeds(t *testing.T) {
	r := &region{
		tasks: []*types.Task{nil, at("PROVISIONING"), at("RUNNING"), at("DEPROVISIONING"), ended(aws.Int32(0), "")},
	}
	result, _, err := run(t, r, nil)
	require.NoError(t, err)
	assert.Equal(t, Result{TaskArn: taskArn}, result)
	text, err := json.Marshal(result)
	require.NoError(t, err)
	assert.JSONEq(t, `{"taskArn": "`+taskArn+`", "exitCode": 0}`, string(text))
	assert.Empty(t, r.stopped)
	assert.Empty(t, r.read, "nobody needs its log")

	require.Len(t, r.ran, 1)
	assert.Equal(t, &ecs.RunTaskInput{
		Cluster:        aws.String(cluster),
		TaskDefinition: aws.String("arn:aws:ecs:eu-central-1:111122223333:task-definition/lab-orders:7"),
		CapacityProviderStrategy: []types.CapacityProviderStrategyItem{
			{CapacityProvider: aws.String("FARGATE"), Base: 1, Weight: 1},
			{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 3},
		},
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets:        []string{"subnet-1", "subnet-2"},
			SecurityGroups: []string{"sg-1"},
			AssignPublicIp: types.AssignPublicIpDisabled,
		}},
		Overrides: &types.TaskOverride{
			ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app"), Command: []string{"migrate"}}},
		},
		ClientToken: aws.String("request-1-1"),
		StartedBy:   aws.String("migrate"),
		Count:       aws.Int32(1),
	}, r.ran[0])
}

func TestLooksComeLessOftenWithTime(t *testing.T) {
	tasks := []*types.Task{}
	for range 30 {
		tasks = append(tasks, at("RUNNING"))
	}
	r := &region{tasks: append(tasks, ended(aws.Int32(0), ""))}
	_, _, err := run(t, r, nil)
	require.NoError(t, err)
	before := firstPoll
	for i := range len(r.describedAt) - 1 {
		pause := r.describedAt[i+1].Sub(r.describedAt[i])
		assert.GreaterOrEqual(t, pause, before)
		before = pause
	}
	assert.Equal(t, lastPoll, before)
}

func TestATaskThatFails(t *testing.T) {
	const stopped = "(EssentialContainerExited: Essential container in task exited)"
	for name, tc := range map[string]struct {
		task *types.Task
		logs [][]string
		want string
	}{
		"exit code": {ended(aws.Int32(1), ""), [][]string{{"migration 0002: ERROR", "orders: failed"}},
			`failed: container "app" exited with 1 ` + stopped +
				"; its log ends with:\nmigration 0002: ERROR\norders: failed"},
		"lines arrive late": {
			ended(aws.Int32(1), ""),
			[][]string{{}, {"late"}},
			`failed: container "app" exited with 1 ` + stopped +
				"; its log ends with:\nlate",
		},
		"stream arrives late": {
			ended(aws.Int32(1), ""),
			[][]string{nil, {"late"}},
			`failed: container "app" exited with 1 ` + stopped +
				"; its log ends with:\nlate",
		},
		"silent": {
			ended(aws.Int32(139), ""),
			nil,
			`failed: container "app" exited with 139 ` + stopped + "; it logged nothing",
		},
		"not started": {ended(nil, "CannotPullContainerError: no such image"), nil,
			`did not run container "app": CannotPullContainerError: no such image ` + stopped + "; it logged nothing"},
		"other container": {
			&types.Task{
				LastStatus:    aws.String("STOPPED"),
				StopCode:      types.TaskStopCodeTaskFailedToStart,
				StoppedReason: aws.String("ResourceInitializationError"),
			},
			nil,
			`has no container "app" (TaskFailedToStart: ResourceInitializationError); it logged nothing`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &region{tasks: []*types.Task{at("RUNNING"), tc.task}, logs: tc.logs}
			_, _, err := run(t, r, nil)
			require.EqualError(t, err, "task "+taskArn+" "+tc.want)
			assert.Empty(t, r.stopped)
			require.NotEmpty(t, r.read)
			assert.Equal(t, &cloudwatchlogs.GetLogEventsInput{
				LogGroupName:  aws.String("/ecs/lab-orders"),
				LogStreamName: aws.String("app/app/0123456789abcdef0123456789abcdef"),
				Limit:         aws.Int32(20),
				StartFromHead: aws.Bool(false),
			}, r.read[0])
		})
	}
}

func TestLogLinesAreBounded(t *testing.T) {
	r := &region{
		tasks: []*types.Task{ended(aws.Int32(1), "")},
		logs:  [][]string{{strings.Repeat("é", maxLine), "end"}},
	}
	_, _, err := run(t, r, nil)
	require.ErrorContains(t, err, "é ...\nend")
	assert.Less(t, len(err.Error()), maxLine+500)
}

func TestAnUnreadableLogDoesNotHideTheFailure(t *testing.T) {
	r := &region{
		tasks:  []*types.Task{ended(aws.Int32(1), "")},
		errors: map[string]error{"GetLogEvents": errors.New("AccessDenied")},
	}
	_, _, err := run(t, r, nil)
	require.ErrorContains(t, err, "exited with 1")
	assert.ErrorContains(
		t,
		err,
		"reading its log /ecs/lab-orders, stream app/app/0123456789abcdef0123456789abcdef: AccessDenied",
	)
}

func TestWithoutALogGroupNoLogIsRead(t *testing.T) {
	r := &region{tasks: []*types.Task{ended(aws.Int32(1), "")}}
	_, _, err := run(t, r, func(e *Event) { e.LogGroup, e.LogStreamPrefix = "", "" })
	require.ErrorContains(t, err, "exited with 1")
	assert.Empty(t, r.read)
}

func TestATaskThatIsNotDoneInTimeIsStopped(t *testing.T) {
	for name, tc := range map[string]struct {
		seconds int
		after   time.Duration
	}{
		"its own timeout": {60, time.Minute},
		"the longest":     {MaxTimeout, MaxTimeout * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			r := &region{tasks: []*types.Task{at("RUNNING")}, logs: [][]string{{"waiting for a lock"}}}
			_, took, err := run(t, r, func(e *Event) { e.TimeoutSeconds = tc.seconds })
			require.EqualError(t, err, fmt.Sprintf(
				"task %s is not done in time (timeoutSeconds: %d); it was stopped; its log ends with:\nwaiting "+
					"for a lock",
				taskArn,
				tc.seconds,
			))
			assert.Equal(t, tc.after, took)
			require.Len(t, r.stopped, 1)
			assert.Equal(t, cluster, *r.stopped[0].Cluster)
			assert.Equal(t, taskArn, *r.stopped[0].Task)
		})
	}
}

// A function with less time than the event asks for still has time to stop the task.
func TestLambdasOwnTimeoutIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		r := &region{tasks: []*types.Task{at("RUNNING")}, logs: [][]string{nil}}
		start := time.Now()
		_, err := (&Runner{ECS: r, Logs: r, Log: slog.New(slog.DiscardHandler)}).Run(ctx, "request-1", readEvent(t))
		require.ErrorContains(t, err, "is not done in time")
		assert.Len(t, r.stopped, 1)
		assert.Equal(t, 5*time.Minute-reserve+logDelay, time.Since(start))
	})
}

func TestATaskThatCannotBeStoppedIsTold(t *testing.T) {
	r := &region{tasks: []*types.Task{at("RUNNING")}, errors: map[string]error{"StopTask": errors.New("AccessDenied")}}
	_, _, err := run(t, r, nil)
	assert.ErrorContains(t, err, "stopping it failed, so it may go on: AccessDenied")
}

func TestATaskThatCannotBeSeenIsStopped(t *testing.T) {
	r := &region{
		tasks:  []*types.Task{at("RUNNING")},
		errors: map[string]error{"DescribeTasks": errors.New("AccessDenied")},
	}
	_, _, err := run(t, r, nil)
	require.ErrorContains(t, err, "task "+taskArn+" looking at it: AccessDenied; it was stopped")
	assert.Len(t, r.stopped, 1)
}

// A container that is told to end may exit with 0 in the middle of its work.
func TestATaskThatOthersStopIsNoSuccess(t *testing.T) {
	for _, code := range []types.TaskStopCode{
		types.TaskStopCodeUserInitiated, types.TaskStopCodeSpotInterruption, types.TaskStopCodeTerminationNotice,
	} {
		task := ended(aws.Int32(0), "")
		task.StopCode, task.StoppedReason = code, aws.String("Task stopped by user")
		_, _, err := run(t, &region{tasks: []*types.Task{at("RUNNING"), task}, logs: [][]string{{"step 1 of 2"}}}, nil)
		require.EqualError(t, err, fmt.Sprintf(
			"task %s was stopped before container \"app\" was done: it exited with 0 (%s: Task stopped by user); its "+
				"log ends with:\nstep 1 of 2",
			taskArn,
			code,
		))
	}
}

// A task is not stopped in the middle of its work because ECS cannot be asked for a minute.
func TestATaskIsWaitedForWhileECSDoesNotAnswer(t *testing.T) {
	r := &region{throttled: 5, tasks: []*types.Task{at("RUNNING"), at("RUNNING"), ended(aws.Int32(0), "")}}
	_, took, err := run(t, r, nil)
	require.NoError(t, err)
	assert.Empty(t, r.stopped)
	assert.Greater(t, took, 30*time.Second)
}

func TestATaskThatStaysUnknownIsGivenUp(t *testing.T) {
	r := &region{tasks: []*types.Task{nil}}
	_, took, err := run(t, r, nil)
	require.ErrorContains(t, err, "ECS does not know it after 2m0s: MISSING")
	assert.Less(t, took, patience+lastPoll+logDelay+time.Second)
	assert.Len(t, r.stopped, 1)
}

func TestATaskThatIsNotStarted(t *testing.T) {
	r := &region{errors: map[string]error{"RunTask": errors.New("AccessDenied")}}
	_, _, err := run(t, r, nil)
	require.ErrorContains(
		t,
		err,
		"running task definition arn:aws:ecs:eu-central-1:111122223333:task-definition/lab-orders:7: AccessDenied",
	)

	r = &region{
		failures: []types.Failure{{Reason: aws.String("RESOURCE:ENI"), Detail: aws.String("no address is left")}},
	}
	_, _, err = run(t, r, nil)
	require.ErrorContains(t, err, "ECS refused: RESOURCE:ENI no address is left")
	assert.Empty(t, r.stopped)
}

const noRoom = "Capacity is unavailable at this time. Please try again later or in a different availability zone"

func TestRoomIsWaitedFor(t *testing.T) {
	r := &region{full: 4, tasks: []*types.Task{at("RUNNING"), ended(aws.Int32(0), "")}}
	_, took, err := run(t, r, nil)
	require.NoError(t, err)
	assert.Greater(t, took, 4*lastPoll)
	tokens := map[string]bool{}
	for _, call := range r.ran {
		tokens[*call.ClientToken] = true
	}
	assert.Len(t, tokens, 5, "ECS would answer the same request as before")

	r = &region{full: 1 << 30}
	_, took, err = run(t, r, nil)
	require.ErrorContains(t, err, "ECS refused: "+noRoom)
	require.ErrorContains(t, err, "there was no room for it in time")
	assert.Equal(t, 600*time.Second, took)
}

// notStarted returns a task whose execution role lacked a right.
func notStarted(reason string) *types.Task {
	task := ended(nil, "")
	task.StopCode, task.StoppedReason = types.TaskStopCodeTaskFailedToStart, &reason
	task.Containers[0].ExitCode = nil
	return task
}

const noSecret = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval " +
	"failed: unable to retrieve secret from asm: AccessDeniedException"

func TestRightsThatAreOnTheirWayAreWaitedFor(t *testing.T) {
	success := ended(aws.Int32(0), "")
	for name, tc := range map[string]struct {
		region *region
		ran    int
	}{
		"to run the task":    {&region{denied: map[string]int{"RunTask": 3}, tasks: []*types.Task{success}}, 1},
		"to look at it":      {&region{denied: map[string]int{"DescribeTasks": 3}, tasks: []*types.Task{success}}, 1},
		"to read its secret": {&region{tasks: []*types.Task{notStarted(noSecret), at("RUNNING"), success}}, 2},
		"to pull its image": {&region{tasks: []*types.Task{
			notStarted("CannotPullContainerError: pull image manifest has been retried: AccessDenied"), success,
		}}, 2},
		"to assume its role": {&region{tasks: []*types.Task{
			notStarted("ECS was unable to assume the role 'arn:aws:iam::111122223333:role/lab-orders'"), success,
		}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := run(t, tc.region, nil)
			require.NoError(t, err)
			tokens := map[string]bool{}
			for _, call := range tc.region.ran {
				tokens[*call.ClientToken] = true
			}
			assert.Len(t, tokens, tc.ran, "each task has a token of its own")
		})
	}
}

func TestRightsThatDoNotComeAreNotWaitedForLong(t *testing.T) {
	forever := func(operation string) map[string]int { return map[string]int{operation: 1 << 30} }
	for name, tc := range map[string]struct {
		region *region
		want   string
	}{
		"to run the task": {&region{denied: forever("RunTask")}, "AccessDeniedException"},
		"to look at it": {
			&region{denied: forever("DescribeTasks"), tasks: []*types.Task{at("RUNNING")}}, "it was stopped",
		},
		"to read its secret": {
			&region{tasks: []*types.Task{notStarted(noSecret)}}, "did not run container \"app\"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, took, err := run(t, tc.region, nil)
			require.ErrorContains(t, err, tc.want)
			assert.Greater(t, took, patience-lastPoll)
			assert.Less(t, took, patience+lastPoll+logDelay+firstPoll)
		})
	}
}

func TestATaskThatRanIsNotRunAgain(t *testing.T) {
	r := &region{tasks: []*types.Task{ended(aws.Int32(1), "AccessDeniedException")}}
	_, _, err := run(t, r, nil)
	require.ErrorContains(t, err, "exited with 1")
	assert.Len(t, r.ran, 1)
}

func TestEventsAreValidatedAsAWhole(t *testing.T) {
	r := &region{}
	_, _, err := run(t, r, func(e *Event) { *e = Event{TimeoutSeconds: MaxTimeout + 1, LogGroup: "/ecs/lab"} })
	require.EqualError(
		t,
		err,
		strings.Join([]string{"event: cluster: missing", "taskDefinition: missing", "containerName: missing",
			"subnets: missing; name at least one", "securityGroups: missing; name at least one", "command: missing",
			"timeoutSeconds: 841; use 1 to 840", `logGroup "/ecs/lab" and logStreamPrefix "": one is missing`}, "\n"),
	)
	assert.Empty(t, r.ran)
}

func TestWhatIsOptional(t *testing.T) {
	r := &region{tasks: []*types.Task{ended(aws.Int32(0), "")}}
	_, _, err := run(t, r, func(e *Event) {
		e.StartedBy, e.CapacityProviderStrategy, e.LogGroup, e.LogStreamPrefix = "", nil, "", ""
	})
	require.NoError(t, err)
	assert.Nil(t, r.ran[0].StartedBy, "ECS refuses an empty one")
	assert.Nil(t, r.ran[0].CapacityProviderStrategy, "the cluster's own strategy applies")
}

func TestAnUnknownMemberIsRefused(t *testing.T) {
	var event Event
	err := json.Unmarshal([]byte(strings.Replace(callEvent, "timeoutSeconds", "timeout", 1)), &event)
	assert.ErrorContains(t, err, `unknown field "timeout"`)
}
