package awsx

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// vpcArgs are the inputs that the component itself acts on. Fields that are no pulumi.Input decide which resources
// exist, so they must be known in preview.
type vpcArgs struct {
	AvailabilityZoneCidrMask  *int                  `pulumi:"availabilityZoneCidrMask"`
	AvailabilityZoneNames     []string              `pulumi:"availabilityZoneNames"`
	CidrBlock                 *string               `pulumi:"cidrBlock"`
	Ipv4IpamPoolID            pulumi.Input          `pulumi:"ipv4IpamPoolId"`
	Ipv4NetmaskLength         pulumi.Input          `pulumi:"ipv4NetmaskLength"`
	NatGateways               *natGatewayArgs       `pulumi:"natGateways"`
	NumberOfAvailabilityZones *int                  `pulumi:"numberOfAvailabilityZones"`
	SubnetSpecs               []subnetSpecArgs      `pulumi:"subnetSpecs"`
	SubnetStrategy            *string               `pulumi:"subnetStrategy"`
	Tags                      pulumi.StringMapInput `pulumi:"tags"`
	VpcEndpointSpecs          []vpcEndpointSpecArgs `pulumi:"vpcEndpointSpecs"`
}

type natGatewayArgs struct {
	Strategy               string               `pulumi:"strategy"`
	ElasticIPAllocationIDs []pulumi.StringInput `pulumi:"elasticIpAllocationIds"`
}

type subnetSpecArgs struct {
	Type       string                `pulumi:"type"`
	Name       *string               `pulumi:"name"`
	CidrMask   *int                  `pulumi:"cidrMask"`
	Size       *int                  `pulumi:"size"`
	CidrBlocks []string              `pulumi:"cidrBlocks"`
	Tags       pulumi.StringMapInput `pulumi:"tags"`
}

type vpcEndpointSpecArgs struct {
	ServiceName       string                `pulumi:"serviceName"`
	AutoAccept        pulumi.Input          `pulumi:"autoAccept"`
	Policy            pulumi.Input          `pulumi:"policy"`
	PrivateDNSEnabled pulumi.Input          `pulumi:"privateDnsEnabled"`
	RouteTableIDs     pulumi.Input          `pulumi:"routeTableIds"`
	SecurityGroupIDs  pulumi.Input          `pulumi:"securityGroupIds"`
	SubnetIDs         pulumi.Input          `pulumi:"subnetIds"`
	Tags              pulumi.StringMapInput `pulumi:"tags"`
	VpcEndpointType   pulumi.Input          `pulumi:"vpcEndpointType"`

	// awsx 2.22.0 takes these and does nothing with them.
	DNSOptions           pulumi.Input `pulumi:"dnsOptions"`
	IPAddressType        pulumi.Input `pulumi:"ipAddressType"`
	ServiceRegion        pulumi.Input `pulumi:"serviceRegion"`
	SubnetConfigurations pulumi.Input `pulumi:"subnetConfigurations"`
}

// passedThrough are the inputs that the inner VPC takes over as they are.
var passedThrough = []string{
	"assignGeneratedIpv6CidrBlock", "enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics",
	"instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6CidrBlock", "ipv6CidrBlockNetworkBorderGroup",
	"ipv6IpamPoolId", "ipv6NetmaskLength",
}

const (
	defaultCIDR  = "10.0.0.0/16"
	defaultZones = 3

	natNone     = "none"
	natSingle   = "single"
	natOnePerAz = "oneperaz"
)

// plan is what the inputs ask for, checked as far as it can be before a resource exists.
type plan struct {
	name     string
	strategy string
	zones    []string
	// cidr is empty when an IPAM pool decides.
	cidr     string
	specs    []spec
	zoneMask int
	// nat is the NAT gateway strategy in lower case.
	nat           string
	allocationIDs []pulumi.StringInput
}

// newPlan reads the inputs. zonesOf asks the provider for its region's availability zones. The checks come in awsx's
// order and with its messages; those that awsx leaves out, because the engine or nobody would notice, name the input.
func newPlan(name string, args *vpcArgs, zonesOf func() ([]string, error)) (*plan, error) {
	if args.Ipv4IpamPoolID != nil {
		if args.CidrBlock != nil && args.Ipv4NetmaskLength != nil {
			return nil, errors.New(
				"Only one of 'cidrBlock', 'ipv4NetmaskLength' is allowed.",
			)
		}
		if args.CidrBlock == nil && args.Ipv4NetmaskLength == nil {
			return nil, errors.New(
				"If 'ipv4IpamPoolId' is specified, 'ipv4NetmaskLength' or 'cidrBlock' must also be specified.",
			)
		}
	}
	if args.AvailabilityZoneNames != nil && value(args.NumberOfAvailabilityZones) != 0 {
		return nil, errors.New(
			"Only one of [availabilityZoneNames] and [numberOfAvailabilityZones] can be specified",
		)
	}
	if err := args.check(); err != nil {
		return nil, err
	}
	p := &plan{
		name:     name,
		strategy: strategyLegacy,
		cidr:     defaultCIDR,
		zoneMask: value(args.AvailabilityZoneCidrMask),
		nat:      natOnePerAz,
	}
	if args.SubnetStrategy != nil {
		p.strategy = *args.SubnetStrategy
	}
	switch {
	case args.CidrBlock != nil:
		p.cidr = *args.CidrBlock
	case args.Ipv4IpamPoolID != nil:
		p.cidr = ""
	}
	var err error
	if p.zones, err = chooseZones(args, zonesOf); err != nil {
		return nil, err
	}
	if args.NatGateways != nil {
		p.allocationIDs = args.NatGateways.ElasticIPAllocationIDs
		p.nat = strings.ToLower(args.NatGateways.Strategy)
		if err := checkAllocationIDs(args.NatGateways, len(p.zones)); err != nil {
			return nil, err
		}
	}
	if args.SubnetSpecs != nil {
		p.specs = []spec{}
	}
	for _, s := range args.SubnetSpecs {
		p.specs = append(p.specs, spec{
			kind: s.Type, name: value(s.Name), mask: value(s.CidrMask), size: value(s.Size), cidrBlocks: s.CidrBlocks,
		})
	}
	if p.specs, err = normalize(p.specs, len(p.zones)); err != nil {
		return nil, err
	}
	return p, nil
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// check refuses what awsx accepts without a word and no AWS region could do.
func (args *vpcArgs) check() error {
	strategies := []string{strategyLegacy, strategyAuto, strategyExact}
	if s := args.SubnetStrategy; s != nil && !slices.Contains(strategies, *s) {
		return fmt.Errorf("subnetStrategy: %q is none of %s", *s, strings.Join(strategies, ", "))
	}
	if m := args.AvailabilityZoneCidrMask; m != nil && (*m < 1 || *m > 32) {
		return fmt.Errorf("availabilityZoneCidrMask: %d is not a mask; give 1 to 32", *m)
	}
	if n := args.NumberOfAvailabilityZones; n != nil && *n < 1 && args.AvailabilityZoneNames == nil {
		return fmt.Errorf("numberOfAvailabilityZones: %d is too few; give at least 1", *n)
	}
	if args.AvailabilityZoneNames != nil && len(args.AvailabilityZoneNames) == 0 {
		return errors.New("availabilityZoneNames: names no zone; leave it out for the region's first three")
	}
	for i, zone := range args.AvailabilityZoneNames {
		if slices.Contains(args.AvailabilityZoneNames[:i], zone) {
			return fmt.Errorf("availabilityZoneNames[%d]: %s is named twice", i, zone)
		}
	}
	kinds := []string{typePublic, typePrivate, typeIsolated, typeUnused}
	names := map[string]int{}
	for i, s := range args.SubnetSpecs {
		if !slices.Contains(kinds, s.Type) {
			return fmt.Errorf("subnetSpecs[%d].type: %q is none of %s", i, s.Type, strings.Join(kinds, ", "))
		}
		if m := s.CidrMask; m != nil && *m < 1 {
			return fmt.Errorf("subnetSpecs[%d].cidrMask: %d is not a mask; give 1 to 32", i, *m)
		}
		if size := s.Size; size != nil && *size < 1 {
			return fmt.Errorf("subnetSpecs[%d].size: %d is not a number of addresses", i, *size)
		}
		if s.Type == typeUnused {
			continue
		}
		name := spec{kind: s.Type, name: value(s.Name)}.label()
		if first, taken := names[name]; taken {
			return fmt.Errorf(
				"subnetSpecs[%d].name: the subnets of subnetSpecs[%d] are named %s already; give one of them "+
					"another name",
				i,
				first,
				name,
			)
		}
		names[name] = i
	}
	return nil
}

func chooseZones(args *vpcArgs, zonesOf func() ([]string, error)) ([]string, error) {
	if args.AvailabilityZoneNames != nil {
		return args.AvailabilityZoneNames, nil
	}
	wanted := defaultZones
	if args.NumberOfAvailabilityZones != nil {
		wanted = *args.NumberOfAvailabilityZones
	}
	zones, err := zonesOf()
	if err != nil {
		return nil, err
	}
	if len(zones) < wanted {
		return nil, fmt.Errorf(
			"The configured region for this provider does not have at least %d Availability Zones. "+
				"Either specify an explicit list of zones in availabilityZoneNames or choose a region with at "+
				"least %d AZs.",
			wanted,
			wanted,
		)
	}
	return zones[:wanted], nil
}

func checkAllocationIDs(nat *natGatewayArgs, zones int) error {
	ids := len(nat.ElasticIPAllocationIDs)
	switch strings.ToLower(nat.Strategy) {
	case natNone:
		if ids > 0 {
			return fmt.Errorf(
				"Elastic IP allocation IDs cannot be specified when NAT Gateway strategy is '%s'.",
				nat.Strategy,
			)
		}
	case natSingle:
		if ids > 1 {
			return fmt.Errorf(
				"Exactly one Elastic IP may be specified when NAT Gateway strategy is '%s'.",
				nat.Strategy,
			)
		}
	case natOnePerAz:
		if ids > 0 && ids != zones {
			return fmt.Errorf(
				"The number of Elastic IPs, if specified, must match the number of availability zones for the VPC "+
					"(%d) "+
					"when NAT Gateway strategy is '%s'",
				zones,
				nat.Strategy,
			)
		}
	default:
		return fmt.Errorf("Unknown NatGatewayStrategy '%s'", nat.Strategy)
	}
	return nil
}

// subnets lays the subnets out in a VPC with the CIDR block, and checks them as awsx does.
func (p *plan) subnets(cidr string) ([]subnet, error) {
	subnets, err := allocate(p.strategy, request{
		vpc: p.name, cidr: cidr, zones: len(p.zones), specs: p.specs, zoneMask: p.zoneMask,
	})
	if err != nil {
		return nil, err
	}
	if err := checkOverlaps(subnets); err != nil {
		return nil, err
	}
	if p.strategy == strategyExact && p.cidr != "" {
		if err := checkGaps(cidr, subnets); err != nil {
			return nil, err
		}
	}
	return subnets, p.checkNatGateways(subnets)
}

func (p *plan) checkNatGateways(subnets []subnet) error {
	if p.nat == natNone {
		return nil
	}
	has := func(kind string) bool {
		return slices.ContainsFunc(subnets, func(s subnet) bool { return s.kind == kind })
	}
	if has(typePublic) && has(typePrivate) {
		return nil
	}
	return errors.New(
		"If NAT Gateway strategy is 'OnePerAz' or 'Single', both private and public subnets must be declared. " +
			"The private subnet creates the need for a NAT Gateway, and the public subnet is required to host the " +
			"NAT Gateway resource.",
	)
}

// needsNatGateway reports whether a public subnet of the zone gets a NAT gateway when there are that many already.
func (p *plan) needsNatGateway(zone, existing int) bool {
	switch p.nat {
	case natSingle:
		return existing == 0
	case natOnePerAz:
		return existing < zone+1
	default:
		return false
	}
}

// refusedByAWS says which subnets AWS will refuse to create, although awsx lays them out: preview does not ask AWS.
func refusedByAWS(cidr string, subnets []subnet) []string {
	vpc, err := parseCIDR(cidr)
	if err != nil {
		return nil
	}
	var warnings []string
	for _, s := range subnets {
		b, err := parseCIDR(s.cidr)
		if err != nil || s.kind == typeUnused {
			continue
		}
		if !b.within(vpc) {
			warnings = append(warnings, fmt.Sprintf(
				"subnet %s (%s) is outside the VPC (%s), so AWS will refuse to create it",
				s.name,
				s.cidr,
				cidr,
			))
		}
		// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
		if b.bits < 16 || b.bits > 28 {
			warnings = append(
				warnings,
				fmt.Sprintf("subnet %s (%s) has a size that AWS will refuse: it allows /16 to /28", s.name, s.cidr),
			)
		}
	}
	return warnings
}

// ignored names the inputs of an endpoint that awsx passes over.
func (e vpcEndpointSpecArgs) ignored() []string {
	var names []string
	for _, property := range []struct {
		name  string
		value pulumi.Input
	}{
		{"dnsOptions", e.DNSOptions}, {"ipAddressType", e.IPAddressType},
		{"serviceRegion", e.ServiceRegion}, {"subnetConfigurations", e.SubnetConfigurations},
	} {
		if property.value != nil {
			names = append(names, property.name)
		}
	}
	return names
}

func itemPath(list string, index int, property string) string {
	return list + "[" + strconv.Itoa(index) + "]." + property
}
