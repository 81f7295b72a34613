package bridge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// refuseValues checks the rules of the model and the behavior. What is unknown passes.
func (c *checking) refuseValues(inputs values.View) {
	c.refuseGroups(inputs)
	for _, path := range values.SortedKeys(c.Model.Enums) {
		c.eachValue(inputs, path, func(at string, v resource.PropertyValue) {
			if !v.IsArray() && !v.IsObject() && !model.Contains(c.Model.Enums[path], v) {
				c.fail(at, "expected %s to be one of %s, got %s", at, oneOf(c.Model.Enums[path]), values.Text(v))
			}
		})
	}
	c.refuseSizes(inputs)
	for _, path := range values.SortedKeys(c.Model.Patterns) {
		c.eachText(inputs, path, func(at, value string) {
			if pattern := c.Model.Patterns[path]; !pattern.Match(value) {
				c.fail(at, "invalid value %q for %s: it must match %s", value, at, pattern)
			}
		})
	}
	for _, path := range values.SortedKeys(c.Model.Forbidden) {
		c.eachText(inputs, path, func(at, value string) {
			if pattern := c.Model.Forbidden[path]; pattern.Match(value) {
				c.fail(at, "invalid value %q for %s: it must not match %s", value, at, pattern)
			}
		})
	}
	for _, path := range values.SortedKeys(c.Model.Formats) {
		c.eachText(inputs, path, func(at, value string) {
			if reason := model.Formats[c.Model.Formats[path]](value); reason != "" {
				c.fail(at, "%q (%s) %s", at, value, reason)
			}
		})
	}
	if c.behavior.Check != nil {
		c.failures = append(c.failures, c.behavior.Check(inputs)...)
	}
}

func (c *checking) refuseGroups(inputs values.View) {
	for _, group := range c.Model.Conflicts {
		c.refuseConflict(inputs, group)
	}
	for _, group := range c.Model.ExactlyOneOf {
		parent, _ := values.CutLast(group[0])
		if parent != "" && !inputs.Has(parent) {
			continue
		}
		switch given := GivenOf(inputs, group); {
		case len(given) > 1:
			c.fail(given[0], "only one of %s can be specified, but %s were specified", list(group), list(given))
		case len(given) == 0:
			c.fail(group[0], "one of %s must be specified", list(group))
		}
	}
	for _, group := range c.Model.AtLeastOneOf {
		if len(GivenOf(inputs, group)) == 0 {
			c.fail(group[0], "at least one of %s must be specified", list(group))
		}
	}
	for _, group := range c.Model.RequiredWith {
		if !inputs.Given(group[0]) || inputs.Has(group[0]) && isZero(inputs, group[0]) {
			continue
		}
		for _, other := range group[1:] {
			if !inputs.Given(other) {
				c.fail(group[0], "all of %s must be specified together: %s is missing", list(group), other)
			}
		}
	}
}

// refuseConflict refuses two properties of a group. Two false flags are no conflict.
func (c *checking) refuseConflict(inputs values.View, group []string) {
	given := slices.DeleteFunc(GivenOf(inputs, group), func(path string) bool { return isZero(inputs, path) })
	if len(given) > 1 {
		c.fail(given[1], "%q: conflicts with %s", given[1], given[0])
	}
}

// isZero reports whether what the program gave is false, which counts as not given.
func isZero(inputs values.View, path string) bool {
	value, has := inputs.At(path)
	return has && value.IsBool() && !value.BoolValue()
}

// GivenOf returns those of a group of paths that have a value, or will have one.
func GivenOf(inputs values.View, group []string) []string {
	var given []string
	for _, path := range group {
		if inputs.Given(path) {
			given = append(given, path)
		}
	}
	return given
}

func (c *checking) refuseSizes(inputs values.View) {
	for _, path := range values.SortedKeys(c.Model.Numbers) {
		bounds := c.Model.Numbers[path]
		c.eachValue(inputs, path, func(at string, v resource.PropertyValue) {
			if n, is := values.Number(v); is && outside(n, bounds) {
				c.fail(at, "expected %s to be in the range %s, got %s", at, formatBounds(bounds), values.Text(v))
			}
		})
	}
	for _, path := range values.SortedKeys(c.Model.Lengths) {
		bounds := c.Model.Lengths[path]
		c.eachText(inputs, path, func(at, value string) {
			if length := len([]rune(value)); outside(float64(length), bounds) {
				c.fail(
					at,
					"expected length of %s to be in the range %s, got %d characters: %s",
					at,
					formatBounds(bounds),
					length,
					value,
				)
			}
		})
	}
	for _, path := range values.SortedKeys(c.Model.Items) {
		parent, last := values.CutLast(path)
		bounds := c.Model.Items[path]
		for _, holder := range inputs.Each(parent) {
			if !holder.Value.IsObject() {
				continue
			}
			value, has := values.View(holder.Value.ObjectValue()).At(last)
			if has && value.IsArray() && outside(float64(len(value.ArrayValue())), bounds) {
				at := values.Join(holder.Path, last)
				c.fail(at, "expected %s to have %s items, got %d", at, formatBounds(bounds), len(value.ArrayValue()))
			}
		}
	}
}

func (c *checking) eachValue(inputs values.View, path string, f func(at string, v resource.PropertyValue)) {
	for _, found := range inputs.Each(path) {
		if !values.IsUnknown(found.Value) {
			f(found.Path, found.Value)
		}
	}
}

func (c *checking) eachText(inputs values.View, path string, f func(at, value string)) {
	c.eachValue(inputs, path, func(at string, v resource.PropertyValue) {
		if v.IsString() {
			f(at, v.StringValue())
		}
	})
}

func outside(n float64, bounds [2]*float64) bool {
	return bounds[0] != nil && n < *bounds[0] || bounds[1] != nil && n > *bounds[1]
}

func formatBounds(bounds [2]*float64) string {
	switch {
	case bounds[0] == nil:
		return fmt.Sprintf("(at most %g)", *bounds[1])
	case bounds[1] == nil:
		return fmt.Sprintf("(at least %g)", *bounds[0])
	default:
		return fmt.Sprintf("(%g - %g)", *bounds[0], *bounds[1])
	}
}

func oneOf(allowed []any) string {
	texts := make([]string, len(allowed))
	for i, value := range allowed {
		texts[i] = fmt.Sprintf("%q", values.Text(values.Of(value)))
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func list(names []string) string { return "`" + strings.Join(names, ",") + "`" }
