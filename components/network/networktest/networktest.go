// Package networktest lets programs that use components/network run under pulumi.WithMocks: it stands in for what the
// remote component awsx:ec2:Vpc returns.
package networktest

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
)

// VpcToken is the type for which a mock returns [VpcOutputs].
const VpcToken = "awsx:ec2:Vpc"

// WithRouteTables runs a program after registering the route tables, and the internet gateway, that awsx would make for
// a network.Vpc of that name. A mock's answer can refer only to resources the mocks have seen, and no mock can register
// one itself.
func WithRouteTables(vpcName string, zones int, program pulumi.RunFunc) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		gateway, err := ec2.NewInternetGateway(ctx, vpcName+"-vpc", &ec2.InternetGatewayArgs{VpcId: pulumi.String(vpcName)})
		if err != nil {
			return fmt.Errorf("registering stand-in internet gateway %q: %w", vpcName, err)
		}
		if _, err := internals.UnsafeAwaitOutput(ctx.Context(), gateway.ID()); err != nil {
			return fmt.Errorf("registering stand-in internet gateway %q: %w", vpcName, err)
		}
		for _, name := range routeTableNames(vpcName+"-vpc", zones) {
			table, err := ec2.NewRouteTable(ctx, name, &ec2.RouteTableArgs{VpcId: pulumi.String(vpcName)})
			if err != nil {
				return fmt.Errorf("registering stand-in route table %q: %w", name, err)
			}
			// Registration is asynchronous; once the id is known the mocks have seen the table.
			if _, err := internals.UnsafeAwaitOutput(ctx.Context(), table.ID()); err != nil {
				return fmt.Errorf("registering stand-in route table %q: %w", name, err)
			}
		}
		return program(ctx)
	}
}

const (
	routeTable      = "aws:ec2/routeTable:RouteTable"
	internetGateway = "aws:ec2/internetGateway:InternetGateway"
)

// IsStandIn tells what [WithRouteTables] registered from the program's own resources: it has no parent but the stack.
func IsStandIn(args pulumi.MockResourceArgs) bool {
	return (args.TypeToken == routeTable || args.TypeToken == internetGateway) && strings.Contains(args.RegisterRPC.GetParent(), "pulumi:pulumi:Stack")
}

// VpcOutputs are the outputs of the awsx:ec2:Vpc that args register, with an id of "<name>-id" for each resource.
func VpcOutputs(args pulumi.MockResourceArgs) resource.PropertyMap {
	zones := args.Inputs["availabilityZoneNames"].ArrayValue()
	outputs := resource.PropertyMap{
		"vpcId":       resource.NewStringProperty(args.Name + "-id"),
		"natGateways": resource.NewArrayProperty([]resource.PropertyValue{}),
	}
	for output, tier := range map[resource.PropertyKey]string{"publicSubnetIds": "public", "privateSubnetIds": "app", "isolatedSubnetIds": "data"} {
		ids := []resource.PropertyValue{}
		for zone := range zones {
			ids = append(ids, resource.NewStringProperty(fmt.Sprintf("%s-%s-%d-id", args.Name, tier, zone+1)))
		}
		outputs[output] = resource.NewArrayProperty(ids)
	}
	tables := []resource.PropertyValue{}
	for _, name := range routeTableNames(args.Name, len(zones)) {
		tables = append(tables, standIn(args, routeTable, name))
	}
	outputs["internetGateway"] = standIn(args, internetGateway, args.Name)
	outputs["routeTables"] = resource.NewArrayProperty(tables)
	return outputs
}

func routeTableNames(vpcName string, zones int) []string {
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
