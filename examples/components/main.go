// Command components is a Pulumi program of its own that uses three of awslab's components: a VPC, a DynamoDB table and
// a topic for alarms.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-awsx/sdk/v2/go/awsx"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/monitoring"
	"github.com/awslab/awslab/components/network"
)

const region = "eu-west-1"

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		providers, location, err := providersIn(ctx, region)
		if err != nil {
			return err
		}
		vpc, err := network.NewVpc(ctx, "network", &network.VpcArgs{
			Location:          location,
			AvailabilityZones: []string{region + "a", region + "b"},
		}, providers)
		if err != nil {
			return err
		}
		table, err := data.NewTable(ctx, "orders", &data.TableArgs{
			Location: location,
			Name:     "shop-orders",
			HashKey:  data.Attribute{Name: "id", Type: "S"},
		}, providers)
		if err != nil {
			return err
		}
		topic, err := monitoring.NewNotifications(ctx, "alarms", &monitoring.NotificationsArgs{
			Location: location,
			Name:     "shop-alarms",
			Emails:   []string{"ops@example.com"},
		}, providers)
		if err != nil {
			return err
		}
		ctx.Export("vpcId", vpc.VpcId)
		ctx.Export("tableArn", table.Arn)
		ctx.Export("topicArn", topic.TopicArn)
		return nil
	})
}

// providersIn returns explicit providers, and where they create resources.
func providersIn(ctx *pulumi.Context, region string) (pulumi.ResourceOption, identity.Location, error) {
	provider, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(region)})
	if err != nil {
		return nil, identity.Location{}, err
	}
	crosswalk, err := awsx.NewProvider(ctx, "awsx", &awsx.ProviderArgs{})
	if err != nil {
		return nil, identity.Location{}, err
	}
	caller, err := aws.GetCallerIdentity(ctx, nil, pulumi.Provider(provider))
	if err != nil {
		return nil, identity.Location{}, err
	}
	location := identity.Location{Partition: "aws", Region: region, AccountId: caller.AccountId}
	return pulumi.Providers(provider, crosswalk), location, nil
}
