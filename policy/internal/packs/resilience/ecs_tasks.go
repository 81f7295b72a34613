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
// is registered after the service, can raise the number. No Security Hub control asks for a number of tasks.
var ecsMinTasks = rule.Rule{
	Name:         "ecs-min-tasks",
	Description:  "ECS services keep two tasks running.",
	Severity:     rule.High,
	Controls:     rule.WellArchitected.Controls("REL10-BP01"),
	Level:        rule.Mandatory,
	Settings:     []rule.Setting{minTasks},
	Fix:          "set desiredCount, or minCapacity of the service's aws.appautoscaling.Target, to that number or more.",
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
	if state == property.Known && count >= want {
		return rule.Pass()
	}
	var doubts []rule.Finding
	if state == property.Unknown || state == property.Mistyped {
		doubts = rule.Unreadable(desired, state).Unjudged
	}
	for _, target := range stack.OfType(targetType) {
		link := scales(target, service, stack)
		minimum := target.Get("minCapacity")
		capacity, state := minimum.Number()
		switch {
		case link == no || state == property.Known && capacity < want:
			continue
		case link == yes && state == property.Known:
			return rule.Pass()
		default:
			doubts = append(doubts, rule.Unjudged(desired.Path(), "can be raised by auto scaling target %s, whose resourceId or minCapacity is not known yet", target.Name).Unjudged...)
		}
	}
	switch {
	case len(doubts) > 0:
		return rule.Verdict{Unjudged: doubts}
	case state == property.Absent:
		return rule.Violation(desired.Path(), "is not set, which means 0 tasks, and no auto scaling target asks for %d", int(want))
	default:
		return rule.Violation(desired.Path(), "is below %d, and no auto scaling target asks for that many", int(want))
	}
}

type answer int

const (
	no answer = iota
	maybe
	yes
)

// scales tells whether an auto scaling target is the service's. A target names its service in resourceId, as
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

// named tells whether resourceId is the service's. A service names its cluster by name or ARN, both of which end in it.
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
