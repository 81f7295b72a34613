package network_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
)

// A VPC over two zones, and a service in it that load balancers and nobody else may call.
func Example() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		vpc, err := network.NewVpc(ctx, "network", &network.VpcArgs{
			Location:          identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"},
			AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"},
			NatGateways:       network.NatOnePerAz,
		})
		if err != nil {
			return err
		}
		orders, err := network.NewSecurityGroup(ctx, "orders", &network.SecurityGroupArgs{
			VpcId:       vpc.VpcId,
			Description: "The orders service",
			Egress:      vpc.ServiceEgress(),
		})
		if err != nil {
			return err
		}
		_, err = network.NewConnection(ctx, "clients-to-orders", &network.ConnectionArgs{
			FromSecurityGroupId: vpc.LoadBalancerSecurityGroupId,
			ToSecurityGroupId:   orders.SecurityGroupId,
			Ports:               network.Port(8080),
			Description:         "Clients call orders through the load balancer",
		})
		return err
	})
}
