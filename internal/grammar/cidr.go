package grammar

import (
	"fmt"
	"net/netip"
)

// MaxPort is the highest TCP and UDP port (RFC 9293, RFC 768); the lowest that anything listens on is 1.
const MaxPort = 65535

// IsPort reports whether a number is a port that something can listen on.
func IsPort(n int) bool { return n >= 1 && n <= MaxPort }

// Family is what addresses a CIDR block has.
type Family int

// The families. AnyFamily is either of the others.
const (
	AnyFamily Family = iota
	IPv4
	IPv6
)

var cidrExamples = map[Family]struct{ name, example string }{
	AnyFamily: {"a CIDR block", "203.0.113.0/24 or 2001:db8::/32"},
	IPv4:      {"an IPv4 CIDR block", "203.0.113.0/24"},
	IPv6:      {"an IPv6 CIDR block", "2001:db8::/32"},
}

// ParseCIDR returns the CIDR block that a text is, in the canonical form in which AWS returns it (RFC 4632, RFC 5952):
// AWS changes any other form, which is then a difference at each update. Its error says what is wrong with the text,
// and what to write instead.
func ParseCIDR(text string, family Family) (netip.Prefix, error) {
	block, err := netip.ParsePrefix(text)
	address := block.Addr()
	if err != nil || address.Is4In6() || family == IPv4 && !address.Is4() || family == IPv6 && !address.Is6() {
		wanted := cidrExamples[family]
		return block, fmt.Errorf("%q is not %s; use one such as %s", text, wanted.name, wanted.example)
	}
	if block != block.Masked() {
		return block, fmt.Errorf("%s does not begin at its network address; use %s", text, block.Masked())
	}
	if canonical := block.String(); canonical != text {
		return block, fmt.Errorf("%s is not in canonical form; use %s", text, canonical)
	}
	return block, nil
}
