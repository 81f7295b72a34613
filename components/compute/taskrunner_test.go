package compute

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
)

var location = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}

func runnerArgs() *TaskRunnerArgs {
	return &TaskRunnerArgs{
		Name:             "awslab-dev-runtask",
		Location:         location,
		Image:            pulumi.String("registry/runtask@sha256:1"),
		ClusterName:      "awslab-dev",
		Families:         []string{"awslab-dev-orders"},
		Roles:            []string{"awslab-dev-orders-execution", "awslab-dev-orders-task"},
		LogGroups:        []string{"/ecs/awslab-dev-orders"},
		RolePath:         "/awslab/",
		LogRetentionDays: 30,
		Tags:             labTags,
	}
}

func (g *graph) runRunner(change func(*TaskRunnerArgs)) error {
	return g.run(func(ctx *pulumi.Context) error {
		args := runnerArgs()
		change(args)
		_, err := NewTaskRunner(ctx, "runner", args)
		return err
	})
}

func TestATaskRunner(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runRunner(func(args *TaskRunnerArgs) { args.Architecture = "arm64" }))
	require.Equal(t, object{
		"name":          "awslab-dev-runtask",
		"description":   "Runs ECS tasks before and after deployments",
		"packageType":   "Image",
		"imageUri":      "registry/runtask@sha256:1",
		"architectures": []any{"arm64"},
		"role":          "arn:runner-role",
		"timeout":       900.0,
		"memorySize":    256.0,
		"loggingConfig": object{"logFormat": "JSON", "logGroup": "/aws/lambda/awslab-dev-runtask"},
		"tracingConfig": object{"mode": "Active"},
		"tags":          asTags,
	}, g.inputs(t, "runner-function"))
	require.Equal(
		t,
		object{"name": "/aws/lambda/awslab-dev-runtask", "retentionInDays": 30.0, "tags": asTags},
		g.inputs(t, "runner-logs"),
	)
}

func TestATaskRunnerMayRunItsFamiliesInItsCluster(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runRunner(func(*TaskRunnerArgs) {}))
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "WriteLogs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
			"Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/awslab-dev-runtask:*"},
		{"Sid": "SendTraces", "Effect": "Allow", "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
			"Resource": "*"},
		{"Sid": "RunTasks", "Effect": "Allow", "Action": "ecs:RunTask",
			"Resource": "arn:aws:ecs:eu-west-1:123456789012:task-definition/awslab-dev-orders:*",
			"Condition": {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/awslab-dev"}}},
		{"Sid": "FollowTasks", "Effect": "Allow", "Action": ["ecs:DescribeTasks", "ecs:StopTask"],
			"Resource": "arn:aws:ecs:eu-west-1:123456789012:task/awslab-dev/*",
			"Condition": {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/awslab-dev"}}},
		{"Sid": "PassRoles", "Effect": "Allow", "Action": "iam:PassRole", "Resource": [
			"arn:aws:iam::123456789012:role/awslab/awslab-dev-orders-execution",
				"arn:aws:iam::123456789012:role/awslab/awslab-dev-orders-task"],
			"Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}},
		{"Sid": "ReadTasksLogs", "Effect": "Allow", "Action": "logs:GetLogEvents",
			"Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/awslab-dev-orders:log-stream:*"}
	]}`, g.inputs(t, "runner-access")["policy"].(string))
	require.Contains(
		t,
		g.inputs(t, "runner-role")["assumeRolePolicy"],
		`"StringEqualsIfExists":{"aws:SourceAccount":"123456789012"}`,
	)
}

func TestWhatATaskRunnerRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*TaskRunnerArgs)
		want   string
	}{
		"no image":    {func(a *TaskRunnerArgs) { a.Image = nil }, "Image: missing"},
		"no families": {func(a *TaskRunnerArgs) { a.Families = nil }, "Families: missing; there is nothing to run"},
		"no roles":    {func(a *TaskRunnerArgs) { a.Roles = nil }, "Roles: missing"},
		"a wildcard":  {func(a *TaskRunnerArgs) { a.Roles = []string{"*"} }, `Roles[0]: "*"; use 1 to 64 letters`},
		"all log groups": {
			func(a *TaskRunnerArgs) { a.LogGroups = []string{"*"} },
			`LogGroups[0]: "*" is not a name of a log group`,
		},
		"a name too long": {func(a *TaskRunnerArgs) {
			a.Name = "a-name-that-is-much-longer-than-the-64-characters-that-lambda-allows"
		}, "Name: "},
		"an unknown hardware": {
			func(a *TaskRunnerArgs) { a.Architecture = "x86_64" },
			`Architecture: "x86_64"; use amd64 or arm64`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.ErrorContains(t, g.runRunner(test.change), test.want)
			require.Empty(t, g.resources, "nothing is registered")
		})
	}
}
