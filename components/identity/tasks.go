package identity

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RoleSettings are what every role of a stack has in common.
type RoleSettings struct {
	Name                string // name in IAM, at most 64 characters; see [PhysicalName]
	Path                string // empty means "/"
	PermissionsBoundary string // ARN; empty means no boundary
	Tags                map[string]string
}

// ExecutionRoleArgs describe what ECS itself needs to start a service's tasks: pull the images, write the logs, and
// read the secrets it puts into the environment.
type ExecutionRoleArgs struct {
	RoleSettings
	Place        Place
	Repositories []string // ECR repositories, by name, that the images come from
	LogGroups    []string // log groups, by name, that the containers write to
	Secrets      []Secret // secrets and parameters that are injected into containers
}

// Secret is something secret that ECS injects into a container. Exactly one of Name, Parameter and Database is set.
type Secret struct {
	Name      string // a Secrets Manager secret, by name
	Parameter string // a Systems Manager parameter, by name
	Database  string // the secret RDS manages for a database instance, by the instance's identifier
	KeyAlias  string // alias (alias/...) of the customer managed key it is encrypted with; empty means the AWS managed one
}

// NewExecutionRole makes a service's execution role.
func NewExecutionRole(ctx *pulumi.Context, name string, args *ExecutionRoleArgs, opts ...pulumi.ResourceOption) (*Role, error) {
	if args == nil {
		args = &ExecutionRoleArgs{}
	}
	statements, err := args.statements()
	if err != nil {
		return nil, fmt.Errorf("execution role %q: %w", name, err)
	}
	return NewRole(ctx, name, args.role("Starts ECS tasks: images, logs, secrets", args.Place, "execution", statements), opts...)
}

// TaskRoleArgs describe what a service's own code may do.
type TaskRoleArgs struct {
	RoleSettings
	Place   Place
	Access  Access
	Exec    bool // lets people open a shell in a running task with ECS Exec
	Tracing bool // lets the task send traces to X-Ray
}

// NewTaskRole makes a service's task role. A service with no access has a role without policies.
func NewTaskRole(ctx *pulumi.Context, name string, args *TaskRoleArgs, opts ...pulumi.ResourceOption) (*Role, error) {
	if args == nil {
		args = &TaskRoleArgs{}
	}
	statements, err := args.statements()
	if err != nil {
		return nil, fmt.Errorf("task role %q: %w", name, err)
	}
	return NewRole(ctx, name, args.role("What the code of an ECS service may do", args.Place, "access", statements), opts...)
}

func (settings RoleSettings) role(description string, place Place, policy string, statements []Statement) *RoleArgs {
	args := &RoleArgs{
		Name:                settings.Name,
		Path:                settings.Path,
		Description:         description,
		Trust:               TaskTrust(place),
		PermissionsBoundary: settings.PermissionsBoundary,
		Tags:                settings.Tags,
	}
	if len(statements) > 0 {
		args.Policies = map[string]Document{policy: {Statements: statements}}
	}
	return args
}

func (args *ExecutionRoleArgs) statements() ([]Statement, error) {
	problems := []error{args.Place.Validate()}
	for i, name := range args.Repositories {
		problems = append(problems, checkName(fmt.Sprintf("Repositories[%d]", i), repositoryName, name))
	}
	for i, name := range args.LogGroups {
		problems = append(problems, checkName(fmt.Sprintf("LogGroups[%d]", i), logGroupName, name))
	}
	var statements []Statement
	if len(args.Repositories) > 0 {
		statements = append(statements,
			// The token opens the whole registry, so IAM knows no narrower resource for it.
			Statement{Sid: "RegistryLogin", Actions: []string{"ecr:GetAuthorizationToken"}, Resources: []string{"*"}},
			Statement{
				Sid:       "PullImages",
				Actions:   []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
				Resources: each(args.Repositories, args.Place.RepositoryArn),
			})
	}
	if len(args.LogGroups) > 0 {
		statements = append(statements, Statement{
			Sid:       "WriteLogs",
			Actions:   []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			Resources: each(args.LogGroups, func(group string) string { return args.Place.LogGroupArn(group) + ":*" }),
		})
	}
	secrets, err := secretStatements(args.Place, args.Secrets)
	problems = append(problems, err)
	return append(statements, secrets...), errors.Join(problems...)
}

func (args *TaskRoleArgs) statements() ([]Statement, error) {
	statements, err := args.Access.statements(args.Place)
	if args.Exec {
		statements = append(statements, Statement{
			Sid: "ExecuteCommand",
			Actions: []string{
				"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
				"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			},
			Resources: []string{"*"}, // none of the four supports resource-level permissions
		})
	}
	if args.Tracing {
		statements = append(statements, Statement{
			Sid: "SendTraces",
			Actions: []string{
				"xray:PutTraceSegments", "xray:PutTelemetryRecords",
				"xray:GetSamplingRules", "xray:GetSamplingTargets",
			},
			Resources: []string{"*"}, // none of the four supports resource-level permissions
		})
	}
	return statements, errors.Join(args.Place.Validate(), err)
}

func each(names []string, arn func(string) string) []string {
	arns := make([]string, 0, len(names))
	for _, name := range names {
		arns = append(arns, arn(name))
	}
	return arns
}
