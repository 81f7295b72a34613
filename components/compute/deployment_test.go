package compute

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func TestAServiceOfWhichNoTwoTasksRunAtOnce(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.Deployment = Deployment{MaximumPercent: 100} }))
	inputs := g.inputs(t, "orders-service")
	require.Equal(
		t,
		[]any{0.0, 100.0},
		[]any{inputs["deploymentMinimumHealthyPercent"], inputs["deploymentMaximumPercent"]},
	)
	require.Equal(t, "DISABLED", inputs["availabilityZoneRebalancing"], "ECS refuses it at 100 percent")
}

func TestADeploymentIsWaitedForAsLongAsItLasts(t *testing.T) {
	round := taskStart + 140*time.Second // 60 of grace, two checks, and 60 for the old tasks to drain and stop
	for name, tc := range map[string]struct {
		tasks            int
		scaling          *Scaling
		minimum, maximum int
		want             time.Duration
	}{
		"all at once":       {50, nil, 100, 200, leastWait},
		"one at a time":     {4, nil, 75, 100, 2 * 4 * round},
		"a tenth at a time": {100, nil, 100, 110, 2 * 10 * round},
		"what scales out":   {1, &Scaling{Max: 100}, 100, 110, 2 * 10 * round},
	} {
		args := ServiceArgs{
			DesiredCount: tc.tasks, Scaling: tc.scaling, Health: Health{Interval: 10, Grace: 60},
			Deployment: Deployment{MinimumHealthyPercent: tc.minimum, MaximumPercent: tc.maximum},
		}
		require.Equal(t, tc.want, args.wait(), name)
	}
	g := &graph{}
	require.NoError(t, g.runOrders(func(*ServiceArgs) {}))
	timeouts := g.find(t, "orders-service").RegisterRPC.GetCustomTimeouts()
	require.Equal(t, []string{leastWait.String(), leastWait.String()}, []string{timeouts.Create, timeouts.Update})
}

// ECS takes either a grace period or the first target group in one update.
func TestAServiceThatBecomesPublicGetsItsGracePeriodNext(t *testing.T) {
	for _, newlyRouted := range []bool{true, false} {
		g := &graph{}
		require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.NewlyRouted = newlyRouted }))
		inputs := g.inputs(t, "orders-service")
		require.Contains(t, inputs, "loadBalancers")
		require.Equal(t, newlyRouted, inputs["healthCheckGracePeriodSeconds"] == nil)
	}
}

func TestAlarmsRollADeploymentBack(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Deployment = Deployment{Alarms: []string{"latency", "errors"}, ServerErrors: 5}
	}))
	require.Equal(t, object{
		"alarmNames": []any{"errors", "latency", "awslab-dev-orders-deployment-errors"},
		"enable":     true,
		"rollback":   true,
	}, g.inputs(t, "orders-service")["alarms"])
	alarm := g.inputs(t, "orders-deployment-errors")
	delete(alarm, "alarmDescription")
	require.Equal(t, object{
		"name":               "awslab-dev-orders-deployment-errors",
		"namespace":          "AWS/ApplicationELB",
		"metricName":         "HTTPCode_Target_5XX_Count",
		"dimensions":         object{"LoadBalancer": "arnSuffix:lab-alb", "TargetGroup": "arnSuffix:orders-targets"},
		"statistic":          "Sum",
		"period":             60.0,
		"evaluationPeriods":  1.0,
		"comparisonOperator": "GreaterThanOrEqualToThreshold",
		"threshold":          5.0,
		"treatMissingData":   "notBreaching",
		"tags":               asTags,
	}, alarm)
}

func TestTriggersRedeploy(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(
		func(args *ServiceArgs) { args.Triggers = pulumi.StringMap{"password": pulumi.String("version-2")} },
	))
	require.Equal(t, object{"password": "version-2"}, g.inputs(t, "orders-service")["triggers"])
	require.Equal(
		t,
		true,
		g.inputs(t, "orders-service")["forceNewDeployment"],
		"without it the provider drops triggers",
	)
}

func TestServiceConnect(t *testing.T) {
	logs := object{"logDriver": "awslogs", "options": object{
		"awslogs-group":         "/ecs/awslab-dev-orders",
		"awslogs-region":        "eu-west-1",
		"awslogs-stream-prefix": "service-connect",
		"mode":                  "non-blocking",
		"max-buffer-size":       "4m",
	}}
	t.Run("server", func(t *testing.T) {
		g := &graph{}
		require.NoError(
			t,
			g.runOrders(func(args *ServiceArgs) { args.Connect = &Connect{Namespace: namespace, Name: "orders"} }),
		)
		require.Equal(t, object{
			"enabled": true, "namespace": "arn:namespace", "logConfiguration": logs,
			"services": []any{object{
				"portName":      "orders",
				"discoveryName": "orders",
				"clientAlias":   []any{object{"dnsName": "orders", "port": 8080.0}},
			}},
		}, g.inputs(t, "orders-service")["serviceConnectConfiguration"])
	})
	t.Run("client", func(t *testing.T) {
		g := &graph{}
		require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.Connect = &Connect{Namespace: namespace} }))
		require.Equal(t, object{"enabled": true, "namespace": "arn:namespace", "logConfiguration": logs},
			g.inputs(t, "orders-service")["serviceConnectConfiguration"])
		require.NotContains(t, g.containers(t)[0]["portMappings"].([]any)[0], "name")
	})
}

func TestTheEndpointIsKnownInAPreview(t *testing.T) {
	require.Equal(t, "http://orders:8080", (&ServiceArgs{Port: 8080, Connect: &Connect{Name: "orders"}}).endpoint())
	require.Empty(t, (&ServiceArgs{Port: 8080, Connect: &Connect{}}).endpoint())
	require.Empty(t, (&ServiceArgs{Port: 8080}).endpoint())
}

func TestARollbackIsAFailure(t *testing.T) {
	g := &graph{running: "arn:aws:ecs:eu-west-1:123456789012:task-definition/awslab-dev-orders:6"}
	require.ErrorContains(t, g.runOrders(func(*ServiceArgs) {}), "service awslab-dev-orders runs "+
		"arn:aws:ecs:eu-west-1:123456789012:task-definition/awslab-dev-orders:6 and not arn:orders-task: the "+
		"deployment failed and was rolled back; "+
		"its stopped tasks and the log group /ecs/awslab-dev-orders tell why")
}
