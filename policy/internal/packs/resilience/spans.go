package resilience

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// judgeSpan requires the subnets that a list names to lie in a number of zones.
func judgeSpan(r rule.Resource, stack rule.Stack, list property.Value, want int) rule.Verdict {
	span := spanOfList(r, stack, list)
	switch {
	case span.least >= want:
		return rule.Pass()
	case span.most < want:
		return rule.Violation(
			list.Path(),
			"lie in fewer than %d Availability Zones%s",
			want,
			span.where(),
		)
	}
	return rule.Unjudged(list.Path(), "cannot be placed in Availability Zones: %s", span.doubt)
}

// zones is the Availability Zones of what a resource has subnets for. They are certain when it has these and no others.
type zones struct {
	names   []string
	certain bool
}

// zonesOf returns the zones of the subnets that a list, or one text, names. A list that is not known yet is taken for
// one tier of a network, so that the zones are certain when all tiers have the same.
func zonesOf(r rule.Resource, stack rule.Stack, list property.Value) zones {
	meant := expect.Refer(r, stack, list, subnetType)
	names, complete := zoneNames(meant.Resources)
	if list.State() != property.Unknown || len(meant.Resources) == 0 {
		return zones{names, complete && meant.Certain && meant.Elsewhere == 0}
	}
	for _, tier := range tiers(meant.Resources) {
		own, known := zoneNames(tier)
		complete = complete && known && slices.Equal(own, names)
	}
	return zones{names, complete}
}

// zoneNames returns the zones of subnets, each once, and whether those of all are known.
func zoneNames(subnets []rule.Resource) ([]string, bool) {
	var names []string
	complete := true
	for _, subnet := range subnets {
		name, state := subnet.Get("availabilityZone").Text()
		switch {
		case state != property.Known || name == "":
			complete = false
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, complete
}

// missing returns what of the wanted zones is not among the names.
func (z zones) missing(from []string) []string {
	var missing []string
	for _, name := range z.names {
		if !slices.Contains(from, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

func join(names []string) string { return strings.Join(names, ", ") }
