// Package expect makes the judges of the rules that ask one property for one thing, which is most of them.
package expect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// Judge is what rule.Rule.Judge requires.
type Judge = func(rule.Resource, rule.Run) rule.Verdict

// True requires a switch to be on.
func True(path string) Judge {
	return func(r rule.Resource, _ rule.Run) rule.Verdict {
		value := At(r, path)
		on, state := value.Bool()
		switch {
		case state == property.Known && on:
			return rule.Pass()
		case state == property.Known:
			return rule.Violation(value.Path(), "is not true")
		case state == property.Absent:
			return rule.Violation(value.Path(), "is not set and defaults to false")
		}
		return rule.Unreadable(value, state)
	}
}

// NotTrue requires a switch to be off, as it is by default.
func NotTrue(path string) Judge {
	return func(r rule.Resource, _ rule.Run) rule.Verdict {
		value := At(r, path)
		on, state := value.Bool()
		switch {
		case state == property.Absent || state == property.Known && !on:
			return rule.Pass()
		case state == property.Known:
			return rule.Violation(value.Path(), "is true")
		}
		return rule.Unreadable(value, state)
	}
}

// Set requires a value, whatever it is; one that becomes known later will do.
func Set(path string) Judge {
	return func(r rule.Resource, _ rule.Run) rule.Verdict {
		value := At(r, path)
		text, state := value.Text()
		elements, listed := value.List()
		empty := state == property.Known && text == "" || listed == property.Known && len(elements) == 0
		if state == property.Absent || empty {
			return rule.Violation(value.Path(), "is not set")
		}
		return rule.Pass()
	}
}

// OneOf requires a text to be one of some.
func OneOf(path string, allowed ...string) Judge {
	return func(r rule.Resource, _ rule.Run) rule.Verdict {
		value := At(r, path)
		text, state := value.Text()
		switch {
		case state == property.Known && slices.Contains(allowed, text):
			return rule.Pass()
		case state == property.Known || state == property.Absent:
			return rule.Violation(value.Path(), "is not %s", strings.Join(allowed, " or "))
		}
		return rule.Unreadable(value, state)
	}
}

// OneOfSetting requires a text to be one of those of a setting.
func OneOfSetting(path string, setting rule.Setting) Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		return OneOf(path, run.Texts(setting)...)(r, run)
	}
}

// OwnKey requires a key of the account's, whichever it is; one that becomes known later will do. Keys whose alias
// begins with aws/ are AWS's own.
func OwnKey(path string) Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		value := At(r, path)
		if IsAWSsKey(value) {
			return rule.Violation(value.Path(), "is an AWS managed key")
		}
		return Set(path)(r, run)
	}
}

// IsAWSsKey reports whether a key is known to be one of AWS's own.
func IsAWSsKey(key property.Value) bool {
	text, state := key.Text()
	return state == property.Known && strings.Contains(":"+text, ":alias/aws/")
}

// AtLeast requires a number not below a setting. Absent counts as 0.
func AtLeast(path string, setting rule.Setting) Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		value, want := At(r, path), run.Int(setting)
		number, state := value.Number()
		switch {
		case state == property.Known && number >= float64(want):
			return rule.Pass()
		case state == property.Known || state == property.Absent:
			return rule.Violation(value.Path(), "is below %d", want)
		}
		return rule.Unreadable(value, state)
	}
}

// All requires every judge to pass.
func All(judges ...Judge) Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		var verdict rule.Verdict
		for _, judge := range judges {
			one := judge(r, run)
			if one.NotApplicable != "" {
				return one
			}
			verdict.Violations = append(verdict.Violations, one.Violations...)
			verdict.Unjudged = append(verdict.Unjudged, one.Unjudged...)
		}
		return verdict
	}
}

// First returns the verdict of the first judge that does not let the resource pass: of those behind it nothing is said.
func First(judges ...Judge) Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		for _, judge := range judges {
			if one := judge(r, run); len(one.Violations)+len(one.Unjudged) > 0 || one.NotApplicable != "" {
				return one
			}
		}
		return rule.Pass()
	}
}

// ByType judges resources of several types, each in its own way.
func ByType(judges map[string]Judge) Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		if judge, known := judges[r.Type]; known {
			return judge(r, run)
		}
		return rule.NotApplicable("it is of another type")
	}
}

// UnlessSet leaves alone resources that have a property, for the reason given: NotApplicable's. While it cannot be told
// whether they have it, they pass if the judge lets them.
func UnlessSet(path, reason string, judge Judge) Judge {
	return func(r rule.Resource, run rule.Run) rule.Verdict {
		value := At(r, path)
		text, state := value.Text()
		if state == property.Known && text != "" || state == property.Mistyped {
			return rule.NotApplicable(reason)
		}
		verdict := judge(r, run)
		if state == property.Unknown && len(verdict.Violations) > 0 {
			return rule.Unreadable(value, state)
		}
		return verdict
	}
}

// At follows a path such as metadataOptions.httpTokens. A part in brackets, as in rules[0], is an element of a list.
func At(r rule.Resource, path string) property.Value {
	value := r.Properties
	for _, key := range strings.Split(path, ".") {
		name, index, indexed := strings.Cut(key, "[")
		value = value.Get(name)
		if indexed {
			value = element(value, index)
		}
	}
	return value
}

// element returns an element of a list, or what the list is when it has none.
func element(list property.Value, index string) property.Value {
	var i int
	if _, err := fmt.Sscanf(index, "%d]", &i); err != nil {
		panic(fmt.Sprintf("a rule's path has the index [%s", index))
	}
	elements, state := list.List()
	if state == property.Known && i < len(elements) {
		return elements[i]
	}
	return list.Get(fmt.Sprint(i))
}
