package stack

import (
	"maps"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// nameTag is the tag by which AWS's consoles show a resource.
const nameTag = "Name"

// nameResources gives every AWS resource that takes tags and has no name tag the name that it has in the program. With
// the provider's default tags it tells one resource of the stack from another of the same type, also where AWS makes
// the ids, so that a resource whose creation was interrupted is found again.
func nameResources(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	if !strings.HasPrefix(args.Type, "aws:") {
		return nil
	}
	given := reflect.Indirect(reflect.ValueOf(args.Props))
	if given.Kind() != reflect.Struct {
		return nil
	}
	// The arguments may be shared with another resource.
	props := reflect.New(given.Type())
	props.Elem().Set(given)
	field := props.Elem().FieldByName("Tags")
	if !field.IsValid() || field.Type() != reflect.TypeFor[pulumi.StringMapInput]() {
		return nil
	}
	tags := pulumi.StringMap{nameTag: pulumi.String(args.Name)}
	if own, ok := field.Interface().(pulumi.StringMap); ok {
		maps.Copy(tags, own)
	} else if !field.IsNil() {
		return nil
	}
	field.Set(reflect.ValueOf(tags))
	return &pulumi.ResourceTransformationResult{Props: props.Interface().(pulumi.Input), Opts: args.Opts}
}
