// Package taskfailures finds out why the tasks of an ECS service stopped: the reasons that ECS gives, and the last
// lines that their containers logged. A deployment that fails says only that it did.
package taskfailures

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Limits of what is told: the tasks of a failed deployment fail for the same reason, the last of them for the latest.
const (
	maxTasks    = 3
	maxLogLines = 20
)

// ECS is what is asked of the ECS API.
type ECS interface {
	DescribeServices(
		context.Context,
		*ecs.DescribeServicesInput,
		...func(*ecs.Options),
	) (*ecs.DescribeServicesOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	DescribeTaskDefinition(
		context.Context,
		*ecs.DescribeTaskDefinitionInput,
		...func(*ecs.Options),
	) (*ecs.DescribeTaskDefinitionOutput, error)
}

// Logs is what is asked of the CloudWatch Logs API.
type Logs interface {
	GetLogEvents(
		context.Context,
		*cloudwatchlogs.GetLogEventsInput,
		...func(*cloudwatchlogs.Options),
	) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// Failure is a task that stopped.
type Failure struct {
	Service string `json:"service"`
	TaskArn string `json:"taskArn"`
	Reason  string `json:"reason"`
	// Deployment is why the deployment that the task belonged to failed; empty when it did not.
	Deployment string      `json:"deployment,omitempty"`
	StoppedAt  time.Time   `json:"stoppedAt"`
	Containers []Container `json:"containers"`
}

// Container is a container of a task that stopped.
type Container struct {
	Name string `json:"name"`
	// ExitCode is nil when the container never ran.
	ExitCode *int32 `json:"exitCode,omitempty"`
	Reason   string `json:"reason,omitempty"`
	// LogLines are the last that it wrote.
	LogLines []string `json:"logLines,omitempty"`
}

// String tells the failure in a few lines.
func (f Failure) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "task %s stopped: %s", taskId(f.TaskArn), f.Reason)
	if f.Deployment != "" {
		fmt.Fprintf(&text, "\n  its deployment failed: %s", f.Deployment)
	}
	for _, c := range f.Containers {
		fmt.Fprintf(&text, "\n  container %s", c.Name)
		if c.ExitCode != nil {
			fmt.Fprintf(&text, " exited with %d", *c.ExitCode)
		}
		if c.Reason != "" {
			fmt.Fprintf(&text, ": %s", c.Reason)
		}
		for _, line := range c.LogLines {
			fmt.Fprintf(&text, "\n    | %s", line)
		}
	}
	return text.String()
}

// Since lists tasks of a service that stopped after a point in time, either by themselves or with a deployment that
// failed, and not because somebody wanted fewer of them: those that stopped by themselves first, and of them the
// latest. ECS remembers stopped tasks for about an hour. Who may not describe the service gets what its tasks tell, and
// the error.
func Since(ctx context.Context, tasks ECS, logs Logs, cluster, service string, began time.Time) ([]Failure, error) {
	listed, err := tasks.ListTasks(ctx, &ecs.ListTasksInput{
		Cluster: aws.String(cluster), ServiceName: aws.String(service), DesiredStatus: types.DesiredStatusStopped,
	})
	if err != nil {
		return nil, fmt.Errorf("listing the stopped tasks of service %s: %w", service, err)
	}
	if len(listed.TaskArns) == 0 {
		return nil, nil
	}
	described, err := tasks.DescribeTasks(
		ctx,
		&ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: listed.TaskArns},
	)
	if err != nil {
		return nil, fmt.Errorf("describing the stopped tasks of service %s: %w", service, err)
	}
	deployments, err := failedDeployments(ctx, tasks, cluster, service, began)
	failed := slices.DeleteFunc(described.Tasks, func(t types.Task) bool {
		_, withDeployment := deployments[aws.ToString(t.StartedBy)]
		return t.StoppedAt == nil || t.StoppedAt.Before(began) || scheduled(t) && !withDeployment
	})
	slices.SortFunc(failed, func(a, b types.Task) int {
		if scheduled(a) != scheduled(b) {
			return map[bool]int{false: -1, true: 1}[scheduled(a)]
		}
		return b.StoppedAt.Compare(*a.StoppedAt)
	})
	var failures []Failure
	for _, task := range failed[:min(maxTasks, len(failed))] {
		failure := describe(ctx, tasks, logs, service, task)
		failure.Deployment = deployments[aws.ToString(task.StartedBy)]
		failures = append(failures, failure)
	}
	return failures, err
}

// scheduled tells a task that the service stopped, because it was one too many or its deployment was taken back, from
// one that failed: of itself, or a health check, for which the service stops it too.
func scheduled(task types.Task) bool {
	return task.StopCode == types.TaskStopCodeServiceSchedulerInitiated &&
		!strings.Contains(aws.ToString(task.StoppedReason), "failed")
}

// deploymentFailed is how an event of a service tells that a deployment failed, and why ("Service event messages",
// Amazon ECS developer guide): "(service orders) (deployment ecs-svc/1) deployment failed: alarm detected."
var deploymentFailed = regexp.MustCompile(`\(deployment (ecs-svc/\d+)\) deployment failed: (.+)$`)

// failedDeployments returns the deployments of a service that failed after a point in time, each with the reason, by
// the id that their tasks were started by. A deployment tells more than the event, but is gone once its last task has
// stopped.
func failedDeployments(
	ctx context.Context,
	services ECS,
	cluster, service string,
	began time.Time,
) (map[string]string, error) {
	described, err := services.DescribeServices(
		ctx,
		&ecs.DescribeServicesInput{Cluster: aws.String(cluster), Services: []string{service}},
	)
	if err != nil {
		return nil, fmt.Errorf("describing service %s: %w", service, err)
	}
	failed := map[string]string{}
	for _, s := range described.Services {
		for _, event := range s.Events {
			match := deploymentFailed.FindStringSubmatch(aws.ToString(event.Message))
			if match != nil && !aws.ToTime(event.CreatedAt).Before(began) {
				failed[match[1]] = match[2]
			}
		}
		for _, deployment := range s.Deployments {
			if deployment.RolloutState == types.DeploymentRolloutStateFailed &&
				!aws.ToTime(deployment.UpdatedAt).Before(began) {
				failed[aws.ToString(deployment.Id)] = aws.ToString(deployment.RolloutStateReason)
			}
		}
	}
	return failed, nil
}

func describe(ctx context.Context, tasks ECS, logs Logs, service string, task types.Task) Failure {
	failure := Failure{
		Service:   service,
		TaskArn:   aws.ToString(task.TaskArn),
		Reason:    aws.ToString(task.StoppedReason),
		StoppedAt: *task.StoppedAt,
	}
	places := logPlaces(ctx, tasks, task)
	for _, c := range task.Containers {
		container := Container{Name: aws.ToString(c.Name), ExitCode: c.ExitCode, Reason: aws.ToString(c.Reason)}
		if place, found := places[container.Name]; found {
			container.LogLines = lastLines(ctx, logs, place)
		}
		failure.Containers = append(failure.Containers, container)
	}
	return failure
}

// logPlace is where a container's log is.
type logPlace struct{ group, stream string }

// logPlaces finds the containers' logs. Who may not read the task definition still learns why the task stopped.
func logPlaces(ctx context.Context, tasks ECS, task types.Task) map[string]logPlace {
	definition, err := tasks.DescribeTaskDefinition(
		ctx,
		&ecs.DescribeTaskDefinitionInput{TaskDefinition: task.TaskDefinitionArn},
	)
	if err != nil {
		return nil
	}
	places := map[string]logPlace{}
	for _, c := range definition.TaskDefinition.ContainerDefinitions {
		if c.LogConfiguration == nil || c.LogConfiguration.LogDriver != types.LogDriverAwslogs {
			continue
		}
		options, name := c.LogConfiguration.Options, aws.ToString(c.Name)
		stream := strings.Join(
			[]string{options["awslogs-stream-prefix"], name, taskId(aws.ToString(task.TaskArn))},
			"/",
		)
		places[name] = logPlace{options["awslogs-group"], stream}
	}
	return places
}

// lastLines reads the end of a log. A container that never ran has none.
func lastLines(ctx context.Context, logs Logs, place logPlace) []string {
	read, err := logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(place.group), LogStreamName: aws.String(place.stream), Limit: aws.Int32(maxLogLines),
	})
	if err != nil {
		return nil
	}
	var lines []string
	for _, event := range read.Events {
		lines = append(lines, strings.TrimRight(aws.ToString(event.Message), "\n"))
	}
	return lines
}

func taskId(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
