package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/internal/problem"
)

// policyVersion is the version of IAM's policy language. The older one, 2008-10-17, knows no policy variables.
const policyVersion = "2012-10-17"

// Effect is what a statement does with a request it matches. The zero value is Allow.
type Effect string

// The two effects IAM knows.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Document is an IAM policy document.
type Document struct {
	Statements []Statement
}

// Statement is one statement of a [Document]. There is no NotAction, NotResource or NotPrincipal: what they allow
// grows by itself whenever AWS adds an action, a service or an account.
type Statement struct {
	Sid        string // letters and digits, unique in the document; may be empty
	Effect     Effect // empty means Allow
	Actions    []string
	Resources  []string    // ARNs; empty in a trust policy
	Principals []Principal // empty in an identity policy
	Conditions []Condition // all of them must hold
}

// Principal is who a trust or resource policy speaks about.
type Principal struct {
	Type   string // Service, AWS or Federated
	Values []string
}

// Condition holds when, compared by the operator, the request's key equals one of the values.
type Condition struct {
	Operator string // for example StringEquals or ForAnyValue:StringEquals
	Key      string // for example aws:SourceAccount
	Values   []string
}

// Kind tells what a document is attached to, and so what its statements must have.
type Kind int

const (
	// IdentityPolicy is attached to a role: statements name resources and no principals.
	IdentityPolicy Kind = iota
	// TrustPolicy says who may assume a role: statements name principals and no resources.
	TrustPolicy
	// ResourcePolicy is attached to a resource, such as a bucket: statements name both.
	ResourcePolicy
)

var (
	sidPattern    = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionPattern = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9*?]+$`)
)

// Validate reports everything that is wrong with the document, naming each statement by its index and Sid. An action
// with a wildcard is refused unless it is one of the allowed ones, letter for letter.
func (d Document) Validate(kind Kind, allowedWildcards ...string) error {
	if len(d.Statements) == 0 {
		return problem.New("Statements", "there is none; a policy document needs at least one")
	}
	var problems []error
	sids := map[string]bool{}
	for i, statement := range d.Statements {
		at := fmt.Sprintf("Statements[%d]", i)
		if statement.Sid != "" {
			at += " (" + statement.Sid + ")"
		}
		if statement.Sid != "" && sids[statement.Sid] {
			problems = append(
				problems,
				problem.New(at+".Sid", "%q is used twice; give each statement its own", statement.Sid),
			)
		}
		sids[statement.Sid] = true
		problems = append(problems, problem.In(at, errors.Join(statement.problems(kind, allowedWildcards)...)))
	}
	return errors.Join(problems...)
}

func (s Statement) problems(kind Kind, allowedWildcards []string) []error {
	var problems []error
	add := func(field, format string, args ...any) {
		problems = append(problems, problem.New(field, format, args...))
	}

	if !sidPattern.MatchString(s.Sid) {
		add("Sid", "%q has characters other than letters and digits", s.Sid)
	}
	if s.Effect != "" && s.Effect != Allow && s.Effect != Deny {
		add("Effect", "%q is neither Allow nor Deny", s.Effect)
	}
	if len(s.Actions) == 0 {
		add("Actions", "there is none; name at least one")
	}
	for _, action := range s.Actions {
		switch {
		case !actionPattern.MatchString(action):
			add("Actions", "%q is not an action; use service:Action", action)
		case s.Effect != Deny && strings.ContainsAny(action, "*?") && !slices.Contains(allowedWildcards, action):
			add(
				"Actions",
				"%q has a wildcard, which grants actions AWS has yet to invent; name each action, or allow this "+
					"wildcard",
				action,
			)
		}
	}
	if kind == TrustPolicy && len(s.Resources) > 0 {
		add("Resources", "%q has no place in a trust policy", s.Resources)
	}
	if kind != TrustPolicy && len(s.Resources) == 0 {
		add("Resources", "there is none; name each resource by its ARN")
	}
	if slices.Contains(s.Resources, "") {
		add("Resources", "one is empty; name each resource by its ARN")
	}
	if kind == IdentityPolicy && len(s.Principals) > 0 {
		add("Principals", "an identity policy has none; its principal is the role")
	}
	if kind != IdentityPolicy && len(s.Principals) == 0 {
		add("Principals", "there is none; name at least one")
	}
	for _, condition := range s.Conditions {
		if condition.Operator == "" || condition.Key == "" || len(condition.Values) == 0 {
			add("Conditions", "%+v needs an operator, a key and at least one value", condition)
		}
	}
	return problems
}

// JSON renders the document. The text depends only on what the document says: actions, resources, principals and the
// values of conditions are sorted and said once, so that their order in the program makes no diff.
func (d Document) JSON() (string, error) {
	statements := make([]jsonStatement, 0, len(d.Statements))
	for i, statement := range d.Statements {
		rendered, err := statement.json()
		if err != nil {
			return "", fmt.Errorf("rendering policy document: Statements[%d].%w", i, err)
		}
		statements = append(statements, rendered)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(jsonDocument{Version: policyVersion, Statement: statements}); err != nil {
		return "", fmt.Errorf("rendering policy document: %w", err)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

type jsonDocument struct {
	Version   string
	Statement []jsonStatement
}

// jsonStatement has an any where IAM writes a string for one value and a list for more; see oneOrMore.
type jsonStatement struct {
	Sid       string `json:",omitempty"`
	Effect    Effect
	Principal map[string]any            `json:",omitempty"`
	Action    any                       `json:",omitempty"`
	Resource  any                       `json:",omitempty"`
	Condition map[string]map[string]any `json:",omitempty"`
}

// oneOrMore sorts values and drops repetitions; one value alone is a string, and none is nil.
func oneOrMore(values []string) any {
	values = slices.Clone(values)
	slices.Sort(values)
	values = slices.Compact(values)
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	}
	return values
}

func (s Statement) json() (jsonStatement, error) {
	effect := s.Effect
	if effect == "" {
		effect = Allow
	}
	conditions := map[string]map[string]any{}
	for _, condition := range s.Conditions {
		if conditions[condition.Operator] == nil {
			conditions[condition.Operator] = map[string]any{}
		}
		// JSON has room for one list of values, of which any will do; two conditions must both hold.
		if conditions[condition.Operator][condition.Key] != nil {
			return jsonStatement{}, problem.New(
				"Conditions",
				"%s of %s is listed twice; IAM allows it once",
				condition.Operator,
				condition.Key,
			)
		}
		conditions[condition.Operator][condition.Key] = oneOrMore(condition.Values)
	}
	return jsonStatement{
		Sid:       s.Sid,
		Effect:    effect,
		Principal: principalsByType(s.Principals),
		Action:    oneOrMore(s.Actions),
		Resource:  oneOrMore(s.Resources),
		Condition: conditions,
	}, nil
}

func principalsByType(principals []Principal) map[string]any {
	values := map[string][]string{}
	for _, principal := range principals {
		values[principal.Type] = append(values[principal.Type], principal.Values...)
	}
	rendered := map[string]any{}
	for principalType, values := range values {
		rendered[principalType] = oneOrMore(values)
	}
	return rendered
}
