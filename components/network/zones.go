package network

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// LookupAvailabilityZones names the first zones of the provider's region, in the order of their names. Local zones and
// zones that an account has to opt into are left out: not every service is in them. To be independent of what AWS
// opens next, write the names down.
func LookupAvailabilityZones(ctx *pulumi.Context, count int, opts ...pulumi.InvokeOption) ([]string, error) {
	state := "available"
	found, err := aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
		State:   &state,
		Filters: []aws.GetAvailabilityZonesFilter{{Name: "opt-in-status", Values: []string{"opt-in-not-required"}}},
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("looking up availability zones: %w", err)
	}
	names := slices.Sorted(slices.Values(found.Names))
	if len(names) < count {
		return nil, fmt.Errorf(
			"looking up availability zones: the region has %d (%q), %d are wanted; ask for fewer or choose another "+
				"region",
			len(names),
			names,
			count,
		)
	}
	return names[:count], nil
}
