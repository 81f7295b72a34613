package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Create makes a thing, or in a preview says what will be known of it.
func (p *Provider) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	kind, err := p.kindOf(ctx, req.GetUrn())
	if err != nil {
		return nil, err
	}
	checked, err := Unmarshal(req.GetProperties())
	if err != nil {
		return nil, err
	}
	inputs := values.WithoutDefaults(checked)
	if req.GetPreview() {
		properties, err := Marshal(kind.planned(inputs))
		return &pulumirpc.CreateResponse{Properties: properties}, err
	}
	fault, err := p.takeRunFault(ctx, kind)
	if err != nil {
		return nil, err
	}
	var c *Change
	err = p.attempt(ctx, world.Create, kind, func(tx *world.Tx) (err error) {
		c = p.newChange(tx, kind, inputs)
		c.State, c.Fault = inputs.Copy(), fault
		return c.create(checked)
	}, func() error { return p.goOn(ctx, c) })
	if err != nil {
		return nil, p.failed(ctx, c, checked, p.wrap("creating", "Create", kind.Token, kind.title(inputs), err))
	}
	p.reportWarnings(ctx, c)
	properties, err := Marshal(c.State)
	return &pulumirpc.CreateResponse{Id: c.Id, Properties: properties}, err
}

// Update changes a thing, or in a preview says what will be known of it.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	kind, olds, checked, err := p.received(ctx, req.GetUrn(), req.GetOlds(), req.GetNews())
	if err != nil {
		return nil, err
	}
	inputs := values.WithoutDefaults(checked)
	if req.GetPreview() {
		planned, err := kind.plannedUpdate(olds, inputs)
		if err != nil {
			return nil, err
		}
		properties, err := Marshal(planned)
		return &pulumirpc.UpdateResponse{Properties: properties}, err
	}
	fault, err := p.takeRunFault(ctx, kind)
	if err != nil {
		return nil, err
	}
	var c *Change
	err = p.attempt(ctx, world.Update, kind, func(tx *world.Tx) (err error) {
		c = p.newChange(tx, kind, inputs)
		c.Fault = fault
		return c.update(req.GetId(), olds, checked)
	}, func() error { return p.goOn(ctx, c) })
	if err != nil {
		return nil, p.failed(ctx, c, checked, p.wrap("updating", "Update", kind.Token, req.GetId(), err))
	}
	p.reportWarnings(ctx, c)
	properties, err := Marshal(c.State)
	return &pulumirpc.UpdateResponse{Properties: properties}, err
}

// Delete deletes a thing. What is gone already is deleted.
func (p *Provider) Delete(ctx context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	kind, err := p.kindOf(ctx, req.GetUrn())
	if err != nil {
		return nil, err
	}
	state, err := Unmarshal(req.GetProperties())
	if err != nil {
		return nil, err
	}
	var c *Change
	err = p.attempt(ctx, world.Delete, kind, func(tx *world.Tx) error {
		c = p.newChange(tx, kind, state)
		c.Olds = values.View(state)
		return c.remove(req.GetId())
	})
	if err != nil {
		return nil, p.wrap("deleting", "Delete", kind.Token, req.GetId(), err)
	}
	p.reportWarnings(ctx, c)
	return &emptypb.Empty{}, nil
}

// reportWarnings reports the warnings of a change that was made.
func (p *Provider) reportWarnings(ctx context.Context, c *Change) {
	for _, warning := range c.warnings {
		p.warn(ctx, string(c.urn), warning)
	}
}

// attempt runs an operation in a transaction, waits out refusals that the real provider waits out, and lets requested
// faults strike first. What comes next is called once the operation has been written.
func (p *Provider) attempt(
	ctx context.Context, operation world.Operation, k kind, f func(*world.Tx) error, next ...func() error,
) error {
	if err := p.injectFault(ctx, operation, k); err != nil {
		return err
	}
	deadline := time.Now().Add(p.Patience)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		err := p.world.Update(ctx, f)
		if err == nil {
			for _, f := range next {
				if err := f(); err != nil {
					return err
				}
			}
			return p.end(ctx, operation, k)
		}
		if !isRetried(err) || time.Now().After(deadline) {
			return err
		}
		if !p.pause(ctx, wait) {
			return err
		}
	}
}

// end ends an operation that has been done, after what a requested fault delays it by.
func (p *Provider) end(ctx context.Context, operation world.Operation, k kind) error {
	return errors.Join(
		p.injectFaultAtEnd(ctx, operation, k),
		p.world.End(context.WithoutCancel(ctx), string(k.urn)),
	)
}

// injectFaultAtEnd lets a requested fault strike once the operation is done. What is done is not cancelled any more.
func (p *Provider) injectFaultAtEnd(ctx context.Context, operation world.Operation, k kind) error {
	ended, has := operation.End()
	if !has {
		return nil
	}
	if err := p.injectFault(ctx, ended, k); !errors.Is(err, errCancelled) {
		return err
	}
	return nil
}

var errCancelled = errors.New("the operation was cancelled")

// injectFault lets a requested fault strike.
func (p *Provider) injectFault(ctx context.Context, operation world.Operation, k kind) error {
	fault, err := p.world.TakeFault(ctx, operation, string(k.urn))
	if fault == nil || err != nil {
		return err
	}
	if !p.pause(ctx, fault.Delay) {
		return errCancelled
	}
	if fault.Code == "" {
		return nil
	}
	return Refuse(fault.Code, "%s", fault.Message)
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

func (p *Provider) newChange(tx *world.Tx, k kind, inputs resource.PropertyMap) *Change {
	return &Change{
		kind: k, p: p, Tx: tx, Inputs: values.View(inputs),
		Variables: p.scopeVariables(),
		values:    map[string]resource.PropertyValue{"zones": values.Of(values.ToAny(p.Region.ZoneNames()))},
	}
}

// title returns what an error calls a thing that has no id yet.
func (k kind) title(inputs resource.PropertyMap) string {
	if name := values.View(inputs).Str(k.Model.NameProperty()); name != "" {
		return name
	}
	return k.urn.Name()
}

func (c *Change) create(checked resource.PropertyMap) error {
	if err := c.refusePatterns(); err != nil {
		return err
	}
	if err := c.follow(); err != nil {
		return err
	}
	if err := c.refuseTaken(); err != nil {
		return err
	}
	if c.behavior.Create != nil {
		if err := c.behavior.Create(c); err != nil {
			return err
		}
	}
	if err := c.identify(); err != nil {
		return err
	}
	if err := c.write(checked); err != nil {
		return err
	}
	if c.behavior.Created != nil {
		if err := c.behavior.Created(c); err != nil {
			return err
		}
	}
	if c.p.limit != nil {
		if err := c.p.limit(c.Tx, c.Thing); err != nil {
			return err
		}
	}
	return c.authorize()
}

// authorize refuses what has calls that are denied.
func (c *Change) authorize() error {
	if c.p.Authorize == nil {
		return nil
	}
	return c.p.Authorize(c.Tx, c.Thing)
}

// refusePatterns refuses what AWS checks and the provider does not.
func (c *Change) refusePatterns() error {
	for _, path := range values.SortedKeys(c.Model.APIPatterns) {
		pattern := c.Model.APIPatterns[path]
		if value := c.Inputs.Str(path); value != "" && !pattern.Match(value) {
			return Refuse("InvalidParameterValue", "invalid value %q for %s: it must match %s", value, path, pattern)
		}
	}
	return nil
}

// refuseTaken refuses a name that another thing has.
func (c *Change) refuseTaken() error {
	taken := c.Model.Taken
	name := c.Inputs.Str(c.Model.NameProperty())
	if taken == nil || name == "" {
		return nil
	}
	until, buried, err := c.Tx.Buried(c.p.homeOf(c.kind), c.Token, name)
	if err != nil {
		return err
	}
	if buried {
		return Refuse(
			"InvalidRequestException",
			"You can't create this %s because one named %s is scheduled for deletion "+
				"until %s.",
			model.ShortName(c.Token),
			name,
			until.Format(time.RFC3339),
		)
	}
	others, err := c.Tx.ByName(c.Token, name)
	if err != nil {
		return err
	}
	for _, other := range others {
		if taken.Scope != "world" && other.Region != c.p.homeOf(c.kind) || !c.sameIn(other, taken.With) {
			continue
		}
		message, err := c.Expand(taken.Message)
		if err != nil {
			return err
		}
		return Refuse(taken.Code, "%s", message)
	}
	return nil
}

func (c *Change) sameIn(other *world.Thing, properties []string) bool {
	for _, path := range properties {
		if values.View(other.State).Str(path) != values.View(c.State).Str(path) {
			return false
		}
	}
	return true
}

// write puts the thing into the world, as AWS writes it down.
func (c *Change) write(checked resource.PropertyMap) error {
	c.asWritten()
	key, err := c.keyOf(c.State, c.Id)
	if err != nil {
		return err
	}
	if len(c.Pending) > 0 {
		checked = checked.Copy()
		checked[pendingKey] = values.Of(values.ToAny(c.Pending))
	}
	thing := &world.Thing{
		Key: key, ID: c.Id, URN: string(c.urn), ARN: c.Variables["arn"],
		Name:   values.View(c.State).Str(c.Model.NameProperty()),
		Inputs: checked, State: c.State,
	}
	if c.Thing != nil {
		thing.ARN, thing.Created = c.Thing.ARN, c.Thing.Created
	}
	if err := c.Tx.Put(thing, c.Links); err != nil {
		return err
	}
	c.Thing = thing
	return nil
}

func (c *Change) update(id string, olds, checked resource.PropertyMap) error {
	thing, err := c.find(id, olds)
	if err != nil {
		return err
	}
	if thing == nil {
		return fmt.Errorf(
			"couldn't find resource: it was deleted outside of Pulumi; run `pulumi refresh`, then update again",
		)
	}
	c.Thing, c.Id, c.Variables["id"], c.Variables["arn"] = thing, thing.ID, thing.ID, thing.ARN
	c.Olds = values.View(restoreSecrets(thing.State, olds))
	if c.State, err = c.merged(olds); err != nil {
		return err
	}
	if err := c.follow(); err != nil {
		return err
	}
	if c.behavior.Update != nil {
		if err := c.behavior.Update(c); err != nil {
			return err
		}
	}
	if err := c.Compute(true); err != nil {
		return err
	}
	c.Set("id", c.Id)
	if err := c.write(checked); err != nil {
		return err
	}
	return c.authorize()
}

// merged returns the state that an update of the thing leads to: what the program changed as it says, everything else
// as it is in the world, where it may have changed since.
func (c *Change) merged(olds resource.PropertyMap) (resource.PropertyMap, error) {
	state := resource.PropertyMap(c.Olds).Copy()
	inputs := resource.PropertyMap(c.Inputs)
	if c.Resource == nil {
		for name, value := range inputs {
			state[name] = value
		}
		return state, nil
	}
	d, err := c.difference(olds, inputs)
	if err != nil {
		return nil, err
	}
	c.Difference = d
	for i := range c.Resource.Inputs {
		name := c.Resource.Inputs[i].Name
		key := resource.PropertyKey(name)
		value, given := inputs[key]
		switch {
		case given && (d.Changed(name) || !olds.HasValue(key)):
			state[key] = value
		case !given && d.Changed(name):
			delete(state, key)
		}
	}
	// The SDK has no such input; Check adds it.
	if all, given := inputs["tagsAll"]; given && !all.DeepEquals(olds["tagsAll"]) {
		state["tagsAll"] = all
	}
	return state, nil
}

// keeping are the properties with which a program asks to leave a thing alone when its resource is deleted.
var keeping = []string{"skipDestroy", "retainOnDelete"}

func (c *Change) remove(id string) error {
	for _, guard := range keeping {
		if c.Olds.Bool(guard) {
			return nil
		}
	}
	thing, err := c.find(id, resource.PropertyMap(c.Olds))
	if thing == nil || err != nil {
		return err
	}
	c.Thing, c.Id = thing, thing.ID
	if err := c.refuseUsed(); err != nil {
		return err
	}
	if c.behavior.Remove != nil {
		if err := c.behavior.Remove(c); err != nil {
			return err
		}
	}
	return c.Tx.Remove(thing.Key)
}

// find returns the thing with the id and state, or nil.
func (c *Change) find(id string, state resource.PropertyMap) (*world.Thing, error) {
	if arn := values.View(state).Str("arn"); arn != "" {
		c.Variables["arn"] = arn
	}
	key, err := c.keyOf(state, id)
	if err != nil {
		return nil, err
	}
	thing, err := c.Tx.Get(key)
	if errors.Is(err, world.ErrNotFound) {
		return nil, nil
	}
	return thing, err
}
