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
// (within a tier, between load balancers and tasks, and between the internet and a public tier with NAT) the ephemeral
// ports are therefore open both ways. Who may call is in the end decided by the security groups, which are stateful.

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
		Data:      orElse(p.Data, 5432, 2049),
		Internet:  orElse(p.Internet, 80, 443),
	}
}

// taskPorts are the ports of ECS tasks: all, as the security groups narrow them down to those that a service has. A
// rule for each would fill the ACLs, and, as an update of an ACL deletes rules before it adds any, cut off the running
// tasks of a service whose port changes.
var taskPorts = []PortRange{{1, grammar.MaxPort}}

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
		{from: Public, to: App, ports: taskPorts},            // load balancers to tasks
		{from: App, to: App, ports: taskPorts},               // to one another, and to interface endpoints
		{from: App, to: Data, ports: ports.Data},             // tasks to databases and file systems
		{from: Data, to: Data, ports: ports.Data},            // members and replicas of a database to one another
		{from: App, to: internet, ports: callsHttps},         // tasks to S3 and DynamoDB, through gateway endpoints
	}
	if args.NatGateways != NatNone {
		// tasks to the rest of the world
		table = append(table, flow{from: App, via: Public, to: internet, ports: ports.Internet})
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

// Numbers of rules. A rule's number follows from what it says alone: an update deletes every rule that is not as it was
// before it adds any, so that a rule that changed its number because of another one would cut off its tier meanwhile.
// The numbers of a zone's subnets lie together, and within them those of a tier. Before the internet's rules, whose
// 0.0.0.0/0 would cover the VPC too, comes a refusal of everything else in the VPC. The two address families share the
// numbers, of which AWS has 32,766 ("Network ACL rules", Amazon VPC user guide).
const (
	zoneNumbers     = 2000
	tierNumbers     = 600
	internetNumbers = 10000
	ipv6Numbers     = 20000
	allowedNumbers  = 1000 // from the refusals to what is allowed after them
	outsideNumbers  = 8000
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
		for i, tier := range tiers {
			rules = append(rules, allowing(
				zoneNumbers*(zone+1)+tierNumbers*i, tierNumbers, d.layout.Zones[zone].Subnets[tier], drafted, tier)...)
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
	allowed := allowing(refusal.number+allowedNumbers, outsideNumbers, everyone, drafted, peer)
	if len(allowed) == 0 {
		return nil
	}
	refused := []aclRule{refusal}
	for _, port := range closed {
		refused = append(refused, aclRule{
			number:   refusal.number + 1 + slices.Index(administration, port),
			deny:     true,
			protocol: protocolTcp,
			peer:     everyone,
			ports:    Port(port),
		})
	}
	return append(refused, allowed...)
}

// allowing returns the rules about one far end, in the order of their numbers, which lie from first on and below
// first+count. There are more ports than numbers: of two rules that should have the same number the one that is later
// in order takes the next.
func allowing(first, count int, address netip.Prefix, drafted []peerRule, peer Tier) []aclRule {
	taken := map[int]bool{}
	var rules []aclRule
	for _, rule := range drafted {
		if rule.peer != peer {
			continue
		}
		slot := 0
		if rule.protocol == protocolTcp {
			slot = 1 + (rule.ports.From+7*(rule.ports.To-rule.ports.From))%(count-1)
		}
		for taken[slot] {
			slot = (slot + 1) % count
		}
		taken[slot] = true
		rules = append(rules, aclRule{number: first + slot, protocol: rule.protocol, peer: address, ports: rule.ports})
	}
	slices.SortFunc(rules, func(a, b aclRule) int { return cmp.Compare(a.number, b.number) })
	return rules
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
			cmp.Compare(a.ports.To, b.ports.To),
		)
	})
	return kept
}
