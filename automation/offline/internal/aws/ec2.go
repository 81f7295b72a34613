package aws

import (
	"fmt"
	"hash/crc32"
	"net/netip"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// ec2Service is what EC2 does beyond its models.
var ec2Service = service{
	module: "ec2", name: "EC2",
	behaviors: map[string]behavior{
		tVpc:                  {check: checkVPC, diff: diffVPC, plan: planVPC, create: createVPC, created: createdVPC, update: updateVPC},
		tSubnet:               {diff: diffSubnet, create: createSubnet, update: updateSubnet},
		tInternetGateway:      {create: attachInternetGateway, update: attachInternetGateway, remove: removeInternetGateway},
		tNatGateway:           {check: checkNatGateway, create: createNatGateway},
		tEip:                  {create: createEip, read: readEip},
		tRoute:                {create: createRoute, imported: importRoute},
		tRouteTableAssoc:      {create: createRouteTableAssociation, imported: importRouteTableAssociation},
		tNetworkAcl:           {create: refusePortsOfAll, update: refusePortsOfAll},
		tNetworkAclRule:       {create: createNetworkAclRule},
		tSecurityGroup:        {create: createSecurityGroup, update: refusePortsOfAll, releases: releaseRules},
		tDefaultSecurityGroup: {create: adoptSecurityGroup, update: refusePortsOfAll},
		tDefaultNetworkAcl:    {create: adopt("defaultNetworkAclId"), update: refusePortsOfAll},
		tDefaultRouteTable:    {create: adopt("defaultRouteTableId")},
		tIngressRule:          {diff: diffSecurityGroupRule, create: createSecurityGroupRule, update: updateSecurityGroupRule},
		tEgressRule:           {diff: diffSecurityGroupRule, create: createSecurityGroupRule, update: updateSecurityGroupRule},
		tVpcEndpoint:          {diff: diffEndpoint, plan: planEndpoint, create: createEndpoint, update: updateEndpoint},
		tFlowLog:              {create: createFlowLog},
		tLaunchTemplate:       {update: updateLaunchTemplate},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:ec2/getVpc:getVpc":                             getVpc,
		"aws:ec2/getSubnet:getSubnet":                       getOne(tSubnet, "InvalidSubnet.NotFound"),
		"aws:ec2/getSubnets:getSubnets":                     getSubnets,
		"aws:ec2/getSecurityGroup:getSecurityGroup":         getOne(tSecurityGroup, "InvalidGroup.NotFound"),
		"aws:ec2/getPrefixList:getPrefixList":               getPrefixList,
		"aws:ec2/getManagedPrefixList:getManagedPrefixList": getManagedPrefixList,
		"aws:ec2/getAmi:getAmi":                             getAMI,
	},
	equalities: map[string]func(a, b string) bool{
		"protocol": func(a, b string) bool { return protocolNumber(a) == protocolNumber(b) },
	},
}

func checkVPC(inputs view) []failure {
	if block, err := netip.ParsePrefix(inputs.str("cidrBlock")); err == nil && (block.Bits() < 16 || block.Bits() > 28) {
		return []failure{failf("cidrBlock", "expected \"cidrBlock\" to contain a network Value with between 16 and 28 "+
			"significant bits, got: %d", block.Bits())}
	}
	return nil
}

// diffVPC lets a dedicated VPC become a shared one in place, but not the other way round.
func diffVPC(d *difference) error {
	if d.changed("instanceTenancy") && d.news.str("instanceTenancy") != "default" {
		d.replace("instanceTenancy", true)
	}
	return nil
}

func planVPC(d *difference) []string {
	if d.changed("assignGeneratedIpv6CidrBlock") && d.news.bool("assignGeneratedIpv6CidrBlock") {
		return []string{"ipv6AssociationId", "ipv6CidrBlock"}
	}
	return nil
}

func createVPC(c *change) error {
	if !c.inputs.has("cidrBlock") && !c.inputs.has("ipv4IpamPoolId") {
		return refuse("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
	}
	if err := refuseHostnames(c); err != nil {
		return err
	}
	assignIPv6(c)
	table := "rtb-" + randomHex(17)
	c.set("mainRouteTableId", table)
	c.set("defaultRouteTableId", table)
	c.set("defaultNetworkAclId", "acl-"+randomHex(17))
	c.set("defaultSecurityGroupId", "sg-"+randomHex(17))
	return nil
}

func updateVPC(c *change) error {
	if c.inputs.bool("assignGeneratedIpv6CidrBlock") {
		assignIPv6(c)
	}
	return refuseHostnames(c)
}

func refuseHostnames(c *change) error {
	if c.inputs.bool("enableDnsHostnames") && !c.inputs.bool("enableDnsSupport") {
		return refuse("InvalidParameterCombination", "DNS hostnames cannot be enabled while DNS support is not: set "+
			"enableDnsSupport to true as well")
	}
	return nil
}

func assignIPv6(c *change) {
	if !c.inputs.bool("assignGeneratedIpv6CidrBlock") || view(c.state).str("ipv6CidrBlock") != "" {
		return
	}
	c.set("ipv6CidrBlock", fmt.Sprintf("2600:1f%s:%s:%s00::/56", randomHex(2), randomHex(4), randomHex(2)))
	c.set("ipv6AssociationId", "vpc-cidr-assoc-"+randomHex(17))
	c.set("ipv6CidrBlockNetworkBorderGroup", c.region().Name)
}

// createdVPC records what comes with every VPC.
func createdVPC(c *change) error {
	parts := map[string]string{
		"defaultRouteTableId": tRouteTable, "defaultNetworkAclId": tNetworkAcl, "defaultSecurityGroupId": tSecurityGroup,
	}
	for _, property := range sortedKeys(parts) {
		if err := c.tx.PutPart(c.thing, parts[property], view(c.state).str(property)); err != nil {
			return err
		}
	}
	return nil
}

// diffSubnet lets the IPv6 block change in place unless addresses were given out from it by themselves.
func diffSubnet(d *difference) error {
	if d.changed("ipv6CidrBlock") {
		d.replace("ipv6CidrBlock", d.olds.bool("assignIpv6AddressOnCreation"))
	}
	return nil
}

func createSubnet(c *change) error {
	if err := placeSubnet(c); err != nil {
		return err
	}
	if err := refuseSubnetBlock(c); err != nil {
		return err
	}
	if c.inputs.bool("ipv6Native") {
		c.out("privateDnsHostnameTypeOnLaunch", "resource-name")
	}
	return updateSubnet(c)
}

func updateSubnet(c *change) error {
	if c.inputs.str("ipv6CidrBlock") != "" && view(c.state).str("ipv6CidrBlockAssociationId") == "" {
		c.set("ipv6CidrBlockAssociationId", "subnet-cidr-assoc-"+randomHex(17))
	}
	return nil
}

// placeSubnet finds the availability zone: the one given by name or id, or the one with the fewest subnets.
func placeSubnet(c *change) error {
	region := c.region()
	zone := c.inputs.str("availabilityZone")
	if id := c.inputs.str("availabilityZoneId"); id != "" {
		zone = region.zoneByID(id)
		if zone == "" {
			return refuse("InvalidParameterValue", "Value (%s) for parameter availabilityZoneId is invalid. Subnets can "+
				"currently only be created in %s.", id, strings.Join(region.zoneNames(), ", "))
		}
	}
	if zone == "" {
		subnets, err := c.siblings(tSubnet)
		if err != nil {
			return err
		}
		zone = emptiest(region.zoneNames(), subnets)
	}
	if region.zoneID(zone) == "" {
		return refuse("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently "+
			"only be created in the following availability zones: %s.", zone, strings.Join(region.zoneNames(), ", "))
	}
	c.set("availabilityZone", zone)
	c.set("availabilityZoneId", region.zoneID(zone))
	return nil
}

func emptiest(zones []string, subnets []*world.Thing) string {
	count := map[string]int{}
	for _, subnet := range subnets {
		count[stateOf(subnet).str("availabilityZone")]++
	}
	return slices.MinFunc(zones, func(a, b string) int { return count[a] - count[b] })
}

// refuseSubnetBlock refuses a block outside the VPC, of a size that AWS does not have, or that overlaps a sibling.
func refuseSubnetBlock(c *change) error {
	given := c.inputs.str("cidrBlock")
	if given == "" {
		if c.inputs.bool("ipv6Native") || c.inputs.has("ipv4IpamPoolId") {
			return nil
		}
		return refuse("MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.")
	}
	block, err := netip.ParsePrefix(given)
	if err != nil {
		return refuse("InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", given)
	}
	blocks, err := c.vpcBlocks()
	if err != nil {
		return err
	}
	if block.Bits() < 16 || block.Bits() > 28 || !slices.ContainsFunc(blocks, func(of netip.Prefix) bool { return within(block, of) }) {
		return refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid: VPC %s has %s, and a subnet has a prefix between "+
			"/16 and /28.", given, c.inputs.str("vpcId"), joinPrefixes(blocks))
	}
	subnets, err := c.siblings(tSubnet)
	if err != nil {
		return err
	}
	for _, sibling := range subnets {
		other, err := netip.ParsePrefix(stateOf(sibling).str("cidrBlock"))
		if err == nil && stateOf(sibling).str("vpcId") == c.inputs.str("vpcId") && block.Overlaps(other) {
			return refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet: %s has %s.", given, sibling.ID, other)
		}
	}
	return nil
}

const tCidrAssociation = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"

// vpcBlocks returns the address blocks of the VPC that the thing lies in.
func (c *change) vpcBlocks() ([]netip.Prefix, error) {
	vpc := c.target("vpcId")
	if vpc == nil {
		return []netip.Prefix{defaultVPCBlock}, nil
	}
	texts := []string{stateOf(vpc).str("cidrBlock")}
	associations, err := c.siblings(tCidrAssociation)
	if err != nil {
		return nil, err
	}
	for _, association := range associations {
		if stateOf(association).str("vpcId") == vpc.ID {
			texts = append(texts, stateOf(association).str("cidrBlock"))
		}
	}
	var blocks []netip.Prefix
	for _, text := range texts {
		if block, err := netip.ParsePrefix(text); err == nil {
			blocks = append(blocks, block)
		}
	}
	return blocks, nil
}

var defaultVPCBlock = netip.MustParsePrefix("172.31.0.0/16")

func within(inner, outer netip.Prefix) bool {
	return inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr())
}

func joinPrefixes(prefixes []netip.Prefix) string {
	texts := make([]string, len(prefixes))
	for i, prefix := range prefixes {
		texts[i] = prefix.String()
	}
	return strings.Join(texts, ", ")
}

func attachInternetGateway(c *change) error {
	vpc := c.inputs.str("vpcId")
	if vpc == "" {
		return nil
	}
	others, err := c.siblings(tInternetGateway)
	if err != nil {
		return err
	}
	for _, other := range others {
		if stateOf(other).str("vpcId") == vpc {
			return refuse("Resource.AlreadyAssociated", "resource %s is already attached to network %s: a VPC has one internet "+
				"gateway", other.ID, vpc)
		}
	}
	return nil
}

// removeInternetGateway refuses to detach while addresses of the VPC are reachable through the gateway.
func removeInternetGateway(c *change) error {
	vpc := c.olds.str("vpcId")
	if vpc == "" {
		return nil
	}
	gateways, err := c.siblings(tNatGateway)
	if err != nil {
		return err
	}
	for _, gateway := range gateways {
		links, err := c.tx.Links(gateway)
		if err != nil {
			return err
		}
		for _, link := range links {
			if link.Property == "subnetId" && stateOf(link.Target).str("vpcId") == vpc && stateOf(gateway).str("publicIp") != "" {
				return refuseRetried(dependency, "Network %s has some mapped public address(es). Please unmap those public "+
					"address(es) before detaching the gateway: %s has %s.", vpc, gateway.ID, stateOf(gateway).str("publicIp"))
			}
		}
	}
	return nil
}

func checkNatGateway(inputs view) []failure {
	if inputs.str("connectivityType") == "private" {
		for _, property := range []string{"allocationId", "secondaryAllocationIds"} {
			if inputs.given(property) {
				return []failure{failf(property, "%s is not supported with connectivityType \"private\"", property)}
			}
		}
		return nil
	}
	if inputs.given("secondaryPrivateIpAddressCount") {
		return []failure{failf("secondaryPrivateIpAddressCount",
			"secondaryPrivateIpAddressCount is not supported with connectivityType \"public\"")}
	}
	return nil
}

func createNatGateway(c *change) error {
	if subnet := c.target("subnetId"); subnet != nil {
		c.out("privateIp", addressIn(subnet))
	}
	if c.inputs.str("connectivityType") == "private" {
		return nil
	}
	eip := c.target("allocationId")
	if eip == nil {
		return refuse("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter "+
			"and retry the request.")
	}
	referrers, err := c.tx.Referrers(eip)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Property == "allocationId" {
			return refuse("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated with %s", eip.ID, r.Thing.ID)
		}
	}
	c.set("publicIp", stateOf(eip).str("publicIp"))
	c.set("associationId", "eipassoc-"+randomHex(17))
	return nil
}

// addressIn returns an address of a subnet that AWS could give out: not one of the first four or the last.
func addressIn(subnet *world.Thing) string {
	block, err := netip.ParsePrefix(stateOf(subnet).str("cidrBlock"))
	if err != nil || !block.Addr().Is4() {
		return ""
	}
	address := block.Addr().As4()
	size := uint32(1) << (32 - block.Bits())
	offset := 4 + crc32.ChecksumIEEE([]byte(randomHex(8)))%(size-5)
	value := uint32(address[0])<<24 | uint32(address[1])<<16 | uint32(address[2])<<8 | uint32(address[3]) + offset
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}).String()
}

func createEip(c *change) error {
	address := c.inputs.str("address")
	if address == "" {
		random := []byte(randomText("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x14\x1e\x28\x32\x3c\x46\x50\x5a\x64\x6e\x78\x82\x8c\x96\xa0\xaa\xb4\xbe\xc8\xd2\xdc\xe6", 3))
		address = fmt.Sprintf("52.%d.%d.%d", random[0], random[1], random[2])
	}
	c.set("publicIp", address)
	c.set("publicDns", fmt.Sprintf("ec2-%s.%s.%s", strings.ReplaceAll(address, ".", "-"), computeDomain(c.region()), c.region().DNSSuffix()))
	return nil
}

func computeDomain(r Region) string {
	if r.Name == "us-east-1" {
		return "compute-1"
	}
	return r.Name + ".compute"
}

// readEip shows what the address is associated with.
func readEip(c *change) error {
	referrers, err := c.tx.Referrers(c.thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Thing.Type == tNatGateway {
			c.set("associationId", stateOf(r.Thing).str("associationId"))
			c.set("networkInterface", stateOf(r.Thing).str("networkInterfaceId"))
			c.set("privateIp", stateOf(r.Thing).str("privateIp"))
		}
	}
	return nil
}

var destinations = []string{"destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"}

func destinationOf(route view) string {
	for _, property := range destinations {
		if destination := route.str(property); destination != "" {
			return destination
		}
	}
	return ""
}

func createRoute(c *change) error {
	destination := destinationOf(c.inputs)
	if c.inputs.str("gatewayId") == "local" {
		return refuse("InvalidParameterValue", "cannot create a local route: it comes with the route table")
	}
	c.id = fmt.Sprintf("r-%s%d", c.inputs.str("routeTableId"), crc32.ChecksumIEEE([]byte(destination)))
	if _, err := c.tx.Get(world.Key{Region: c.region().Name, Type: tRoute, Key: c.id}); err == nil {
		return refuse("RouteAlreadyExists", "Route in Route Table (%s) with destination (%s) already exists",
			c.inputs.str("routeTableId"), destination)
	}
	return nil
}

// importRoute takes {route table}_{destination}.
func importRoute(c *change, id string) (*world.Thing, error) {
	table, destination, found := strings.Cut(id, "_")
	if !found {
		return nil, nil
	}
	return findBy(c, tRoute, func(route view) bool {
		return route.str("routeTableId") == table && destinationOf(route) == destination
	})
}

// findBy returns a thing of a type in the provider's region, or without one, whose state fits.
func findBy(c *change, token string, fits func(view) bool) (*world.Thing, error) {
	for _, region := range []string{c.region().Name, world.Global} {
		things, err := c.tx.OfType(region, token)
		if err != nil {
			return nil, err
		}
		for _, thing := range things {
			if fits(stateOf(thing)) {
				return thing, nil
			}
		}
	}
	return nil, nil
}

func createRouteTableAssociation(c *change) error {
	subnet := c.inputs.str("subnetId")
	if subnet == "" {
		return nil
	}
	others, err := c.siblings(tRouteTableAssoc)
	if err != nil {
		return err
	}
	for _, other := range others {
		if stateOf(other).str("subnetId") == subnet {
			return refuse("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing "+
				"association: %s", c.inputs.str("routeTableId"), other.ID)
		}
	}
	return nil
}

// importRouteTableAssociation takes {subnet or gateway}/{route table}.
func importRouteTableAssociation(c *change, id string) (*world.Thing, error) {
	from, table, _ := strings.Cut(id, "/")
	return findBy(c, tRouteTableAssoc, func(a view) bool {
		return a.str("routeTableId") == table && (a.str("subnetId") == from || a.str("gatewayId") == from)
	})
}

// refusePortsOfAll refuses rules for all protocols that name ports.
func refusePortsOfAll(c *change) error {
	for _, direction := range []string{"ingress", "egress"} {
		for _, rule := range c.inputs.objects(direction) {
			if protocolNumber(rule.str("protocol")) == "-1" && (rule.num("fromPort") != 0 || rule.num("toPort") != 0) {
				return fmt.Errorf("%s: from_port (%s) and to_port (%s) must both be 0 to use the 'ALL' \"-1\" protocol",
					direction, rule.str("fromPort"), rule.str("toPort"))
			}
		}
	}
	return nil
}

func createNetworkAclRule(c *change) error {
	acl, number, egress := c.inputs.str("networkAclId"), c.inputs.str("ruleNumber"), c.inputs.bool("egress")
	others, err := c.siblings(tNetworkAclRule)
	if err != nil {
		return err
	}
	for _, other := range others {
		rule := stateOf(other)
		if rule.str("networkAclId") == acl && rule.str("ruleNumber") == number && rule.bool("egress") == egress {
			return refuse("NetworkAclEntryAlreadyExists", "The network acl entry identified by %s already exists.", number)
		}
	}
	key := fmt.Sprintf("%s-%s-%t-%s-", acl, number, egress, c.inputs.str("protocol"))
	c.id = fmt.Sprintf("nacl-%d", crc32.ChecksumIEEE([]byte(key)))
	c.set("protocol", protocolNumber(c.inputs.str("protocol")))
	return nil
}

func createSecurityGroup(c *change) error {
	c.out("vpcId", c.region().defaultVPC())
	return refusePortsOfAll(c)
}

// adopt takes over something that a VPC came with, named by a property.
func adopt(property string) func(c *change) error {
	return func(c *change) error {
		c.id = c.inputs.str(property)
		return refusePortsOfAll(c)
	}
}

func adoptSecurityGroup(c *change) error {
	c.id = c.region().part("sg")
	if vpc := c.target("vpcId"); vpc != nil {
		c.id = stateOf(vpc).str("defaultSecurityGroupId")
	}
	c.out("vpcId", c.region().defaultVPC())
	return refusePortsOfAll(c)
}

// sources are the properties of a security group rule of which one says where traffic comes from or goes to.
var sources = []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"}

// diffSecurityGroupRule replaces a rule whose source becomes one of another kind.
func diffSecurityGroupRule(d *difference) error {
	for _, source := range sources {
		if d.changed(source) && d.olds.has(source) != d.news.given(source) {
			d.replace(source, true)
		}
	}
	return nil
}

func createSecurityGroupRule(c *change) error {
	others, err := c.siblings(c.token)
	if err != nil {
		return err
	}
	for _, other := range others {
		if sameRule(stateOf(other), c.inputs) {
			return refuse("InvalidPermission.Duplicate", "the specified rule already exists: %s", other.ID)
		}
	}
	return updateSecurityGroupRule(c)
}

// updateSecurityGroupRule forgets the ports of a rule for all protocols, as AWS does.
func updateSecurityGroupRule(c *change) error {
	if protocolNumber(c.inputs.str("ipProtocol")) == "-1" {
		delete(c.state, "fromPort")
		delete(c.state, "toPort")
	}
	return nil
}

func sameRule(a, b view) bool {
	for _, property := range append([]string{"securityGroupId", "fromPort", "toPort"}, sources...) {
		if a.str(property) != b.str(property) {
			return false
		}
	}
	return protocolNumber(a.str("ipProtocol")) == protocolNumber(b.str("ipProtocol"))
}

func diffEndpoint(d *difference) error {
	if d.changed("privateDnsEnabled") && d.news.str("vpcEndpointType") != "Interface" {
		d.replace("privateDnsEnabled", true)
	}
	return nil
}

func planEndpoint(d *difference) []string {
	if d.changed("subnetIds") {
		return []string{"networkInterfaceIds", "subnetConfigurations"}
	}
	return nil
}

func createEndpoint(c *change) error {
	service := c.inputs.str("serviceName")
	prefix := "com.amazonaws." + c.region().Name + "."
	if strings.HasPrefix(service, "com.amazonaws.") && !strings.HasPrefix(service, prefix) &&
		!strings.HasPrefix(service, "com.amazonaws.vpce.") {
		return refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist in %s", service, c.region().Name)
	}
	if c.inputs.str("vpcEndpointType") == "Gateway" {
		for _, property := range []string{"subnetIds", "securityGroupIds"} {
			if len(c.inputs.list(property)) > 0 {
				return refuse("InvalidParameter", "%s is not supported for gateway endpoints: %s", property, service)
			}
		}
		c.set("prefixListId", prefixList(service))
		c.set("cidrBlocks", prefixListBlocks(service))
		return nil
	}
	if len(c.inputs.list("routeTableIds")) > 0 {
		return refuse("InvalidParameter", "Route table IDs are only supported for gateway type VPC endpoints: %s", service)
	}
	c.out("ipAddressType", "ipv4")
	c.out("dnsOptions", map[string]any{"dnsRecordIpType": "ipv4", "privateDnsOnlyForInboundResolverEndpoint": false})
	return interfaceEndpoint(c)
}

func updateEndpoint(c *change) error {
	if c.inputs.str("vpcEndpointType") != "Interface" {
		return nil
	}
	return interfaceEndpoint(c)
}

// interfaceEndpoint computes what an interface endpoint has in each of its subnets.
func interfaceEndpoint(c *change) error {
	vpc := c.target("vpcId")
	if c.inputs.bool("privateDnsEnabled") && vpc != nil &&
		(!stateOf(vpc).bool("enableDnsSupport") || !stateOf(vpc).bool("enableDnsHostnames")) {
		return refuse("InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC "+
			"attributes set to true for %s", vpc.ID)
	}
	if vpc != nil && len(c.inputs.list("securityGroupIds")) == 0 {
		c.set("securityGroupIds", []any{stateOf(vpc).str("defaultSecurityGroupId")})
	}
	subnets := c.targets("subnetIds")
	if len(c.olds.list("networkInterfaceIds")) == len(subnets) && c.olds != nil {
		return nil
	}
	var interfaces, configurations, entries []any
	for _, subnet := range subnets {
		interfaces = append(interfaces, "eni-"+randomHex(17))
		configurations = append(configurations, map[string]any{"ipv4": addressIn(subnet), "subnetId": subnet.ID})
	}
	suffix := randomText(alphabets["lower"], 8)
	service := afterLast(c.inputs.str("serviceName"), c.region().Name+".")
	entries = append(entries, map[string]any{
		"dnsName":      fmt.Sprintf("vpce-%s.%s.%s.vpce.amazonaws.com", suffix, service, c.region().Name),
		"hostedZoneId": c.region().NLBZone,
	})
	c.set("networkInterfaceIds", interfaces)
	c.set("subnetConfigurations", configurations)
	c.set("dnsEntries", entries)
	return nil
}

// prefixLists are the address lists of the services with gateway endpoints, with one of the blocks each has.
var prefixLists = map[string]struct{ suffix, block string }{
	"s3":       {"63a5400a", "54.231.0.0/16"},
	"dynamodb": {"02cd2c6b", "52.94.0.0/22"},
}

func prefixList(service string) string {
	if known, has := prefixLists[afterLast(service, ".")]; has {
		return "pl-" + known.suffix
	}
	return "pl-" + fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(service)))
}

func prefixListBlocks(service string) []any {
	if known, has := prefixLists[afterLast(service, ".")]; has {
		return []any{known.block}
	}
	return []any{}
}

func createFlowLog(c *change) error {
	if !c.inputs.has("transitGatewayId") && !c.inputs.has("transitGatewayAttachmentId") && !c.inputs.has("trafficType") {
		return refuse("MissingParameter", "The request must contain the parameter TrafficType")
	}
	if c.inputs.str("logDestinationType") != "cloud-watch-logs" {
		return nil
	}
	if !c.inputs.has("iamRoleArn") {
		return refuse("InvalidParameter", "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
	}
	if name := c.inputs.str("logGroupName"); name != "" {
		c.set("logDestination", fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s", c.region().Partition(), c.region().Name, world.Account, name))
		return nil
	}
	if _, name, found := strings.Cut(c.inputs.str("logDestination"), ":log-group:"); found {
		c.set("logGroupName", strings.TrimSuffix(name, ":*"))
	}
	return nil
}

// updateLaunchTemplate makes a new version, unless only tags changed.
func updateLaunchTemplate(c *change) error {
	versioned := slices.ContainsFunc(sortedKeys(c.difference.edits), func(at string) bool { return !strings.HasPrefix(at, "tags") })
	if !versioned {
		return nil
	}
	latest := view(c.state).num("latestVersion") + 1
	c.set("latestVersion", latest)
	if c.inputs.bool("updateDefaultVersion") {
		c.set("defaultVersion", latest)
	}
	return nil
}

// releaseRules lets a security group's own rules go with it.
func releaseRules(c *change, holder world.Referrer) bool {
	return holder.Thing.ID == c.thing.ID || view(holder.Thing.State).str("securityGroupId") == c.thing.ID
}
