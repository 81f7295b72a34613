package data_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
)

// A PostgreSQL database with a standby in another zone, a read replica and a proxy, and a key of its own.
func ExampleNewDatabase() {
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
		key, err := identity.NewKey(ctx, "data", &identity.KeyArgs{Location: location, Alias: "alias/shop-data"})
		if err != nil {
			return err
		}
		proxy, err := network.NewSecurityGroup(
			ctx,
			"proxy",
			&network.SecurityGroupArgs{VpcId: vpc.VpcId, Description: "The database's proxy"},
		)
		if err != nil {
			return err
		}
		database, err := data.NewDatabase(ctx, "database", &data.DatabaseArgs{
			Location:           location,
			Identifier:         "shop-database",
			InstanceClass:      "db.m7g.large",
			MultiAz:            true,
			ReadReplicas:       1,
			AllocatedStorage:   100,
			DatabaseName:       "lab",
			SubnetIds:          vpc.DataSubnetIds,
			SecurityGroupIds:   pulumi.StringArray{vpc.DatabaseSecurityGroupId},
			KmsKeyArn:          key.Arn,
			KeyAlias:           key.Alias,
			DeletionProtection: true,
			MonitoringSeconds:  60,
			Users:              []string{"svc_orders"},
			Proxy:              &data.DatabaseProxy{SecurityGroupIds: pulumi.StringArray{proxy.SecurityGroupId}},
		})
		if err != nil {
			return err
		}
		_, err = network.NewConnection(ctx, "proxy-to-database", &network.ConnectionArgs{
			FromSecurityGroupId: proxy.SecurityGroupId,
			ToSecurityGroupId:   vpc.DatabaseSecurityGroupId,
			Ports:               network.Port(database.Port),
			Description:         "The proxy calls the database",
		})
		if err != nil {
			return err
		}
		ctx.Export("host", database.ProxyEndpoint)
		return nil
	})
}
