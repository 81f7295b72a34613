package compute

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	containerName = "app"
	// nobody is the unprivileged user and group of the containers: the id that distroless images call nonroot.
	nobody = "65532:65532"
	// stopTimeout is how many seconds a container has between SIGTERM and SIGKILL (ECS default; Fargate allows 120).
	stopTimeout = 30
)

// container is a container definition of the ECS API. Lists are never null and what has a default is written out, as
// the API returns it: otherwise an unchanged task definition would look changed and be replaced.
type container struct {
	Name                   string            `json:"name"`
	Image                  string            `json:"image"`
	CPU                    int               `json:"cpu"`
	Essential              bool              `json:"essential"`
	User                   string            `json:"user"`
	ReadonlyRootFilesystem bool              `json:"readonlyRootFilesystem"`
	Privileged             bool              `json:"privileged"`
	StopTimeout            int               `json:"stopTimeout"`
	LinuxParameters        linuxParameters   `json:"linuxParameters"`
	PortMappings           []portMapping     `json:"portMappings"`
	Environment            []variable        `json:"environment"`
	Secrets                []secret          `json:"secrets"`
	HealthCheck            *healthCheck      `json:"healthCheck,omitempty"`
	LogConfiguration       logConfiguration  `json:"logConfiguration"`
	MountPoints            []json.RawMessage `json:"mountPoints"`
	VolumesFrom            []json.RawMessage `json:"volumesFrom"`
	SystemControls         []json.RawMessage `json:"systemControls"`
}

type linuxParameters struct {
	InitProcessEnabled bool         `json:"initProcessEnabled"`
	Capabilities       capabilities `json:"capabilities"`
}

type capabilities struct {
	Drop []string `json:"drop"`
}

type portMapping struct {
	ContainerPort int    `json:"containerPort"`
	HostPort      int    `json:"hostPort"`
	Protocol      string `json:"protocol"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type secret struct {
	Name      string `json:"name"`
	ValueFrom string `json:"valueFrom"`
}

type healthCheck struct {
	Command     []string `json:"command"`
	Interval    int      `json:"interval"`
	Timeout     int      `json:"timeout"`
	Retries     int      `json:"retries"`
	StartPeriod int      `json:"startPeriod"`
}

type logConfiguration struct {
	LogDriver string            `json:"logDriver"`
	Options   map[string]string `json:"options"`
}

func (args *ServiceArgs) container(image, logGroup string, environment, secrets map[string]string) container {
	c := container{
		Name: containerName, Image: image, Essential: true, User: nobody, ReadonlyRootFilesystem: true, StopTimeout: stopTimeout,
		LinuxParameters: linuxParameters{InitProcessEnabled: true, Capabilities: capabilities{Drop: []string{"ALL"}}},
		PortMappings:    []portMapping{{ContainerPort: args.Port, HostPort: args.Port, Protocol: "tcp"}},
		Environment:     []variable{}, Secrets: []secret{},
		LogConfiguration: logConfiguration{LogDriver: "awslogs", Options: map[string]string{
			"awslogs-group": logGroup, "awslogs-region": args.Region, "awslogs-stream-prefix": containerName,
			// A service goes on when its logs cannot be delivered, at the price of losing some.
			"mode": "non-blocking", "max-buffer-size": "4m",
		}},
		MountPoints: []json.RawMessage{}, VolumesFrom: []json.RawMessage{}, SystemControls: []json.RawMessage{},
	}
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		c.Environment = append(c.Environment, variable{name, environment[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		c.Secrets = append(c.Secrets, secret{name, secrets[name]})
	}
	if len(args.Health.Command) > 0 {
		c.HealthCheck = &healthCheck{Command: args.Health.Command, Interval: args.Health.Interval, Timeout: args.Health.Timeout,
			Retries: unhealthyThreshold, StartPeriod: min(args.Health.Grace, maxStartPeriod)}
	}
	return c
}

// Limits of a container's own health check, in seconds (ECS API, HealthCheck).
const (
	maxStartPeriod    = 300
	MaxCommandTimeout = 60
)

func (component *Service) newTaskDefinition(ctx *pulumi.Context, name string, args *ServiceArgs, logs *cloudwatch.LogGroup) (*ecs.TaskDefinition, error) {
	// A nil map is no input; an empty one is.
	environment, secrets := pulumi.StringMap{}, pulumi.StringMap{}
	maps.Copy(environment, args.Environment)
	maps.Copy(secrets, args.Secrets)
	definitions := pulumi.All(
		args.Image, logs.Name, environment.ToStringMapOutput(), secrets.ToStringMapOutput(),
	).ApplyT(func(known []any) (string, error) {
		text, err := json.Marshal([]container{
			args.container(known[0].(string), known[1].(string), known[2].(map[string]string), known[3].(map[string]string)),
		})
		if err != nil {
			return "", fmt.Errorf("rendering the container of service %q: %w", name, err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
	architecture := "X86_64"
	if args.Architecture == "arm64" {
		architecture = "ARM64"
	}
	task, err := ecs.NewTaskDefinition(ctx, name+"-task", &ecs.TaskDefinitionArgs{
		Family:                  pulumi.String(args.Name),
		Cpu:                     pulumi.String(strconv.Itoa(args.CPU)),
		Memory:                  pulumi.String(strconv.Itoa(args.Memory)),
		NetworkMode:             pulumi.String("awsvpc"),
		RequiresCompatibilities: pulumi.ToStringArray([]string{"FARGATE"}),
		ExecutionRoleArn:        args.ExecutionRoleArn,
		TaskRoleArn:             args.TaskRoleArn,
		RuntimePlatform: ecs.TaskDefinitionRuntimePlatformArgs{
			OperatingSystemFamily: pulumi.String("LINUX"), CpuArchitecture: pulumi.String(architecture),
		},
		ContainerDefinitions: definitions,
		Tags:                 pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the task definition of service %q: %w", name, err)
	}
	return task, nil
}
