package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/awslab/awslab/internal/grammar"
)

// A network ACL is stateless: it judges every packet by itself, by the far end's address and the destination port, and
// so must let the answers through as well as the questions. The ACLs are therefore not written by hand. What is written
// is the table of flows, of who may open a connection to whom; each flow yields the rules for both directions at both
// ends, and at the NAT gateway where one is on the way.
//
// Not in the table, because no network ACL filters it: the VPC's own DNS resolver, DHCP, time (169.254.169.123),
// instance and task metadata, and whatever stays within one subnet.
//
// What a stateless filter cannot do: tell an answer from a call to the same port. Where two ends call each other
// (within a tier, and between the internet and a public tier with NAT) the ephemeral ports are therefore open both
// ways. Who may call is in the end decided by the security groups, which are stateful.

// internet is the far end that is not in the VPC. Gateway endpoints for S3 and DynamoDB are part of it: to an ACL their
// addresses are public ones.
const internet Tier = "internet"

// internetIpv6 is the far end's IPv6. Within the VPC everything is called over IPv4.
const internetIpv6 Tier = "internet-ipv6"

var (
	anywhere     = netip.MustParsePrefix("0.0.0.0/0")
	anywhereIpv6 = netip.MustParsePrefix("::/0")
)

// ephemeral are the ports that connections are opened from, and answers go to. Linux uses a part of the range; NAT
// gateways and load balancers use all of it ("Ephemeral ports", Amazon VPC user guide).
var ephemeral = PortRange{1024, grammar.MaxPort}

// PortRange is a range of ports with both ends in it.
type PortRange struct {
	From, To int // 1 to 65535
}

// Port returns the range of one port.
func Port(port int) PortRange { return PortRange{port, port} }

func (r PortRange) valid() bool {
	return grammar.IsPort(r.From) && grammar.IsPort(r.To) && r.From <= r.To
}

func (r PortRange) String() string {
	if r.From == r.To {
		return fmt.Sprint(r.From)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

// Ports are what the tiers serve. An empty list means the default.
type Ports struct {
	Listeners []PortRange // of load balancers; by default 80 and 443
	App       []PortRange // of ECS tasks; by default 8080
	Data      []PortRange // of databases and file systems; by default 5432 (PostgreSQL) and 2049 (NFS)
	Internet  []PortRange // on the internet, that the app tier may call; by default 80 and 443
}

func (p Ports) withDefaults() Ports {
	orElse := func(ports []PortRange, byDefault ...int) []PortRange {
		if len(ports) > 0 {
			return ports
		}
		for _, port := range byDefault {
			ports = append(ports, Port(port))
		}
		return ports
	}
	return Ports{
		Listeners: orElse(p.Listeners, 80, 443),
		App:       orElse(p.App, 8080),
		Data:      orElse(p.Data, 5432, 2049),
		Internet:  orElse(p.Internet, 80, 443),
	}
}

const https = 443

var callsHttps = []PortRange{Port(https)}

// flow says that from may open connections to these ports of to. A flow with via passes a NAT gateway in that tier.
type flow struct {
	from, via, to Tier
	ports         []PortRange
}

// flows returns the table. What is not in it does not pass.
func (args *VpcArgs) flows() []flow {
	ports := args.Ports
	table := []flow{
		{from: internet, to: Public, ports: ports.Listeners}, // clients to load balancers
		{from: Public, to: App, ports: ports.App},            // load balancers to tasks
		{from: App, to: App, ports: ports.App},               // services to one another, across zones
		{from: App, to: Data, ports: ports.Data},             // tasks to databases and file systems
		{from: Data, to: Data, ports: ports.Data},            // members and replicas of a database to one another
		{from: App, to: internet, ports: callsHttps},         // tasks to S3 and DynamoDB, through gateway endpoints
	}
	if args.NatGateways != NatNone {
		// tasks to the rest of the world
		table = append(table, flow{from: App, via: Public, to: internet, ports: ports.Internet})
	}
	if len(args.InterfaceEndpoints) > 0 {
		table = append(table, flow{from: App, to: App, ports: callsHttps}) // tasks to interface endpoints
	}
	if args.Ipv6 {
		table = append(table,
			flow{from: internetIpv6, to: Public, ports: ports.Listeners}, // clients to load balancers
			// tasks to the world, through the egress-only gateway
			flow{from: App, to: internetIpv6, ports: ports.Internet},
		)
	}
	if args.DataEndpointAccess {
		table = append(table, flow{from: Data, to: internet, ports: callsHttps}) // databases to S3 and DynamoDB
	}
	return table
}

// Protocols as network ACLs store them, by their IANA number: a name would come back from AWS as the number and look
// like a change.
const (
	protocolAll    = "-1"
	protocolIcmp   = "1"
	protocolTcp    = "6"
	protocolIcmpv6 = "58"
)

// ICMP "destination unreachable, fragmentation needed", with which a router on the way asks for smaller packets.
// Without it connections over a narrow path hang ("Path MTU Discovery", Amazon VPC user guide).
const (
	icmpUnreachable         = 3
	icmpFragmentationNeeded = 4
)

// icmpv6PacketTooBig is the type of the same message of IPv6, where no router breaks up packets (RFC 4443, 3.2).
const icmpv6PacketTooBig = 2

// aclRule is one rule of a network ACL.
type aclRule struct {
	number   int
	deny     bool
	protocol string
	peer     netip.Prefix
	ownIpv6  bool      // the peer is the VPC's IPv6 block, which AWS chooses when it makes the VPC
	ports    PortRange // of TCP
}

func (r aclRule) ipv6() bool { return r.ownIpv6 || r.peer.Addr().Is6() }

// acl is the network ACL of one tier.
type acl struct {
	ingress, egress []aclRule
}

// maxAclRules is the quota of 20 rules for each direction and address family, less AWS's own last rule, which counts
// ("Network ACLs", Amazon VPC quotas).
const maxAclRules = 19

func countByFamily(rules []aclRule) map[string]int {
	count := map[string]int{}
	for _, rule := range rules {
		if rule.ipv6() {
			count["IPv6"]++
		} else {
			count["IPv4"]++
		}
	}
	return count
}

// acls turns the flows into one ACL for each tier.
func (args *VpcArgs) acls(layout Layout) map[Tier]acl {
	drafts := map[Tier]*draft{}
	for _, tier := range tiers {
		drafts[tier] = &draft{layout: layout}
	}
	for _, flow := range args.flows() {
		for _, ports := range flow.ports {
			drafts[flow.from].calls(flow.to, ports)
			drafts[flow.to].isCalled(flow.from, ports)
			drafts[flow.via].isCalled(flow.from, ports)
			drafts[flow.via].calls(flow.to, ports)
		}
		if flow.via != "" {
			drafts[flow.via].passesFragmentationNeeded(flow.from)
			drafts[flow.from].hearsFragmentationNeeded()
		}
	}
	drafts[Public].hearsFragmentationNeeded()
	if args.Ipv6 {
		for _, tier := range ipv6Tiers {
			drafts[tier].hearsPacketTooBig()
		}
	}

	finished := map[Tier]acl{}
	for tier, draft := range drafts {
		finished[tier] = acl{
			ingress: draft.finish(draft.ingress, administration),
			egress:  draft.finish(draft.egress, nil),
		}
	}
	return finished
}

// draft collects the rules of one tier's ACL. The draft of the internet, and of no NAT gateway, is nil: they are not
// ours to filter.
type draft struct {
	layout          Layout
	ingress, egress []peerRule
}

// peerRule is a rule about a whole tier, or the internet.
type peerRule struct {
	peer     Tier
	protocol string
	ports    PortRange
}

func (d *draft) calls(peer Tier, ports PortRange) {
	if d == nil {
		return
	}
	d.egress = append(d.egress, peerRule{peer, protocolTcp, ports})
	d.ingress = append(d.ingress, peerRule{peer, protocolTcp, ephemeral})
}

func (d *draft) isCalled(peer Tier, ports PortRange) {
	if d == nil {
		return
	}
	d.ingress = append(d.ingress, peerRule{peer, protocolTcp, ports})
	d.egress = append(d.egress, peerRule{peer, protocolTcp, ephemeral})
}

func (d *draft) hearsFragmentationNeeded() {
	d.ingress = append(d.ingress, peerRule{internet, protocolIcmp, PortRange{}})
}

func (d *draft) hearsPacketTooBig() {
	d.ingress = append(d.ingress, peerRule{internetIpv6, protocolIcmpv6, PortRange{}})
}

func (d *draft) passesFragmentationNeeded(peer Tier) {
	d.egress = append(d.egress, peerRule{peer, protocolIcmp, PortRange{}})
}

// Numbers of rules. The rules about a zone's subnets are numbered within the zone's hundred, so that another zone adds
// rules and renumbers none. Before the internet's rules, whose 0.0.0.0/0 would cover the VPC too, comes a refusal of
// everything else in the VPC. The two address families share the numbers.
const (
	zoneNumbers     = 100
	internetNumbers = 10000
	ipv6Numbers     = 20000
)

// administration are the ports of SSH and of the remote desktop, which must not be reachable from the internet (CIS AWS
// Foundations Benchmark 5.1), also where they lie among the ephemeral ones. The price is that of the connections that a
// NAT gateway or a load balancer opens, one in 64,512 is from such a port, gets no answer, and has to be opened again.
var administration = []int{22, 3389}

// finish numbers the rules of one direction: the VPC's own subnets, the internet, its IPv6.
func (d *draft) finish(all []peerRule, closed []int) []aclRule {
	drafted := withoutCovered(all)
	var rules []aclRule
	for zone := range d.layout.Zones {
		number := zoneNumbers * (zone + 1)
		for _, rule := range drafted {
			if rule.peer == internet || rule.peer == internetIpv6 {
				continue
			}
			rules = append(rules, aclRule{
				number:   number,
				protocol: rule.protocol,
				peer:     d.layout.Zones[zone].Subnets[rule.peer],
				ports:    rule.ports,
			})
			number++
		}
	}
	refusal := aclRule{number: internetNumbers, deny: true, protocol: protocolAll, peer: d.layout.Vpc}
	rules = append(rules, outside(drafted, internet, anywhere, refusal, closedAmong(all, internet, closed))...)
	refusal = aclRule{number: ipv6Numbers, deny: true, protocol: protocolAll, ownIpv6: true}
	return append(
		rules,
		outside(drafted, internetIpv6, anywhereIpv6, refusal, closedAmong(all, internetIpv6, closed))...)
}

// outside returns the rules about a far end outside the VPC, behind the refusals of what is in it, and of closed ports;
// nothing when there are none.
func outside(drafted []peerRule, peer Tier, everyone netip.Prefix, refusal aclRule, closed []int) []aclRule {
	var allowed []aclRule
	for _, rule := range drafted {
		if rule.peer == peer {
			allowed = append(allowed, aclRule{
				number:   refusal.number + 100 + len(allowed),
				protocol: rule.protocol,
				peer:     everyone,
				ports:    rule.ports,
			})
		}
	}
	if len(allowed) == 0 {
		return nil
	}
	refused := []aclRule{refusal}
	for _, port := range closed {
		refused = append(refused, aclRule{
			number:   refusal.number + len(refused),
			deny:     true,
			protocol: protocolTcp,
			peer:     everyone,
			ports:    Port(port),
		})
	}
	return append(refused, allowed...)
}

// closedAmong returns those of the ports that would be open to a far end because they are ephemeral, and for no flow of
// their own.
func closedAmong(rules []peerRule, peer Tier, ports []int) []int {
	var closed []int
	for _, port := range ports {
		covers := func(r peerRule) bool {
			return r.peer == peer && r.protocol == protocolTcp && r.ports.From <= port && port <= r.ports.To
		}
		served := func(r peerRule) bool { return covers(r) && r.ports != ephemeral }
		if slices.ContainsFunc(rules, covers) && !slices.ContainsFunc(rules, served) {
			closed = append(closed, port)
		}
	}
	return closed
}

// withoutCovered sorts rules and drops those that say nothing another does not say already: there is no room for them.
func withoutCovered(rules []peerRule) []peerRule {
	covers := func(a, b peerRule) bool {
		return a.peer == b.peer && a.protocol == b.protocol && a.ports.From <= b.ports.From && b.ports.To <= a.ports.To
	}
	var kept []peerRule
	for i, rule := range rules {
		covered := false
		for j, other := range rules {
			// Of two equal rules the first stays.
			if i != j && covers(other, rule) && (!covers(rule, other) || j < i) {
				covered = true
			}
		}
		if !covered {
			kept = append(kept, rule)
		}
	}
	slices.SortFunc(kept, func(a, b peerRule) int {
		return cmp.Or(
			cmp.Compare(a.peer, b.peer),
			cmp.Compare(a.protocol, b.protocol),
			cmp.Compare(a.ports.From, b.ports.From),
		)
	})
	return kept
}
