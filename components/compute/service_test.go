package compute

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

type object = map[string]any

// labTags are on everything; asTags is how they look among inputs.
var (
	labTags = map[string]string{"Project": "awslab"}
	asTags  = object{"Project": "awslab"}
)

func unchanged(*ServiceArgs) {}

func TestAServicesInputs(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(unchanged))
	require.Equal(t, object{
		"name": "awslab-dev-orders", "cluster": "arn:lab-cluster", "taskDefinition": "arn:orders-task", "desiredCount": 2.0,
		"capacityProviderStrategies": []any{object{"capacityProvider": "FARGATE", "base": 0.0, "weight": 1.0}},
		"networkConfiguration": object{
			"assignPublicIp": false, "securityGroups": []any{"orders-tasks-group-id"},
			"subnets": []any{"network-vpc-app-1-id", "network-vpc-app-2-id"},
		},
		"loadBalancers":                   []any{object{"targetGroupArn": "arn:orders-targets", "containerName": "app", "containerPort": 8080.0}},
		"healthCheckGracePeriodSeconds":   30.0,
		"deploymentMinimumHealthyPercent": 100.0, "deploymentMaximumPercent": 200.0,
		"deploymentCircuitBreaker":    object{"enable": true, "rollback": true},
		"availabilityZoneRebalancing": "ENABLED", "enableEcsManagedTags": true, "propagateTags": "SERVICE",
		"waitForSteadyState": true, "tags": asTags,
	}, g.inputs(t, "orders-service"))
	require.Equal(t, object{
		"name": "awslab-dev-orders", "vpcId": "network-vpc-id", "targetType": "ip", "port": 8080.0, "protocol": "HTTP", "deregistrationDelay": 30.0,
		"healthCheck": object{"path": "/readyz", "protocol": "HTTP", "matcher": "200", "interval": 10.0, "timeout": 5.0, "healthyThreshold": 2.0, "unhealthyThreshold": 3.0},
		"tags":        asTags,
	}, g.inputs(t, "orders-targets"))
	require.Equal(t, object{
		"listenerArn": "arn:lab-http", "priority": float64(Route{Path: "/orders"}.RulePriority()),
		"conditions": []any{object{"pathPattern": object{"values": []any{"/orders", "/orders/*"}}}},
		"actions":    []any{object{"type": "forward", "targetGroupArn": "arn:orders-targets"}},
		"tags":       asTags,
	}, g.inputs(t, "orders-rule"))
	require.Equal(t, object{"name": "/ecs/awslab-dev-orders", "retentionInDays": 30.0, "tags": asTags}, g.inputs(t, "orders-logs"))
}

func TestOnlyTheLoadBalancerReachesAService(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(unchanged))
	var into []string
	for _, r := range g.resources {
		if r.TypeToken == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" && r.Inputs["securityGroupId"].StringValue() == "orders-tasks-group-id" {
			require.False(t, r.Inputs["cidrIpv4"].IsString(), "%s lets a block in", r.Name)
			into = append(into, r.Inputs["referencedSecurityGroupId"].StringValue())
		}
	}
	require.Equal(t, []string{g.inputs(t, "lab-alb")["securityGroups"].([]any)[0].(string)}, into)
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
		"linuxParameters": {"initProcessEnabled": true, "capabilities": {"drop": ["ALL"]}},
		"portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
		"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
		"secrets": [{"name": "KEY", "valueFrom": "arn:key"}],
		"healthCheck": {"command": ["CMD", "/orders", "healthcheck"], "interval": 10, "timeout": 5, "retries": 3, "startPeriod": 300},
		"logConfiguration": {"logDriver": "awslogs", "options": {
			"awslogs-group": "/ecs/awslab-dev-orders", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app",
			"mode": "non-blocking", "max-buffer-size": "4m"}},
		"mountPoints": [], "volumesFrom": [], "systemControls": []
	}]`, inputs["containerDefinitions"].(string))
	delete(inputs, "containerDefinitions")
	require.Equal(t, object{
		"family": "awslab-dev-orders", "cpu": "256", "memory": "512", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"},
		"executionRoleArn": "arn:execution", "taskRoleArn": "arn:task",
		"runtimePlatform": object{"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"}, "tags": asTags,
	}, inputs)
}

func TestAnUnchangedContainerIsTheSameText(t *testing.T) {
	text := func() string {
		g := &graph{}
		require.NoError(t, g.runOrders(func(args *ServiceArgs) {
			args.Environment = pulumi.StringMap{}
			for _, name := range []string{"Z", "M", "A", "Q", "F"} {
				args.Environment[name] = pulumi.String(name)
			}
		}))
		return g.inputs(t, "orders-task")["containerDefinitions"].(string)
	}
	first := text()
	for range 5 {
		require.Equal(t, first, text())
	}
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
	require.True(t, g.find(t, "orders-task").RegisterRPC.GetObject().GetFields()["containerDefinitions"].GetStructValue() != nil,
		"a secret travels in an envelope, not as a plain string")
}

func TestScaling(t *testing.T) {
	scaled := func(args *ServiceArgs) { args.Scaling = &Scaling{Min: 2, Max: 6, CPU: 70, RequestsPerTarget: 1000} }
	g := &graph{}
	require.NoError(t, g.runOrders(scaled))
	require.Equal(t, object{
		"serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount", "resourceId": "service/awslab-dev/awslab-dev-orders",
		"minCapacity": 2.0, "maxCapacity": 6.0, "tags": asTags,
	}, g.inputs(t, "orders-scaling"))
	require.Equal(t, []string{"orders-scaling-cpu", "orders-scaling-requests"}, g.names("aws:appautoscaling/policy:Policy"), "0 does not scale by memory")
	require.Equal(t, object{
		"targetValue": 1000.0, "scaleOutCooldown": 60.0, "scaleInCooldown": 300.0,
		"predefinedMetricSpecification": object{
			"predefinedMetricType": "ALBRequestCountPerTarget", "resourceLabel": "arnSuffix:lab-alb/arnSuffix:orders-targets",
		},
	}, g.inputs(t, "orders-scaling-requests")["targetTrackingScalingPolicyConfiguration"])
}

func TestTheCountIsLeftAloneExactlyWhenScalingOwnsIt(t *testing.T) {
	for _, scaling := range []*Scaling{nil, {Min: 2, Max: 6, CPU: 70}} {
		g := &graph{}
		require.NoError(t, g.runOrders(func(args *ServiceArgs) { args.Scaling = scaling }))
		ignored := g.find(t, "orders-service").RegisterRPC.GetIgnoreChanges()
		if scaling == nil {
			require.Empty(t, ignored)
			require.Empty(t, g.names("aws:appautoscaling/target:Target"))
		} else {
			require.Equal(t, []string{"desiredCount"}, ignored)
		}
	}
}

func TestAServiceWaitsForItsRuleAndTheClustersCapacity(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.runOrders(unchanged))
	var names []string
	for _, urn := range g.find(t, "orders-service").RegisterRPC.GetDependencies() {
		names = append(names, urn[len(urn)-len(lastPart(urn)):])
	}
	require.Contains(t, names, "orders-rule")
	require.Contains(t, names, "lab-capacity")
}

func lastPart(urn string) string {
	for i := len(urn) - 1; i > 0; i-- {
		if urn[i] == ':' {
			return urn[i+1:]
		}
	}
	return urn
}

func TestWhatAServiceRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*ServiceArgs)
		want   string
	}{
		"a name too long":      {func(a *ServiceArgs) { a.Name = "a-name-that-is-longer-than-32-characters" }, "use 1 to 32 letters"},
		"no cluster":           {func(a *ServiceArgs) { a.Cluster = nil }, "Cluster: missing"},
		"no image":             {func(a *ServiceArgs) { a.Image = nil }, "Image: missing"},
		"no route":             {func(a *ServiceArgs) { a.Route = Route{} }, "Route: missing; give a path, a host or both"},
		"a route too deep":     {func(a *ServiceArgs) { a.Route.Path = "/1/2/3/4/5/6/7/8/9/10" }, "has 10 segments; use at most 9"},
		"a relative path":      {func(a *ServiceArgs) { a.Route.Path = "orders" }, `Route.Path: "orders"; begin with /`},
		"a priority":           {func(a *ServiceArgs) { a.Route.Priority = 50001 }, "Route.Priority: 50001; use 1 to 50000"},
		"a port":               {func(a *ServiceArgs) { a.Port = 0 }, "Port: 0; use 1 to 65535"},
		"an architecture":      {func(a *ServiceArgs) { a.Architecture = "x86" }, `Architecture: "x86"; use amd64 or arm64`},
		"a CPU size":           {func(a *ServiceArgs) { a.CPU = 300 }, "CPU: 300 is no Fargate size; use one of [256 512"},
		"a memory size":        {func(a *ServiceArgs) { a.Memory = 4096 }, "Memory: 4096 MiB does not go with CPU 256; use one of [512 1024 2048]"},
		"a negative count":     {func(a *ServiceArgs) { a.DesiredCount = -1 }, "DesiredCount: -1 is negative"},
		"no capacity":          {func(a *ServiceArgs) { a.Capacity = Capacity{} }, "both weights are 0"},
		"a weight":             {func(a *ServiceArgs) { a.Capacity.SpotWeight = 1001 }, "Capacity.SpotWeight: 1001; use 0 to 1000"},
		"no scaling target":    {func(a *ServiceArgs) { a.Scaling = &Scaling{Min: 1, Max: 2} }, "Scaling: no target"},
		"a scaling range":      {func(a *ServiceArgs) { a.Scaling = &Scaling{Min: 3, Max: 2, CPU: 70} }, "Scaling: 3 to 2"},
		"a slow health check":  {func(a *ServiceArgs) { a.Health.Timeout = 10 }, "Health.Timeout: 10 is not shorter than Interval, 10"},
		"a rare health check":  {func(a *ServiceArgs) { a.Health.Interval = 301 }, "Health.Interval: 301; use 5 to 300"},
		"a slow command":       {func(a *ServiceArgs) { a.Health = Health{"/", 120, 61, 0, []string{"CMD", "/x"}} }, "with Command, use at most 60"},
		"a command of no kind": {func(a *ServiceArgs) { a.Health.Command = []string{"/x"} }, "the first word is CMD or CMD-SHELL"},
		"a variable twice": {func(a *ServiceArgs) {
			a.Environment, a.Secrets = pulumi.StringMap{"A": pulumi.String("1")}, pulumi.StringMap{"A": pulumi.String("arn:a")}
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
	require.Error(t, (&graph{}).run(func(ctx *pulumi.Context) error { _, err := NewService(ctx, "x", nil); return err }))
	require.Error(t, (&graph{}).run(func(ctx *pulumi.Context) error { _, err := NewCluster(ctx, "x", nil); return err }))
	require.Error(t, (&graph{}).run(func(ctx *pulumi.Context) error { _, err := NewLoadBalancer(ctx, "x", nil); return err }))
}
