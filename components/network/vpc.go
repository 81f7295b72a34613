package network

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsx "github.com/pulumi/pulumi-awsx/sdk/v2/go/awsx/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
)

// Vpc is a VPC with three tiers of subnets, their network ACLs, the VPC endpoints, the flow logs, and the security
// groups others hang theirs on. Its type token is awslab:network:Vpc.
type Vpc struct {
	pulumi.ResourceState

	VpcId             pulumi.StringOutput      `pulumi:"vpcId"`
	CidrBlock         pulumi.StringOutput      `pulumi:"cidrBlock"`
	Ipv6CidrBlock     pulumi.StringOutput      `pulumi:"ipv6CidrBlock"` // empty without IPv6
	AvailabilityZones pulumi.StringArrayOutput `pulumi:"availabilityZones"`

	// Subnets and route tables, one for each zone, in the order of AvailabilityZones.
	PublicSubnetIds     pulumi.StringArrayOutput `pulumi:"publicSubnetIds"`
	AppSubnetIds        pulumi.StringArrayOutput `pulumi:"appSubnetIds"`
	DataSubnetIds       pulumi.StringArrayOutput `pulumi:"dataSubnetIds"`
	PublicRouteTableIds pulumi.StringArrayOutput `pulumi:"publicRouteTableIds"`
	AppRouteTableIds    pulumi.StringArrayOutput `pulumi:"appRouteTableIds"`
	DataRouteTableIds   pulumi.StringArrayOutput `pulumi:"dataRouteTableIds"`
	NatGatewayIds       pulumi.StringArrayOutput `pulumi:"natGatewayIds"` // empty without NAT gateways

	LoadBalancerSecurityGroupId pulumi.StringOutput `pulumi:"loadBalancerSecurityGroupId"`
	DatabaseSecurityGroupId     pulumi.StringOutput `pulumi:"databaseSecurityGroupId"`
	// EndpointSecurityGroupId is empty without interface endpoints.
	EndpointSecurityGroupId pulumi.StringOutput `pulumi:"endpointSecurityGroupId"`

	// EndpointIds are the VPC endpoints by service: s3, dynamodb and the interface endpoints.
	EndpointIds      pulumi.StringMapOutput `pulumi:"endpointIds"`
	FlowLogGroupName pulumi.StringOutput    `pulumi:"flowLogGroupName"`

	// Layout is how the addresses are divided, known before anything is created.
	Layout Layout

	args          VpcArgs
	subnets       map[Tier]pulumi.StringArray    // their ids, by zone
	routeTables   map[Tier]pulumi.StringArray    // their ids, by zone
	prefixListIds map[string]pulumi.StringOutput // of the gateway endpoints, by service

	interfaceEndpoints []pulumi.Resource
	acls               []pulumi.Resource
}

// NewVpc creates a VPC and everything in it.
func NewVpc(ctx *pulumi.Context, name string, given *VpcArgs, opts ...pulumi.ResourceOption) (*Vpc, error) {
	if given == nil {
		given = &VpcArgs{}
	}
	args := given.withDefaults()
	layout, err := args.validate()
	if err != nil {
		return nil, fmt.Errorf("VPC %q: %w", name, err)
	}

	component := &Vpc{Layout: layout, args: args, prefixListIds: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResource("awslab:network:Vpc", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering VPC %q: %w", name, err)
	}
	// The rules let a zone more through before an endpoint is there. But what endpoints take over from NAT goes through
	// it, and its rules, until they are.
	first, second := component.newAcls, component.newEndpoints
	if args.NatGateways == NatNone {
		first, second = second, first
	}
	for _, step := range []func(*pulumi.Context, string) error{
		component.newSubnets,
		component.newSecurityGroups,
		first,
		second,
		component.newFlowLogs,
	} {
		if err := step(ctx, name); err != nil {
			return nil, err
		}
	}
	if err := ctx.RegisterResourceOutputs(component, component.outputs()); err != nil {
		return nil, fmt.Errorf("registering outputs of VPC %q: %w", name, err)
	}
	return component, nil
}

var natStrategies = map[NatGateways]awsx.NatGatewayStrategy{
	NatNone:     awsx.NatGatewayStrategyNone,
	NatSingle:   awsx.NatGatewayStrategySingle,
	NatOnePerAz: awsx.NatGatewayStrategyOnePerAz,
}

var subnetTypes = map[Tier]awsx.SubnetType{
	Public: awsx.SubnetTypePublic,
	App:    awsx.SubnetTypePrivate,
	Data:   awsx.SubnetTypeIsolated,
}

// newSubnets creates the VPC with its subnets, gateways and routes.
func (v *Vpc) newSubnets(ctx *pulumi.Context, name string) error {
	vpcName := name + "-vpc"
	strategy := awsx.SubnetAllocationStrategyAuto
	zoneMask := v.Layout.ZoneMask
	transforms := []pulumi.ResourceTransform{withoutPublicIps}
	var assignIpv6 pulumi.BoolPtrInput
	if v.args.Ipv6 {
		transforms = append(transforms, v.withIpv6(ctx, vpcName))
		assignIpv6 = pulumi.Bool(true)
	}
	vpc, err := awsx.NewVpc(ctx, vpcName, &awsx.VpcArgs{
		CidrBlock:                    &v.args.CidrBlock,
		AssignGeneratedIpv6CidrBlock: assignIpv6,
		AvailabilityZoneNames:        v.args.AvailabilityZones,
		AvailabilityZoneCidrMask:     &zoneMask,
		SubnetStrategy:               &strategy,
		SubnetSpecs:                  v.subnetSpecs(),
		NatGateways:                  &awsx.NatGatewayConfigurationArgs{Strategy: natStrategies[v.args.NatGateways]},
		EnableDnsSupport:             pulumi.Bool(true),
		EnableDnsHostnames:           pulumi.Bool(true), // interface endpoints need both for their private names
		Tags:                         pulumi.ToStringMap(v.args.Tags),
	}, pulumi.Parent(v), pulumi.Transforms(transforms))
	if err != nil {
		return fmt.Errorf("creating VPC %q: %w", vpcName, err)
	}

	v.VpcId = vpc.VpcId
	v.CidrBlock = pulumi.String(v.args.CidrBlock).ToStringOutput()
	v.AvailabilityZones = pulumi.ToStringArray(v.args.AvailabilityZones).ToStringArrayOutput()
	v.subnets, v.routeTables = map[Tier]pulumi.StringArray{}, map[Tier]pulumi.StringArray{}
	subnets, tables := byName[*ec2.Subnet](ctx, vpc.Subnets), byName[*ec2.RouteTable](ctx, vpc.RouteTables)
	for _, tier := range tiers {
		for zone := range v.Layout.Zones {
			child := childName(vpcName, tier, zone)
			v.subnets[tier] = append(v.subnets[tier], idOf(subnets, child))
			v.routeTables[tier] = append(v.routeTables[tier], idOf(tables, child))
		}
	}
	// A load balancer needs the internet gateway too, which awsx's own list comes after.
	v.PublicSubnetIds = vpc.PublicSubnetIds
	v.AppSubnetIds = v.subnets[App].ToStringArrayOutput()
	v.DataSubnetIds = v.subnets[Data].ToStringArrayOutput()
	v.PublicRouteTableIds = v.routeTables[Public].ToStringArrayOutput()
	v.AppRouteTableIds = v.routeTables[App].ToStringArrayOutput()
	v.DataRouteTableIds = v.routeTables[Data].ToStringArrayOutput()
	v.NatGatewayIds = vpc.NatGateways.ApplyT(func(gateways []*ec2.NatGateway) pulumi.StringArrayOutput {
		ids := make(pulumi.StringArray, 0, len(gateways))
		for _, gateway := range gateways {
			ids = append(ids, gateway.ID().ToStringOutput())
		}
		return ids.ToStringArrayOutput()
	}).(pulumi.StringArrayOutput)
	v.Ipv6CidrBlock = pulumi.String("").ToStringOutput()
	if !v.args.Ipv6 {
		return nil
	}
	v.Ipv6CidrBlock = v.ipv6Block(ctx, v.VpcId)
	return v.newIpv6Routes(ctx, name, vpc)
}

func (v *Vpc) subnetSpecs() []awsx.SubnetSpecArgs {
	specs := make([]awsx.SubnetSpecArgs, 0, len(v.Layout.Order))
	for _, tier := range v.Layout.Order {
		specName, mask := string(tier), v.Layout.Masks.of(tier)
		specs = append(specs, awsx.SubnetSpecArgs{Type: subnetTypes[tier], Name: &specName, CidrMask: &mask})
	}
	return specs
}

// withoutPublicIps keeps what is started in a public subnet from getting a public address by itself (FSBP EC2.15),
// for which awsx has no switch. Load balancers and NAT gateways get theirs regardless.
func withoutPublicIps(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
	if args.Type != "aws:ec2/subnet:Subnet" {
		return nil
	}
	args.Props["mapPublicIpOnLaunch"] = pulumi.Bool(false)
	return &pulumi.ResourceTransformResult{Props: args.Props, Opts: args.Opts}
}

// childName returns how awsx names a subnet and what belongs to it; zones are counted from 0.
func childName(vpcName string, tier Tier, zone int) string {
	return fmt.Sprintf("%s-%s-%d", vpcName, tier, zone+1)
}

// byName returns the resources of one of awsx's lists by their names, as an output that depends on nothing. The lists
// depend on the whole VPC, and so would each id in them: policies could not tell in a preview, when ids are not known
// yet, whether one is that of a private subnet.
func byName[T pulumi.CustomResource](ctx *pulumi.Context, list pulumi.Output) pulumi.Output {
	named, resolve, reject := ctx.NewOutput()
	go func() {
		if resources, err := awaitByName[T](ctx, list); err != nil {
			reject(err)
		} else {
			resolve(resources)
		}
	}()
	return named
}

// awaitByName returns nil while the list is not known.
func awaitByName[T pulumi.CustomResource](
	ctx *pulumi.Context,
	list pulumi.Output,
) (map[string]pulumi.CustomResource, error) {
	result, err := internals.UnsafeAwaitOutput(ctx.Context(), list)
	if err != nil || !result.Known {
		return nil, err
	}
	resources := map[string]pulumi.CustomResource{}
	for _, child := range result.Value.([]T) {
		urn, err := internals.UnsafeAwaitOutput(ctx.Context(), child.URN())
		if err != nil {
			return nil, err
		}
		text := string(urn.Value.(pulumi.URN))
		resources[text[strings.LastIndex(text, "::")+len("::"):]] = child
	}
	return resources, nil
}

// idOf returns the id of one of the resources that byName returns. It depends on this one alone.
func idOf(named pulumi.Output, name string) pulumi.StringOutput {
	return named.ApplyT(func(resources any) (pulumi.StringOutput, error) {
		byName := resources.(map[string]pulumi.CustomResource)
		if byName == nil {
			return pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput), nil
		}
		child, found := byName[name]
		if !found {
			return pulumi.StringOutput{}, fmt.Errorf("awsx created no resource %q", name)
		}
		return child.ID().ToStringOutput(), nil
	}).(pulumi.StringOutput)
}

// SubnetIdByZone returns the ids of a tier's subnets, one for each zone. Each is known for itself, where the lists are
// known when all of theirs are.
func (v *Vpc) SubnetIdByZone(tier Tier) pulumi.StringArray { return v.subnets[tier] }

func (v *Vpc) subnetIds(tier Tier) pulumi.StringArrayOutput {
	return map[Tier]pulumi.StringArrayOutput{
		Public: v.PublicSubnetIds,
		App:    v.AppSubnetIds,
		Data:   v.DataSubnetIds,
	}[tier]
}

// newAcls gives each tier its network ACL. The rules are part of the ACL and not resources of their own: so the ACL
// holds these rules and no others, and a rule added by hand is seen and removed. Load balancers and servers come after
// them, so that they get a zone more when the rules let it through.
func (v *Vpc) newAcls(ctx *pulumi.Context, name string) error {
	acls := v.args.acls(v.Layout)
	for _, tier := range tiers {
		aclName := fmt.Sprintf("%s-%s-acl", name, tier)
		acl, err := ec2.NewNetworkAcl(ctx, aclName, &ec2.NetworkAclArgs{
			VpcId:     v.VpcId,
			SubnetIds: v.subnetIds(tier),
			Ingress:   v.ingressArgs(acls[tier].ingress),
			Egress:    v.egressArgs(acls[tier].egress),
			Tags:      tags(v.args.Tags, aclName),
		}, pulumi.Parent(v), pulumi.DependsOn(v.interfaceEndpoints))
		if err != nil {
			return fmt.Errorf("creating network ACL %q: %w", aclName, err)
		}
		v.acls = append(v.acls, acl)
	}
	v.PublicSubnetIds, v.DataSubnetIds = after(v.acls, v.PublicSubnetIds), after(v.acls, v.DataSubnetIds)
	return nil
}

// after returns ids that are there after resources are, but known in a preview as before.
func after(resources []pulumi.Resource, ids pulumi.StringArrayOutput) pulumi.StringArrayOutput {
	all := []any{ids}
	for _, r := range resources {
		all = append(all, r.URN())
	}
	return pulumi.All(all...).ApplyT(func(all []any) []string { return all[0].([]string) }).(pulumi.StringArrayOutput)
}

func (v *Vpc) ingressArgs(rules []aclRule) ec2.NetworkAclIngressArray {
	args := make(ec2.NetworkAclIngressArray, 0, len(rules))
	for _, rule := range rules {
		icmpType, icmpCode := rule.icmp()
		cidr, ipv6Cidr := v.aclPeer(rule)
		args = append(args, ec2.NetworkAclIngressArgs{
			RuleNo:        pulumi.Int(rule.number),
			Action:        pulumi.String(rule.action()),
			Protocol:      pulumi.String(rule.protocol),
			CidrBlock:     cidr,
			Ipv6CidrBlock: ipv6Cidr,
			FromPort:      pulumi.Int(rule.ports.From),
			ToPort:        pulumi.Int(rule.ports.To),
			IcmpType:      icmpType,
			IcmpCode:      icmpCode,
		})
	}
	return args
}

func (v *Vpc) egressArgs(rules []aclRule) ec2.NetworkAclEgressArray {
	args := make(ec2.NetworkAclEgressArray, 0, len(rules))
	for _, rule := range rules {
		icmpType, icmpCode := rule.icmp()
		cidr, ipv6Cidr := v.aclPeer(rule)
		args = append(args, ec2.NetworkAclEgressArgs{
			RuleNo:        pulumi.Int(rule.number),
			Action:        pulumi.String(rule.action()),
			Protocol:      pulumi.String(rule.protocol),
			CidrBlock:     cidr,
			Ipv6CidrBlock: ipv6Cidr,
			FromPort:      pulumi.Int(rule.ports.From),
			ToPort:        pulumi.Int(rule.ports.To),
			IcmpType:      icmpType,
			IcmpCode:      icmpCode,
		})
	}
	return args
}

func (r aclRule) action() string {
	if r.deny {
		return "deny"
	}
	return "allow"
}

func (r aclRule) icmp() (icmpType, icmpCode pulumi.IntPtrInput) {
	switch r.protocol {
	case protocolIcmp:
		return pulumi.Int(icmpUnreachable), pulumi.Int(icmpFragmentationNeeded)
	case protocolIcmpv6:
		return pulumi.Int(icmpv6PacketTooBig), pulumi.Int(0)
	}
	return nil, nil
}

// aclPeer returns the far end of a rule, in the field of its address family.
func (v *Vpc) aclPeer(rule aclRule) (cidr, ipv6Cidr pulumi.StringPtrInput) {
	switch {
	case rule.ownIpv6:
		return nil, v.Ipv6CidrBlock.ToStringPtrOutput()
	case rule.ipv6():
		return nil, pulumi.String(rule.peer.String())
	}
	return pulumi.String(rule.peer.String()), nil
}

// newSecurityGroups creates the groups of load balancers and of the database, and empties the VPC's default group,
// which would otherwise let everything in it call everything in it (FSBP EC2.2).
func (v *Vpc) newSecurityGroups(ctx *pulumi.Context, name string) error {
	_, err := ec2.NewDefaultSecurityGroup(ctx, name+"-default-group", &ec2.DefaultSecurityGroupArgs{
		VpcId:   v.VpcId,
		Ingress: ec2.DefaultSecurityGroupIngressArray{},
		Egress:  ec2.DefaultSecurityGroupEgressArray{},
		Tags:    tags(v.args.Tags, name+"-default-group"),
	}, pulumi.Parent(v))
	if err != nil {
		return fmt.Errorf("emptying the default security group of VPC %q: %w", name, err)
	}
	loadBalancer, err := NewSecurityGroup(ctx, name+"-load-balancer", &SecurityGroupArgs{
		VpcId:       v.VpcId,
		Description: "Load balancers: called by clients, call services",
		Ingress:     v.clientRules(),
		Tags:        v.args.Tags,
	}, pulumi.Parent(v))
	if err != nil {
		return err
	}
	database, err := NewSecurityGroup(ctx, name+"-database", &SecurityGroupArgs{
		VpcId:       v.VpcId,
		Description: "Databases: called by the services that have access",
		Tags:        v.args.Tags,
	}, pulumi.Parent(v))
	if err != nil {
		return err
	}
	v.LoadBalancerSecurityGroupId = loadBalancer.SecurityGroupId
	v.DatabaseSecurityGroupId = database.SecurityGroupId
	return nil
}

// inName makes a CIDR block part of a resource's name, in which "::" would look like the end of a URN's type.
var inName = strings.NewReplacer(anywhereIpv6.String(), "any-ipv6", "/", "-", ":", "-")

func (v *Vpc) clientRules() []Rule {
	var rules []Rule
	for _, ports := range v.args.Ports.Listeners {
		for _, cidr := range v.args.ClientCidrs {
			rules = append(rules, Rule{
				Name:        fmt.Sprintf("%s-from-%s", ports, inName.Replace(cidr)),
				Description: "Clients call load balancers",
				Ports:       ports,
				Cidr:        cidr,
			})
		}
	}
	return rules
}

// ServiceEgress returns the rules of egress that let a service reach AWS: the internet through NAT, or, without NAT,
// the VPC endpoints; with IPv6 also the internet's IPv6. Whom else a service calls is the matter of a [Connection]
// each.
func (v *Vpc) ServiceEgress() []Rule {
	var rules []Rule
	if v.args.NatGateways == NatNone {
		for _, service := range gatewayServices {
			rules = append(rules, Rule{
				Name:         "to-" + service,
				Description:  "Gateway endpoint of " + service,
				Ports:        Port(https),
				PrefixListId: v.prefixListIds[service],
			})
		}
	} else {
		for _, ports := range v.args.Ports.Internet {
			rules = append(rules, Rule{
				Name:        fmt.Sprintf("%s-to-internet", ports),
				Description: "Internet and AWS, through NAT",
				Ports:       ports,
				Cidr:        anywhere.String(),
			})
		}
	}
	if v.args.Ipv6 {
		for _, ports := range v.args.Ports.Internet {
			rules = append(rules, Rule{
				Name:        fmt.Sprintf("%s-to-internet-ipv6", ports),
				Description: "Internet and AWS, over IPv6",
				Ports:       ports,
				Cidr:        anywhereIpv6.String(),
			})
		}
	}
	if len(v.args.InterfaceEndpoints) > 0 {
		rules = append(rules, Rule{
			Name:            "to-endpoints",
			Description:     "Interface endpoints",
			Ports:           Port(https),
			SecurityGroupId: v.EndpointSecurityGroupId,
		})
	}
	return rules
}

// Plan lists the subnets, known before anything is created.
func (v *Vpc) Plan() []Subnet { return v.Layout.Plan(v.args.AvailabilityZones) }

func (v *Vpc) outputs() pulumi.Map {
	return pulumi.Map{
		"vpcId":                       v.VpcId,
		"cidrBlock":                   v.CidrBlock,
		"ipv6CidrBlock":               v.Ipv6CidrBlock,
		"availabilityZones":           v.AvailabilityZones,
		"publicSubnetIds":             v.PublicSubnetIds,
		"appSubnetIds":                v.AppSubnetIds,
		"dataSubnetIds":               v.DataSubnetIds,
		"publicRouteTableIds":         v.PublicRouteTableIds,
		"appRouteTableIds":            v.AppRouteTableIds,
		"dataRouteTableIds":           v.DataRouteTableIds,
		"natGatewayIds":               v.NatGatewayIds,
		"loadBalancerSecurityGroupId": v.LoadBalancerSecurityGroupId,
		"databaseSecurityGroupId":     v.DatabaseSecurityGroupId,
		"endpointSecurityGroupId":     v.EndpointSecurityGroupId,
		"endpointIds":                 v.EndpointIds,
		"flowLogGroupName":            v.FlowLogGroupName,
	}
}

// tags returns the given ones and the name by which AWS's console lists a thing.
func tags(given map[string]string, name string) pulumi.StringMap {
	all := maps.Clone(given)
	if all == nil {
		all = map[string]string{}
	}
	all["Name"] = name
	return pulumi.ToStringMap(all)
}
