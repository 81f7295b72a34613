package rule

import (
	"fmt"

	"github.com/awslab/awslab/policy/internal/property"
)

// Verdict is what a rule finds in one resource. The zero Verdict is a pass.
type Verdict struct {
	Violations []Finding
	// Unjudged lists what kept the rule from deciding: it neither passed nor failed.
	Unjudged []Finding
	// NotApplicable is the reason why the rule has nothing to say about the resource, or empty.
	NotApplicable string
}

// Finding is a statement about a property of the judged resource. It must not repeat the property's value: any value
// can be a secret.
type Finding struct {
	// Property is the path from the resource, as networkConfiguration.subnets.
	Property string
	// Text continues the sentence that Property begins.
	Text string
}

// String returns the finding as a sentence without its full stop.
func (f Finding) String() string { return f.Property + " " + f.Text }

// Pass returns the verdict on a resource that keeps the rule.
func Pass() Verdict { return Verdict{} }

// Violation returns the verdict on a resource that breaks the rule. The text continues the sentence that the property's
// path begins: Violation("multiAz", "is not true").
func Violation(property, format string, args ...any) Verdict {
	return Verdict{Violations: []Finding{{property, fmt.Sprintf(format, args...)}}}
}

// Unjudged returns the verdict on a resource when the property keeps the rule from deciding.
func Unjudged(property, format string, args ...any) Verdict {
	return Verdict{Unjudged: []Finding{{property, fmt.Sprintf(format, args...)}}}
}

// Unreadable returns Unjudged for a value that is unknown or of an unexpected type.
func Unreadable(v property.Value, state property.State) Verdict {
	return Unjudged(v.Path(), "%s", state)
}

// NotApplicable returns the verdict on a resource that the rule is not about. The reason completes "not applicable: it
// ...".
func NotApplicable(reason string) Verdict { return Verdict{NotApplicable: reason} }
