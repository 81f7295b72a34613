package model

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// Formats say what is wrong with a text, or "". An empty text is not a value.
var Formats = map[string]func(string) string{
	"arn": func(v string) string {
		if v == "" || strings.HasPrefix(v, "arn:") && strings.Count(v, ":") >= 5 {
			return ""
		}
		return "is an invalid ARN: it must look like arn:aws:service:region:account:resource"
	},
	"arnOrStar": func(v string) string {
		if v == "*" || strings.HasPrefix(v, "arn:") {
			return ""
		}
		return "is neither an ARN nor *"
	},
	"json": func(v string) string {
		if v == "" || json.Valid([]byte(v)) {
			return ""
		}
		return "contains an invalid JSON document"
	},
	"cidr4": func(v string) string { return cidrFault(v, 4) },
	"cidr6": func(v string) string { return cidrFault(v, 6) },
	"cidr":  func(v string) string { return cidrFault(v, 0) },
	"ip4":   func(v string) string { return addressFault(v, 4) },
	"ip6":   func(v string) string { return addressFault(v, 6) },
}

func cidrFault(v string, version int) string {
	if v == "" {
		return ""
	}
	prefix, err := netip.ParsePrefix(v)
	switch {
	case err != nil, version == 4 && !prefix.Addr().Is4(), version == 6 && !prefix.Addr().Is6():
		return "is not a valid CIDR block: it must look like " + map[bool]string{
			true:  "2001:db8::/56",
			false: "10.0.0.0/16",
		}[version == 6]
	case prefix != prefix.Masked():
		return fmt.Sprintf("is not a valid CIDR block; did you mean %q?", prefix.Masked())
	default:
		return ""
	}
}

func addressFault(v string, version int) string {
	if v == "" {
		return ""
	}
	address, err := netip.ParseAddr(v)
	if err != nil || version == 4 && !address.Is4() || version == 6 && !address.Is6() {
		return fmt.Sprintf("is not a valid IPv%d address", version)
	}
	return ""
}
