package awsx

import (
	"fmt"
	"slices"
	"strings"
)

// checkOverlaps refuses subnets that overlap, whichever zones they are in.
func checkOverlaps(subnets []subnet) error {
	blocks, err := blocksOf(subnets)
	if err != nil {
		return err
	}
	var message strings.Builder
	n := 0
	for i, s := range subnets {
		overlaps := func(other block) bool { return other.overlaps(blocks[i]) }
		if slices.ContainsFunc(blocks[:i], overlaps) || slices.ContainsFunc(blocks[i+1:], overlaps) {
			n++
			fmt.Fprintf(&message, "%d. %s: %s\n", n, s.name, s.cidr)
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf(
		"The following subnets overlap with at least one other subnet. Make the CIDR for the VPC larger, "+
			"reduce the size of the subnets per AZ, or use less Availability Zones:\n\n%s",
		message.String(),
	)
}

func blocksOf(subnets []subnet) ([]block, error) {
	blocks := make([]block, len(subnets))
	for i, s := range subnets {
		b, err := parseCIDR(s.cidr)
		if err != nil {
			return nil, err
		}
		blocks[i] = b
	}
	return blocks, nil
}

// checkGaps returns what sets Exact apart from Auto: each subnet must begin where the one before it ends, the first
// where the VPC begins, and the last must end where the VPC ends.
func checkGaps(cidr string, subnets []subnet) error {
	vpc, err := parseCIDR(cidr)
	if err != nil {
		return err
	}
	blocks, err := blocksOf(subnets)
	if err != nil {
		return err
	}
	var gaps []string
	for i, s := range subnets {
		switch {
		case i == 0 && blocks[i].first() != vpc.first():
			gaps = append(
				gaps,
				fmt.Sprintf("%s (%s) does not start at the beginning of the VPC (%s)", s.name, s.cidr, cidr),
			)
		case i > 0 && blocks[i].first() != blocks[i-1].end():
			gaps = append(
				gaps,
				fmt.Sprintf("%s (%s) <=> %s (%s)", subnets[i-1].name, subnets[i-1].cidr, s.name, s.cidr),
			)
		}
	}
	last := len(subnets) - 1
	if end := blocks[last].lastHost(); end != vpc.lastHost() {
		// The brace too many is awsx's.
		gaps = append(gaps, fmt.Sprintf("%s (ending %s) ends before VPC ends (at %s})",
			subnets[last].name, formatAddress(end), formatAddress(vpc.lastHost())))
	}
	if len(gaps) == 0 {
		return nil
	}
	return fmt.Errorf(
		"There are gaps in the subnet ranges. Please fix the following gaps: %s",
		strings.Join(gaps, ", "),
	)
}
