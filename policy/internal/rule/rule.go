// Package rule says what a policy rule is: a value with a name, the controls it answers, a level, and a pure function
// from a typed view of a resource to a verdict. Packs are lists of rules; package serve runs them for the engine.
package rule

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/awslab/awslab/internal/diagnostic"
)

// Severity is how much a violation matters. For a rule that answers a Security Hub control it is that control's own.
type Severity string

// The severities of AWS Security Hub.
const (
	Low      Severity = "LOW"
	Medium   Severity = "MEDIUM"
	High     Severity = "HIGH"
	Critical Severity = "CRITICAL"
)

// Level is what a violation does: it is told (Advisory) or stops the preview or update (Mandatory).
type Level string

// The levels a rule can have by default. A stack's configuration of the pack can change them, and disable a rule.
const (
	Advisory  Level = "advisory"
	Mandatory Level = "mandatory"
	// Remediate is for rules that have remedies.
	Remediate Level = "remediate"
	// Disabled is for rules that have remedies which a stack has to ask for.
	Disabled Level = "disabled"
)

// Framework is a published set of controls. One without numbered editions has no version.
type Framework struct{ Name, Version string }

// Controls returns controls of the framework by their ids.
func (f Framework) Controls(ids ...string) []Control {
	controls := make([]Control, len(ids))
	for i, id := range ids {
		controls[i] = Control{Framework: f, ID: id}
	}
	return controls
}

// The frameworks that rules refer to. Of the controls of Security Hub, SecurityHub has those that are in other
// standards than the Foundational Security Best Practices.
var (
	FSBP            = Framework{"AWS Foundational Security Best Practices", "1.0.0"}
	SecurityHub     = Framework{"AWS Security Hub controls", ""}
	CIS             = Framework{"CIS AWS Foundations Benchmark", "3.0.0"}
	CIS5            = Framework{"CIS AWS Foundations Benchmark", "5.0.0"}
	WellArchitected = Framework{"AWS Well-Architected Framework", ""}
)

// Control is a requirement in a framework, by the framework's own id, as RDS.5 or REL10-BP01.
type Control struct {
	Framework Framework
	ID        string
}

// Label returns how the control is called where its framework is not named. Ids of CIS are bare numbers, and differ by
// edition.
func (c Control) Label() string {
	if c.Framework.Name == CIS.Name {
		return "CIS " + c.Framework.Version + "/" + c.ID
	}
	return c.ID
}

// Remedy sets a property right.
type Remedy struct {
	// Path leads to the property through objects, its keys joined by dots.
	Path string
	// Value is a bool, a float64 or a string.
	Value any
	// Default tells that AWS takes the value for a property that is not set, so that nothing need be set.
	Default bool
}

// Rule is one check, or sets something right. Exactly one of Judge, JudgeInStack and Remedies is set.
type Rule struct {
	// Name identifies the rule in configuration and in violations: lower-case words joined by hyphens.
	Name string
	// Description says in one sentence what a compliant resource has.
	Description string
	// Why says in one sentence what can happen to a resource that breaks the rule.
	Why      string
	Severity Severity
	// Controls lists what the rule answers, the one that anchors it first.
	Controls []Control
	// Level is in force unless the stack's configuration of the pack says otherwise.
	Level Level
	// Settings are the rule's thresholds, each with a default.
	Settings []Setting
	// Fix says in one sentence which property to set.
	Fix string
	// Types are the resource types that the rule judges. None means every type.
	Types []string

	// Judge judges a resource by its inputs, before anything is done to it.
	Judge func(Resource, Run) Verdict
	// JudgeInStack judges a resource by its outputs, at the end of a preview or update, with the whole stack in view.
	JudgeInStack func(Resource, Stack, Run) Verdict
	// Remedies are applied to a resource's inputs, before anything judges them, while the level is Remediate. At
	// another one what they would change is told.
	Remedies []Remedy
	// Unless tells of resources that the remedies are not for. Nil is none.
	Unless func(Resource) bool

	// pack is the pack that the rule came from into one that joins several.
	pack string
}

// Diagnostic returns what the user is told of a finding about the resource with the name in the program.
func (r Rule) Diagnostic(resource string, finding Finding) diagnostic.Diagnostic {
	return diagnostic.Diagnostic{
		Severity: string(r.Severity),
		Controls: []string{r.Controls[0].ID},
		Title:    r.Description,
		Resource: resource,
		Finding:  finding.String() + ".",
		Why:      r.Why,
		Fix:      r.Fix,
	}
}

// Headline returns the description with the severity and the anchoring control in front, as
// [MEDIUM][RDS.5] RDS DB instances run in two Availability Zones.
func (r Rule) Headline() string { return r.Diagnostic("", Finding{}).Headline() }

// Judges reports whether the rule is about resources of the type.
func (r Rule) Judges(resourceType string) bool {
	return len(r.Types) == 0 || slices.Contains(r.Types, resourceType)
}

// Pack is a set of rules that is run and configured together.
type Pack struct {
	// Name identifies the pack in violations: lower-case words joined by hyphens.
	Name        string
	Version     string
	Description string
	Rules       []Rule

	// known are the names of the rules of all packs, or nil.
	known []string
}

// Among returns the pack with the names of the rules of all packs, of which it is one, so that it can tell names that
// are no rule's.
func (p Pack) Among(all ...Pack) Pack {
	p.known = slices.Clone(p.known)
	for _, pack := range append(all, p) {
		for _, r := range pack.Rules {
			p.known = append(p.known, r.Name)
		}
	}
	return p
}

// Join returns a pack with the rules of several, which keep the names of theirs. Its version is that of the first.
func Join(name, description string, packs ...Pack) Pack {
	joined := Pack{Name: name, Version: packs[0].Version, Description: description}
	for _, pack := range packs {
		for _, r := range pack.Rules {
			r.pack = pack.Name
			joined.Rules = append(joined.Rules, r)
		}
	}
	return joined.Among()
}

// Rule returns the rule of that name, if the pack has one.
func (p Pack) Rule(name string) (Rule, bool) {
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return Rule{}, false
	}
	return p.Rules[i], true
}

// Knows reports whether a name is a rule's, as far as the pack can tell: see Among.
func (p Pack) Knows(name string) bool { return p.known == nil || slices.Contains(p.known, name) }

// Like returns the rule's name that a name is a misspelling of, or "": the one that takes the fewest letters to change,
// at most one in three.
func (p Pack) Like(name string) string {
	best, least := "", len(name)/3+1
	for _, known := range p.known {
		if edits := levenshtein.Distance(name, known, nil); edits < least {
			best, least = known, edits
		}
	}
	return best
}

// NameFor returns the name of the pack that the rule belongs to: its own where the pack joins several.
func (p Pack) NameFor(r Rule) string { return cmp.Or(r.pack, p.Name) }

// reserved are the names that mean something else in a pack's configuration file.
var reserved = []string{"all", "environments", diagnostic.Unevaluated, diagnostic.Exemptions}

// IsReserved reports whether a name means something else than a rule in a pack's configuration file.
func IsReserved(name string) bool { return slices.Contains(reserved, name) }

var validName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Validate returns all mistakes in the pack's rules in one error.
func (p Pack) Validate() error {
	var problems []error
	if !validName.MatchString(p.Name) {
		problems = append(problems, fmt.Errorf("pack name %q: want lower-case words joined by hyphens", p.Name))
	}
	seen := map[string]bool{}
	for _, r := range p.Rules {
		for _, problem := range r.problems() {
			problems = append(problems, fmt.Errorf("rule %q: %s", r.Name, problem))
		}
		if seen[r.Name] {
			problems = append(problems, fmt.Errorf("rule %q: the name is used twice", r.Name))
		}
		seen[r.Name] = true
	}
	return errors.Join(problems...)
}

// jobs counts what the rule does.
func (r Rule) jobs() int {
	count := 0
	for _, does := range []bool{r.Judge != nil, r.JudgeInStack != nil, len(r.Remedies) > 0} {
		if does {
			count++
		}
	}
	return count
}

func (r Rule) problems() []string {
	checks := []struct {
		bad     bool
		problem string
	}{
		{!validName.MatchString(r.Name), "the name must be lower-case words joined by hyphens"},
		{IsReserved(r.Name), "the name is reserved: " + strings.Join(reserved, ", ")},
		{r.Description == "", "it needs a description"},
		{r.Why == "", "it needs a why that says what can happen"},
		{r.Fix == "", "it needs a fix that names the property to set"},
		{len(r.Controls) == 0, "it needs a control that anchors it"},
		{!slices.Contains(diagnostic.Severities, string(r.Severity)), "it needs a severity"},
		{
			len(r.Remedies) == 0 && r.Level != Advisory && r.Level != Mandatory,
			"its level must be advisory or mandatory",
		},
		{
			len(r.Remedies) > 0 && r.Level != Remediate && r.Level != Disabled,
			"its level must be remediate or disabled, as it has remedies",
		},
		{r.jobs() != 1, "it must set one of Judge, JudgeInStack and Remedies"},
	}
	var problems []string
	for _, check := range checks {
		if check.bad {
			problems = append(problems, check.problem)
		}
	}
	for _, s := range r.Settings {
		if s.Name == "" || s.Description == "" || s.Texts == nil && s.Numbers == nil && s.Default < s.Minimum {
			problems = append(
				problems,
				fmt.Sprintf("setting %q needs a name, a description and a default not below its minimum", s.Name),
			)
		}
	}
	return problems
}
