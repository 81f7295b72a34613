package automation

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// PropertyDiff is how a property of a resource changes. A secret is "[secret]" before and after, and what is known only
// once it exists is [KnownAfterUp], also within a value.
type PropertyDiff struct {
	// Path leads to the property, such as tags.Name or ingress[0].fromPort.
	Path string `json:"path"`
	// Before is nil for what is added, After for what is removed.
	Before any `json:"before,omitempty"`
	After  any `json:"after,omitempty"`
	// Replaces says that the change makes the resource anew.
	Replaces bool `json:"replaces,omitempty"`
}

// KnownAfterUp stands for a value that a preview cannot know.
const KnownAfterUp = "(known after up)"

// unknowns are what the engine writes for such values, by their types.
var unknowns = []string{
	plugin.UnknownBoolValue, plugin.UnknownNumberValue, plugin.UnknownStringValue, plugin.UnknownArrayValue,
	plugin.UnknownAssetValue, plugin.UnknownArchiveValue, plugin.UnknownObjectValue,
}

// ownPrefix begins the names of what a bridged provider keeps among the inputs for itself, such as __defaults.
const ownPrefix = "__"

// diffOf returns how the properties of a resource change: those that differ or, of a new resource, all inputs.
func diffOf(m apitype.StepEventMetadata) []PropertyDiff {
	if m.New == nil {
		return nil
	}
	if m.Old == nil {
		return added(m.New.Inputs)
	}
	var diffs []PropertyDiff
	for _, path := range slices.Sorted(maps.Keys(m.DetailedDiff)) {
		d := m.DetailedDiff[path]
		before := m.Old.Outputs
		if d.InputDiff {
			before = m.Old.Inputs
		}
		diff := PropertyDiff{Path: path}
		switch d.Kind {
		case apitype.DiffAddReplace, apitype.DiffDeleteReplace, apitype.DiffUpdateReplace:
			diff.Replaces = true
		}
		if d.Kind != apitype.DiffAdd && d.Kind != apitype.DiffAddReplace {
			diff.Before = known(valueAt(before, path))
		}
		if d.Kind != apitype.DiffDelete && d.Kind != apitype.DiffDeleteReplace {
			diff.After = known(valueAt(m.New.Inputs, path))
			if diff.After == nil { // a drift of what is no input
				diff.After = known(valueAt(m.New.Outputs, path))
			}
		}
		diffs = append(diffs, diff)
	}
	return diffs
}

func added(inputs map[string]any) []PropertyDiff {
	var diffs []PropertyDiff
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if !strings.HasPrefix(name, ownPrefix) {
			diffs = append(diffs, PropertyDiff{Path: name, After: known(inputs[name])})
		}
	}
	return diffs
}

// valueAt returns the value at a path, or nil.
func valueAt(properties map[string]any, path string) any {
	keys, err := resource.ParsePropertyPath(path)
	if err != nil {
		return nil
	}
	var value any = properties
	for _, key := range keys {
		switch inner := value.(type) {
		case map[string]any:
			name, _ := key.(string)
			value = inner[name]
		case []any:
			i, isIndex := key.(int)
			if !isIndex || i < 0 || i >= len(inner) {
				return nil
			}
			value = inner[i]
		default:
			return value // a secret or an unknown value as a whole
		}
	}
	return value
}

// known replaces what the engine writes for values that it does not know, and leaves out what is a provider's own.
func known(value any) any {
	switch v := value.(type) {
	case string:
		for _, unknown := range unknowns {
			v = strings.ReplaceAll(v, unknown, KnownAfterUp)
		}
		return v
	case map[string]any:
		replaced := make(map[string]any, len(v))
		for key, inner := range v {
			if !strings.HasPrefix(key, ownPrefix) {
				replaced[key] = known(inner)
			}
		}
		return replaced
	case []any:
		replaced := make([]any, len(v))
		for i, inner := range v {
			replaced[i] = known(inner)
		}
		return replaced
	}
	return value
}

// matches reports whether a URN is one that a pattern stands for, as the engine decides it: ** is any text, * any
// without a colon.
func matches(pattern, urn string) bool {
	text := regexp.QuoteMeta(pattern)
	text = strings.ReplaceAll(text, `\*\*`, `.*`)
	text = strings.ReplaceAll(text, `\*`, `[^:]*`)
	return regexp.MustCompile("^" + text + "$").MatchString(urn)
}
