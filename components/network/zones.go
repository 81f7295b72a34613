package network

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// unfit are the zones without Fargate ("AWS Fargate Regions", Amazon ECS developer guide), by region, as ids, which are
// the same for all accounts. Tokyo's has no NAT gateways either (terraform-aws-modules/terraform-aws-vpc#462). The one
// of N. Virginia lacks the interface endpoints of many services (terraform-aws-modules/terraform-aws-vpc#785).
var unfit = map[string][]string{
	"ap-northeast-1": {"apne1-az3"},
	"ca-central-1":   {"cac1-az3", "cac1-az4"},
	"cn-north-1":     {"cnn1-az3"},
	"us-east-1":      {"use1-az3"},
	"us-west-1":      {"usw1-az2"},
}

// LookupAvailabilityZones names the first zones of the provider's region, in the order of their names. Zones that lack
// Fargate or endpoints, local zones and zones that an account has to opt into are left out. To be independent of what
// AWS opens next, write the names down and have [CheckAvailabilityZones] look at them.
func LookupAvailabilityZones(ctx *pulumi.Context, count int, opts ...pulumi.InvokeOption) ([]string, error) {
	names, err := fitZones(ctx, opts...)
	if err != nil {
		return nil, err
	}
	if len(names) < count {
		return nil, fmt.Errorf(
			"looking up availability zones: the region has %d with Fargate (%q), %d are wanted; ask for fewer or "+
				"choose another region",
			len(names),
			names,
			count,
		)
	}
	return names[:count], nil
}

// CheckAvailabilityZones refuses the zones that [LookupAvailabilityZones] leaves out. The region is the provider's.
func CheckAvailabilityZones(ctx *pulumi.Context, region string, zones []string, opts ...pulumi.InvokeOption) error {
	if len(zones) == 0 || len(unfit[region]) == 0 {
		return nil
	}
	fit, err := fitZones(ctx, opts...)
	if err != nil {
		return err
	}
	for _, zone := range zones {
		if !slices.Contains(fit, zone) {
			return fmt.Errorf(
				"availability zone %s is not there, or lacks Fargate or endpoints; use some of %q",
				zone,
				fit,
			)
		}
	}
	return nil
}

func fitZones(ctx *pulumi.Context, opts ...pulumi.InvokeOption) ([]string, error) {
	state := "available"
	found, err := aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
		State:          &state,
		ExcludeZoneIds: slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(unfit))...))),
		Filters: []aws.GetAvailabilityZonesFilter{
			{Name: "opt-in-status", Values: []string{"opt-in-not-required"}},
		},
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("looking up availability zones: %w", err)
	}
	return slices.Sorted(slices.Values(found.Names)), nil
}
