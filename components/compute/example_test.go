package compute_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
)

// A service behind a load balancer, on spot capacity once two tasks run on demand.
func Example() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		location := identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
		vpc, err := network.NewVpc(
			ctx,
			"lab",
			&network.VpcArgs{Location: location, AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"}},
		)
		if err != nil {
			return err
		}
		capacity := compute.Capacity{OnDemandBase: 2, SpotWeight: 1}
		cluster, err := compute.NewCluster(ctx, "lab", &compute.ClusterArgs{Name: "shop-cluster", Capacity: capacity})
		if err != nil {
			return err
		}
		balancer, err := compute.NewLoadBalancer(ctx, "lab", &compute.LoadBalancerArgs{
			Name:            "shop-alb",
			SubnetIds:       vpc.PublicSubnetIds,
			SecurityGroupId: vpc.LoadBalancerSecurityGroupId,
		})
		if err != nil {
			return err
		}
		placement := vpc.ServicePlacement()
		tasks, err := placement.NewSecurityGroup(ctx, "orders-tasks", "Tasks of service orders", nil)
		if err != nil {
			return err
		}
		_, err = compute.NewService(ctx, "orders", &compute.ServiceArgs{
			Name:             "shop-orders",
			Region:           location.Region,
			Cluster:          cluster,
			LoadBalancer:     balancer,
			Route:            compute.Route{Path: "/orders"},
			Network:          placement,
			SecurityGroup:    tasks,
			Image:            pulumi.String("123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:1"),
			Port:             8080,
			CPU:              256,
			Memory:           512,
			ExecutionRoleArn: pulumi.String(location.RoleArn("", "orders-execution")),
			TaskRoleArn:      pulumi.String(location.RoleArn("", "orders-task")),
			DesiredCount:     2,
			Capacity:         capacity,
			Health:           compute.Health{Path: "/healthz", Interval: 10, Timeout: 5, Grace: 30},
			LogGroup:         "/ecs/shop-orders",
			LogRetentionDays: 30,
		})
		return err
	})
}
