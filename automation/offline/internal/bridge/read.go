package bridge

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Read returns what the world holds: for a refresh, with the state known so far, or for an import, with an id and no
// state. A thing that does not exist reads as an empty id.
func (p *Provider) Read(ctx context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	kind, olds, oldInputs, err := p.received(ctx, req.GetUrn(), req.GetProperties(), req.GetInputs())
	if err != nil {
		return nil, err
	}
	isImport := len(olds) == 0
	if isImport {
		oldInputs = nil
	}
	var c *Change
	err = p.attempt(ctx, world.Read, kind, func(tx *world.Tx) (err error) {
		c = p.newChange(tx, kind, nil)
		return c.read(req.GetId(), olds)
	})
	if err != nil {
		return nil, p.wrap("reading", "Describe", kind.Token, req.GetId(), err)
	}
	if c.Thing == nil {
		return &pulumirpc.ReadResponse{}, nil
	}
	state := restoreSecrets(c.State, olds)
	if isImport {
		for _, name := range kind.Model.Unread {
			delete(state, resource.PropertyKey(name))
		}
	}
	properties, err := Marshal(state)
	if err != nil {
		return nil, err
	}
	inputs, err := Marshal(kind.inputsAfter(oldInputs, olds, state, c.Thing))
	if err != nil {
		return nil, err
	}
	return &pulumirpc.ReadResponse{Id: c.Thing.ID, Properties: properties, Inputs: inputs}, nil
}

// read finds the thing: by its state, or for an import by an id that the type is imported by.
func (c *Change) read(id string, olds resource.PropertyMap) error {
	find := func() (*world.Thing, error) { return c.find(id, olds) }
	if len(olds) == 0 {
		find = func() (*world.Thing, error) { return c.findImport(id) }
	}
	var err error
	if c.Thing, err = find(); c.Thing == nil || err != nil {
		return err
	}
	c.Id, c.Olds, c.State = c.Thing.ID, values.View(olds), c.Thing.State
	if c.Links, err = c.Tx.Links(c.Thing); err != nil {
		return err
	}
	if c.behavior.Read != nil {
		return c.behavior.Read(c)
	}
	return nil
}

// findImport finds the thing of the type that has an id as `pulumi import` takes it.
func (c *Change) findImport(id string) (*world.Thing, error) {
	things, err := c.Tx.OfType(c.p.homeOf(c.kind), c.Token)
	if err != nil {
		return nil, err
	}
	for _, thing := range things {
		if slices.Contains(c.Model.ImportIDs(thing.ID, thing.ARN, values.View(thing.State)), id) {
			return thing, nil
		}
	}
	return nil, nil
}

// inputsAfter returns the inputs that go with a state that was read: the inputs known so far, each taken from the state
// where it drifted, or for an import those that the thing was made with.
func (k kind) inputsAfter(oldInputs, olds, state resource.PropertyMap, thing *world.Thing) resource.PropertyMap {
	if len(oldInputs) == 0 {
		inputs := withoutMarkers(values.WithoutDefaults(thing.Inputs))
		for name := range inputs {
			if value, has := state[name]; has {
				inputs[name] = value
			} else {
				delete(inputs, name)
			}
		}
		values.SetDefaulted(inputs, nil)
		return inputs
	}
	inputs := oldInputs.Copy()
	if k.Resource == nil {
		return inputs
	}
	for i := range k.Resource.Inputs {
		property := &k.Resource.Inputs[i]
		key := resource.PropertyKey(property.Name)
		before, given := inputs[key]
		if !given {
			continue
		}
		// Compared both ways: with the state as the program's wish, and the other way round for what was deleted.
		d := diff.OfProperty(k.Type, property, olds, state)
		if len(d.Edits) == 0 && !gone(olds[key], state[key]) {
			continue
		}
		now, has := state[key]
		switch {
		case !has:
			delete(inputs, key)
		case before.IsSecret() && !now.IsSecret():
			inputs[key] = resource.MakeSecret(now)
		default:
			inputs[key] = now
		}
	}
	return inputs
}

// gone reports whether a value that was there is not any more.
func gone(before, now resource.PropertyValue) bool {
	return !values.IsEmpty(before) && values.IsEmpty(now)
}

// restoreSecrets returns a state from the world in which every marker is replaced by the value that the engine's state
// has at its place. The world cannot tell whether a secret drifted, as AWS does not: it never gives a password back. A
// marker without a counterpart, as in an import, is left out.
func restoreSecrets(state, olds resource.PropertyMap) resource.PropertyMap {
	restored := restore(resource.NewProperty(state), resource.NewProperty(olds))
	return restored.ObjectValue()
}

func restore(v, old resource.PropertyValue) resource.PropertyValue {
	bare := values.Reveal(old)
	switch {
	case world.IsSecretMarker(v):
		if old.IsNull() {
			return resource.NewNullProperty()
		}
		if old.IsSecret() {
			return old
		}
		return resource.MakeSecret(old)
	case v.IsArray():
		list := make([]resource.PropertyValue, 0, len(v.ArrayValue()))
		for i, element := range v.ArrayValue() {
			counterpart := resource.NewNullProperty()
			if bare.IsArray() && i < len(bare.ArrayValue()) {
				counterpart = bare.ArrayValue()[i]
			}
			list = append(list, restore(element, counterpart))
		}
		return resource.NewProperty(list)
	case v.IsObject():
		object := make(resource.PropertyMap, len(v.ObjectValue()))
		for name, value := range v.ObjectValue() {
			counterpart := resource.NewNullProperty()
			if bare.IsObject() {
				counterpart = bare.ObjectValue()[name]
			}
			if value = restore(value, counterpart); !value.IsNull() {
				object[name] = value
			}
		}
		return resource.NewProperty(object)
	default:
		return v
	}
}

// withoutMarkers leaves out what the world does not hold.
func withoutMarkers(properties resource.PropertyMap) resource.PropertyMap {
	return restoreSecrets(properties, nil)
}
