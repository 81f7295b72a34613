package awsx

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
)

// innerVpc is the VPC resource, of which the component needs the block that an IPAM pool allocated.
type innerVpc struct {
	pulumi.CustomResourceState
	CidrBlock pulumi.StringOutput `pulumi:"cidrBlock"`
}

type elasticIP struct {
	pulumi.CustomResourceState
	AllocationID pulumi.StringOutput `pulumi:"allocationId"`
}

// vpcBuilder registers the resources of one component.
type vpcBuilder struct {
	ctx       *pulumi.Context
	component pulumi.ResourceState
	args      vpcArgs
	plan      *plan
	// version is that of the provider the children belong to.
	version pulumi.ResourceOption
	// shared are the tags of everything that has tags but Eips and NAT gateways.
	shared pulumi.StringMapInput

	vpc             innerVpc
	internetGateway pulumi.CustomResourceState
	endpoints       []pulumi.Resource
	subnets         []pulumi.Resource
	routeTables     []pulumi.Resource
	associations    []pulumi.Resource
	routes          []pulumi.Resource
	natGateways     []pulumi.CustomResource
	eips            []pulumi.Resource
	subnetIDs       map[string]pulumi.Array
}

// constructVpc registers the component awsx:ec2:Vpc and everything below it. Nothing but the component is registered
// when the inputs are refused.
func constructVpc(
	ctx *pulumi.Context, name string, inputs provider.ConstructInputs, options pulumi.ResourceOption, awsVersion string,
) (*provider.ConstructResult, error) {
	b := &vpcBuilder{ctx: ctx, version: pulumi.Version(awsVersion)}
	if err := ctx.RegisterComponentResource(vpcType, name, &b.component, options); err != nil {
		return nil, err
	}
	// Logging under the component waits until it is registered, so that an error below has a resource to appear under.
	if err := ctx.Log.Debug("reading the inputs", &pulumi.LogArgs{Resource: &b.component}); err != nil {
		return nil, err
	}
	if err := inputs.CopyTo(&b.args); err != nil {
		return nil, fmt.Errorf("reading the inputs of %s %s: %w", vpcType, name, err)
	}
	all, err := inputs.Map()
	if err != nil {
		return nil, fmt.Errorf("reading the inputs of %s %s: %w", vpcType, name, err)
	}
	if b.plan, err = newPlan(name, &b.args, b.availabilityZones); err != nil {
		return nil, err
	}
	b.shared = mergeTags(pulumi.StringMap{"Name": pulumi.String(name)}, b.args.Tags)

	subnets, layout, err := b.registerVpc(all)
	if err != nil {
		return nil, err
	}
	if err := b.registerChildren(subnets); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(&b.component, pulumi.Map{}); err != nil {
		return nil, err
	}
	return &provider.ConstructResult{URN: b.component.URN(), State: b.outputs(layout)}, nil
}

func (b *vpcBuilder) availabilityZones() ([]string, error) {
	var result struct {
		Names []string `pulumi:"names"`
	}
	err := b.ctx.Invoke("aws:index/getAvailabilityZones:getAvailabilityZones", nil, &result,
		pulumi.Parent(&b.component), b.version.(pulumi.ResourceOrInvokeOption))
	if err != nil {
		return nil, fmt.Errorf("asking for the region's availability zones: %w", err)
	}
	return result.Names, nil
}

// laidOut is a subnet whose CIDR block may be known only once the VPC exists.
type laidOut struct {
	subnet
	cidr pulumi.StringInput
}

// registerVpc registers the inner VPC, after the subnets where its block is known, and before them where it is not.
func (b *vpcBuilder) registerVpc(inputs pulumi.Map) ([]laidOut, pulumi.Input, error) {
	props := pulumi.Map{"tags": b.shared}
	for _, property := range passedThrough {
		if v, ok := inputs[property]; ok {
			props[property] = v
		}
	}
	register := func() error {
		return b.register("aws:ec2/vpc:Vpc", b.plan.name, props, &b.vpc, pulumi.Parent(&b.component))
	}
	if b.plan.cidr == "" {
		if err := register(); err != nil {
			return nil, nil, err
		}
		return b.layOutLater()
	}
	subnets, err := b.plan.subnets(b.plan.cidr)
	if err != nil {
		return nil, nil, err
	}
	specs, err := layout(b.plan.strategy, b.plan.specs, subnets, len(b.plan.zones))
	if err != nil {
		return nil, nil, err
	}
	if err := b.warn(subnets, specs); err != nil {
		return nil, nil, err
	}
	props["cidrBlock"] = pulumi.String(b.plan.cidr)
	if err := register(); err != nil {
		return nil, nil, err
	}
	var known []laidOut
	for _, s := range subnets {
		known = append(known, laidOut{subnet: s, cidr: pulumi.String(s.cidr)})
	}
	return known, pulumi.ToOutput(describe(specs)), nil
}

// layOutLater lays the subnets out in the block that an IPAM pool will have allocated. Which subnets there will be
// does not depend on it.
func (b *vpcBuilder) layOutLater() ([]laidOut, pulumi.Input, error) {
	if b.plan.strategy == strategyLegacy || b.plan.strategy == strategyExact && b.plan.specs == nil {
		// The quotes are awsx's.
		return nil, nil, fmt.Errorf(
			"Dynamically allocated cidrBlock ranges are not supported with subnetStrategy=\"Legacy\". " +
				"\"Try using subnetStrategy=\"Auto\"",
		)
	}
	specs := b.plan.specs
	if specs == nil {
		for _, kind := range defaultKinds {
			specs = append(specs, spec{kind: kind})
		}
	}
	var kinds []subnet
	for _, s := range specs {
		kinds = append(kinds, subnet{kind: s.kind})
	}
	if err := b.plan.checkNatGateways(kinds); err != nil {
		return nil, nil, err
	}
	allocated := b.vpc.CidrBlock.ApplyT(b.plan.subnets)
	var later []laidOut
	for zone := range b.plan.zones {
		for i, s := range specs {
			index := len(later)
			planned := request{vpc: b.plan.name}.subnet(zone, i, s, "")
			if b.plan.specs == nil {
				planned.spec = -1
			}
			later = append(later, laidOut{subnet: planned, cidr: allocated.ApplyT(func(v any) string {
				return v.([]subnet)[index].cidr
			}).(pulumi.StringOutput)})
		}
	}
	described := allocated.ApplyT(func(v any) ([]map[string]any, error) {
		specs, err := layout(b.plan.strategy, b.plan.specs, v.([]subnet), len(b.plan.zones))
		return describe(specs), err
	})
	return later, described, nil
}

// warn says what awsx says, and what it does not: inputs of no effect, and subnets that AWS will refuse.
func (b *vpcBuilder) warn(subnets []subnet, layout []spec) error {
	warnings := refusedByAWS(b.plan.cidr, subnets)
	for i, e := range b.args.VpcEndpointSpecs {
		for _, property := range e.ignored() {
			warnings = append(
				warnings,
				itemPath("vpcEndpointSpecs", i, property)+" has no effect: awsx 2.22.0 does not pass it on",
			)
		}
	}
	if b.args.SubnetStrategy == nil && b.plan.specs != nil && !explicit(b.plan.specs) {
		warning, err := strategyWarning(describe(layout))
		if err != nil {
			return err
		}
		warnings = append(warnings, warning)
	}
	for _, warning := range warnings {
		if err := b.ctx.Log.Warn(warning, &pulumi.LogArgs{Resource: &b.component}); err != nil {
			return err
		}
	}
	return nil
}

func (b *vpcBuilder) register(
	token, name string,
	props pulumi.Map,
	resource pulumi.CustomResource,
	options ...pulumi.ResourceOption,
) error {
	return b.ctx.RegisterResource(token, name, props, resource, append(options, b.version)...)
}

// below returns the options of a resource that is part of another.
func below(parent pulumi.Resource) pulumi.ResourceOption {
	return pulumi.Composite(pulumi.Parent(parent), pulumi.DependsOn([]pulumi.Resource{parent}))
}

func (b *vpcBuilder) registerChildren(subnets []laidOut) error {
	props := pulumi.Map{"vpcId": b.vpc.ID(), "tags": b.shared}
	if err := b.register(
		"aws:ec2/internetGateway:InternetGateway",
		b.plan.name,
		props,
		&b.internetGateway,
		below(&b.vpc),
	); err != nil {
		return err
	}
	for _, endpoint := range b.args.VpcEndpointSpecs {
		if err := b.registerEndpoint(endpoint); err != nil {
			return err
		}
	}
	b.subnetIDs = map[string]pulumi.Array{typePublic: {}, typePrivate: {}, typeIsolated: {}}
	// The public subnet comes first, so that its NAT gateway is there for the private one's route.
	order := []string{typePublic, typePrivate, typeIsolated}
	slices.SortStableFunc(subnets, func(x, y laidOut) int {
		return cmp.Or(x.zone-y.zone, slices.Index(order, x.kind)-slices.Index(order, y.kind))
	})
	for _, s := range subnets {
		if s.kind == typeUnused {
			continue
		}
		if err := b.registerSubnet(s); err != nil {
			return err
		}
	}
	return nil
}

func (b *vpcBuilder) registerEndpoint(e vpcEndpointSpecArgs) error {
	props := pulumi.Map{
		"vpcId":       b.vpc.ID(),
		"serviceName": pulumi.String(e.ServiceName),
		"tags":        mergeTags(b.shared, e.Tags),
	}
	for property, v := range map[string]pulumi.Input{
		"autoAccept":        e.AutoAccept,
		"policy":            e.Policy,
		"privateDnsEnabled": e.PrivateDNSEnabled,
		"routeTableIds":     e.RouteTableIDs,
		"securityGroupIds":  e.SecurityGroupIDs,
		"subnetIds":         e.SubnetIDs,
		"vpcEndpointType":   e.VpcEndpointType,
	} {
		if v != nil {
			props[property] = v
		}
	}
	endpoint := &pulumi.CustomResourceState{}
	b.endpoints = append(b.endpoints, endpoint)
	return b.register("aws:ec2/vpcEndpoint:VpcEndpoint", e.ServiceName, props, endpoint, below(&b.vpc))
}

func (b *vpcBuilder) registerSubnet(s laidOut) error {
	names := pulumi.StringMap{"Name": pulumi.String(s.name), "SubnetType": pulumi.String(s.kind)}
	var tags pulumi.StringMapInput
	if s.spec >= 0 {
		tags = b.args.SubnetSpecs[s.spec].Tags
	}
	subnet := &pulumi.CustomResourceState{}
	err := b.register("aws:ec2/subnet:Subnet", s.name, pulumi.Map{
		"vpcId":               b.vpc.ID(),
		"availabilityZone":    pulumi.String(b.plan.zones[s.zone]),
		"mapPublicIpOnLaunch": pulumi.Bool(s.kind == typePublic),
		"cidrBlock":           s.cidr,
		"tags":                mergeTags(b.shared, tags, names),
	}, subnet, below(&b.vpc))
	if err != nil {
		return err
	}
	b.subnets = append(b.subnets, subnet)
	b.subnetIDs[s.kind] = append(b.subnetIDs[s.kind], subnet.ID())

	table := &pulumi.CustomResourceState{}
	err = b.register("aws:ec2/routeTable:RouteTable", s.name, pulumi.Map{
		"vpcId": b.vpc.ID(),
		"tags":  mergeTags(b.shared, names),
	}, table, below(subnet))
	if err != nil {
		return err
	}
	b.routeTables = append(b.routeTables, table)

	association := &pulumi.CustomResourceState{}
	err = b.register("aws:ec2/routeTableAssociation:RouteTableAssociation", s.name, pulumi.Map{
		"routeTableId": table.ID(),
		"subnetId":     subnet.ID(),
	}, association, below(table))
	if err != nil {
		return err
	}
	b.associations = append(b.associations, association)

	if s.kind == typePublic && b.plan.needsNatGateway(s.zone, len(b.natGateways)) {
		if err := b.registerNatGateway(s.zone, subnet); err != nil {
			return err
		}
	}
	return b.registerRoute(s, table)
}

func (b *vpcBuilder) registerNatGateway(zone int, subnet pulumi.CustomResource) error {
	name := fmt.Sprintf("%s-%d", b.plan.name, zone+1)
	tags := mergeTags(b.args.Tags, pulumi.StringMap{"Name": pulumi.String(name)})
	var allocationID pulumi.StringInput
	if len(b.plan.allocationIDs) > 0 {
		allocationID = b.plan.allocationIDs[zone]
	} else {
		eip := &elasticIP{}
		if err := b.register("aws:ec2/eip:Eip", name, pulumi.Map{"tags": tags}, eip, below(subnet)); err != nil {
			return err
		}
		b.eips = append(b.eips, eip)
		allocationID = eip.AllocationID
	}
	gateway := &pulumi.CustomResourceState{}
	b.natGateways = append(b.natGateways, gateway)
	return b.register("aws:ec2/natGateway:NatGateway", name, pulumi.Map{
		"subnetId":     subnet.ID(),
		"allocationId": allocationID,
		"tags":         tags,
	}, gateway, below(subnet))
}

// registerRoute gives the subnet its way to the internet, if it has one.
func (b *vpcBuilder) registerRoute(s laidOut, table pulumi.CustomResource) error {
	props := pulumi.Map{"routeTableId": table.ID(), "destinationCidrBlock": pulumi.String("0.0.0.0/0")}
	switch {
	case s.kind == typePublic:
		props["gatewayId"] = b.internetGateway.ID()
	case s.kind == typePrivate && b.plan.nat == natSingle:
		props["natGatewayId"] = b.natGateways[0].ID()
	case s.kind == typePrivate && b.plan.nat == natOnePerAz:
		props["natGatewayId"] = b.natGateways[s.zone].ID()
	default:
		return nil
	}
	route := &pulumi.CustomResourceState{}
	b.routes = append(b.routes, route)
	return b.register("aws:ec2/route:Route", s.name, props, route, below(table))
}

func (b *vpcBuilder) outputs(layout pulumi.Input) pulumi.Map {
	return pulumi.Map{
		"vpcId":                  b.vpc.ID(),
		"publicSubnetIds":        b.subnetIDs[typePublic],
		"privateSubnetIds":       b.subnetIDs[typePrivate],
		"isolatedSubnetIds":      b.subnetIDs[typeIsolated],
		"vpc":                    pulumi.NewResourceInput(&b.vpc),
		"internetGateway":        pulumi.NewResourceInput(&b.internetGateway),
		"subnets":                references(b.subnets),
		"routeTables":            references(b.routeTables),
		"routeTableAssociations": references(b.associations),
		"routes":                 references(b.routes),
		"natGateways":            references(b.natGateways),
		"eips":                   references(b.eips),
		"vpcEndpoints":           references(b.endpoints),
		"subnetLayout":           layout,
	}
}

func references[R pulumi.Resource](resources []R) pulumi.Array {
	list := pulumi.Array{}
	for _, r := range resources {
		list = append(list, pulumi.NewResourceInput(r))
	}
	return list
}
