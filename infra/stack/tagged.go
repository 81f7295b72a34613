package stack

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/resourcegroupstaggingapi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/infra/config"
)

// Tagged is what AWS has with the tags of a stack.
type Tagged struct {
	// Location is the account and the region of the stack.
	Location identity.Location
	// Resources are those in the regions of the stack and in none.
	Resources []TaggedResource
}

// TaggedResource is an AWS resource with the tags of a stack.
type TaggedResource struct {
	Arn string
	// Name is that of the resource in the program, or the one that a component gives it: its tag Name.
	Name string
}

// FindTagged returns a program for a preview that finds what has the tags of the stack and creates nothing. found is
// complete when the preview has succeeded.
func FindTagged(found *Tagged) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		configured, err := config.Load(ctx)
		if err != nil {
			return err
		}
		l := &lab{Context: ctx, config: configured}
		if err := l.newProviders(); err != nil {
			return err
		}
		*found = Tagged{Location: l.location}
		for _, provider := range []pulumi.ProviderResource{l.providers.home, l.providers.copies, l.providers.edge} {
			if provider == nil {
				continue
			}
			resources, err := l.taggedIn(provider)
			if err != nil {
				return err
			}
			found.Resources = append(found.Resources, resources...)
		}
		return nil
	}
}

func (l *lab) taggedIn(provider pulumi.ProviderResource) ([]TaggedResource, error) {
	name := provider.PulumiResourceName()
	answer, err := resourcegroupstaggingapi.GetResources(l.Context, &resourcegroupstaggingapi.GetResourcesArgs{
		TagFilters: []resourcegroupstaggingapi.GetResourcesTagFilter{
			{Key: "Project", Values: []string{l.Project()}},
			{Key: "Stack", Values: []string{l.Stack()}},
		},
	}, pulumi.Provider(provider))
	if err != nil {
		return nil, fmt.Errorf("finding what has the stack's tags by the provider %s: %w", name, err)
	}
	resources := make([]TaggedResource, len(answer.ResourceTagMappingLists))
	for i, r := range answer.ResourceTagMappingLists {
		resources[i] = TaggedResource{Arn: r.ResourceArn, Name: r.Tags[nameTag]}
	}
	return resources, nil
}
