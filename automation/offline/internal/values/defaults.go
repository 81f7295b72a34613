package values

import (
	"slices"
	"sort"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// defaultsKey is the input in which Check lists the properties it filled in, at each level.
const defaultsKey resource.PropertyKey = "__defaults"

// WithoutDefaults returns inputs without the lists of what Check filled in.
func WithoutDefaults(properties resource.PropertyMap) resource.PropertyMap {
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

// SetDefaulted writes the list of what was filled in at a level.
func SetDefaulted(properties resource.PropertyMap, names []string) {
	sort.Strings(names)
	names = slices.Compact(names)
	values := make([]resource.PropertyValue, len(names))
	for i, name := range names {
		values[i] = resource.NewProperty(name)
	}
	properties[defaultsKey] = resource.NewProperty(values)
}

// DefaultedOf reads the list of what was filled in at a level.
func DefaultedOf(properties resource.PropertyMap) []string {
	return View(properties).Strings(string(defaultsKey))
}
