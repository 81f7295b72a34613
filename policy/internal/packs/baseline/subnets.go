package baseline

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	subnetType          = "aws:ec2/subnet:Subnet"
	routeType           = "aws:ec2/route:Route"
	routeTableType      = "aws:ec2/routeTable:RouteTable"
	associationType     = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	internetGatewayType = "aws:ec2/internetGateway:InternetGateway"
)

// placedBy is the property that holds the subnets of what must not be in a public one.
var placedBy = map[string][]string{
	serviceType: {"networkConfiguration", "subnets"}, subnetGroupType: {"subnetIds"}, mountTargetType: {"subnetId"},
}

func judgeSubnets(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	value := r.Get(placedBy[r.Type]...)
	subnets := expect.Refer(r, stack, value, subnetType)
	var public int
	for _, subnet := range subnets.Resources {
		if isPublic(subnet.URN, stack) {
			public++
		}
	}
	switch {
	case value.State() == property.Absent:
		return rule.NotApplicable("it names no subnets")
	case public > 0 && subnets.Certain || public > 0 && public == len(subnets.Resources) && subnets.Elsewhere == 0:
		return rule.Violation(value.Path(), "have a route to an internet gateway, so that one open port or address is enough to reach it from anywhere")
	case public > 0 || subnets.Elsewhere > 0 || len(subnets.Resources) == 0:
		return rule.Unjudged(value.Path(), "may be public subnets: they are not known yet, or not in this stack")
	}
	return rule.Pass()
}

// isPublic tells whether a subnet's route table leads to an internet gateway. Whether the subnet gives out public
// addresses says nothing about that.
func isPublic(subnet string, stack rule.Stack) bool {
	for _, association := range stack.OfType(associationType) {
		of := expect.Refer(association, stack, association.Get("subnetId"), subnetType)
		if !of.Certain || !of.Has(subnet) {
			continue
		}
		tables := expect.Refer(association, stack, association.Get("routeTableId"), routeTableType).Resources
		if slices.ContainsFunc(tables, func(table rule.Resource) bool { return leadsOut(table, stack) }) {
			return true
		}
	}
	return false
}

// leadsOut tells whether a route table has a route to an internet gateway, by itself or by a resource of its own.
func leadsOut(table rule.Resource, stack rule.Stack) bool {
	toInternet := func(r rule.Resource, gateway property.Value) bool {
		text, state := gateway.Text()
		return state == property.Known && len(text) > 4 && text[:4] == "igw-" || len(expect.Refer(r, stack, gateway, internetGatewayType).Resources) > 0
	}
	for _, route := range stack.OfType(routeType) {
		if of := expect.Refer(route, stack, route.Get("routeTableId"), routeTableType); of.Has(table.URN) && toInternet(route, route.Get("gatewayId")) {
			return true
		}
	}
	routes, _ := table.Get("routes").List()
	return slices.ContainsFunc(routes, func(route property.Value) bool { return toInternet(table, route.Get("gatewayId")) })
}
