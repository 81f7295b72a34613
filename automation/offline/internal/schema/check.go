package schema

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Failure is a reason to refuse inputs.
type Failure struct {
	// Path is the property's path, such as networkConfiguration.subnets[0].
	Path string
	// Reason says what was found and what is allowed. It never shows a secret.
	Reason string
}

// CheckInputs refuses what the real provider's schema refuses: a missing required property, an unknown one, a value
// of the wrong type or outside an enumeration. Values that are not known yet pass, secrets are looked through, null is
// absence, and keys that begin with __ belong to the engine. The bridge to Terraform converts between text on one side
// and numbers and booleans on the other, so these pass where they convert.
func (p *Package) CheckInputs(properties []Property, inputs resource.PropertyMap) []Failure {
	c := checking{objects: p}
	c.object("", properties, inputs, false)
	return c.failures
}

type checking struct {
	objects  *Package
	failures []Failure
}

func (c *checking) fail(path, format string, args ...any) {
	c.failures = append(c.failures, Failure{path, fmt.Sprintf(format, args...)})
}

// object checks an object's properties. secret tells, here and below, that a failure must not show values.
func (c *checking) object(path string, properties []Property, object resource.PropertyMap, secret bool) {
	for _, property := range properties {
		value, given := object[resource.PropertyKey(property.Name)]
		if given && !isNull(value) {
			c.value(join(path, property.Name), property.Type, value, secret || property.Secret)
			continue
		}
		if property.Required {
			c.fail(join(path, property.Name),
				"Missing required argument. The argument %q is required, but no definition was found.", property.Name)
		}
	}
	for _, key := range object.StableKeys() {
		name := string(key)
		if _, known := find(properties, name); known || strings.HasPrefix(name, "__") {
			continue
		}
		c.fail(join(path, name), "Invalid or unknown key %q.%s", name, suggestion(properties, name))
	}
}

// suggestion names the up to three properties nearest to an unknown name, or all when none is near and they are few.
func suggestion(properties []Property, name string) string {
	const nearest, few = 3, 20
	near, all := map[string]int{}, make([]string, len(properties))
	for i, property := range properties {
		all[i] = property.Name
		if d := levenshtein.Distance(normalizeName(name), normalizeName(property.Name), nil); d <= 1+len(name)/3 {
			near[property.Name] = d
		}
	}
	if len(near) > 0 {
		names := slices.SortedFunc(maps.Keys(near), func(a, b string) int {
			return cmp.Or(cmp.Compare(near[a], near[b]), cmp.Compare(a, b))
		})
		if near[names[0]] <= 1 {
			names = names[:1] // a slip of one letter leaves little doubt
		}
		for i := range names {
			names[i] = strconv.Quote(names[i])
		}
		return " Did you mean " + strings.Join(names[:min(len(names), nearest)], " or ") + "?"
	}
	if len(all) > 0 && len(all) <= few {
		return " Known properties: " + strings.Join(all, ", ") + "."
	}
	return ""
}

// normalizeName makes vpc_id and VpcID equal to vpcId.
func normalizeName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// reveal looks through secrets and outputs. It leaves a value that is not known yet as it is.
func reveal(value resource.PropertyValue) (inner resource.PropertyValue, secret bool) {
	for {
		switch {
		case value.IsSecret():
			value, secret = value.SecretValue().Element, true
		case value.IsOutput() && value.OutputValue().Known:
			secret = secret || value.OutputValue().Secret
			value = value.OutputValue().Element
		default:
			return value, secret
		}
	}
}

func isNull(value resource.PropertyValue) bool {
	inner, _ := reveal(value)
	return inner.IsNull()
}

func (c *checking) value(path string, t *Type, value resource.PropertyValue, secret bool) {
	value, hidden := reveal(value)
	secret = secret || hidden
	if value.IsComputed() || value.IsOutput() || value.IsNull() {
		return
	}
	switch t.Kind {
	case Array:
		if !value.IsArray() {
			c.mismatch(path, "list", value, secret)
			return
		}
		for i, element := range value.ArrayValue() {
			c.value(fmt.Sprintf("%s[%d]", path, i), t.Elem, element, secret)
		}
	case Map:
		c.mapping(path, t, value, secret)
	case Object:
		c.ref(path, t, value, secret)
	default:
		c.scalar(path, t, value, secret)
	}
}

func (c *checking) mapping(path string, t *Type, value resource.PropertyValue, secret bool) {
	if !value.IsObject() {
		c.mismatch(path, "map", value, secret)
		return
	}
	object := value.ObjectValue()
	for _, key := range object.StableKeys() {
		if !strings.HasPrefix(string(key), "__") {
			c.value(join(path, string(key)), t.Elem, object[key], secret)
		}
	}
}

func (c *checking) ref(path string, t *Type, value resource.PropertyValue, secret bool) {
	properties, known := c.objects.Object(t.Ref)
	if !known {
		return
	}
	if !value.IsObject() {
		c.mismatch(path, "object", value, secret)
		return
	}
	c.object(path, properties, value.ObjectValue(), secret)
}

func (c *checking) scalar(path string, t *Type, value resource.PropertyValue, secret bool) {
	switch {
	case !fits(t.Kind, value):
		c.mismatch(path, string(t.Kind), value, secret)
	case len(t.Enum) > 0 && !slices.Contains(t.Enum, text(value)):
		c.fail(path, "expected one of %s, got %s.", strings.Join(t.Enum, ", "), describe(value, secret))
	}
}

// fits reports whether a value has the kind or converts to it.
func fits(kind Kind, value resource.PropertyValue) bool {
	switch kind {
	case String:
		return value.IsString() || value.IsNumber() || value.IsBool()
	case Boolean:
		return value.IsBool() || converts(value, strconv.ParseBool)
	case Integer:
		if value.IsNumber() {
			return value.NumberValue() == math.Trunc(value.NumberValue()) && !math.IsInf(value.NumberValue(), 0)
		}
		return converts(value, func(s string) (int64, error) { return strconv.ParseInt(s, 0, 64) })
	case Number:
		return value.IsNumber() || converts(value, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	case Asset:
		return value.IsAsset() || value.IsArchive()
	case Archive:
		return value.IsArchive()
	default:
		return true
	}
}

func converts[T any](value resource.PropertyValue, parse func(string) (T, error)) bool {
	if !value.IsString() {
		return false
	}
	_, err := parse(value.StringValue())
	return err == nil
}

func (c *checking) mismatch(path, want string, value resource.PropertyValue, secret bool) {
	c.fail(path, "expected %s type, got %s.", want, describe(value, secret))
}

// describe names what was found, and shows it when it is short to show and no secret.
func describe(value resource.PropertyValue, secret bool) string {
	const most = 80 // characters: a message names a value, it does not carry a document
	switch {
	case value.IsArray():
		return "list type"
	case !secret && value.IsString() && len(value.StringValue()) <= most:
		return fmt.Sprintf("string type (%q)", value.StringValue())
	case !secret && (value.IsNumber() || value.IsBool()):
		return fmt.Sprintf("%s type (%s)", value.TypeString(), text(value))
	}
	return value.TypeString() + " type"
}

// text returns a scalar as it stands in a string.
func text(value resource.PropertyValue) string {
	if value.IsNumber() {
		return strconv.FormatFloat(value.NumberValue(), 'g', -1, 64)
	}
	return fmt.Sprint(value.V)
}

var plainKey = regexp.MustCompile(`^[_a-zA-Z][-_a-zA-Z0-9]*$`)

// join writes a path as pulumi config --path reads it: tags.Name, tags["kubernetes.io/role"].
func join(path, name string) string {
	switch {
	case !plainKey.MatchString(name):
		return fmt.Sprintf("%s[%q]", path, name)
	case path == "":
		return name
	}
	return path + "." + name
}
