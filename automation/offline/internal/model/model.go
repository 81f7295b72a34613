// Package model is what is known of a resource type as data: what replaces, which defaults and limits hold, what an id
// looks like, which outputs follow from which inputs.
package model

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Model is what the provider knows of a resource type as data. Paths name properties from the type's top, without list
// indices: ingress.fromPort.
type Model struct {
	// Source is the file of the Terraform provider, below internal/service, from which the model was read: what the
	// provider compares, and what it reads back. A type that the program registers has one.
	Source string
	// ID, ARN and Key are templates (see package template). An ID that is empty is made by the type's behavior; an ARN
	// that is empty means that the type has none. Key is what tells things of the type apart; empty means the id.
	ID, ARN, Key string
	// Import are templates for the id that `pulumi import` takes: of properties, {id}, {arn} and {resource}, which
	// follows the kind of resource in the ARN. Nil means {id}; an empty list that the provider cannot import the type.
	Import []string
	// Unread are the inputs that the provider does not read back: an import lacks them.
	Unread []string
	// Global says that the thing lives in no region.
	Global bool
	// Name is the property that holds the AWS name; empty means "name".
	Name string
	// Tags says that the type has tags and tagsAll, and so takes the provider's default tags.
	Tags bool
	// DeleteBeforeReplace says that a replacement cannot exist beside what it replaces.
	DeleteBeforeReplace bool
	AutoName            *AutoName
	// ForceNew are the inputs whose change replaces; OptionalComputed the inputs that AWS fills when absent.
	ForceNew, OptionalComputed []string
	// Defaults are filled in by Check.
	Defaults map[string]any
	// Conflicts are groups of which one may be given at most, ExactlyOneOf of which one must be, AtLeastOneOf of which
	// some must be. Of a RequiredWith group the first needs all others.
	Conflicts, ExactlyOneOf, AtLeastOneOf, RequiredWith [][]string
	Enums                                               map[string][]any
	// Numbers are closed ranges of numbers, Lengths of the length of texts in characters, Items of that of lists. A
	// null bound is open.
	Numbers, Lengths, Items map[string][2]*float64
	// Patterns must match, Forbidden must not.
	Patterns, Forbidden map[string]Pattern
	// Formats name a syntax: arn, arnOrStar, json, cidr, cidr4, cidr6, ip4 or ip6.
	Formats map[string]string
	// APIPatterns are patterns that AWS checks, and the provider does not: they fail the create, not the preview.
	APIPatterns map[string]Pattern
	// Computed are templates for outputs that no input gives. Those of a block are added to every such block that lacks
	// them.
	Computed map[string]any
	// Written names how AWS writes a value down, other than it was sent: see Forms and bridge.Service.
	Written map[string]string
	// Sets are lists in which order has no meaning: AWS and the provider return them in another one than was sent.
	Sets []string
	// Equal names how values are compared that may be written in several ways: see bridge.Service.
	Equal map[string]string
	// Unseen are properties whose changes are no difference while another property has, or lacks, a value.
	Unseen map[string]Unseen
	// Kept are properties whose removal from the program is not a difference, Absent values that mean the same as none.
	Kept   []string
	Absent map[string]any
	// Taken is how AWS refuses a second thing of the same name.
	Taken *Taken
	// Secrets are properties that hold secrets whether or not the program says so.
	Secrets []string

	forceNew, optionalComputed, sets, kept map[string]bool
}

// AutoName says how a property is named when the program does not.
type AutoName struct {
	Property, Separator string
	// Random is the number of hexadecimal digits at the end, none if 0; Max the longest name in characters.
	Random, Max int
	// Prefix is put before the name; Lower makes it lower case.
	Prefix string
	Lower  bool
}

// Unseen is a condition on another property under which a change is not a difference.
type Unseen struct {
	Property string
	// When lists the values under which it is not seen; Unless those under which it is.
	When, Unless []any
}

// Taken is the refusal of a name.
type Taken struct {
	Code, Message string
	// With are further properties that must be the same for a name to be taken.
	With []string
	// Scope is "world" for names that are unique across regions.
	Scope string
}

// Pattern is a regular expression, compiled at its first use: most runs use few of them.
type Pattern struct {
	text string
	once *sync.Once
	re   **regexp.Regexp
}

// UnmarshalJSON reads the expression.
func (p *Pattern) UnmarshalJSON(data []byte) error {
	p.once, p.re = new(sync.Once), new(*regexp.Regexp)
	return json.Unmarshal(data, &p.text)
}

// Match reports whether the text matches.
func (p Pattern) Match(text string) bool {
	p.once.Do(func() { *p.re = regexp.MustCompile(p.text) })
	return (*p.re).MatchString(text)
}

func (p Pattern) String() string { return p.text }

func (m *Model) index() {
	m.forceNew, m.optionalComputed = setOf(m.ForceNew), setOf(m.OptionalComputed)
	m.sets, m.kept = setOf(m.Sets), setOf(m.Kept)
}

// ForcesNew reports whether a change of the property replaces.
func (m *Model) ForcesNew(path string) bool { return m.forceNew[path] }

// FilledByAWS reports whether AWS fills the property in when it is absent.
func (m *Model) FilledByAWS(path string) bool { return m.optionalComputed[path] }

// Keeps reports whether the property's removal from the program is not a difference.
func (m *Model) Keeps(path string) bool { return m.kept[path] }

// IsSet reports whether order has no meaning in the list.
func (m *Model) IsSet(path string) bool { return m.sets[path] }

// Paths returns those of all properties that the model speaks of, but for computed outputs.
func (m *Model) Paths() []string {
	paths := slices.Concat(
		m.ForceNew,
		m.OptionalComputed,
		m.Sets,
		m.Kept,
		m.Unread,
		m.Secrets,
		values.SortedKeys(m.Defaults),
		values.SortedKeys(
			m.Enums,
		),
		values.SortedKeys(m.Numbers),
		values.SortedKeys(m.Lengths),
		values.SortedKeys(m.Items),
		values.SortedKeys(m.Patterns),
		values.SortedKeys(
			m.Forbidden,
		),
		values.SortedKeys(m.Formats),
		values.SortedKeys(m.APIPatterns),
		values.SortedKeys(m.Equal),
		values.SortedKeys(m.Written),
		values.SortedKeys(
			m.Unseen,
		),
		values.SortedKeys(m.Absent),
		slices.Concat(m.Conflicts...),
		slices.Concat(m.ExactlyOneOf...),
		slices.Concat(m.AtLeastOneOf...),
		slices.Concat(m.RequiredWith...),
	)
	if m.AutoName != nil {
		paths = append(paths, m.AutoName.Property)
	}
	return paths
}

// NameProperty returns the property that holds the AWS name.
func (m *Model) NameProperty() string {
	if m.Name != "" {
		return m.Name
	}
	return "name"
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, element := range list {
		set[element] = true
	}
	return set
}

// ServiceOf returns the service of a type or function token: ec2 of aws:ec2/vpc:Vpc.
func ServiceOf(token string) string {
	_, rest, _ := strings.Cut(token, ":")
	service, _, _ := strings.Cut(rest, "/")
	service, _, _ = strings.Cut(service, ":")
	return service
}

// ShortName returns the last part of a token: Vpc of aws:ec2/vpc:Vpc.
func ShortName(token string) string {
	return token[strings.LastIndex(token, ":")+1:]
}

// Contains reports whether a value is among those that a model allows, written in any way.
func Contains(allowed []any, v resource.PropertyValue) bool {
	return slices.ContainsFunc(allowed, func(value any) bool { return values.Text(values.Of(value)) == values.Text(v) })
}
