package baseline

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	serviceType   = "aws:ecs/service:Service"
	databaseType  = "aws:rds/instance:Instance"
	dbClusterType = "aws:rds/cluster:Cluster"
	targetTopic   = "aws:sns/topic:Topic"
)

// watchedBy is the dimension by which CloudWatch knows a resource.
var watchedBy = map[string]string{
	serviceType:      "ServiceName",
	databaseType:     "DBInstanceIdentifier",
	dbClusterType:    "DBClusterIdentifier",
	loadBalancerType: "LoadBalancer",
}

var watching = []rule.Rule{{
	Name: "alarm-coverage", Description: "Every service, database and load balancer has a CloudWatch alarm with an " +
		"action.",
	Severity: rule.Medium, Controls: rule.WellArchitected.Controls("REL11-BP01"), Level: rule.Mandatory,
	Why: "A failure that no alarm covers is reported by users.",
	Fix: "declare an aws.cloudwatch.MetricAlarm with it in dimensions, and the ARN of an SNS topic in " +
		"alarmActions.",
	Types:        []string{serviceType, databaseType, dbClusterType, loadBalancerType},
	JudgeInStack: judgeAlarms,
}}

func judgeAlarms(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	doubt, silent := "", false
	for _, w := range watchesOf(stack)[r.URN] {
		switch {
		case w.sure && heard(w.alarm, stack):
			return rule.Pass()
		case w.sure:
			silent = true
		default:
			doubt = w.alarm.Name
		}
	}
	switch {
	case doubt != "":
		return rule.Unjudged(expect.Whole, "may be watched by alarm %s, whose dimensions are not known yet", doubt)
	case silent:
		return rule.Violation(expect.Whole, "has alarms, but none with an SNS topic as an action")
	}
	return rule.Violation(expect.Whole, "has no alarm")
}

// watch is an alarm that is, or may be, about a resource.
type watch struct {
	alarm rule.Resource
	sure  bool
}

type watchesKey struct{}

// watchesOf returns the alarms about each resource, by its URN.
func watchesOf(stack rule.Stack) map[string][]watch {
	return rule.Derive(stack, watchesKey{}, func() map[string][]watch {
		watches := map[string][]watch{}
		for _, alarm := range stack.OfType(alarmType) {
			for urn, sure := range subjects(alarm, stack) {
				watches[urn] = append(watches[urn], watch{alarm, sure})
			}
		}
		return watches
	})
}

// subjects returns the URNs of what an alarm may be about, and whether that is sure.
func subjects(alarm rule.Resource, stack rule.Stack) map[string]bool {
	dimensions := []property.Value{alarm.Get("dimensions")}
	queries := alarm.Get("metricQueries")
	elements, state := queries.List()
	if state == property.Unknown {
		dimensions = append(dimensions, queries)
	}
	for _, query := range elements {
		dimensions = append(dimensions, query.Get("metric", "dimensions"))
	}
	found := map[string]bool{}
	for _, of := range dimensions {
		if of.State() == property.Unknown && len(alarm.PropertyDependencies[of.Path()]) == 0 {
			continue // AWS fills it in
		}
		for resourceType, dimension := range watchedBy {
			meant := expect.Refer(alarm, stack, of.Get(dimension), resourceType)
			for _, r := range meant.Resources {
				found[r.URN] = found[r.URN] || meant.Certain
			}
		}
		if server, state := of.Get("DBInstanceIdentifier").Text(); state == property.Known {
			for _, cluster := range stack.OfType(dbClusterType) {
				if id, state := cluster.Get("clusterIdentifier").Text(); state == property.Known &&
					multiAzServer(server, id) {
					found[cluster.URN] = true
				}
			}
		}
	}
	return found
}

// multiAzServer reports whether an instance is one of those that RDS makes for a Multi-AZ cluster and names after it:
// they are no resources, and it is they that report.
func multiAzServer(instance, cluster string) bool {
	number, found := strings.CutPrefix(instance, cluster+"-instance-")
	return found && slices.Contains([]string{"1", "2", "3"}, number)
}

// heard reports whether an alarm, or one that it is part of, tells an SNS topic.
func heard(alarm rule.Resource, stack rule.Stack) bool {
	if tellsTopic(alarm, stack) {
		return true
	}
	name, state := alarm.Get("name").Text()
	return slices.ContainsFunc(stack.OfType(compositeType), func(composite rule.Resource) bool {
		alarmRule, known := composite.Get("alarmRule").Text()
		part := known == property.Known && state == property.Known && quotes(alarmRule, name) ||
			known == property.Unknown &&
				expect.Refer(composite, stack, composite.Get("alarmRule"), alarmType).Has(alarm.URN)
		return part && tellsTopic(composite, stack)
	})
}

func tellsTopic(alarm rule.Resource, stack rule.Stack) bool {
	if on, state := alarm.Get("actionsEnabled").Bool(); state == property.Known && !on ||
		hasLost(alarm, "alarmActions", stack) {
		return false
	}
	actions := alarm.Get("alarmActions")
	elements, _ := actions.List()
	isTopic := func(action property.Value) bool {
		text, state := action.Text()
		return state == property.Known && strings.HasPrefix(text, "arn:") && strings.Contains(text, ":sns:")
	}
	return slices.ContainsFunc(elements, isTopic) || len(expect.Refer(alarm, stack, actions, targetTopic).Resources) > 0
}
