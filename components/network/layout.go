package network

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/awslab/awslab/internal/problem"
)

// Tier is one of the three kinds of subnets.
type Tier string

// The tiers, from the outside to the inside.
const (
	Public Tier = "public"
	App    Tier = "app"
	Data   Tier = "data"
)

var tiers = []Tier{Public, App, Data}

const (
	// zoneBits is how much longer the prefix of a zone's block is than the VPC's: each zone gets a quarter of the VPC,
	// however many zones are in use. So a VPC of two zones can grow to three and four with every subnet staying as it
	// is.
	zoneBits = 2
	maxZones = 1 << zoneBits
	minZones = 2

	maxVpcMask    = 16 // the largest VPC; "VPC CIDR blocks", Amazon VPC user guide
	minVpcMask    = 28 // the smallest
	minSubnetMask = 28 // the smallest subnet; "Subnet CIDR blocks", Amazon VPC user guide
	minPublicMask = 27 // the smallest subnet a load balancer accepts; "Subnets for your load balancer", ALB user guide
)

// privateRanges are where a VPC may lie: RFC 1918, and the shared space of RFC 6598, which AWS accepts as well. In any
// other range the VPC would hide a part of the internet from what runs in it.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
}

// SubnetMasks are the prefix lengths of the subnets of each tier. Zero means the default: half of the zone's block for
// app, a quarter each for public and data. In a /16 that is /19, /20 and /20.
type SubnetMasks struct {
	Public, App, Data int
}

func (m SubnetMasks) of(tier Tier) int {
	return map[Tier]int{Public: m.Public, App: m.App, Data: m.Data}[tier]
}

func (m SubnetMasks) withDefaults(zoneMask int) SubnetMasks {
	return SubnetMasks{
		Public: cmp.Or(m.Public, zoneMask+2),
		App:    cmp.Or(m.App, zoneMask+1),
		Data:   cmp.Or(m.Data, zoneMask+2),
	}
}

// Layout is how a VPC's addresses are divided. It is plain arithmetic, known before anything is created.
type Layout struct {
	Vpc      netip.Prefix
	ZoneMask int // prefix length of a zone's block
	Masks    SubnetMasks
	Order    []Tier // of the subnets in a zone's block: the largest first, which leaves no gaps
	Zones    []Zone
}

// Zone is one zone's share of a [Layout].
type Zone struct {
	Block   netip.Prefix
	Subnets map[Tier]netip.Prefix
}

// NewLayout divides a VPC among zones, or reports everything that stands against it.
func NewLayout(cidrBlock string, zones int, masks SubnetMasks) (Layout, error) {
	var problems []error
	if zones < minZones || zones > maxZones {
		problems = append(
			problems,
			fmt.Errorf("AvailabilityZones: %d of them; use %d to %d", zones, minZones, maxZones),
		)
	}
	vpc, err := parseVpcCidr(cidrBlock)
	if err != nil {
		return Layout{}, errors.Join(append(problems, err)...)
	}
	layout := Layout{Vpc: vpc, ZoneMask: vpc.Bits() + zoneBits}
	layout.Masks = masks.withDefaults(layout.ZoneMask)
	if err := errors.Join(append(problems, layout.checkMasks())...); err != nil {
		return Layout{}, err
	}
	layout.Order = slices.SortedStableFunc(slices.Values([]Tier{App, Public, Data}), func(a, b Tier) int {
		return cmp.Compare(layout.Masks.of(a), layout.Masks.of(b))
	})
	for i := range zones {
		layout.Zones = append(layout.Zones, layout.zone(i))
	}
	return layout, nil
}

func parseVpcCidr(cidrBlock string) (netip.Prefix, error) {
	vpc, err := netip.ParsePrefix(cidrBlock)
	if err != nil || !vpc.Addr().Is4() {
		return vpc, fmt.Errorf("CidrBlock: %q is not an IPv4 CIDR block; use one such as 10.0.0.0/16", cidrBlock)
	}
	var problems []error
	if vpc.Bits() < maxVpcMask || vpc.Bits() > minVpcMask {
		problems = append(
			problems,
			fmt.Errorf("CidrBlock: %s: AWS allows a VPC from /%d to /%d", cidrBlock, maxVpcMask, minVpcMask),
		)
	}
	if vpc.Addr() != vpc.Masked().Addr() {
		problems = append(
			problems,
			fmt.Errorf("CidrBlock: %s does not begin at its network address; use %s", cidrBlock, vpc.Masked()),
		)
	}
	if !slices.ContainsFunc(privateRanges, func(private netip.Prefix) bool { return contains(private, vpc) }) {
		problems = append(
			problems,
			fmt.Errorf("CidrBlock: %s is outside the private ranges %s (RFC 1918, RFC 6598)", cidrBlock, privateRanges),
		)
	}
	return vpc, errors.Join(problems...)
}

func (l Layout) checkMasks() error {
	var problems []error
	used := 0
	for _, tier := range tiers {
		mask, smallest := l.Masks.of(tier), minSubnetMask
		if tier == Public {
			smallest = minPublicMask
		}
		if mask <= l.ZoneMask || mask > smallest {
			problems = append(problems, problem.New(
				fmt.Sprintf("SubnetMasks.%s", fieldNames[tier]),
				"/%d; in %s, whose zones have a /%d each, use /%d to /%d",
				mask,
				l.Vpc,
				l.ZoneMask,
				l.ZoneMask+1,
				smallest,
			))
			continue
		}
		used += 1 << (32 - mask)
	}
	if available := 1 << (32 - l.ZoneMask); used > available {
		problems = append(problems, problem.New(
			"SubnetMasks",
			"/%d public, /%d app and /%d data need %d addresses; a zone's /%d has %d",
			l.Masks.Public,
			l.Masks.App,
			l.Masks.Data,
			used,
			l.ZoneMask,
			available,
		))
	}
	return errors.Join(problems...)
}

var fieldNames = map[Tier]string{Public: "Public", App: "App", Data: "Data"}

// zone lays the subnets of a zone one behind the other. Each is a power of two and none is larger than the one before
// it, so each begins where a subnet of its size may begin.
func (l Layout) zone(index int) Zone {
	base := toInt(l.Vpc.Addr()) + uint32(index)<<(32-l.ZoneMask)
	zone := Zone{Block: netip.PrefixFrom(toAddr(base), l.ZoneMask), Subnets: map[Tier]netip.Prefix{}}
	for _, tier := range l.Order {
		mask := l.Masks.of(tier)
		zone.Subnets[tier] = netip.PrefixFrom(toAddr(base), mask)
		base += 1 << (32 - mask)
	}
	return zone
}

// Cidrs returns a tier's subnets, one for each zone.
func (l Layout) Cidrs(tier Tier) []netip.Prefix {
	cidrs := make([]netip.Prefix, 0, len(l.Zones))
	for _, zone := range l.Zones {
		cidrs = append(cidrs, zone.Subnets[tier])
	}
	return cidrs
}

// reserved is how many addresses of each subnet AWS keeps for itself ("Subnet CIDR blocks", Amazon VPC user guide).
const reserved = 5

// Subnet is one line of the plan of a VPC's addresses.
type Subnet struct {
	Tier             Tier
	AvailabilityZone string
	Cidr             netip.Prefix
	Addresses        int // that load balancers, tasks and databases can have
}

// Plan lists the subnets by tier and zone, whose names are given in order.
func (l Layout) Plan(zoneNames []string) []Subnet {
	var plan []Subnet
	for _, tier := range tiers {
		for i, cidr := range l.Cidrs(tier) {
			plan = append(plan, Subnet{tier, zoneNames[i], cidr, 1<<(32-cidr.Bits()) - reserved})
		}
	}
	return plan
}

func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func toInt(address netip.Addr) uint32 {
	b := address.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func toAddr(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}
