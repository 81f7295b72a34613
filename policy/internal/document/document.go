// Package document reads IAM policy documents for the rules that judge them.
//
// It accepts what IAM accepts: one value or a list of them, principals as "*" or by type, any case of the keys' values
// that IAM ignores the case of. It never fails on odd input with anything but an error, and takes time in proportion to
// the text.
package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/internal/grammar"
)

// MaxSize is the longest text that is read, in bytes: far above the largest policy that any AWS service takes (1 MB for
// none; 20,480 for a bucket's).
const MaxSize = 1 << 20

// Document is a policy document.
type Document struct {
	Version    string
	Statements []Statement
}

// Statement is one statement. Of each pair with and without Not, IAM lets a statement have one.
type Statement struct {
	Sid                      string
	Allow                    bool
	Actions, NotActions      []string
	Resources, NotResources  []string
	Principals, NotPrincipal []Principal
	Conditions               []Condition
}

// Principal is one principal, such as {AWS, *} or {Service, ecs-tasks.amazonaws.com}. "Principal": "*" is {*, *}.
type Principal struct{ Type, Value string }

// Condition compares a key of the request with values.
type Condition struct {
	Operator, Key string
	Values        []string
}

// Parse reads a document.
func Parse(text string) (Document, error) {
	if len(text) > MaxSize {
		return Document{}, fmt.Errorf("the policy document has %d bytes; at most %d are read", len(text), MaxSize)
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	var raw struct {
		Version   string
		Statement oneOrMore[rawStatement]
	}
	if err := decoder.Decode(&raw); err != nil {
		return Document{}, fmt.Errorf("reading the policy document: %w", err)
	}
	document := Document{Version: raw.Version}
	for i, s := range raw.Statement {
		statement, err := s.statement()
		if err != nil {
			return Document{}, fmt.Errorf("reading statement %d of the policy document: %w", i, err)
		}
		if raw.Version == variablesSince {
			statement.seal()
		}
		document.Statements = append(document.Statements, statement)
	}
	return document, nil
}

// variablesSince is the version of the policy language that has policy variables. In the older one they are text.
const variablesSince = "2012-10-17"

// variable is a policy variable, such as ${aws:PrincipalTag/team} or ${*}, which stands for *.
var variable = regexp.MustCompile(`\$\{[^}]*\}`)

// seals are what characters with a meaning in patterns become within a variable: characters of no meaning, which are
// private to Unicode and so in no name.
var seals = strings.NewReplacer("*", "\ue000", "?", "\ue001", ":", "\ue002", "/", "\ue003")

// seal makes one word of each policy variable. It stands for one value of the request, so that it is no wildcard, and
// has neither the colons of an ARN nor the slashes of a path.
func (s *Statement) seal() {
	patterns := [][]string{s.Resources, s.NotResources}
	for _, c := range s.Conditions {
		patterns = append(patterns, c.Values)
	}
	for _, texts := range patterns {
		for i, text := range texts {
			texts[i] = variable.ReplaceAllStringFunc(text, seals.Replace)
		}
	}
}

// isOf reports whether a condition's value is that of its own key, which every request fulfils that has the key.
func isOf(key, value string) bool {
	return strings.EqualFold(value, seals.Replace("${"+key+"}"))
}

type rawStatement struct {
	Sid, Effect             string
	Action, NotAction       oneOrMore[string]
	Resource, NotResource   oneOrMore[string]
	Principal, NotPrincipal principals
	Condition               map[string]map[string]values
}

func (r rawStatement) statement() (Statement, error) {
	if r.Effect != "Allow" && r.Effect != "Deny" {
		return Statement{}, fmt.Errorf("its Effect is %q, neither Allow nor Deny", r.Effect)
	}
	s := Statement{
		Sid:          r.Sid,
		Allow:        r.Effect == "Allow",
		Actions:      r.Action,
		NotActions:   r.NotAction,
		Resources:    r.Resource,
		NotResources: r.NotResource,
		Principals:   r.Principal,
		NotPrincipal: r.NotPrincipal,
	}
	for operator, keys := range r.Condition {
		for key, values := range keys {
			s.Conditions = append(s.Conditions, Condition{operator, key, values})
		}
	}
	slices.SortFunc(
		s.Conditions,
		func(a, b Condition) int { return strings.Compare(a.Operator+a.Key, b.Operator+b.Key) },
	)
	return s, nil
}

// oneOrMore is a value that may stand alone or in a list.
type oneOrMore[T any] []T

// UnmarshalJSON reads either form.
func (o *oneOrMore[T]) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		return json.Unmarshal(text, (*[]T)(o))
	}
	var one T
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*o = []T{one}
	return nil
}

// values are texts; in conditions IAM takes numbers and booleans for their text.
type values []string

// UnmarshalJSON reads one value or a list.
func (v *values) UnmarshalJSON(text []byte) error {
	var raw oneOrMore[any]
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	for _, value := range raw {
		switch value.(type) {
		case string, float64, bool:
			*v = append(*v, fmt.Sprint(value))
		default:
			return errors.New("a condition's value is neither text, number nor boolean")
		}
	}
	return nil
}

type principals []Principal

// UnmarshalJSON reads "*" or an object of types.
func (p *principals) UnmarshalJSON(text []byte) error {
	var all string
	if json.Unmarshal(text, &all) == nil {
		if all != "*" {
			return fmt.Errorf("a principal is %q; only \"*\" stands alone", all)
		}
		*p = []Principal{{"*", "*"}}
		return nil
	}
	var byType map[string]oneOrMore[string]
	if err := json.Unmarshal(text, &byType); err != nil {
		return err
	}
	for kind, names := range byType {
		for _, name := range names {
			if kind == "Service" {
				name = strings.TrimSuffix(name, ".cn") // a service of China, where some end in amazonaws.com.cn
			}
			*p = append(*p, Principal{kind, name})
		}
	}
	slices.SortFunc(*p, func(a, b Principal) int { return strings.Compare(a.Type+a.Value, b.Type+b.Value) })
	return nil
}

// Anyone reports whether the principal is everyone.
func (p Principal) Anyone() bool { return p.Value == "*" && (p.Type == "*" || p.Type == "AWS") }

// WholeAccount reports whether the principal is an account, by the ARN of its root or by its number alone, which IAM
// takes for the same ("AWS account principals", IAM user guide).
func (p Principal) WholeAccount() bool {
	return p.Type == "AWS" && (strings.HasSuffix(p.Value, ":root") || grammar.Account.Match(p.Value))
}

// Requires reports whether a request has to have the key, with one of the values, for the condition to hold: its
// operator cannot be passed by leaving the key out, and does not say what the key must not be.
func (c Condition) Requires() bool {
	return !strings.HasSuffix(c.Operator, "IfExists") && c.Operator != "Null" && !strings.Contains(c.Operator, "Not") &&
		!strings.HasPrefix(c.Operator, "ForAllValues:")
}

// Has reports whether a condition requires one of the keys, whose case IAM ignores, to have some value in particular.
func (s Statement) Has(keys ...string) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool {
		return c.Requires() &&
			slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, c.Key) }) &&
			!slices.ContainsFunc(c.Values, c.vacuous)
	})
}

func (c Condition) vacuous(value string) bool { return vacuous(value) || isOf(c.Key, value) }

// vacuous reports whether a condition's value is anything: wildcards alone, or an ARN of any account's anything.
func vacuous(value string) bool {
	parts := strings.SplitN(value, ":", 6)
	return blank(value) || len(parts) == 6 && blank(parts[4]) && AnyOfKind(value)
}

// blank reports whether a pattern consists of wildcards and of what separates them.
func blank(pattern string) bool { return strings.Trim(pattern, "*?/:") == "" }

// Grants reports whether the statement allows an action such as iam:PassRole, by name or by a pattern.
func (s Statement) Grants(action string) bool {
	if !s.Allow {
		return false
	}
	if len(s.NotActions) > 0 {
		return !slices.ContainsFunc(s.NotActions, func(pattern string) bool { return Match(pattern, action) })
	}
	return slices.ContainsFunc(s.Actions, func(pattern string) bool { return Match(pattern, action) })
}

// Everywhere reports whether the statement is about every resource: "*", or an ARN that has nothing but wildcards
// behind its service, such as arn:aws:s3:::*.
func (s Statement) Everywhere() bool {
	return len(s.NotResources) > 0 || slices.ContainsFunc(s.Resources, Unbounded)
}

// Unbounded reports whether a resource pattern names no resource in particular, nor a kind of them. A wildcard that
// ends a pattern before the sixth part of an ARN, as in arn:aws:s3*, stands for all that follows.
func Unbounded(resource string) bool {
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 {
		return strings.HasSuffix(resource, "*")
	}
	return blank(parts[5])
}

// withoutKind are services whose ARNs begin with the name of a thing where those of others have a kind, as role or
// table.
var withoutKind = []string{"s3", "sns", "sqs", "execute-api"}

// AnyOfKind reports whether a resource pattern names a kind of thing at most, and no thing of it: role/*, function:*,
// table/*/index/*, or whatever is unbounded.
func AnyOfKind(resource string) bool {
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 || slices.Contains(withoutKind, parts[2]) || Unbounded(resource) {
		return Unbounded(resource)
	}
	separator := strings.IndexAny(parts[5], "/:")
	if separator < 0 {
		return strings.HasSuffix(resource, "*")
	}
	names := strings.FieldsFunc(parts[5][separator:], func(char rune) bool { return char == '/' || char == ':' })
	return len(names) > 0 && blank(names[0]) && blank(names[len(names)-1])
}

// OnAnyOfKind reports whether the statement is about every resource of a kind, and no condition is about which.
func (s Statement) OnAnyOfKind() bool {
	return s.Everywhere() ||
		slices.ContainsFunc(s.Resources, AnyOfKind) && !slices.ContainsFunc(s.Conditions, Condition.narrowsResource)
}

// narrowsResource reports whether a condition is about the resource. Those of AWS's keys for every service are about
// who asks, and from where, save for the resource's tags.
func (c Condition) narrowsResource() bool {
	key := strings.ToLower(c.Key)
	aboutRequest := strings.HasSuffix(key, ":viaservice") || strings.HasSuffix(key, ":passedtoservice") ||
		strings.HasPrefix(key, "aws:") && !strings.HasPrefix(key, "aws:resourcetag/")
	return c.Requires() && !aboutRequest && !slices.ContainsFunc(c.Values, c.vacuous)
}

// Match reports whether a pattern of IAM, in which * stands for any text and ? for one character, matches a text. Case
// is ignored, as in actions. It takes time in proportion to the product of the lengths, and no more.
func Match(pattern, text string) bool {
	pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
