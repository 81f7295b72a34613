package iam

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/values"
)

// canonicalPolicy brings an IAM policy into one form: a list of one is its element, lists are sorted, and a bare
// account's root ARN as a principal is its id.
func canonicalPolicy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		canonical := make(map[string]any, len(v))
		for key, value := range v {
			if key == "AWS" {
				value = accountsOf(value)
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
		slices.SortFunc(elements, func(a, b any) int { return cmp.Compare(values.Written(a), values.Written(b)) })
		return elements
	case bool:
		return values.Written(v)
	case json.Number:
		return v.String()
	default:
		return v
	}
}

var rootARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):root$`)

func accountsOf(v any) any {
	switch v := v.(type) {
	case string:
		if match := rootARN.FindStringSubmatch(v); match != nil {
			return match[1]
		}
		return v
	case []any:
		arns := make([]any, len(v))
		for i, element := range v {
			arns[i] = accountsOf(element)
		}
		return arns
	default:
		return v
	}
}

// writtenPolicy returns a resource policy as the service that holds it returns it: its keys are sorted, and a list of
// one is its element, but for that of the statements.
func writtenPolicy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		written := make(map[string]any, len(v))
		for key, value := range v {
			written[key] = writtenPolicy(value)
			if key == "Statement" && !isList(written[key]) {
				written[key] = []any{written[key]}
			}
		}
		return written
	case []any:
		elements := make([]any, len(v))
		for i, element := range v {
			elements[i] = writtenPolicy(element)
		}
		if len(elements) == 1 {
			return elements[0]
		}
		return elements
	default:
		return v
	}
}

func isList(v any) bool {
	_, is := v.([]any)
	return is
}
