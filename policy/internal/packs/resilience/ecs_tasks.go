package resilience

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var minTasks = rule.Setting{
	Name: "minTasks", Description: "tasks that a service must keep running", Default: 2, Minimum: 1,
}

// ecsMinTasks judges in the stack, not resource by resource: an auto scaling target, which is a resource of its own and
// is registered after the service, decides how many tasks there are at least. It brings the number up to its minimum,
// and down to it when there is little to do, and so do the actions that change the minimum by the clock. No Security
// Hub control asks for a number of tasks.
var ecsMinTasks = rule.Rule{
	Name:        "ecs-min-tasks",
	Description: "ECS services run at least two tasks.",
	Severity:    rule.High,
	Controls:    rule.WellArchitected.Controls("REL10-BP01"),
	Level:       rule.Mandatory,
	Settings:    []rule.Setting{minTasks},
	Why:         "With one task, each failure or replacement is an outage.",
	Fix: "set desiredCount, or minCapacity of the service's aws.appautoscaling.Target, to that number or " +
		"more.",
	Types:        []string{serviceType},
	JudgeInStack: judgeServiceTasks,
}

func judgeServiceTasks(service rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
	if verdict, daemon := isDaemon(service); daemon {
		return verdict
	}
	want := float64(run.Int(minTasks))
	desired := service.Get("desiredCount")
	count, state := desired.Number()
	enough := state == property.Known && count >= want
	scaled := false
	var doubts []rule.Finding
	for _, m := range minimums(stack) {
		link := scales(m.by, service, stack)
		least, known := m.value.Number()
		switch few := known == property.Known && least < want; {
		case link == no || known == property.Absent || link == maybe && few != enough:
			continue // of one that may be another's, what would change nothing
		case link == yes && few:
			return rule.Violation(
				desired.Path(),
				"can fall below %d, as %s of %s does",
				int(want),
				m.value.Path(),
				m.by.Name,
			)
		case link == yes && known == property.Known:
			scaled = scaled || m.by.Type == targetType
		default:
			doubts = append(
				doubts,
				rule.Unjudged(
					desired.Path(),
					"depends on auto scaling target %s, whose resourceId or %s is not known yet",
					m.by.Name,
					m.value.Path(),
				).Unjudged...)
		}
	}
	if !scaled && (state == property.Unknown || state == property.Mistyped) {
		doubts = append(doubts, rule.Unreadable(desired, state).Unjudged...)
	}
	switch {
	case len(doubts) > 0:
		return rule.Verdict{Unjudged: doubts}
	case scaled || enough:
		return rule.Pass()
	case state == property.Absent:
		return rule.Violation(
			desired.Path(),
			"is not set, which means 0 tasks, and no auto scaling target asks for %d",
			int(want),
		)
	default:
		return rule.Violation(desired.Path(), "is below %d, and no auto scaling target asks for that many", int(want))
	}
}

// minimum is the least number of tasks that auto scaling leaves.
type minimum struct {
	by    rule.Resource
	value property.Value
}

type minimumsKey struct{}

func minimums(stack rule.Stack) []minimum {
	return rule.Derive(stack, minimumsKey{}, func() []minimum {
		var all []minimum
		for _, target := range stack.OfType(targetType) {
			all = append(all, minimum{target, target.Get("minCapacity")})
		}
		for _, action := range stack.OfType("aws:appautoscaling/scheduledAction:ScheduledAction") {
			all = append(all, minimum{action, action.Get("scalableTargetAction", "minCapacity")})
		}
		return all
	})
}

type answer int

const (
	no answer = iota
	maybe
	yes
)

// scales reports whether an auto scaling target is the service's. A target names its service in resourceId, as
// service/<cluster>/<service>. While that is unknown, what it comes from tells.
func scales(target, service rule.Resource, stack rule.Stack) answer {
	if namespace, state := target.Get("serviceNamespace").Text(); state == property.Known && namespace != "ecs" {
		return no
	}
	id, state := target.Get("resourceId").Text()
	if state == property.Known {
		return named(id, service)
	}
	sources := stack.Sources(target, "resourceId", serviceType)
	isService := func(r rule.Resource) bool { return r.URN == service.URN }
	switch {
	case len(sources.Resources) == 0:
		return maybe
	case !slices.ContainsFunc(sources.Resources, isService):
		return no
	case len(sources.Resources) == 1:
		return yes
	default:
		return maybe
	}
}

// named reports whether resourceId is the service's. A service names its cluster by name or ARN, both of which end in
// it.
func named(resourceID string, service rule.Resource) answer {
	parts := strings.Split(resourceID, "/")
	if len(parts) != 3 || parts[0] != "service" {
		return no
	}
	return min(same(service.Get("cluster"), parts[1]), same(service.Get("name"), parts[2]))
}

// same compares the last part of a name or ARN. A service without a cluster is in the one named default.
func same(name property.Value, want string) answer {
	text, state := name.Text()
	switch {
	case state == property.Unknown:
		return maybe
	case state == property.Absent && want == "default":
		return yes
	case text[strings.LastIndex(text, "/")+1:] == want:
		return yes
	default:
		return no
	}
}
