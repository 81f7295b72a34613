package compute

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// ServiceArgs describe a microservice. With a Port and a Route it is behind the load balancer; with a Port and Internal
// only other services reach it, through Service Connect; with neither Port nor Route it is a worker.
type ServiceArgs struct {
	// Name of the service in ECS and of its task definition's family, 1 to 255 letters, digits, hyphens and
	// underscores. The target group gets it too, of more than 32 characters the beginning and a hash.
	Name string
	// Region is where the logs go.
	Region  string
	Cluster *Cluster
	// LoadBalancer carries the service's route, which Route describes. Only a service with a Route needs one.
	LoadBalancer *LoadBalancer
	Route        Route
	// TargetGroup names the target group, TargetGroupName is its name in AWS; empty means the service's. A service that
	// takes the place of another one takes its target group, in which the other's tasks are until the new ones are
	// healthy: so what goes there is answered throughout.
	TargetGroup, TargetGroupName string
	// Predecessor is the ARN of the target group that has answered the requests of the Route until now, and does so in
	// this update: ECS takes a target group only once a rule leads to it, and the service's own is empty until the
	// tasks are healthy. The next update, without Predecessor, sends the requests there. Nil means that nothing has
	// answered them.
	Predecessor pulumi.StringInput
	// Detours are the rules that answer what the rule of the Route has answered until now, and does not any more.
	Detours []pulumi.Resource
	// Network is where the tasks run, such as [network.Vpc.ServicePlacement]. The load balancer has to be in the same
	// VPC.
	Network *network.Placement
	// Image is the reference of the container's image; by digest or by a tag that cannot be moved, so that what was
	// tested is what runs.
	Image pulumi.StringInput
	// Version ends the names of what is made for the image alone, the task definitions and the runs before and after a
	// deployment: those of the image before are in the stack until the update is over, and are used again when it fails
	// and is taken back. Empty means that they are replaced.
	Version string
	// Await is called in an update, with the names of the cluster and the service, once the service is stable, and
	// returns when no alarm can roll its deployment back any more. What it returns fails the update, before the earlier
	// task definition is deleted. Nil means that nobody waits.
	Await func(ctx context.Context, cluster, service string) error
	// Port is the one the container listens on; 0 for a worker.
	Port int
	// Internal keeps a service with a Port from the load balancer.
	Internal bool
	// Connect makes the service take part in Service Connect. Nil means not.
	Connect *Connect
	// SecurityGroup is the tasks' own, with the rules of egress of Network. It is made before the service, so that the
	// connections with it ([network.NewConnection]) can be Ready when the tasks of either end start.
	SecurityGroup *network.SecurityGroup
	// SecurityGroupIds are further security groups of the tasks, at most 3, such as those that may call a database.
	SecurityGroupIds pulumi.StringArray
	// Ready is what has to be there before the tasks run, such as a parameter that ECS reads for them, or a connection.
	Ready []pulumi.Resource
	// CPU in 1/1024 vCPU and Memory in MiB; see FargateCPUs and FargateMemory, or on EC2 [MinCPU], [MaxCPU] and
	// [MinMemory].
	CPU, Memory int
	// Architecture is amd64 (the default) or arm64.
	Architecture string
	// ExecutionRoleArn lets ECS start the tasks, TaskRoleArn is what the service's code acts as.
	ExecutionRoleArn, TaskRoleArn pulumi.StringInput
	// DesiredCount is the number of tasks. With Scaling it is the number to start with.
	DesiredCount int
	// Scaling is nil for a fixed number of tasks.
	Scaling *Scaling
	// CapacityProvider is the one of the cluster's EC2 instances, which then run the tasks. Empty means Fargate, where
	// Capacity divides the tasks.
	CapacityProvider string
	Capacity         Capacity
	Health           Health
	Deployment       Deployment
	// NewlyRouted says that the service is there and had no Route: ECS takes no grace period in the update that adds
	// one. The next update sets Health.Grace.
	NewlyRouted bool
	// Before and After run, in their order, each time there is a new task definition: Before until every one of them
	// has succeeded and only then the service is deployed, After once its deployment is stable. They need TaskRunner,
	// the name of the function that runs them; see [NewTaskRunner].
	Before, After []TaskRun
	TaskRunner    pulumi.StringInput
	// BeforeTask is what the tasks in Before have that the service has not. Nil means that they run as the service
	// does.
	BeforeTask *BeforeTask
	// Triggers redeploy the service when one of them changes; the version of a secret, for example.
	Triggers pulumi.StringMap
	// ExecuteCommand lets people run a command in a running task with ECS Exec, if the task role does: one that the
	// image has, so that a shell needs an image with a shell.
	ExecuteCommand bool
	// Environment and Secrets are passed to the container; a secret's value is the ARN of a Secrets Manager secret or
	// an SSM parameter, or what [SecretKey] makes of it. No variable may be in both.
	Environment, Secrets pulumi.StringMap
	// Volumes are file systems that outlive the task.
	Volumes []Volume
	// ScratchPaths are directories that the container may write to until the task ends; all else that is not a volume
	// is read-only. ECS mounts each with the owner and mode that the image gives it, root and 0755 unless its
	// Dockerfile says otherwise (chown to 65532, then VOLUME).
	ScratchPaths []string
	// Tracing adds a collector of traces and metrics to each task. Nil means none.
	Tracing *Tracing
	// LogGroup is the name of the service's log group, LogRetentionDays how long it keeps events.
	LogGroup         string
	LogRetentionDays int
	// LogKmsKeyArn encrypts the log group. Nil means CloudWatch's own key.
	LogKmsKeyArn pulumi.StringPtrInput
	Tags         map[string]string
}

// Health says how the load balancer, and the container itself, find out whether a task is well. A service without a
// route has the check by Command only, and needs none.
type Health struct {
	// Path is what the load balancer asks for, every Interval seconds (5 to 300), for at most Timeout seconds (2 to
	// 120).
	Path              string
	Interval, Timeout int
	// Grace is how many seconds a new task may be unhealthy.
	Grace int
	// Command runs in the container, for at most Timeout seconds (2 to 60); its first word is CMD or CMD-SHELL. Empty
	// means no check of its own.
	Command []string
}

// BeforeTask gives tasks before a deployment rights that the service itself is better without, such as those of a
// database's master user. They have a task definition of their own, with the service's containers.
type BeforeTask struct {
	// TaskRoleArn is what the tasks' code acts as, instead of the service's role.
	TaskRoleArn pulumi.StringInput
	// Environment and Secrets are passed to the container besides the service's.
	Environment, Secrets pulumi.StringMap
	// SecurityGroupIds are further security groups of the tasks. With the service's there are at most 5.
	SecurityGroupIds pulumi.StringArray
	// Ready is what has to be there before the tasks run, besides the service's.
	Ready []pulumi.Resource
}

// BeforeFamily returns the family of the task definition that the tasks before a service's deployments have with
// [ServiceArgs.BeforeTask]. The names of services have no underscores, so that it is no service's family.
func BeforeFamily(service string) string { return service + "_before" }

// routed reports whether the service is behind the load balancer.
func (args *ServiceArgs) routed() bool { return !args.Internal && !args.worker() }

// ownGroups are the service's own security group and the load balancer's, for which maxFurtherGroups leaves room.
const (
	ownGroups        = 2
	maxFurtherGroups = maxTaskGroups - ownGroups
)

func (args *ServiceArgs) worker() bool { return args.Port == 0 && args.Route == Route{} }

// fewestTasks is the least number of tasks of the service when it runs at all.
func (args *ServiceArgs) fewestTasks() int {
	if args.Scaling == nil {
		return max(1, args.DesiredCount)
	}
	fewest := args.Scaling.Min
	for _, s := range args.Scaling.Schedules {
		fewest = min(fewest, s.Min)
	}
	return max(1, fewest)
}

// mostTasks is the greatest number of tasks of the service, at least 1.
func (args *ServiceArgs) mostTasks() int {
	most := max(1, args.DesiredCount)
	if args.Scaling == nil {
		return most
	}
	most = max(most, args.Scaling.Max)
	for _, s := range args.Scaling.Schedules {
		most = max(most, s.Max)
	}
	return most
}

func (args *ServiceArgs) onEC2() bool { return args.CapacityProvider != "" }

var ecsName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func checkName(field, name string, limit int) error {
	if len(name) > limit || !ecsName.MatchString(name) {
		return problem.New(field, "%q; use 1 to %d letters, digits, hyphens and underscores", name, limit)
	}
	return nil
}

// Problems returns what is wrong with the arguments, those that come from other resources included.
func (args *ServiceArgs) Problems() []problem.Problem { return problem.All(args.validate()) }

func (args *ServiceArgs) validate() error {
	var problems []error
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(
		!elbName.MatchString(args.Name) || len(args.Name) > 255,
		"Name",
		"%q; use 1 to 255 letters, digits and hyphens, none at the ends",
		args.Name,
	)
	add(args.Cluster == nil, "Cluster", "missing")
	add(args.Image == nil, "Image", "missing")
	add(args.SecurityGroup == nil, "SecurityGroup", "missing; make one with the rules of egress of Network")
	add(args.ExecutionRoleArn == nil, "ExecutionRoleArn", "missing")
	add(args.TaskRoleArn == nil, "TaskRoleArn", "missing")
	add(args.Region == "", "Region", "missing")
	add(
		!slices.Contains([]string{"", "amd64", "arm64"}, args.Architecture),
		"Architecture",
		"%q; use amd64 or arm64",
		args.Architecture,
	)
	add(args.LogGroup == "", "LogGroup", "missing")
	add(
		len(args.SecurityGroupIds) > maxFurtherGroups,
		"SecurityGroupIds",
		"%d groups; use at most %d",
		len(args.SecurityGroupIds),
		maxFurtherGroups,
	)
	add(args.DesiredCount < 0, "DesiredCount", "%d is negative", args.DesiredCount)
	for _, name := range slices.Sorted(maps.Keys(args.Secrets)) {
		_, twice := args.Environment[name]
		add(twice, "Secrets", "%s is in Environment too", name)
	}
	return errors.Join(append(
		problems,
		args.validateBeforeTask(),
		args.Network.Validate(),
		args.validateReach(),
		args.validateSize(),
		args.Health.validate(args.routed()),
		args.Deployment.validate(args.routed(), args.fewestTasks()),
		args.validateScaling(),
		args.validateVolumes(),
		args.validateTaskRuns(),
		args.Tracing.validate(args.CPU, args.Memory),
	)...)
}

// maxTaskGroups is how many security groups a task has (ECS API, AwsVpcConfiguration).
const maxTaskGroups = 5

func (args *ServiceArgs) validateBeforeTask() error {
	if args.BeforeTask == nil {
		return nil
	}
	var problems []error
	if args.BeforeTask.TaskRoleArn == nil {
		problems = append(problems, problem.New("BeforeTask.TaskRoleArn", "missing"))
	}
	most := maxTaskGroups - ownGroups - len(args.SecurityGroupIds)
	if groups := len(args.BeforeTask.SecurityGroupIds); groups > most {
		problems = append(
			problems,
			problem.New("BeforeTask.SecurityGroupIds", "%d groups; use at most %d", groups, most),
		)
	}
	return errors.Join(problems...)
}

// validateReach returns about who reaches the service and whom it reaches.
func (args *ServiceArgs) validateReach() error {
	var problems []error
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(
		!args.worker() && !grammar.IsPort(args.Port),
		"Port",
		"%d; use 1 to 65535, or for a worker neither Port nor Route",
		args.Port,
	)
	if args.routed() {
		add(args.LoadBalancer == nil, "LoadBalancer", "missing")
		problems = append(problems, args.Route.validate())
	}
	if args.Internal {
		add(args.Route != Route{}, "Route", "an internal service has none; leave it out, or leave out Internal")
		add(args.Port == 0, "Internal", "a service without a Port is a worker; leave out Internal")
		add(
			args.Connect == nil || args.Connect.Name == "",
			"Connect.Name",
			"missing; other services reach an internal one by it",
		)
	}
	problems = append(problems, args.Connect.validate(args))
	return errors.Join(problems...)
}

// Limits of a task on EC2, in 1/1024 vCPU and MiB ("Task size", Amazon ECS developer guide, task definition parameters;
// Docker itself requires 6 MiB for a container).
const (
	MinCPU    = 128
	MaxCPU    = 196608
	MinMemory = 6
)

func (args *ServiceArgs) validateSize() error {
	if args.onEC2() {
		var problems []error
		if args.CPU < MinCPU || args.CPU > MaxCPU {
			problems = append(problems, problem.New("CPU", "%d; on EC2 use %d to %d", args.CPU, MinCPU, MaxCPU))
		}
		if args.Memory < MinMemory {
			problems = append(problems, problem.New("Memory", "%d MiB; use at least %d", args.Memory, MinMemory))
		}
		return errors.Join(problems...)
	}
	capacity := args.Capacity.validate()
	memories := FargateMemory(args.CPU)
	switch {
	case memories == nil:
		return errors.Join(
			capacity,
			problem.New("CPU", "%d is not a Fargate size; use one of %v", args.CPU, FargateCPUs()),
		)
	case !slices.Contains(memories, args.Memory):
		return errors.Join(
			capacity,
			problem.New("Memory", "%d MiB does not go with CPU %d; use one of %v", args.Memory, args.CPU, memories),
		)
	}
	return capacity
}

func (args *ServiceArgs) validateScaling() error {
	if args.Scaling == nil {
		return nil
	}
	err := args.Scaling.validate()
	if args.Scaling.RequestsPerTarget > 0 && !args.routed() {
		err = errors.Join(err, problem.New(
			"Scaling.RequestsPerTarget",
			"only the load balancer counts requests; scale a service without a Route by CPU or Memory",
		))
	}
	return err
}

func (h Health) validate(routed bool) error {
	var problems []error
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(routed && !strings.HasPrefix(h.Path, "/"), "Health.Path", "%q; begin with /", h.Path)
	if routed || len(h.Command) > 0 {
		add(h.Interval < 5 || h.Interval > 300, "Health.Interval", "%d; use 5 to 300 seconds", h.Interval)
		add(h.Timeout < 2 || h.Timeout > 120, "Health.Timeout", "%d; use 2 to 120 seconds", h.Timeout)
		add(h.Timeout >= h.Interval, "Health.Timeout", "%d is not shorter than Interval, %d", h.Timeout, h.Interval)
	}
	add(h.Grace < 0, "Health.Grace", "%d is negative", h.Grace)
	if len(h.Command) > 0 {
		add(
			h.Timeout > MaxCommandTimeout,
			"Health.Timeout",
			"%d; with Command, use at most %d seconds",
			h.Timeout,
			MaxCommandTimeout,
		)
		add(
			h.Command[0] != "CMD" && h.Command[0] != "CMD-SHELL",
			"Health.Command",
			"begins with %q; the first word is CMD or CMD-SHELL",
			h.Command[0],
		)
	}
	return errors.Join(problems...)
}

// versioned returns the name of something that is made for the image alone.
func (args *ServiceArgs) versioned(name string) string {
	if args.Version == "" {
		return name
	}
	return name + "-" + args.Version
}
