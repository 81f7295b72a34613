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

// A zone more is let through by the network ACLs before a load balancer or a server is in it.
func TestWhatIsInAZoneComesAfterTheNetworkACLs(t *testing.T) {
	a := deployStack(t, "prod")
	for _, name := range []string{"lab-alb", "database-subnet-group"} {
		require.Subset(t, a.dependencies(t, name), []string{"lab-public-acl", "lab-app-acl", "lab-data-acl"}, name)
	}
}
