package expect

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// Reference is which resources of a type a value means.
type Reference struct {
	// Resources are those that the value may mean, in the order of their URNs.
	Resources []rule.Resource
	// Certain is true when it means exactly these, and nothing that is not known yet.
	Certain bool
	// Elsewhere is how many texts of the value are known and mean nothing in the stack.
	Elsewhere int
}

// Has reports whether a resource is among those that the value may mean.
func (r Reference) Has(urn string) bool {
	return slices.ContainsFunc(r.Resources, func(one rule.Resource) bool { return one.URN == urn })
}

// Refer tells which resources of a type are meant by a text of a resource, or by a list of texts: an id, a name, or an
// ARN that ends in one. What is not known yet means what the property comes from.
func Refer(r rule.Resource, stack rule.Stack, value property.Value, resourceType string) Reference {
	elements, listed := value.List()
	switch {
	case value.State() == property.Absent:
		return Reference{Certain: true}
	case listed != property.Known:
		elements = []property.Value{value}
	}
	result := Reference{Certain: true}
	candidates := stack.OfType(resourceType)
	unknown := 0
	for _, element := range elements {
		text, state := element.Text()
		if state != property.Known {
			unknown++
			continue
		}
		i := meant(stack, resourceType, text)
		switch {
		case i < 0:
			result.Elsewhere++
		case !result.Has(candidates[i].URN):
			result.Resources = append(result.Resources, candidates[i])
		}
	}
	if unknown > 0 {
		result.addSources(stack.Sources(r, topLevel(value), resourceType).Resources, unknown)
	}
	slices.SortFunc(result.Resources, func(a, b rule.Resource) int { return strings.Compare(a.URN, b.URN) })
	return result
}

// addSources adds what count values that are not known yet may mean.
func (r *Reference) addSources(sources []rule.Resource, count int) {
	var added []rule.Resource
	for _, source := range sources {
		if !r.Has(source.URN) {
			added = append(added, source)
		}
	}
	r.Resources = append(r.Resources, added...)
	r.Certain = len(added) > 0 && len(added) <= count
}

// topLevel returns the property of the resource that a value is in: engines tell dependencies of those only.
func topLevel(value property.Value) string {
	path := value.Path()
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end]
	}
	return path
}

// labels are the properties that hold what others call a resource by.
var labels = []string{
	"id", "arn", "name", "bucket", "identifier", "clusterIdentifier", "url", "arnSuffix", "bucketDomainName",
	"bucketRegionalDomainName",
}

// nameIndex is the key of what resources of a type are called by.
type nameIndex struct{ resourceType string }

// meant returns the index of the first resource of the type that a text names, or -1; see Named.
func meant(stack rule.Stack, resourceType, text string) int {
	index := rule.Derive(stack, nameIndex{resourceType}, func() map[string]int {
		index := map[string]int{}
		for i, r := range stack.OfType(resourceType) {
			for _, name := range names(r) {
				if _, taken := index[name]; !taken {
					index[name] = i
				}
			}
		}
		return index
	})
	first := -1
	look := func(name string) {
		if i, found := index[name]; found && (first < 0 || i < first) {
			first = i
		}
	}
	look(text)
	if strings.HasPrefix(text, "arn:") {
		for i, char := range text {
			if char == ':' || char == '/' {
				look(text[i+1:])
			}
		}
	}
	return first
}

// names returns what others call a resource by, as far as they are known.
func names(r rule.Resource) []string {
	var found []string
	for _, label := range labels {
		if own, state := r.Get(label).Text(); state == property.Known && own != "" {
			found = append(found, own)
		}
	}
	return found
}

// Named reports whether a text is the resource's id, name or ARN, or an ARN that ends in its id or name. What of these
// is not known yet is no reason to say so.
func Named(r rule.Resource, text string) bool {
	return slices.ContainsFunc(names(r), func(own string) bool {
		return text == own ||
			strings.HasPrefix(text, "arn:") && (strings.HasSuffix(text, ":"+own) || strings.HasSuffix(text, "/"+own))
	})
}
