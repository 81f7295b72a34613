package bridge

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Behavior is what a type does that its model cannot say. Every part is optional.
type Behavior struct {
	// Check refuses inputs, some of which may be unknown.
	Check func(inputs values.View) []Failure
	// NameSuffix is appended to the automatic name.
	NameSuffix func(inputs values.View) string
	// Diff changes a computed difference, or fails as a plan does.
	Diff func(d *diff.Difference) error
	// Preview changes the outputs of a create that are known in a preview.
	Preview func(inputs values.View, planned resource.PropertyMap)
	// Plan marks, in a preview of an update, outputs that will change as unknown.
	Plan func(d *diff.Difference) []string
	// Create refuses, sets variables for the templates and outputs that no template gives. References have been
	// followed; the id may be set when the model has none.
	Create func(c *Change) error
	// Created and updated record what comes with the thing, once it is in the world.
	Created func(c *Change) error
	// Update refuses and computes outputs anew. References have been followed.
	Update func(c *Change) error
	// Runs says that a fault of the moment [world.Run] can strike, which is then the change's Fault.
	Runs bool
	// Run does what the thing does by itself once a create or update has been written: what a service deploys. It may
	// change the thing once more, and Fail the wait for it.
	Run func(c *Change) error
	// Remove refuses, or does what deleting does besides. References to the thing have been refused.
	Remove func(c *Change) error
	// Releases reports whether what holds the thing goes with it when it is removed.
	Releases func(c *Change, holder world.Referrer) bool
	// Read changes the state that is read, to what follows from other things in the world.
	Read func(c *Change) error
}

// SuffixIf returns a NameSuffix for things whose input of the name is true.
func SuffixIf(input, suffix string) func(values.View) string {
	return func(inputs values.View) string {
		if inputs.Bool(input) {
			return suffix
		}
		return ""
	}
}

// Change is one create, read, update or delete of a thing, within a transaction.
type Change struct {
	kind
	p      *Provider
	Tx     *world.Tx
	Inputs values.View
	// Olds is the state before: of the engine for a delete, of the world for an update.
	Olds values.View
	// Difference is what an update changes.
	Difference *diff.Difference
	// State is the state to be.
	State resource.PropertyMap
	// Id is set before the thing is written, thing after.
	Id    string
	Thing *world.Thing
	Links []world.Link
	// Variables and values are what templates of the model may use besides properties.
	Variables map[string]string
	values    map[string]resource.PropertyValue
	// Pending names the properties that an update has asked for and that AWS changes later.
	Pending []string
	// Fault is the requested fault that strikes what the thing does by itself, or nil.
	Fault *world.Fault
	// warnings are said once the change is made: what AWS takes now and will not work later.
	warnings []string
	// failure is what the provider's wait for the thing fails with.
	failure error
}

// Fail makes the provider's wait for the thing fail, which stays as it was written.
func (c *Change) Fail(err error) { c.failure = err }

// Warn tells the user of what AWS takes now and will not work later.
func (c *Change) Warn(format string, args ...any) {
	c.warnings = append(c.warnings, "offline: "+fmt.Sprintf(format, args...))
}

// pendingKey keeps what is pending of a thing with its inputs.
const pendingKey = "__pending"

// MakePending gives a thing the properties that are pending, and returns their names.
func (c *Change) MakePending() []string {
	names := values.View(c.Thing.Inputs).Strings(pendingKey)
	for _, name := range names {
		c.State[resource.PropertyKey(name)] = c.Thing.Inputs[resource.PropertyKey(name)]
	}
	delete(c.Thing.Inputs, pendingKey)
	return names
}

// Out sets an output unless there is a value already.
func (c *Change) Out(path string, plain any) {
	if !values.View(c.State).Has(path) {
		c.Set(path, plain)
	}
}

// Set sets an output.
func (c *Change) Set(path string, plain any) {
	values.Set(c.State, path, values.Of(plain))
}

// Target returns the thing that a property refers to, or nil if it refers to nothing in the world.
func (c *Change) Target(path string) *world.Thing {
	if targets := c.Targets(path); len(targets) > 0 {
		return targets[0]
	}
	return nil
}

// Targets returns the things that a property refers to.
func (c *Change) Targets(path string) []*world.Thing {
	var targets []*world.Thing
	for _, link := range c.Links {
		if link.Property == path {
			targets = append(targets, link.Target)
		}
	}
	return targets
}

// Expand replaces the placeholders of a template by the variables and properties of the change.
func (c *Change) Expand(template string) (string, error) {
	return c.scope().Text(template)
}

func (c *Change) scope() template.Scope {
	return template.Scope{Variables: c.Variables, Values: c.values, Properties: values.View(c.State)}
}

// Region returns the provider's.
func (c *Change) Region() region.Region { return c.p.Region }

// Of returns the same change of another thing.
func (c *Change) Of(thing *world.Thing) *Change {
	return &Change{kind: c.kind, p: c.p, Tx: c.Tx, Thing: thing}
}

// Siblings returns the other things of a type in the region.
func (c *Change) Siblings(token string) ([]*world.Thing, error) {
	things, err := c.Tx.OfType(c.Region().Name, token)
	if err != nil {
		return nil, err
	}
	var others []*world.Thing
	for _, thing := range things {
		if c.Thing == nil || thing.Key != c.Thing.Key {
			others = append(others, thing)
		}
	}
	return others, nil
}
