package stack

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config"
)

func TestAPortOfTheDataSubnetsStaysOpenForTheTasksOfBefore(t *testing.T) {
	for name, test := range map[string]struct {
		before string
		open   []float64
	}{
		"a new stack":                         {"", []float64{5432}},
		"one that had the same":               {"5432", []float64{5432}},
		"one that had a file system":          {"5432 2049", []float64{5432, 2049}},
		"one that had another kind of server": {"3306", []float64{5432, 3306}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{outputs: map[string]any{permanentOutput: map[string]any{dataPortsKey: test.before}}}
			require.NoError(t, deployTo(a, "../..", "dev", map[string]string{
				"region": "eu-west-1", "database": `{"deletionProtection": false}`,
				"services": `[{"name": "shop", "image": {"uri": "quay.io/lab/shop:1"}, "port": 80, "path": "/",
					"access": {"database": true}}]`,
			}))
			var open []float64
			for _, rule := range a.inputs(t, "lab-data-acl")["ingress"].ArrayValue() {
				port := rule.ObjectValue()["toPort"].NumberValue()
				if rule.ObjectValue()["action"].StringValue() == "allow" && port < 10000 {
					open = append(open, port)
				}
			}
			require.Subset(t, open, test.open)
			require.Subset(t, test.open, open)
		})
	}
}

func TestTheTasksOfBeforeReachANewPortOfWhatTheirServiceCalledBefore(t *testing.T) {
	for name, test := range map[string]struct {
		before string
		port   any // to which shop's tasks get a way; nil is none
	}{
		"a new stack":                      {"", nil},
		"one where nothing called it":      {"other:80", nil},
		"one with the same port":           {"items:81", nil},
		"one with another port":            {"other:80 items:80", 81.0},
		"one that called what is gone now": {"gone:80", nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{outputs: map[string]any{permanentOutput: map[string]any{callsKey + "shop": test.before}}}
			require.NoError(t, deployTo(a, "../..", "dev", map[string]string{
				"region": "eu-west-1", "database": "null", "services": `[
					{"name": "shop", "image": {"uri": "quay.io/lab/shop:1"}, "port": 80, "path": "/",
						"access": {"services": ["other"]}},
					{"name": "other", "image": {"uri": "quay.io/lab/other:1"}, "port": 80, "internal": true},
					{"name": "items", "image": {"uri": "quay.io/lab/items:1"}, "port": 81, "internal": true}]`,
			}))
			const rule = "shop-to-items-egress-81"
			if test.port == nil {
				require.False(t, a.has(rule))
				return
			}
			require.Equal(t, test.port, a.inputs(t, rule)["toPort"].NumberValue())
			require.Contains(t, a.dependencies(t, "items-service"), rule)
		})
	}
}

func TestTheTasksOfAServiceThatIsGoneReachANewPortOfWhatItCalled(t *testing.T) {
	a := &account{outputs: map[string]any{permanentOutput: map[string]any{callsKey + "shop": "items:80 other:80"}}}
	require.NoError(t, deployTo(a, "../..", "dev", map[string]string{
		"region": "eu-west-1", "database": "null", "services": `[
			{"name": "goods", "image": {"uri": "quay.io/lab/shop:1"}, "port": 80, "path": "/",
				"access": {"services": ["items", "other"]}},
			{"name": "other", "image": {"uri": "quay.io/lab/other:1"}, "port": 80, "internal": true},
			{"name": "items", "image": {"uri": "quay.io/lab/items:1"}, "port": 81, "internal": true}]`,
	}))
	require.Contains(t, a.dependencies(t, "items-service"), "shop-to-items-egress-81")
	require.False(t, a.has("shop-to-other-egress-80"), "what is there stays until the end")
}

func TestRequestsAreRedirectedToHTTPSUntilHTTPAnswers(t *testing.T) {
	for protocol, open := range map[string][]float64{"HTTP": {80}, "HTTPS": {80, 443}} {
		action := map[string]string{"HTTP": "fixed-response", "HTTPS": "redirect"}[protocol]
		t.Run(protocol, func(t *testing.T) {
			a := &account{
				outputs: map[string]any{permanentOutput: map[string]any{prefixKey: "awslab-dev"}},
				state: map[string]any{"urn::listener": map[string]any{
					"type": listenerType, "outputs": map[string]any{"arn": "arn:listener", "protocol": protocol},
				}},
			}
			require.NoError(t, deployTo(a, "../..", "dev", map[string]string{
				"region": "eu-west-1", "database": "null",
				"services": `[{"name": "shop", "image": {"uri": "quay.io/lab/shop:1"}, "port": 80, "path": "/"}]`,
			}))
			var ports []float64
			for _, rule := range a.inputs(t, "lab-public-acl")["ingress"].ArrayValue() {
				port, of := rule.ObjectValue()["toPort"].NumberValue(), rule.ObjectValue()["cidrBlock"]
				if of.IsString() && of.StringValue() == "0.0.0.0/0" && port < 1024 && port > 0 &&
					rule.ObjectValue()["action"].StringValue() == "allow" {
					ports = append(ports, port)
				}
			}
			require.ElementsMatch(t, open, ports)
			actions := a.inputs(t, "lab-http")["defaultActions"].ArrayValue()
			require.Equal(t, action, actions[0].ObjectValue()["type"].StringValue())
		})
	}
}

// shopBefore is the state of a stack with the service shop and its load balancers.
func shopBefore(balancers ...any) map[string]any {
	return map[string]any{"urn:pulumi:dev::awslab::aws:ecs/service:Service::shop-service": map[string]any{
		"type": serviceType, "outputs": map[string]any{"loadBalancers": balancers},
	}}
}

// ECS takes no grace period in the update that puts a service behind a load balancer, nor while a rollback has taken it
// from behind it again.
func TestAServiceThatNoLoadBalancerCallsGetsItsGracePeriodLater(t *testing.T) {
	routed, internal := config.Service{Name: "shop", Port: 80, Path: "/"}, config.Service{Name: "shop", Port: 80}
	internal.Internal = true
	for name, test := range map[string]struct {
		service config.Service
		state   map[string]any
		want    bool
	}{
		"a new one":             {routed, nil, false},
		"one that was internal": {routed, shopBefore(), true},
		"one that is internal":  {internal, shopBefore(), false},
		"one behind a balancer": {routed, shopBefore(map[string]any{"targetGroupArn": "arn:targets"}), false},
	} {
		t.Run(name, func(t *testing.T) {
			l := &lab{state: map[string]resourceState{}}
			for urn, r := range test.state {
				l.state[urn] = resourceState{serviceType, r.(map[string]any)["outputs"].(map[string]any)}
			}
			require.Equal(t, test.want, l.newlyRouted(test.service))
		})
	}
}

func TestEndpointsStayForTheTasksOfANewService(t *testing.T) {
	before := map[string]any{prefixKey: "awslab-dev", endpointsKey: "ssm kms"}
	for name, test := range map[string]struct {
		service, network string
		has              []string
	}{
		"a service of before":        {"shop", `{}`, nil},
		"a new one":                  {"goods", `{}`, []string{"ssm", "kms"}},
		"a new one, and one is left": {"goods", `{"interfaceEndpoints": ["kms"]}`, []string{"kms"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{outputs: map[string]any{permanentOutput: before}, state: shopBefore()}
			require.NoError(t, deployTo(a, "../..", "dev", map[string]string{
				"region": "eu-west-1", "database": "null", "network": test.network,
				"services": `[{"name": "` + test.service + `", "image": {"uri": "quay.io/lab/shop:1"}, "port": 80,
					"path": "/"}]`,
			}))
			for _, endpoint := range []string{"ssm", "kms"} {
				require.Equal(t, slices.Contains(test.has, endpoint), a.has("lab-"+endpoint+"-endpoint"), endpoint)
			}
			require.Equal(t, len(test.has) > 0, a.has(test.service+"-tasks-egress-to-endpoints"))
		})
	}
}

func TestAServiceKeepsTheTasksThatAutoScalingKeeps(t *testing.T) {
	for name, test := range map[string]struct {
		scaled, scaling string
		count           float64
	}{
		"it was not scaled":        {"", "", 3},
		"it is scaled":             {"4", `, "scaling": {"min": 2, "max": 9, "cpu": 60}`, 3},
		"it is not any more":       {"4", "", 4},
		"it had less tasks anyway": {"2", "", 3},
	} {
		t.Run(name, func(t *testing.T) {
			a := &account{outputs: map[string]any{permanentOutput: map[string]any{scaledKey + "shop": test.scaled}}}
			require.NoError(t, deployTo(a, "../..", "dev", map[string]string{
				"region": "eu-west-1", "database": "null",
				"services": `[{"name": "shop", "image": {"uri": "quay.io/lab/shop:1"}, "port": 80, "path": "/",
					"desiredCount": 3` + test.scaling + `}]`,
			}))
			require.Equal(t, test.count, a.inputs(t, "shop-service")["desiredCount"].NumberValue())
		})
	}
}

func TestReplicasBeginWithTheStorageThatTheDatabaseHas(t *testing.T) {
	instance := func(source string, size float64) map[string]any {
		return map[string]any{"type": instanceType, "outputs": map[string]any{
			"identifier": "awslab-dev-database", "replicateSourceDb": source, "allocatedStorage": size,
		}}
	}
	for name, test := range map[string]struct {
		state map[string]any
		want  []float64
	}{
		"a new stack":       {nil, []float64{400, 400}},
		"before the window": {map[string]any{"urn::database": instance("", 20)}, []float64{20, 20}},
		"after it":          {map[string]any{"urn::database": instance("", 400)}, []float64{400, 400}},
		"one that is there grows": {map[string]any{"urn::database": instance("", 20), "urn::r": instance("it", 20)},
			[]float64{400, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			recorded := map[string]any{permanentOutput: map[string]any{"region": "eu-west-1"}}
			a := &account{outputs: recorded, state: test.state}
			require.NoError(t, deployTo(a, "../..", "dev", map[string]string{
				"region": "eu-west-1",
				"database": `{"deletionProtection": false, "applyImmediately": false, "storageGiB": 400,
					"maxStorageGiB": 800, "readReplicas": 2}`,
				"services": `[{"name": "shop", "image": {"uri": "quay.io/lab/shop:1"}, "port": 80, "path": "/"}]`,
			}))
			for i, want := range test.want {
				inputs := a.inputs(t, fmt.Sprint("database-replica-", i+1))
				require.Equal(t, want, inputs["allocatedStorage"].NumberValue())
				require.Equal(t, want >= 400, inputs["iops"].IsNumber())
			}
		})
	}
}

// A zone more is let through by the network ACLs before a load balancer or a server is in it.
func TestWhatIsInAZoneComesAfterTheNetworkACLs(t *testing.T) {
	a := deployStack(t, "prod")
	for _, name := range []string{"lab-alb", "database-subnet-group"} {
		require.Subset(t, a.dependencies(t, name), []string{"lab-public-acl", "lab-app-acl", "lab-data-acl"}, name)
	}
}
