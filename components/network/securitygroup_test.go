package network

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func TestSecurityGroupRulesAreResourcesOfTheirOwn(t *testing.T) {
	g := &graph{}
	require.NoError(t, pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := NewSecurityGroup(ctx, "orders", &SecurityGroupArgs{
			VpcId:       pulumi.String("vpc-1"),
			Description: "Orders: called by load balancers",
			Ingress: []Rule{
				{
					Name:            "peers",
					Description:     "Other services",
					Ports:           PortRange{8000, 8010},
					SecurityGroupId: pulumi.String("sg-1"),
				},
			},
			Egress: []Rule{
				{Name: "s3", Description: "S3", Ports: Port(443), PrefixListId: pulumi.String("pl-1")},
				{Name: "partner", Description: "The API of a partner", Ports: Port(443), Cidr: "198.51.100.0/24"},
			},
		})
		return err
	}, pulumi.WithMocks("awslab", "dev", g)))

	require.Equal(t, `orders  awslab:network:SecurityGroup
  orders-egress-partner  aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule
  orders-egress-s3  aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule
  orders-group  aws:ec2/securityGroup:SecurityGroup
  orders-ingress-peers  aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule
`, g.String())
	require.Equal(t, map[string]any{
		"vpcId": "vpc-1", "description": "Orders: called by load balancers", "tags": map[string]any{"Name": "orders"},
	}, g.inputs(t, "orders-group"))
	require.Equal(t, map[string]any{
		"securityGroupId": "orders-group-id", "description": "Other services", "ipProtocol": "tcp",
		"fromPort": 8000.0, "toPort": 8010.0, "referencedSecurityGroupId": "sg-1",
	}, g.inputs(t, "orders-ingress-peers"))
	require.Equal(t, map[string]any{
		"securityGroupId": "orders-group-id", "description": "S3", "ipProtocol": "tcp",
		"fromPort": 443.0, "toPort": 443.0, "prefixListId": "pl-1",
	}, g.inputs(t, "orders-egress-s3"))
}

func TestConnectionOpensBothEnds(t *testing.T) {
	g := &graph{}
	require.NoError(t, pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := NewConnection(ctx, "orders-to-database", &ConnectionArgs{
			FromSecurityGroupId: pulumi.String("sg-orders"),
			ToSecurityGroupId:   pulumi.String("sg-database"),
			Ports:               Port(5432),
			Description:         "Orders are kept in the database",
		})
		return err
	}, pulumi.WithMocks("awslab", "dev", g)))

	rule := func(of, to string) map[string]any {
		return map[string]any{
			"securityGroupId": of, "referencedSecurityGroupId": to, "description": "Orders are kept in the database",
			"ipProtocol": "tcp", "fromPort": 5432.0, "toPort": 5432.0,
		}
	}
	require.Equal(t, rule("sg-orders", "sg-database"), g.inputs(t, "orders-to-database-egress-5432"))
	require.Equal(t, rule("sg-database", "sg-orders"), g.inputs(t, "orders-to-database-ingress-5432"))
}

func TestSecurityGroupProblems(t *testing.T) {
	g := &graph{}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := NewSecurityGroup(ctx, "orders", &SecurityGroupArgs{
			Description: "quotes \" are not allowed",
			Ingress: []Rule{
				{Name: "a", Description: "x", Ports: Port(80)},
				{Name: "a", Description: "x", Ports: Port(0), Cidr: "10.0.0.0/8"},
			},
			Egress: []Rule{
				{Name: "b", Ports: PortRange{1, 65536}, Cidr: "10.0.0.1/8", PrefixListId: pulumi.String("pl-1")},
			},
		})
		return err
	}, pulumi.WithMocks("awslab", "dev", g))

	for _, want := range []string{
		`security group "orders": VpcId: it is missing`,
		`Description: "quotes \" are not allowed" is not a description`,
		"Ingress[0]: give exactly one of Cidr, SecurityGroupId and PrefixListId, not 0 of them",
		`Ingress[1].Name: "a" is empty or used twice`,
		"Ingress[1].Ports: 0 is not a range of ports",
		"Egress[0]: give exactly one of Cidr, SecurityGroupId and PrefixListId, not 2 of them",
		`Egress[0].Cidr: 10.0.0.1/8 does not begin at its network address; use 10.0.0.0/8`,
		"Egress[0].Ports: 1-65536 is not a range of ports",
		`Egress[0].Description: "" is not a description`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.Empty(t, g.resources)
}
