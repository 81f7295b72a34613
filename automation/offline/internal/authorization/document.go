// Package authorization decides as IAM does whether a request is allowed: by the policies of the principal and of the
// resource, their conditions, the permissions boundary, and explicit denials ("Policy evaluation logic", IAM user
// guide). It knows no service: who asks for what, and which condition keys a service sends, is in package calls.
package authorization

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Policy is a policy document and where it is attached.
type Policy struct {
	// Name says where the policy is, for people and for [Grant].
	Name       string
	Statements []Statement
}

// Statement is one of a policy. It has Actions or NotActions, and Resources, NotResources or neither.
type Statement struct {
	Sid                      string
	Allow                    bool
	Principals, NotPrincipal []Principal
	Actions, NotActions      []string
	Resources, NotResources  []string
	Conditions               []Condition
	// Variables says that policy variables stand for values, as of version 2012-10-17 of the policy language. In the
	// older one they are text ("IAM JSON policy elements: Version", IAM user guide).
	Variables bool
}

// Principal is one that a statement names: of type AWS, Service or Federated, or * for everyone.
type Principal struct{ Type, Value string }

// Condition compares the values of a condition key with some.
type Condition struct {
	// Operator is such as StringEquals or ForAnyValue:StringLikeIfExists.
	Operator, Key string
	Values        []string
}

// Parse reads a policy document.
func Parse(name, text string) (Policy, error) {
	var document struct {
		Version   string
		Statement oneOrMany[struct {
			Sid          string
			Effect       string
			Principal    principals
			NotPrincipal principals
			Action       texts
			NotAction    texts
			Resource     texts
			NotResource  texts
			Condition    map[string]map[string]texts
		}]
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return Policy{}, fmt.Errorf("reading the policy of %s: %w", name, err)
	}
	policy := Policy{Name: name}
	for _, s := range document.Statement {
		statement := Statement{
			Sid:          s.Sid,
			Allow:        s.Effect == "Allow",
			Principals:   s.Principal,
			NotPrincipal: s.NotPrincipal,
			Actions:      s.Action,
			NotActions:   s.NotAction,
			Resources:    s.Resource,
			NotResources: s.NotResource,
			Variables:    document.Version == "2012-10-17",
		}
		for operator, keys := range s.Condition {
			for key, wanted := range keys {
				statement.Conditions = append(statement.Conditions, Condition{operator, key, wanted})
			}
		}
		policy.Statements = append(policy.Statements, statement)
	}
	return policy, nil
}

// oneOrMany reads a value that a document may write without its list.
type oneOrMany[T any] []T

func (list *oneOrMany[T]) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), "[") {
		return json.Unmarshal(text, (*[]T)(list))
	}
	var one T
	err := json.Unmarshal(text, &one)
	*list = oneOrMany[T]{one}
	return err
}

// texts are values that a document may write as numbers or booleans too.
type texts []string

func (list *texts) UnmarshalJSON(text []byte) error {
	var raw oneOrMany[json.RawMessage]
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	for _, element := range raw {
		var value string
		if json.Unmarshal(element, &value) != nil {
			value = string(element)
		}
		*list = append(*list, value)
	}
	return nil
}

type principals []Principal

func (list *principals) UnmarshalJSON(text []byte) error {
	if string(text) == `"*"` {
		*list = principals{{"*", "*"}}
		return nil
	}
	var byType map[string]texts
	if err := json.Unmarshal(text, &byType); err != nil {
		return err
	}
	for kind, values := range byType {
		for _, value := range values {
			*list = append(*list, Principal{kind, value})
		}
	}
	slices.SortFunc(*list, func(a, b Principal) int { return strings.Compare(a.Type+a.Value, b.Type+b.Value) })
	return nil
}
