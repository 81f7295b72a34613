package automation

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Severities are what a violation's severity can be, the least first. A pack need not give one.
var Severities = []string{"LOW", "MEDIUM", "HIGH", "CRITICAL"}

// Violation is a policy's finding about a resource or, without a URN, about the stack.
type Violation struct {
	Pack   string `json:"pack"`
	Policy string `json:"policy"`
	// Severity is one of Severities, or empty where the pack gives none.
	Severity string `json:"severity,omitempty"`
	// Controls are the ids of the controls that the policy answers, as RDS.5, as far as the message names them.
	Controls []string `json:"controls,omitempty"`
	// Title says what holds when the policy is kept. Empty where the message has no headline.
	Title string `json:"title,omitempty"`
	// Finding says what is wrong with the resource: the whole message but title and fix.
	Finding string `json:"finding,omitempty"`
	// Fix says what to change. Empty where the message names none.
	Fix string `json:"fix,omitempty"`
	// Unjudged is the rule that could not judge the resource, usually because a value is known only once it exists.
	// Empty for what is really a violation.
	Unjudged string `json:"unjudged,omitempty"`
	// Accepted is the rule whose finding the stack's configuration exempts, for the Reason that it gives. Empty for what is
	// really a violation.
	Accepted     string `json:"accepted,omitempty"`
	Reason       string `json:"reason,omitempty"`
	URN          string `json:"urn"`
	ResourceType string `json:"resourceType,omitempty"`
	ResourceName string `json:"resourceName,omitempty"`
	// Message is the pack's message as it came.
	Message string `json:"message"`
	// Mandatory findings refuse the operation, others advise.
	Mandatory bool `json:"mandatory"`
}

// unevaluated is the policy under which awslab's packs report what a rule could not judge, and exemptions the one under which
// they list what is accepted.
const (
	unevaluated = "unevaluated"
	exemptions  = "exemptions"
)

var (
	// headline is what awslab's packs begin a message with: [HIGH][RDS.5] What holds when the rule is kept.
	headline = regexp.MustCompile(`^((?:\[[^\[\]\s]+\])+) (.+)$`)
	// unjudged is the message under the policy unevaluated: <rule> could not be judged for <resource>: <why>.
	unjudged = regexp.MustCompile(`(?s)^(\S+) could not be judged for \S+: (.+)$`)
	// accepted is a message under the policy exemptions: <rule> is accepted for <resource> until <day>: <reason>.
	accepted = regexp.MustCompile(`(?s)^(\S+) is accepted for \S+ until \S+: (.+)\.$`)
)

// newViolation takes the engine's event apart. A message of another shape than awslab's packs give is the finding whole.
func newViolation(e *apitype.PolicyEvent) *Violation {
	v := &Violation{
		Pack: e.PolicyPackName, Policy: e.PolicyName, Severity: strings.ToUpper(e.Severity), URN: e.ResourceURN,
		Message: strings.TrimSpace(plain(e.Message)), Mandatory: e.EnforcementLevel == "mandatory",
	}
	if urn := resource.URN(v.URN); urn.IsValid() {
		v.ResourceType, v.ResourceName = string(urn.Type()), urn.Name()
	}
	if parts := unjudged.FindStringSubmatch(v.Message); parts != nil && v.Policy == unevaluated {
		v.Unjudged, v.Finding = parts[1], parts[2]
		return v
	}
	if parts := accepted.FindStringSubmatch(v.Message); parts != nil && v.Policy == exemptions {
		v.Accepted, v.Reason = parts[1], parts[2]
	}
	v.Finding, v.Fix = cutFix(v.Message)
	v.cutHeadline()
	return v
}

// cutHeadline moves severity, controls and title out of the finding.
func (v *Violation) cutHeadline() {
	first, rest, _ := strings.Cut(v.Finding, "\n")
	parts := headline.FindStringSubmatch(first)
	if parts == nil {
		return
	}
	labels := strings.Split(strings.Trim(parts[1], "[]"), "][")
	if slices.Contains(Severities, labels[0]) {
		v.Severity, labels = cmp.Or(v.Severity, labels[0]), labels[1:]
	}
	if len(labels) > 0 {
		v.Controls = labels
	}
	v.Title = parts[2]
	v.Finding = strings.TrimSpace(rest)
	if v.ResourceName != "" {
		v.Finding = strings.TrimPrefix(v.Finding, v.ResourceName+": ")
	}
}

// cutFix splits a message before its last line that begins with "Fix: ".
func cutFix(message string) (rest, fix string) {
	const mark = "\nFix: "
	at := strings.LastIndex(message, mark)
	if at < 0 {
		return message, ""
	}
	return strings.TrimSpace(message[:at]), strings.TrimSpace(message[at+len(mark):])
}
