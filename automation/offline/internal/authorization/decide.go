package authorization

import (
	"fmt"
	"slices"
	"strings"
)

// Request is one call of an AWS API.
type Request struct {
	// Role is the ARN of the role whose credentials sign the request. Service is the service principal, such as
	// events.amazonaws.com, that asks as itself. One of them is set.
	Role, Service string
	// Action is such as sns:Publish. Resource is the ARN of what it is about, or * if the action has none.
	Action, Resource string
	// Context has the values of the condition keys that come with the request, and no other keys.
	Context map[string][]string
}

func (r Request) String() string {
	return fmt.Sprintf("%s is not authorized to perform: %s on resource: %s", r.Role+r.Service, r.Action, r.Resource)
}

// Policies are those that a decision rests on.
type Policies struct {
	// Identity are the policies of the role.
	Identity []Policy
	// Boundary limits the role. Nil means no boundary.
	Boundary *Policy
	// Resource are the policies of the resource.
	Resource []Policy
	// ResourceDecides says that the policies of a role count only where the resource's policy lets the account decide,
	// as with KMS keys and with the trust policies of roles.
	ResourceDecides bool
}

// Grant is a pair of an action and a resource that a statement allows, as the statement writes them. A statement
// without resources, as in a trust policy, has an empty one.
type Grant struct {
	Policy           string
	Statement        int
	Action, Resource string
}

func (g Grant) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s, statement %d: %s %s", g.Policy, g.Statement, g.Action, g.Resource))
}

// Decision is what IAM answers.
type Decision struct {
	Allowed bool
	// Reason says why a request is denied.
	Reason string
	// Grants are those that allow the request.
	Grants []Grant
}

// Decide decides a request.
func Decide(r Request, p Policies) (Decision, error) {
	e := evaluation{request: r}
	identity := e.matches(p.Identity, nil)
	direct := e.matches(p.Resource, func(s Statement) bool { return s.names(r, false) })
	account := e.matches(p.Resource, func(s Statement) bool { return s.names(r, true) })
	bounded := matched{allows: true}
	if p.Boundary != nil {
		bounded = e.matches([]Policy{*p.Boundary}, nil)
	}
	if e.err != nil {
		return Decision{}, e.err
	}
	for _, m := range []matched{identity, direct, account, bounded} {
		if m.denied != "" {
			return Decision{Reason: "with an explicit deny in " + m.denied}, nil
		}
	}
	switch {
	case r.Service != "" && direct.allows:
		return Decision{Allowed: true, Grants: direct.grants}, nil
	case r.Service != "":
		return Decision{Reason: "because no resource-based policy allows it"}, nil
	case !bounded.allows && (identity.allows || direct.allows):
		return Decision{Reason: "because the permissions boundary does not allow it"}, nil
	case direct.allows, identity.allows && !p.ResourceDecides:
		return Decision{Allowed: true, Grants: append(identity.grants, direct.grants...)}, nil
	case identity.allows && account.allows:
		return Decision{Allowed: true, Grants: append(identity.grants, account.grants...)}, nil
	case identity.allows:
		return Decision{Reason: "because the resource-based policy does not let the account decide"}, nil
	}
	return Decision{Reason: "because no identity-based policy allows it"}, nil
}

// Grants returns what the policy allows, pair by pair.
func (p Policy) Grants() []Grant {
	var grants []Grant
	for i, s := range p.Statements {
		if s.Allow {
			grants = append(grants, s.grants(p.Name, i)...)
		}
	}
	return grants
}

func (s Statement) grants(policy string, index int) []Grant {
	var grants []Grant
	resources := s.Resources
	if len(resources) == 0 {
		resources = []string{""}
	}
	for _, action := range s.Actions {
		for _, resource := range resources {
			grants = append(grants, Grant{policy, index, action, resource})
		}
	}
	return grants
}

// evaluation collects the first error of a decision.
type evaluation struct {
	request Request
	err     error
}

// matched is what some policies say to a request.
type matched struct {
	allows bool
	denied string
	grants []Grant
}

// matches evaluates the policies' statements that are about the request, of those that names accepts.
func (e *evaluation) matches(policies []Policy, names func(Statement) bool) matched {
	var m matched
	for _, policy := range policies {
		for i, s := range policy.Statements {
			if names != nil && !names(s) || !s.covers(e.request) || !e.conditionsHold(policy, s) {
				continue
			}
			if !s.Allow {
				m.denied = strings.TrimSpace(policy.Name + " " + s.Sid)
				continue
			}
			m.allows = true
			for _, grant := range s.grants(policy.Name, i) {
				if matchAction(grant.Action, e.request.Action) &&
					(grant.Resource == "" || s.matchResource(grant.Resource, e.request)) {
					m.grants = append(m.grants, grant)
				}
			}
		}
	}
	return m
}

func (e *evaluation) conditionsHold(p Policy, s Statement) bool {
	for _, condition := range s.Conditions {
		holds, err := condition.holds(e.request.Context, s.Variables)
		if err != nil && e.err == nil {
			e.err = fmt.Errorf("evaluating %s %s: %w", p.Name, s.Sid, err)
		}
		if !holds {
			return false
		}
	}
	return true
}

// covers reports whether a statement is about the request's action and resource.
func (s Statement) covers(r Request) bool {
	action := func(pattern string) bool { return matchAction(pattern, r.Action) }
	resource := func(pattern string) bool { return s.matchResource(pattern, r) }
	switch {
	case len(s.NotActions) > 0 && slices.ContainsFunc(s.NotActions, action):
		return false
	case len(s.NotActions) == 0 && !slices.ContainsFunc(s.Actions, action):
		return false
	case len(s.NotResources) > 0:
		return !slices.ContainsFunc(s.NotResources, resource)
	}
	return len(s.Resources) == 0 || slices.ContainsFunc(s.Resources, resource)
}

// names reports whether a statement of a resource's policy names who asks: by itself, or by the account that the role
// belongs to. Denials of the account are denials of its roles.
func (s Statement) names(r Request, byAccount bool) bool {
	is := func(p Principal) bool {
		switch {
		case p.Value == "*":
			return true
		case p.Type == "Service":
			return p.Value == r.Service
		case p.Type != "AWS" || r.Role == "":
			return false
		case p.Value == r.Role:
			return true
		}
		account := accountOf(r.Role)
		return (byAccount || !s.Allow) && (p.Value == account || accountOf(p.Value) == account &&
			strings.HasSuffix(p.Value, ":root"))
	}
	if len(s.NotPrincipal) > 0 {
		return !slices.ContainsFunc(s.NotPrincipal, is)
	}
	return slices.ContainsFunc(s.Principals, is)
}

func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}
