package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// gatewayServices are the services whose endpoints are routes, and free.
var gatewayServices = []string{"s3", "dynamodb"}

// newEndpoints creates the VPC endpoints. They are created here and not by awsx, which puts no route table to a gateway
// endpoint and no subnets to an interface endpoint (pulumi-awsx#1373).
func (v *Vpc) newEndpoints(ctx *pulumi.Context, name string) error {
	ids := pulumi.StringMap{}
	for _, service := range gatewayServices {
		endpoint, err := v.newGatewayEndpoint(ctx, name, service)
		if err != nil {
			return err
		}
		ids[service] = endpoint.ID()
		v.prefixListIds[service] = endpoint.PrefixListId
	}
	v.EndpointSecurityGroupId = pulumi.String("").ToStringOutput()
	// As soon as an interface endpoint exists, and until it is gone, its service's name leads to it.
	rules := slices.Clone(v.acls)
	if len(v.args.InterfaceEndpoints) > 0 {
		group, err := NewSecurityGroup(ctx, name+"-endpoints", &SecurityGroupArgs{
			VpcId:       v.VpcId,
			Description: "Interface endpoints: called by the app tier",
			Ingress:     v.endpointRules(),
			Tags:        v.args.Tags,
		}, pulumi.Parent(v))
		if err != nil {
			return err
		}
		v.EndpointSecurityGroupId = group.SecurityGroupId
		rules = append(rules, group)
	}
	for _, service := range v.args.InterfaceEndpoints {
		endpoint, err := v.newInterfaceEndpoint(ctx, name, service, pulumi.DependsOn(rules))
		if err != nil {
			return err
		}
		ids[service] = endpoint.ID()
		v.interfaceEndpoints = append(v.interfaceEndpoints, endpoint)
	}
	v.EndpointIds = ids.ToStringMapOutput()
	return nil
}

func (v *Vpc) newGatewayEndpoint(ctx *pulumi.Context, name, service string) (*ec2.VpcEndpoint, error) {
	endpointName := fmt.Sprintf("%s-%s-endpoint", name, service)
	routeTableIds := pulumi.All(v.AppRouteTableIds, v.DataRouteTableIds).ApplyT(func(values []any) []string {
		return append(append([]string{}, values[0].([]string)...), values[1].([]string)...)
	}).(pulumi.StringArrayOutput)
	endpoint, err := ec2.NewVpcEndpoint(ctx, endpointName, &ec2.VpcEndpointArgs{
		VpcId:           v.VpcId,
		ServiceName:     pulumi.String(v.serviceName(service)),
		VpcEndpointType: pulumi.String("Gateway"),
		RouteTableIds:   routeTableIds,
		Tags:            tags(v.args.Tags, endpointName),
	}, pulumi.Parent(v))
	if err != nil {
		return nil, fmt.Errorf("creating gateway endpoint %q: %w", endpointName, err)
	}
	return endpoint, nil
}

func (v *Vpc) newInterfaceEndpoint(
	ctx *pulumi.Context,
	name, service string,
	rules pulumi.ResourceOption,
) (*ec2.VpcEndpoint, error) {
	endpointName := fmt.Sprintf("%s-%s-endpoint", name, strings.ReplaceAll(service, ".", "-"))
	subnets, err := v.endpointSubnets(ctx, service)
	if err != nil {
		return nil, err
	}
	endpoint, err := ec2.NewVpcEndpoint(ctx, endpointName, &ec2.VpcEndpointArgs{
		VpcId:             v.VpcId,
		ServiceName:       pulumi.String(v.serviceName(service)),
		VpcEndpointType:   pulumi.String("Interface"),
		SubnetIds:         subnets,
		SecurityGroupIds:  pulumi.StringArray{v.EndpointSecurityGroupId},
		PrivateDnsEnabled: pulumi.Bool(true),
		Tags:              tags(v.args.Tags, endpointName),
	}, pulumi.Parent(v), rules)
	if err != nil {
		return nil, fmt.Errorf("creating interface endpoint %q: %w", endpointName, err)
	}
	return endpoint, nil
}

// endpointSubnets returns the app tier's in the zones in which the service has endpoints: not every service is in every
// zone. Tasks in other zones reach them as well. Where AWS does not say, all are taken.
func (v *Vpc) endpointSubnets(ctx *pulumi.Context, service string) (pulumi.StringArrayInput, error) {
	name, kind := v.serviceName(service), "Interface"
	found, err := ec2.LookupVpcEndpointService(
		ctx,
		&ec2.LookupVpcEndpointServiceArgs{ServiceName: &name, ServiceType: &kind},
		pulumi.Parent(v),
	)
	if err != nil || len(found.AvailabilityZones) == 0 {
		return v.AppSubnetIds, nil
	}
	var subnets pulumi.StringArray
	for zone, subnet := range v.subnets[App] {
		if slices.Contains(found.AvailabilityZones, v.args.AvailabilityZones[zone]) {
			subnets = append(subnets, subnet)
		}
	}
	switch len(subnets) {
	case 0:
		return nil, fmt.Errorf("%s has no interface endpoints in %q, but in %q; choose other zones, or leave it out",
			name, v.args.AvailabilityZones, found.AvailabilityZones)
	case len(v.subnets[App]):
		return v.AppSubnetIds, nil
	}
	return subnets, nil
}

func (v *Vpc) endpointRules() []Rule {
	var rules []Rule
	for zone, cidr := range v.Layout.Cidrs(App) {
		rules = append(rules, Rule{
			Name:        fmt.Sprintf("%s-%d", App, zone+1),
			Description: "Services call AWS, from zone " + v.args.AvailabilityZones[zone],
			Ports:       Port(https),
			Cidr:        cidr.String(),
		})
	}
	return rules
}

// underCn are the services whose interface endpoints are named cn.com.amazonaws in China, as
// ec2:DescribeVpcEndpointServices lists them there (aws/aws-cdk#25333). The others' are named as everywhere.
var underCn = []string{"ecr.api", "ecr.dkr", "elasticfilesystem", "monitoring", "sqs", "sts", "xray"}

func (v *Vpc) serviceName(service string) string {
	name := fmt.Sprintf("com.amazonaws.%s.%s", v.args.Location.Region, service)
	if v.args.Location.Partition == "aws-cn" && slices.Contains(underCn, service) {
		return "cn." + name
	}
	return name
}
