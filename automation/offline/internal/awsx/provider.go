// Package awsx stands in for the Pulumi AWSx provider. It models one component, awsx:ec2:Vpc, and registers for it
// exactly what pulumi-awsx 2.22.0 registers: the same resources with the same names, parents, inputs and address
// ranges, and the same outputs and errors. The children are ordinary resources of the aws provider, so everything that
// may be said of a component (providers, aliases, transforms, dependencies) reaches them.
package awsx

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/awslab/awslab/automation/offline/internal/schema"
)

const vpcType = "awsx:ec2:Vpc"

// Provider implements pulumirpc.ResourceProviderServer for the package awsx.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	engine *grpc.ClientConn
	schema *schema.Package
	// aws is the version of the provider to which the components' children belong.
	aws string
}

// New returns the stand-in. engine is the connection to the engine that started it.
func New(engine *grpc.ClientConn) (*Provider, error) {
	pkg, err := schema.AWSX()
	if err != nil {
		return nil, err
	}
	aws, err := schema.AWS()
	if err != nil {
		return nil, err
	}
	return &Provider{engine: engine, schema: pkg, aws: aws.Version}, nil
}

// Handshake implements pulumirpc.ResourceProviderServer.
func (p *Provider) Handshake(
	context.Context,
	*pulumirpc.ProviderHandshakeRequest,
) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true, AcceptOutputs: true}, nil
}

// GetPluginInfo implements pulumirpc.ResourceProviderServer.
func (p *Provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: p.schema.Version}, nil
}

// GetSchema returns the package's name and version. Nothing at run time asks for more: SDKs are generated elsewhere.
func (p *Provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	text, err := json.Marshal(map[string]string{"name": p.schema.Name, "version": p.schema.Version})
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return &pulumirpc.GetSchemaResponse{Schema: string(text)}, nil
}

// CheckConfig accepts the configuration as it is: the components' children have that of their own provider.
func (p *Provider) CheckConfig(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: req.GetNews()}, nil
}

// DiffConfig implements pulumirpc.ResourceProviderServer.
func (p *Provider) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

// Configure implements pulumirpc.ResourceProviderServer.
func (p *Provider) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{
		AcceptSecrets:   true,
		AcceptResources: true,
		AcceptOutputs:   true,
		SupportsPreview: true,
	}, nil
}

// Cancel implements pulumirpc.ResourceProviderServer. The engine sends it at the end of every run.
func (p *Provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Construct implements pulumirpc.ResourceProviderServer.
func (p *Provider) Construct(
	ctx context.Context,
	req *pulumirpc.ConstructRequest,
) (*pulumirpc.ConstructResponse, error) {
	if req.GetType() != vpcType {
		return nil, status.Errorf(
			codes.Unimplemented,
			"offline: %s has no stand-in; of awsx the offline target models %s. "+
				"Use the resources of the aws package instead, or run against AWS",
			req.GetType(),
			vpcType,
		)
	}
	if err := p.check(req); err != nil {
		return nil, err
	}
	return provider.Construct(ctx, req, p.engine, func(
		ctx *pulumi.Context, _, name string, inputs provider.ConstructInputs, options pulumi.ResourceOption,
	) (*provider.ConstructResult, error) {
		return constructVpc(ctx, name, inputs, options, p.aws)
	})
}

// check refuses inputs that the component's schema does not know or that have another type there.
func (p *Provider) check(req *pulumirpc.ConstructRequest) error {
	vpc, known := p.schema.Resource(vpcType)
	if !known {
		return fmt.Errorf("the schema of awsx %s lacks %s", p.schema.Version, vpcType)
	}
	inputs, err := plugin.UnmarshalProperties(req.GetInputs(), plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepResources: true, KeepOutputValues: true,
	})
	if err != nil {
		return fmt.Errorf("reading the inputs of %s %s: %w", vpcType, req.GetName(), err)
	}
	failures := p.schema.CheckInputs(vpc.Inputs, inputs)
	if len(failures) == 0 {
		return nil
	}
	var message strings.Builder
	for _, f := range failures {
		fmt.Fprintf(&message, "\n  %s: %s", f.Path, f.Reason)
	}
	return status.Errorf(
		codes.InvalidArgument,
		"%s %s has inputs that cannot be:%s",
		vpcType,
		req.GetName(),
		message.String(),
	)
}
