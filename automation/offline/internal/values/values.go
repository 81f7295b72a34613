// Package values reads and writes the property values of the engine by paths, as the models write them.
package values

import (
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// SortedKeys returns a map's keys in order.
func SortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// JoinModel appends a name to a path of the model, which has no list indices.
func JoinModel(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// ToAny returns texts as values.
func ToAny(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// AfterLast returns what follows the last separator, the whole text if there is none.
func AfterLast(text, separator string) string {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text
	}
	return text[i+len(separator):]
}

// Wildcard matches an EC2 filter value, in which * stands for any text and ? for any character.
func Wildcard(pattern, value string) bool {
	quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	matched, _ := regexp.MatchString("^"+quoted+"$", value)
	return matched
}

// View reads properties by path, looking through secrets. What is unknown, absent, null or a secret that the world does
// not hold reads as absent; ask unknown to tell.
type View resource.PropertyMap

// At returns the value at a path of property names, which does not lead through lists.
func (v View) At(path string) (resource.PropertyValue, bool) {
	properties := resource.PropertyMap(v)
	for {
		name, rest, more := strings.Cut(path, ".")
		value, has := properties[resource.PropertyKey(name)]
		if !has {
			return resource.PropertyValue{}, false
		}
		value = Reveal(value)
		if value.IsNull() || IsUnknown(value) || world.IsSecretMarker(value) {
			return resource.PropertyValue{}, false
		}
		if !more {
			return value, true
		}
		if !value.IsObject() {
			return resource.PropertyValue{}, false
		}
		properties, path = value.ObjectValue(), rest
	}
}

// Has reports whether there is a known value that is not empty at the path.
func (v View) Has(path string) bool {
	_, has := v.At(path)
	return has
}

// Given reports whether there is anything at the path, known or not.
func (v View) Given(path string) bool { return v.Has(path) || v.Unknown(path) }

// Unknown reports whether the value at the path, or one above it, is not known yet.
func (v View) Unknown(path string) bool {
	properties := resource.PropertyMap(v)
	for {
		name, rest, more := strings.Cut(path, ".")
		value, has := properties[resource.PropertyKey(name)]
		if !has {
			return false
		}
		value = Reveal(value)
		if IsUnknown(value) {
			return true
		}
		if !more || !value.IsObject() {
			return false
		}
		properties, path = value.ObjectValue(), rest
	}
}

// Str returns the text at the path; numbers and booleans as they are written.
func (v View) Str(path string) string {
	value, _ := v.At(path)
	return Text(value)
}

// Bool returns the truth value at the path, false if there is none.
func (v View) Bool(path string) bool {
	value, has := v.At(path)
	if !has {
		return false
	}
	return value.IsBool() && value.BoolValue() || value.IsString() && value.StringValue() == "true"
}

// Num returns the number at the path, 0 if there is none.
func (v View) Num(path string) float64 {
	value, has := v.At(path)
	if !has {
		return 0
	}
	number, _ := Number(value)
	return number
}

// List returns the known elements of the list at the path.
func (v View) List(path string) []resource.PropertyValue {
	value, has := v.At(path)
	if !has || !value.IsArray() {
		return nil
	}
	var known []resource.PropertyValue
	for _, element := range value.ArrayValue() {
		if element = Reveal(element); !IsUnknown(element) {
			known = append(known, element)
		}
	}
	return known
}

// Strings returns the texts of the list at the path.
func (v View) Strings(path string) []string {
	var texts []string
	for _, element := range v.List(path) {
		texts = append(texts, Text(element))
	}
	return texts
}

// Objects returns the objects at the path, which may be one object or a list of them.
func (v View) Objects(path string) []View {
	if value, has := v.At(path); has && value.IsObject() {
		return []View{View(value.ObjectValue())}
	}
	var objects []View
	for _, element := range v.List(path) {
		if element.IsObject() {
			objects = append(objects, View(element.ObjectValue()))
		}
	}
	return objects
}

// Place is a value found at a path through lists.
type Place struct {
	// Path is where it is, with list indices: ingress[0].fromPort.
	Path  string
	Value resource.PropertyValue
}

// Each returns every value at a path, going into every element of the lists on the way and of a list at its end. The
// values may be unknown; null ones are left out.
func (v View) Each(path string) []Place {
	return Each("", resource.NewProperty(resource.PropertyMap(v)), path)
}

// Each returns the values at a path below a value, one for each element of the lists on the way.
func Each(at string, value resource.PropertyValue, path string) []Place {
	value = Reveal(value)
	if value.IsNull() {
		return nil
	}
	if value.IsArray() {
		var places []Place
		for i, element := range value.ArrayValue() {
			places = append(places, Each(at+"["+strconv.Itoa(i)+"]", element, path)...)
		}
		return places
	}
	if path == "" {
		return []Place{{at, value}}
	}
	if !value.IsObject() {
		return nil
	}
	name, rest, _ := strings.Cut(path, ".")
	next, has := value.ObjectValue()[resource.PropertyKey(name)]
	if !has {
		return nil
	}
	return Each(Join(at, name), next, rest)
}

// Join appends a property name to a path.
func Join(path, name string) string {
	if strings.ContainsAny(name, `.[]"`) {
		return path + "[" + strconv.Quote(name) + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// parent and last part a path of names: a.b and c of a.b.c.
func CutLast(path string) (parent, last string) {
	i := strings.LastIndex(path, ".")
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// Reveal takes secrets and known outputs off a value. What it returns is a secret to the caller too.
func Reveal(v resource.PropertyValue) resource.PropertyValue {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput() && v.OutputValue().Known:
			v = v.OutputValue().Element
		default:
			return v
		}
	}
}

// IsUnknown reports whether a revealed value is not known yet.
func IsUnknown(v resource.PropertyValue) bool {
	return v.IsComputed() || v.IsOutput() && !v.OutputValue().Known
}

// Text returns a scalar as text, "" for anything else.
func Text(v resource.PropertyValue) string {
	v = Reveal(v)
	switch {
	case v.IsString():
		return v.StringValue()
	case v.IsNumber():
		return strconv.FormatFloat(v.NumberValue(), 'f', -1, 64)
	case v.IsBool():
		return strconv.FormatBool(v.BoolValue())
	default:
		return ""
	}
}

// Number returns a number, also one that is written as text.
func Number(v resource.PropertyValue) (float64, bool) {
	switch {
	case v.IsNumber():
		return v.NumberValue(), true
	case v.IsString():
		n, err := strconv.ParseFloat(v.StringValue(), 64)
		return n, err == nil
	default:
		return 0, false
	}
}

// IsEmpty reports whether a value means the same as none to the provider: null, "", 0, false, or a list or object of
// nothing but such.
func IsEmpty(v resource.PropertyValue) bool {
	v = Reveal(v)
	switch {
	case v.IsNull():
		return true
	case v.IsBool():
		return !v.BoolValue()
	case v.IsNumber():
		return v.NumberValue() == 0
	case v.IsString():
		return v.StringValue() == ""
	case v.IsArray():
		return len(v.ArrayValue()) == 0
	case v.IsObject():
		for name, value := range v.ObjectValue() {
			if name != defaultsKey && !IsEmpty(value) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// Set puts a value at a path of names, making objects on the way. It does nothing when the path leads through anything
// but objects.
func Set(properties resource.PropertyMap, path string, value resource.PropertyValue) {
	name, rest, more := strings.Cut(path, ".")
	key := resource.PropertyKey(name)
	if !more {
		properties[key] = value
		return
	}
	inner, has := properties[key]
	if !has {
		inner = resource.NewProperty(resource.PropertyMap{})
	}
	if inner = Reveal(inner); !inner.IsObject() {
		return
	}
	copied := inner.ObjectValue().Copy()
	Set(copied, rest, value)
	properties[key] = resource.NewProperty(copied)
}

// Of makes a property value of plain data, in which there may be property values already.
func Of(plain any) resource.PropertyValue {
	switch plain := plain.(type) {
	case resource.PropertyValue:
		return plain
	case map[string]any:
		object := make(resource.PropertyMap, len(plain))
		for name, value := range plain {
			object[resource.PropertyKey(name)] = Of(value)
		}
		return resource.NewProperty(object)
	case []any:
		list := make([]resource.PropertyValue, len(plain))
		for i, value := range plain {
			list[i] = Of(value)
		}
		return resource.NewProperty(list)
	default:
		return resource.NewPropertyValue(plain)
	}
}

var Unknown = resource.MakeComputed(resource.NewProperty(""))
