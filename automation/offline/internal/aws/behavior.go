package aws

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// behavior is what a type does that its model cannot say. Every part is optional.
type behavior struct {
	// check refuses inputs, some of which may be unknown.
	check func(inputs view) []failure
	// nameSuffix is appended to the automatic name.
	nameSuffix func(inputs view) string
	// diff changes a computed difference, or fails as a plan does.
	diff func(d *difference) error
	// preview changes the outputs of a create that are known in a preview.
	preview func(inputs view, planned resource.PropertyMap)
	// plan marks, in a preview of an update, outputs that will change as unknown.
	plan func(d *difference) []string
	// create refuses, sets variables for the templates and outputs that no template gives. References have been
	// followed; the id may be set when the model has none.
	create func(c *change) error
	// created and updated record what comes with the thing, once it is in the world.
	created func(c *change) error
	// update refuses and computes outputs anew. References have been followed.
	update func(c *change) error
	// remove refuses, or does what deleting does besides. References to the thing have been refused.
	remove func(c *change) error
	// releases says whether what holds the thing goes with it when it is removed.
	releases func(c *change, holder world.Referrer) bool
	// imported finds a thing by an id for import that is neither its id, ARN, key nor name.
	imported func(c *change, id string) (*world.Thing, error)
	// read changes the state that is read, to what follows from other things in the world.
	read func(c *change) error
}

// change is one create, read, update or delete of a thing, within a transaction.
type change struct {
	kind
	p      *Provider
	tx     *world.Tx
	inputs view
	// olds is the state before: of the engine for a delete, of the world for an update.
	olds view
	// difference is what an update changes.
	difference *difference
	// state is the state to be.
	state resource.PropertyMap
	// id is set before the thing is written, thing after.
	id    string
	thing *world.Thing
	links []world.Link
	// variables and values are what templates of the model may use besides properties.
	variables map[string]string
	values    map[string]resource.PropertyValue
	// warnings are said once the change is made: what AWS takes now and will not work later.
	warnings []string
}

// warn tells the user of what AWS takes now and will not work later.
func (c *change) warn(format string, args ...any) {
	c.warnings = append(c.warnings, "offline: "+fmt.Sprintf(format, args...))
}

// out sets an output unless there is a value already.
func (c *change) out(path string, plain any) {
	if !view(c.state).has(path) {
		c.set(path, plain)
	}
}

// set sets an output.
func (c *change) set(path string, plain any) {
	set(c.state, path, property(plain))
}

// target returns the thing that a property refers to, or nil if it refers to nothing in the world.
func (c *change) target(path string) *world.Thing {
	if targets := c.targets(path); len(targets) > 0 {
		return targets[0]
	}
	return nil
}

// targets returns the things that a property refers to.
func (c *change) targets(path string) []*world.Thing {
	var targets []*world.Thing
	for _, link := range c.links {
		if link.Property == path {
			targets = append(targets, link.Target)
		}
	}
	return targets
}

func (c *change) expand(template string) (string, error) {
	return c.scope().text(template)
}

func (c *change) scope() scope {
	return scope{c.variables, c.values, view(c.state)}
}

// region is the provider's.
func (c *change) region() Region { return c.p.region }

// siblings returns the other things of a type in the region.
func (c *change) siblings(token string) ([]*world.Thing, error) {
	things, err := c.tx.OfType(c.region().Name, token)
	if err != nil {
		return nil, err
	}
	var others []*world.Thing
	for _, thing := range things {
		if c.thing == nil || thing.Key != c.thing.Key {
			others = append(others, thing)
		}
	}
	return others, nil
}
