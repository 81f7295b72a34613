package stack

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-awsx/sdk/v2/go/awsx"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// edgeRegion is where CloudFront looks for certificates and web ACLs.
const edgeRegion = "us-east-1"

// providers are explicit, every one of them, so that nothing lands in a region or account by accident.
type providers struct {
	// all are what components get: aws in the stack's region, awsx and docker.
	all pulumi.ResourceOption
	// invoke is what functions are called with.
	invoke pulumi.InvokeOption
	// copies is aws in the copy region, edge in us-east-1. Each is nil when the stack has nothing there.
	copies, edge pulumi.ProviderResource
}

// newProviders also finds out where the stack is.
func (l *lab) newProviders() error {
	l.tags = map[string]string{"Project": l.Project(), "Stack": l.Stack(), "ManagedBy": "pulumi"}
	here, err := l.awsIn("aws", l.config.Region)
	if err != nil {
		return err
	}
	crosswalk, err := awsx.NewProvider(l.Context, "awsx", &awsx.ProviderArgs{})
	if err != nil {
		return fmt.Errorf("making the awsx provider: %w", err)
	}
	engine, err := docker.NewProvider(l.Context, "docker", &docker.ProviderArgs{})
	if err != nil {
		return fmt.Errorf("making the docker provider: %w", err)
	}
	l.providers = providers{all: pulumi.Providers(here, crosswalk, engine), invoke: pulumi.Provider(here)}
	if len(l.config.Copied()) > 0 {
		if l.providers.copies, err = l.awsIn("aws-copies", l.config.CopyRegion); err != nil {
			return err
		}
	}
	if l.config.Website != nil {
		if l.providers.edge, err = l.awsIn("aws-edge", edgeRegion); err != nil {
			return err
		}
	}
	return l.findLocation()
}

func (l *lab) awsIn(name, region string) (pulumi.ProviderResource, error) {
	provider, err := aws.NewProvider(l.Context, name, &aws.ProviderArgs{
		Region:      pulumi.String(region),
		DefaultTags: aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(l.tags)},
	})
	if err != nil {
		return nil, fmt.Errorf("making the aws provider for %s: %w", region, err)
	}
	return provider, nil
}

func (l *lab) findLocation() error {
	caller, err := aws.GetCallerIdentity(l.Context, nil, l.providers.invoke)
	if err != nil {
		return fmt.Errorf("finding the account: %w", err)
	}
	partition, err := aws.GetPartition(l.Context, nil, l.providers.invoke)
	if err != nil {
		return fmt.Errorf("finding the partition: %w", err)
	}
	l.location = identity.Location{Partition: partition.Partition, Region: l.config.Region, AccountId: caller.AccountId}
	return nil
}

// placeIn returns the stack's account in another region.
func (l *lab) placeIn(region string) identity.Location {
	location := l.location
	location.Region = region
	return location
}
