package baseline

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	subnetType          = "aws:ec2/subnet:Subnet"
	routeType           = "aws:ec2/route:Route"
	routeTableType      = "aws:ec2/routeTable:RouteTable"
	associationType     = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	mainAssociationType = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
	defaultTableType    = "aws:ec2/defaultRouteTable:DefaultRouteTable"
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
		return rule.Violation(
			value.Path(),
			"have a route to an internet gateway",
		)
	case public > 0 || subnets.Elsewhere > 0 || len(subnets.Resources) == 0:
		return rule.Unjudged(value.Path(), "may be public subnets: they are not known yet, or not in this stack")
	}
	return rule.Pass()
}

type publicKey struct{}

// isPublic reports whether a subnet's route table leads to an internet gateway. Whether the subnet gives out public
// addresses says nothing about that.
func isPublic(subnet string, stack rule.Stack) bool {
	return rule.Derive(stack, publicKey{}, func() map[string]bool { return publicSubnets(stack) })[subnet]
}

// publicSubnets returns the URNs of subnets with a route to an internet gateway: by the table that is theirs, or else
// by the main one of their VPC.
func publicSubnets(stack rule.Stack) map[string]bool {
	leading := leadingOut(stack)
	own, public := map[string]bool{}, map[string]bool{}
	for _, association := range stack.OfType(associationType) {
		of := expect.Refer(association, stack, association.Get("subnetId"), subnetType)
		if !of.Certain {
			continue
		}
		leads := leadsOut(association, stack, leading)
		for _, subnet := range of.Resources {
			own[subnet.URN] = true
			public[subnet.URN] = public[subnet.URN] || leads
		}
	}
	vpcs := publicByDefault(stack, leading)
	for _, subnet := range stack.OfType(subnetType) {
		of := expect.Refer(subnet, stack, subnet.Get("vpcId"), vpcType)
		if !own[subnet.URN] && of.Certain && len(of.Resources) == 1 {
			public[subnet.URN] = vpcs[of.Resources[0].URN]
		}
	}
	return public
}

// publicByDefault returns the URNs of VPCs whose main route table leads to an internet gateway. The one that AWS makes
// does not, unless the stack takes it over and gives it a route.
func publicByDefault(stack rule.Stack, leading map[string]bool) map[string]bool {
	vpcs := map[string]bool{}
	for _, main := range stack.OfType(mainAssociationType) {
		if leadsOut(main, stack, leading) {
			for _, vpc := range expect.Refer(main, stack, main.Get("vpcId"), vpcType).Resources {
				vpcs[vpc.URN] = true
			}
		}
	}
	for _, table := range stack.OfType(defaultTableType) {
		if !leading[table.URN] {
			continue
		}
		id, state := table.Get("defaultRouteTableId").Text()
		for _, vpc := range stack.OfType(vpcType) {
			its, known := vpc.Get("defaultRouteTableId").Text()
			dependsOn := slices.Contains(table.PropertyDependencies["defaultRouteTableId"], vpc.URN)
			if dependsOn || state == property.Known && known == property.Known && id == its {
				vpcs[vpc.URN] = true
			}
		}
	}
	return vpcs
}

// leadsOut reports whether the route table of an association leads to an internet gateway.
func leadsOut(association rule.Resource, stack rule.Stack, leading map[string]bool) bool {
	return slices.ContainsFunc(
		tablesOf(association, stack),
		func(table rule.Resource) bool { return leading[table.URN] },
	)
}

// tablesOf returns the route tables that a route or an association names.
func tablesOf(r rule.Resource, stack rule.Stack) []rule.Resource {
	var tables []rule.Resource
	for _, resourceType := range []string{routeTableType, defaultTableType} {
		tables = append(tables, expect.Refer(r, stack, r.Get("routeTableId"), resourceType).Resources...)
	}
	return tables
}

// leadingOut returns the URNs of route tables with a route to an internet gateway, by themselves or by a resource of
// its own.
func leadingOut(stack rule.Stack) map[string]bool {
	leading := map[string]bool{}
	for _, route := range stack.OfType(routeType) {
		if toInternet(route, route.Get("gatewayId"), stack) {
			for _, table := range tablesOf(route, stack) {
				leading[table.URN] = true
			}
		}
	}
	for _, table := range append(stack.OfType(routeTableType), stack.OfType(defaultTableType)...) {
		routes, _ := table.Get("routes").List()
		if slices.ContainsFunc(
			routes,
			func(route property.Value) bool { return toInternet(table, route.Get("gatewayId"), stack) },
		) {
			leading[table.URN] = true
		}
	}
	return leading
}

func toInternet(r rule.Resource, gateway property.Value, stack rule.Stack) bool {
	text, state := gateway.Text()
	return state == property.Known && strings.HasPrefix(text, "igw-") ||
		len(expect.Refer(r, stack, gateway, internetGatewayType).Resources) > 0
}
