package leastprivilege

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	functionType        = "aws:lambda/function:Function"
	serviceType         = "aws:ecs/service:Service"
	ecsClusterType      = "aws:ecs/cluster:Cluster"
	instanceProfileType = "aws:iam/instanceProfile:InstanceProfile"
)

// takenOver returns the URNs of roles as which code already runs that whoever has the grants may change or get into.
func takenOver(g grants, stack rule.Stack) map[string]bool {
	taken := map[string]bool{}
	add := func(roles expect.Reference) {
		if len(roles.Resources) == 1 && roles.Certain {
			taken[roles.Resources[0].URN] = true
		}
	}
	for _, function := range stack.OfType(functionType) {
		if changesFunction(g, function) {
			add(roleOf(function, "role", stack))
		}
	}
	for _, service := range stack.OfType(serviceType) {
		if entersTasks(g, service, stack) {
			for _, task := range expect.Refer(
				service,
				stack,
				service.Get("taskDefinition"),
				taskDefinitionType,
			).Resources {
				add(roleOf(task, "taskRoleArn", stack))
			}
		}
	}
	if entersInstances(g) {
		for _, profile := range stack.OfType(instanceProfileType) {
			add(roleOf(profile, "role", stack))
		}
	}
	if len(g.allow("iam:UpdateAssumeRolePolicy")) == 0 {
		return taken
	}
	for _, role := range stack.OfType(roleType) {
		if g.allowOn("iam:UpdateAssumeRolePolicy", func(pattern string) bool { return isRole(pattern, role) }) {
			taken[role.URN] = true
		}
	}
	return taken
}

// roleOf returns the role that a property of a resource names. A property comes from the role's policies too where the
// resource waits for them.
func roleOf(r rule.Resource, name string, stack rule.Stack) expect.Reference {
	return expect.Refer(r, stack, r.Get(name), roleType)
}

func changesFunction(g grants, function rule.Resource) bool {
	return slices.ContainsFunc(
		[]string{"lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"},
		func(action string) bool {
			return g.allowOn(action, func(pattern string) bool { return isNamed(pattern, function) })
		},
	)
}

// entersTasks is about services whose tasks can be entered, by tasks or by cluster.
func entersTasks(g grants, service rule.Resource, stack rule.Stack) bool {
	if on, state := service.Get("enableExecuteCommand").Bool(); state != property.Known || !on {
		return false
	}
	clusters := expect.Refer(service, stack, service.Get("cluster"), ecsClusterType)
	return g.allowOn("ecs:ExecuteCommand", func(pattern string) bool {
		return document.Unbounded(pattern) || slices.ContainsFunc(clusters.Resources, func(cluster rule.Resource) bool {
			name, state := cluster.Get("name").Text()
			parts := strings.Split(pattern, "/")
			return state == property.Known && len(parts) > 1 && document.Match(parts[1], name)
		})
	})
}

// anInstance is an instance, in each partition.
var anInstance = []string{
	"arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0",
	"arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-0123456789abcdef0",
	"arn:aws-us-gov:ec2:us-gov-west-1:123456789012:instance/i-0123456789abcdef0",
}

// entersInstances leaves out what a condition limits to some instances.
func entersInstances(g grants) bool {
	return slices.ContainsFunc([]string{"ssm:SendCommand", "ssm:StartSession"}, func(action string) bool {
		return slices.ContainsFunc(g.allow(action), func(s document.Statement) bool {
			return len(s.Conditions) == 0 && slices.ContainsFunc(s.Resources, func(pattern string) bool {
				return strings.HasSuffix(pattern, ":instance/*") ||
					slices.ContainsFunc(anInstance, func(arn string) bool {
						return document.Match(pattern, arn)
					})
			})
		})
	})
}
