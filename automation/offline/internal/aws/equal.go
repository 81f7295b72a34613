package aws

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// equalities compare texts that may be written in several ways. The models name them.
var equalities = map[string]func(a, b string) bool{
	"case": strings.EqualFold,
	"trim": func(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) },
	"cidr": equalCIDR,
	"time": equalTimes,
	"json": func(a, b string) bool { return equalDocuments(a, b, func(v any) any { return v }) },
}

// document returns a value as text: a document that was given as an object in JSON.
func document(v resource.PropertyValue) string {
	if !v.IsObject() && !v.IsArray() {
		return text(v)
	}
	written, err := json.Marshal(stripDefaults(v).Mappable())
	if err != nil {
		return ""
	}
	return string(written)
}

func equalDocuments(a, b string, canonical func(any) any) bool {
	left, ok := parseJSON(a)
	if !ok {
		return a == b
	}
	right, ok := parseJSON(b)
	if !ok {
		return false
	}
	return reflect.DeepEqual(canonical(left), canonical(right))
}

func parseJSON(document string) (any, bool) {
	decoder := json.NewDecoder(bytes.NewReader([]byte(document)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, false
	}
	return value, true
}

// canonicalPolicy brings an IAM policy into one form: a list of one is its element, lists are sorted, and a bare
// account id as a principal is its root ARN.
func canonicalPolicy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		canonical := make(map[string]any, len(v))
		for key, value := range v {
			if key == "AWS" {
				value = rootARNs(value)
			}
			canonical[key] = canonicalPolicy(value)
		}
		return canonical
	case []any:
		elements := make([]any, len(v))
		for i, element := range v {
			elements[i] = canonicalPolicy(element)
		}
		if len(elements) == 1 {
			return elements[0]
		}
		slices.SortFunc(elements, func(a, b any) int { return cmp.Compare(written(a), written(b)) })
		return elements
	case bool:
		return written(v)
	case json.Number:
		return v.String()
	default:
		return v
	}
}

func rootARNs(v any) any {
	switch v := v.(type) {
	case string:
		if len(v) == len(world.Account) && strings.Trim(v, "0123456789") == "" {
			return "arn:aws:iam::" + v + ":root"
		}
		return v
	case []any:
		arns := make([]any, len(v))
		for i, element := range v {
			arns[i] = rootARNs(element)
		}
		return arns
	default:
		return v
	}
}

func written(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// canonicalLifecycle sorts the rules of an ECR lifecycle policy by their priority and the tags they select.
func canonicalLifecycle(v any) any {
	object, is := v.(map[string]any)
	if !is {
		return v
	}
	rules, is := object["rules"].([]any)
	if !is {
		return v
	}
	sorted := slices.Clone(rules)
	for i, rule := range sorted {
		sorted[i] = sortTexts(rule)
	}
	slices.SortStableFunc(sorted, func(a, b any) int { return cmp.Compare(priority(a), priority(b)) })
	object["rules"] = sorted
	return object
}

func priority(rule any) float64 {
	object, _ := rule.(map[string]any)
	number, _ := object["rulePriority"].(json.Number)
	value, _ := number.Float64()
	return value
}

// sortTexts sorts every list of texts within a value.
func sortTexts(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = sortTexts(value)
		}
	case []any:
		slices.SortStableFunc(v, func(a, b any) int {
			left, _ := a.(string)
			right, _ := b.(string)
			return cmp.Compare(left, right)
		})
	}
	return v
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

// protocols are the IANA numbers of the protocols that security groups and network ACLs name.
var protocols = map[string]string{"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}

func protocolNumber(name string) string {
	if number, has := protocols[strings.ToLower(name)]; has {
		return number
	}
	return name
}

func afterLast(text, separator string) string {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text
	}
	return text[i+len(separator):]
}
