package compute

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// TaskRunnerArgs describe a function that runs tasks.
type TaskRunnerArgs struct {
	// Name of the function and of its role, 1 to 64 letters, digits, hyphens and underscores.
	Name     string
	Location identity.Location
	// Image is the reference of the image of services/runtask in ECR.
	Image pulumi.StringInput
	// Architecture of the image is amd64 (the default) or arm64.
	Architecture string
	// ClusterName is the cluster the tasks run in.
	ClusterName string
	// Families are the task definitions it may run, Roles the names of their execution and task roles, and LogGroups
	// the names of their log groups, whose last lines tell why a task failed.
	Families, Roles, LogGroups []string
	// RolePath is that of Roles and of the function's own role. Empty means "/".
	RolePath string
	// PermissionsBoundary of the function's role; empty means none.
	PermissionsBoundary string
	LogRetentionDays    int
	// LogKmsKeyArn encrypts the log group. Nil means CloudWatch's own key.
	LogKmsKeyArn pulumi.StringPtrInput
	Tags         map[string]string
}

// TaskRunner is the Lambda function that runs a task to its end before or after a deployment; see [TaskRun]. Its type
// token is awslab:compute:TaskRunner.
type TaskRunner struct {
	pulumi.ResourceState

	FunctionName pulumi.StringOutput `pulumi:"functionName"`
	FunctionArn  pulumi.StringOutput `pulumi:"functionArn"`
	LogGroupName pulumi.StringOutput `pulumi:"logGroupName"`
}

const (
	// RunnerTimeoutSeconds is the longest that Lambda allows.
	RunnerTimeoutSeconds = 900
	runnerMemory         = 256 // MiB
)

func (args *TaskRunnerArgs) validate() error {
	problems := []error{
		args.Location.Validate(),
		checkName("Name", args.Name, 64),
		checkName("ClusterName", args.ClusterName, 255),
	}
	if args.Image == nil {
		problems = append(problems, problem.New("Image", "missing"))
	}
	if !slices.Contains([]string{"", "amd64", "arm64"}, args.Architecture) {
		problems = append(problems, problem.New("Architecture", "%q; use amd64 or arm64", args.Architecture))
	}
	for _, list := range []struct {
		field string
		names []string
		limit int
	}{{"Families", args.Families, 255}, {"Roles", args.Roles, 64}} {
		if len(list.names) == 0 {
			problems = append(problems, problem.New(list.field, "missing; there is nothing to run"))
		}
		for i, name := range list.names {
			problems = append(problems, checkName(fmt.Sprintf("%s[%d]", list.field, i), name, list.limit))
		}
	}
	for i, name := range args.LogGroups {
		problems = append(problems, grammar.LogGroupName.Check(fmt.Sprintf("LogGroups[%d]", i), name))
	}
	return errors.Join(problems...)
}

// NewTaskRunner creates the function, its role and its log group.
func NewTaskRunner(
	ctx *pulumi.Context,
	name string,
	args *TaskRunnerArgs,
	opts ...pulumi.ResourceOption,
) (*TaskRunner, error) {
	if args == nil {
		args = &TaskRunnerArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("task runner %q: %w", name, err)
	}
	component := &TaskRunner{}
	if err := ctx.RegisterComponentResource("awslab:compute:TaskRunner", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering task runner %q: %w", name, err)
	}
	logs, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(args.logGroup()),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.LogKmsKeyArn,
		Tags:            pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the log group of task runner %q: %w", name, err)
	}
	role, err := identity.NewFunctionRole(ctx, name, args.role(), pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the role of task runner %q: %w", name, err)
	}
	function, err := component.newFunction(ctx, name, args, role, logs)
	if err != nil {
		return nil, err
	}
	component.FunctionName, component.FunctionArn, component.LogGroupName = function.Name, function.Arn, logs.Name
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"functionName": component.FunctionName,
		"functionArn":  component.FunctionArn,
		"logGroupName": component.LogGroupName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of task runner %q: %w", name, err)
	}
	return component, nil
}

func (component *TaskRunner) newFunction(
	ctx *pulumi.Context, name string, args *TaskRunnerArgs, role *identity.Role, logs *cloudwatch.LogGroup,
) (*lambda.Function, error) {
	architecture := "x86_64"
	if args.Architecture == "arm64" {
		architecture = "arm64"
	}
	function, err := lambda.NewFunction(ctx, name+"-function", &lambda.FunctionArgs{
		Name:          pulumi.String(args.Name),
		Description:   pulumi.String("Runs ECS tasks before and after deployments"),
		PackageType:   pulumi.String("Image"),
		ImageUri:      args.Image.ToStringOutput().ToStringPtrOutput(),
		Architectures: pulumi.ToStringArray([]string{architecture}),
		Role:          role.Arn,
		Timeout:       pulumi.Int(RunnerTimeoutSeconds),
		MemorySize:    pulumi.Int(runnerMemory),
		LoggingConfig: lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("JSON"), LogGroup: logs.Name},
		TracingConfig: lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
		Tags:          pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the function of task runner %q: %w", name, err)
	}
	return function, nil
}

func (args *TaskRunnerArgs) logGroup() string { return "/aws/lambda/" + args.Name }

func (args *TaskRunnerArgs) role() *identity.FunctionRoleArgs {
	return &identity.FunctionRoleArgs{
		RoleSettings: identity.RoleSettings{
			Name:                args.Name,
			Path:                args.RolePath,
			PermissionsBoundary: args.PermissionsBoundary,
			Tags:                args.Tags,
		},
		Location:   args.Location,
		Function:   args.Name,
		Tracing:    true,
		Statements: args.statements(),
	}
}

func (args *TaskRunnerArgs) statements() []identity.Statement {
	location := args.Location
	inCluster := identity.Condition{
		Operator: "ArnEquals",
		Key:      "ecs:cluster",
		Values:   []string{location.Arn("ecs", "cluster/"+args.ClusterName)},
	}
	statements := []identity.Statement{
		{
			Sid: "RunTasks", Actions: []string{"ecs:RunTask"}, Conditions: []identity.Condition{inCluster},
			Resources: each(
				listed(args.Families),
				func(family string) string { return location.Arn("ecs", "task-definition/"+family+":*") },
			),
		},
		{
			Sid:        "FollowTasks",
			Actions:    []string{"ecs:DescribeTasks", "ecs:StopTask"},
			Conditions: []identity.Condition{inCluster},
			Resources:  []string{location.Arn("ecs", "task/"+args.ClusterName+"/*")},
		},
		{
			Sid: "PassRoles", Actions: []string{"iam:PassRole"},
			Resources: each(
				listed(args.Roles),
				func(role string) string { return location.RoleArn(args.RolePath, role) },
			),
			Conditions: []identity.Condition{
				{Operator: "StringEquals", Key: "iam:PassedToService", Values: []string{"ecs-tasks.amazonaws.com"}},
			},
		},
	}
	if len(args.LogGroups) > 0 {
		statements = append(statements, identity.Statement{
			Sid: "ReadTasksLogs", Actions: []string{"logs:GetLogEvents"},
			Resources: each(
				listed(args.LogGroups),
				func(group string) string { return location.LogGroupArn(group) + ":log-stream:*" },
			),
		})
	}
	return statements
}

// maxListed is how many names of a kind the policy has room to list: three kinds of ARNs of up to 130 characters, in
// half of the 10,240 that IAM allows a role.
const maxListed = 12

// listed returns names, or in place of many the pattern that they have in common: those of a stack begin alike.
func listed(names []string) []string {
	if len(names) <= maxListed {
		return names
	}
	common := names[0]
	for _, name := range names[1:] {
		for !strings.HasPrefix(name, common) {
			common = common[:len(common)-1]
		}
	}
	end := strings.LastIndex(common, "-")
	if end < 1 {
		return names // of different stacks; what does not fit is refused
	}
	return []string{common[:end+1] + "*"}
}

func each(names []string, arn func(string) string) []string {
	arns := make([]string, 0, len(names))
	for _, name := range names {
		arns = append(arns, arn(name))
	}
	return arns
}
