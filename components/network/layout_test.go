package network

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLayoutOfATypicalVpc(t *testing.T) {
	layout, err := NewLayout("10.0.0.0/16", 2, SubnetMasks{})
	require.NoError(t, err)

	require.Equal(t, 18, layout.ZoneMask)
	require.Equal(t, []Tier{App, Public, Data}, layout.Order)
	require.Equal(t, prefixes("10.0.0.0/19", "10.0.64.0/19"), layout.Cidrs(App))
	require.Equal(t, prefixes("10.0.32.0/20", "10.0.96.0/20"), layout.Cidrs(Public))
	require.Equal(t, prefixes("10.0.48.0/20", "10.0.112.0/20"), layout.Cidrs(Data))
}

func TestLargerSubnetsComeFirst(t *testing.T) {
	layout, err := NewLayout("10.0.0.0/16", 2, SubnetMasks{Public: 20, App: 20, Data: 19})
	require.NoError(t, err)
	require.Equal(t, []Tier{Data, App, Public}, layout.Order)
}

func TestLayoutProblems(t *testing.T) {
	for name, test := range map[string]struct {
		cidr  string
		zones int
		masks SubnetMasks
		want  []string
	}{
		"one zone":      {"10.0.0.0/16", 1, SubnetMasks{}, []string{"AvailabilityZones: 1 of them; use 2 to 4"}},
		"five zones":    {"10.0.0.0/16", 5, SubnetMasks{}, []string{"AvailabilityZones: 5 of them; use 2 to 4"}},
		"no CIDR block": {"ten", 2, SubnetMasks{}, []string{`CidrBlock: "ten" is not an IPv4 CIDR block`}},
		"IPv6": {
			"fd00::/16",
			2,
			SubnetMasks{},
			[]string{`CidrBlock: "fd00::/16" is not an IPv4 CIDR block`},
		},
		"too large":         {"10.0.0.0/8", 2, SubnetMasks{}, []string{"AWS allows a VPC from /16 to /28"}},
		"not the base":      {"10.0.0.1/16", 2, SubnetMasks{}, []string{"use 10.0.0.0/16"}},
		"public range":      {"8.8.0.0/16", 2, SubnetMasks{}, []string{"8.8.0.0/16 is outside the private ranges"}},
		"across the border": {"192.169.0.0/16", 2, SubnetMasks{}, []string{"outside the private ranges"}},
		"several at once": {
			"8.8.8.8/8",
			1,
			SubnetMasks{},
			[]string{"AvailabilityZones: 1", "from /16 to /28", "use 8.0.0.0/8", "outside the private ranges"},
		},
		"too small for load balancers": {"10.0.0.0/24", 2, SubnetMasks{},
			[]string{"SubnetMasks.Public: /28; in 10.0.0.0/24, whose zones have a /26 each, use /27 to /27"}},
		"mask larger than the zone": {"10.0.0.0/16", 2, SubnetMasks{App: 17, Data: 29},
			[]string{"SubnetMasks.App: /17;", "SubnetMasks.Data: /29;", "use /19 to /28"}},
		"sum": {"10.0.0.0/16", 2, SubnetMasks{Public: 19, App: 19, Data: 20},
			[]string{"/19 public, /19 app and /20 data need 20480 addresses; a zone's /18 has 16384"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewLayout(test.cidr, test.zones, test.masks)
			require.Error(t, err)
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestLayoutsDivideWithoutOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := drawLayout(t)
		var all []netip.Prefix
		for _, zone := range layout.Zones {
			require.True(t, contains(layout.Vpc, zone.Block), "%s in %s", zone.Block, layout.Vpc)
			for _, tier := range tiers {
				subnet := zone.Subnets[tier]
				require.True(t, contains(zone.Block, subnet), "%s in %s", subnet, zone.Block)
				require.Equal(t, subnet.Masked(), subnet, "aligned")
				require.Equal(t, layout.Masks.of(tier), subnet.Bits())
				all = append(all, subnet)
			}
		}
		for i, a := range all {
			for _, b := range all[:i] {
				require.False(t, a.Overlaps(b), "%s and %s", a, b)
			}
		}
	})
}

func TestAnotherZoneMovesNoSubnet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		larger := drawLayout(t)
		zones := rapid.IntRange(minZones, len(larger.Zones)).Draw(t, "fewer zones")
		smaller, err := NewLayout(larger.Vpc.String(), zones, larger.Masks)
		require.NoError(t, err)
		require.Equal(t, larger.Zones[:zones], smaller.Zones)
		require.Equal(t, larger.ZoneMask, smaller.ZoneMask)
	})
}

// The ACLs are written for the addresses of the Layout, but it is awsx that makes the subnets.
func TestLayoutIsWhatAwsxAllocates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := drawLayout(t)
		for i, zone := range layout.Zones {
			allocated := allocateLikeAwsx(layout, i)
			for spec, tier := range layout.Order {
				require.Equal(t, zone.Subnets[tier], allocated[spec], "%s of zone %d", tier, i)
			}
		}
	})
}

// allocateLikeAwsx returns the strategy Auto of awsx 2.22.0 for one zone: in the order of the specs, each subnet begins
// at the end of the one before, rounded up to its own size.
func allocateLikeAwsx(layout Layout, zone int) []netip.Prefix {
	next := uint64(toInt(layout.Vpc.Addr())) + uint64(zone)<<(32-layout.ZoneMask)
	var allocated []netip.Prefix
	for _, tier := range layout.Order {
		mask := layout.Masks.of(tier)
		size := uint64(1) << (32 - mask)
		next = (next + size - 1) / size * size
		allocated = append(allocated, netip.PrefixFrom(toAddr(uint32(next)), mask))
		next += size
	}
	return allocated
}

// drawLayout draws a valid layout of any size, number of zones and masks.
func drawLayout(t *rapid.T) Layout {
	bits := rapid.IntRange(16, 23).Draw(t, "vpc mask")
	base := rapid.Uint32Range(0, 1<<(bits-8)-1).Draw(t, "vpc number") << (32 - bits)
	vpc := netip.PrefixFrom(toAddr(10<<24|base), bits)
	masks := SubnetMasks{}
	if rapid.Bool().Draw(t, "masks given") {
		zoneMask := bits + zoneBits
		masks = SubnetMasks{
			Public: rapid.IntRange(zoneMask+1, minPublicMask).Draw(t, "public"),
			App:    rapid.IntRange(zoneMask+1, minSubnetMask).Draw(t, "app"),
			Data:   rapid.IntRange(zoneMask+1, minSubnetMask).Draw(t, "data"),
		}
	}
	layout, err := NewLayout(vpc.String(), rapid.IntRange(minZones, maxZones).Draw(t, "zones"), masks)
	if err != nil {
		t.Skip(fmt.Sprint("the masks do not fit: ", err))
	}
	return layout
}

func prefixes(cidrs ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, 0, len(cidrs))
	for _, cidr := range cidrs {
		parsed = append(parsed, netip.MustParsePrefix(cidr))
	}
	return parsed
}

func TestThePlanNamesEverySubnetOnce(t *testing.T) {
	layout, err := NewLayout("10.0.0.0/16", 2, SubnetMasks{})
	require.NoError(t, err)
	require.Equal(t, []Subnet{
		{Public, "eu-west-1a", netip.MustParsePrefix("10.0.32.0/20"), 4091},
		{Public, "eu-west-1b", netip.MustParsePrefix("10.0.96.0/20"), 4091},
		{App, "eu-west-1a", netip.MustParsePrefix("10.0.0.0/19"), 8187},
		{App, "eu-west-1b", netip.MustParsePrefix("10.0.64.0/19"), 8187},
		{Data, "eu-west-1a", netip.MustParsePrefix("10.0.48.0/20"), 4091},
		{Data, "eu-west-1b", netip.MustParsePrefix("10.0.112.0/20"), 4091},
	}, layout.Plan([]string{"eu-west-1a", "eu-west-1b"}))
}
