package leastprivilege

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// privescPaths follows what iam-no-privesc and iam-passrole-scoped judge statement by statement from role to role. That
// a role acts as another which its policies name is what they are for; what that one leads to is what nobody meant.
var privescPaths = rule.Rule{
	Name:        "privesc-paths",
	Description: "No role can get stronger permissions through another role.",
	Severity:    rule.High,
	Controls:    []rule.Control{leastPrivilege},
	Level:       rule.Mandatory,
	Why:         "A chain of pass, start and assume turns a harmless role into an administrator.",
	Fix: "remove one action of the chain: iam:PassRole, the action that starts or changes code with the " +
		"role, or the principal in assumeRolePolicy.",
	Types:        []string{roleType},
	JudgeInStack: judgePaths,
}

// launches are sets of actions with which whoever may pass a role to a service runs code of their own as that role.
var launches = []struct {
	service string
	actions []string
}{
	{"ecs-tasks.amazonaws.com", []string{"ecs:RunTask"}}, // with its own command, and another role, as overrides
	{"ecs-tasks.amazonaws.com", []string{"ecs:StartTask"}},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition", "ecs:UpdateService"}},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition", "ecs:CreateService"}},
	{"lambda.amazonaws.com", []string{"lambda:CreateFunction"}},
	{"lambda.amazonaws.com", []string{"lambda:UpdateFunctionConfiguration"}},
	{"ec2.amazonaws.com", []string{"ec2:RunInstances"}},
	{"ec2.amazonaws.com", []string{"ec2:AssociateIamInstanceProfile", "ssm:SendCommand"}},
	{"cloudformation.amazonaws.com", []string{"cloudformation:CreateStack"}},
	{"codebuild.amazonaws.com", []string{"codebuild:CreateProject", "codebuild:StartBuild"}},
	{"glue.amazonaws.com", []string{"glue:CreateJob", "glue:StartJobRun"}},
	{"states.amazonaws.com", []string{"states:CreateStateMachine", "states:StartExecution"}},
	{"states.amazonaws.com", []string{"states:UpdateStateMachine"}},
	{"scheduler.amazonaws.com", []string{"scheduler:CreateSchedule"}},
}

func judgePaths(role rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	own := grantsOf(role, stack)
	if changesItself(own, role) {
		return rule.Violation(expect.Whole, "can change its own policies")
	}
	direct := next(role, own, stack)
	named := map[string]bool{role.URN: true}
	for _, one := range direct {
		named[one.URN] = true
	}
	unread := own.unread
	for _, reached := range direct {
		its := grantsOf(reached, stack)
		unread = unread || its.unread
		if handsOutRights(its, reached) {
			return rule.Violation(expect.Whole, "can act as %s, which may give itself any right", reached.Name)
		}
		for _, further := range next(reached, its, stack) {
			if !named[further.URN] {
				return rule.Violation(
					expect.Whole,
					"can assume %s, and through that role %s, which its own policies do not name",
					reached.Name,
					further.Name,
				)
			}
		}
	}
	if unread {
		return rule.Unjudged(expect.Whole, "has, or leads to, a policy that is not known yet or cannot be read")
	}
	return rule.Pass()
}

// selfService are the actions with which a role that may use them on itself gets any right.
var selfService = []string{"iam:PutRolePolicy", "iam:AttachRolePolicy"}

// changesItself leaves out what is allowed on every role: iam-no-privesc judges that.
func changesItself(g grants, role rule.Resource) bool {
	return slices.ContainsFunc(selfService, func(action string) bool {
		return g.allowOn(
			action,
			func(pattern string) bool { return !document.AnyOfKind(pattern) && isRole(pattern, role) },
		)
	})
}

func handsOutRights(g grants, role rule.Resource) bool {
	return slices.ContainsFunc(g.managed, administers) ||
		slices.ContainsFunc(selfService, func(action string) bool {
			return g.allowOn(action, func(pattern string) bool { return isRole(pattern, role) })
		})
}

type nextKey struct{ role string }

// next returns the roles that a role can act as in one step.
func next(role rule.Resource, g grants, stack rule.Stack) []rule.Resource {
	return rule.Derive(stack, nextKey{role.URN}, func() []rule.Resource { return step(role, g, stack) })
}

type trustingKey struct{}

// trustPrincipals returns the roles that trust somebody else than a service.
func trustPrincipals(stack rule.Stack) []rule.Resource {
	return rule.Derive(stack, trustingKey{}, func() []rule.Resource {
		return slices.DeleteFunc(slices.Clone(stack.OfType(roleType)), func(role rule.Resource) bool {
			return !slices.ContainsFunc(
				trusted(role, stack),
				func(p document.Principal) bool { return p.Type == "AWS" },
			)
		})
	})
}

// step looks at all roles only if the role may pass one, or take one over.
func step(role rule.Resource, g grants, stack rule.Stack) []rule.Resource {
	taken := takenOver(g, stack)
	candidates := trustPrincipals(stack)
	if len(taken) > 0 || len(g.allow("iam:PassRole")) > 0 {
		candidates = stack.OfType(roleType)
	}
	var found []rule.Resource
	for _, other := range candidates {
		if other.URN != role.URN &&
			(taken[other.URN] || launchesAs(g, other, stack) || assumes(role, g, other, stack)) {
			found = append(found, other)
		}
	}
	return found
}

// launchesAs reports whether a role may be passed to a service that it trusts, with code to run as it.
func launchesAs(g grants, role rule.Resource, stack rule.Stack) bool {
	for _, s := range g.allow("iam:PassRole") {
		if len(s.NotResources) == 0 &&
			!slices.ContainsFunc(s.Resources, func(pattern string) bool { return isRole(pattern, role) }) {
			continue
		}
		for _, launch := range launches {
			allowed := !slices.ContainsFunc(
				launch.actions,
				func(action string) bool { return len(g.allow(action)) == 0 },
			)
			if allowed && passedTo(s, launch.service) && trustsService(role, launch.service, stack) {
				return true
			}
		}
	}
	return false
}

// passedTo reports whether a statement lets a role be passed to a service.
func passedTo(s document.Statement, service string) bool {
	if !s.Has("iam:PassedToService") {
		return true
	}
	return slices.ContainsFunc(s.Conditions, func(c document.Condition) bool {
		return strings.EqualFold(c.Key, "iam:PassedToService") &&
			slices.ContainsFunc(c.Values, func(value string) bool { return document.Match(value, service) })
	})
}

type trustedKey struct{ role string }

// trusted returns those who may assume a role, as far as its trust is known and can be read.
func trusted(role rule.Resource, stack rule.Stack) []document.Principal {
	return rule.Derive(stack, trustedKey{role.URN}, func() []document.Principal {
		text, state := role.Get("assumeRolePolicy").Text()
		parsed, err := document.Parse(text)
		if state != property.Known || err != nil {
			return nil
		}
		var principals []document.Principal
		for _, s := range parsed.Statements {
			if s.Grants("sts:AssumeRole") {
				principals = append(principals, s.Principals...)
			}
		}
		return principals
	})
}

func trustsService(role rule.Resource, service string, stack rule.Stack) bool {
	return slices.ContainsFunc(
		trusted(role, stack),
		func(p document.Principal) bool { return p.Type == "Service" && p.Value == service },
	)
}

// assumes reports whether a role may assume another: that one trusts it by name, or trusts its account, and it has the
// action.
func assumes(role rule.Resource, g grants, other rule.Resource, stack rule.Stack) bool {
	allowed := g.allowOn("sts:AssumeRole", func(pattern string) bool { return isRole(pattern, other) })
	return slices.ContainsFunc(trusted(other, stack), func(p document.Principal) bool {
		named := strings.Contains(p.Value, ":role/") && isRole(p.Value, role)
		return p.Type == "AWS" && (named || allowed && (p.Anyone() || p.WholeAccount()))
	})
}
