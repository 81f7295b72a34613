package compute_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
)

// A worker that is traced, rests at night, and migrates its database before each deployment.
func ExampleNewService() {
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
		capacity := compute.Capacity{SpotWeight: 1}
		cluster, err := compute.NewCluster(ctx, "lab", &compute.ClusterArgs{Name: "shop-cluster", Capacity: capacity})
		if err != nil {
			return err
		}
		placement := vpc.ServicePlacement()
		tasks, err := placement.NewSecurityGroup(ctx, "billing-tasks", "Tasks of service billing", nil)
		if err != nil {
			return err
		}
		toDatabase, err := network.NewConnection(ctx, "billing-to-database", &network.ConnectionArgs{
			FromSecurityGroupId: tasks.SecurityGroupId,
			ToSecurityGroupId:   vpc.DatabaseSecurityGroupId,
			Ports:               network.Port(5432),
			Description:         "Service billing to the database",
		})
		if err != nil {
			return err
		}
		_, err = compute.NewService(ctx, "billing", &compute.ServiceArgs{
			Name:             "shop-billing",
			Region:           location.Region,
			Cluster:          cluster,
			Network:          placement,
			SecurityGroup:    tasks,
			Image:            pulumi.String("123456789012.dkr.ecr.eu-west-1.amazonaws.com/billing:1"),
			CPU:              512,
			Memory:           1024,
			Capacity:         capacity,
			DesiredCount:     1,
			ExecutionRoleArn: pulumi.String(location.RoleArn("", "billing-execution")),
			TaskRoleArn:      pulumi.String(location.RoleArn("", "billing-task")),
			Ready:            []pulumi.Resource{toDatabase},
			Scaling: &compute.Scaling{Min: 1, Max: 4, CPU: 70, Schedules: []compute.Schedule{
				{Name: "evening", Expression: "cron(0 20 ? * * *)", Timezone: "Europe/Berlin", Min: 0, Max: 0},
				{Name: "morning", Expression: "cron(0 6 ? * * *)", Timezone: "Europe/Berlin", Min: 1, Max: 4},
			}},
			Before:           []compute.TaskRun{{Name: "migrate", Command: []string{"/billing", "migrate"}}},
			TaskRunner:       pulumi.String("shop-runtask"),
			Tracing:          &compute.Tracing{},
			ScratchPaths:     []string{"/tmp"},
			LogGroup:         "/ecs/shop-billing",
			LogRetentionDays: 30,
		})
		return err
	})
}

// The function that runs the migrations of one service.
func ExampleNewTaskRunner() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		location := identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}
		runner, err := compute.NewTaskRunner(ctx, "runtask", &compute.TaskRunnerArgs{
			Name:             "shop-runtask",
			Location:         location,
			Image:            pulumi.String("123456789012.dkr.ecr.eu-west-1.amazonaws.com/runtask:1"),
			ClusterName:      "shop-cluster",
			Families:         []string{"shop-billing"},
			Roles:            []string{"billing-execution", "billing-task"},
			LogGroups:        []string{"/ecs/shop-billing"},
			LogRetentionDays: 30,
		})
		if err != nil {
			return err
		}
		ctx.Export("runner", runner.FunctionName)
		return nil
	})
}

// A service that gets a rotated password without anyone's doing.
func ExampleNewRedeployment() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := compute.NewRedeployment(ctx, "redeploy", &compute.RedeploymentArgs{
			Name:        "shop-redeploy",
			Location:    identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"},
			ClusterName: "shop-cluster",
			Services: []compute.RedeployedService{{
				Name: "billing", ServiceName: "shop-billing",
				Secrets: pulumi.StringArray{
					pulumi.String("arn:aws:secretsmanager:eu-west-1:123456789012:secret:billing/api-key-AbCdEf"),
				},
			}},
			LogRetentionDays: 30,
		})
		return err
	})
}
