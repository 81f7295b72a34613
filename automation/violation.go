package automation

import (
	"cmp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/internal/diagnostic"
)

// Severities are what a violation's severity can be, the least first. A pack need not give one.
var Severities = diagnostic.Severities

// Violation is a policy's finding about a resource or, without a URN, about the stack.
type Violation struct {
	Pack   string `json:"pack"`
	Policy string `json:"policy"`
	// Severity is one of Severities, or empty where the pack gives none.
	Severity string `json:"severity,omitempty"`
	// Controls are the ids of the controls that the policy answers, as RDS.5, as far as the message names them.
	Controls []string `json:"controls,omitempty"`
	// Title says what a compliant resource has. Empty where the message has no headline.
	Title string `json:"title,omitempty"`
	// Finding says what is wrong with the resource: the whole message but title, why and fix.
	Finding string `json:"finding,omitempty"`
	// Why says what can happen because of it. Empty where the message does not.
	Why string `json:"why,omitempty"`
	// Fix says what to change. Empty where the message names none.
	Fix string `json:"fix,omitempty"`
	// Unjudged is the rule that could not judge the resource, usually because a value is known only once it exists.
	// Empty for what is really a violation.
	Unjudged string `json:"unjudged,omitempty"`
	// Accepted is the rule whose finding the stack's configuration exempts, for the Reason that it gives. Empty for
	// what is really a violation.
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

// newViolation takes the engine's event apart. A message of another shape than awslab's packs give is the finding
// whole.
func newViolation(e *apitype.PolicyEvent) *Violation {
	v := &Violation{
		Pack: e.PolicyPackName, Policy: e.PolicyName, Severity: strings.ToUpper(e.Severity), URN: e.ResourceURN,
		Message: strings.TrimSpace(plain(e.Message)), Mandatory: e.EnforcementLevel == "mandatory",
	}
	if urn := resource.URN(v.URN); urn.IsValid() {
		v.ResourceType, v.ResourceName = string(urn.Type()), urn.Name()
	}
	d := diagnostic.Parse(v.Policy, v.ResourceName, v.Message)
	v.Severity, v.Controls, v.Title = cmp.Or(v.Severity, d.Severity), d.Controls, d.Title
	v.Finding, v.Why, v.Fix = d.Finding, d.Why, d.Fix
	v.Unjudged, v.Accepted, v.Reason = d.Unjudged, d.Accepted, d.Reason
	return v
}
