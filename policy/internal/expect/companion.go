package expect

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// Whole stands for the resource in a finding that is about no single property.
const Whole = "it"

// Companion requires another resource of the stack to be about this one; see Companions.
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

// Companions returns the resources of a type that are about this one: their property holds this one's id, ARN or name,
// or while that is not known comes from it. When there are none, the verdict tells which may be.
func Companions(r rule.Resource, stack rule.Stack, companionType, about string) ([]rule.Resource, rule.Verdict) {
	index := companionsOf(stack, companionType, about, r.Type)
	var found []rule.Resource
	var doubt rule.Verdict
	for _, i := range index.candidates(r) {
		other, sources := index.all[i], index.sources[i]
		isThis := slices.Contains(sources, r.URN)
		switch refersTo(other.Get(about), r) {
		case yes:
			if isThis || len(sources) == 0 { // things in two regions can have one name
				found = append(found, other)
			}
		case maybe:
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

type companionsKey struct{ companionType, about, subjectType string }

// companions are the resources of a type by what they are about: by the text that says so, by where it comes from, and
// those that come from no resource of the type that they may be about.
type companions struct {
	about      string
	all        []rule.Resource
	sources    [][]string
	byText     map[string][]int
	bySource   map[string][]int
	fromNobody []int
}

func companionsOf(stack rule.Stack, companionType, about, subjectType string) companions {
	return rule.Derive(stack, companionsKey{companionType, about, subjectType}, func() companions {
		c := companions{
			about:    about,
			all:      stack.OfType(companionType),
			byText:   map[string][]int{},
			bySource: map[string][]int{},
		}
		for i, other := range c.all {
			if text, state := other.Get(about).Text(); state == property.Known {
				c.byText[text] = append(c.byText[text], i)
			}
			var urns []string
			for _, source := range stack.Sources(other, about, subjectType).Resources {
				urns = append(urns, source.URN)
				c.bySource[source.URN] = append(c.bySource[source.URN], i)
			}
			c.sources = append(c.sources, urns)
			if len(urns) == 0 {
				c.fromNobody = append(c.fromNobody, i)
			}
		}
		return c
	})
}

// candidates returns the indexes of those that can be about a resource. Of those that come from nobody and may be, one
// is enough.
func (c companions) candidates(r rule.Resource) []int {
	found := slices.Clone(c.bySource[r.URN])
	for _, name := range identifiers {
		if own, state := r.Get(name).Text(); state == property.Known {
			found = append(found, c.byText[own]...)
		}
	}
	for _, i := range slices.Backward(c.fromNobody) {
		if refersTo(c.all[i].Get(c.about), r) == maybe {
			found = append(found, i)
			break
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
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
