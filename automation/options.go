package automation

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"github.com/awslab/awslab/automation/internal/outfile"
)

// Option says how one operation is carried out. An operation refuses with an *InputError the options that it does not
// have.
type Option func(*choices)

// choices are what the options of an operation say.
type choices struct {
	targets         []string
	dependents      bool
	replace         []string
	parallel        int
	message         string
	continueOnError bool
	savePlan, plan  string
	diff            bool
	confirm         func(context.Context, *Result) error
	// destroys says of a preview that it is one of a destroy.
	destroys bool
	// problem is the first thing wrong with them.
	problem *InputError
	given   []string
}

// choosers are the operations that have an option, by its name in messages.
var choosers = map[string][]Operation{
	"targets":           {OperationPreview, OperationUp, OperationRefresh, OperationDestroy, OperationDrift},
	"parallel":          {OperationPreview, OperationUp, OperationRefresh, OperationDestroy, OperationDrift},
	"replace":           {OperationPreview, OperationUp},
	"diff":              {OperationPreview, OperationUp, OperationDrift},
	"message":           {OperationUp, OperationRefresh, OperationDestroy},
	"continue on error": {OperationUp, OperationDestroy},
	"save plan":         {OperationPreview},
	"plan":              {OperationUp},
	"confirm":           {OperationUp, OperationRefresh, OperationDestroy},
}

// WithTargets restricts an operation to resources, by name or URN, in which * stands for any text between colons and **
// for any text. One that is of no resource is refused with an *InputError.
func WithTargets(resources ...string) Option {
	return func(c *choices) {
		c.give("targets")
		c.targets = append(c.targets, c.patterns("targets", resources)...)
	}
}

// WithTargetDependents restricts an operation as [WithTargets] does, and lets it reach what depends on the resources.
func WithTargetDependents(resources ...string) Option {
	return func(c *choices) { WithTargets(resources...)(c); c.dependents = true }
}

// WithReplace makes resources anew that would otherwise stay or be updated, by name or URN.
func WithReplace(resources ...string) Option {
	return func(c *choices) {
		c.give("replace")
		c.replace = append(c.replace, c.patterns("replace", resources)...)
	}
}

// DefaultParallel is how many resources are worked on at once where nothing else is said. AWS works most of the time,
// not this machine, by whose processors the engine's own default goes: with 8, a first prod takes a tenth longer.
const DefaultParallel = 32

// WithParallel sets how many resources are worked on at once, 1 or more. Default: [DefaultParallel].
func WithParallel(resources int) Option {
	return func(c *choices) {
		c.give("parallel")
		if c.parallel = resources; resources < 1 || resources > math.MaxInt32 {
			c.refuse("parallel", strconv.Itoa(resources), fmt.Sprintf("1 to %d", math.MaxInt32))
		}
	}
}

// WithMessage records a message with the operation, which History returns.
func WithMessage(message string) Option {
	return func(c *choices) { c.give("message"); c.message = message }
}

// WithContinueOnError goes on with the resources that do not depend on one that failed.
func WithContinueOnError() Option {
	return func(c *choices) { c.give("continue on error"); c.continueOnError = true }
}

// WithDiff fills [Step.Diff].
func WithDiff() Option {
	return func(c *choices) { c.give("diff"); c.diff = true }
}

// WithSavePlan writes what a preview found to be done to a file that only its owner can read, for [WithPlan]. Secrets
// in it are encrypted with the stack's own key.
func WithSavePlan(path string) Option {
	return func(c *choices) {
		c.give("save plan")
		c.savePlan = c.absolute("save plan", path)
		if path == "" {
			c.refuse("save plan", path, "the path of a file to write")
		} else if err := outfile.Check(c.savePlan); err != nil {
			c.refuse("save plan", path, "the path of a file to write, in a folder that exists and can be written: "+
				err.Error())
		}
	}
}

// WithPlan holds an up to a plan that a preview saved: a change that is not in it is refused with a *PlanError.
func WithPlan(path string) Option {
	return func(c *choices) {
		c.give("plan")
		if c.plan = c.absolute("plan", path); path == "" {
			c.refuse("plan", path, "the path of a file that a preview wrote")
		}
	}
}

// WithConfirm calls confirm with what an operation is about to do, before it does it and if it has anything to do: the
// steps of a preview, which for a refresh are those of [Lab.Drift]. An error that confirm returns is the cause of a
// *CancelledError, and nothing is changed.
func WithConfirm(confirm func(context.Context, *Result) error) Option {
	return func(c *choices) { c.give("confirm"); c.confirm = confirm }
}

func (c *choices) give(name string) { c.given = append(c.given, name) }

func (c *choices) refuse(field, value, allowed string) {
	if c.problem == nil {
		c.problem = &InputError{field, value, allowed}
	}
}

// absolute returns a path that leads to the same file from the project's folder, in which the engine runs.
func (c *choices) absolute(field, path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		c.refuse(field, path, "an absolute path where the current folder is gone: "+err.Error())
	}
	return absolute
}

// anyParent before a name makes a pattern of URNs.
const anyParent = "**::"

// patterns returns resources as the engine takes them, which knows URNs only.
func (c *choices) patterns(field string, resources []string) []string {
	if len(resources) == 0 {
		c.refuse(field, "", "at least one name or URN")
	}
	patterns := make([]string, len(resources))
	for i, r := range resources {
		if strings.TrimSpace(r) == "" {
			c.refuse(field, r, "the name or URN of a resource")
		}
		if patterns[i] = r; !strings.Contains(r, "::") {
			patterns[i] = anyParent + r
		}
	}
	return patterns
}

// choose collects the options of an operation.
func choose(operation Operation, options []Option) (*choices, error) {
	c := choices{parallel: DefaultParallel}
	for _, option := range options {
		option(&c)
	}
	for _, name := range c.given {
		if operations := choosers[name]; !slices.Contains(operations, operation) {
			c.refuse("option of "+string(operation), name, fmt.Sprintf("it for %v alone", operations))
		}
	}
	if c.problem != nil {
		return nil, c.problem
	}
	return &c, nil
}

func (c *choices) preview() []optpreview.Option {
	options := []optpreview.Option{optpreview.Parallel(c.parallel)}
	if len(c.targets) > 0 {
		options = append(options, optpreview.Target(c.targets))
	}
	if c.dependents {
		options = append(options, optpreview.TargetDependents())
	}
	if len(c.replace) > 0 {
		options = append(options, optpreview.Replace(c.replace))
	}
	return options
}

func (c *choices) up() []optup.Option {
	options := []optup.Option{optup.Parallel(c.parallel), optup.Message(c.message), optup.Plan(c.plan)}
	if len(c.targets) > 0 {
		options = append(options, optup.Target(c.targets))
	}
	if c.dependents {
		options = append(options, optup.TargetDependents())
	}
	if len(c.replace) > 0 {
		options = append(options, optup.Replace(c.replace))
	}
	if c.continueOnError {
		options = append(options, optup.ContinueOnError())
	}
	return options
}

func (c *choices) refresh() []optrefresh.Option {
	options := []optrefresh.Option{optrefresh.Parallel(c.parallel), optrefresh.Message(c.message)}
	if len(c.targets) > 0 {
		options = append(options, optrefresh.Target(c.targets))
	}
	if c.dependents {
		options = append(options, optrefresh.TargetDependents())
	}
	return options
}

func (c *choices) destroy() []optdestroy.Option {
	options := []optdestroy.Option{optdestroy.Parallel(c.parallel), optdestroy.Message(c.message)}
	if len(c.targets) > 0 {
		options = append(options, optdestroy.Target(c.targets))
	}
	if c.dependents {
		options = append(options, optdestroy.TargetDependents())
	}
	if c.continueOnError {
		options = append(options, optdestroy.ContinueOnError())
	}
	return options
}

// unmatched refuses a name or URN that is of none of the resources of a stack: the engine would do nothing, and say
// that it succeeded.
func (c *choices) unmatched(stack string, urns []string) error {
	for field, patterns := range map[string][]string{"targets": c.targets, "replace": c.replace} {
		for _, pattern := range patterns {
			if !slices.ContainsFunc(urns, func(urn string) bool { return matches(pattern, urn) }) {
				return &InputError{
					Field: field, Value: strings.TrimPrefix(pattern, anyParent),
					Allowed: fmt.Sprintf("the name or URN of a resource that stack %s has or would have", stack),
				}
			}
		}
	}
	return nil
}

// selects reports whether resources were named.
func (c *choices) selects() bool { return len(c.targets)+len(c.replace) > 0 }

// reaches reports whether an operation on a resource is within the targets. With dependents, everything may be.
func (c *choices) reaches(urn string) bool {
	if len(c.targets) == 0 || c.dependents {
		return true
	}
	return slices.ContainsFunc(c.targets, func(pattern string) bool { return matches(pattern, urn) })
}
