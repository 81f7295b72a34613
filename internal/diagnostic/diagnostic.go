// Package diagnostic is what a policy pack tells the user about a resource, as data. Pulumi's protocol between a pack
// and the engine carries it as text alone, so this package owns both writing the text, which the packs do, and reading
// it again, which package automation does.
package diagnostic

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Unevaluated is the policy under which a pack reports what a rule could not judge, and Exemptions the one under which
// it lists the findings that the stack's configuration accepts. No rule can have these names.
const (
	Unevaluated = "unevaluated"
	Exemptions  = "exemptions"
)

// Severities are what a violation's severity can be, the least first.
var Severities = []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}

// Diagnostic is one statement. Which fields it has says what it is: a violation has a Finding, what could not be judged
// has Unjudged and a Finding, what is accepted has Accepted, Until and Reason. All but Finding are written as one line.
type Diagnostic struct {
	// Severity is one of Severities, or empty.
	Severity string
	// Controls are the ids of the controls that the rule answers, such as RDS.5.
	Controls []string
	// Title says what a compliant resource has. Without one, severity and controls are not written either.
	Title string
	// Resource is the resource's name in the program.
	Resource string
	// Finding says what is wrong with the resource, or what kept a rule from judging it.
	Finding string
	// Why says what can happen to a resource that breaks the rule.
	Why string
	// Fix says what to change.
	Fix string
	// Unjudged is the rule that could not judge the resource.
	Unjudged string
	// Accepted is the rule whose finding an exemption accepts, until the end of a day such as 2027-01-31, for a reason.
	Accepted, Until, Reason string
}

// String writes the diagnostic as the text that Parse reads.
func (d Diagnostic) String() string {
	d = d.written()
	switch {
	case d.Unjudged != "":
		return fmt.Sprintf("%s could not be judged for %s: %s", d.Unjudged, d.Resource, d.Finding)
	case d.Accepted != "":
		return fmt.Sprintf("%s is accepted for %s until %s: %s.", d.Accepted, d.Resource, d.Until, d.Reason)
	}
	var text strings.Builder
	if d.Title != "" {
		fmt.Fprintf(&text, "%s\n%s: ", d.Headline(), d.Resource)
	}
	text.WriteString(d.Finding)
	for _, part := range []struct{ mark, text string }{{whyMark, d.Why}, {fixMark, d.Fix}} {
		if part.text != "" {
			text.WriteString(part.mark + part.text)
		}
	}
	return text.String()
}

// Headline returns the title with severity and controls before it: [MEDIUM][RDS.5] Databases run in two zones.
func (d Diagnostic) Headline() string {
	labels := slices.DeleteFunc(
		append([]string{d.Severity}, d.Controls...),
		func(label string) bool { return label == "" },
	)
	return "[" + strings.Join(labels, "][") + "] " + d.Title
}

// The marks of the parts that follow the finding.
const (
	whyMark = "\nWhy: "
	fixMark = "\nFix: "
)

var (
	// headline is how a violation begins: [HIGH][RDS.5] What a compliant resource has.
	headline = regexp.MustCompile(`^((?:\[[^\[\]\s]+\])+) (.+)$`)
	unjudged = regexp.MustCompile(`(?s)^(\S+) could not be judged for (\S+): (.+)$`)
	accepted = regexp.MustCompile(`(?s)^(\S+) is accepted for (\S+) until (\S+): (.+)\.$`)
)

// Parse reads the text of a policy's message about a resource. A message of another shape, such as another vendor's
// pack sends, is the finding whole.
func Parse(policy, resource, text string) Diagnostic {
	if parts := unjudged.FindStringSubmatch(text); parts != nil && policy == Unevaluated {
		return Diagnostic{Unjudged: parts[1], Resource: parts[2], Finding: parts[3]}
	}
	if parts := accepted.FindStringSubmatch(text); parts != nil && policy == Exemptions {
		return Diagnostic{Accepted: parts[1], Resource: parts[2], Until: parts[3], Reason: parts[4]}
	}
	d := Diagnostic{Resource: resource, Finding: text}
	d.Finding, d.Fix = cutLast(d.Finding, fixMark)
	d.Finding, d.Why = cutLast(d.Finding, whyMark)
	first, rest, _ := strings.Cut(d.Finding, "\n")
	parts := headline.FindStringSubmatch(first)
	if parts == nil {
		return d
	}
	d.Controls = strings.Split(strings.Trim(parts[1], "[]"), "][")
	if slices.Contains(Severities, d.Controls[0]) {
		d.Severity, d.Controls = d.Controls[0], d.Controls[1:]
	}
	if len(d.Controls) == 0 {
		d.Controls = nil
	}
	d.Title = parts[2]
	d.Finding = strings.TrimPrefix(rest, resource+": ")
	return d
}

// cutLast cuts a text at the last mark in it.
func cutLast(text, mark string) (before, after string) {
	if at := strings.LastIndex(text, mark); at >= 0 {
		return text[:at], text[at+len(mark):]
	}
	return text, ""
}

// written returns the diagnostic as far as the text carries it.
func (d Diagnostic) written() Diagnostic {
	for _, word := range []*string{&d.Severity, &d.Resource, &d.Unjudged, &d.Accepted, &d.Until} {
		*word = oneWord(*word)
	}
	for _, line := range []*string{&d.Title, &d.Why, &d.Fix, &d.Reason} {
		*line = strings.Join(strings.Fields(*line), " ")
	}
	d.Controls = slices.Clone(d.Controls)
	for i := range d.Controls {
		d.Controls[i] = oneWord(d.Controls[i])
	}
	d.Controls = slices.DeleteFunc(d.Controls, func(id string) bool { return id == "" })
	return d
}

// oneWord leaves out what would end a word or a label.
func oneWord(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("[]", r) || strings.TrimSpace(string(r)) == "" {
			return -1
		}
		return r
	}, text)
}
