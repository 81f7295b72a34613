package leastprivilege

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// roleMatchesUse compares what a task's containers are told of with what its role may do. It speaks up only where a
// resource is named on one side, in full, and is in no form on the other.
var roleMatchesUse = rule.Rule{
	Name:        "role-matches-use",
	Description: "The roles of a task have permissions for exactly what its containers refer to.",
	Severity:    rule.Medium,
	Controls:    rule.WellArchitected.Controls("SEC03-BP04", "SEC03-BP02"),
	Level:       rule.Mandatory,
	Why:         "A missing permission fails at run time; an unused one only helps an attacker.",
	Fix: "remove the resource from the role's policy, or refer to it in containerDefinitions; for a " +
		"missing permission, the other way round.",
	Types:        []string{taskDefinitionType},
	JudgeInStack: judgeUses,
}

// usable are the types of what containers are told of by name, with the service that IAM knows each by.
var usable = map[string]string{
	"aws:dynamodb/table:Table":         "dynamodb",
	"aws:s3/bucketV2:BucketV2":         "s3",
	"aws:sqs/queue:Queue":              "sqs",
	"aws:sns/topic:Topic":              "sns",
	"aws:kinesis/stream:Stream":        "kinesis",
	"aws:efs/fileSystem:FileSystem":    "elasticfilesystem",
	"aws:secretsmanager/secret:Secret": "secretsmanager",
	parameterType:                      "ssm",
}

func judgeUses(task rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	containers, verdict := expect.Containers(task)
	if len(verdict.Unjudged) > 0 {
		return verdict
	}
	return merge(judgeCode(task, containers, stack), judgeStart(task, containers, stack))
}

// judgeCode returns about the role that the containers' code has.
func judgeCode(task rule.Resource, containers []expect.Container, stack rule.Stack) rule.Verdict {
	role := task.Get("taskRoleArn")
	roles := roleOf(task, "taskRoleArn", stack)
	switch {
	case role.State() == property.Absent || roles.Elsewhere > 0:
		return rule.Pass() // its rights, if any, are not the stack's to know
	case len(roles.Resources) != 1 || !roles.Certain:
		return rule.Unreadable(role, property.Unknown)
	}
	g := grantsOf(roles.Resources[0], stack)
	if g.unread {
		return rule.Unjudged(role.Path(), "has a policy that is not known yet or cannot be read")
	}
	users := tasksOf(roles.Resources[0], stack)
	var verdict rule.Verdict
	for _, resourceType := range typesOf(usable) {
		for _, r := range stack.OfType(resourceType) {
			if g.names(usable[resourceType], r) &&
				!slices.ContainsFunc(users, func(t rule.Resource) bool { return refersTo(t, r, stack) }) {
				verdict = merge(
					verdict,
					rule.Violation(role.Path(), "names a role with permission for %s, which no container refers "+
						"to", r.Name),
				)
			}
			if len(unresolvedManagedPolicies(g)) == 0 && isReferenced(containers, r) && !g.covers(
				usable[resourceType],
				r,
			) &&
				!opensItself(r, stack) {
				verdict = merge(
					verdict,
					rule.Violation(
						role.Path(),
						"names a role without permission for %s, which a container refers to",
						r.Name,
					),
				)
			}
		}
	}
	return verdict
}

// tasksOf returns the task definitions with a role.
func tasksOf(role rule.Resource, stack rule.Stack) []rule.Resource {
	var tasks []rule.Resource
	for _, task := range stack.OfType(taskDefinitionType) {
		if roleOf(task, "taskRoleArn", stack).Has(role.URN) {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// startsTasks are AWS's managed policies that say nothing of the resources judged here.
var startsTasks = []string{
	"AmazonECSTaskExecutionRolePolicy",
	"AWSXRayDaemonWriteAccess",
	"CloudWatchAgentServerPolicy",
}

// unresolvedManagedPolicies returns the policies of a role of which the stack does not say what they allow.
func unresolvedManagedPolicies(g grants) []string {
	return slices.DeleteFunc(slices.Clone(g.managed), func(arn string) bool {
		return slices.Contains(startsTasks, arn[strings.LastIndex(arn, "/")+1:])
	})
}

// names reports whether a statement allows something on a resource by its name.
func (g grants) names(service string, r rule.Resource) bool {
	return slices.ContainsFunc(g.statements, func(s document.Statement) bool {
		return s.Allow && isAbout(s, service) && slices.ContainsFunc(s.Resources, func(pattern string) bool {
			return slices.ContainsFunc(namesOf(r), func(name string) bool { return quotesName(pattern, name) })
		})
	})
}

// covers reports whether a statement allows something on a resource. A pattern that can stand for it does.
func (g grants) covers(service string, r rule.Resource) bool {
	return slices.ContainsFunc(g.statements, func(s document.Statement) bool {
		return s.Allow && isAbout(s, service) &&
			(len(s.NotResources) > 0 || slices.ContainsFunc(s.Resources, func(pattern string) bool {
				return strings.HasPrefix(pattern, "*") || slices.ContainsFunc(namesOf(r), func(name string) bool {
					return quotesName(pattern, name) || strings.ContainsAny(pattern, "*?") && document.Match(
						lastPart(pattern),
						name,
					)
				})
			}))
	})
}

func isAbout(s document.Statement, service string) bool {
	return len(s.NotActions) > 0 || slices.ContainsFunc(s.Actions, func(action string) bool {
		prefix, _, _ := strings.Cut(action, ":")
		return document.Match(prefix, service)
	})
}

// lastPart returns the name in an ARN, or in a pattern of one: reports in arn:aws:s3:::reports/*, items in
// .../table/items.
func lastPart(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	rest := parts[len(parts)-1]
	for _, kind := range []string{"table/", "secret:", "stream/", "file-system/", "parameter/"} {
		if name, found := strings.CutPrefix(rest, kind); found {
			rest = name
		}
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// quotesName reports whether a pattern spells a resource's name out, as far as Secrets Manager lets it: that adds six
// characters to a name.
func quotesName(pattern, name string) bool {
	last := lastPart(pattern)
	return last == name || last == name+"-??????" || last == name+"-*" || pattern == name
}

// minName is the length in characters from which on a name is taken for one: shorter ones may be found anywhere.
const minName = 5

type namesKey struct{}

// namesOf returns the names, ids and ARNs of a resource that are known.
func namesOf(r rule.Resource) []string {
	return rule.Once(r, namesKey{}, func() []string {
		var names []string
		for _, label := range []string{"name", "bucket", "id", "arn", "url"} {
			if text, state := r.Get(label).Text(); state == property.Known && len(text) >= minName {
				names = append(names, text)
			}
		}
		return names
	})
}

// refersTo reports whether a task definition may refer to a resource. It does so while its containers are not known.
func refersTo(task, r rule.Resource, stack rule.Stack) bool {
	for _, property := range []string{"containerDefinitions", "volumes"} {
		if slices.Contains(task.PropertyDependencies[property], r.URN) {
			return true
		}
	}
	volumes, _ := task.Get("volumes").List()
	for _, volume := range volumes {
		if expect.Refer(task, stack, volume.Get("efsVolumeConfiguration", "fileSystemId"), r.Type).Has(r.URN) {
			return true
		}
	}
	if refersByParameter(task, r, stack) {
		return true
	}
	text, state := task.Get("containerDefinitions").Text()
	names := namesOf(r)
	return state != property.Known || len(names) == 0 ||
		slices.ContainsFunc(names, func(name string) bool { return strings.Contains(text, name) })
}

const parameterType = "aws:ssm/parameter:Parameter"

// refersByParameter reports whether a task definition refers to a parameter of Systems Manager whose value comes from
// the resource.
func refersByParameter(task, r rule.Resource, stack rule.Stack) bool {
	return r.Type != parameterType && slices.ContainsFunc(stack.OfType(parameterType), func(p rule.Resource) bool {
		says := slices.Concat(p.PropertyDependencies["value"], p.PropertyDependencies["insecureValue"])
		return slices.Contains(says, r.URN) && refersTo(task, p, stack)
	})
}

// isReferenced reports whether an environment variable of a container holds the resource's name, ARN or URL. A plain
// word does not count: it may mean anything.
func isReferenced(containers []expect.Container, r rule.Resource) bool {
	return slices.ContainsFunc(containers, func(c expect.Container) bool {
		return slices.ContainsFunc(c.Environment, func(variable struct{ Name, Value string }) bool {
			return strings.ContainsAny(variable.Value, "-.:_") && slices.Contains(namesOf(r), variable.Value)
		})
	})
}

// resourcePolicyOf are the types of policies that can let a role in by themselves, with the property that names whose
// it is.
var resourcePolicyOf = map[string]string{
	"aws:s3/bucketPolicy:BucketPolicy":             "bucket",
	"aws:sqs/queuePolicy:QueuePolicy":              "queueUrl",
	"aws:sns/topicPolicy:TopicPolicy":              "arn",
	"aws:dynamodb/resourcePolicy:ResourcePolicy":   "resourceArn",
	"aws:secretsmanager/secretPolicy:SecretPolicy": "secretArn",
}

// opensItself reports whether a resource's own policy lets roles in. Which ones, it may say in many ways.
func opensItself(r rule.Resource, stack rule.Stack) bool {
	for policyType, about := range resourcePolicyOf {
		found, _ := expect.Companions(r, stack, policyType, about)
		for _, policy := range found {
			text, state := policy.Get("policy").Text()
			parsed, err := document.Parse(text)
			if state != property.Known || err != nil || slices.ContainsFunc(parsed.Statements, letsRolesIn) {
				return true
			}
		}
	}
	return false
}

func letsRolesIn(s document.Statement) bool {
	return s.Allow &&
		slices.ContainsFunc(s.Principals, func(p document.Principal) bool { return p.Type == "AWS" || p.Anyone() })
}

// judgeStart returns about the role that ECS starts the containers as: it has to read their secrets.
func judgeStart(task rule.Resource, containers []expect.Container, stack rule.Stack) rule.Verdict {
	roles := roleOf(task, "executionRoleArn", stack)
	if len(roles.Resources) != 1 || !roles.Certain {
		return rule.Pass() // without one, or with one from elsewhere, there is nothing to compare
	}
	g := grantsOf(roles.Resources[0], stack)
	if g.unread || len(unresolvedManagedPolicies(g)) > 0 {
		return rule.Pass()
	}
	var verdict rule.Verdict
	for i, container := range containers {
		for _, secret := range container.Secrets {
			action, arn := readerOf(secret.ValueFrom)
			if action != "" && !g.allowOn(action, func(pattern string) bool { return document.Match(pattern, arn) }) {
				verdict = merge(
					verdict,
					rule.Violation(
						"executionRoleArn",
						"names a role without permission to read a secret of container %d, so that the container "+
							"cannot start",
						i,
					),
				)
			}
		}
	}
	return verdict
}

// readerOf returns the action that reads a secret by its ARN, and the ARN without the key and version behind it.
func readerOf(valueFrom string) (action, arn string) {
	parts := strings.Split(valueFrom, ":")
	switch {
	case len(parts) >= 7 && parts[2] == "secretsmanager":
		return "secretsmanager:GetSecretValue", strings.Join(parts[:7], ":")
	case len(parts) >= 6 && parts[2] == "ssm":
		return "ssm:GetParameters", valueFrom
	}
	return "", ""
}
