package taskrun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// ECS is what a Runner asks of ECS.
type ECS interface {
	RunTask(context.Context, *ecs.RunTaskInput, ...func(*ecs.Options)) (*ecs.RunTaskOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	StopTask(context.Context, *ecs.StopTaskInput, ...func(*ecs.Options)) (*ecs.StopTaskOutput, error)
}

// Runner runs tasks.
type Runner struct {
	ECS  ECS
	Logs Logs
	Log  *slog.Logger
}

// Result is how a task ended that did not fail.
type Result struct {
	TaskArn  string `json:"taskArn"`
	ExitCode int32  `json:"exitCode"` // 0
}

const (
	// firstPoll and lastPoll lie between two looks at a task: a task takes some seconds to start, and may take long.
	firstPoll = 2 * time.Second
	lastPoll  = 15 * time.Second
	// reserve is kept of the time that Lambda allows, to stop the task and read its logs.
	reserve = 30 * time.Second
	// patience with what AWS does not know everywhere yet: a new task (ECS API, RunTask: eventual consistency), and the
	// rights of roles that the same update made (IAM User Guide: changes are not always immediately visible). And with
	// an API that does not answer.
	patience = 2 * time.Minute
)

// noCapacity begins the reason for which ECS starts no task while Fargate has no room for it. A task on instances waits
// for room by itself.
const noCapacity = "Capacity is unavailable at this time"

var errNoRoom = errors.New("there was no room for it in time")

// Run runs the task and waits for its end. A task whose container exits with anything but 0, that does not start, or
// that is not done in time, which stops it, is an error. While rights may still be on their way, what is denied is
// asked again, and a task that did not start for it is started again, as one is for which there is no room. Calls with
// the same token, of up to 60 characters, within a day run the same tasks.
func (r *Runner) Run(ctx context.Context, token string, event Event) (Result, error) {
	if err := event.validate(); err != nil {
		return Result{}, fmt.Errorf("event: %w", err)
	}
	running, cancel := limit(ctx, time.Duration(event.TimeoutSeconds)*time.Second)
	defer cancel()
	for settled, try := time.Now().Add(patience), 1; ; try++ {
		arn, err := r.start(running, fmt.Sprintf("%s-%d", token, try), event, settled)
		if errors.Is(err, errNoRoom) && sleep(running, lastPoll) == nil {
			r.Log.Warn("starting another task, as there was no room for it", "problem", err)
			continue
		}
		if err != nil {
			return Result{}, err
		}
		r.Log.Info("started", "task", arn, "startedBy", event.StartedBy)
		task, err := r.wait(running, event.Cluster, arn)
		if err != nil {
			return Result{}, r.giveUp(ctx, event, arn, err)
		}
		problem := failure(task, event.ContainerName)
		if problem == "" {
			r.Log.Info("ended", "task", arn, "exitCode", 0)
			return Result{TaskArn: arn}, nil
		}
		if !wasDenied(task) || time.Now().After(settled) {
			return Result{}, fmt.Errorf("task %s %s%s", arn, problem, r.lastLines(ctx, event, arn))
		}
		r.Log.Warn("starting another task, as rights that were just given may be on their way", "problem", problem)
	}
}

// limit ends a context after the timeout, or earlier, so that reserve is left of the time that ctx has.
func limit(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	end := time.Now().Add(timeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-reserve).Before(end) {
		end = deadline.Add(-reserve)
	}
	return context.WithDeadline(ctx, end)
}

// start starts a task. It asks again until settled for what is denied.
func (r *Runner) start(
	ctx context.Context, token string, event Event, settled time.Time,
) (arn string, err error) {
	input := &ecs.RunTaskInput{
		Cluster: &event.Cluster, TaskDefinition: &event.TaskDefinition, Count: aws.Int32(1), ClientToken: &token,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: event.Subnets, SecurityGroups: event.SecurityGroups, AssignPublicIp: types.AssignPublicIpDisabled,
		}},
		Overrides: &types.TaskOverride{
			ContainerOverrides: []types.ContainerOverride{{Name: &event.ContainerName, Command: event.Command}},
		},
	}
	if event.StartedBy != "" {
		input.StartedBy = &event.StartedBy
	}
	for _, c := range event.CapacityProviderStrategy {
		input.CapacityProviderStrategy = append(input.CapacityProviderStrategy, types.CapacityProviderStrategyItem{
			CapacityProvider: &c.CapacityProvider, Base: c.Base, Weight: c.Weight,
		})
	}
	answer, err := r.ECS.RunTask(ctx, input)
	for isDenied(err) && time.Now().Before(settled) && sleep(ctx, firstPoll) == nil {
		answer, err = r.ECS.RunTask(ctx, input)
	}
	if err != nil {
		return "", fmt.Errorf("running task definition %s: %w", event.TaskDefinition, err)
	}
	if len(answer.Failures) > 0 {
		f := answer.Failures[0]
		var room error
		if strings.HasPrefix(aws.ToString(f.Reason), noCapacity) {
			room = errNoRoom
		}
		return "", errors.Join(fmt.Errorf(
			"running task definition %s: ECS refused: %s %s",
			event.TaskDefinition,
			aws.ToString(f.Reason),
			aws.ToString(f.Detail),
		), room)
	}
	if len(answer.Tasks) == 0 {
		return "", fmt.Errorf(
			"running task definition %s: ECS named neither a task nor a failure",
			event.TaskDefinition,
		)
	}
	return aws.ToString(answer.Tasks[0].TaskArn), nil
}

// wait returns the task once it is stopped. What keeps it from looking for a while does not stop a task that may be in
// the middle of its work: throttling, an API that is down, or rights on their way.
func (r *Runner) wait(ctx context.Context, cluster, arn string) (types.Task, error) {
	seen := time.Now()
	for pause := firstPoll; ; pause = min(pause*3/2, lastPoll) {
		if err := sleep(ctx, pause); err != nil {
			return types.Task{}, err
		}
		answer, err := r.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: []string{arn}})
		isPatient := time.Since(seen) < patience
		switch {
		case err != nil && ctx.Err() != nil:
			return types.Task{}, ctx.Err()
		case err != nil && !isPatient:
			return types.Task{}, fmt.Errorf("looking at it: %w", err)
		case err != nil:
			r.Log.Warn("looking again", "task", arn, "error", err)
		case len(answer.Tasks) == 0 && !isPatient:
			return types.Task{}, fmt.Errorf("ECS does not know it after %s: %s", patience, reasons(answer.Failures))
		case len(answer.Tasks) > 0:
			if task := answer.Tasks[0]; aws.ToString(task.LastStatus) == "STOPPED" {
				return task, nil
			}
			seen = time.Now()
		}
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// isDenied reports whether ECS refused for want of a right: the caller's own, or one to assume a role of the task.
func isDenied(err error) bool {
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		return false
	}
	return refused.ErrorCode() == "AccessDeniedException" ||
		strings.Contains(refused.ErrorMessage(), "unable to assume the role")
}

// wasDenied reports whether a task did not start for want of a right of its execution role, such as to pull the image
// or to read a secret. No container of it ran. The words are those of "Stopped tasks error messages" in the Amazon ECS
// Developer Guide.
func wasDenied(task types.Task) bool {
	if task.StopCode != types.TaskStopCodeTaskFailedToStart {
		return false
	}
	reason := aws.ToString(task.StoppedReason)
	for _, c := range task.Containers {
		if c.ExitCode != nil {
			return false
		}
		reason += aws.ToString(c.Reason)
	}
	return strings.Contains(reason, "AccessDenied") || strings.Contains(reason, "unable to assume the role")
}

func reasons(failures []types.Failure) string {
	if len(failures) == 0 {
		return "no reason given"
	}
	return aws.ToString(failures[0].Reason)
}

// failure says how a stopped task failed, or nothing.
func failure(task types.Task, container string) string {
	stopped := fmt.Sprintf("(%s: %s)", task.StopCode, aws.ToString(task.StoppedReason))
	at := slices.IndexFunc(task.Containers, func(c types.Container) bool { return aws.ToString(c.Name) == container })
	if at < 0 {
		return fmt.Sprintf("has no container %q %s", container, stopped)
	}
	switch c := task.Containers[at]; {
	case c.ExitCode == nil:
		return fmt.Sprintf(
			"did not run container %q: %s %s",
			container,
			cmp.Or(aws.ToString(c.Reason), "no reason given"),
			stopped,
		)
	case *c.ExitCode != 0:
		return fmt.Sprintf("failed: container %q exited with %d %s", container, *c.ExitCode, stopped)
	case !slices.Contains(byItself, task.StopCode):
		return fmt.Sprintf("was stopped before container %q was done: it exited with 0 %s", container, stopped)
	}
	return ""
}

// byItself are the stop codes of a task whose container ended by itself. One that is told to end, as when somebody
// stops the task or EC2 takes a Spot Instance back, may exit with 0 as well, in the middle of its work.
var byItself = []types.TaskStopCode{"", types.TaskStopCodeEssentialContainerExited}

// giveUp stops a task that nobody waits for any more, and tells all that is known.
func (r *Runner) giveUp(ctx context.Context, event Event, arn string, cause error) error {
	// Lambda freezes the process soon after ctx ends, and a task without a witness should not go on.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reserve/2)
	defer cancel()
	if errors.Is(cause, context.DeadlineExceeded) {
		cause = fmt.Errorf("is not done in time (timeoutSeconds: %d)", event.TimeoutSeconds)
	}
	outcome := "it was stopped"
	if _, err := r.ECS.StopTask(
		ctx,
		&ecs.StopTaskInput{Cluster: &event.Cluster, Task: &arn, Reason: aws.String("given up by its runner")},
	); err != nil {
		outcome = fmt.Sprintf("stopping it failed, so it may go on: %s", err)
	}
	return fmt.Errorf("task %s %w; %s%s", arn, cause, outcome, r.lastLines(ctx, event, arn))
}
