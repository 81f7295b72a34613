package compute

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ContainerName is the name of the container of every service, beside which a task may have a collector.
const ContainerName = "app"

// How ECS runs every container.
const (
	// User is the unprivileged user and group of the containers: the id that distroless images call nonroot.
	User = "65532:65532"
	// StopTimeout is how many seconds a container has between SIGTERM and SIGKILL (ECS default; Fargate allows 120).
	StopTimeout = 30
)

// container is a container definition of the ECS API. Lists are never null and what has a default is written out, as
// the API returns it: otherwise an unchanged task definition would look changed and be replaced.
type container struct {
	Name                   string            `json:"name"`
	Image                  string            `json:"image"`
	CPU                    int               `json:"cpu"`
	Memory                 int               `json:"memory,omitempty"`
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
	DependsOn              []dependency      `json:"dependsOn,omitempty"`
	LogConfiguration       logConfiguration  `json:"logConfiguration"`
	MountPoints            []mountPoint      `json:"mountPoints"`
	VolumesFrom            []json.RawMessage `json:"volumesFrom"`
	SystemControls         []json.RawMessage `json:"systemControls"`
}

type linuxParameters struct {
	InitProcessEnabled bool         `json:"initProcessEnabled"`
	Capabilities       capabilities `json:"capabilities"`
}

// capabilities has both lists, as ECS returns both and the provider compares them as they are: without the empty one,
// each update would replace the task definition.
type capabilities struct {
	Add  []string `json:"add"`
	Drop []string `json:"drop"`
}

type portMapping struct {
	Name          string `json:"name,omitempty"`
	ContainerPort int    `json:"containerPort"`
	HostPort      int    `json:"hostPort"`
	Protocol      string `json:"protocol"`
	AppProtocol   string `json:"appProtocol,omitempty"`
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

type dependency struct {
	ContainerName string `json:"containerName"`
	Condition     string `json:"condition"`
}

type logConfiguration struct {
	LogDriver string            `json:"logDriver"`
	Options   map[string]string `json:"options"`
}

type mountPoint struct {
	SourceVolume  string `json:"sourceVolume"`
	ContainerPath string `json:"containerPath"`
	ReadOnly      bool   `json:"readOnly"`
}

// values are what a task definition takes from other resources.
type values struct {
	image, collectorImage, logGroup string
	environment, secrets            map[string]string
}

// containers are in the order of their names, as the API returns them.
func (args *ServiceArgs) containers(v values) []container {
	containers := []container{args.app(v)}
	if args.Tracing != nil {
		containers = append(containers, args.collector(v))
	}
	slices.SortFunc(containers, func(a, b container) int { return cmp.Compare(a.Name, b.Name) })
	return containers
}

// newContainer returns what all containers have in common: no privileges, a read-only root file system, logs.
func (args *ServiceArgs) newContainer(name, image, logGroup string) container {
	return container{
		Name: name, Image: image, User: User, ReadonlyRootFilesystem: true, StopTimeout: StopTimeout,
		LinuxParameters: linuxParameters{
			InitProcessEnabled: true,
			Capabilities:       capabilities{Add: []string{}, Drop: []string{"ALL"}},
		},
		PortMappings: []portMapping{}, Environment: []variable{}, Secrets: []secret{},
		LogConfiguration: logConfiguration{LogDriver: "awslogs", Options: args.logOptions(logGroup, name)},
		MountPoints:      []mountPoint{}, VolumesFrom: []json.RawMessage{}, SystemControls: []json.RawMessage{},
	}
}

func (args *ServiceArgs) logOptions(logGroup, streamPrefix string) map[string]string {
	return map[string]string{
		"awslogs-group": logGroup, "awslogs-region": args.Region, "awslogs-stream-prefix": streamPrefix,
		// A service goes on when its logs cannot be delivered, at the price of losing some.
		"mode": "non-blocking", "max-buffer-size": "4m",
	}
}

func (args *ServiceArgs) app(v values) container {
	c := args.newContainer(ContainerName, v.image, v.logGroup)
	c.Essential = true
	c.MountPoints = append(c.MountPoints, args.mountPoints()...)
	if args.Port != 0 {
		port := portMapping{ContainerPort: args.Port, HostPort: args.Port, Protocol: "tcp"}
		if name := args.connectName(); name != "" {
			port.Name, port.AppProtocol = name, "http"
		}
		c.PortMappings = append(c.PortMappings, port)
	}
	environment := v.environment
	if args.Tracing != nil {
		environment = args.tracingEnvironment(environment)
		// Without shares of its own the service would get next to none when the collector is busy.
		c.CPU = args.CPU - args.Tracing.cpu()
		// ECS stops what depends before what it depends on, so the last traces are still taken. Only started, not
		// healthy: a service runs without its traces.
		c.DependsOn = []dependency{{ContainerName: collectorName, Condition: "START"}}
	}
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		c.Environment = append(c.Environment, variable{name, environment[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(v.secrets)) {
		c.Secrets = append(c.Secrets, secret{name, v.secrets[name]})
	}
	if len(args.Health.Command) > 0 {
		c.HealthCheck = &healthCheck{
			Command:     args.Health.Command,
			Interval:    args.Health.Interval,
			Timeout:     args.Health.Timeout,
			Retries:     UnhealthyThreshold,
			StartPeriod: min(args.Health.Grace, MaxStartPeriod),
		}
	}
	return c
}

// Limits of a container's own health check, in seconds (ECS API, HealthCheck).
const (
	MaxStartPeriod    = 300
	MaxCommandTimeout = 60
)

// SecretKey returns one key of a secret whose value is a JSON object, such as the one that RDS manages for a database,
// in the form in which ECS passes it to a container.
func SecretKey(secretArn pulumi.StringInput, key string) pulumi.StringOutput {
	return pulumi.Sprintf("%s:%s::", secretArn, key)
}

// definitions returns the text of the container definitions, with more variables than the service's own.
func (p *servicePlan) definitions(moreEnvironment, moreSecrets pulumi.StringMap) pulumi.StringOutput {
	// A nil map is not an input; an empty one is.
	environment, secrets := pulumi.StringMap{}, pulumi.StringMap{}
	for _, more := range []pulumi.StringMap{p.Environment, moreEnvironment} {
		maps.Copy(environment, more)
	}
	for _, more := range []pulumi.StringMap{p.Secrets, moreSecrets} {
		maps.Copy(secrets, more)
	}
	return pulumi.All(
		p.Image, p.Tracing.image(), p.logs.Name, environment.ToStringMapOutput(), secrets.ToStringMapOutput(),
	).ApplyT(func(known []any) (string, error) {
		text, err := json.Marshal(p.containers(values{
			image: known[0].(string), collectorImage: known[1].(string), logGroup: known[2].(string),
			environment: known[3].(map[string]string), secrets: known[4].(map[string]string),
		}))
		if err != nil {
			return "", fmt.Errorf("rendering the containers of service %q: %w", p.name, err)
		}
		if len(text) > maxDefinition {
			return "", fmt.Errorf(
				"the task definition of service %q would have %d bytes; ECS allows %d: shorten environment, secrets "+
					"and commands",
				p.name,
				len(text),
				maxDefinition,
			)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
}

// maxDefinition is the size of a task definition, 64 KiB ("Amazon ECS service quotas"), less what is in it besides the
// containers.
const maxDefinition = 60 << 10

// newTaskDefinitions makes the one of the service, and another one for the runs before its deployments if those are
// different from it.
func (p *servicePlan) newTaskDefinitions(ctx *pulumi.Context) (err error) {
	if p.task, err = p.newTaskDefinition(ctx, p.name+"-task", &ecs.TaskDefinitionArgs{
		Family:               pulumi.String(p.Name),
		TaskRoleArn:          p.TaskRoleArn,
		ContainerDefinitions: p.definitions(nil, nil),
	}); err != nil {
		return err
	}
	p.before = p.task
	if len(p.Before) == 0 || p.BeforeTask == nil {
		return nil
	}
	p.before, err = p.newTaskDefinition(ctx, p.name+"-before-task", &ecs.TaskDefinitionArgs{
		Family:               pulumi.String(BeforeFamily(p.Name)),
		TaskRoleArn:          p.BeforeTask.TaskRoleArn,
		ContainerDefinitions: p.definitions(p.BeforeTask.Environment, p.BeforeTask.Secrets),
	})
	return err
}

// newTaskDefinition fills in what all of the service's task definitions have in common.
func (p *servicePlan) newTaskDefinition(
	ctx *pulumi.Context,
	name string,
	args *ecs.TaskDefinitionArgs,
) (*ecs.TaskDefinition, error) {
	architecture, compatibility := "X86_64", "FARGATE"
	if p.Architecture == "arm64" {
		architecture = "ARM64"
	}
	if p.onEC2() {
		compatibility = "EC2"
	}
	args.Cpu = pulumi.String(strconv.Itoa(p.CPU))
	args.Memory = pulumi.String(strconv.Itoa(p.Memory))
	args.NetworkMode = pulumi.String("awsvpc")
	args.RequiresCompatibilities = pulumi.ToStringArray([]string{compatibility})
	args.ExecutionRoleArn = p.ExecutionRoleArn
	args.RuntimePlatform = ecs.TaskDefinitionRuntimePlatformArgs{
		OperatingSystemFamily: pulumi.String("LINUX"),
		CpuArchitecture:       pulumi.String(architecture),
	}
	args.Volumes = p.taskVolumes()
	args.Tags = pulumi.ToStringMap(p.Tags)
	task, err := ecs.NewTaskDefinition(ctx, p.versioned(name), args, pulumi.Parent(p.component), formerly(name))
	if err != nil {
		return nil, fmt.Errorf("creating the task definition %s of service %q: %w", name, p.name, err)
	}
	return task, nil
}
