package resilience

import "github.com/awslab/awslab/policy/internal/ruletest"

// network returns a route table for a subnet in zone a, and a NAT gateway.
func network(gatewaySubnet any) []ruletest.Resource {
	return []ruletest.Resource{
		subnetIn("a", "us-east-1a"), subnetIn("b", "us-east-1b"),
		{Type: routeTableType, Name: "table", Properties: ruletest.Props{"id": "rtb-1"}},
		{
			Type:       associationType,
			Name:       "association",
			Properties: ruletest.Props{"routeTableId": "rtb-1", "subnetId": "subnet-a"},
		},
		{Type: natGatewayType, Name: "nat", Properties: ruletest.Props{"id": "nat-1", "subnetId": gatewaySubnet}},
	}
}

func routeBy(gateway any) ruletest.Resource {
	return ruletest.Resource{
		Type:       routeType,
		Name:       "route",
		Properties: ruletest.Props{"routeTableId": "rtb-1", "natGatewayId": gateway},
	}
}

// plannedNetwork returns one that has no ids yet, with its NAT gateway in the named subnet.
func plannedNetwork(gatewaySubnet string) []ruletest.Resource {
	return []ruletest.Resource{
		vpc, public1, public2, private1,
		{Type: routeTableType, Name: "table", Properties: ruletest.Props{"id": ruletest.Computed}},
		{
			Type:       associationType,
			Name:       "association",
			Properties: ruletest.Props{"routeTableId": ruletest.Computed, "subnetId": ruletest.Computed},
			DependsOn:  map[string][]string{"routeTableId": {"table"}, "subnetId": {"private1"}},
		},
		{
			Type:       natGatewayType,
			Name:       "nat",
			Properties: ruletest.Props{"id": ruletest.Computed, "subnetId": ruletest.Computed},
			DependsOn:  map[string][]string{"subnetId": {gatewaySubnet}},
		},
	}
}

var plannedRoute = ruletest.Resource{Type: routeType, Name: "route",
	Properties: ruletest.Props{"routeTableId": ruletest.Computed, "natGatewayId": ruletest.Computed},
	DependsOn:  map[string][]string{"routeTableId": {"table"}, "natGatewayId": {"nat"}}}

var egressCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: routeBy("nat-1"), Rest: network("subnet-a"), Want: ruletest.Pass},
	{
		Situation: ruletest.Fails,
		Resource:  routeBy("nat-1"),
		Rest:      network("subnet-b"),
		Want:      ruletest.Violation("natGatewayId"),
	},
	{Situation: ruletest.Fails, Name: "in the table itself", Want: ruletest.Violation("routes[0].natGatewayId"),
		Resource: ruletest.Resource{
			Type:       routeTableType,
			Name:       "own",
			Properties: ruletest.Props{"id": "rtb-2", "routes": []any{object{"natGatewayId": "nat-1"}}},
		},
		Rest: append(
			network("subnet-b"),
			ruletest.Resource{Type: associationType, Name: "other", Properties: ruletest.Props{
				"routeTableId": "rtb-2", "subnetId": "subnet-a"}},
		)},
	{
		Situation: ruletest.Unknown,
		Name:      "ids, of a network in one zone",
		Resource:  plannedRoute,
		Rest:      plannedNetwork("public1"),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "ids, of a network in two zones",
		Resource:  plannedRoute,
		Rest:      plannedNetwork("public2"),
		Want:      ruletest.Violation("natGatewayId"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "gateway, which comes from something else",
		Rest:      network("subnet-a"),
		Want:      ruletest.Unevaluated("natGatewayId"),
		Resource:  from(routeBy(ruletest.Computed), "natGatewayId", "association"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "subnet of the gateway",
		Resource:  routeBy("nat-1"),
		Rest:      network(ruletest.Computed),
		Want:      ruletest.Unevaluated("natGatewayId"),
	},
	{
		Situation: ruletest.Secret,
		Resource:  routeBy(ruletest.Secretly("nat-1")),
		Rest:      network("subnet-b"),
		Want:      ruletest.Violation("natGatewayId"),
	},
	{
		Situation: ruletest.Absent,
		Name:      "gateway, for a route by another",
		Resource:  routeBy(nil),
		Rest:      network("subnet-a"),
		Want:      ruletest.NotApplicable,
	},
	{
		Situation: ruletest.Absent,
		Name:      "subnet of the gateway",
		Resource:  routeBy("nat-1"),
		Rest:      network(nil),
		Want:      ruletest.Unevaluated("natGatewayId"),
	},
	{
		Situation: ruletest.Absent,
		Name:      "gateway, from the stack",
		Resource:  routeBy("nat-2"),
		Rest:      network("subnet-a"),
		Want:      ruletest.Unevaluated("natGatewayId"),
	},
}

// placed are two subnets of a VPC, and a service in both.
var placed = []ruletest.Resource{
	{Type: vpcType, Name: "net", Properties: ruletest.Props{"id": "vpc-1"}},
	{
		Type:       subnetType,
		Name:       "a",
		Properties: ruletest.Props{"id": "subnet-a", "availabilityZone": "us-east-1a", "vpcId": "vpc-1"},
	},
	{
		Type:       subnetType,
		Name:       "b",
		Properties: ruletest.Props{"id": "subnet-b", "availabilityZone": "us-east-1b", "vpcId": "vpc-1"},
	},
	{
		Type: taskType,
		Name: "task",
		Properties: ruletest.Props{
			"arn":     "task-1",
			"volumes": []any{object{"efsVolumeConfiguration": object{"fileSystemId": "fs-1"}}},
		},
	},
	{
		Type:       serviceType,
		Name:       "web",
		Properties: ruletest.Props{"networkConfiguration": object{"subnets": subnetsAB}, "taskDefinition": "task-1"},
	},
}

func endpointIn(subnets any) ruletest.Resource {
	return ruletest.Resource{
		Type:       endpointType,
		Name:       "endpoint",
		Properties: ruletest.Props{"vpcEndpointType": "Interface", "vpcId": "vpc-1", "subnetIds": subnets},
	}
}

var endpointCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: endpointIn(subnetsAB), Rest: placed, Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "no service is in the VPC",
		Resource:  endpointIn(subnetsAB),
		Rest:      placed[:4],
		Want:      ruletest.NotApplicable,
	},
	{Situation: ruletest.Passes, Name: "a gateway", Want: ruletest.NotApplicable, Rest: placed,
		Resource: ruletest.Resource{
			Type:       endpointType,
			Name:       "endpoint",
			Properties: ruletest.Props{"vpcEndpointType": "Gateway", "vpcId": "vpc-1"},
		}},
	{
		Situation: ruletest.Fails,
		Resource:  endpointIn(subnetsAB[:1]),
		Rest:      placed,
		Want:      ruletest.Violation("subnetIds"),
	},
	{
		Situation: ruletest.Unknown,
		Resource:  endpointIn(ruletest.Computed),
		Rest:      placed,
		Want:      ruletest.Unevaluated("subnetIds"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "but from the subnets",
		Resource:  from(endpointIn(ruletest.Computed), "subnetIds", "a", "b"),
		Rest:      placed,
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Unknown, Name: "kind", Want: ruletest.Unevaluated("vpcEndpointType"), Rest: placed,
		Resource: ruletest.Resource{
			Type:       endpointType,
			Name:       "endpoint",
			Properties: ruletest.Props{"vpcEndpointType": ruletest.Computed},
		}},
	{
		Situation: ruletest.Secret,
		Resource:  endpointIn(ruletest.Secretly(subnetsAB[:1])),
		Rest:      placed,
		Want:      ruletest.Violation("subnetIds"),
	},
	{Situation: ruletest.Absent, Resource: endpointIn(nil), Rest: placed, Want: ruletest.Violation("subnetIds")},
}

var mounted = fileSystem(ruletest.Props{"id": "fs-1"})

// mountTargets returns one in each subnet.
func mountTargets(subnets ...any) []ruletest.Resource {
	all := placed
	for i, subnet := range subnets {
		target := ruletest.Resource{
			Type:       mountTargetType,
			Name:       string(rune('1' + i)),
			Properties: ruletest.Props{"fileSystemId": "fs-1", "subnetId": subnet},
		}
		if subnet == ruletest.Computed {
			target.DependsOn = map[string][]string{"subnetId": {"a", "b"}}
		}
		all = append(all, target)
	}
	return all
}

var mountCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: mounted, Rest: mountTargets("subnet-a", "subnet-b"), Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "nobody mounts it",
		Resource:  mounted,
		Rest:      placed[:4],
		Want:      ruletest.NotApplicable,
	},
	{Situation: ruletest.Fails, Resource: mounted, Rest: mountTargets("subnet-a"), Want: ruletest.Violation("it")},
	{
		Situation: ruletest.Unknown,
		Name:      "subnets, but as many as there are zones",
		Resource:  mounted,
		Rest:      mountTargets(ruletest.Computed, ruletest.Computed),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "subnet of the only one",
		Resource:  mounted,
		Rest:      mountTargets(ruletest.Computed),
		Want:      ruletest.Violation("it"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "subnet of one of two",
		Resource:  mounted,
		Rest:      mountTargets("subnet-a", ruletest.Computed),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Secret,
		Resource:  mounted,
		Rest:      mountTargets(ruletest.Secretly("subnet-a")),
		Want:      ruletest.Violation("it"),
	},
	{
		Situation: ruletest.Absent,
		Name:      "mount targets",
		Resource:  mounted,
		Rest:      placed,
		Want:      ruletest.Violation("it"),
	},
}
