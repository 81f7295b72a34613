package stack

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A hundred services, of which each uses everything that is shared, are within the quotas of AWS for one of a kind.
func TestAHundredServices(t *testing.T) {
	var services []object
	for i := range 100 {
		services = append(services, object{
			"name":     fmt.Sprintf("s%d", i),
			"image":    object{"uri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1"},
			"port":     8080,
			"path":     fmt.Sprintf("/s%d", i),
			"priority": i + 1,
			"access": object{
				"database":   true,
				"fileSystem": object{"path": "/files", "mode": "read"},
				"tables":     []object{{"name": "items", "mode": "read"}},
				"services":   []string{},
			},
		})
	}
	text, err := json.Marshal(services)
	require.NoError(t, err)
	a := deployChanged(t, "prod", map[string]string{"services": string(text)})

	rules, routes := map[string]int{}, 0
	for _, r := range a.resources {
		switch r.TypeToken {
		case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
			rules["into "+r.Inputs["securityGroupId"].StringValue()]++
		case "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":
			rules["out of "+r.Inputs["securityGroupId"].StringValue()]++
		case "aws:lb/listenerRule:ListenerRule":
			routes++
		case "aws:ecs/service:Service":
			groups := r.Inputs["networkConfiguration"].ObjectValue()["securityGroups"].ArrayValue()
			require.LessOrEqual(t, len(groups), 5, "groups of %s", r.Name)
		case "aws:cloudwatch/dashboard:Dashboard":
			var body struct{ Widgets []any }
			require.NoError(t, json.Unmarshal([]byte(r.Inputs["dashboardBody"].StringValue()), &body))
			require.LessOrEqual(t, len(body.Widgets), 500, "widgets of %s", r.Name)
		case "aws:iam/rolePolicy:RolePolicy":
			require.LessOrEqual(t, len(r.Inputs["policy"].StringValue()), 10240, "policy %s", r.Name)
		case "aws:efs/fileSystemPolicy:FileSystemPolicy":
			require.LessOrEqual(t, len(r.Inputs["policy"].StringValue()), 20000, "policy %s", r.Name)
		case "aws:iam/policy:Policy":
			require.LessOrEqual(t, len(r.Inputs["policy"].StringValue()), 6144, "policy %s", r.Name)
		case "aws:cloudwatch/eventRule:EventRule":
			if pattern := r.Inputs["eventPattern"]; pattern.IsString() {
				require.LessOrEqual(t, len(pattern.StringValue()), 4096, "pattern of %s", r.Name)
			}
		case "aws:cloudwatch/compositeAlarm:CompositeAlarm":
			require.LessOrEqual(t, len(r.Inputs["alarmRule"].StringValue()), 10240, "rule of %s", r.Name)
		}
	}
	require.LessOrEqual(t, routes, 100)
	require.NotEmpty(t, rules)
	for group, count := range rules {
		require.LessOrEqual(t, count, 60, group)
	}
}
