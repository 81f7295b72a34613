package awsx

import (
	"fmt"
	"math/bits"
	"strings"
)

// The values of subnetStrategy.
const (
	strategyAuto   = "Auto"
	strategyExact  = "Exact"
	strategyLegacy = "Legacy"
)

// The types of subnets. Unused is address space that is set aside: it takes room in the layout, but no subnet is
// created.
const (
	typePublic   = "Public"
	typePrivate  = "Private"
	typeIsolated = "Isolated"
	typeUnused   = "Unused"
)

// spec describes one subnet of every availability zone.
type spec struct {
	kind string
	// name is the kind in lower case unless given.
	name string
	// mask is 0 when it is left to the strategy.
	mask int
	// size is 0 when neither size nor mask is given.
	size int
	// cidrBlocks, one per availability zone, are all there is to allocate when given.
	cidrBlocks []string
}

func (s spec) maskOr(def int) int {
	if s.mask != 0 {
		return s.mask
	}
	return def
}

func (s spec) label() string {
	if s.name != "" {
		return s.name
	}
	return strings.ToLower(s.kind)
}

// subnet is one subnet of one availability zone.
type subnet struct {
	name string
	kind string
	// zone counts the availability zones from 0.
	zone int
	// spec is the index of the spec that the subnet follows from, -1 when the caller gave none.
	spec int
	cidr string
}

// request is what an allocator works on.
type request struct {
	// vpc is the component's name, with which the names of all subnets begin.
	vpc   string
	cidr  string
	zones int
	// specs is nil when the program gave none. An empty list is not the same.
	specs []spec
	// zoneMask is the mask of the space of one availability zone, 0 when the VPC's space is divided evenly. Only the
	// strategies Auto and Exact know it.
	zoneMask int
}

func (r request) subnet(zone, index int, s spec, cidr string) subnet {
	return subnet{
		name: fmt.Sprintf("%s-%s-%d", r.vpc, s.label(), zone+1),
		kind: s.kind,
		zone: zone,
		spec: index,
		cidr: cidr,
	}
}

// allocate lays the subnets out by the strategy, in the order in which they are checked and described; it does not
// check them against each other (see checkOverlaps).
func allocate(strategy string, r request) ([]subnet, error) {
	switch {
	case strategy == strategyLegacy, strategy == strategyExact && r.specs == nil:
		return allocateLegacy(r)
	case explicit(r.specs):
		return allocateExplicit(r), nil
	default:
		return allocateAuto(r)
	}
}

// explicit reports whether the program gives the CIDR blocks itself; normalize has seen to it that it then gives all.
func explicit(specs []spec) bool { return len(specs) > 0 && specs[0].cidrBlocks != nil }

func allocateExplicit(r request) []subnet {
	var subnets []subnet
	for zone := range r.zones {
		for i, s := range r.specs {
			subnets = append(subnets, r.subnet(zone, i, s, s.cidrBlocks[zone]))
		}
	}
	return subnets
}

// defaultKinds are the subnets of each zone when the program asks for none.
var defaultKinds = []string{typePrivate, typePublic}

// allocateAuto divides the VPC evenly between the zones and lays the subnets of a zone out in the order of the specs,
// each at the next multiple of its own size. Whether the gaps that leaves fit into the zone is not checked: the next
// zone's subnets then overlap, and the last zone's leave the VPC.
func allocateAuto(r request) ([]subnet, error) {
	vpc, err := parseCIDR(r.cidr)
	if err != nil {
		return nil, err
	}
	zoneMask := r.zoneMask
	if zoneMask == 0 {
		zoneMask = vpc.bits + bitsFor(r.zones)
	}
	specs := r.specs
	if specs == nil {
		if specs, err = defaultAutoSpecs(zoneMask); err != nil {
			return nil, err
		}
	}
	if len(specs) == 0 {
		return nil, fmt.Errorf("No subnets specified")
	}
	evenMask := zoneMask + bitsFor(len(specs))
	if err := checkSizes(zoneMask, evenMask, specs); err != nil {
		return nil, err
	}

	var subnets []subnet
	space := newBlock(vpc.address, zoneMask)
	for zone := range r.zones {
		var last block
		for i, s := range specs {
			mask := s.maskOr(evenMask)
			if i == 0 {
				last = newBlock(space.address, mask)
			} else {
				last = newBlock(last.lastHost(), mask).next()
			}
			index := i
			if r.specs == nil {
				index = -1
			}
			if last.end() > addressSpace {
				return nil, pastEnd(r, s)
			}
			subnets = append(subnets, r.subnet(zone, index, s, last.String()))
		}
		space = space.next()
	}
	return subnets, nil
}

// defaultAutoSpecs returns the subnets of a zone with a space of /zoneMask: one half private, a quarter public, at most
// out of a /16.
func defaultAutoSpecs(zoneMask int) ([]spec, error) {
	if zoneMask > 26 {
		return nil, fmt.Errorf(
			"Automatic subnet creation requires a VPC with at least /26 available per AZ, "+
				"but only /%d is available.If you do need very small subnets, please specify them explicitly.",
			zoneMask,
		)
	}
	var specs []spec
	for i, kind := range defaultKinds {
		specs = append(specs, spec{kind: kind, mask: max(zoneMask, 16) + i + 1})
	}
	return specs, nil
}

func checkSizes(zoneMask, evenMask int, specs []spec) error {
	if zoneMask > 32 {
		return invalidMask(zoneMask)
	}
	var total uint64
	for _, s := range specs {
		mask := s.maskOr(evenMask)
		if mask > 32 {
			return invalidMask(mask)
		}
		total += size(mask)
	}
	if total > size(zoneMask) {
		return fmt.Errorf(
			"Subnets are too large for VPC. VPC has %d addresses, but subnets require %d "+
				"addresses.",
			size(zoneMask),
			total,
		)
	}
	return nil
}

// bitsFor returns how many bits tell count things apart.
func bitsFor(count int) int {
	if count == 0 {
		return 0
	}
	return bits.Len(uint(count - 1))
}

func pastEnd(r request, s spec) error {
	return fmt.Errorf(
		"subnet %s of VPC %s (%s) would end behind 255.255.255.255; choose a VPC at a lower address or smaller subnets",
		s.label(),
		r.vpc,
		r.cidr,
	)
}

// legacyMasks are the largest sizes that the strategy Legacy gives subnets without a mask.
var legacyMasks = []struct {
	kind string
	mask int
}{{typePrivate, 19}, {typePublic, 20}, {typeIsolated, 24}}

// allocateLegacy divides the VPC evenly between the zones, and lays out in each first the private subnets, then the
// public ones behind the last private one, then the isolated ones behind the last of those. The nth subnet of a kind
// goes to the nth block of its own size, counted from where the kind starts; if that overlaps the subnet before it, it
// goes to the next block behind that one instead. Overlaps with any other subnet are not avoided. Unused specs and
// CIDR blocks are passed over.
func allocateLegacy(r request) ([]subnet, error) {
	vpc, err := parseLegacyCIDR(r.cidr)
	if err != nil {
		return nil, err
	}
	var zones []block
	for zone := range r.zones {
		space, err := subdivide(vpc, vpc.bits+bitsFor(r.zones), zone)
		if err != nil {
			return nil, err
		}
		zones = append(zones, space)
	}
	if r.specs == nil {
		return legacyDefaults(r, zones)
	}
	var subnets []subnet
	for zone, space := range zones {
		inZone, err := legacyZone(r, zone, space)
		if err != nil {
			return nil, err
		}
		subnets = append(subnets, inZone...)
	}
	return subnets, nil
}

func legacyZone(r request, zone int, space block) ([]subnet, error) {
	// A single spec may have the whole zone; more of them have half of it at most.
	share := 1
	if len(r.specs) == 1 {
		share = 0
	}
	var subnets []subnet
	// The address before the zone stands for the subnet before the first.
	previous := block{address: space.first() - 1, bits: 32}
	start := space
	for _, kind := range legacyMasks {
		if len(subnets) > 0 {
			start = block{address: previous.address + size(previous.bits), bits: previous.bits}
		}
		n := 0
		for i, s := range r.specs {
			if s.kind != kind.kind {
				continue
			}
			mask := s.maskOr(max(space.bits+share, kind.mask))
			next, err := subdivide(start, mask, n)
			if err != nil {
				return nil, err
			}
			if next.overlaps(previous) {
				next = newBlock(previous.end()-1, mask).next()
			}
			if next.end() > addressSpace {
				return nil, pastEnd(r, s)
			}
			subnets = append(subnets, r.subnet(zone, i, s, next.String()))
			previous = next
			n++
		}
	}
	return subnets, nil
}

// legacyDefaults gives each zone a private half and a public quarter. All private subnets come before all public ones.
func legacyDefaults(r request, zones []block) ([]subnet, error) {
	var private, public []subnet
	for zone, space := range zones {
		half, err := subdivide(space, space.bits+1, 0)
		if err != nil {
			return nil, err
		}
		behind := block{address: half.address + size(half.bits), bits: half.bits}
		quarter, err := subdivide(behind, behind.bits+1, 0)
		if err != nil {
			return nil, err
		}
		private = append(private, r.subnet(zone, -1, spec{kind: typePrivate}, half.String()))
		public = append(public, r.subnet(zone, -1, spec{kind: typePublic}, quarter.String()))
	}
	return append(private, public...), nil
}

// subdivide returns the nth block with the mask, counted from the address of b, which need not be a multiple of its
// size.
func subdivide(b block, mask, n int) (block, error) {
	if mask > 32 {
		return block{}, fmt.Errorf(
			"Requested %d new bits, but only %d are available.",
			mask-b.bits,
			32-b.bits,
		)
	}
	return block{address: b.address + size(mask)*uint64(n), bits: mask}, nil
}

// parseLegacyCIDR returns parseCIDR with the errors of the library behind the strategy Legacy.
func parseLegacyCIDR(text string) (block, error) {
	if _, mask, masked := strings.Cut(text, "/"); masked && len(mask) == 2 && mask > "32" && mask <= "99" {
		return block{}, fmt.Errorf("Invalid subnet mask.")
	}
	b, err := parseCIDR(text)
	if err != nil {
		return block{}, fmt.Errorf("Invalid IPv4 address.")
	}
	return b, nil
}
