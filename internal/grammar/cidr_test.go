package grammar

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseCIDR(t *testing.T) {
	for _, test := range []struct {
		text   string
		family Family
		want   string
	}{
		{"10.0.0.0/16", IPv4, ""},
		{"10.0.0.0/16", AnyFamily, ""},
		{"2001:db8::/32", IPv6, ""},
		{"0.0.0.0/0", AnyFamily, ""},
		{"10.0.0.0", IPv4, `"10.0.0.0" is not an IPv4 CIDR block; use one such as 203.0.113.0/24`},
		{"2001:db8::/32", IPv4, `"2001:db8::/32" is not an IPv4 CIDR block; use one such as 203.0.113.0/24`},
		{"10.0.0.0/16", IPv6, `"10.0.0.0/16" is not an IPv6 CIDR block; use one such as 2001:db8::/32`},
		{"::ffff:10.0.0.0/112", AnyFamily, "is not a CIDR block"},
		{"10.0.1.0/16", IPv4, "10.0.1.0/16 does not begin at its network address; use 10.0.0.0/16"},
		{"2001:DB8::/32", AnyFamily, "2001:DB8::/32 is not in canonical form; use 2001:db8::/32"},
		{"2001:db8:0::/48", IPv6, "2001:db8:0::/48 is not in canonical form; use 2001:db8::/48"},
	} {
		_, err := ParseCIDR(test.text, test.family)
		if test.want == "" {
			require.NoError(t, err, test.text)
			continue
		}
		require.ErrorContains(t, err, test.want)
	}
}
