// Package networktest lets programs that use components/network run under pulumi.WithMocks: it stands in for what the
// remote component awsx:ec2:Vpc returns.
package networktest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
)

// VpcToken is the type for which a mock returns [VpcOutputs].
const VpcToken = "awsx:ec2:Vpc"

// WithChildren runs a program after registering the subnets and route tables, and the internet gateway, that awsx would
// make for a network.Vpc of that name. A mock's answer can refer only to resources the mocks have seen, and no mock can
// register one itself.
func WithChildren(vpcName string, zones int, program pulumi.RunFunc) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := register(ctx, vpcName, zones); err != nil {
			return fmt.Errorf("registering stand-ins for the children of VPC %q: %w", vpcName, err)
		}
		return program(ctx)
	}
}

func register(ctx *pulumi.Context, vpcName string, zones int) error {
	gateway, err := ec2.NewInternetGateway(ctx, vpcName+"-vpc", &ec2.InternetGatewayArgs{VpcId: pulumi.String(vpcName)})
	if err != nil {
		return err
	}
	children := []pulumi.CustomResource{gateway}
	for _, name := range childNames(vpcName+"-vpc", zones) {
		table, err := ec2.NewRouteTable(ctx, name, &ec2.RouteTableArgs{VpcId: pulumi.String(vpcName)})
		if err != nil {
			return err
		}
		subnet, err := ec2.NewSubnet(ctx, name, &ec2.SubnetArgs{VpcId: pulumi.String(vpcName)})
		if err != nil {
			return err
		}
		children = append(children, table, subnet)
	}
	// Registration is asynchronous; once its id is known the mocks have seen a child.
	for _, child := range children {
		if _, err := internals.UnsafeAwaitOutput(ctx.Context(), child.ID()); err != nil {
			return err
		}
	}
	return nil
}

const (
	subnet          = "aws:ec2/subnet:Subnet"
	routeTable      = "aws:ec2/routeTable:RouteTable"
	internetGateway = "aws:ec2/internetGateway:InternetGateway"
)

// IsStandIn tells what [WithChildren] registered from the program's own resources: it has no parent but the stack.
func IsStandIn(args pulumi.MockResourceArgs) bool {
	return slices.Contains([]string{subnet, routeTable, internetGateway}, args.TypeToken) &&
		strings.Contains(args.RegisterRPC.GetParent(), "pulumi:pulumi:Stack")
}

// VpcOutputs returns the outputs of the awsx:ec2:Vpc that args register, with an id of "<name>-id" for each resource.
func VpcOutputs(args pulumi.MockResourceArgs) resource.PropertyMap {
	zones := args.Inputs["availabilityZoneNames"].ArrayValue()
	outputs := resource.PropertyMap{
		"vpcId":       resource.NewStringProperty(args.Name + "-id"),
		"natGateways": resource.NewArrayProperty([]resource.PropertyValue{}),
	}
	for output, tier := range map[resource.PropertyKey]string{
		"publicSubnetIds":   "public",
		"privateSubnetIds":  "app",
		"isolatedSubnetIds": "data",
	} {
		ids := []resource.PropertyValue{}
		for zone := range zones {
			ids = append(ids, resource.NewStringProperty(fmt.Sprintf("%s-%s-%d-id", args.Name, tier, zone+1)))
		}
		outputs[output] = resource.NewArrayProperty(ids)
	}
	subnets, tables := []resource.PropertyValue{}, []resource.PropertyValue{}
	for _, name := range childNames(args.Name, len(zones)) {
		subnets = append(subnets, standIn(args, subnet, name))
		tables = append(tables, standIn(args, routeTable, name))
	}
	outputs["subnets"] = resource.NewArrayProperty(subnets)
	outputs["internetGateway"] = standIn(args, internetGateway, args.Name)
	outputs["routeTables"] = resource.NewArrayProperty(tables)
	return outputs
}

func childNames(vpcName string, zones int) []string {
	var names []string
	for zone := range zones {
		for _, tier := range []string{"public", "app", "data"} {
			names = append(names, fmt.Sprintf("%s-%s-%d", vpcName, tier, zone+1))
		}
	}
	return names
}

func standIn(args pulumi.MockResourceArgs, token tokens.Type, name string) resource.PropertyValue {
	parent := resource.URN(args.RegisterRPC.GetParent())
	urn := resource.NewURN(parent.Stack(), parent.Project(), "", token, name)
	return resource.MakeCustomResourceReference(urn, resource.ID(name+"-id"), "")
}
