package identity

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/grammar"
)

// RoleSettings are what every role of a stack has in common.
type RoleSettings struct {
	Name                string // name in IAM, at most 64 characters
	Path                string // empty means "/"
	PermissionsBoundary string // ARN; empty means no boundary
	Tags                map[string]string
	// LateTags are those of RoleArgs.
	LateTags map[string]pulumi.StringInput
}

// ExecutionRoleArgs describe what ECS itself needs to start a service's tasks: pull the images, write the logs, and
// read the secrets it puts into the environment.
type ExecutionRoleArgs struct {
	RoleSettings
	Location     Location
	Repositories []string // ECR repositories, by name, that the images come from
	// CachedRepositories are those, by name, that ECR fills from another registry on the first pull (a pull-through
	// cache), when they need not exist yet. They are not listed in Repositories again.
	CachedRepositories []string
	LogGroups          []string // log groups, by name, that the containers write to
	Secrets            []Secret // secrets and parameters that are injected into containers
}

// Secret is something secret that ECS injects into a container. Exactly one of Name, Parameter, Database and
// DatabaseCluster is set.
type Secret struct {
	Name            string // a Secrets Manager secret, by name
	Parameter       string // a Systems Manager parameter, by name
	Database        string // the secret RDS manages for a database instance, by the instance's identifier
	DatabaseCluster string // the secret RDS manages for an Aurora or Multi-AZ DB cluster, by the cluster's identifier
	// alias (alias/...) of the customer managed key it is encrypted with; empty means the AWS managed one
	KeyAlias string
}

// NewExecutionRole creates a service's execution role.
func NewExecutionRole(
	ctx *pulumi.Context,
	name string,
	args *ExecutionRoleArgs,
	opts ...pulumi.ResourceOption,
) (*Role, error) {
	if args == nil {
		args = &ExecutionRoleArgs{}
	}
	statements, err := args.statements()
	if err != nil {
		return nil, fmt.Errorf("execution role %q: %w", name, err)
	}
	return NewRole(
		ctx,
		name,
		args.role("Starts ECS tasks: images, logs, secrets", TaskTrust(args.Location), "execution", statements),
		opts...)
}

// TaskRoleArgs describe what a service's own code may do.
type TaskRoleArgs struct {
	RoleSettings
	Location Location
	Access   Access
	Exec     *Exec // lets people open a shell in a running task with ECS Exec; nil means nobody
	Tracing  bool  // lets the task send traces to X-Ray
	// MetricsLogGroup is the log group, by name, that the task writes its metrics to; empty means none.
	MetricsLogGroup string
}

// Exec is how a cluster keeps the sessions of ECS Exec. The agent in the task encrypts and records them as the task
// role, and refuses to open a session that it could not ("Logging and Auditing using ECS Exec", Amazon ECS developer
// guide).
type Exec struct {
	SessionLogGroup string // log group, by name, that the cluster records sessions in; empty means that it does not
	KeyAlias        string // alias (alias/...) of the key that the cluster encrypts sessions with; empty means none
}

// NewTaskRole creates a service's task role. A service with no access has a role without policies.
func NewTaskRole(ctx *pulumi.Context, name string, args *TaskRoleArgs, opts ...pulumi.ResourceOption) (*Role, error) {
	if args == nil {
		args = &TaskRoleArgs{}
	}
	statements, err := args.statements()
	if err != nil {
		return nil, fmt.Errorf("task role %q: %w", name, err)
	}
	return NewRole(
		ctx,
		name,
		args.role("What the code of an ECS service may do", TaskTrust(args.Location), "access", statements),
		opts...)
}

func (settings RoleSettings) role(description string, trust Document, policy string, statements []Statement) *RoleArgs {
	args := &RoleArgs{
		Rolling:             true,
		Name:                settings.Name,
		Path:                settings.Path,
		Description:         description,
		Trust:               trust,
		PermissionsBoundary: settings.PermissionsBoundary,
		Tags:                settings.Tags,
		LateTags:            settings.LateTags,
	}
	if len(statements) > 0 {
		args.Policies = map[string]Document{policy: {Statements: statements}}
	}
	return args
}

func (args *ExecutionRoleArgs) statements() ([]Statement, error) {
	problems := []error{args.Location.Validate()}
	for i, name := range args.Repositories {
		problems = append(problems, grammar.RepositoryName.Check(fmt.Sprintf("Repositories[%d]", i), name))
	}
	for i, name := range args.LogGroups {
		problems = append(problems, grammar.LogGroupName.Check(fmt.Sprintf("LogGroups[%d]", i), name))
	}
	for i, name := range args.CachedRepositories {
		problems = append(problems, grammar.RepositoryName.Check(fmt.Sprintf("CachedRepositories[%d]", i), name))
	}
	statements := args.pullStatements()
	if len(args.LogGroups) > 0 {
		statements = append(statements, writeLogs("WriteLogs", args.Location, args.LogGroups...))
	}
	secrets, err := secretStatements(args.Location, args.Secrets)
	problems = append(problems, err)
	return append(statements, secrets...), errors.Join(problems...)
}

// pullStatements let images be pulled, and those of a cache be fetched from upstream on the way.
func (args *ExecutionRoleArgs) pullStatements() []Statement {
	arns := each(slices.Concat(args.Repositories, args.CachedRepositories), args.Location.RepositoryArn)
	if len(arns) == 0 {
		return nil
	}
	statements := []Statement{
		// The token opens the whole registry, so IAM knows no narrower resource for it.
		{Sid: "RegistryLogin", Actions: []string{"ecr:GetAuthorizationToken"}, Resources: []string{"*"}},
		{
			Sid:       "PullImages",
			Actions:   []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			Resources: arns,
		},
	}
	if len(args.CachedRepositories) > 0 {
		statements = append(statements, Statement{
			Sid:       "FetchFromUpstream",
			Actions:   []string{"ecr:BatchImportUpstreamImage", "ecr:CreateRepository"},
			Resources: each(args.CachedRepositories, args.Location.RepositoryArn),
		})
	}
	return statements
}

func writeLogs(sid string, location Location, groups ...string) Statement {
	return Statement{
		Sid:       sid,
		Actions:   []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resources: each(groups, func(group string) string { return location.LogGroupArn(group) + ":*" }),
	}
}

func (args *TaskRoleArgs) statements() ([]Statement, error) {
	statements, err := args.Access.statements(args.Location)
	if args.Exec != nil {
		exec, problem := args.Exec.statements(args.Location)
		statements, err = append(statements, exec...), errors.Join(err, problem)
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
	problems := []error{args.Location.Validate(), err}
	if group := args.MetricsLogGroup; group != "" {
		problems = append(problems, grammar.LogGroupName.Check("MetricsLogGroup", group))
		statements = append(statements, writeLogs("WriteMetrics", args.Location, group))
	}
	return statements, errors.Join(problems...)
}

func (exec Exec) statements(location Location) ([]Statement, error) {
	statements := []Statement{{
		Sid: "ExecuteCommand",
		Actions: []string{
			"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
			"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
		},
		Resources: []string{"*"}, // none of the four supports resource-level permissions
	}}
	problems := []error{checkKeyAlias("Exec", exec.KeyAlias)}
	if exec.SessionLogGroup != "" {
		problems = append(problems, grammar.LogGroupName.Check("Exec.SessionLogGroup", exec.SessionLogGroup))
		statements = append(
			statements,
			Statement{
				Sid:       "RecordSessions",
				Actions:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
				Resources: []string{location.LogGroupArn(exec.SessionLogGroup) + ":*"},
			},
			Statement{
				Sid:       "FindSessionLog",
				Actions:   []string{"logs:DescribeLogGroups"},
				Resources: []string{"*"}, // it supports no resource-level permissions
			},
		)
	}
	if exec.KeyAlias != "" {
		// The agent calls KMS itself, so that there is no service that it goes through.
		statements = append(statements, KeyUse("DecryptSessions", location, exec.KeyAlias, "", "kms:Decrypt"))
	}
	return statements, errors.Join(problems...)
}

func each(names []string, arn func(string) string) []string {
	arns := make([]string, 0, len(names))
	for _, name := range names {
		arns = append(arns, arn(name))
	}
	return arns
}
