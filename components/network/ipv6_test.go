package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var vpcIpv6 = netip.MustParsePrefix("2001:db8:12:3400::/56")

func twoZonesWithIpv6() *VpcArgs {
	args := twoZones()
	args.Ipv6 = true
	return args
}

func TestIpv6Subnets(t *testing.T) {
	require.Equal(t, "2001:db8:12:3400::/64", ipv6Cidr(vpcIpv6, 0, Public).String())
	require.Equal(t, "2001:db8:12:3401::/64", ipv6Cidr(vpcIpv6, 0, App).String())
	require.Equal(
		t,
		"2001:db8:12:3421::/64",
		ipv6Cidr(vpcIpv6, 2, App).String(),
		"the third digit is the zone, the last the tier",
	)
}

func TestIpv6SubnetsDivideWithoutOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		address := netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address")))
		vpc := netip.PrefixFrom(address, ipv6VpcBits).Masked()
		seen := map[netip.Prefix]bool{}
		for zone := range maxZones {
			for _, tier := range tiers {
				subnet := ipv6Cidr(vpc, zone, tier)
				require.Equal(t, subnet.Masked(), subnet, "aligned")
				require.True(t, contains(vpc, subnet), "%s in %s", subnet, vpc)
				require.False(t, seen[subnet], "%s twice", subnet)
				seen[subnet] = true
			}
		}
	})
}

// Only what IPv6 adds; the rest is as without it.
func TestIpv6RulesOfATypicalVpc(t *testing.T) {
	args := VpcArgs{Ipv6: true}.withDefaults()
	layout, err := NewLayout(args.CidrBlock, 2, args.SubnetMasks)
	require.NoError(t, err)
	without := VpcArgs{}.withDefaults()

	var text strings.Builder
	for _, tier := range tiers {
		acl, before := args.acls(layout)[tier], without.acls(layout)[tier]
		require.Equal(t, before.ingress, acl.ingress[:len(before.ingress)])
		require.Equal(t, before.egress, acl.egress[:len(before.egress)])
		describe(&text, string(tier)+" in", acl.ingress[len(before.ingress):])
		describe(&text, string(tier)+" out", acl.egress[len(before.egress):])
	}
	requireGolden(t, "acls-ipv6.txt", text.String())
}

// In any network, over IPv6 clients call load balancers and tasks call the internet, and nobody anybody else: to the
// tiers themselves an address of their own VPC is not a part of the internet.
func TestIpv6PassesExactlyWhereItShould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.args.Ipv6 = true
		w = newWorld(t, w.args)
		hosts, callingPort := w.ipv6Hosts(), drawCallingPort(t, w.args)
		ports := append(interestingPorts(w.args), rapid.IntRange(1, 65535).Draw(t, "port"))
		for _, caller := range hosts {
			for _, called := range hosts {
				if caller == called {
					continue
				}
				for _, port := range ports {
					if allowed := w.ipv6Allowed(caller.place, called.place, port); allowed != w.ipv6Connects(
						caller,
						called,
						port,
						callingPort,
					) {
						t.Fatalf("%+v -> %+v port %d: allowed is %v", caller, called, port, allowed)
					}
				}
			}
		}
	})
}

func (w world) ipv6Hosts() []host {
	hosts := []host{{internetIpv6, netip.MustParseAddr("2001:db8:ffff::7")}}
	for zone := range w.layout.Zones {
		for _, tier := range ipv6Tiers {
			hosts = append(hosts, host{tier, ipv6Cidr(vpcIpv6, zone, tier).Addr().Next()})
		}
	}
	return hosts
}

func (w world) ipv6Allowed(caller, called Tier, port int) bool {
	in := func(ranges []PortRange) bool {
		return slices.ContainsFunc(ranges, func(r PortRange) bool { return r.From <= port && port <= r.To })
	}
	switch {
	case caller == internetIpv6 && called == Public:
		return in(w.args.Ports.Listeners)
	case caller == App && called == internetIpv6:
		return in(w.args.Ports.Internet)
	}
	return false
}

// ipv6Connects walks a packet to the called host and the answer back. An egress-only gateway lets nobody call in.
func (w world) ipv6Connects(caller, called host, port, callingPort int) bool {
	if caller.place == internetIpv6 && called.place == App {
		return false
	}
	walk := func(from, to host, port int) bool {
		out, in := w.ipv6Acl(from.place), w.ipv6Acl(to.place)
		return (from.place == internetIpv6 || out.passes(to, port)) &&
			(to.place == internetIpv6 || in.accepts(from, port))
	}
	return walk(caller, called, port) && walk(called, caller, callingPort)
}

// ipv6Acl returns a tier's ACL once AWS has chosen the VPC's block.
func (w world) ipv6Acl(tier Tier) acl {
	chosen := func(rules []aclRule) []aclRule {
		rules = slices.Clone(rules)
		for i := range rules {
			if rules[i].ownIpv6 {
				rules[i].peer = vpcIpv6
			}
		}
		return rules
	}
	return acl{ingress: chosen(w.acls[tier].ingress), egress: chosen(w.acls[tier].egress)}
}

func TestPacketTooBigArrives(t *testing.T) {
	w := newWorld(t, VpcArgs{NatGateways: NatNone, Ipv6: true}.withDefaults())
	router := netip.MustParseAddr("2001:db8:ffff::1")
	require.True(t, decide(w.ipv6Acl(Public).ingress, router, protocolIcmpv6, 0))
	require.True(t, decide(w.ipv6Acl(App).ingress, router, protocolIcmpv6, 0))
	require.False(t, decide(w.ipv6Acl(Data).ingress, router, protocolIcmpv6, 0))
}

func TestIpv6AddsItsGatewayAndRoutes(t *testing.T) {
	g := newGraph(t, twoZonesWithIpv6())
	require.Equal(t, true, g.inputs(t, "network-vpc")["assignGeneratedIpv6CidrBlock"])
	require.Len(t, g.named(t, "network-vpc").RegisterRPC.GetTransforms(), 2, "the transforms go along to awsx")
	require.Equal(t, map[string]any{
		"vpcId": "network-vpc-id", "tags": map[string]any{"Name": "network-egress-only-gateway"},
	}, g.inputs(t, "network-egress-only-gateway"))
	for zone := 1; zone <= 2; zone++ {
		require.Equal(t, map[string]any{
			"routeTableId":             fmt.Sprintf("network-vpc-public-%d-id", zone),
			"destinationIpv6CidrBlock": "::/0",
			"gatewayId":                "network-vpc-id",
		}, g.inputs(t, fmt.Sprintf("network-public-%d-ipv6", zone)))
		require.Equal(t, map[string]any{
			"routeTableId":             fmt.Sprintf("network-vpc-app-%d-id", zone),
			"destinationIpv6CidrBlock": "::/0",
			"egressOnlyGatewayId":      "network-egress-only-gateway-id",
		}, g.inputs(t, fmt.Sprintf("network-app-%d-ipv6", zone)))
	}
}

func TestIpv6RulesNameTheVpcsOwnBlock(t *testing.T) {
	g := newGraph(t, twoZonesWithIpv6())
	ingress := g.inputs(t, "network-public-acl")["ingress"].([]any)
	for _, rule := range []map[string]any{
		{
			"ruleNo":        20000.0,
			"action":        "deny",
			"protocol":      "-1",
			"ipv6CidrBlock": vpcIpv6.String(),
			"fromPort":      0.0,
			"toPort":        0.0,
		},
		{
			"ruleNo":        21000.0,
			"action":        "allow",
			"protocol":      "58",
			"ipv6CidrBlock": "::/0",
			"fromPort":      0.0,
			"toPort":        0.0,
			"icmpType":      2.0,
			"icmpCode":      0.0,
		},
		{
			"ruleNo":        21444.0,
			"action":        "allow",
			"protocol":      "6",
			"ipv6CidrBlock": "::/0",
			"fromPort":      443.0,
			"toPort":        443.0,
		},
	} {
		require.Contains(t, ingress, rule)
	}
	require.Equal(t, map[string]any{
		"securityGroupId": "network-load-balancer-group-id", "description": "Clients call load balancers",
		"ipProtocol": "tcp", "fromPort": 443.0, "toPort": 443.0, "cidrIpv6": "::/0",
	}, g.inputs(t, "network-load-balancer-ingress-443-from-any-ipv6"))
}

// awsx makes the subnets in a process of its own, so mocks do not see what the transform makes of them.
func TestSubnetsGetTheirPartOfTheVpcsBlock(t *testing.T) {
	subnets := map[string]string{
		"network-vpc-public-1": "2001:db8:12:3400::/64",
		"network-vpc-app-2":    "2001:db8:12:3411::/64",
		"network-vpc-data-1":   "",
	}
	for name, test := range map[string]struct {
		block   string
		preview bool
		known   bool
	}{
		"in an update":                             {vpcIpv6.String(), false, true},
		"in a preview of nothing new":              {vpcIpv6.String(), true, true},
		"in the preview that turns it on":          {"", true, false},
		"whatever way AWS writes it":               {"2001:0db8:0012:3400::/56", false, true},
		"in a preview, whatever way AWS writes it": {"2001:0db8:0012:3400::/56", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			for subnet, want := range subnets {
				output := transformed(t, test.block, test.preview, subnet)
				if want == "" {
					require.Nil(t, output)
					continue
				}
				result, err := internals.UnsafeAwaitOutput(t.Context(), output.(pulumi.Output))
				require.NoError(t, err)
				require.Equal(t, test.known, result.Known)
				if test.known {
					require.Equal(t, want, result.Value)
				}
			}
		})
	}
	output := transformed(t, "", false, "network-vpc-app-1").(pulumi.Output)
	_, err := internals.UnsafeAwaitOutput(t.Context(), output)
	require.ErrorContains(t, err, `"" is no /56; refresh the stack`)
}

// transformed returns the ipv6CidrBlock that a subnet is given in a VPC with that block; nil when the transform passes
// it over.
func transformed(t *testing.T, block string, preview bool, subnet string) pulumi.Input {
	t.Helper()
	var given pulumi.Input
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		args := twoZonesWithIpv6().withDefaults()
		layout, err := args.validate()
		require.NoError(t, err)
		vpc := &Vpc{Layout: layout, args: args}
		require.NoError(t, ctx.RegisterComponentResource("awslab:network:Vpc", "network", vpc))
		result := vpc.withIpv6(ctx, "network-vpc")(t.Context(), &pulumi.ResourceTransformArgs{
			Type:  "aws:ec2/subnet:Subnet",
			Name:  subnet,
			Props: pulumi.Map{"vpcId": pulumi.String("vpc-1")},
		})
		require.Nil(
			t,
			vpc.withIpv6(
				ctx,
				"network-vpc",
			)(
				t.Context(),
				&pulumi.ResourceTransformArgs{Type: "aws:ec2/routeTable:RouteTable", Name: subnet},
			),
		)
		if result != nil {
			given = result.Props["ipv6CidrBlock"]
			require.NotContains(t, result.Props, "assignIpv6AddressOnCreation")
			_, _ = internals.UnsafeAwaitOutput(ctx.Context(), given.(pulumi.Output))
		}
		return nil
	}, pulumi.WithMocks(
		"awslab",
		"dev",
		&graph{ipv6Block: block},
	), func(info *pulumi.RunInfo) { info.DryRun = preview })
	if block != "" || preview {
		require.NoError(t, err)
	}
	return given
}
