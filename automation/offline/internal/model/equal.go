package model

import (
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Equalities compare texts that may be written in several ways. The models name them.
var Equalities = map[string]func(a, b string) bool{
	"case": strings.EqualFold,
	"trim": func(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) },
	"cidr": equalCIDR,
	"time": equalTimes,
	"json": func(a, b string) bool { return EqualDocuments(a, b, func(v any) any { return v }) },
}

// Forms are the ways in which AWS writes a text down. The models name them.
var Forms = map[string]func(string) string{
	"lower": strings.ToLower,
	"trim":  strings.TrimSpace,
	"cidr":  canonicalCIDR,
	"json":  func(text string) string { return Rewritten(text, func(v any) any { return v }) },
}

// Rewritten returns a JSON document in another form, its keys sorted and without blanks; a text that is no JSON as it
// is.
func Rewritten(document string, form func(any) any) string {
	parsed, is := values.ParseJSON(document)
	if !is {
		return document
	}
	return values.Written(form(parsed))
}

func canonicalCIDR(text string) string {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return text
	}
	return prefix.Masked().String()
}

// EqualDocuments compares JSON documents in a canonical form; texts that are no JSON are compared as they are.
func EqualDocuments(a, b string, canonical func(any) any) bool {
	left, ok := values.ParseJSON(a)
	if !ok {
		return a == b
	}
	right, ok := values.ParseJSON(b)
	if !ok {
		return false
	}
	return reflect.DeepEqual(canonical(left), canonical(right))
}

// equalTimes compares points in time, in whichever zone they are written.
func equalTimes(a, b string) bool {
	left, errLeft := time.Parse(time.RFC3339, a)
	right, errRight := time.Parse(time.RFC3339, b)
	if errLeft != nil || errRight != nil {
		return a == b
	}
	return left.Equal(right)
}

func equalCIDR(a, b string) bool {
	left, errLeft := netip.ParsePrefix(a)
	right, errRight := netip.ParsePrefix(b)
	if errLeft != nil || errRight != nil {
		return a == b
	}
	return left == right
}
