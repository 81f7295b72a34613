package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

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
	// home is aws in the stack's region.
	home pulumi.ProviderResource
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
	crosswalk, err := awsx.NewProvider(l.Context, "awsx", &awsx.ProviderArgs{}, l.configured("awsx"))
	if err != nil {
		return fmt.Errorf("making the awsx provider: %w", err)
	}
	engine, err := docker.NewProvider(l.Context, "docker", &docker.ProviderArgs{}, l.configured("docker"))
	if err != nil {
		return fmt.Errorf("making the docker provider: %w", err)
	}
	l.providers = providers{
		all:    pulumi.Providers(here, crosswalk, engine),
		invoke: pulumi.Provider(here),
		home:   here,
	}
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
	tags, err := l.defaultTags()
	if err != nil {
		return nil, err
	}
	provider, err := aws.NewProvider(l.Context, name, &aws.ProviderArgs{
		Region:      pulumi.String(region),
		DefaultTags: aws.ProviderDefaultTagsArgs{Tags: pulumi.ToStringMap(tags)},
	}, l.configured("aws", "region", "defaultTags"))
	if err != nil {
		return nil, fmt.Errorf("making the aws provider for %s: %w", region, err)
	}
	return provider, nil
}

// defaultTags returns the stack's tags, over those of aws:defaultTags.
func (l *lab) defaultTags() (map[string]string, error) {
	var configured struct {
		Tags map[string]string `json:"tags"`
	}
	if text, given := l.GetConfig("aws:defaultTags"); given {
		if err := json.Unmarshal([]byte(text), &configured); err != nil {
			return nil, fmt.Errorf("aws:defaultTags: %w; use an object such as {\"tags\": {\"Owner\": \"shop\"}}", err)
		}
	}
	tags := maps.Clone(l.tags)
	for name, value := range configured.Tags {
		if _, own := tags[name]; !own {
			tags[name] = value
		}
	}
	return tags, nil
}

// configured gives an explicit provider what the configuration sets in its namespace, such as aws:profile: explicit
// providers do not read it by themselves (pulumi/pulumi-aws#1307). What is left out, the program decides.
func (l *lab) configured(namespace string, leftOut ...string) pulumi.ResourceOption {
	return pulumi.Transformations([]pulumi.ResourceTransformation{
		func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
			given := reflect.Indirect(reflect.ValueOf(args.Props))
			properties := pulumi.Map{}
			for _, field := range reflect.VisibleFields(args.Props.ElementType()) {
				name := field.Tag.Get("pulumi")
				if value := given.FieldByName(field.Name); value.IsValid() && !value.IsNil() {
					properties[name] = value.Interface().(pulumi.Input)
				}
				key := namespace + ":" + name
				text, isSet := l.GetConfig(key)
				if !isSet || slices.Contains(leftOut, name) {
					continue
				}
				properties[name] = pulumi.String(text)
				if l.IsConfigSecret(key) {
					properties[name] = pulumi.ToSecret(properties[name])
				}
			}
			return &pulumi.ResourceTransformationResult{Props: properties, Opts: args.Opts}
		},
	})
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
