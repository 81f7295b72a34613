package awsx

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

const (
	stackURN  = "urn:pulumi:dev::awslab::pulumi:pulumi:Stack::awslab-dev"
	regionRef = "urn:pulumi:dev::awslab::pulumi:providers:aws::ireland::1234"
)

// engine is the part of Pulumi's engine that a component talks to. It creates what is registered at once, with the
// ids that the recorded cases have, or leaves the ids unknown in preview.
type engine struct {
	pulumirpc.UnimplementedResourceMonitorServer
	pulumirpc.UnimplementedEngineServer
	preview bool

	mu         sync.Mutex
	registered []*pulumirpc.RegisterResourceRequest
	invoked    []*pulumirpc.ResourceInvokeRequest
	warnings   []string
}

func (e *engine) SupportsFeature(
	context.Context,
	*pulumirpc.SupportsFeatureRequest,
) (*pulumirpc.SupportsFeatureResponse, error) {
	return &pulumirpc.SupportsFeatureResponse{HasSupport: true}, nil
}

func (e *engine) RegisterResource(
	_ context.Context, req *pulumirpc.RegisterResourceRequest,
) (*pulumirpc.RegisterResourceResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered = append(e.registered, req)
	response := &pulumirpc.RegisterResourceResponse{Urn: urnOf(req), Object: req.GetObject()}
	if !req.GetCustom() || e.preview {
		return response, nil
	}
	response.Id = req.GetName() + "-id"
	response.Object = &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for k, v := range req.GetObject().GetFields() {
		response.Object.Fields[k] = v
	}
	switch req.GetType() {
	case "aws:ec2/eip:Eip":
		response.Object.Fields["allocationId"] = structpb.NewStringValue(req.GetName() + "-eipalloc")
	case "aws:ec2/vpc:Vpc":
		if _, given := response.Object.Fields["cidrBlock"]; !given {
			response.Object.Fields["cidrBlock"] = structpb.NewStringValue("10.64.0.0/20")
		}
	}
	return response, nil
}

func urnOf(req *pulumirpc.RegisterResourceRequest) string {
	types := req.GetType()
	if parent := req.GetParent(); parent != "" && parent != stackURN {
		types = strings.Split(parent, "::")[2] + "$" + types
	}
	return "urn:pulumi:dev::awslab::" + types + "::" + req.GetName()
}

func (e *engine) RegisterResourceOutputs(
	context.Context,
	*pulumirpc.RegisterResourceOutputsRequest,
) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (e *engine) Invoke(
	_ context.Context,
	req *pulumirpc.ResourceInvokeRequest,
) (*pulumirpc.ResourceInvokeResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.invoked = append(e.invoked, req)
	result, err := structpb.NewStruct(map[string]any{"names": []any{"eu-west-1a", "eu-west-1b", "eu-west-1c"}})
	return &pulumirpc.ResourceInvokeResponse{Return: result}, err
}

func (e *engine) Log(_ context.Context, req *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if req.GetSeverity() == pulumirpc.LogSeverity_WARNING {
		e.warnings = append(e.warnings, req.GetMessage())
	}
	return &emptypb.Empty{}, nil
}

// construct runs the component named lab with the inputs.
func (e *engine) construct(t *testing.T, inputs resource.PropertyMap) (resource.PropertyMap, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	pulumirpc.RegisterResourceMonitorServer(server, e)
	pulumirpc.RegisterEngineServer(server, e)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })

	options := plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true, KeepOutputValues: true}
	object, err := plugin.MarshalProperties(inputs, options)
	require.NoError(t, err)
	standIn, err := New(conn)
	require.NoError(t, err)
	response, err := standIn.Construct(t.Context(), &pulumirpc.ConstructRequest{
		Project: "awslab", Stack: "dev", DryRun: e.preview, Parallel: 8,
		Type: vpcType, Name: "lab", Parent: stackURN, Inputs: object,
		Providers:       map[string]string{"aws": regionRef},
		MonitorEndpoint: listener.Addr().String(),
	})
	if err != nil {
		return nil, err
	}
	require.Equal(t, "urn:pulumi:dev::awslab::awsx:ec2:Vpc::lab", response.GetUrn())
	state, err := plugin.UnmarshalProperties(response.GetState(), options)
	require.NoError(t, err)
	return state, nil
}

type goldenResource struct {
	Type, Name, Parent string
	Inputs             map[string]any
}

// key tells the resources of a component apart.
func (r goldenResource) key() string { return r.Type + " " + r.Name }

func (e *engine) resources(t *testing.T) map[string]goldenResource {
	resources := map[string]goldenResource{}
	for _, req := range e.registered {
		inputs, err := plugin.UnmarshalProperties(req.GetObject(), plugin.MarshalOptions{})
		require.NoError(t, err)
		r := goldenResource{Type: req.GetType(), Name: req.GetName(), Inputs: inputs.Mappable()}
		if parent := req.GetParent(); parent != stackURN {
			parts := strings.Split(parent, "::")
			types := strings.Split(parts[2], "$")
			r.Parent = strings.Join(types[max(0, len(types)-2):], "$") + "::" + parts[3]
		}
		require.NotContains(t, resources, r.key())
		resources[r.key()] = r
	}
	return resources
}

// TestComponentsRegisterWhatAwsxRegisters runs the whole components recorded from pulumi-awsx 2.22.0.
func TestComponentsRegisterWhatAwsxRegisters(t *testing.T) {
	text, err := os.ReadFile("testdata/awsx-vpc-golden.json")
	require.NoError(t, err)
	var golden struct {
		Cases []struct {
			Name      string
			Args      map[string]any
			Error     string
			Outputs   map[string]any
			Resources []goldenResource
		}
	}
	require.NoError(t, json.Unmarshal(text, &golden))
	require.Len(t, golden.Cases, 10)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			e := &engine{}
			outputs, err := e.construct(t, resource.NewPropertyMapFromMap(c.Args))
			want := map[string]goldenResource{}
			for _, r := range c.Resources {
				want[r.key()] = r
			}
			require.Equal(t, want, e.resources(t))
			if c.Error != "" {
				require.Equal(t, c.Error, status.Convert(err).Message())
				return
			}
			require.NoError(t, err)
			natGateways := len(outputs["natGateways"].ArrayValue())
			require.EqualValues(t, c.Outputs["natGateways"], natGateways)
			delete(c.Outputs, "natGateways")
			for name, want := range c.Outputs {
				require.Equal(t, want, outputs[resource.PropertyKey(name)].Mappable(), name)
			}
		})
	}
}

var (
	twoZones = map[string]any{"availabilityZoneNames": []any{"eu-west-1a", "eu-west-1b"}, "subnetStrategy": "Auto"}
	zoneArgs = func(more map[string]any) resource.PropertyMap {
		args := resource.NewPropertyMapFromMap(twoZones)
		for k, v := range resource.NewPropertyMapFromMap(more) {
			args[k] = v
		}
		return args
	}
)

func TestOutputsReferToTheResources(t *testing.T) {
	e := &engine{}
	outputs, err := e.construct(
		t,
		zoneArgs(
			map[string]any{"vpcEndpointSpecs": []any{map[string]any{"serviceName": "com.amazonaws.eu-west-1.s3"}}},
		),
	)
	require.NoError(t, err)
	vpc := outputs["vpc"].ResourceReferenceValue()
	require.Equal(t, "urn:pulumi:dev::awslab::awsx:ec2:Vpc$aws:ec2/vpc:Vpc::lab", string(vpc.URN))
	require.Equal(t, "lab-id", vpc.ID.StringValue())
	counts := map[string]int{}
	for name, output := range outputs {
		if !output.IsArray() {
			continue
		}
		counts[string(name)] = len(output.ArrayValue())
	}
	require.Equal(t, map[string]int{
		"publicSubnetIds":        2,
		"privateSubnetIds":       2,
		"isolatedSubnetIds":      0,
		"subnets":                4,
		"routeTables":            4,
		"routeTableAssociations": 4,
		"routes":                 4,
		"natGateways":            2,
		"eips":                   2,
		"vpcEndpoints":           1,
		"subnetLayout":           2,
	}, counts)
	require.Equal(t, "lab-id", outputs["internetGateway"].ResourceReferenceValue().ID.StringValue())
}

func TestChildrenInheritTheComponentsProviderAndDependOnTheirParent(t *testing.T) {
	e := &engine{}
	_, err := e.construct(t, zoneArgs(nil))
	require.NoError(t, err)
	for _, req := range e.registered[1:] {
		require.Equal(t, regionRef, req.GetProvider(), req.GetName())
		require.Equal(t, "6.83.2", req.GetVersion(), req.GetName())
		if req.GetType() != "aws:ec2/vpc:Vpc" {
			require.Contains(t, req.GetDependencies(), req.GetParent(), "%s %s", req.GetType(), req.GetName())
		}
	}
}

func TestPreviewLeavesIDsUnknownAndTheLayoutKnown(t *testing.T) {
	e := &engine{preview: true}
	outputs, err := e.construct(t, zoneArgs(nil))
	require.NoError(t, err)
	require.True(
		t,
		outputs["vpcId"].IsComputed() || outputs["vpcId"].IsOutput() && !outputs["vpcId"].OutputValue().Known,
	)
	require.True(t, outputs["publicSubnetIds"].ContainsUnknowns())
	require.False(t, outputs["subnetLayout"].ContainsUnknowns())
	require.Len(t, e.resources(t), 23)
}

func TestZonesAreAskedForOnlyWhenNoneAreNamed(t *testing.T) {
	e := &engine{}
	_, err := e.construct(t, zoneArgs(nil))
	require.NoError(t, err)
	require.Empty(t, e.invoked)

	e = &engine{}
	_, err = e.construct(t, resource.PropertyMap{})
	require.NoError(t, err)
	require.Len(t, e.invoked, 1)
	require.Equal(t, "aws:index/getAvailabilityZones:getAvailabilityZones", e.invoked[0].GetTok())
	require.Empty(t, e.invoked[0].GetArgs().GetFields())
	require.Equal(t, regionRef, e.invoked[0].GetProvider())
}

func TestInputsOfTheVPCArePassedThrough(t *testing.T) {
	e := &engine{}
	given := map[string]any{
		"assignGeneratedIpv6CidrBlock":     true,
		"enableDnsHostnames":               true,
		"enableDnsSupport":                 false,
		"enableNetworkAddressUsageMetrics": true,
		"instanceTenancy":                  "dedicated",
		"ipv6CidrBlock":                    "2001:db8::/56",
		"ipv6CidrBlockNetworkBorderGroup":  "eu-west-1",
		"ipv6IpamPoolId":                   "ipam-pool-6",
		"ipv6NetmaskLength":                56.0,
	}
	_, err := e.construct(t, zoneArgs(given))
	require.NoError(t, err)
	given["cidrBlock"] = "10.0.0.0/16"
	given["tags"] = map[string]any{"Name": "lab"}
	require.Equal(t, given, e.resources(t)["aws:ec2/vpc:Vpc lab"].Inputs)
}

func TestAnIPAMPoolDecidesTheBlock(t *testing.T) {
	pool := map[string]any{"ipv4IpamPoolId": "ipam-pool-4", "ipv4NetmaskLength": 20.0}
	e := &engine{}
	outputs, err := e.construct(t, zoneArgs(pool))
	require.NoError(t, err)
	resources := e.resources(t)
	require.NotContains(t, resources["aws:ec2/vpc:Vpc lab"].Inputs, "cidrBlock")
	require.Equal(t, "10.64.8.0/22", resources["aws:ec2/subnet:Subnet lab-private-2"].Inputs["cidrBlock"])
	require.Equal(t, []any{
		map[string]any{"type": "Private", "cidrMask": 22.0}, map[string]any{"type": "Public", "cidrMask": 23.0},
	}, outputs["subnetLayout"].Mappable())

	e = &engine{preview: true}
	_, err = e.construct(t, zoneArgs(pool))
	require.NoError(t, err)
	require.Len(t, e.resources(t), 23, "which resources there will be does not depend on the block")

	pool["subnetStrategy"] = "Legacy"
	_, err = (&engine{}).construct(t, zoneArgs(pool))
	require.ErrorContains(
		t,
		err,
		`Dynamically allocated cidrBlock ranges are not supported with subnetStrategy="Legacy".`,
	)
}

func TestGivenElasticIPsAreUsed(t *testing.T) {
	e := &engine{preview: true}
	args := zoneArgs(nil)
	args["natGateways"] = resource.NewProperty(resource.PropertyMap{
		"strategy": resource.NewProperty("OnePerAz"),
		"elasticIpAllocationIds": resource.NewProperty([]resource.PropertyValue{
			resource.NewProperty("eipalloc-1"), resource.MakeOutput(resource.NewProperty("")),
		}),
	})
	_, err := e.construct(t, args)
	require.NoError(t, err)
	resources := e.resources(t)
	require.NotContains(t, resources, "aws:ec2/eip:Eip lab-1")
	require.Equal(t, "eipalloc-1", resources["aws:ec2/natGateway:NatGateway lab-1"].Inputs["allocationId"])
	require.Contains(t, resources, "aws:ec2/natGateway:NatGateway lab-2")
}

func TestTagsStayUnknownAndSecretOneByOne(t *testing.T) {
	e := &engine{preview: true}
	args := zoneArgs(map[string]any{"subnetSpecs": []any{
		map[string]any{"type": "Public", "tags": map[string]any{"Tier": "edge", "Name": "mine", "Owner": "net"}},
		map[string]any{"type": "Private"},
	}})
	args["tags"] = resource.NewProperty(resource.PropertyMap{
		"Owner":   resource.NewProperty("all"),
		"Later":   resource.MakeOutput(resource.NewProperty("")),
		"Private": resource.MakeSecret(resource.NewProperty("hush")),
	})
	_, err := e.construct(t, args)
	require.NoError(t, err)
	var tags resource.PropertyMap
	for _, req := range e.registered {
		if req.GetType() == "aws:ec2/subnet:Subnet" && req.GetName() == "lab-public-1" {
			inputs, err := plugin.UnmarshalProperties(
				req.GetObject(),
				plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true},
			)
			require.NoError(t, err)
			tags = inputs["tags"].ObjectValue()
		}
	}
	require.Equal(t, "edge", tags["Tier"].StringValue())
	require.Equal(t, "net", tags["Owner"].StringValue(), "the spec's tags go over the component's")
	require.Equal(t, "lab-public-1", tags["Name"].StringValue(), "the name cannot be tagged away")
	require.True(t, tags["Later"].IsComputed())
	require.True(t, tags["Private"].IsSecret())
}

func TestWhollyUnknownTagsLeaveTheResourcesKnown(t *testing.T) {
	e := &engine{preview: true}
	args := zoneArgs(nil)
	args["tags"] = resource.MakeOutput(resource.NewProperty(resource.PropertyMap{}))
	_, err := e.construct(t, args)
	require.NoError(t, err)
	require.Len(t, e.resources(t), 23)
}
