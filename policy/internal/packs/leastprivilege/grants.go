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
	roleType       = "aws:iam/role:Role"
	rolePolicyType = "aws:iam/rolePolicy:RolePolicy"
	policyType     = "aws:iam/policy:Policy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
)

// grants is what a role may do.
type grants struct {
	statements []document.Statement
	// unread are policies of the stack that are not known yet or cannot be read.
	unread bool
	// managed are the ARNs of the role's policies that are not in the stack, such as AWS's own.
	managed []string
}

type grantsKey struct{ role string }

// grantsOf collects a role's policies: those in the role, those in resources of their own, and those attached.
func grantsOf(role rule.Resource, stack rule.Stack) grants {
	return rule.Derive(stack, grantsKey{role.URN}, func() grants { return collect(role, stack) })
}

func collect(role rule.Resource, stack rule.Stack) grants {
	var g grants
	inline := role.Get("inlinePolicies")
	elements, state := inline.List()
	g.unread = state == property.Unknown && len(role.PropertyDependencies["inlinePolicies"]) > 0
	for _, element := range elements {
		g.read(role, element.Get("policy"))
	}
	for _, policy := range ofRoles(rolePolicyType, stack)[role.URN] {
		g.read(policy, policy.Get("policy"))
	}
	attached, state := role.Get("managedPolicyArns").List()
	if state == property.Known {
		for _, arn := range attached {
			g.attach(role, arn, stack)
		}
	}
	for _, attachment := range ofRoles(attachmentType, stack)[role.URN] {
		g.attach(attachment, attachment.Get("policyArn"), stack)
	}
	return g
}

type ofRolesKey struct{ resourceType string }

// ofRoles returns the resources of a type by the URN of the role that they are about, where that is certain.
func ofRoles(resourceType string, stack rule.Stack) map[string][]rule.Resource {
	return rule.Derive(stack, ofRolesKey{resourceType}, func() map[string][]rule.Resource {
		found := map[string][]rule.Resource{}
		for _, r := range stack.OfType(resourceType) {
			of := expect.Refer(r, stack, r.Get("role"), roleType)
			if !of.Certain {
				continue
			}
			for _, role := range of.Resources {
				found[role.URN] = append(found[role.URN], r)
			}
		}
		return found
	})
}

func (g *grants) read(r rule.Resource, value property.Value) {
	state := value.State()
	if state == property.Absent {
		return
	}
	parsed, err := expect.Document(r, value)
	if state != property.Known || err != nil {
		g.unread = true
		return
	}
	g.statements = append(g.statements, parsed.Statements...)
}

func (g *grants) attach(r rule.Resource, arn property.Value, stack rule.Stack) {
	text, state := arn.Text()
	policies := expect.Refer(r, stack, arn, policyType)
	switch {
	case len(policies.Resources) == 1 && policies.Certain:
		g.read(policies.Resources[0], policies.Resources[0].Get("policy"))
	case state == property.Known:
		g.managed = append(g.managed, text)
	case state != property.Absent:
		g.unread = true
	}
}

// allow returns the statements that allow an action, unless another denies it outright.
func (g grants) allow(action string) []document.Statement {
	var allowing []document.Statement
	for _, s := range g.statements {
		switch {
		case s.Grants(action):
			allowing = append(allowing, s)
		case !s.Allow && s.Everywhere() && len(s.Conditions) == 0 && slices.ContainsFunc(
			s.Actions,
			func(a string) bool { return document.Match(a, action) },
		):
			return nil
		}
	}
	return allowing
}

// allowOn reports whether an action is allowed on a resource, which matches says of the resource patterns of
// statements.
func (g grants) allowOn(action string, matches func(pattern string) bool) bool {
	return slices.ContainsFunc(g.allow(action), func(s document.Statement) bool {
		return len(s.NotResources) > 0 || slices.ContainsFunc(s.Resources, matches)
	})
}

// isRole reports whether a resource pattern is about a role. A role's ARN ends in its path and name, which are known
// earlier.
func isRole(pattern string, role rule.Resource) bool {
	if arn, state := role.Get("arn").Text(); state == property.Known {
		return document.Match(pattern, arn)
	}
	_, name, found := strings.Cut(pattern, ":role")
	own, state := role.Get("name").Text()
	path, _ := role.Get("path").Text()
	return document.Unbounded(pattern) ||
		found && state == property.Known && document.Match(name, "/"+strings.TrimPrefix(path, "/")+own)
}

// isNamed reports whether a resource pattern is about a resource, by its ARN, or by its name where that is all that is
// known.
func isNamed(pattern string, r rule.Resource) bool {
	if arn, state := r.Get("arn").Text(); state == property.Known {
		return document.Match(pattern, arn)
	}
	name, state := r.Get("name").Text()
	last := pattern[strings.LastIndexAny(pattern, ":/")+1:]
	return document.Unbounded(pattern) || state == property.Known && document.Match(last, name)
}
