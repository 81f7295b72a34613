package ecs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// API answers what is asked of ECS and CloudWatch Logs about the deployments in a world: how far they are, which of
// their tasks stopped, why, and what those logged. A deployment that an alarm fails bakes until it is looked at for the
// second time.
type API struct{ World *world.World }

// DescribeServices returns the deployments of services, the latest first.
func (a API) DescribeServices(
	ctx context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options),
) (*ecs.DescribeServicesOutput, error) {
	out := &ecs.DescribeServicesOutput{}
	if err := a.bake(ctx, aws.ToString(in.Cluster), in.Services); err != nil {
		return nil, err
	}
	err := a.World.View(ctx, func(tx *world.Tx) error {
		for _, name := range in.Services {
			service, err := serviceOf(tx, aws.ToString(in.Cluster), name)
			if err != nil {
				return err
			}
			history, err := tx.Deployments(service.ARN)
			if err != nil {
				return err
			}
			out.Services = append(out.Services, describeService(service, history))
		}
		return nil
	})
	return out, err
}

// bake goes on with the deployments of services that an alarm is about to fail.
func (a API) bake(ctx context.Context, cluster string, services []string) error {
	baking := false
	if err := a.World.View(ctx, func(tx *world.Tx) error {
		deployments, err := tx.AllDeployments()
		baking = slices.ContainsFunc(deployments, func(d *world.Deployment) bool { return d.Alarmed })
		return err
	}); err != nil || !baking {
		return err
	}
	var rolledBack []string
	err := a.World.Update(ctx, func(tx *world.Tx) error {
		for _, name := range services {
			service, err := serviceOf(tx, cluster, name)
			if err != nil {
				return err
			}
			back, err := bake(tx, service)
			if err != nil {
				return err
			}
			if back {
				rolledBack = append(rolledBack, service.URN)
			}
		}
		return nil
	})
	for _, urn := range rolledBack {
		err = errors.Join(err, a.World.End(ctx, urn))
	}
	return err
}

// serviceOf returns the service of a cluster, which is named by its ARN or name.
func serviceOf(tx *world.Tx, cluster, name string) (*world.Thing, error) {
	services, err := tx.ByName(token.Service, name)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		if values.AfterLast(bridge.StateOf(service).Str("cluster"), "/") == values.AfterLast(cluster, "/") {
			return service, nil
		}
	}
	return nil, &types.ServiceNotFoundException{Message: aws.String("Service not found: " + name)}
}

// bake goes on with the deployment of a service that an alarm is about to fail: it was seen to bake, and fails when it
// is looked at again. bake reports whether it was rolled back.
func bake(tx *world.Tx, service *world.Thing) (back bool, err error) {
	history, err := tx.Deployments(service.ARN)
	if err != nil || len(history) == 0 {
		return false, err
	}
	last := history[len(history)-1]
	switch {
	case !last.Alarmed:
		return false, nil
	case !last.Watched:
		last.Watched = true
		return false, tx.PutDeployments(service.ARN, history)
	}
	last.Alarmed, last.Rollout, last.Updated = false, world.Failed, time.Now().UTC()
	last.Reason = "ECS deployment failed: alarm detected."
	if bridge.StateOf(service).Bool("alarms.rollback") {
		rolled, err := goBack(tx, service, history, "ECS deployment alarm")
		if err != nil {
			return false, err
		}
		if back = len(rolled) > 0; back {
			history = rolled
		}
	}
	return back, tx.PutDeployments(service.ARN, history)
}

func describeService(service *world.Thing, history []*world.Deployment) types.Service {
	described := types.Service{ServiceArn: aws.String(service.ARN), ServiceName: aws.String(service.Name)}
	for i, d := range slices.Backward(history) {
		status := "INACTIVE"
		if i == len(history)-1 {
			status = "PRIMARY"
		}
		described.Deployments = append(described.Deployments, types.Deployment{
			Id:                 aws.String(d.ID),
			Status:             aws.String(status),
			TaskDefinition:     aws.String(d.Definition),
			RolloutState:       types.DeploymentRolloutState(d.Rollout),
			RolloutStateReason: aws.String(d.Reason),
			UpdatedAt:          aws.Time(d.Updated),
		})
		if d.Rollout != world.Failed {
			continue
		}
		_, reason, _ := strings.Cut(d.Reason, ": ")
		described.Events = append(described.Events, types.ServiceEvent{
			CreatedAt: aws.Time(d.Updated),
			Message: aws.String(
				fmt.Sprintf("(service %s) (deployment %s) deployment failed: %s", service.Name, d.ID, reason),
			),
		})
	}
	return described
}

// ListTasks returns the ARNs of the stopped tasks of a service.
func (a API) ListTasks(
	ctx context.Context, in *ecs.ListTasksInput, _ ...func(*ecs.Options),
) (*ecs.ListTasksOutput, error) {
	out := &ecs.ListTasksOutput{}
	err := a.World.View(ctx, func(tx *world.Tx) error {
		service, err := serviceOf(tx, aws.ToString(in.Cluster), aws.ToString(in.ServiceName))
		if err != nil {
			return err
		}
		history, err := tx.Deployments(service.ARN)
		for _, deployment := range history {
			for _, task := range deployment.Stopped {
				if deployment.Alarmed {
					continue // it still runs
				}
				out.TaskArns = append(out.TaskArns, task.ARN)
			}
		}
		return err
	})
	return out, err
}

// DescribeTasks returns tasks that stopped.
func (a API) DescribeTasks(
	ctx context.Context, in *ecs.DescribeTasksInput, _ ...func(*ecs.Options),
) (*ecs.DescribeTasksOutput, error) {
	out := &ecs.DescribeTasksOutput{}
	err := a.eachTask(ctx, func(deployment *world.Deployment, task world.StoppedTask) {
		if !slices.Contains(in.Tasks, task.ARN) {
			return
		}
		out.Tasks = append(out.Tasks, types.Task{
			TaskArn:           aws.String(task.ARN),
			TaskDefinitionArn: aws.String(deployment.Definition),
			StartedBy:         aws.String(deployment.ID),
			StopCode:          types.TaskStopCode(task.Code),
			StoppedReason:     aws.String(task.Reason),
			StoppedAt:         aws.Time(task.At),
			LastStatus:        aws.String("STOPPED"),
			Containers: []types.Container{
				{Name: aws.String(task.Container), ExitCode: aws.Int32(task.ExitCode)},
			},
		})
	})
	return out, err
}

// DescribeTaskDefinition returns where the containers of a task definition log.
func (a API) DescribeTaskDefinition(
	ctx context.Context, in *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options),
) (*ecs.DescribeTaskDefinitionOutput, error) {
	out := &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{}}
	err := a.World.View(ctx, func(tx *world.Tx) error {
		found, err := tx.ByARN(aws.ToString(in.TaskDefinition))
		if err != nil || len(found) == 0 {
			return err
		}
		definitions, _ := bridge.StateOf(found[0]).At("containerDefinitions")
		return json.Unmarshal([]byte(values.Document(definitions)), &out.TaskDefinition.ContainerDefinitions)
	})
	return out, err
}

// GetLogEvents returns what the container of a stopped task logged. The last part of a stream's name is the task's id.
func (a API) GetLogEvents(
	ctx context.Context, in *cloudwatchlogs.GetLogEventsInput, _ ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.GetLogEventsOutput, error) {
	out := &cloudwatchlogs.GetLogEventsOutput{}
	id := values.AfterLast(aws.ToString(in.LogStreamName), "/")
	err := a.eachTask(ctx, func(_ *world.Deployment, task world.StoppedTask) {
		if values.AfterLast(task.ARN, "/") != id {
			return
		}
		lines := task.Lines
		if limit := int(aws.ToInt32(in.Limit)); limit > 0 {
			lines = lines[max(0, len(lines)-limit):]
		}
		for _, line := range lines {
			out.Events = append(out.Events, logs.OutputLogEvent{Message: aws.String(line)})
		}
	})
	return out, err
}

func (a API) eachTask(ctx context.Context, visit func(*world.Deployment, world.StoppedTask)) error {
	return a.World.View(ctx, func(tx *world.Tx) error {
		deployments, err := tx.AllDeployments()
		for _, deployment := range deployments {
			for _, task := range deployment.Stopped {
				visit(deployment, task)
			}
		}
		return err
	})
}
