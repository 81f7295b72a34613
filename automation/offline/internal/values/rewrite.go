package values

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Rewrite returns a value in which every value at a path of names is replaced by what a function makes of it. Lists on
// the way are gone through; a list at the end is handed over whole. What is absent stays absent, secrets stay secret.
func Rewrite(
	value resource.PropertyValue, path string, replace func(resource.PropertyValue) resource.PropertyValue,
) resource.PropertyValue {
	switch {
	case value.IsSecret():
		return resource.MakeSecret(Rewrite(value.SecretValue().Element, path, replace))
	case value.IsNull() || IsUnknown(value):
		return value
	case path == "":
		return replace(value)
	case value.IsArray():
		list := slices.Clone(value.ArrayValue())
		for i, element := range list {
			list[i] = Rewrite(element, path, replace)
		}
		return resource.NewProperty(list)
	case !value.IsObject():
		return value
	}
	name, rest, _ := strings.Cut(path, ".")
	key := resource.PropertyKey(name)
	inner, has := value.ObjectValue()[key]
	if !has {
		return value
	}
	object := value.ObjectValue().Copy()
	object[key] = Rewrite(inner, rest, replace)
	return resource.NewProperty(object)
}
