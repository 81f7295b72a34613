package compute

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// TaskRun is one task that runs before or after a deployment: the service's own task definition (or that of
// [ServiceArgs.BeforeTask]) with another command, such as the migration of a database. It runs again whenever the task
// definition, the place it runs in or the run itself changes, and so it has to be one that does no harm twice. A run
// that fails fails the update, with the task's reason and its last log lines.
type TaskRun struct {
	// Name is unique among the service's runs, 1 to 64 letters, digits, hyphens and underscores.
	Name    string
	Command []string
	// Timeout in seconds, 1 to [MaxRunTimeout], which is the default: a migration may have to wait for a new database.
	Timeout int
}

// MaxRunTimeout leaves the function that waits for a task a minute of its 15 (AWS Lambda quotas) to stop the task and
// read its logs.
const MaxRunTimeout = 840

// runEvent is what the function is called with; see services/runtask.
type runEvent struct {
	Cluster                  string        `json:"cluster"`
	TaskDefinition           string        `json:"taskDefinition"`
	CapacityProviderStrategy []runCapacity `json:"capacityProviderStrategy"`
	Subnets                  []string      `json:"subnets"`
	SecurityGroups           []string      `json:"securityGroups"`
	ContainerName            string        `json:"containerName"`
	Command                  []string      `json:"command"`
	TimeoutSeconds           int           `json:"timeoutSeconds"`
	LogGroup                 string        `json:"logGroup"`
	LogStreamPrefix          string        `json:"logStreamPrefix"`
	StartedBy                string        `json:"startedBy"`
}

type runCapacity struct {
	CapacityProvider string `json:"capacityProvider"`
	Base             int    `json:"base"`
	Weight           int    `json:"weight"`
}

func (args *ServiceArgs) validateTaskRuns() error {
	var problems []error
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	names := map[string]bool{}
	for _, list := range []struct {
		field string
		runs  []TaskRun
	}{{"Before", args.Before}, {"After", args.After}} {
		for i, run := range list.runs {
			at := fmt.Sprintf("%s[%d]", list.field, i)
			problems = append(problems, checkName(at+".Name", run.Name, 64))
			add(names[run.Name], at+".Name", "%q is used twice", run.Name)
			names[run.Name] = true
			add(len(run.Command) == 0, at+".Command", "missing")
			size := overrideSize(run.Command)
			add(size > maxOverrides, at+".Command", "%d characters as JSON; use at most %d", size, maxOverrides)
			add(
				run.Timeout < 0 || run.Timeout > MaxRunTimeout,
				at+".Timeout",
				"%d; use 1 to %d seconds",
				run.Timeout,
				MaxRunTimeout,
			)
		}
	}
	add(
		len(names) > 0 && args.TaskRunner == nil,
		"TaskRunner",
		"missing; Before and After need the function that runs them",
	)
	return errors.Join(problems...)
}

// maxOverrides is what the overrides of a task that is run may have (8,192 characters: "RunTask", Amazon ECS API), less
// what is in them besides the command.
const maxOverrides = 8000

func overrideSize(command []string) int {
	text, _ := json.Marshal(command) // strings always can be
	return len(text)
}

// runBefore makes the service wait for the last of the runs, each of which waits for the one before it.
func (p *servicePlan) runBefore(ctx *pulumi.Context) error {
	groups, ready := p.groups, p.ready
	if p.BeforeTask != nil {
		groups = slices.Concat(groups, p.BeforeTask.SecurityGroupIds)
		ready = slices.Concat(ready, p.BeforeTask.Ready)
	}
	for _, run := range p.Before {
		invocation, err := p.run(ctx, "before", run, p.before.Arn, groups, ready)
		if err != nil {
			return err
		}
		p.ready, ready = append(p.ready, invocation), append(ready, invocation)
	}
	return nil
}

// runAfter starts no run unless the deployment is the one that was wanted: service is stable as well when ECS went back
// to an earlier task definition.
func (p *servicePlan) runAfter(ctx *pulumi.Context, service *ecs.Service) error {
	after := []pulumi.Resource{service}
	for _, run := range p.After {
		invocation, err := p.run(ctx, "after", run, p.component.TaskDefinitionArn, p.groups, after)
		if err != nil {
			return err
		}
		after = append(after, invocation)
	}
	return nil
}

func (p *servicePlan) run(
	ctx *pulumi.Context,
	when string,
	run TaskRun,
	task pulumi.StringOutput,
	groups pulumi.StringArray,
	after []pulumi.Resource,
) (*lambda.Invocation, error) {
	name := p.name + "-" + when + "-" + run.Name
	invocation, err := lambda.NewInvocation(ctx, p.versioned(name), &lambda.InvocationArgs{
		FunctionName: p.TaskRunner,
		Input:        p.runInput(run, task, groups),
		Triggers:     pulumi.StringMap{"taskDefinition": task},
	}, pulumi.Parent(p.component), pulumi.DependsOn(after), formerly(name))
	if err != nil {
		return nil, fmt.Errorf("running %s %s the deployment of service %q: %w", run.Name, when, p.name, err)
	}
	return invocation, nil
}

func (p *servicePlan) runInput(run TaskRun, task pulumi.StringOutput, groups pulumi.StringArray) pulumi.StringOutput {
	event := runEvent{
		ContainerName:   ContainerName,
		Command:         run.Command,
		TimeoutSeconds:  cmp.Or(run.Timeout, MaxRunTimeout),
		LogStreamPrefix: ContainerName,
		StartedBy:       run.Name,
	}
	// A run that Fargate Spot interrupts fails the deployment, and it lasts minutes: it runs on demand.
	provider := "FARGATE"
	if p.onEC2() {
		provider = p.CapacityProvider
	}
	event.CapacityProviderStrategy = []runCapacity{{provider, 0, 1}}
	return pulumi.All(
		p.Cluster.ClusterArn,
		task,
		p.Network.SubnetIds.ToStringArrayOutput(),
		groups.ToStringArrayOutput(),
		p.logs.Name,
	).ApplyT(func(known []any) (string, error) {
		event := event
		event.Cluster, event.TaskDefinition = known[0].(string), known[1].(string)
		event.Subnets, event.SecurityGroups = known[2].([]string), known[3].([]string)
		event.LogGroup = known[4].(string)
		text, err := json.Marshal(event)
		if err != nil {
			return "", fmt.Errorf("rendering the call that runs %s of service %q: %w", run.Name, p.name, err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
}
