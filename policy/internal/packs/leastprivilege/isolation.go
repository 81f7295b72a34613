package leastprivilege

import (
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	capacityProviderType = "aws:ecs/capacityProvider:CapacityProvider"
	clusterCapacityType  = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
)

// ec2LaunchIsolation is about tasks that share instances: a container that gets out of its own gets at the credentials
// of the others (Amazon ECS developer guide, "Task and container security best practices"). That they do not get those
// of the instance is the rule imdsv2's business.
var ec2LaunchIsolation = rule.Rule{
	Name:        "ec2-launch-isolation",
	Description: "ECS services with different task roles do not share EC2 instances.",
	Severity:    rule.Medium,
	Controls:    []rule.Control{leastPrivilege},
	Level:       rule.Mandatory,
	Why:         "Tasks on one instance share a kernel: whoever breaks out reaches the credentials of the others.",
	Fix: "declare an aws.ecs.CapacityProvider for each set of rights, and set capacityProviderStrategies " +
		"of the services to theirs, or to FARGATE.",
	Types:        []string{capacityProviderType},
	JudgeInStack: judgeIsolation,
}

func judgeIsolation(provider rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	if provider.Get("autoScalingGroupProvider").State() == property.Absent {
		return rule.NotApplicable("it has no instances")
	}
	rights, doubt := map[string]string{}, ""
	for _, service := range stack.OfType(serviceType) {
		on, sure := runsOn(service, provider, stack)
		if !on {
			continue
		}
		own, known := rightsOf(service, stack)
		if !known || !sure {
			doubt = service.Name
			continue
		}
		rights[own] = service.Name
	}
	switch {
	case len(rights) > 1:
		var names []string
		for _, name := range rights {
			names = append(names, name)
		}
		slices.Sort(names)
		return rule.Violation(
			expect.Whole,
			"runs tasks with different task roles on the same instances: those of %s",
			strings.Join(names, ", "),
		)
	case doubt != "":
		return rule.Unjudged(
			expect.Whole,
			"may run tasks of service %s, of which the rights or the capacity provider are not known yet",
			doubt,
		)
	}
	return rule.Pass()
}

// runsOn reports whether a service's tasks run on a capacity provider, its own choice or else its cluster's, and
// whether that is sure. Tasks of launch type EC2, the default without any choice, run on whatever instances the cluster
// has.
func runsOn(service, provider rule.Resource, stack rule.Stack) (on, sure bool) {
	strategies := service.Get("capacityProviderStrategies")
	elements, state := strategies.List()
	if state == property.Known && len(elements) > 0 ||
		state == property.Unknown && len(service.PropertyDependencies["capacityProviderStrategies"]) > 0 {
		return chosen(service, strategies, provider, stack)
	}
	kind, state := service.Get("launchType").Text()
	if state == property.Known && kind != "" && kind != "EC2" {
		return false, true
	}
	cluster := expect.Refer(service, stack, service.Get("cluster"), ecsClusterType)
	for _, capacity := range stack.OfType(clusterCapacityType) {
		of := expect.Refer(capacity, stack, capacity.Get("clusterName"), ecsClusterType)
		if slices.ContainsFunc(of.Resources, func(c rule.Resource) bool { return cluster.Has(c.URN) }) {
			if defaults := capacity.Get("defaultCapacityProviderStrategies"); kind != "EC2" && !isEmpty(defaults) {
				return chosen(capacity, defaults, provider, stack)
			}
			anywhere := expect.Refer(capacity, stack, capacity.Get("capacityProviders"), capacityProviderType)
			return anywhere.Has(provider.URN), anywhere.Has(provider.URN) && anywhere.Certain
		}
	}
	return false, true
}

func isEmpty(list property.Value) bool {
	elements, state := list.List()
	return state == property.Absent || state == property.Known && len(elements) == 0
}

func chosen(r rule.Resource, strategies property.Value, provider rule.Resource, stack rule.Stack) (on, sure bool) {
	elements, state := strategies.List()
	values := []property.Value{strategies}
	if state == property.Known {
		values = nil
		for _, element := range elements {
			values = append(values, element.Get("capacityProvider"))
		}
	}
	for _, value := range values {
		of := expect.Refer(r, stack, value, capacityProviderType)
		on, sure = on || of.Has(provider.URN), sure || of.Has(provider.URN) && of.Certain
	}
	return on, sure
}

// rightsOf returns what the code of a service's tasks may do, in a form that can be compared. What can be allowed on
// everything only, such as sending traces, does not count.
func rightsOf(service rule.Resource, stack rule.Stack) (rights string, known bool) {
	tasks := expect.Refer(service, stack, service.Get("taskDefinition"), taskDefinitionType)
	if len(tasks.Resources) != 1 || !tasks.Certain {
		return "", false
	}
	role := tasks.Resources[0].Get("taskRoleArn")
	if role.State() == property.Absent {
		return "", true
	}
	roles := roleOf(tasks.Resources[0], "taskRoleArn", stack)
	if len(roles.Resources) != 1 || !roles.Certain {
		return "", false
	}
	g := grantsOf(roles.Resources[0], stack)
	var texts []string
	for _, s := range g.statements {
		if !slices.ContainsFunc(s.Actions, func(action string) bool { return !document.DemandsEverything(action) }) &&
			len(s.NotActions) == 0 {
			continue
		}
		s.Sid = ""
		texts = append(texts, fmt.Sprint(s))
	}
	slices.Sort(texts)
	slices.Sort(g.managed)
	return strings.Join(append(texts, g.managed...), "\n"), !g.unread
}
