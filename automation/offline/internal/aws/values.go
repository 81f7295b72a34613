package aws

import (
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// defaultsKey is the input in which Check lists the properties it filled in, at each level.
const defaultsKey resource.PropertyKey = "__defaults"

// view reads properties by path, looking through secrets. What is unknown, absent, null or a secret that the world does
// not hold reads as absent; ask unknown to tell.
type view resource.PropertyMap

// at returns the value at a path of property names, which does not lead through lists.
func (v view) at(path string) (resource.PropertyValue, bool) {
	properties := resource.PropertyMap(v)
	for {
		name, rest, more := strings.Cut(path, ".")
		value, has := properties[resource.PropertyKey(name)]
		if !has {
			return resource.PropertyValue{}, false
		}
		value = reveal(value)
		if value.IsNull() || isUnknown(value) || world.IsSecretMarker(value) {
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

func (v view) has(path string) bool {
	_, has := v.at(path)
	return has
}

// given says whether there is anything at the path, known or not.
func (v view) given(path string) bool { return v.has(path) || v.unknown(path) }

// unknown says whether the value at the path, or one above it, is not known yet.
func (v view) unknown(path string) bool {
	properties := resource.PropertyMap(v)
	for {
		name, rest, more := strings.Cut(path, ".")
		value, has := properties[resource.PropertyKey(name)]
		if !has {
			return false
		}
		value = reveal(value)
		if isUnknown(value) {
			return true
		}
		if !more || !value.IsObject() {
			return false
		}
		properties, path = value.ObjectValue(), rest
	}
}

// str returns the text at the path; numbers and booleans as they are written.
func (v view) str(path string) string {
	value, _ := v.at(path)
	return text(value)
}

func (v view) bool(path string) bool {
	value, has := v.at(path)
	if !has {
		return false
	}
	return value.IsBool() && value.BoolValue() || value.IsString() && value.StringValue() == "true"
}

func (v view) num(path string) float64 {
	value, has := v.at(path)
	if !has {
		return 0
	}
	number, _ := number(value)
	return number
}

// list returns the known elements of the list at the path.
func (v view) list(path string) []resource.PropertyValue {
	value, has := v.at(path)
	if !has || !value.IsArray() {
		return nil
	}
	var known []resource.PropertyValue
	for _, element := range value.ArrayValue() {
		if element = reveal(element); !isUnknown(element) {
			known = append(known, element)
		}
	}
	return known
}

func (v view) strings(path string) []string {
	var texts []string
	for _, element := range v.list(path) {
		texts = append(texts, text(element))
	}
	return texts
}

// objects returns the objects at the path, which may be one object or a list of them.
func (v view) objects(path string) []view {
	if value, has := v.at(path); has && value.IsObject() {
		return []view{view(value.ObjectValue())}
	}
	var objects []view
	for _, element := range v.list(path) {
		if element.IsObject() {
			objects = append(objects, view(element.ObjectValue()))
		}
	}
	return objects
}

// place is a value found at a path through lists.
type place struct {
	// path is where it is, with list indices: ingress[0].fromPort.
	path  string
	value resource.PropertyValue
}

// each returns every value at a path, going into every element of the lists on the way and of a list at its end. The
// values may be unknown; null ones are left out.
func (v view) each(path string) []place {
	return each("", resource.NewProperty(resource.PropertyMap(v)), path)
}

func each(at string, value resource.PropertyValue, path string) []place {
	value = reveal(value)
	if value.IsNull() {
		return nil
	}
	if value.IsArray() {
		var places []place
		for i, element := range value.ArrayValue() {
			places = append(places, each(at+"["+strconv.Itoa(i)+"]", element, path)...)
		}
		return places
	}
	if path == "" {
		return []place{{at, value}}
	}
	if !value.IsObject() {
		return nil
	}
	name, rest, _ := strings.Cut(path, ".")
	next, has := value.ObjectValue()[resource.PropertyKey(name)]
	if !has {
		return nil
	}
	return each(join(at, name), next, rest)
}

// join appends a property name to a path.
func join(path, name string) string {
	if strings.ContainsAny(name, `.[]"`) {
		return path + "[" + strconv.Quote(name) + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// parent and last part a path of names: a.b and c of a.b.c.
func cutLast(path string) (parent, last string) {
	i := strings.LastIndex(path, ".")
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// reveal takes secrets and known outputs off a value. What it returns is a secret to the caller too.
func reveal(v resource.PropertyValue) resource.PropertyValue {
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

// isUnknown says whether a revealed value is not known yet.
func isUnknown(v resource.PropertyValue) bool {
	return v.IsComputed() || v.IsOutput() && !v.OutputValue().Known
}

func text(v resource.PropertyValue) string {
	v = reveal(v)
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

func number(v resource.PropertyValue) (float64, bool) {
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

// isEmpty says whether a value means the same as none to the provider: null, "", 0, false, or a list or object of
// nothing but such.
func isEmpty(v resource.PropertyValue) bool {
	v = reveal(v)
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
			if name != defaultsKey && !isEmpty(value) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// set puts a value at a path of names, making objects on the way. It does nothing when the path leads through anything
// but objects.
func set(properties resource.PropertyMap, path string, value resource.PropertyValue) {
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
	if inner = reveal(inner); !inner.IsObject() {
		return
	}
	copied := inner.ObjectValue().Copy()
	set(copied, rest, value)
	properties[key] = resource.NewProperty(copied)
}

// withoutDefaults returns inputs without the lists of what Check filled in.
func withoutDefaults(properties resource.PropertyMap) resource.PropertyMap {
	return stripDefaults(resource.NewProperty(properties)).ObjectValue()
}

func stripDefaults(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return resource.MakeSecret(stripDefaults(v.SecretValue().Element))
	case v.IsOutput():
		output := v.OutputValue()
		output.Element = stripDefaults(output.Element)
		return resource.NewProperty(output)
	case v.IsArray():
		list := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, element := range v.ArrayValue() {
			list[i] = stripDefaults(element)
		}
		return resource.NewProperty(list)
	case v.IsObject():
		object := make(resource.PropertyMap, len(v.ObjectValue()))
		for name, value := range v.ObjectValue() {
			if name != defaultsKey {
				object[name] = stripDefaults(value)
			}
		}
		return resource.NewProperty(object)
	default:
		return v
	}
}

// property makes a property value of plain data, in which there may be property values already.
func property(plain any) resource.PropertyValue {
	switch plain := plain.(type) {
	case resource.PropertyValue:
		return plain
	case map[string]any:
		object := make(resource.PropertyMap, len(plain))
		for name, value := range plain {
			object[resource.PropertyKey(name)] = property(value)
		}
		return resource.NewProperty(object)
	case []any:
		list := make([]resource.PropertyValue, len(plain))
		for i, value := range plain {
			list[i] = property(value)
		}
		return resource.NewProperty(list)
	default:
		return resource.NewPropertyValue(plain)
	}
}

var unknown = resource.MakeComputed(resource.NewProperty(""))
