package compute

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func withRuns(args *ServiceArgs) {
	args.TaskRunner = pulumi.String("awslab-dev-runtask")
	args.Before = []TaskRun{
		{Name: "migrate", Command: []string{"migrate"}},
		{Name: "seed", Command: []string{"/orders", "seed"}, Timeout: 60},
	}
	args.After = []TaskRun{{Name: "warm", Command: []string{"/orders", "warm"}}}
}

func TestARunsInput(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(withRuns))
	inputs := g.inputs(t, "orders-before-migrate")
	require.JSONEq(t, `{
		"cluster": "arn:lab-cluster", "taskDefinition": "arn:orders-task",
		"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "base": 0, "weight": 1}],
		"subnets": ["network-vpc-app-1-id", "network-vpc-app-2-id"],
		"securityGroups": ["orders-tasks-group-id", "lab-targets-group-id"],
		"containerName": "app", "command": ["migrate"], "timeoutSeconds": 840,
		"logGroup": "/ecs/awslab-dev-orders", "logStreamPrefix": "app", "startedBy": "migrate"
	}`, inputs["input"].(string))
	delete(inputs, "input")
	require.Equal(
		t,
		object{"functionName": "awslab-dev-runtask", "triggers": object{"taskDefinition": "arn:orders-task"}},
		inputs,
	)
}

// What only a migration may do is beyond the service: it has a task definition of its own, with another role.
func TestTasksBeforeADeploymentCanHaveMoreRightsThanTheService(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		withRuns(args)
		args.BeforeTask = &BeforeTask{
			TaskRoleArn:      pulumi.String("arn:admin"),
			Environment:      pulumi.StringMap{"ADMIN": pulumi.String("yes")},
			SecurityGroupIds: pulumi.StringArray{pulumi.String("sg-admin")},
		}
	}))
	before, service := g.inputs(t, "orders-before-task"), g.inputs(t, "orders-task")
	require.Equal(t, "awslab-dev-orders_before", before["family"])
	require.Equal(t, "arn:admin", before["taskRoleArn"])
	require.Contains(t, before["containerDefinitions"], `{"name":"ADMIN","value":"yes"}`)
	require.NotContains(t, service["containerDefinitions"], "ADMIN")
	require.NotEqual(t, service["taskRoleArn"], before["taskRoleArn"])
	require.Contains(t, g.inputs(t, "orders-before-migrate")["input"], `"taskDefinition":"arn:orders-before-task"`)
	require.Contains(t, g.inputs(t, "orders-before-migrate")["input"], "sg-admin")
	require.Contains(t, g.inputs(t, "orders-after-warm")["input"], `"taskDefinition":"arn:orders-task"`)
	require.NotContains(t, g.inputs(t, "orders-after-warm")["input"], "sg-admin")
}

func TestTasksBeforeADeploymentNeedARoleAndRoomForTheirGroups(t *testing.T) {
	groups := pulumi.StringArray{pulumi.String("a"), pulumi.String("b"), pulumi.String("c"), pulumi.String("d")}
	err := (&graph{}).runOrders(func(args *ServiceArgs) {
		withRuns(args)
		args.BeforeTask = &BeforeTask{SecurityGroupIds: groups}
	})
	require.ErrorContains(t, err, "BeforeTask.TaskRoleArn: missing")
	require.ErrorContains(t, err, "BeforeTask.SecurityGroupIds: 4 groups; use at most 3")
}

func TestRunsAreInTheirOrderAroundTheDeployment(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runIn(func(ctx *pulumi.Context, args *ServiceArgs) error {
		withRuns(args)
		return connectToDatabase(ctx, args)
	}))
	require.Contains(
		t,
		g.dependencies(t, "orders-before-migrate"),
		"orders-to-database-ingress-5432",
		"a migration reaches the database",
	)
	require.NotContains(t, g.dependencies(t, "orders-before-migrate"), "orders-service")
	require.Contains(t, g.dependencies(t, "orders-before-seed"), "orders-before-migrate")
	require.Contains(t, g.dependencies(t, "orders-service"), "orders-before-seed")
	require.Contains(t, g.dependencies(t, "orders-after-warm"), "orders-service")
}

// What comes after a deployment must not come after one that ECS took back.
func TestNothingRunsAfterADeploymentThatWasRolledBack(t *testing.T) {
	g := &graph{running: "arn:aws:ecs:eu-west-1:123456789012:task-definition/awslab-dev-orders:6"}
	require.ErrorContains(t, g.runOrders(withRuns), "the deployment failed and was rolled back")
	require.Equal(
		t,
		[]string{"orders-before-migrate", "orders-before-seed"},
		g.names("aws:lambda/invocation:Invocation"),
	)
}

// A run that Fargate Spot interrupts would fail the deployment.
func TestARunIsNotInterrupted(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.Capacity = Capacity{SpotWeight: 1}; withRuns(args) }))
	require.Contains(
		t,
		g.inputs(t, "orders-before-migrate")["input"],
		`"capacityProviderStrategy":[{"capacityProvider":"FARGATE","base":0,"weight":1}]`,
	)
}

func TestARunUsesTheInstancesOfItsCluster(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) { onEC2(args); withRuns(args) }))
	require.Contains(
		t,
		g.inputs(t, "orders-before-migrate")["input"],
		`"capacityProviderStrategy":[{"capacityProvider":"awslab-dev-ec2","base":0,"weight":1}]`,
	)
}
