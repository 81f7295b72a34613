package automation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// EventType tells which field of an Event is set.
type EventType string

const (
	// EventStarted opens an operation; Operation is set.
	EventStarted EventType = "started"
	// EventResource is a step of one resource; Resource is set.
	EventResource EventType = "resource"
	// EventDiagnostic is a message of the engine, the program or a provider; Diagnostic is set.
	EventDiagnostic EventType = "diagnostic"
	// EventViolation is a finding of a policy; Violation is set.
	EventViolation EventType = "violation"
	// EventFinished closes an operation; Result is set.
	EventFinished EventType = "finished"
)

// Event is one thing that happened in an operation. Its JSON form is what awslab --json prints, one object a line.
type Event struct {
	Type       EventType   `json:"type"`
	Time       time.Time   `json:"time"`
	Operation  Operation   `json:"operation"`
	Stack      string      `json:"stack"`
	Target     Target      `json:"target"`
	Resource   *Step       `json:"resource,omitempty"`
	Diagnostic *Diagnostic `json:"diagnostic,omitempty"`
	Violation  *Violation  `json:"violation,omitempty"`
	Result     *Result     `json:"result,omitempty"`
}

// Phase is how far a step has come.
type Phase string

const (
	// Planned: a preview found that the step is needed.
	Planned Phase = "planned"
	// Running: the provider is at work.
	Running Phase = "running"
	// Done: the step succeeded.
	Done Phase = "done"
	// Failed: the provider reported an error, which follows as a diagnostic.
	Failed Phase = "failed"
)

// Step is what happens to one resource. Resources that stay as they are have none.
type Step struct {
	URN  string `json:"urn"`
	Type string `json:"resourceType"`
	Name string `json:"name"`
	// Op is the engine's word: create, update, delete, replace, create-replacement, delete-replaced, read, import, ...
	Op    string `json:"op"`
	Phase Phase  `json:"phase"`
	// Properties are the paths that differ, sorted.
	Properties []string `json:"properties,omitempty"`
	// Replacing are the paths among them that force the replacement.
	Replacing []string `json:"replacing,omitempty"`
	// Protected says that Pulumi or AWS refuses to delete the resource, as it is once the step is done.
	Protected bool `json:"protected,omitempty"`
	// Retained says that a delete, or the delete of a replacement, leaves the resource at the target.
	Retained bool `json:"retained,omitempty"`
	// Data says that the resource holds data, which is lost when it is deleted or replaced.
	Data bool `json:"data,omitempty"`
	// Diff says how the properties change, if [WithDiff] asked for it: those that differ or, of a new resource, all
	// that the program sets.
	Diff []PropertyDiff `json:"diff,omitempty"`
}

// Diagnostic is a message about a resource or, without a URN, about the run.
type Diagnostic struct {
	// Severity is info, warning or error.
	Severity string `json:"severity"`
	URN      string `json:"urn,omitempty"`
	Message  string `json:"message"`
}

func (d Diagnostic) String() string {
	if d.URN == "" {
		return d.Message
	}
	return fmt.Sprintf("%s: %s", resource.URN(d.URN).Name(), d.Message)
}

// translate turns an engine event into ours; ok is false for what has no counterpart.
func translate(e events.EngineEvent) (Event, bool) {
	event := Event{Time: time.Unix(int64(e.Timestamp), 0).UTC()}
	switch {
	case e.DiagnosticEvent != nil:
		return event.withDiagnostic(e.DiagnosticEvent)
	case e.PolicyEvent != nil:
		event.Type, event.Violation = EventViolation, newViolation(e.PolicyEvent)
		return event, true
	case e.ResourcePreEvent != nil:
		return event.withStep(e.ResourcePreEvent.Metadata, phaseOf(e.ResourcePreEvent.Planning, Running))
	case e.ResOutputsEvent != nil && !e.ResOutputsEvent.Planning:
		return event.withStep(e.ResOutputsEvent.Metadata, Done)
	case e.ResOpFailedEvent != nil:
		return event.withStep(e.ResOpFailedEvent.Metadata, Failed)
	default:
		return event, false
	}
}

func phaseOf(planning bool, otherwise Phase) Phase {
	if planning {
		return Planned
	}
	return otherwise
}

func (e Event) withDiagnostic(d *apitype.DiagnosticEvent) (Event, bool) {
	severity, _, _ := strings.Cut(d.Severity, "#")
	message := strings.TrimSpace(unwrapped.ReplaceAllString(plain(d.Message), ""))
	if severity == "debug" || d.Ephemeral || message == "" {
		return e, false
	}
	e.Type = EventDiagnostic
	e.Diagnostic = &Diagnostic{Severity: severity, URN: d.URN, Message: message}
	return e, true
}

func (e Event) withStep(m apitype.StepEventMetadata, phase Phase) (Event, bool) {
	// A refresh announces every resource; what it found is in the operation that follows.
	if m.Op == apitype.OpSame || m.Op == apitype.OpRefresh || m.Op == "" || isDefaultProvider(resource.URN(m.URN)) {
		return e, false
	}
	step := &Step{URN: m.URN, Type: m.Type, Name: resource.URN(m.URN).Name(), Op: string(m.Op), Phase: phase}
	step.Data = holdsData[tokens.Type(m.Type)]
	if m.New != nil {
		step.Protected = protected(tokens.Type(m.Type), m.New.Protect, m.New.Inputs)
	}
	step.Retained = m.Old != nil && m.Old.RetainOnDelete
	step.Properties = slices.Sorted(maps.Keys(m.DetailedDiff))
	if len(step.Properties) == 0 {
		step.Properties = slices.Sorted(slices.Values(m.Diffs))
	}
	for _, path := range step.Properties {
		switch m.DetailedDiff[path].Kind {
		case apitype.DiffAddReplace, apitype.DiffDeleteReplace, apitype.DiffUpdateReplace:
			step.Replacing = append(step.Replacing, path)
		}
	}
	if len(step.Replacing) == 0 {
		step.Replacing = slices.Sorted(slices.Values(m.Keys))
	}
	e.Type, e.Resource = EventResource, step
	return e, true
}

// isDefaultProvider reports whether a resource is a provider that the engine makes by itself. The engine does not count
// these in the changes that it reports.
func isDefaultProvider(urn resource.URN) bool {
	return strings.HasPrefix(string(urn.Type()), "pulumi:providers:") && strings.HasPrefix(urn.Name(), "default")
}

// unwrapped is what the SDK puts before the one error of a program.
var unwrapped = regexp.MustCompile(
	`^\s*an unhandled error occurred: (?:program failed:\s*)?(?:1 error occurred:\s*\*\s*)?`,
)

// plain removes the engine's colour directives.
func plain(text string) string { return colors.Never.Colorize(text) }
