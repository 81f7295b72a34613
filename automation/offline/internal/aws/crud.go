package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Create makes a thing, or in a preview says what will be known of it.
func (p *Provider) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	kind, err := p.kindOf(ctx, req.GetUrn())
	if err != nil {
		return nil, err
	}
	checked, err := unmarshal(req.GetProperties())
	if err != nil {
		return nil, err
	}
	inputs := withoutDefaults(checked)
	if req.GetPreview() {
		properties, err := marshal(kind.planned(inputs))
		return &pulumirpc.CreateResponse{Properties: properties}, err
	}
	var c *change
	err = p.attempt(ctx, world.Create, kind, func(tx *world.Tx) (err error) {
		c = p.newChange(tx, kind, inputs)
		c.state = inputs.Copy()
		return c.create(checked)
	})
	if err != nil {
		return nil, p.wrap("creating", "Create", kind.token, kind.title(inputs), err)
	}
	p.say(ctx, c)
	properties, err := marshal(c.state)
	return &pulumirpc.CreateResponse{Id: c.id, Properties: properties}, err
}

// Update changes a thing, or in a preview says what will be known of it.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	kind, err := p.kindOf(ctx, req.GetUrn())
	if err != nil {
		return nil, err
	}
	olds, err := unmarshal(req.GetOlds())
	if err != nil {
		return nil, err
	}
	checked, err := unmarshal(req.GetNews())
	if err != nil {
		return nil, err
	}
	inputs := withoutDefaults(checked)
	if req.GetPreview() {
		planned, err := kind.plannedUpdate(olds, inputs)
		if err != nil {
			return nil, err
		}
		properties, err := marshal(planned)
		return &pulumirpc.UpdateResponse{Properties: properties}, err
	}
	var c *change
	err = p.attempt(ctx, world.Update, kind, func(tx *world.Tx) (err error) {
		c = p.newChange(tx, kind, inputs)
		return c.update(req.GetId(), olds, checked)
	})
	if err != nil {
		return nil, p.wrap("updating", "Update", kind.token, req.GetId(), err)
	}
	p.say(ctx, c)
	properties, err := marshal(c.state)
	return &pulumirpc.UpdateResponse{Properties: properties}, err
}

// Delete deletes a thing. What is gone already is deleted.
func (p *Provider) Delete(ctx context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	kind, err := p.kindOf(ctx, req.GetUrn())
	if err != nil {
		return nil, err
	}
	state, err := unmarshal(req.GetProperties())
	if err != nil {
		return nil, err
	}
	var c *change
	err = p.attempt(ctx, world.Delete, kind, func(tx *world.Tx) error {
		c = p.newChange(tx, kind, state)
		c.olds = view(state)
		return c.remove(req.GetId())
	})
	if err != nil {
		return nil, p.wrap("deleting", "Delete", kind.token, req.GetId(), err)
	}
	p.say(ctx, c)
	return &emptypb.Empty{}, nil
}

// say tells the user the warnings of a change that was made.
func (p *Provider) say(ctx context.Context, c *change) {
	for _, warning := range c.warnings {
		p.warn(ctx, string(c.urn), warning)
	}
}

// attempt runs an operation in a transaction, waits out refusals that the real provider waits out, and lets requested
// faults strike first.
func (p *Provider) attempt(ctx context.Context, operation world.Operation, k kind, f func(*world.Tx) error) error {
	if err := p.suffer(ctx, operation, k); err != nil {
		return err
	}
	deadline := time.Now().Add(p.patience)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		err := p.world.Update(ctx, f)
		if !isRetried(err) || time.Now().After(deadline) {
			return err
		}
		if !p.pause(ctx, wait) {
			return err
		}
	}
}

// suffer lets a requested fault strike.
func (p *Provider) suffer(ctx context.Context, operation world.Operation, k kind) error {
	fault, err := p.world.TakeFault(ctx, operation, string(k.urn))
	if fault == nil || err != nil {
		return err
	}
	if !p.pause(ctx, fault.Delay) {
		return errors.New("the operation was cancelled")
	}
	if fault.Code == "" {
		return nil
	}
	return refuse(fault.Code, "%s", fault.Message)
}

// pause waits and says whether nobody cancelled.
func (p *Provider) pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-p.cancelled.Done():
		return false
	}
}

func (p *Provider) newChange(tx *world.Tx, k kind, inputs resource.PropertyMap) *change {
	return &change{
		kind: k, p: p, tx: tx, inputs: view(inputs),
		variables: p.scopeVariables(),
		values:    map[string]resource.PropertyValue{"zones": property(toAny(p.region.zoneNames()))},
	}
}

// title is what an error calls a thing that has no id yet.
func (k kind) title(inputs resource.PropertyMap) string {
	if name := view(inputs).str(k.model.nameProperty()); name != "" {
		return name
	}
	return k.urn.Name()
}

func (c *change) create(checked resource.PropertyMap) error {
	if err := c.refusePatterns(); err != nil {
		return err
	}
	if err := c.follow(); err != nil {
		return err
	}
	if err := c.refuseTaken(); err != nil {
		return err
	}
	if c.behavior.create != nil {
		if err := c.behavior.create(c); err != nil {
			return err
		}
	}
	if err := c.identify(); err != nil {
		return err
	}
	if err := c.write(checked); err != nil {
		return err
	}
	if c.behavior.created != nil {
		return c.behavior.created(c)
	}
	return nil
}

// refusePatterns refuses what AWS checks and the provider does not.
func (c *change) refusePatterns() error {
	for _, path := range sortedKeys(c.model.APIPatterns) {
		pattern := c.model.APIPatterns[path]
		if value := c.inputs.str(path); value != "" && !pattern.Match(value) {
			return refuse("InvalidParameterValue", "invalid value %q for %s: it must match %s", value, path, pattern)
		}
	}
	return nil
}

// refuseTaken refuses a name that another thing has.
func (c *change) refuseTaken() error {
	taken := c.model.Taken
	name := c.inputs.str(c.model.nameProperty())
	if taken == nil || name == "" {
		return nil
	}
	until, buried, err := c.tx.Buried(c.p.homeOf(c.kind), c.token, name)
	if err != nil {
		return err
	}
	if buried {
		return refuse("InvalidRequestException", "You can't create this %s because one named %s is scheduled for deletion "+
			"until %s.", shortName(c.token), name, until.Format(time.RFC3339))
	}
	others, err := c.tx.ByName(c.token, name)
	if err != nil {
		return err
	}
	for _, other := range others {
		if taken.Scope != "world" && other.Region != c.p.homeOf(c.kind) || !c.sameIn(other, taken.With) {
			continue
		}
		message, err := c.expand(taken.Message)
		if err != nil {
			return err
		}
		return refuse(taken.Code, "%s", message)
	}
	return nil
}

func (c *change) sameIn(other *world.Thing, properties []string) bool {
	for _, path := range properties {
		if view(other.State).str(path) != view(c.state).str(path) {
			return false
		}
	}
	return true
}

// identify gives the thing its id, its ARN and the outputs that follow from templates, in the order in which they may
// need each other.
func (c *change) identify() error {
	if c.resource == nil && c.model == generic {
		return errors.New("the type is unknown")
	}
	// Templates may use each other's results: those that must wait for the id or the ARN are tried again after it.
	c.compute(false)
	if c.id == "" && c.model.ID != "" && c.model.ID != "{arn}" {
		id, err := c.expand(c.model.ID)
		if err != nil {
			return fmt.Errorf("making the id: %w", err)
		}
		c.id = id
	}
	if c.id != "" {
		c.variables["id"] = c.id
	}
	c.compute(false)
	if c.model.ARN != "" {
		arn, err := c.expand(c.model.ARN)
		if err != nil {
			return fmt.Errorf("making the ARN: %w", err)
		}
		c.variables["arn"] = arn
		if c.hasOutput("arn") {
			c.out("arn", arn)
		}
		if c.id == "" && c.model.ID == "{arn}" {
			c.id, c.variables["id"] = arn, arn
		}
	}
	if c.id == "" && c.model == generic {
		c.id = c.genericID()
		c.variables["id"] = c.id
	}
	if c.id == "" && c.model.ID == "{arn}" {
		c.id = view(c.state).str("arn")
	}
	if c.id == "" {
		return errors.New("nothing gives the id")
	}
	if err := c.compute(true); err != nil {
		return err
	}
	c.fillOutputs()
	c.set("id", c.id)
	return nil
}

// compute fills outputs from the model's templates. Unless it is the last time, a template that lacks something waits.
func (c *change) compute(last bool) error {
	for _, path := range sortedKeys(c.model.Computed) {
		if _, has := c.state[resource.PropertyKey(path)]; has || view(c.state).has(path) {
			continue
		}
		parent, _ := cutLast(path)
		if parent != "" && !view(c.state).has(parent) {
			continue
		}
		value, err := c.scope().expand(c.model.Computed[path])
		if err != nil {
			if last {
				return fmt.Errorf("computing %s: %w", path, err)
			}
			continue
		}
		c.set(path, value)
	}
	return nil
}

// fillOutputs gives every output that neither input nor template gives its empty value, or, for a type without a model,
// one that can be recognized.
func (c *change) fillOutputs() {
	if c.resource == nil {
		return
	}
	for i := range c.resource.Outputs {
		output := &c.resource.Outputs[i]
		key := resource.PropertyKey(output.Name)
		if _, has := c.state[key]; has {
			continue
		}
		if _, isInput := c.resource.Input(output.Name); isInput {
			continue
		}
		if value, has := c.emptyOutput(output); has {
			c.state[key] = value
		}
	}
}

func (c *change) emptyOutput(output *schema.Property) (resource.PropertyValue, bool) {
	switch output.Type.Kind {
	case schema.String:
		if c.model == generic {
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
func (c *change) genericID() string {
	if name := c.inputs.str("name"); name != "" {
		return name
	}
	return lowerFirst(shortName(c.token)) + "-" + randomHex(17)
}

// genericOutput makes a text output for a type without a model that tells what it stands for.
func (c *change) genericOutput(name string) string {
	if name == "arn" {
		return fmt.Sprintf("arn:%s:%s:%s:%s:%s/%s", c.p.region.Partition(), serviceOf(c.token), c.p.region.Name,
			world.Account, lowerFirst(shortName(c.token)), c.id)
	}
	return name + "-" + c.id
}

func (c *change) hasOutput(name string) bool {
	if c.resource == nil {
		return true
	}
	_, has := c.resource.Output(name)
	return has
}

// keyOf returns what tells the thing with the state and id apart.
func (c *change) keyOf(state resource.PropertyMap, id string) (world.Key, error) {
	key := world.Key{Region: c.p.homeOf(c.kind), Type: c.token, Key: id}
	if c.model.Key == "" {
		return key, nil
	}
	variables := c.p.scopeVariables()
	if arn := c.variables["arn"]; arn != "" {
		variables["arn"] = arn
	}
	var err error
	key.Key, err = scope{variables: variables, properties: view(state)}.text(c.model.Key)
	return key, err
}

// write puts the thing into the world.
func (c *change) write(checked resource.PropertyMap) error {
	key, err := c.keyOf(c.state, c.id)
	if err != nil {
		return err
	}
	thing := &world.Thing{
		Key: key, ID: c.id, URN: string(c.urn), ARN: c.variables["arn"],
		Name:   view(c.state).str(c.model.nameProperty()),
		Inputs: checked, State: c.state,
	}
	if c.thing != nil {
		thing.ARN, thing.Created = c.thing.ARN, c.thing.Created
	}
	if err := c.tx.Put(thing, c.links); err != nil {
		return err
	}
	c.thing = thing
	return nil
}

func (c *change) update(id string, olds, checked resource.PropertyMap) error {
	thing, err := c.find(id, olds)
	if err != nil {
		return err
	}
	if thing == nil {
		return fmt.Errorf("couldn't find resource: it was deleted outside of Pulumi; run `pulumi refresh`, then update again")
	}
	c.thing, c.id, c.variables["id"], c.variables["arn"] = thing, thing.ID, thing.ID, thing.ARN
	c.olds = view(restoreSecrets(thing.State, olds))
	if c.state, err = c.merged(olds); err != nil {
		return err
	}
	if err := c.follow(); err != nil {
		return err
	}
	if c.behavior.update != nil {
		if err := c.behavior.update(c); err != nil {
			return err
		}
	}
	if err := c.compute(true); err != nil {
		return err
	}
	c.set("id", c.id)
	return c.write(checked)
}

// merged returns the state that an update of the thing leads to: what the program changed as it says, everything else
// as it is in the world, where it may have changed since.
func (c *change) merged(olds resource.PropertyMap) (resource.PropertyMap, error) {
	state := resource.PropertyMap(c.olds).Copy()
	inputs := resource.PropertyMap(c.inputs)
	d := newDifference(c.kind, olds, inputs)
	if c.resource == nil {
		for name, value := range inputs {
			state[name] = value
		}
		return state, nil
	}
	if err := d.compute(); err != nil {
		return nil, err
	}
	c.difference = d
	for i := range c.resource.Inputs {
		name := c.resource.Inputs[i].Name
		key := resource.PropertyKey(name)
		value, given := inputs[key]
		switch {
		case given && (d.changed(name) || !olds.HasValue(key)):
			state[key] = value
		case !given && d.changed(name):
			delete(state, key)
		}
	}
	return state, nil
}

// keeping are the properties with which a program asks to leave a thing alone when its resource is deleted.
var keeping = []string{"skipDestroy", "retainOnDelete"}

func (c *change) remove(id string) error {
	for _, guard := range keeping {
		if c.olds.bool(guard) {
			return nil
		}
	}
	thing, err := c.find(id, resource.PropertyMap(c.olds))
	if thing == nil || err != nil {
		return err
	}
	c.thing, c.id = thing, thing.ID
	if err := c.refuseUsed(); err != nil {
		return err
	}
	if c.behavior.remove != nil {
		if err := c.behavior.remove(c); err != nil {
			return err
		}
	}
	return c.tx.Remove(thing.Key)
}

// find returns the thing with the id and state, or nil.
func (c *change) find(id string, state resource.PropertyMap) (*world.Thing, error) {
	if arn := view(state).str("arn"); arn != "" {
		c.variables["arn"] = arn
	}
	key, err := c.keyOf(state, id)
	if err != nil {
		return nil, err
	}
	thing, err := c.tx.Get(key)
	if errors.Is(err, world.ErrNotFound) {
		return nil, nil
	}
	return thing, err
}

// planned returns the outputs of a create that are known in a preview: inputs are, what AWS fills in is not.
func (k kind) planned(inputs resource.PropertyMap) resource.PropertyMap {
	planned := inputs.Copy()
	planned["id"] = unknown
	if k.resource == nil {
		return planned
	}
	for i := range k.resource.Outputs {
		name := k.resource.Outputs[i].Name
		key := resource.PropertyKey(name)
		if inputs.HasValue(key) {
			continue
		}
		if _, isInput := k.resource.Input(name); !isInput || k.model.filledByAWS(name) {
			planned[key] = unknown
		}
	}
	if k.behavior.preview != nil {
		k.behavior.preview(view(inputs), planned)
	}
	return planned
}

// plannedUpdate returns the outputs of an update that are known in a preview: computed ones stay as they are unless the
// type says that they will change.
func (k kind) plannedUpdate(olds, inputs resource.PropertyMap) (resource.PropertyMap, error) {
	planned := olds.Copy()
	d := newDifference(k, olds, inputs)
	if err := d.compute(); err != nil {
		return nil, err
	}
	for name, value := range inputs {
		if d.changed(string(name)) || !olds.HasValue(name) {
			planned[name] = value
		}
	}
	for _, e := range d.edits {
		if _, given := inputs[resource.PropertyKey(e.path)]; !given && e.change == deleted {
			delete(planned, resource.PropertyKey(e.path))
		}
	}
	if k.behavior.plan != nil {
		for _, name := range k.behavior.plan(d) {
			planned[resource.PropertyKey(name)] = unknown
		}
	}
	return planned, nil
}

func toAny(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

func lowerFirst(name string) string {
	if name == "" {
		return name
	}
	return string(name[0]|0x20) + name[1:]
}
