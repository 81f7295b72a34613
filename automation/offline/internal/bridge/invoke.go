package bridge

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Call is one call of a function.
type Call struct {
	p       *Provider
	Context context.Context //nolint:containedctx // a call is over before it
	Tx      *world.Tx
	Args    values.View
}

// Region returns the provider's.
func (c Call) Region() region.Region { return c.p.Region }

// Change looks into the world as a change does, of nothing.
func (c Call) Change() *Change { return &Change{p: c.p, Tx: c.Tx} }

// DefaultTags returns those that the provider was configured with.
func (c Call) DefaultTags() map[string]string { return c.p.DefaultTags }

// Invoke calls a function.
func (p *Provider) Invoke(ctx context.Context, req *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	token := req.GetTok()
	definition, known := p.Schema.Function(token)
	if !known {
		return nil, status.Errorf(
			codes.InvalidArgument,
			"unknown function %s: pulumi-aws %s has no such function",
			token,
			p.Schema.Version,
		)
	}
	function, modelled := p.functions[token]
	if !modelled {
		return nil, status.Errorf(
			codes.Unimplemented,
			"offline: the function %s is not modelled; give its result in the "+
				"configuration, or run against AWS",
			token,
		)
	}
	args, err := Unmarshal(req.GetArgs())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.InvokeResponse{}
	for _, f := range p.Schema.CheckInputs(definition.Inputs, args) {
		response.Failures = append(response.Failures, &pulumirpc.CheckFailure{Property: f.Path, Reason: f.Reason})
	}
	if len(response.Failures) > 0 {
		return response, nil
	}
	var result map[string]any
	err = p.world.Update(ctx, func(tx *world.Tx) (err error) {
		result, err = function(Call{p, ctx, tx, values.View(args)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("invoking %s: %w", token, err)
	}
	returned := revealed(args)
	for name, value := range result {
		returned[resource.PropertyKey(name)] = values.Of(value)
	}
	response.Return, err = Marshal(returned)
	return response, err
}

// revealed returns arguments without secret marks: the results of functions carry none.
func revealed(args resource.PropertyMap) resource.PropertyMap {
	plain := make(resource.PropertyMap, len(args))
	for name, value := range args {
		plain[name] = values.Reveal(value)
	}
	return plain
}
