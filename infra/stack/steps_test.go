package stack

import (
	"testing"

	"github.com/stretchr/testify/require"
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

// A zone more is let through by the network ACLs before a load balancer or a server is in it.
func TestWhatIsInAZoneComesAfterTheNetworkACLs(t *testing.T) {
	a := deployStack(t, "prod")
	for _, name := range []string{"lab-alb", "database-subnet-group"} {
		require.Subset(t, a.dependencies(t, name), []string{"lab-public-acl", "lab-app-acl", "lab-data-acl"}, name)
	}
}
