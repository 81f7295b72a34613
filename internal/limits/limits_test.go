package limits

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
)

func TestALimitIsExceededByOneMore(t *testing.T) {
	for _, of := range []struct {
		name     string
		value    int
		resource func(i int) Resource
	}{
		{"rules of the load balancer", 100, func(int) Resource {
			return Resource{Type: "aws:lb/listenerRule:ListenerRule"}
		}},
		{"inbound rules of a security group", 60, func(int) Resource {
			return Resource{
				Type:   "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
				Inputs: resource.NewPropertyMapFromMap(map[string]any{"securityGroupId": "sg-1"}),
			}
		}},
		{"characters of the inline policies of a role", 10240, func(i int) Resource {
			return Resource{
				Type: "aws:iam/rolePolicy:RolePolicy", Name: fmt.Sprint(i),
				Inputs: resource.NewPropertyMapFromMap(map[string]any{"role": "shop", "policy": " x\n"}),
			}
		}},
	} {
		t.Run(of.name, func(t *testing.T) {
			var resources []Resource
			for i := range of.value {
				resources = append(resources, of.resource(i))
			}
			require.Empty(t, Check(resources))
			exceeded := Check(append(resources, of.resource(of.value)))
			require.Len(t, exceeded, 1)
			require.Equal(t, of.name, exceeded[0].Name)
			require.Contains(
				t,
				exceeded[0].String(),
				fmt.Sprintf("%d %s; AWS allows %d (", of.value+1, of.name, of.value),
			)
		})
	}
}

func TestEveryLimitHasASource(t *testing.T) {
	names := map[string]bool{}
	for _, limit := range All {
		require.NotEmpty(t, limit.Source, limit.Name)
		require.Positive(t, limit.Value, limit.Name)
		require.False(t, names[limit.Name], limit.Name)
		names[limit.Name] = true
	}
}
