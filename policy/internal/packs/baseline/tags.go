package baseline

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var requiredTags = rule.Setting{
	Name:        "tags",
	Description: "tags that every taggable resource must have",
	Texts:       []string{"Project", "Stack", "ManagedBy"},
}

const instanceGroupType = "aws:autoscaling/group:Group"

var tagging = []rule.Rule{{
	Name: "required-tags", Description: "Every resource that supports tags has the required tags.",
	Severity: rule.Low, Controls: rule.WellArchitected.Controls("COST03-BP02"), Level: rule.Mandatory,
	Why:          "Costs, owners and permissions by tag depend on them.",
	Fix:          "set tags on the resource, or defaultTags on its provider.",
	Settings:     []rule.Setting{requiredTags},
	JudgeInStack: judgeTags,
}}

// judgeTags goes by tagsAll, the output that has the provider's tags as well. A type without it cannot have tags, save
// for groups of instances, which have their own form and none of the provider's.
func judgeTags(r rule.Resource, _ rule.Stack, run rule.Run) rule.Verdict {
	all := r.Get("tagsAll")
	if r.Type == instanceGroupType {
		all = r.Get("tags")
	}
	if !strings.HasPrefix(r.Type, "aws:") || all.State() == property.Absent && r.Type != instanceGroupType {
		return rule.NotApplicable("it cannot have tags")
	}
	names, complete := tagNames(all)
	if !complete {
		// One value that is not known makes tagsAll unknown, while the resource's own tags say their keys.
		names, _ = tagNames(r.Get("tags"))
	}
	var missing []string
	for _, name := range run.Texts(requiredTags) {
		if !slices.Contains(names, name) {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return rule.Pass()
	case !complete:
		return rule.Unreadable(all, property.Unknown)
	}
	return rule.Violation(
		all.Path(),
		"lack %s",
		strings.Join(missing, ", "),
	)
}

// tagNames reads an object of tags, or a list of objects with a key. They are complete when none can be missing from
// it.
func tagNames(tags property.Value) (names []string, complete bool) {
	fields, object := tags.Object()
	for name := range fields {
		names = append(names, name)
	}
	elements, list := tags.List()
	complete = tags.State() == property.Absent || object == property.Known || list == property.Known
	for _, element := range elements {
		name, state := element.Get("key").Text()
		names = append(names, name)
		complete = complete && state == property.Known
	}
	return names, complete
}
