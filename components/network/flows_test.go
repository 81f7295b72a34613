package network

import (
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

// The ACLs of a small network, for people to read.
func TestAclsOfATypicalVpc(t *testing.T) {
	args := VpcArgs{}.withDefaults()
	layout, err := NewLayout(args.CidrBlock, 2, args.SubnetMasks)
	require.NoError(t, err)

	var text strings.Builder
	acls := args.acls(layout)
	for _, tier := range tiers {
		describe(&text, string(tier)+" in", acls[tier].ingress)
		describe(&text, string(tier)+" out", acls[tier].egress)
	}
	requireGolden(t, "acls.txt", text.String())
}

func describe(text *strings.Builder, title string, rules []aclRule) {
	fmt.Fprintln(text, title)
	protocols := map[string]string{
		protocolAll:    "all",
		protocolIcmp:   "icmp 3/4",
		protocolIcmpv6: "icmpv6 2/0",
		protocolTcp:    "tcp",
	}
	for _, rule := range rules {
		peer := rule.peer.String()
		if rule.ownIpv6 {
			peer = "the VPC's IPv6"
		}
		line := fmt.Sprintf("  %5d %-5s %-15s %s", rule.number, rule.action(), peer, protocols[rule.protocol])
		if rule.protocol == protocolTcp {
			line += " " + rule.ports.String()
		}
		fmt.Fprintln(text, line)
	}
}

func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run go test -update and review the change of %s", path)
}

// In any network, between any two hosts, a connection passes if, and only if, the policy says so: its first packet is
// walked to the other end, and the answer back.
func TestConnectionsPassExactlyWhereTheyShould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		hosts, callingPort := w.drawHosts(t), drawCallingPort(t, w.args)
		ports := append(interestingPorts(w.args), rapid.IntRange(1, 65535).Draw(t, "port"))
		for _, caller := range hosts {
			for _, called := range hosts {
				if caller == called {
					continue
				}
				for _, port := range ports {
					if w.allowed(caller.place, called.place, port) != w.connects(caller, called, port, callingPort) {
						t.Fatalf(
							"%+v -> %+v port %d: allowed is %v",
							caller,
							called,
							port,
							w.allowed(caller.place, called.place, port),
						)
					}
				}
			}
		}
	})
}

func TestDataTierKnowsNeitherInternetNorPublicTier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.args.DataEndpointAccess = false
		w = newWorld(t, w.args)
		port := rapid.IntRange(1, 65535).Draw(t, "port")
		for _, other := range w.drawHosts(t) {
			if other.place != Public && other.place != internet {
				continue
			}
			require.False(t, w.acls[Data].passes(other, port), "data -> %s", other.place)
			require.False(t, w.acls[Data].accepts(other, port), "%s -> data", other.place)
		}
	})
}

// Path MTU discovery: a router on the internet reaches load balancers, and through NAT the tasks.
func TestFragmentationNeededArrives(t *testing.T) {
	w := newWorld(t, VpcArgs{NatGateways: NatSingle}.withDefaults())
	task := w.layout.Zones[1].Subnets[App].Addr().Next()

	require.True(t, decide(w.acls[Public].ingress, somewhere, protocolIcmp, 0))
	require.True(t, decide(w.acls[Public].egress, task, protocolIcmp, 0))
	require.True(t, decide(w.acls[App].ingress, somewhere, protocolIcmp, 0))
	require.False(t, decide(w.acls[Data].ingress, somewhere, protocolIcmp, 0))
}

func TestAnotherZoneRenumbersNoRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		smaller, err := NewLayout(w.layout.Vpc.String(), minZones, w.layout.Masks)
		require.NoError(t, err)
		for tier, acl := range w.args.acls(smaller) {
			require.Subset(t, w.acls[tier].ingress, acl.ingress)
			require.Subset(t, w.acls[tier].egress, acl.egress)
		}
	})
}

// An update of an ACL deletes what is not as it was before it adds what is new: what a change does not mean to change
// has to keep its number. Here are one port more that tasks call, a service more that answers within the VPC, and a way
// more into the internet.
func TestOneFlowMoreChangesNoOtherRule(t *testing.T) {
	changes := map[string]func(*VpcArgs){
		"a port on the internet": func(args *VpcArgs) { args.Ports.Internet = append(args.Ports.Internet, Port(25)) },
		"a port of data":         func(args *VpcArgs) { args.Ports.Data = append(args.Ports.Data, Port(1433)) },
		"a listener":             func(args *VpcArgs) { args.Ports.Listeners = append(args.Ports.Listeners, Port(8)) },
		"an interface endpoint":  func(args *VpcArgs) { args.InterfaceEndpoints = []string{"ecr.api"} },
		"data reaches S3":        func(args *VpcArgs) { args.DataEndpointAccess = true },
		"IPv6":                   func(args *VpcArgs) { args.Ipv6 = true },
	}
	rapid.Check(t, func(t *rapid.T) {
		before := drawWorld(t)
		change := rapid.SampledFrom(slices.Sorted(maps.Keys(changes))).Draw(t, "change")
		changes[change](&before.args)
		after := newWorld(t, before.args)
		for tier, acl := range before.acls {
			require.Subset(t, after.acls[tier].ingress, acl.ingress, "%s: what comes into %s", change, tier)
			require.Subset(t, after.acls[tier].egress, acl.egress, "%s: what goes out of %s", change, tier)
		}
	})
}

func TestRuleNumbersAreUniqueAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, acl := range drawWorld(t).acls {
			for _, rules := range [][]aclRule{acl.ingress, acl.egress} {
				for i := 1; i < len(rules); i++ {
					require.Less(t, rules[i-1].number, rules[i].number)
				}
				for family, count := range countByFamily(rules) {
					require.LessOrEqual(t, count, maxAclRules, family)
				}
			}
		}
	})
}

// world is a network as packets see it: its addresses, its ACLs and its routes.
type world struct {
	args   VpcArgs
	layout Layout
	acls   map[Tier]acl
}

// host is where a packet comes from or goes to: a tier or the internet, and an address in it.
type host struct {
	place   Tier
	address netip.Addr
}

// Addresses on the internet: any server, and S3, which a gateway endpoint routes to.
var (
	somewhere = netip.MustParseAddr("203.0.113.7")
	s3        = netip.MustParseAddr("52.218.0.10")
)

const storage Tier = "s3"

// connects walks a packet to the called host and the answer back.
func (w world) connects(caller, called host, port, callingPort int) bool {
	return w.walk(caller, called, port) && w.walk(called, caller, callingPort)
}

// walk reports whether routes and ACLs let a packet from one host arrive at the port of another. Through NAT it passes
// the public tier's ACL twice: on its way in, when its far end is the task, and on its way out, when it is the
// internet.
func (w world) walk(from, to host, port int) bool {
	outside := func(place Tier) bool { return place == internet || place == storage }
	switch {
	case w.needsNat(from, to):
		return w.acls[App].passes(to, port) && w.acls[Public].accepts(from, port) && w.acls[Public].passes(to, port)
	case w.needsNat(to, from):
		return w.acls[Public].accepts(from, port) && w.acls[Public].passes(to, port) && w.acls[App].accepts(from, port)
	case !w.routed(from.place, to.place):
		return false
	case outside(from.place):
		return w.acls[to.place].accepts(from, port)
	case outside(to.place):
		return w.acls[from.place].passes(to, port)
	}
	return w.acls[from.place].passes(to, port) && w.acls[to.place].accepts(from, port)
}

func (w world) needsNat(inside, outside host) bool {
	return w.args.NatGateways != NatNone && inside.place == App && outside.place == internet
}

// routed is what the route tables connect without NAT: the VPC with itself, the public tier with the internet, and the
// private tiers, by their gateway endpoints, with S3.
func (w world) routed(from, to Tier) bool {
	pair := func(a, b Tier) bool { return from == a && to == b || from == b && to == a }
	switch {
	case pair(internet, App), pair(internet, Data):
		return false
	case pair(storage, internet), pair(storage, Public):
		return false
	}
	return true
}

func (a acl) passes(to host, port int) bool { return decide(a.egress, to.address, protocolTcp, port) }
func (a acl) accepts(from host, port int) bool {
	return decide(a.ingress, from.address, protocolTcp, port)
}

// decide is what AWS does: the first rule that matches, by number, decides; when none does the packet is dropped. The
// rules are in the order of their numbers, as TestRuleNumbersAreUniqueAndInOrder makes sure.
func decide(rules []aclRule, peer netip.Addr, protocol string, port int) bool {
	for _, rule := range rules {
		if !rule.peer.Contains(peer) || rule.protocol != protocolAll && rule.protocol != protocol {
			continue
		}
		if rule.protocol == protocolTcp && (port < rule.ports.From || port > rule.ports.To) {
			continue
		}
		return !rule.deny
	}
	return false
}

// allowed is the policy, written down a second time and otherwise than as flows.
func (w world) allowed(caller, called Tier, port int) bool {
	in := func(ranges []PortRange) bool {
		return slices.ContainsFunc(ranges, func(r PortRange) bool { return r.From <= port && port <= r.To })
	}
	nat := w.args.NatGateways != NatNone
	answered := port >= 1024 // where both ends call each other, the ports of answers are open
	switch string(caller + " to " + called) {
	case "internet to public":
		return in(w.args.Ports.Listeners) || nat && answered && !slices.Contains(administration, port)
	case "public to internet":
		return nat && (in(w.args.Ports.Internet) || answered)
	case "public to app", "app to app":
		return true
	case "app to public":
		return answered
	case "app to data":
		return in(w.args.Ports.Data)
	case "data to data":
		return in(w.args.Ports.Data) || answered
	case "app to internet":
		return nat && in(w.args.Ports.Internet)
	case "app to s3":
		return port == 443 || nat && in(w.args.Ports.Internet)
	case "data to s3":
		return port == 443 && w.args.DataEndpointAccess
	}
	return false
}

func drawWorld(t *rapid.T) world {
	ports := func(name string, pool ...int) []PortRange {
		var drawn []PortRange
		for _, port := range rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 1, 2, rapid.ID[int]).Draw(t, name) {
			drawn = append(drawn, Port(port))
		}
		return drawn
	}
	args := VpcArgs{
		CidrBlock:   "10.0.0.0/16",
		NatGateways: rapid.SampledFrom([]NatGateways{NatNone, NatSingle, NatOnePerAz}).Draw(t, "nat"),
		Ports: Ports{
			Listeners: ports("listeners", 80, 443, 8443),
			Data:      ports("data", 443, 2049, 3306, 5432, 6379),
			Internet:  append(ports("internet", 80, 587, 5671), Port(443)),
		},
		DataEndpointAccess: rapid.Bool().Draw(t, "data reaches S3"),
		Ipv6:               rapid.Bool().Draw(t, "IPv6"),
		AvailabilityZones:  make([]string, rapid.IntRange(minZones, maxZones).Draw(t, "zones")),
	}
	if rapid.Bool().Draw(t, "interface endpoints") {
		args.InterfaceEndpoints = []string{"ecr.api"}
	}
	w := newWorld(t, args)
	if w.args.checkAclSizes(w.layout) != nil {
		t.Skip("refused: more rules than AWS allows")
	}
	return w
}

func newWorld(t require.TestingT, args VpcArgs) world {
	layout, err := NewLayout(args.CidrBlock, max(len(args.AvailabilityZones), minZones), args.SubnetMasks)
	require.NoError(t, err)
	return world{args: args, layout: layout, acls: args.acls(layout)}
}

// drawHosts draws a host in each subnet and adds those on the internet.
func (w world) drawHosts(t *rapid.T) []host {
	hosts := []host{{internet, somewhere}, {storage, s3}}
	for _, tier := range tiers {
		for i, subnet := range w.layout.Cidrs(tier) {
			offset := rapid.Uint32Range(4, 1<<(32-subnet.Bits())-2).Draw(t, fmt.Sprintf("host in %s %d", tier, i))
			hosts = append(hosts, host{tier, toAddr(toInt(subnet.Addr()) + offset)})
		}
	}
	return hosts
}

// interestingPorts returns those at which something changes.
func interestingPorts(args VpcArgs) []int {
	ports := []int{1, 22, 443, 1023, 1024, 3389, 65535}
	for _, ranges := range [][]PortRange{args.Ports.Listeners, args.Ports.Data, args.Ports.Internet} {
		for _, r := range ranges {
			ports = append(ports, r.From-1, r.From, r.To, r.To+1)
		}
	}
	return ports
}

// drawCallingPort returns a port that a kernel, a load balancer or a NAT gateway opens connections from, and that
// nothing listens on. Answers to ports of administration get lost.
func drawCallingPort(t *rapid.T, args VpcArgs) int {
	return rapid.IntRange(1024, 65535).Filter(func(port int) bool {
		return !slices.Contains(administration, port) &&
			!slices.ContainsFunc(
				slices.Concat(args.Ports.Listeners, args.Ports.Data, args.Ports.Internet),
				func(r PortRange) bool { return r.From <= port && port <= r.To },
			)
	}).Draw(t, "calling port")
}
