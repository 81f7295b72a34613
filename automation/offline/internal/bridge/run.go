package bridge

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// takeRunFault returns the requested fault that strikes what a resource does by itself, or nil.
func (p *Provider) takeRunFault(ctx context.Context, k kind) (*world.Fault, error) {
	if !k.behavior.Runs {
		return nil, nil
	}
	fault, err := p.world.TakeFault(ctx, world.Run, string(k.urn))
	if fault != nil && !p.pause(ctx, fault.Delay) {
		return nil, errCancelled
	}
	return fault, err
}

// goOn has a thing that has been written do what it does by itself, in a transaction of its own: what was there before
// goes on meanwhile. It returns what the provider's wait for it fails with.
func (p *Provider) goOn(ctx context.Context, c *Change) error {
	if c.behavior.Run == nil {
		return nil
	}
	if err := p.world.Update(ctx, func(tx *world.Tx) error {
		c.Tx = tx
		return c.behavior.Run(c)
	}); err != nil {
		return err
	}
	return c.failure
}

// failed returns the error of an operation. Where the thing has been written and only the wait for it has failed, it
// tells the engine what there is, as the bridged provider does: the engine keeps it in the state, and updates it the
// next time.
func (p *Provider) failed(ctx context.Context, c *Change, inputs resource.PropertyMap, err error) error {
	if c == nil || c.failure == nil {
		return err
	}
	p.reportWarnings(ctx, c)
	detail := &pulumirpc.ErrorResourceInitFailed{Id: c.Id, Reasons: []string{err.Error()}}
	var wrong error
	if detail.Properties, wrong = Marshal(c.State); wrong != nil {
		return wrong
	}
	if detail.Inputs, wrong = Marshal(inputs); wrong != nil {
		return wrong
	}
	return rpcerror.WithDetails(rpcerror.New(codes.Unknown, err.Error()), detail)
}
