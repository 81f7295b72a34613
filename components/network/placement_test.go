package network

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func TestWhatAPlacementLacks(t *testing.T) {
	egress := []Rule{{Name: "https", Description: "AWS", Ports: Port(443), Cidr: "0.0.0.0/0"}}
	for want, placement := range map[string]*Placement{
		"Network: missing":           nil,
		"Network.VpcId: missing":     {SubnetIds: pulumi.StringArray{}, Egress: egress},
		"Network.SubnetIds: missing": {VpcId: pulumi.String("vpc-1"), Egress: egress},
		"Network.Egress: missing":    {VpcId: pulumi.String("vpc-1"), SubnetIds: pulumi.StringArray{}},
		"Network.Egress[0]: give exactly one of Cidr, SecurityGroupId and PrefixListId": {
			VpcId:     pulumi.String("vpc-1"),
			SubnetIds: pulumi.StringArray{},
			Egress:    []Rule{{Name: "all", Description: "AWS", Ports: Port(443)}},
		},
	} {
		require.ErrorContains(t, placement.Validate(), want)
	}
	require.NoError(
		t,
		(&Placement{VpcId: pulumi.String("vpc-1"), SubnetIds: pulumi.StringArray{}, Egress: egress}).Validate(),
	)
}
