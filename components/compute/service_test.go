package compute

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/components/network/networktest"
)

type object = map[string]any

// labTags are on everything; asTags is how they look among inputs.
var (
	labTags = map[string]string{"Project": "awslab"}
	asTags  = object{"Project": "awslab"}
)

// ordersRule is the name of the listener rule for /orders.
var ordersRule = fmt.Sprintf("lab-rule-%d", Route{Path: "/orders"}.RulePriority())

func unchanged(*ServiceArgs) {}

func TestAServicesInputs(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(unchanged))
	require.Equal(t, object{
		"name":                       "awslab-dev-orders",
		"cluster":                    "arn:lab-cluster",
		"taskDefinition":             "arn:orders-task",
		"desiredCount":               2.0,
		"capacityProviderStrategies": []any{object{"capacityProvider": "FARGATE", "base": 0.0, "weight": 1.0}},
		"networkConfiguration": object{
			"assignPublicIp": false, "securityGroups": []any{"orders-tasks-group-id", "lab-targets-group-id"},
			"subnets": []any{"network-vpc-app-1-id", "network-vpc-app-2-id"},
		},
		"loadBalancers": []any{
			object{"targetGroupArn": "arn:orders-targets", "containerName": "app", "containerPort": 8080.0},
		},
		"healthCheckGracePeriodSeconds":   30.0,
		"deploymentMinimumHealthyPercent": 100.0,
		"deploymentMaximumPercent":        200.0,
		"deploymentCircuitBreaker":        object{"enable": true, "rollback": true},
		"alarms":                          object{"enable": false, "rollback": false, "alarmNames": []any{}},
		"availabilityZoneRebalancing":     "ENABLED",
		"enableEcsManagedTags":            true,
		"enableExecuteCommand":            false,
		"propagateTags":                   "SERVICE",
		"forceNewDeployment":              true,
		"waitForSteadyState":              true,
		"tags":                            asTags,
	}, g.inputs(t, "orders-service"))
	require.Equal(t, object{
		"name":                "awslab-dev-orders",
		"vpcId":               "network-vpc-id",
		"targetType":          "ip",
		"port":                80.0,
		"protocol":            "HTTP",
		"deregistrationDelay": 30.0,
		"healthCheck": object{
			"path":               "/readyz",
			"protocol":           "HTTP",
			"matcher":            "200",
			"interval":           10.0,
			"timeout":            5.0,
			"healthyThreshold":   2.0,
			"unhealthyThreshold": 3.0,
		},
		"tags": asTags,
	}, g.inputs(t, "orders-targets"))
	require.Equal(t, object{
		"listenerArn": "arn:lab-http", "priority": float64(Route{Path: "/orders"}.RulePriority()),
		"conditions": []any{object{"pathPattern": object{"values": []any{"/orders", "/orders/*"}}}},
		"actions":    []any{object{"type": "forward", "targetGroupArn": "arn:orders-targets"}},
		"tags":       asTags,
	}, g.inputs(t, ordersRule))
	require.Equal(
		t,
		object{"name": "/ecs/awslab-dev-orders", "retentionInDays": 30.0, "tags": asTags},
		g.inputs(t, "orders-logs"),
	)
}

func TestRequestsGoToAPredecessorUntilTheNextUpdate(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.Predecessor = pulumi.String("arn:shop-targets") }))
	require.Equal(t, []any{object{"type": "forward", "forward": object{"targetGroups": []any{
		object{"arn": "arn:shop-targets", "weight": 1.0}, object{"arn": "arn:orders-targets", "weight": 0.0},
	}}}}, g.inputs(t, ordersRule)["actions"])
}

func TestARouteIsHandedOverAsItWas(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runIn(func(ctx *pulumi.Context, args *ServiceArgs) error {
		route := Route{Path: "/cart", Priority: 7}
		_, err := args.LoadBalancer.HandOver(ctx, "cart", route, pulumi.String("arn:shop-targets"))
		return err
	}))
	rule := g.inputs(t, "lab-rule-7")
	require.Equal(t, []any{object{"pathPattern": object{"values": []any{"/cart", "/cart/*"}}}}, rule["conditions"])
	require.Equal(t, []any{object{"type": "forward", "targetGroupArn": "arn:shop-targets"}}, rule["actions"])
}

func TestOnlyTheLoadBalancerReachesAService(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(unchanged))
	groups := g.inputs(t, "orders-service")["networkConfiguration"].(object)["securityGroups"].([]any)
	require.Equal(t, []any{"orders-tasks-group-id", "lab-targets-group-id"}, groups)
	for _, r := range g.resources {
		if r.TypeToken == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" &&
			slices.Contains(groups, any(r.Inputs["securityGroupId"].StringValue())) {
			require.NotContains(t, r.Inputs, resource.PropertyKey("cidrIpv4"), "%s lets a block in", r.Name)
		}
	}
	require.Empty(t, g.into("orders-tasks-group-id"))
	require.Equal(
		t,
		[]string{g.inputs(t, "lab-alb")["securityGroups"].([]any)[0].(string)},
		g.into("lab-targets-group-id"),
	)
}

func TestFurtherSecurityGroupsAreThoseOfTasksToo(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.SecurityGroupIds = pulumi.StringArray{pulumi.String("sg-database-clients")}
	}))
	require.Equal(
		t,
		[]any{"orders-tasks-group-id", "sg-database-clients", "lab-targets-group-id"},
		g.inputs(t, "orders-service")["networkConfiguration"].(object)["securityGroups"],
	)
}

func TestATaskDefinition(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Architecture = "arm64"
		args.Environment = pulumi.StringMap{"B": pulumi.String("2"), "A": pulumi.String("1").ToStringOutput()}
		args.Secrets = pulumi.StringMap{"KEY": pulumi.String("arn:key")}
		args.Health.Command, args.Health.Grace = []string{"CMD", "/orders", "healthcheck"}, 400
	}))
	inputs := g.inputs(t, "orders-task")
	require.JSONEq(t, `[{
		"name": "app", "image": "registry/orders@sha256:1", "cpu": 0, "essential": true, "user": "65532:65532",
		"readonlyRootFilesystem": true, "privileged": false, "stopTimeout": 30,
		"linuxParameters": {"initProcessEnabled": true, "capabilities": {"add": [], "drop": ["ALL"]}},
		"portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
		"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
		"secrets": [{"name": "KEY", "valueFrom": "arn:key"}],
		"healthCheck": {"command": ["CMD", "/orders", "healthcheck"], "interval": 10, "timeout": 5, "retries": 3,
			"startPeriod": 300},
		"logConfiguration": {"logDriver": "awslogs", "options": {
			"awslogs-group": "/ecs/awslab-dev-orders", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app",
			"mode": "non-blocking", "max-buffer-size": "4m"}},
		"mountPoints": [], "volumesFrom": [], "systemControls": []
	}]`, inputs["containerDefinitions"].(string))
	delete(inputs, "containerDefinitions")
	require.Equal(t, object{
		"family":                  "awslab-dev-orders",
		"cpu":                     "256",
		"memory":                  "512",
		"networkMode":             "awsvpc",
		"requiresCompatibilities": []any{"FARGATE"},
		"executionRoleArn":        "arn:execution",
		"taskRoleArn":             "arn:task",
		"runtimePlatform":         object{"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"},
		"tags":                    asTags,
	}, inputs)
}

func TestListsOfAContainerAreNeverNull(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(unchanged))
	var containers []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(g.inputs(t, "orders-task")["containerDefinitions"].(string)), &containers))
	for _, list := range []string{"environment", "secrets", "mountPoints", "volumesFrom", "systemControls"} {
		require.Equal(t, "[]", string(containers[0][list]), list)
	}
	require.NotContains(t, containers[0], "healthCheck", "a service has none unless it names a command")
}

func TestASecretEnvironmentMakesTheTaskDefinitionSecret(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Environment = pulumi.StringMap{"TOKEN": pulumi.ToSecret(pulumi.String("x")).(pulumi.StringOutput)}
	}))
	require.True(
		t,
		g.find(t, "orders-task").RegisterRPC.GetObject().GetFields()["containerDefinitions"].GetStructValue() != nil,
		"a secret travels in an envelope, not as a plain string",
	)
}

func TestAServiceWaitsForItsRuleAndTheClustersCapacity(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(unchanged))
	dependencies := g.dependencies(t, "orders-service")
	require.Contains(t, dependencies, ordersRule)
	require.Contains(t, dependencies, "lab-capacity")
	require.Contains(t, dependencies, "lab-to-targets-8080-ingress-8080")
}

func TestAServiceWaitsForWhatItMounts(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runIn(func(ctx *pulumi.Context, args *ServiceArgs) error {
		target, err := efs.NewMountTarget(
			ctx,
			"files-mount-1",
			&efs.MountTargetArgs{FileSystemId: files.FileSystemId, SubnetId: pulumi.String("subnet-1")},
		)
		mounted := files
		mounted.After = []pulumi.Resource{target}
		args.Volumes = []Volume{mounted}
		return err
	}))
	require.Contains(t, g.dependencies(t, "orders-service"), "files-mount-1")
	require.NotContains(
		t,
		g.dependencies(t, "orders-task"),
		"files-mount-1",
		"a zone more would replace it in a preview",
	)
}

// dependencies returns the names of what a resource waits for.
func (g *graph) dependencies(t *testing.T, name string) []string {
	t.Helper()
	var names []string
	for _, urn := range g.find(t, name).RegisterRPC.GetDependencies() {
		names = append(names, urn[strings.LastIndex(urn, ":")+1:])
	}
	return names
}

func TestAWorkerHasNeitherPortNorRoute(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Port, args.Route, args.Health, args.LoadBalancer = 0, Route{}, Health{}, nil
	}))
	require.Empty(t, g.names("aws:lb/targetGroup:TargetGroup"))
	require.Empty(t, g.names("aws:lb/listenerRule:ListenerRule"))
	inputs := g.inputs(t, "orders-service")
	require.NotContains(t, inputs, "loadBalancers")
	require.NotContains(t, inputs, "healthCheckGracePeriodSeconds", "ECS takes one only with a load balancer")
	require.Equal(t, []any{}, g.containers(t)[0]["portMappings"])
	require.Empty(t, g.into("orders-tasks-group-id"), "nobody calls a worker")
}

func TestAnInternalServiceIsReachedByNameOnly(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		args.Internal, args.Route, args.Health, args.LoadBalancer = true, Route{}, Health{}, nil
		args.Connect = &Connect{Namespace: namespace, Name: "orders"}
	}))
	require.Empty(t, g.names("aws:lb/targetGroup:TargetGroup"))
	require.NotContains(t, g.inputs(t, "orders-service"), "loadBalancers")
	require.Equal(
		t,
		[]any{
			object{
				"name":          "orders",
				"containerPort": 8080.0,
				"hostPort":      8080.0,
				"protocol":      "tcp",
				"appProtocol":   "http",
			},
		},
		g.containers(t)[0]["portMappings"],
	)
	require.Empty(t, g.into("orders-tasks-group-id"), "nobody calls it yet")
}

// into returns the groups that may call a group.
func (g *graph) into(group string) []string {
	var from []string
	for _, r := range g.resources {
		if r.TypeToken == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" &&
			r.Inputs["securityGroupId"].StringValue() == group {
			from = append(from, r.Inputs["referencedSecurityGroupId"].StringValue())
		}
	}
	return from
}

// containers returns the definitions in the task definition of the service orders.
func (g *graph) containers(t *testing.T) []object {
	t.Helper()
	var containers []object
	require.NoError(t, json.Unmarshal([]byte(g.inputs(t, "orders-task")["containerDefinitions"].(string)), &containers))
	return containers
}

// connectToDatabase lets the service's tasks call a database.
func connectToDatabase(ctx *pulumi.Context, args *ServiceArgs) error {
	connection, err := network.NewConnection(ctx, "orders-to-database", &network.ConnectionArgs{
		FromSecurityGroupId: args.SecurityGroup.SecurityGroupId,
		ToSecurityGroupId:   pulumi.String("sg-database"),
		Ports:               network.Port(5432),
		Description:         "Service orders to the database",
	})
	if err == nil {
		args.Ready = append(args.Ready, connection.Rules...)
	}
	return err
}

func TestConnectionsAreThereBeforeTheTasks(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runIn(connectToDatabase))
	require.Equal(t, []string{"orders-tasks-group-id"}, g.into("sg-database"))
	egress := g.inputs(t, "orders-to-database-egress-5432")
	require.Equal(t, "orders-tasks-group-id", egress["securityGroupId"])
	require.Equal(t, 5432.0, egress["fromPort"])
	require.Contains(t, g.dependencies(t, "orders-service"), "orders-to-database-egress-5432")
}

func TestOnEC2(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(func(args *ServiceArgs) {
		onEC2(args)
		args.CPU, args.Memory, args.Capacity = 300, 700, Capacity{}
	}))
	service := g.inputs(t, "orders-service")
	require.Equal(
		t,
		[]any{object{"capacityProvider": "awslab-dev-ec2", "base": 0.0, "weight": 1.0}},
		service["capacityProviderStrategies"],
	)
	require.Equal(t, []any{
		object{"type": "spread", "field": "attribute:ecs.availability-zone"},
		object{"type": "binpack", "field": "memory"},
	}, service["orderedPlacementStrategies"])
	task := g.inputs(t, "orders-task")
	require.Equal(t, []any{"EC2"}, task["requiresCompatibilities"])
	require.Equal(t, []any{"300", "700", "awsvpc"}, []any{task["cpu"], task["memory"], task["networkMode"]})
}

func onEC2(args *ServiceArgs) {
	args.CapacityProvider = "awslab-dev-ec2"
}

var namespace = pulumi.String("arn:namespace")

func TestWhatAServiceRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*ServiceArgs)
		want   string
	}{
		"a name too long": {func(a *ServiceArgs) { a.Name = strings.Repeat("x", 256) }, "use 1 to 255 letters"},
		"no cluster":      {func(a *ServiceArgs) { a.Cluster = nil }, "Cluster: missing"},
		"no image":        {func(a *ServiceArgs) { a.Image = nil }, "Image: missing"},
		"no route": {
			func(a *ServiceArgs) { a.Route = Route{} },
			"Route: missing; give a path, a host or both",
		},
		"a route too deep": {
			func(a *ServiceArgs) { a.Route.Path = "/1/2/3/4/5/6/7/8/9/10" },
			"has 10 segments; use at most 9",
		},
		"a relative path": {
			func(a *ServiceArgs) { a.Route.Path = "orders" },
			`Route.Path: "orders"; begin with /`,
		},
		"a priority": {
			func(a *ServiceArgs) { a.Route.Priority = 50001 },
			"Route.Priority: 50001; use 1 to 50000",
		},
		"a port": {func(a *ServiceArgs) { a.Port = 0 }, "Port: 0; use 1 to 65535"},
		"an architecture": {
			func(a *ServiceArgs) { a.Architecture = "x86" },
			`Architecture: "x86"; use amd64 or arm64`,
		},
		"a CPU size": {
			func(a *ServiceArgs) { a.CPU = 300 },
			"CPU: 300 is not a Fargate size; use one of [256 512",
		},
		"a memory size": {
			func(a *ServiceArgs) { a.Memory = 4096 },
			"Memory: 4096 MiB does not go with CPU 256; use one of [512 1024 2048]",
		},
		"a negative count": {func(a *ServiceArgs) { a.DesiredCount = -1 }, "DesiredCount: -1 is negative"},
		"no capacity":      {func(a *ServiceArgs) { a.Capacity = Capacity{} }, "both weights are 0"},
		"a weight": {
			func(a *ServiceArgs) { a.Capacity.SpotWeight = 1001 },
			"Capacity.SpotWeight: 1001; use 0 to 1000",
		},
		"nothing that starts a first task": {
			func(a *ServiceArgs) { a.Scaling = &Scaling{Min: 0, Max: 2, CPU: 60} },
			"Scaling.Min: 0; without a task nothing is measured that could start one",
		},
		"nothing that starts a task again": {
			func(a *ServiceArgs) {
				a.Scaling = &Scaling{Min: 1, Max: 2, CPU: 60, Schedules: []Schedule{
					{Name: "evening", Expression: "cron(0 20 * * ? *)", Min: 0, Max: 2},
				}}
			},
			"Scaling.Schedules[0].Min: 0; without a task nothing is measured that could start one",
		},
		"no scaling target": {func(a *ServiceArgs) { a.Scaling = &Scaling{Min: 1, Max: 2} }, "Scaling: no target"},
		"a scaling range": {
			func(a *ServiceArgs) { a.Scaling = &Scaling{Min: 3, Max: 2, CPU: 70} },
			"Scaling: 3 to 2",
		},
		"a slow health check": {
			func(a *ServiceArgs) { a.Health.Timeout = 10 },
			"Health.Timeout: 10 is not shorter than Interval, 10",
		},
		"a rare health check": {
			func(a *ServiceArgs) { a.Health.Interval = 301 },
			"Health.Interval: 301; use 5 to 300",
		},
		"a slow command": {
			func(a *ServiceArgs) { a.Health = Health{"/", 120, 61, 0, []string{"CMD", "/x"}} },
			"with Command, use at most 60",
		},
		"a command of no kind": {
			func(a *ServiceArgs) { a.Health.Command = []string{"/x"} },
			"the first word is CMD or CMD-SHELL",
		},
		"a worker's health path is not asked for, its command is": {func(a *ServiceArgs) {
			a.Port, a.Route, a.Health = 0, Route{}, Health{Command: []string{"CMD", "/x"}}
		}, "Health.Interval: 0; use 5 to 300"},
		"an internal worker": {
			func(a *ServiceArgs) { a.Port, a.Route, a.Internal = 0, Route{}, true },
			"a service without a Port is a worker",
		},
		"an internal service with a route": {
			func(a *ServiceArgs) { a.Internal = true },
			"Route: an internal service has none",
		},
		"an internal service without a name": {
			func(a *ServiceArgs) { a.Internal, a.Route = true, Route{} },
			"Connect.Name: missing; other services reach an internal one by it",
		},
		"no load balancer": {func(a *ServiceArgs) { a.LoadBalancer = nil }, "LoadBalancer: missing"},
		"no namespace": {
			func(a *ServiceArgs) { a.Connect = &Connect{} },
			"Connect.Namespace: missing",
		},
		"a name that is no DNS label": {
			func(a *ServiceArgs) { a.Connect = &Connect{Name: "Orders"} },
			`Connect.Name: "Orders"; use 1 to 63`,
		},
		"a worker with a name": {
			func(a *ServiceArgs) { a.Port, a.Route, a.Connect = 0, Route{}, &Connect{Name: "orders"} },
			"a worker has no Port to be reached at",
		},
		"little CPU on EC2": {
			func(a *ServiceArgs) { onEC2(a); a.CPU = 64 },
			"CPU: 64; on EC2 use 128 to 196608",
		},
		"little memory on EC2": {
			func(a *ServiceArgs) { onEC2(a); a.Memory = 5 },
			"Memory: 5 MiB; use at least 6",
		},
		"requests of a worker": {
			func(a *ServiceArgs) { a.Port, a.Route, a.Scaling = 0, Route{}, &Scaling{Max: 1, RequestsPerTarget: 1} },
			"Scaling.RequestsPerTarget: only the load balancer",
		},
		"a cooldown": {
			func(a *ServiceArgs) { a.Scaling = &Scaling{Max: 1, CPU: 1, ScaleInCooldown: 3601} },
			"Scaling.ScaleInCooldown: 3601; use 0 to 3600",
		},
		"a schedule's expression": {
			func(a *ServiceArgs) { a.Scaling = scheduled(Schedule{"x", "0 7 * * *", "", 0, 1}) },
			`Scaling.Schedules[0].Expression: "0 7 * * *" is not a schedule; use cron(`,
		},
		"a cron of five fields": {
			func(a *ServiceArgs) { a.Scaling = scheduled(Schedule{"x", "cron(0 7 * * *)", "", 0, 1}) },
			"Scaling.Schedules[0].Expression",
		},
		"a cron of every day of the month and of the week": {
			func(a *ServiceArgs) { a.Scaling = scheduled(Schedule{"x", "cron(0 7 * * * *)", "", 0, 1}) },
			"Scaling.Schedules[0].Expression",
		},
		"a schedule's zone": {
			func(a *ServiceArgs) { a.Scaling = scheduled(Schedule{"x", "rate(1 hour)", "Europe/Bonn", 0, 1}) },
			`Timezone: "Europe/Bonn" is not an IANA time zone`,
		},
		"a schedule's range": {
			func(a *ServiceArgs) { a.Scaling = scheduled(Schedule{"x", "rate(1 hour)", "", 2, 1}) },
			"Scaling.Schedules[0]: 2 to 1; use 0 <= Min <= Max",
		},
		"a schedule twice": {
			func(a *ServiceArgs) { a.Scaling = scheduled(evening, evening) },
			`Scaling.Schedules[1].Name: "evening" is used twice`,
		},
		"a deployment that cannot begin": {
			func(a *ServiceArgs) { a.Deployment = Deployment{MinimumHealthyPercent: 100, MaximumPercent: 100} },
			"100 to 100 percent of 2 tasks are 2 to 2: a deployment could neither start nor stop one",
		},
		"a deployment that cannot begin with one task": {
			func(a *ServiceArgs) {
				a.DesiredCount, a.Deployment = 1, Deployment{MinimumHealthyPercent: 50, MaximumPercent: 150}
			},
			"50 to 150 percent of 1 tasks are 1 to 1: a deployment could neither start nor stop one",
		},
		"more security groups than ECS takes": {
			func(a *ServiceArgs) {
				a.SecurityGroupIds = pulumi.ToStringArray([]string{"sg-1", "sg-2", "sg-3", "sg-4"})
			},
			"SecurityGroupIds: 4 groups; use at most 3",
		},
		"half of the percents": {
			func(a *ServiceArgs) { a.Deployment.MinimumHealthyPercent = 50 },
			"Deployment.MaximumPercent: missing",
		},
		"a percent": {
			func(a *ServiceArgs) { a.Deployment.MaximumPercent = 300 },
			"Deployment: 0 to 300 percent",
		},
		"an alarm without a name": {
			func(a *ServiceArgs) { a.Deployment.Alarms = []string{""} },
			`Deployment.Alarms[0]: ""`,
		},
		"errors of a worker": {
			func(a *ServiceArgs) { a.Port, a.Route, a.Deployment.ServerErrors = 0, Route{}, 5 },
			"Deployment.ServerErrors: only the load balancer",
		},
		"a relative mount": {
			func(a *ServiceArgs) { a.ScratchPaths = []string{"tmp"} },
			`ScratchPaths[0]: "tmp"; use an absolute path`,
		},
		"a mount twice": {func(a *ServiceArgs) { a.Volumes, a.ScratchPaths = []Volume{files}, []string{files.Path} },
			`ScratchPaths[0]: "/files" is mounted twice`},
		"a volume without access point": {
			func(a *ServiceArgs) { v := files; v.AccessPointId = nil; a.Volumes = []Volume{v} },
			"Volumes[0].AccessPointId: missing",
		},
		"a volume named as scratch is": {
			func(a *ServiceArgs) { v := files; v.Name = "scratch-1"; a.Volumes = []Volume{v} },
			"which is for ScratchPaths",
		},
		"a collector that takes it all": {
			func(a *ServiceArgs) { a.Tracing = &Tracing{CPU: 256, Memory: 512} },
			"Tracing.CPU: the collector has 256 of the task's 256; use at least 1, and a larger task",
		},
		"a collector without memory": {
			func(a *ServiceArgs) { a.Tracing = &Tracing{Memory: 32} },
			"Tracing.Memory: the collector has 32 MiB of the task's 512; use at least 64, and a larger task",
		},
		"a run without a runner": {
			func(a *ServiceArgs) { a.Before = []TaskRun{{Name: "x", Command: []string{"/x"}}} },
			"TaskRunner: missing",
		},
		"a run without a command": {
			func(a *ServiceArgs) { a.After = []TaskRun{{Name: "x"}} },
			"After[0].Command: missing",
		},
		"a run that takes long": {
			func(a *ServiceArgs) { a.Before = []TaskRun{{Name: "x", Command: []string{"/x"}, Timeout: 841}} },
			"Before[0].Timeout: 841; use 1 to 840",
		},
		"a run twice": {
			func(a *ServiceArgs) { a.Before, a.After = []TaskRun{{Name: "x"}}, []TaskRun{{Name: "x"}} },
			`After[0].Name: "x" is used twice`,
		},
		"a variable twice": {func(a *ServiceArgs) {
			a.Environment, a.Secrets = pulumi.StringMap{
				"A": pulumi.String("1"),
			}, pulumi.StringMap{
				"A": pulumi.String("arn:a"),
			}
		}, "Secrets: A is in Environment too"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			err := g.runOrders(test.change)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, `service "orders"`)
			require.Empty(t, g.names("awslab:compute:Service"), "nothing is registered")
		})
	}
	t.Run("all at once", func(t *testing.T) {
		err := (&graph{}).runOrders(func(a *ServiceArgs) { a.Port, a.CPU, a.Image = 0, 300, nil })
		for _, want := range []string{"Port: 0", "CPU: 300", "Image: missing"} {
			require.ErrorContains(t, err, want)
		}
	})
}

func TestNilArgs(t *testing.T) {
	require.Error(
		t,
		(&graph{}).run(func(ctx *pulumi.Context) error { _, err := NewService(ctx, "x", nil); return err }),
	)
	require.Error(
		t,
		(&graph{}).run(func(ctx *pulumi.Context) error { _, err := NewCluster(ctx, "x", nil); return err }),
	)
	require.Error(
		t,
		(&graph{}).run(func(ctx *pulumi.Context) error { _, err := NewLoadBalancer(ctx, "x", nil); return err }),
	)
	require.Error(
		t,
		(&graph{}).run(func(ctx *pulumi.Context) error { _, err := NewTaskRunner(ctx, "x", nil); return err }),
	)
	require.Error(
		t,
		(&graph{}).run(func(ctx *pulumi.Context) error { _, err := NewRedeployment(ctx, "x", nil); return err }),
	)
}

// A service needs no VPC of ours: ids and rules of egress are enough.
func TestAServiceInAVpcFromElsewhere(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.run(func(ctx *pulumi.Context) error {
		args := ordersArgs()
		args.Route, args.Port = Route{}, 0
		args.Network = &network.Placement{
			VpcId: pulumi.String("vpc-1"), SubnetIds: pulumi.ToStringArray([]string{"subnet-1", "subnet-2"}),
			Egress: []network.Rule{
				{Name: "https", Description: "AWS, through a NAT gateway", Ports: network.Port(443), Cidr: "0.0.0.0/0"},
			},
		}
		var err error
		if args.SecurityGroup, err = args.Network.NewSecurityGroup(ctx, "orders-tasks", "Tasks", nil); err != nil {
			return err
		}
		if args.Cluster, err = NewCluster(
			ctx,
			"lab",
			&ClusterArgs{Name: "awslab-dev", Capacity: args.Capacity},
		); err != nil {
			return err
		}
		_, err = NewService(ctx, "orders", args)
		return err
	}))
	require.Equal(t, "vpc-1", g.inputs(t, "orders-tasks-group")["vpcId"])
	require.Equal(t, 443.0, g.inputs(t, "orders-tasks-egress-https")["fromPort"])
	require.Equal(
		t,
		[]any{"subnet-1", "subnet-2"},
		g.inputs(t, "orders-service")["networkConfiguration"].(object)["subnets"],
	)
	require.Empty(t, g.names(networktest.VpcToken))
}
