package awsx

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type goldenSpec struct {
	Type       string
	Name       string
	CidrMask   int
	Size       int
	CidrBlocks []string
}

func (g goldenSpec) spec() spec {
	return spec{kind: g.Type, name: g.Name, mask: g.CidrMask, size: g.Size, cidrBlocks: g.CidrBlocks}
}

// TestAllocatorsAnswerAsAwsx runs the vectors recorded from pulumi-awsx 2.22.0.
func TestAllocatorsAnswerAsAwsx(t *testing.T) {
	text, err := os.ReadFile("testdata/awsx-alloc-golden.json")
	require.NoError(t, err)
	var golden struct {
		Vectors []struct {
			Strategy   string
			VpcCidr    string
			Azs        int
			AzCidrMask int
			Specs      []goldenSpec
			Subnets    []string
			Error      string
		}
	}
	require.NoError(t, json.Unmarshal(text, &golden))
	require.Len(t, golden.Vectors, 90)
	for i, v := range golden.Vectors {
		t.Run(fmt.Sprintf("%02d %s %s in %d", i, v.Strategy, v.VpcCidr, v.Azs), func(t *testing.T) {
			var specs []spec
			for _, s := range v.Specs {
				specs = append(specs, s.spec())
			}
			specs, err := normalize(specs, v.Azs)
			require.NoError(t, err)
			subnets, err := allocate(
				v.Strategy,
				request{vpc: "v", cidr: v.VpcCidr, zones: v.Azs, specs: specs, zoneMask: v.AzCidrMask},
			)
			if err == nil {
				require.Equal(t, v.Subnets, described(subnets))
				err = checkOverlaps(subnets)
			}
			if v.Error == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, v.Error)
		})
	}
}

func described(subnets []subnet) []string {
	var lines []string
	for _, s := range subnets {
		lines = append(lines, s.name+" "+s.cidr)
	}
	return lines
}

// The cases below follow from the rules; each names what an error must say.
func TestWhatAwsxRefuses(t *testing.T) {
	public := func(mask int) []spec { return []spec{{kind: typePublic, mask: mask}} }
	cases := map[string]struct {
		strategy string
		request  request
		want     string
	}{
		"no address": {strategyAuto, request{cidr: "banana", zones: 2}, "Invalid net address: banana"},
		"no mask":    {strategyAuto, request{cidr: "10.0.0.0/33", zones: 1}, "Invalid mask for ip4: 33"},
		"mask behind 32": {
			strategyAuto,
			request{cidr: "10.0.0.0/16", zones: 1, specs: public(33)},
			"Invalid mask for ip4: 33",
		},
		"zones behind 32": {
			strategyAuto,
			request{cidr: "10.0.0.0/32", zones: 2, specs: public(32)},
			"Invalid mask for ip4: 33",
		},
		"empty list": {
			strategyAuto,
			request{cidr: "10.0.0.0/16", zones: 1, specs: []spec{}},
			"No subnets specified",
		},
		"zones of /27": {
			strategyAuto,
			request{cidr: "10.0.0.0/25", zones: 3},
			"at least /26 available per AZ, but only /27 is available",
		},
		"zone mask of /27": {
			strategyAuto,
			request{cidr: "10.0.0.0/16", zones: 3, zoneMask: 27},
			"but only /27 is available",
		},
		"legacy: no address": {strategyLegacy, request{cidr: "banana", zones: 2}, "Invalid IPv4 address."},
		"legacy: no mask":    {strategyLegacy, request{cidr: "10.0.0.0/33", zones: 2}, "Invalid subnet mask."},
		"legacy: mask behind 32": {
			strategyLegacy,
			request{cidr: "10.0.0.0/16", zones: 2, specs: public(33)},
			"Requested 16 new bits, but only 15 are available.",
		},
		"legacy: too many zones": {
			strategyLegacy,
			request{cidr: "10.0.0.0/31", zones: 3},
			"Requested 2 new bits, but only 1 are available.",
		},
		"behind the last address": {
			strategyAuto,
			request{vpc: "v", cidr: "255.255.255.0/24", zones: 3, zoneMask: 25, specs: public(25)},
			"subnet public of VPC v (255.255.255.0/24) would end behind 255.255.255.255",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := allocate(c.strategy, c.request)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSpecsThatDisagreeWithThemselves(t *testing.T) {
	blocks := func(b ...string) []string { return b }
	cases := map[string]struct {
		specs []spec
		want  string
	}{
		"size": {[]spec{{kind: typePublic, size: 300}},
			"Invalid subnet specifications:\n - The following subnet sizes are invalid: 300. Valid sizes are: " +
				"4294967296, 2147483648, 1073741824, " +
				"536870912, 268435456, 134217728, 67108864, 33554432, 16777216, 8388608, 4194304, 2097152, " +
				"1048576, 524288, 262144, 131072, 65536, " +
				"32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4."},
		"size and mask": {[]spec{{kind: typePublic, mask: 24, size: 512}},
			"Invalid subnet specifications:\n - Subnet size 512 does not match the expected size for a /24 subnet " +
				"(256)."},
		"blocks for some": {
			[]spec{{kind: typePublic, cidrBlocks: blocks("10.0.0.0/24", "10.0.1.0/24")}, {kind: typePrivate}},
			"Invalid subnet specifications:\n - If any subnet spec has explicit cidrBlocks, all subnets must have " +
				"explicit cidrBlocks.",
		},
		"too few blocks": {[]spec{{kind: typePublic, cidrBlocks: blocks("10.0.0.0/24")}},
			"Invalid subnet specifications:\n - The number of CIDR blocks in subnetSpecs[0] must match the number " +
				"of availability zones (2)."},
		"blocks and mask": {[]spec{{kind: typePublic, mask: 24, cidrBlocks: blocks("10.0.0.0/24", "10.0.1.0/25")}},
			"Invalid subnet specifications:\n - The cidrMask in subnetSpecs[0] must match all cidrBlocks or be " +
				"left undefined."},
		"blocks and size": {[]spec{{kind: typePublic, size: 256, cidrBlocks: blocks("10.0.0.0/24", "10.0.1.0/25")}},
			"Invalid subnet specifications:\n - The size in subnetSpecs[0] must match all cidrBlocks or be left " +
				"undefined."},
		"no block": {
			[]spec{{kind: typePublic, cidrBlocks: blocks("banana", "10.0.1.0/25")}},
			"Invalid net address: banana",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := normalize(c.specs, 2)
			require.EqualError(t, err, c.want)
		})
	}
}

func TestSizeAndMaskFillEachOtherIn(t *testing.T) {
	specs, err := normalize(
		[]spec{
			{kind: typePublic, size: 256},
			{kind: typePrivate, mask: 20},
			{kind: typeIsolated},
			{kind: typeUnused, mask: 31},
		},
		1,
	)
	require.NoError(t, err)
	require.Equal(t, []spec{
		{kind: typePublic, mask: 24, size: 256},
		{kind: typePrivate, mask: 20, size: 4096},
		{kind: typeIsolated},
		{kind: typeUnused, mask: 31},
	}, specs)
}

func TestExplicitBlocksAreUsedAsGiven(t *testing.T) {
	specs := []spec{
		{kind: typePublic, cidrBlocks: []string{"10.0.0.0/24", "10.0.9.0/25"}},
		{kind: typePrivate, name: "app", cidrBlocks: []string{"10.0.4.0/22", "10.0.32.0/20"}},
	}
	for _, strategy := range []string{strategyAuto, strategyExact} {
		subnets, err := allocate(strategy, request{vpc: "v", cidr: "10.0.0.0/16", zones: 2, specs: specs})
		require.NoError(t, err)
		require.Equal(
			t,
			[]string{"v-public-1 10.0.0.0/24", "v-app-1 10.0.4.0/22", "v-public-2 10.0.9.0/25", "v-app-2 10.0.32.0/20"},
			described(subnets),
		)
	}
	subnets, err := allocate(strategyLegacy, request{vpc: "v", cidr: "10.0.0.0/16", zones: 2, specs: specs})
	require.NoError(t, err)
	require.Equal(t, "v-app-1 10.0.0.0/19", described(subnets)[0], "Legacy passes over CIDR blocks")
}

func TestExactLeavesNoGap(t *testing.T) {
	whole := []spec{{kind: typePublic, mask: 18}, {kind: typePrivate, mask: 18}}
	subnets, err := allocate(strategyExact, request{vpc: "v", cidr: "10.0.0.0/16", zones: 2, specs: whole})
	require.NoError(t, err)
	require.NoError(t, checkGaps("10.0.0.0/16", subnets))

	subnets, err = allocate(
		strategyExact,
		request{
			vpc:   "v",
			cidr:  "10.0.0.0/16",
			zones: 2,
			specs: []spec{{kind: typePublic, mask: 20}, {kind: typePrivate, mask: 18}},
		},
	)
	require.NoError(t, err)
	require.EqualError(
		t,
		checkGaps("10.0.0.0/16", subnets),
		"There are gaps in the subnet ranges. Please fix the following gaps: "+
			"v-public-1 (10.0.0.0/20) <=> v-private-1 (10.0.64.0/18), v-public-2 (10.0.128.0/20) <=> v-private-2 "+
			"(10.0.192.0/18)",
	)

	subnets = []subnet{{name: "late", cidr: "10.0.1.0/24"}}
	require.EqualError(
		t,
		checkGaps("10.0.0.0/16", subnets),
		"There are gaps in the subnet ranges. Please fix the following gaps: "+
			"late (10.0.1.0/24) does not start at the beginning of the VPC (10.0.0.0/16), late (ending 10.0.1.254) "+
			"ends before VPC ends (at 10.0.255.254})",
	)
}

func TestLayoutDescribesTheFirstZone(t *testing.T) {
	specs := []spec{
		{kind: typePrivate, mask: 20},
		{kind: typePublic, name: "edge", mask: 24},
		{kind: typeIsolated, mask: 22},
	}
	subnets, err := allocate(strategyLegacy, request{vpc: "v", cidr: "10.0.0.0/16", zones: 2, specs: specs})
	require.NoError(t, err)
	described, err := layout(strategyLegacy, specs, subnets, 2)
	require.NoError(t, err)
	require.Equal(t, []spec{
		{kind: typePrivate, mask: 20}, {kind: typePublic, mask: 24},
		{kind: typeUnused, mask: 24}, {kind: typeUnused, mask: 23}, {kind: typeIsolated, mask: 22},
	}, described)

	described, err = layout(strategyAuto, specs, subnets, 2)
	require.NoError(t, err)
	require.Equal(t, specs, described, "under Auto the specs are the layout")
}

// anyRequest draws specs whose sizes are multiples of one another often enough that most requests fit.
func anyRequest(t *rapid.T) request {
	bits := rapid.IntRange(16, 22).Draw(t, "vpc bits")
	zones := rapid.IntRange(1, 6).Draw(t, "zones")
	base := newBlock(10<<24|rapid.Uint64Range(0, 0xffffff).Draw(t, "base"), bits)
	kinds := []string{typePublic, typePrivate, typeIsolated, typeUnused}
	var specs []spec
	for i := range rapid.IntRange(1, 5).Draw(t, "specs") {
		specs = append(specs, spec{
			kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			name: fmt.Sprintf("s%d", i),
			mask: rapid.SampledFrom([]int{0, bits + 3, bits + 4, bits + 5, bits + 6}).Draw(t, "mask"),
		})
	}
	return request{vpc: "v", cidr: base.String(), zones: zones, specs: specs}
}

func TestAutoKeepsToItsRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequest(t)
		subnets, err := allocate(strategyAuto, r)
		if err != nil {
			require.ErrorContains(t, err, "Subnets are too large for VPC.")
			return
		}
		again, err := allocate(strategyAuto, r)
		require.NoError(t, err)
		require.Equal(t, subnets, again, "an allocation does not change from one run to the next")

		vpc, err := parseCIDR(r.cidr)
		require.NoError(t, err)
		blocks, err := blocksOf(subnets)
		require.NoError(t, err)
		require.Len(t, subnets, r.zones*len(r.specs))
		zoneSize := size(vpc.bits + bitsFor(r.zones))
		gaps := false
		for i, b := range blocks {
			require.Zero(t, b.address%size(b.bits), "%s begins at a multiple of its size", b)
			zone := uint64(i / len(r.specs))
			require.GreaterOrEqual(t, b.address, vpc.address+zone*zoneSize, "no subnet begins before its zone")
			if i%len(r.specs) > 0 {
				require.GreaterOrEqual(t, b.address, blocks[i-1].end(), "the subnets of a zone keep their order")
				gaps = gaps || b.address > blocks[i-1].end()
			}
		}
		if gaps {
			return
		}
		// Without gaps the sum of the sizes, which is checked, is the space that is taken.
		require.NoError(t, checkOverlaps(subnets))
		for _, b := range blocks {
			require.True(t, b.within(vpc), "%s is outside %s", b, vpc)
		}
	})
}

func TestLegacyKeepsToItsRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequest(t)
		subnets, err := allocate(strategyLegacy, r)
		require.NoError(t, err)
		rank := map[string]int{typePrivate: 0, typePublic: 1, typeIsolated: 2}
		blocks, err := blocksOf(subnets)
		require.NoError(t, err)
		for i, s := range subnets {
			require.NotEqual(t, typeUnused, s.kind)
			if i == 0 || subnets[i-1].zone != s.zone {
				continue
			}
			require.GreaterOrEqual(t, rank[s.kind], rank[subnets[i-1].kind], "private, public, isolated")
			require.False(t, blocks[i].overlaps(blocks[i-1]), "neighbours never overlap")
		}
	})
}

func TestGapsFillExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newBlock(rapid.Uint64Range(0, 1<<20).Draw(t, "a"), rapid.IntRange(20, 28).Draw(t, "a bits"))
		b := newBlock(
			a.end()+rapid.Uint64Range(0, 1<<14).Draw(t, "distance"),
			a.bits+rapid.IntRange(0, 2).Draw(t, "narrower"),
		)
		if b.first() < a.end() {
			return
		}
		at := a.end()
		for _, gap := range gapsBetween(a, b) {
			require.Equal(t, at, gap.first())
			at = gap.end()
		}
		require.GreaterOrEqual(t, at, b.first())
	})
}
