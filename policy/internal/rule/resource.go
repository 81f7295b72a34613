package rule

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
)

// Resource is the view of one resource: of its inputs for Judge, of its outputs for JudgeInStack.
type Resource struct {
	URN, Name string
	// Type is canonical.
	Type string
	// Parent is the URN of the component that the resource belongs to, or of the stack.
	Parent string
	// Protect is the resource option: Pulumi refuses to delete the resource.
	Protect bool
	// Region is that of the resource's provider, known in preview; empty where the provider does not say.
	Region string
	// Properties is the view of all properties; Get is the short way in.
	Properties property.Value
	// PropertyDependencies lists for each top-level property the URNs of the resources that its value comes from. The
	// engine gives it to JudgeInStack only.
	PropertyDependencies map[string][]string

	// read is what rules read out of the resource, by their keys; nil remembers nothing.
	read map[any]any
}

// Remembering returns the resource, of which everything is read once; see Once.
func (r Resource) Remembering() Resource {
	r.read = map[any]any{}
	return r
}

// Once returns what compute reads out of a resource, which happens once for a key however many rules ask. Keys are of a
// type of the caller's own.
func Once[K comparable, V any](r Resource, key K, compute func() V) V {
	if known, ok := r.read[key]; ok {
		return known.(V)
	}
	value := compute()
	if r.read != nil {
		r.read[key] = value
	}
	return value
}

// canonical are the types that rules know by another name: what the SDK has twice, and what a later edition of it
// renames.
var canonical = map[string]string{
	"aws:s3/bucket:Bucket":                     "aws:s3/bucketV2:BucketV2",
	"aws:s3/bucketLogging:BucketLogging":       "aws:s3/bucketLoggingV2:BucketLoggingV2",
	"aws:s3/bucketVersioning:BucketVersioning": "aws:s3/bucketVersioningV2:BucketVersioningV2",
	"aws:alb/loadBalancer:LoadBalancer":        "aws:lb/loadBalancer:LoadBalancer",
	"aws:alb/listener:Listener":                "aws:lb/listener:Listener",
	"aws:alb/listenerRule:ListenerRule":        "aws:lb/listenerRule:ListenerRule",
	"aws:alb/targetGroup:TargetGroup":          "aws:lb/targetGroup:TargetGroup",
	"aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "" +
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
}

// Canonical returns the type by the name that rules know it by.
func Canonical(resourceType string) string { return cmp.Or(canonical[resourceType], resourceType) }

// Get returns the property below the keys.
func (r Resource) Get(keys ...string) property.Value { return r.Properties.Get(keys...) }

// Stack is all resources of a stack, without the stack's own resource and without providers.
type Stack struct {
	resources []Resource
	byURN     map[string]Resource
	byType    map[string][]Resource
	children  map[string][]Resource
	// derived is what rules worked out of the stack, by their keys.
	derived map[any]any
}

// Derive returns what compute makes of a stack, which happens once for a key: rules are asked about one resource after
// the other, and should not go through all others each time. Keys are of a type of the caller's own.
func Derive[K comparable, V any](s Stack, key K, compute func() V) V {
	if known, ok := s.derived[key]; ok {
		return known.(V)
	}
	value := compute()
	s.derived[key] = value
	return value
}

// NewStack returns the view of the resources, in the order of their URNs: the engine gives them in any order.
func NewStack(resources []Resource) Stack {
	s := Stack{
		byURN:    map[string]Resource{},
		byType:   map[string][]Resource{},
		children: map[string][]Resource{},
		derived:  map[any]any{},
	}
	for _, r := range resources {
		if !IsInternal(r.Type) {
			s.resources = append(s.resources, r)
		}
	}
	slices.SortFunc(s.resources, func(a, b Resource) int { return cmp.Compare(a.URN, b.URN) })
	for _, r := range s.resources {
		s.byURN[r.URN] = r
		s.byType[r.Type] = append(s.byType[r.Type], r)
		s.children[r.Parent] = append(s.children[r.Parent], r)
	}
	return s
}

// IsInternal reports whether resources of the type are Pulumi's own, not a user's: the stack, and providers.
func IsInternal(resourceType string) bool {
	return resourceType == "pulumi:pulumi:Stack" || strings.HasPrefix(resourceType, "pulumi:providers:")
}

// Resources returns all resources, in the order of their URNs.
func (s Stack) Resources() []Resource { return s.resources }

// Has reports whether a resource is in the stack.
func (s Stack) Has(urn string) bool {
	_, has := s.byURN[urn]
	return has
}

// OfType returns the resources of the type, in the order of their URNs.
func (s Stack) OfType(resourceType string) []Resource { return slices.Clip(s.byType[resourceType]) }

func ofType(resources []Resource, resourceType string) []Resource {
	var found []Resource
	for _, r := range resources {
		if r.Type == resourceType {
			found = append(found, r)
		}
	}
	return found
}

// Descendants returns everything below a component.
func (s Stack) Descendants(urn string) []Resource {
	return s.descend(urn, map[string]bool{urn: true})
}

func (s Stack) descend(urn string, seen map[string]bool) []Resource {
	var found []Resource
	for _, child := range s.children[urn] {
		if seen[child.URN] {
			continue
		}
		seen[child.URN] = true
		found = append(found, child)
		found = append(found, s.descend(child.URN, seen)...)
	}
	return found
}

// Sources is where a property's value comes from, as far as the dependencies tell.
type Sources struct {
	// Resources are of the type asked for, in the order of their URNs. They can be more than the value really uses.
	Resources []Resource
	// Others are the types of the remaining dependencies. A URN outside the stack counts as type "".
	Others []string
}

// Sources returns the resources of a type that a property's value may come from.
//
// A dependency on a component stands for the resources of the type below it, since a component's outputs carry no finer
// dependency. It stands for none when the property also depends on some of them directly, which then are the right
// ones.
func (s Stack) Sources(r Resource, property, resourceType string) Sources {
	dependencies := r.PropertyDependencies[property]
	chosen := map[string]Resource{}
	var rest []string
	for _, urn := range dependencies {
		if dependency, ok := s.byURN[urn]; ok && dependency.Type == resourceType {
			chosen[urn] = dependency
			continue
		}
		rest = append(rest, urn)
	}
	direct := maps.Clone(chosen)
	var others []string
	for _, urn := range rest {
		below := ofType(s.Descendants(urn), resourceType)
		if len(below) == 0 {
			others = append(others, s.byURN[urn].Type)
			continue
		}
		if slices.ContainsFunc(below, func(b Resource) bool { _, ok := direct[b.URN]; return ok }) {
			continue
		}
		for _, b := range below {
			chosen[b.URN] = b
		}
	}
	found := slices.SortedFunc(maps.Values(chosen), func(a, b Resource) int { return cmp.Compare(a.URN, b.URN) })
	return Sources{Resources: found, Others: others}
}
