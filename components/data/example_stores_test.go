package data_test

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
)

var ireland = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}

// A table of orders that is found by customer, too, and forgets what has expired.
func ExampleNewTable() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		table, err := data.NewTable(ctx, "orders", &data.TableArgs{
			Location: ireland,
			Name:     "shop-orders",
			HashKey:  data.Attribute{Name: "orderId", Type: "S"},
			RangeKey: &data.Attribute{Name: "line", Type: "N"},
			Indexes: []data.Index{{
				Name:       "by-customer",
				HashKey:    data.Attribute{Name: "customer", Type: "S"},
				Projection: data.Projection{KeysOnly: true},
			}},
			TimeToLive:         "expires",
			DeletionProtection: true,
		})
		if err != nil {
			return err
		}
		ctx.Export("table", table.TableName)
		return nil
	})
}

// A bucket of invoices that get colder, with a log of its requests and a copy in Frankfurt.
func ExampleNewBucket() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		frankfurt, err := aws.NewProvider(ctx, "frankfurt", &aws.ProviderArgs{Region: pulumi.String("eu-central-1")})
		if err != nil {
			return err
		}
		logs, err := data.NewLogBucket(ctx, "logs", &data.LogBucketArgs{
			Location:      ireland,
			Name:          "shop-logs-" + ireland.AccountId + "-" + ireland.Region,
			LoadBalancers: []string{"shop-alb"},
			ExpireDays:    90,
		})
		if err != nil {
			return err
		}
		there := identity.Location{Partition: "aws", Region: "eu-central-1", AccountId: ireland.AccountId}
		_, err = data.NewBucket(ctx, "invoices", &data.BucketArgs{
			Location: ireland,
			Name:     "shop-invoices-" + ireland.AccountId + "-" + ireland.Region,
			Transitions: []data.Transition{
				{Days: 30, StorageClass: "STANDARD_IA"},
				{Days: 365, StorageClass: "DEEP_ARCHIVE"},
			},
			LogBucket: logs.BucketName,
			Copy: &data.BucketCopy{
				Location: there,
				Provider: frankfurt,
				Name:     "shop-invoices-" + there.AccountId + "-" + there.Region,
				RoleName: "shop-invoices-replication",
			},
		})
		return err
	})
}

// A single-page application with a name of its own, and a log of who asked for what.
func ExampleNewWebsite() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		logs, err := data.NewLogBucket(ctx, "edge-logs", &data.LogBucketArgs{
			Location:   ireland,
			Name:       "shop-edge-logs-" + ireland.AccountId + "-" + ireland.Region,
			CloudFront: true,
		})
		if err != nil {
			return err
		}
		website, err := data.NewWebsite(ctx, "website", &data.WebsiteArgs{
			Location:        ireland,
			Name:            "shop-website",
			BucketName:      "shop-website-" + ireland.AccountId + "-" + ireland.Region,
			Folder:          "website/dist",
			SinglePage:      true,
			Domains:         []string{"shop.example.com"},
			CertificateArn:  "arn:aws:acm:us-east-1:123456789012:certificate/1b2c3d4e",
			AccessLogDomain: logs.DomainName,
		})
		if err != nil {
			return err
		}
		ctx.Export("url", website.Url)
		return nil
	})
}

// A file system that the service orders mounts through an access point of its own.
func ExampleNewFileSystem() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		vpc, err := network.NewVpc(
			ctx,
			"lab",
			&network.VpcArgs{Location: ireland, AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"}},
		)
		if err != nil {
			return err
		}
		orders, err := network.NewSecurityGroup(
			ctx,
			"orders",
			&network.SecurityGroupArgs{VpcId: vpc.VpcId, Description: "The orders service"},
		)
		if err != nil {
			return err
		}
		files, err := data.NewFileSystem(ctx, "files", &data.FileSystemArgs{
			Location:     ireland,
			Name:         "shop-files",
			VpcId:        vpc.VpcId,
			SubnetIds:    vpc.SubnetIdByZone(network.Data),
			AccessPoints: map[string]data.AccessPoint{"orders": {Path: "/orders"}},
		})
		if err != nil {
			return err
		}
		_, err = network.NewConnection(ctx, "orders-to-files", &network.ConnectionArgs{
			FromSecurityGroupId: orders.SecurityGroupId,
			ToSecurityGroupId:   files.SecurityGroupId,
			Ports:               network.Port(data.NfsPort),
			Description:         "Orders mounts its files",
		})
		return err
	})
}
