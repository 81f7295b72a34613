package outage

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// end is one end of a connection: a network interface in a subnet, or, without a subnet, a host on the internet.
type end struct {
	name   string
	subnet string
	ip     netip.Addr
	groups []string
	// prefixList is that of a service behind a gateway endpoint.
	prefixList string
}

// internet is a host there (RFC 5737).
var internet = end{name: "the internet", ip: netip.MustParseAddr("198.51.100.7")}

// answerPorts are some of those that answers go to: the ephemeral ones of load balancers and NAT gateways, and of Linux
// ("Ephemeral ports", Amazon VPC user guide).
var answerPorts = []int{1024, 32768, 60999, 65535}

// inSubnets returns an end in each of the subnets, or why there is none.
func (s *State) inSubnets(name string, subnets, groups []string) ([]end, error) {
	if len(subnets) == 0 {
		return nil, fmt.Errorf("%s is in no subnet", name)
	}
	var ends []end
	for _, id := range subnets {
		subnet := s.find(token.Subnet, "", id)
		if subnet == nil {
			return nil, fmt.Errorf("%s is in %s, which does not exist", name, id)
		}
		prefix, err := netip.ParsePrefix(bridge.StateOf(subnet).Str("cidrBlock"))
		if err != nil {
			return nil, fmt.Errorf("%s is in %s: %w", name, id, err)
		}
		ip := prefix.Addr()
		for range 8 { // AWS keeps the first four addresses of a subnet
			ip = ip.Next()
		}
		ends = append(ends, end{name: name, subnet: id, ip: ip, groups: groups})
	}
	return ends, nil
}

// open returns nil if a TCP connection can be opened, or the hop that is missing.
func (s *State) open(from, to end, port int) error {
	if err := s.passesGroups(from, to, port); err != nil {
		return err
	}
	if to.subnet == "" {
		return s.reachesInternet(from, to, port)
	}
	if from.subnet == "" {
		if err := s.leadsToGateway(to.subnet); err != nil {
			return err
		}
	}
	return s.passesAcls(from, to, port)
}

// openFromAll returns nil if every one can open a connection to every other.
func (s *State) openFromAll(from, to []end, port int) error {
	for _, a := range from {
		for _, b := range to {
			if err := s.open(a, b, port); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *State) passesGroups(from, to end, port int) error {
	if from.subnet != "" && !s.allowedBy(token.EgressRule, from, to, port) {
		return fmt.Errorf("no security group of %s has an egress rule to %s, port %d", from.name, to.name, port)
	}
	if to.subnet != "" && !s.allowedBy(token.IngressRule, to, from, port) {
		return fmt.Errorf("no security group of %s has an ingress rule from %s, port %d", to.name, from.name, port)
	}
	return nil
}

// allowedBy reports whether a group of one end has a rule that is about the other.
func (s *State) allowedBy(typ string, own, other end, port int) bool {
	return slices.ContainsFunc(s.byType[typ], func(t *world.Thing) bool {
		rule := bridge.StateOf(t)
		if !slices.Contains(own.groups, rule.Str("securityGroupId")) || s.find(token.SecurityGroup, "",
			rule.Str("securityGroupId")) == nil {
			return false
		}
		if protocol := rule.Str("ipProtocol"); protocol != "-1" &&
			(protocol != "tcp" || port < int(rule.Num("fromPort")) || port > int(rule.Num("toPort"))) {
			return false
		}
		if list := rule.Str("prefixListId"); list != "" {
			return list == other.prefixList
		}
		if group := rule.Str("referencedSecurityGroupId"); group != "" {
			return slices.Contains(other.groups, group)
		}
		return contains(rule.Str("cidrIpv4"), other.ip)
	})
}

func contains(cidr string, ip netip.Addr) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && prefix.Contains(ip)
}

// passesAcls judges the packets of both directions at both ends.
func (s *State) passesAcls(from, to end, port int) error {
	if from.subnet == to.subnet {
		return nil // what stays within a subnet passes no network ACL
	}
	if err := errorsOf(s.leaves(from, to, port), s.enters(from, to, port)); err != nil {
		return err
	}
	for _, answer := range answerPorts {
		if err := errorsOf(s.leaves(to, from, answer), s.enters(to, from, answer)); err != nil {
			return fmt.Errorf("answers are lost: %w", err)
		}
	}
	return nil
}

func errorsOf(all ...error) error { return cmp.Or(all...) }

func (s *State) leaves(from, to end, port int) error {
	if acl, rules := s.aclOf(from.subnet); acl != "" && !rules.egress.allow(to.ip, port) {
		return fmt.Errorf("network ACL %s does not let out to %s, port %d", acl, to.name, port)
	}
	return nil
}

func (s *State) enters(from, to end, port int) error {
	if acl, rules := s.aclOf(to.subnet); acl != "" && !rules.ingress.allow(from.ip, port) {
		return fmt.Errorf("network ACL %s does not let in from %s, port %d", acl, from.name, port)
	}
	return nil
}

// aclRule is one rule of a network ACL about IPv4.
type aclRule struct {
	number   int
	allow    bool
	protocol string
	cidr     string
	from, to int
}

type aclDirection []aclRule

type aclRules struct{ ingress, egress aclDirection }

func rulesOf(acl *world.Thing) aclRules {
	state := bridge.StateOf(acl)
	read := func(direction string) aclDirection {
		var rules aclDirection
		for _, rule := range state.Objects(direction) {
			if rule.Str("cidrBlock") == "" {
				continue
			}
			rules = append(rules, aclRule{
				number:   int(rule.Num("ruleNo")),
				allow:    rule.Str("action") == "allow",
				protocol: rule.Str("protocol"),
				cidr:     rule.Str("cidrBlock"),
				from:     int(rule.Num("fromPort")),
				to:       int(rule.Num("toPort")),
			})
		}
		slices.SortFunc(rules, func(a, b aclRule) int { return cmp.Compare(a.number, b.number) })
		return rules
	}
	return aclRules{read("ingress"), read("egress")}
}

// common returns the rules that are in both.
func (r aclRules) common(other aclRules) aclRules {
	both := func(a, b aclDirection) aclDirection {
		return slices.DeleteFunc(slices.Clone(a), func(rule aclRule) bool { return !slices.Contains(b, rule) })
	}
	return aclRules{both(r.ingress, other.ingress), both(r.egress, other.egress)}
}

// allow takes the first rule that matches; one that denies is behind them all.
func (d aclDirection) allow(peer netip.Addr, port int) bool {
	for _, rule := range d {
		if !contains(rule.cidr, peer) {
			continue
		}
		if rule.protocol == "-1" || rule.protocol == "all" ||
			(rule.protocol == "6" || rule.protocol == "tcp") && rule.from <= port && port <= rule.to {
			return rule.allow
		}
	}
	return false
}

// aclOf returns the id and the rules of a subnet's network ACL. A subnet without one has that of its VPC, which by
// default lets everything through.
func (s *State) aclOf(subnet string) (string, aclRules) {
	for _, acl := range s.byType[token.NetworkAcl] {
		associated := slices.Contains(bridge.StateOf(acl).Strings("subnetIds"), subnet) ||
			slices.ContainsFunc(s.every(token.NetworkAclAssoc, "networkAclId", acl.ID), func(a values.View) bool {
				return a.Str("subnetId") == subnet
			})
		if subnet == "" || !associated {
			continue
		}
		if rules, changing := s.rules[acl.ID]; changing {
			return acl.ID, rules
		}
		return acl.ID, rulesOf(acl)
	}
	return "", aclRules{}
}

// defaultRoute returns the route of a subnet to the internet.
func (s *State) defaultRoute(subnet string) (values.View, error) {
	association := s.find(token.RouteTableAssoc, "subnetId", subnet)
	if association == nil {
		return nil, fmt.Errorf("subnet %s has no route table", subnet)
	}
	for _, route := range s.every(token.Route, "routeTableId", bridge.StateOf(association).Str("routeTableId")) {
		if route.Str("destinationCidrBlock") == "0.0.0.0/0" {
			return route, nil
		}
	}
	return nil, fmt.Errorf("subnet %s has no route to the internet", subnet)
}

func (s *State) leadsToGateway(subnet string) error {
	route, err := s.defaultRoute(subnet)
	if err != nil {
		return err
	}
	if s.find(token.InternetGateway, "", route.Str("gatewayId")) == nil {
		return fmt.Errorf("the route of subnet %s leads to no internet gateway", subnet)
	}
	return nil
}

// reachesInternet goes through a NAT gateway, which is in a subnet of its own.
func (s *State) reachesInternet(from, to end, port int) error {
	if to.prefixList != "" {
		return s.passesAcls(from, to, port)
	}
	route, err := s.defaultRoute(from.subnet)
	if err != nil {
		return err
	}
	gateway := s.find(token.NatGateway, "", route.Str("natGatewayId"))
	if gateway == nil {
		return fmt.Errorf("the route of subnet %s leads to no NAT gateway", from.subnet)
	}
	subnet := bridge.StateOf(gateway).Str("subnetId")
	if err := s.leadsToGateway(subnet); err != nil {
		return err
	}
	nat, err := s.inSubnets("the NAT gateway", []string{subnet}, nil)
	if err != nil {
		return err
	}
	// The packets keep the address of the far end on both sides of the gateway.
	hops := []error{
		s.leaves(from, to, port),
		s.enters(from, nat[0], port),
		s.leaves(nat[0], to, port),
	}
	for _, answer := range answerPorts {
		hops = append(hops, s.enters(to, nat[0], answer), s.leaves(nat[0], from, answer), s.enters(to, from, answer))
	}
	return errorsOf(hops...)
}

// reachesService opens a connection to a service of AWS: through its interface endpoint, whose private name leads there
// as soon as it exists, its gateway endpoint, or the internet.
func (s *State) reachesService(from end, region, service string) error {
	for _, thing := range s.byType[token.VpcEndpoint] {
		endpoint := bridge.StateOf(thing)
		if thing.Region != region || values.AfterLast(endpoint.Str("serviceName"), "."+region+".") != service {
			continue
		}
		if endpoint.Str("vpcEndpointType") != "Interface" {
			association := s.find(token.RouteTableAssoc, "subnetId", from.subnet)
			if association == nil || !slices.Contains(
				endpoint.Strings("routeTableIds"), bridge.StateOf(association).Str("routeTableId")) {
				break
			}
			to := internet
			to.name, to.prefixList = "the gateway endpoint of "+service, endpoint.Str("prefixListId")
			return s.open(from, to, 443)
		}
		to, err := s.inSubnets(
			"the endpoint of "+service, endpoint.Strings("subnetIds"), endpoint.Strings("securityGroupIds"))
		if err != nil {
			return err
		}
		return s.openFromAll([]end{from}, to, 443)
	}
	to := internet
	to.name = service + " on the internet"
	return s.open(from, to, 443)
}
