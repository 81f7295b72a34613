package iam

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

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
