package bridge

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// Diff compares the program's inputs with the last known state, as the bridged provider's plan does: what drifted and
// was refreshed differs from the program, and what AWS filled in by itself does not.
func (p *Provider) Diff(ctx context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	kind, olds, inputs, err := p.received(ctx, req.GetUrn(), req.GetOlds(), req.GetNews())
	if err != nil {
		return nil, err
	}
	d, err := kind.difference(olds, values.WithoutDefaults(inputs))
	if err != nil {
		return nil, err
	}
	if err := d.Ignore(req.GetIgnoreChanges()); err != nil {
		return nil, err
	}
	return d.Response(inputs), nil
}

// difference compares inputs with a state, as the type's behavior has it.
func (k kind) difference(olds, news resource.PropertyMap) (*diff.Difference, error) {
	d := diff.Between(k.Type, olds, news)
	if k.behavior.Diff == nil || k.Resource == nil {
		return d, nil
	}
	if err := k.behavior.Diff(d); err != nil {
		return nil, fmt.Errorf("%s: %w", k.urn.Name(), err)
	}
	return d, nil
}
