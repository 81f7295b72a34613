package ec2

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// diffSubnet lets the IPv6 block change in place unless addresses were given out from it by themselves.
func diffSubnet(d *diff.Difference) error {
	if d.Changed("ipv6CidrBlock") {
		d.Replace("ipv6CidrBlock", d.Olds.Bool("assignIpv6AddressOnCreation"))
	}
	return nil
}

func createSubnet(c *bridge.Change) error {
	if err := placeSubnet(c); err != nil {
		return err
	}
	if err := refuseSubnetBlock(c); err != nil {
		return err
	}
	if c.Inputs.Bool("ipv6Native") {
		c.Out("privateDnsHostnameTypeOnLaunch", "resource-name")
	}
	return updateSubnet(c)
}

func updateSubnet(c *bridge.Change) error {
	if c.Inputs.Str("ipv6CidrBlock") != "" && values.View(c.State).Str("ipv6CidrBlockAssociationId") == "" {
		c.Set("ipv6CidrBlockAssociationId", "subnet-cidr-assoc-"+template.RandomHex(17))
	}
	return nil
}

// placeSubnet finds the availability zone: the one given by name or id, or the one with the fewest subnets.
func placeSubnet(c *bridge.Change) error {
	region := c.Region()
	zone := c.Inputs.Str("availabilityZone")
	if id := c.Inputs.Str("availabilityZoneId"); id != "" {
		zone = region.ZoneByID(id)
		if zone == "" {
			return bridge.Refuse(
				"InvalidParameterValue",
				"Value (%s) for parameter availabilityZoneId is invalid. Subnets can "+
					"currently only be created in %s.",
				id,
				strings.Join(region.ZoneNames(), ", "),
			)
		}
	}
	if zone == "" {
		subnets, err := c.Siblings(token.Subnet)
		if err != nil {
			return err
		}
		zone = emptiest(region.ZoneNames(), subnets)
	}
	if region.ZoneID(zone) == "" {
		return bridge.Refuse(
			"InvalidParameterValue",
			"Value (%s) for parameter availabilityZone is invalid. Subnets can currently "+
				"only be created in the following availability zones: %s.",
			zone,
			strings.Join(region.ZoneNames(), ", "),
		)
	}
	c.Set("availabilityZone", zone)
	c.Set("availabilityZoneId", region.ZoneID(zone))
	return nil
}

func emptiest(zones []string, subnets []*world.Thing) string {
	count := map[string]int{}
	for _, subnet := range subnets {
		count[bridge.StateOf(subnet).Str("availabilityZone")]++
	}
	return slices.MinFunc(zones, func(a, b string) int { return count[a] - count[b] })
}

// refuseSubnetBlock refuses a block outside the VPC, of a size that AWS does not have, or that overlaps a sibling.
func refuseSubnetBlock(c *bridge.Change) error {
	given := c.Inputs.Str("cidrBlock")
	if given == "" {
		if c.Inputs.Bool("ipv6Native") || c.Inputs.Has("ipv4IpamPoolId") {
			return nil
		}
		return bridge.Refuse("MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.")
	}
	block, err := netip.ParsePrefix(given)
	if err != nil {
		return bridge.Refuse(
			"InvalidParameterValue",
			"Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
			given,
		)
	}
	blocks, err := vpcBlocks(c)
	if err != nil {
		return err
	}
	if block.Bits() < 16 || block.Bits() > 28 ||
		!slices.ContainsFunc(blocks, func(of netip.Prefix) bool { return within(block, of) }) {
		return bridge.Refuse(
			"InvalidSubnet.Range",
			"The CIDR '%s' is invalid: VPC %s has %s, and a subnet has a prefix between "+
				"/16 and /28.",
			given,
			c.Inputs.Str("vpcId"),
			joinPrefixes(blocks),
		)
	}
	subnets, err := c.Siblings(token.Subnet)
	if err != nil {
		return err
	}
	for _, sibling := range subnets {
		other, err := netip.ParsePrefix(bridge.StateOf(sibling).Str("cidrBlock"))
		if err == nil && bridge.StateOf(sibling).Str("vpcId") == c.Inputs.Str("vpcId") && block.Overlaps(other) {
			return bridge.Refuse(
				"InvalidSubnet.Conflict",
				"The CIDR '%s' conflicts with another subnet: %s has %s.",
				given,
				sibling.ID,
				other,
			)
		}
	}
	return nil
}
