package schema

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Failure is a reason to refuse inputs.
type Failure struct {
	// Path is the property's path, such as networkConfiguration.subnets[0].
	Path   string
	Reason string
}

// CheckInputs refuses what the real provider's schema refuses: a missing required property, an unknown one, a value
// of the wrong type or outside an enumeration. Values that are not known yet pass, secrets are looked through, and
// keys that begin with __ belong to the engine. The bridge to Terraform converts between text on one side and numbers
// and booleans on the other, so these pass where they convert.
func (p *Package) CheckInputs(properties []Property, inputs resource.PropertyMap) []Failure {
	var failures []Failure
	p.checkObject("", properties, inputs, &failures)
	return failures
}

func (p *Package) checkObject(path string, properties []Property, object resource.PropertyMap, failures *[]Failure) {
	for _, property := range properties {
		value, given := object[resource.PropertyKey(property.Name)]
		if given && !value.IsNull() {
			p.checkValue(join(path, property.Name), property.Type, value, failures)
			continue
		}
		if property.Required {
			*failures = append(*failures, Failure{join(path, property.Name), fmt.Sprintf(
				"Missing required argument. The argument %q is required, but no definition was found.", property.Name)})
		}
	}
	for _, key := range object.StableKeys() {
		name := string(key)
		if _, known := find(properties, name); known || strings.HasPrefix(name, "__") {
			continue
		}
		*failures = append(*failures, Failure{join(path, name), unknownReason(properties, name)})
	}
}

func unknownReason(properties []Property, name string) string {
	reason := fmt.Sprintf("Invalid or unknown key %q.", name)
	best, distance := "", 1+len(name)/3
	for _, property := range properties {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(property.Name), nil); d <= distance {
			best, distance = property.Name, d-1
		}
	}
	if best != "" {
		reason += fmt.Sprintf(" Did you mean %q?", best)
	}
	return reason
}

func (p *Package) checkValue(path string, t *Type, value resource.PropertyValue, failures *[]Failure) {
	for value.IsSecret() || value.IsOutput() {
		if value.IsOutput() {
			output := value.OutputValue()
			if !output.Known {
				return
			}
			value = output.Element
			continue
		}
		value = value.SecretValue().Element
	}
	if value.IsComputed() || value.IsNull() {
		return
	}
	switch t.Kind {
	case Array:
		p.checkArray(path, t, value, failures)
	case Map:
		p.checkMap(path, t, value, failures)
	case Object:
		p.checkRef(path, t, value, failures)
	default:
		if !fits(t.Kind, value) {
			*failures = append(*failures, mismatch(path, string(t.Kind), value))
		} else if len(t.Enum) > 0 && !slices.Contains(t.Enum, value.StringValue()) {
			*failures = append(*failures, Failure{path, fmt.Sprintf(
				"expected one of %s, got %q.", strings.Join(t.Enum, ", "), value.StringValue())})
		}
	}
}

func (p *Package) checkArray(path string, t *Type, value resource.PropertyValue, failures *[]Failure) {
	if !value.IsArray() {
		*failures = append(*failures, mismatch(path, "list", value))
		return
	}
	for i, element := range value.ArrayValue() {
		p.checkValue(fmt.Sprintf("%s[%d]", path, i), t.Elem, element, failures)
	}
}

func (p *Package) checkMap(path string, t *Type, value resource.PropertyValue, failures *[]Failure) {
	if !value.IsObject() {
		*failures = append(*failures, mismatch(path, "map", value))
		return
	}
	object := value.ObjectValue()
	for _, key := range object.StableKeys() {
		if !strings.HasPrefix(string(key), "__") {
			p.checkValue(join(path, string(key)), t.Elem, object[key], failures)
		}
	}
}

func (p *Package) checkRef(path string, t *Type, value resource.PropertyValue, failures *[]Failure) {
	properties, known := p.Object(t.Ref)
	if !known {
		return
	}
	if !value.IsObject() {
		*failures = append(*failures, mismatch(path, "object", value))
		return
	}
	p.checkObject(path, properties, value.ObjectValue(), failures)
}

// fits tells whether a value has the kind or converts to it.
func fits(kind Kind, value resource.PropertyValue) bool {
	switch kind {
	case String:
		return value.IsString() || value.IsNumber() || value.IsBool()
	case Boolean:
		return value.IsBool() || value.IsString() && (value.StringValue() == "true" || value.StringValue() == "false")
	case Number, Integer:
		number, ok := toNumber(value)
		return ok && (kind == Number || number == math.Trunc(number))
	case Asset:
		return value.IsAsset() || value.IsArchive()
	case Archive:
		return value.IsArchive() || value.IsAsset()
	default:
		return true
	}
}

func toNumber(value resource.PropertyValue) (float64, bool) {
	if value.IsNumber() {
		return value.NumberValue(), true
	}
	if !value.IsString() {
		return 0, false
	}
	number, err := strconv.ParseFloat(value.StringValue(), 64)
	return number, err == nil
}

// mismatch names the types but not the value, which may be a secret.
func mismatch(path, want string, value resource.PropertyValue) Failure {
	got := value.TypeString()
	if value.IsArray() {
		got = "list"
	}
	return Failure{path, fmt.Sprintf("expected %s type, got %s type.", want, got)}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
