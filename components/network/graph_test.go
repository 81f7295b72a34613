package network

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network/networktest"
)

// graph records what a program registers.
type graph struct {
	mutex     sync.Mutex
	resources []pulumi.MockResourceArgs
	zoneNames []string // what the region answers to getAvailabilityZones
	// endpointZones are where every service has interface endpoints.
	endpointZones []string
	asked         resource.PropertyMap
	ipv6Block     string // of every VPC
}

func (g *graph) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	id := args.Name + "-id"
	if networktest.IsStandIn(args) {
		return id, args.Inputs, nil
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.resources = append(g.resources, args)

	state := args.Inputs.Copy()
	if args.TypeToken == networktest.VpcToken {
		state = networktest.VpcOutputs(args)
	}
	if args.Custom {
		state["arn"] = resource.NewStringProperty("arn:" + args.Name)
		state["prefixListId"] = resource.NewStringProperty("pl-" + args.Name)
	}
	return id, state, nil
}

func (g *graph) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token == "aws:ec2/getVpc:getVpc" {
		return resource.PropertyMap{
			"id":            args.Args["id"],
			"ipv6CidrBlock": resource.NewStringProperty(g.ipv6Block),
		}, nil
	}
	if args.Token == "aws:ec2/getVpcEndpointService:getVpcEndpointService" {
		zones := []any{}
		for _, zone := range g.endpointZones {
			zones = append(zones, zone)
		}
		return resource.NewPropertyMapFromMap(map[string]any{"availabilityZones": zones}), nil
	}
	g.asked = args.Args
	names := []resource.PropertyValue{}
	for _, name := range g.zoneNames {
		names = append(names, resource.NewStringProperty(name))
	}
	return resource.PropertyMap{"names": resource.NewArrayProperty(names)}, nil
}

// run runs a program that makes a Vpc named "network" in so many zones.
func (g *graph) run(zones int, program pulumi.RunFunc) error {
	return pulumi.RunErr(networktest.WithChildren("network", zones, program), pulumi.WithMocks("awslab", "dev", g))
}

func (g *graph) named(t *testing.T, name string) pulumi.MockResourceArgs {
	t.Helper()
	i := slices.IndexFunc(g.resources, func(r pulumi.MockResourceArgs) bool { return r.Name == name })
	require.GreaterOrEqual(t, i, 0, "no resource is named %q", name)
	return g.resources[i]
}

func (g *graph) inputs(t *testing.T, name string) map[string]any {
	t.Helper()
	return g.named(t, name).Inputs.Mappable()
}

// String lists the resources as a person would draw them: each under its parent, by name.
func (g *graph) String() string {
	children := map[string][]pulumi.MockResourceArgs{}
	for _, r := range g.resources {
		parent := resource.URN(r.RegisterRPC.GetParent())
		key := string(parent.Type()) + " " + parent.Name()
		children[key] = append(children[key], r)
	}
	var text strings.Builder
	var list func(parent, indent string)
	list = func(parent, indent string) {
		slices.SortFunc(
			children[parent],
			func(a, b pulumi.MockResourceArgs) int { return strings.Compare(a.Name, b.Name) },
		)
		for _, child := range children[parent] {
			fmt.Fprintf(&text, "%s%s  %s\n", indent, child.Name, child.TypeToken)
			list(child.TypeToken+" "+child.Name, indent+"  ")
		}
	}
	list("pulumi:pulumi:Stack awslab-dev", "")
	return text.String()
}

var ireland = identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "123456789012"}

func twoZones() *VpcArgs {
	return &VpcArgs{Location: ireland, AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"}}
}

// await returns the value of an output once it is known.
func await(t *testing.T, output pulumi.Output) any {
	t.Helper()
	result, err := internals.UnsafeAwaitOutput(t.Context(), output)
	require.NoError(t, err)
	return result.Value
}
