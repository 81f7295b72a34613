package baseline

import "github.com/awslab/awslab/policy/internal/ruletest"

func groupNamed(name string) ruletest.Resource {
	return ruletest.Resource{Type: groupType, Name: name, Properties: ruletest.Props{"id": "sg-" + name}}
}

// lab is a load balancer, a service and a database, each with a group, and the load balancer's is open to the world.
var lab = []ruletest.Resource{
	groupNamed("door"), groupNamed("tasks"), groupNamed("data"),
	{Type: loadBalancerType, Name: "balancer", Properties: ruletest.Props{"securityGroups": []string{"sg-door"}}},
	{
		Type:       serviceType,
		Name:       "service",
		Properties: ruletest.Props{"networkConfiguration": object{"securityGroups": []string{"sg-tasks"}}},
	},
	{Type: databaseType, Name: "database", Properties: ruletest.Props{"vpcSecurityGroupIds": []string{"sg-data"}}},
	{
		Type:       ingressType,
		Name:       "world",
		Properties: ruletest.Props{"securityGroupId": "sg-door", "cidrIpv4": "0.0.0.0/0"},
	},
}

// letting returns a rule of a group that lets another in, or a block of addresses.
func letting(into, from any) ruletest.Resource {
	return ingress(ruletest.Props{"securityGroupId": into, "referencedSecurityGroupId": from})
}

func lettingBlock(into, cidr any) ruletest.Resource {
	return ingress(ruletest.Props{"securityGroupId": into, "cidrIpv4": cidr})
}

func olderRule(p ruletest.Props) ruletest.Resource {
	return ruletest.Resource{Type: groupRuleType, Name: "it", Properties: p}
}

var tierCases = map[string][]ruletest.Case{
	"network-tiers": {
		{
			Situation: ruletest.Passes,
			Name:      "a service lets a load balancer in",
			Resource:  letting("sg-tasks", "sg-door"),
			Rest:      lab,
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Passes,
			Name:      "data lets a service in",
			Resource:  letting("sg-data", "sg-tasks"),
			Rest:      lab,
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Passes,
			Name:      "the world at the door",
			Resource:  lettingBlock("sg-door", "::/0"),
			Rest:      lab,
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Fails,
			Name:      "a service lets the world in",
			Resource:  lettingBlock("sg-tasks", "0.0.0.0/0"),
			Rest:      lab,
			Want:      violation("cidrIpv4"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "data lets a load balancer in",
			Resource:  letting("sg-data", "sg-door"),
			Rest:      lab,
			Want:      violation("referencedSecurityGroupId"),
		},
		{Situation: ruletest.Fails, Name: "by an older rule", Rest: lab, Want: violation("sourceSecurityGroupId"),
			Resource: olderRule(
				ruletest.Props{"type": "ingress", "securityGroupId": "sg-data", "sourceSecurityGroupId": "sg-door"},
			)},
		{
			Situation: ruletest.Fails,
			Name:      "in the group itself",
			Rest:      lab[3:],
			Want:      violation("ingress[0].cidrBlocks[0]"),
			Resource: group(
				ruletest.Props{"id": "sg-tasks", "ingress": []any{object{"cidrBlocks": []string{"0.0.0.0/0"}}}},
			),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "group, which comes from one",
			Rest:      lab,
			Want:      violation("referencedSecurityGroupId"),
			Resource: ruletest.Resource{
				Type: ingressType,
				Name: "it",
				Properties: ruletest.Props{
					"securityGroupId":           ruletest.Computed,
					"referencedSecurityGroupId": ruletest.Computed,
				},
				DependsOn: map[string][]string{"securityGroupId": {"data"}, "referencedSecurityGroupId": {"door"}},
			},
		},
		{
			Situation: ruletest.Unknown,
			Name:      "group, which comes from one of two",
			Rest:      lab,
			Want:      unevaluated("securityGroupId"),
			Resource: ruletest.Resource{
				Type:       ingressType,
				Name:       "it",
				Properties: ruletest.Props{"securityGroupId": ruletest.Computed, "cidrIpv4": "0.0.0.0/0"},
				DependsOn:  map[string][]string{"securityGroupId": {"data", "door"}},
			},
		},
		{
			Situation: ruletest.Secret,
			Resource:  lettingBlock("sg-tasks", ruletest.Secretly("0.0.0.0/0")),
			Rest:      lab,
			Want:      violation("cidrIpv4"),
		},
		{Situation: ruletest.Absent, Resource: ingress(ruletest.Props{}), Rest: lab, Want: ruletest.Pass},
	},
	"data-from-groups": {
		{Situation: ruletest.Passes, Resource: letting("sg-data", "sg-tasks"), Rest: lab, Want: ruletest.Pass},
		{
			Situation: ruletest.Passes,
			Name:      "it is no data",
			Resource:  lettingBlock("sg-tasks", "10.0.0.0/8"),
			Rest:      lab,
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Passes, Name: "the way out", Rest: lab, Want: ruletest.Pass,
			Resource: olderRule(
				ruletest.Props{"type": "egress", "securityGroupId": "sg-data", "cidrBlocks": []string{"10.0.0.0/8"}},
			)},
		{
			Situation: ruletest.Fails,
			Resource:  lettingBlock("sg-data", "10.0.0.0/8"),
			Rest:      lab,
			Want:      violation("cidrIpv4"),
		},
		{Situation: ruletest.Fails, Name: "by an older rule", Rest: lab, Want: violation("prefixListIds[0]"),
			Resource: olderRule(
				ruletest.Props{"type": "ingress", "securityGroupId": "sg-data", "prefixListIds": []string{"pl-1"}},
			)},
		{
			Situation: ruletest.Unknown,
			Rest:      lab,
			Want:      violation("cidrIpv4"),
			Resource: ruletest.Resource{Type: ingressType, Name: "it",
				Properties: ruletest.Props{
					"securityGroupId": "sg-data",
					"cidrIpv4":        ruletest.Computed,
				}, DependsOn: map[string][]string{"cidrIpv4": {"balancer"}}},
		},
		{
			Situation: ruletest.Unknown,
			Name:      "for AWS to fill in",
			Resource:  lettingBlock("sg-data", ruletest.Computed),
			Rest:      lab,
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Secret,
			Resource:  lettingBlock("sg-data", ruletest.Secretly("10.0.0.0/8")),
			Rest:      lab,
			Want:      violation("cidrIpv4"),
		},
		{Situation: ruletest.Absent, Resource: ingress(ruletest.Props{}), Rest: lab, Want: ruletest.Pass},
	},
	"private-subnets": {
		{
			Situation: ruletest.Passes,
			Resource:  subnetGroup([]string{"subnet-inside"}),
			Rest:      subnets,
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Passes,
			Name:      "from the private ones",
			Resource:  service(ruletest.Props{"networkConfiguration": object{"subnets": []string{"subnet-inside"}}}),
			Rest:      subnets,
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Fails,
			Resource:  subnetGroup([]string{"subnet-inside", "subnet-outside"}),
			Rest:      subnets,
			Want:      violation("subnetIds"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "a route in the table itself",
			Want:      violation("subnetIds"),
			Resource:  subnetGroup([]string{"subnet-inside"}),
			Rest: append(
				subnets[:len(subnets)-1:len(subnets)-1],
				ruletest.Resource{Type: routeTableType, Name: "private", Properties: ruletest.Props{
					"id": "rtb-private", "routes": []any{object{"gatewayId": "igw-12345"}}}},
			),
		},
		{
			Situation: ruletest.Fails,
			Name:      "by the main route table",
			Want:      violation("subnetIds"),
			Resource:  subnetGroup([]string{"subnet-alone"}),
			Rest: byMainTable(
				ruletest.Resource{
					Type:       mainAssociationType,
					Name:       "main",
					Properties: ruletest.Props{"vpcId": "vpc", "routeTableId": "rtb-public"},
				},
			),
		},
		{
			Situation: ruletest.Passes,
			Name:      "by the main route table",
			Want:      ruletest.Pass,
			Resource:  subnetGroup([]string{"subnet-alone"}),
			Rest: byMainTable(
				ruletest.Resource{
					Type:       mainAssociationType,
					Name:       "main",
					Properties: ruletest.Props{"vpcId": "vpc", "routeTableId": "rtb-private"},
				},
			),
		},
		{
			Situation: ruletest.Passes,
			Name:      "its own table comes before the main one",
			Want:      ruletest.Pass,
			Resource:  subnetGroup([]string{"subnet-inside"}),
			Rest: byMainTable(
				ruletest.Resource{
					Type:       mainAssociationType,
					Name:       "main",
					Properties: ruletest.Props{"vpcId": "vpc", "routeTableId": "rtb-public"},
				},
			),
		},
		{
			Situation: ruletest.Fails,
			Name:      "by the default route table",
			Want:      violation("subnetIds"),
			Resource:  subnetGroup([]string{"subnet-alone"}),
			Rest: byMainTable(
				ruletest.Resource{
					Type: defaultTableType,
					Name: "default",
					Properties: ruletest.Props{
						"defaultRouteTableId": "rtb-default",
						"routes":              []any{object{"gatewayId": "igw-12345"}},
					},
				},
			),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "subnets, of which one is public",
			Resource:  unknownGroup("inside", "outside"),
			Rest:      subnets,
			Want:      unevaluated("subnetIds"),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "subnets, of which all are public",
			Resource:  unknownGroup("outside"),
			Rest:      subnets,
			Want:      violation("subnetIds"),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "subnets, of which none is public",
			Resource:  unknownGroup("inside"),
			Rest:      subnets,
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Secret,
			Resource:  subnetGroup(ruletest.Secretly([]string{"subnet-outside"})),
			Rest:      subnets,
			Want:      violation("subnetIds"),
		},
		{Situation: ruletest.Absent, Resource: service(ruletest.Props{}), Rest: subnets, Want: ruletest.NotApplicable},
		{
			Situation: ruletest.Absent,
			Name:      "from the stack",
			Resource:  subnetGroup([]string{"subnet-elsewhere"}),
			Rest:      subnets,
			Want:      unevaluated("subnetIds"),
		},
	},
}

func subnetGroup(ids any) ruletest.Resource {
	return ruletest.Resource{Type: subnetGroupType, Name: "it", Properties: ruletest.Props{"subnetIds": ids}}
}

func unknownGroup(sources ...string) ruletest.Resource {
	r := subnetGroup(ruletest.Computed)
	r.DependsOn = map[string][]string{"subnetIds": sources}
	return r
}

// byMainTable adds a subnet that has no route table of its own.
func byMainTable(more ...ruletest.Resource) []ruletest.Resource {
	vpc := ruletest.Resource{
		Type:       vpcType,
		Name:       "vpc",
		Properties: ruletest.Props{"id": "vpc", "defaultRouteTableId": "rtb-default"},
	}
	alone := ruletest.Resource{
		Type:       subnetType,
		Name:       "alone",
		Properties: ruletest.Props{"id": "subnet-alone", "vpcId": "vpc"},
	}
	return append(append([]ruletest.Resource{vpc, alone}, subnets...), more...)
}

// subnets are two with a route table each, of which one has a route to an internet gateway.
var subnets = []ruletest.Resource{
	{Type: subnetType, Name: "inside", Properties: ruletest.Props{"id": "subnet-inside"}},
	{Type: subnetType, Name: "outside", Properties: ruletest.Props{"id": "subnet-outside"}},
	{Type: internetGatewayType, Name: "internet", Properties: ruletest.Props{"id": "igw"}},
	{
		Type:       associationType,
		Name:       "one",
		Properties: ruletest.Props{"subnetId": "subnet-inside", "routeTableId": "rtb-private"},
	},
	{
		Type:       associationType,
		Name:       "two",
		Properties: ruletest.Props{"subnetId": "subnet-outside", "routeTableId": "rtb-public"},
	},
	{Type: routeTableType, Name: "public", Properties: ruletest.Props{"id": "rtb-public"}},
	{Type: routeType, Name: "out", Properties: ruletest.Props{"routeTableId": "rtb-public", "gatewayId": "igw"}},
	{Type: routeTableType, Name: "private", Properties: ruletest.Props{"id": "rtb-private"}},
}
