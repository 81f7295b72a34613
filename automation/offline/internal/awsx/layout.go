package awsx

import (
	"fmt"
	"math/bits"
	"strings"
)

// normalize brings the masks, sizes and CIDR blocks of the specs into agreement, or says where they disagree.
func normalize(specs []spec, zones int) ([]spec, error) {
	var issues []string
	if invalid := invalidSizes(specs); len(invalid) > 0 {
		issues = append(issues, fmt.Sprintf("The following subnet sizes are invalid: %s. Valid sizes are: %s.",
			strings.Join(invalid, ", "), validSizes()))
	}
	var normalized []spec
	isExplicit := false
	for _, s := range specs {
		isExplicit = isExplicit || s.cidrBlocks != nil
	}
	for i, s := range specs {
		check := reconcile
		if isExplicit {
			check = checkExplicit
		}
		s, issue, err := check(i, s, zones)
		if err != nil {
			return nil, err
		}
		if issue != "" {
			issues = append(issues, issue)
		}
		normalized = append(normalized, s)
	}
	if len(issues) > 0 {
		return nil, fmt.Errorf(
			"Invalid subnet specifications:\n - %s",
			strings.Join(issues, "\n - "),
		) //nolint:staticcheck // awsx's own words
	}
	if specs != nil && normalized == nil {
		return []spec{}, nil
	}
	return normalized, nil
}

// The sizes of blocks go down to four addresses: a smaller one can be given as a mask only.
const largestSizedMask = 30

func maskOf(size int) (mask int, ok bool) {
	mask = 32 - (bits.Len(uint(size)) - 1)
	return mask, size > 0 && size&(size-1) == 0 && 0 <= mask && mask <= largestSizedMask
}

func invalidSizes(specs []spec) []string {
	var invalid []string
	for _, s := range specs {
		if _, ok := maskOf(s.size); s.size != 0 && !ok {
			invalid = append(invalid, fmt.Sprint(s.size))
		}
	}
	return invalid
}

func validSizes() string {
	var sizes []string
	for mask := range largestSizedMask + 1 {
		sizes = append(sizes, fmt.Sprint(size(mask)))
	}
	return strings.Join(sizes, ", ")
}

// reconcile fills in the mask from the size and the size from the mask.
func reconcile(_ int, s spec, _ int) (_ spec, issue string, _ error) {
	if s.mask == 0 && s.size != 0 {
		mask, ok := maskOf(s.size)
		if !ok {
			return s, "", nil
		}
		s.mask = mask
	}
	expected := 0
	if s.mask > 0 && s.mask <= largestSizedMask {
		expected = int(size(s.mask))
	}
	if s.size != 0 && expected != 0 && s.size != expected {
		issue = fmt.Sprintf(
			"Subnet size %d does not match the expected size for a /%d subnet (%d).",
			s.size,
			s.mask,
			expected,
		)
	}
	s.size = expected
	return s, issue, nil
}

// checkExplicit checks a spec among specs that give their CIDR blocks.
func checkExplicit(index int, s spec, zones int) (_ spec, issue string, _ error) {
	if s.cidrBlocks == nil {
		return s, "If any subnet spec has explicit cidrBlocks, all subnets must have explicit cidrBlocks.", nil
	}
	if len(s.cidrBlocks) != zones {
		return s, fmt.Sprintf(
			"The number of CIDR blocks in subnetSpecs[%d] must match the number of availability zones (%d).",
			index,
			zones,
		), nil
	}
	blocks := make([]block, len(s.cidrBlocks))
	for i, text := range s.cidrBlocks {
		b, err := parseCIDR(text)
		if err != nil {
			return s, "", err
		}
		blocks[i] = b
	}
	for _, b := range blocks {
		if s.mask != 0 && b.bits != s.mask {
			return s, fmt.Sprintf(
				"The cidrMask in subnetSpecs[%d] must match all cidrBlocks or be left undefined.",
				index,
			), nil
		}
	}
	for _, b := range blocks {
		if s.size != 0 && int(size(b.bits)) != s.size {
			return s, fmt.Sprintf(
				"The size in subnetSpecs[%d] must match all cidrBlocks or be left undefined.",
				index,
			), nil
		}
	}
	return s, "", nil
}

// layout describes, in the form of specs, what was allocated in each zone: the output subnetLayout. The specs
// themselves do under Auto and Exact. Otherwise the first zone is described, with its gaps as Unused, so that the
// program can move to Auto and keep its subnets. The names are missing there, and without specs the first zone's
// length is misjudged, because all private subnets come first: both as in awsx.
func layout(strategy string, specs []spec, subnets []subnet, zones int) ([]spec, error) {
	if strategy != strategyLegacy && specs != nil {
		return specs, nil
	}
	first := subnets[:len(subnets)/zones]
	blocks, err := blocksOf(first)
	if err != nil {
		return nil, err
	}
	described := []spec{}
	for i, s := range first {
		if i > 0 {
			for _, gap := range gapsBetween(blocks[i-1], blocks[i]) {
				described = append(described, spec{kind: typeUnused, mask: gap.bits})
			}
		}
		described = append(described, spec{kind: s.kind, mask: blocks[i].bits})
	}
	return described, nil
}

// gapsBetween fills the space between two blocks with blocks as wide as fit.
func gapsBetween(a, b block) []block {
	start, end := a, b
	if b.first() <= a.first() {
		start, end = b, a
	}
	var gaps []block
	previous := a
	next := newBlock(start.end(), start.bits)
	for next.first() < end.first() {
		for next.bits > 1 {
			wider := newBlock(next.address, next.bits-1)
			if wider.holds(previous.lastHost()) || wider.holds(end.firstHost()) {
				break
			}
			next = wider
		}
		gaps = append(gaps, next)
		previous = next
		next = next.next()
	}
	return gaps
}
