package backup

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// judgeCoverage looks for a selection that takes the resource in. A plan of another stack may do so too, which this
// stack cannot know: such a resource says backup=none here.
func judgeCoverage(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	for _, name := range []string{"replicateSourceDb", "clusterIdentifier"} {
		if text, state := r.Get(name).Text(); r.Type == instanceType &&
			(state == property.Known && text != "" || state == property.Unknown && name == "replicateSourceDb") {
			return rule.NotApplicable("its data is another's")
		}
	}
	tags := tagsOf(r)
	if tags["backup"] == "none" {
		return rule.NotApplicable("it says that nothing in it is worth a backup")
	}
	doubt := ""
	for _, selection := range stack.OfType(selectionType) {
		switch selects(selection, r, tags) {
		case yes:
			return rule.Pass()
		case maybe:
			doubt = selection.Name
		}
	}
	if doubt != "" {
		return rule.Unjudged(expect.Whole, "may be covered by selection %s, which is not known yet", doubt)
	}
	return rule.Violation(expect.Whole, "is covered by no backup plan")
}

// tagsOf returns a resource's own tags, and those that the provider adds where they are known.
func tagsOf(r rule.Resource) map[string]string {
	tags := map[string]string{}
	for _, name := range []string{"tagsAll", "tags"} {
		values, _ := r.Get(name).Object()
		for key, value := range values {
			if text, state := value.Text(); state == property.Known {
				tags[key] = text
			}
		}
	}
	return tags
}

type answer int

const (
	no answer = iota
	maybe
	yes
)

// selects follows AWS Backup: resources and selectionTags are a union, each taking in what the other does not, of which
// notResources are left out; conditions have to hold all (AWS Backup API, BackupSelection). Whether they narrow what a
// tag takes in is not documented; here they do, so that nothing counts as covered that may not be.
func selects(selection, r rule.Resource, tags map[string]string) answer {
	named := matchesARN(selectionList(selection, "resources"), r)
	if takesAllByDefault(selection) {
		named = yes
	}
	excluded := matchesARN(selectionList(selection, "notResources"), r)
	return min(
		max(named, anyTag(selectionList(selection, "selectionTags"), tags)),
		yes-excluded,
		allConditions(selectionList(selection, "conditions"), tags),
	)
}

// takesAllByDefault reports whether a selection says neither by ARN nor by tag what it takes in: AWS Backup then takes
// all.
func takesAllByDefault(selection rule.Resource) bool {
	return isEmpty(selectionList(selection, "resources")) && isEmpty(selectionList(selection, "selectionTags"))
}

func isEmpty(list property.Value) bool {
	elements, state := list.List()
	return state == property.Absent || state == property.Known && len(elements) == 0
}

// judgeScope requires a selection to say what of the account it takes in. A tag does not narrow what resources take in.
func judgeScope(selection rule.Resource, _ rule.Stack, _ rule.Run) rule.Verdict {
	conditions, resources := selectionList(selection, "conditions"), selection.Get("resources")
	patterns, state := selectionList(selection, "resources").List()
	all := takesAllByDefault(selection) || slices.ContainsFunc(patterns, func(pattern property.Value) bool {
		text, state := pattern.Text()
		return state == property.Known && namesNothing(text)
	})
	unknown := state == property.Unknown ||
		slices.ContainsFunc(patterns, func(pattern property.Value) bool { return pattern.State() == property.Unknown })
	switch {
	case hasConditions(conditions):
		return rule.Pass()
	case all && conditions.State() == property.Unknown:
		return rule.Unreadable(conditions, property.Unknown)
	case all:
		return rule.Violation(resources.Path(), "take in everything, and there are no conditions")
	case unknown:
		return rule.Unreadable(resources, property.Unknown)
	}
	return rule.Pass()
}

// namesNothing reports whether a pattern takes in everything, or all that is of one kind: table/*, db:*.
func namesNothing(pattern string) bool {
	name := pattern[strings.LastIndexAny(pattern, ":/")+1:]
	return strings.Trim(name, "*") == ""
}

// hasConditions reports whether some operator compares something.
func hasConditions(list property.Value) bool {
	sets, _ := list.List()
	return slices.ContainsFunc(sets, func(set property.Value) bool {
		for operator := range operators {
			if !isEmpty(set.Get(operator)) {
				return true
			}
		}
		return false
	})
}

// selectionList returns a list property of a backup selection. A list that is not known and comes from no resource is
// one that AWS fills in as empty.
func selectionList(selection rule.Resource, name string) property.Value {
	list := selection.Get(name)
	if list.State() == property.Unknown && len(selection.PropertyDependencies[name]) == 0 {
		return property.Value{}
	}
	return list
}

// matchesARN reports whether a list of patterns has one for the resource.
func matchesARN(list property.Value, r rule.Resource) answer {
	patterns, state := list.List()
	switch {
	case state == property.Absent:
		return no
	case state != property.Known:
		return maybe
	}
	result := no
	own, ownState := r.Get("arn").Text()
	for _, pattern := range patterns {
		text, state := pattern.Text()
		switch {
		case state == property.Known && (text == "*" || ownState == property.Known && document.Match(text, own)):
			return yes
		case state == property.Known && ownState != property.Known:
			matches := matchesType(text, r.Type)
			if matches == yes {
				return yes
			}
			result = max(result, matches)
		case state != property.Known || ownState != property.Known:
			result = maybe
		}
	}
	return result
}

// allOf are patterns, behind the account, that take in every resource of a type, by the service in its ARN.
var allOf = map[string]struct{ service, pattern string }{
	instanceType:   {"rds", "db:*"},
	clusterType:    {"rds", "cluster:*"},
	tableType:      {"dynamodb", "table/*"},
	fileSystemType: {"elasticfilesystem", "file-system/*"},
	bucketType:     {"s3", "*"},
	volumeType:     {"ec2", "volume/*"},
}

// matchesType reports whether a pattern takes in a resource of which no more is known than its type.
func matchesType(pattern, resourceType string) answer {
	parts := strings.SplitN(pattern, ":", 6)
	all, known := allOf[resourceType]
	if len(parts) < 6 || !known || strings.ContainsAny(parts[2], "*?") {
		return maybe
	}
	switch anywhere := strings.Trim(parts[3], "*") + strings.Trim(parts[4], "*"); {
	case parts[2] != all.service:
		return no
	case anywhere == "" && (parts[5] == "*" || parts[5] == all.pattern):
		return yes
	}
	return maybe
}

func anyTag(list property.Value, tags map[string]string) answer {
	wanted, state := list.List()
	switch {
	case state == property.Absent:
		return no
	case state != property.Known:
		return maybe
	}
	result := no
	for _, tag := range wanted {
		key, keyState := tag.Get("key").Text()
		value, valueState := tag.Get("value").Text()
		switch {
		case keyState != property.Known || valueState != property.Known:
			result = maybe
		case tags[key] == value:
			return yes
		}
	}
	return result
}

// operators are the comparisons of conditions.
var operators = map[string]func(pattern, value string) bool{
	"stringEquals":    func(pattern, value string) bool { return pattern == value },
	"stringLikes":     document.Match,
	"stringNotEquals": func(pattern, value string) bool { return pattern != value },
	"stringNotLikes":  func(pattern, value string) bool { return !document.Match(pattern, value) },
}

func allConditions(list property.Value, tags map[string]string) answer {
	sets, state := list.List()
	if state == property.Unknown || state == property.Mistyped {
		return maybe
	}
	result := yes
	for _, set := range sets {
		for operator, holds := range operators {
			conditions, _ := set.Get(operator).List()
			for _, condition := range conditions {
				key, keyState := condition.Get("key").Text()
				value, valueState := condition.Get("value").Text()
				switch {
				case keyState != property.Known || valueState != property.Known:
					result = min(result, maybe)
				case !holds(value, tags[strings.TrimPrefix(key, "aws:ResourceTag/")]):
					return no
				}
			}
		}
	}
	return result
}
