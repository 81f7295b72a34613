package bridge

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// identify gives the thing its id, its ARN and the outputs that follow from templates, in the order in which they may
// need each other.
func (c *Change) identify() error {
	if c.Resource == nil && c.Model == generic {
		return errors.New("the type is unknown")
	}
	// Templates may use each other's results: those that must wait for the id or the ARN are tried again after it.
	c.Compute(false)
	if c.Id == "" && c.Model.ID != "" && c.Model.ID != "{arn}" {
		id, err := c.Expand(c.Model.ID)
		if err != nil {
			return fmt.Errorf("making the id: %w", err)
		}
		c.Id = id
	}
	if c.Id != "" {
		c.Variables["id"] = c.Id
	}
	c.Compute(false)
	if c.Model.ARN != "" {
		arn, err := c.Expand(c.Model.ARN)
		if err != nil {
			return fmt.Errorf("making the ARN: %w", err)
		}
		c.Variables["arn"] = arn
		if c.HasOutput("arn") {
			c.Out("arn", arn)
		}
		if c.Id == "" && c.Model.ID == "{arn}" {
			c.Id, c.Variables["id"] = arn, arn
		}
	}
	if c.Id == "" && c.Model == generic {
		c.Id = c.genericID()
		c.Variables["id"] = c.Id
	}
	if c.Id == "" && c.Model.ID == "{arn}" {
		c.Id = values.View(c.State).Str("arn")
	}
	if c.Id == "" {
		return errors.New("nothing gives the id")
	}
	if err := c.Compute(true); err != nil {
		return err
	}
	c.fillOutputs()
	c.Set("id", c.Id)
	return nil
}

// Compute fills outputs from the model's templates. Unless it is the last time, a template that lacks something waits.
func (c *Change) Compute(last bool) error {
	for _, path := range values.SortedKeys(c.Model.Computed) {
		if _, has := c.State[resource.PropertyKey(path)]; has {
			continue
		}
		value, err := c.scope().Expand(c.Model.Computed[path])
		if err != nil {
			if last {
				return fmt.Errorf("computing %s: %w", path, err)
			}
			continue
		}
		c.fill(path, value)
	}
	return nil
}

// fill sets an output that there is not yet: of the thing, or of every block that the path leads to.
func (c *Change) fill(path string, value resource.PropertyValue) {
	parent, name := values.CutLast(path)
	if parent == "" {
		if !values.View(c.State).Has(path) {
			c.State[resource.PropertyKey(path)] = value
		}
		return
	}
	c.rewrite(parent, func(blocks resource.PropertyValue) resource.PropertyValue {
		return withDefault(blocks, name, value)
	})
}

// withDefault returns a block, or a list of blocks, with a property in those that lack it.
func withDefault(blocks resource.PropertyValue, name string, value resource.PropertyValue) resource.PropertyValue {
	switch {
	case blocks.IsArray():
		list := slices.Clone(blocks.ArrayValue())
		for i, block := range list {
			list[i] = withDefault(block, name, value)
		}
		return resource.NewProperty(list)
	case blocks.IsObject():
		if values.View(blocks.ObjectValue()).Has(name) {
			return blocks
		}
		block := blocks.ObjectValue().Copy()
		block[resource.PropertyKey(name)] = value
		return resource.NewProperty(block)
	default:
		return blocks
	}
}

// fillOutputs gives every output that neither input nor template gives its empty value, or, for a type without a model,
// one that can be recognized.
func (c *Change) fillOutputs() {
	if c.Resource == nil {
		return
	}
	for i := range c.Resource.Outputs {
		output := &c.Resource.Outputs[i]
		key := resource.PropertyKey(output.Name)
		if _, has := c.State[key]; has {
			continue
		}
		if _, isInput := c.Resource.Input(output.Name); isInput {
			continue
		}
		if value, has := c.emptyOutput(output); has {
			c.State[key] = value
		}
	}
}

func (c *Change) emptyOutput(output *schema.Property) (resource.PropertyValue, bool) {
	switch output.Type.Kind {
	case schema.String:
		if c.Model == generic {
			return resource.NewProperty(c.genericOutput(output.Name)), true
		}
		return resource.NewProperty(""), true
	case schema.Number, schema.Integer:
		return resource.NewProperty(0.0), true
	case schema.Boolean:
		return resource.NewProperty(false), true
	case schema.Array:
		return resource.NewProperty([]resource.PropertyValue{}), true
	case schema.Map:
		return resource.NewProperty(resource.PropertyMap{}), true
	default:
		return resource.PropertyValue{}, false
	}
}

// genericID makes an id for a type without a model: the name, or the type's name and random digits.
func (c *Change) genericID() string {
	if name := c.Inputs.Str("name"); name != "" {
		return name
	}
	return lowerFirst(model.ShortName(c.Token)) + "-" + template.RandomHex(17)
}

// genericOutput makes a text output for a type without a model that tells what it stands for.
func (c *Change) genericOutput(name string) string {
	if name == "arn" {
		return fmt.Sprintf("arn:%s:%s:%s:%s:%s/%s", c.p.Region.Partition(), model.ServiceOf(c.Token), c.p.Region.Name,
			world.Account, lowerFirst(model.ShortName(c.Token)), c.Id)
	}
	return name + "-" + c.Id
}

// HasOutput reports whether the type has an output of the name.
func (c *Change) HasOutput(name string) bool {
	if c.Resource == nil {
		return true
	}
	_, has := c.Resource.Output(name)
	return has
}

// keyOf returns what tells the thing with the state and id apart.
func (c *Change) keyOf(state resource.PropertyMap, id string) (world.Key, error) {
	key := world.Key{Region: c.p.homeOf(c.kind), Type: c.Token, Key: id}
	if c.Model.Key == "" {
		return key, nil
	}
	variables := c.p.scopeVariables()
	if arn := c.Variables["arn"]; arn != "" {
		variables["arn"] = arn
	}
	var err error
	key.Key, err = template.Scope{Variables: variables, Properties: values.View(state)}.Text(c.Model.Key)
	return key, err
}

// planned returns the outputs of a create that are known in a preview: inputs are, what AWS fills in is not.
func (k kind) planned(inputs resource.PropertyMap) resource.PropertyMap {
	planned := inputs.Copy()
	planned["id"] = values.Unknown
	if k.Resource == nil {
		return planned
	}
	for i := range k.Resource.Outputs {
		name := k.Resource.Outputs[i].Name
		key := resource.PropertyKey(name)
		if inputs.HasValue(key) {
			continue
		}
		if _, isInput := k.Resource.Input(name); !isInput || k.Model.FilledByAWS(name) {
			planned[key] = values.Unknown
		}
	}
	if k.behavior.Preview != nil {
		k.behavior.Preview(values.View(inputs), planned)
	}
	return planned
}

// plannedUpdate returns the outputs of an update that are known in a preview: computed ones stay as they are unless the
// type says that they will change.
func (k kind) plannedUpdate(olds, inputs resource.PropertyMap) (resource.PropertyMap, error) {
	planned := olds.Copy()
	d, err := k.difference(olds, inputs)
	if err != nil {
		return nil, err
	}
	for name, value := range inputs {
		if d.Changed(string(name)) || !olds.HasValue(name) {
			planned[name] = value
		}
	}
	for _, path := range d.Deleted() {
		if _, given := inputs[resource.PropertyKey(path)]; !given {
			delete(planned, resource.PropertyKey(path))
		}
	}
	if k.behavior.Plan != nil {
		for _, name := range k.behavior.Plan(d) {
			planned[resource.PropertyKey(name)] = values.Unknown
		}
	}
	return planned, nil
}

func lowerFirst(name string) string {
	if name == "" {
		return name
	}
	return string(name[0]|0x20) + name[1:]
}
