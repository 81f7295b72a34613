package expect

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// Whole stands for the resource in a finding that is about no single property.
const Whole = "it"

// Companion wants another resource of the stack to be about this one; see Companions.
func Companion(r rule.Resource, stack rule.Stack, companionType, about, without string) rule.Verdict {
	found, doubt := Companions(r, stack, companionType, about)
	switch {
	case len(found) > 0:
		return rule.Pass()
	case len(doubt.Unjudged) > 0:
		return doubt
	}
	return rule.Violation(Whole, "%s", without)
}

// Companions are the resources of a type that are about this one: their property holds this one's id, ARN or name, or
// while that is not known comes from it. When there are none, the verdict tells which may be.
func Companions(r rule.Resource, stack rule.Stack, companionType, about string) ([]rule.Resource, rule.Verdict) {
	var found []rule.Resource
	var doubt rule.Verdict
	for _, other := range stack.OfType(companionType) {
		switch refersTo(other.Get(about), r) {
		case yes:
			if !ofNamesake(other, stack, about, r) {
				found = append(found, other)
			}
		case maybe:
			sources := stack.Sources(other, about, r.Type).Resources
			isThis := slices.ContainsFunc(sources, func(s rule.Resource) bool { return s.URN == r.URN })
			switch {
			case isThis && len(sources) == 1:
				found = append(found, other)
			case isThis || len(sources) == 0:
				doubt = rule.Unjudged(Whole, "may be that of %s, whose %s is not known yet", other.Name, about)
			}
		}
	}
	if len(found) > 0 {
		return found, rule.Pass()
	}
	return nil, doubt
}

// ofNamesake tells whether the property comes from another resource of the same type. Things in two regions can have one
// name.
func ofNamesake(other rule.Resource, stack rule.Stack, about string, r rule.Resource) bool {
	sources := stack.Sources(other, about, r.Type).Resources
	return len(sources) > 0 && !slices.ContainsFunc(sources, func(s rule.Resource) bool { return s.URN == r.URN })
}

type answer int

const (
	no answer = iota
	maybe
	yes
)

// identifiers are the properties by which others call a resource.
var identifiers = []string{"id", "arn", "bucket", "name"}

func refersTo(value property.Value, r rule.Resource) answer {
	text, state := value.Text()
	if state == property.Unknown {
		return maybe
	}
	if state != property.Known {
		return no
	}
	result := no
	for _, name := range identifiers {
		own, state := r.Get(name).Text()
		switch {
		case state == property.Known && own == text:
			return yes
		case state == property.Unknown:
			result = maybe
		}
	}
	return result
}
