package network

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsx "github.com/pulumi/pulumi-awsx/sdk/v2/go/awsx/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	ipv6VpcBits    = 56 // of the block that AWS gives a VPC; "VPC CIDR blocks", Amazon VPC user guide
	ipv6SubnetBits = 64 // the smallest subnet; "Subnet CIDR blocks", Amazon VPC user guide
)

// ipv6Tiers have IPv6 addresses. The data tier has none: only the app tier calls it, over IPv4.
var ipv6Tiers = []Tier{Public, App}

// ipv6Cidr returns a subnet's part of the VPC's IPv6 block. Of the eight bits between the two the first four are the
// zone, counted from 0, and the last four the tier: so a subnet keeps its part when there are more zones, or another
// tier.
func ipv6Cidr(vpc netip.Prefix, zone int, tier Tier) netip.Prefix {
	address := vpc.Masked().Addr().As16()
	address[ipv6VpcBits/8] = byte(zone<<4 | slices.Index(tiers, tier))
	return netip.PrefixFrom(netip.AddrFrom16(address), ipv6SubnetBits)
}

// ipv6Block returns the IPv6 block of the VPC with that id. It is asked for and not taken from the VPC's output,
// because awsx returns its outputs only when its subnets are there, and the subnets need it.
func (v *Vpc) ipv6Block(ctx *pulumi.Context, vpcId pulumi.StringInput) pulumi.StringOutput {
	found := ec2.LookupVpcOutput(
		ctx,
		ec2.LookupVpcOutputArgs{Id: vpcId.ToStringOutput().ToStringPtrOutput()},
		pulumi.Parent(v),
	)
	return found.Ipv6CidrBlock().ApplyT(func(block string) (pulumi.StringOutput, error) {
		if block == "" && ctx.DryRun() {
			// The VPC exists, and gets its block in the update that is previewed.
			return pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput), nil
		}
		prefix, err := netip.ParsePrefix(block)
		if err != nil || !prefix.Addr().Is6() || prefix.Bits() != ipv6VpcBits {
			return pulumi.StringOutput{}, fmt.Errorf(
				"finding the IPv6 block of the VPC: %q is no /%d; refresh the stack to have it assigned again",
				block,
				ipv6VpcBits,
			)
		}
		return pulumi.String(prefix.String()).ToStringOutput(), nil
	}).(pulumi.StringOutput)
}

// withIpv6 gives the subnets their IPv6 blocks, for which awsx has no switch. They do not give each network interface
// an address by themselves: load balancers and tasks ask for theirs, and what else starts in a subnet is not to be
// reachable by accident.
func (v *Vpc) withIpv6(ctx *pulumi.Context, vpcName string) pulumi.ResourceTransform {
	type place struct {
		zone int
		tier Tier
	}
	places := map[string]place{}
	for zone := range v.Layout.Zones {
		for _, tier := range ipv6Tiers {
			places[childName(vpcName, tier, zone)] = place{zone, tier}
		}
	}
	return func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
		place, found := places[args.Name]
		if args.Type != "aws:ec2/subnet:Subnet" || !found {
			return nil
		}
		vpcId := pulumi.ToOutput(args.Props["vpcId"]).ApplyT(func(id any) (string, error) {
			text, isText := id.(string)
			if !isText {
				return "", fmt.Errorf(
					"dividing the IPv6 block of the VPC: the vpcId of subnet %q is a %T",
					args.Name,
					id,
				)
			}
			return text, nil
		}).(pulumi.StringOutput)
		args.Props["ipv6CidrBlock"] = v.ipv6Block(ctx, vpcId).ApplyT(func(block string) (string, error) {
			prefix, err := netip.ParsePrefix(block)
			if err != nil {
				return "", fmt.Errorf("dividing the IPv6 block of the VPC: %w", err)
			}
			return ipv6Cidr(prefix, place.zone, place.tier).String(), nil
		})
		return &pulumi.ResourceTransformResult{Props: args.Props, Opts: args.Opts}
	}
}

// newIpv6Routes lead the public tier to the internet gateway, and the app tier to an egress-only one, through which
// answers come in and nothing else.
func (v *Vpc) newIpv6Routes(ctx *pulumi.Context, name string, vpc *awsx.Vpc) error {
	gatewayName := name + "-egress-only-gateway"
	egressOnly, err := ec2.NewEgressOnlyInternetGateway(ctx, gatewayName, &ec2.EgressOnlyInternetGatewayArgs{
		VpcId: v.VpcId,
		Tags:  tags(v.args.Tags, gatewayName),
	}, pulumi.Parent(v))
	if err != nil {
		return fmt.Errorf("creating egress-only internet gateway %q: %w", gatewayName, err)
	}
	internetGatewayId := vpc.InternetGateway.ApplyT(func(gateway *ec2.InternetGateway) pulumi.StringOutput {
		return gateway.ID().ToStringOutput()
	}).(pulumi.StringOutput)
	targets := map[Tier]ec2.RouteArgs{
		Public: {GatewayId: internetGatewayId},
		App:    {EgressOnlyGatewayId: egressOnly.ID()},
	}
	for zone := range v.Layout.Zones {
		for _, tier := range ipv6Tiers {
			route, routeName := targets[tier], childName(name, tier, zone)+"-ipv6"
			route.RouteTableId = v.routeTables[tier][zone]
			route.DestinationIpv6CidrBlock = pulumi.String(anywhereIpv6.String())
			if _, err := ec2.NewRoute(ctx, routeName, &route, pulumi.Parent(v)); err != nil {
				return fmt.Errorf("creating route %q: %w", routeName, err)
			}
		}
	}
	return nil
}
