package resilience

import "github.com/awslab/awslab/policy/internal/ruletest"

type object = map[string]any

var (
	balancer     = ruletest.Of(loadBalancerType)
	scalingGroup = ruletest.Of(scalingGroupType)
	twoZones     = []ruletest.Resource{subnetIn("a", "us-east-1a"), subnetIn("b", "us-east-1b")}
	oneZone      = []ruletest.Resource{subnetIn("a", "us-east-1a"), subnetIn("b", "us-east-1a")}
	subnetsAB    = []string{"subnet-a", "subnet-b"}
)

// from makes a resource's property come from the named resources.
func from(r ruletest.Resource, property string, sources ...string) ruletest.Resource {
	r.DependsOn = map[string][]string{property: sources}
	return r
}

// spanCases returns the situations of a rule about the zones of a list of subnets.
func spanCases(
	resource func(subnets any) ruletest.Resource,
	list, source string,
	absent ruletest.Want,
) []ruletest.Case {
	return []ruletest.Case{
		{Situation: ruletest.Passes, Resource: resource(subnetsAB), Rest: twoZones, Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: resource(subnetsAB), Rest: oneZone, Want: ruletest.Violation(list)},
		{Situation: ruletest.Fails, Name: "three zones are asked for", Resource: resource(subnetsAB), Rest: twoZones,
			Settings: map[string]any{"minZones": 3}, Want: ruletest.Violation(list)},
		{Situation: ruletest.Unknown, Resource: resource(ruletest.Computed), Want: ruletest.Unevaluated(list)},
		{
			Situation: ruletest.Unknown,
			Name:      "but from a network in two zones",
			Resource:  from(resource(ruletest.Computed), source, "vpc"),
			Rest:      []ruletest.Resource{vpc, private1, private2},
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Secret,
			Resource:  resource(ruletest.Secretly(subnetsAB)),
			Rest:      oneZone,
			Want:      ruletest.Violation(list),
		},
		{Situation: ruletest.Absent, Resource: resource(nil), Want: absent},
	}
}

var balancerZoneCases = append(
	spanCases(
		func(subnets any) ruletest.Resource { return balancer(ruletest.Props{"subnets": subnets}) },
		"subnets",
		"subnets",
		ruletest.Violation("subnets"),
	),
	ruletest.Case{Situation: ruletest.Passes, Name: "by mappings", Rest: twoZones, Want: ruletest.Pass,
		Resource: balancer(
			ruletest.Props{"subnetMappings": []any{object{"subnetId": "subnet-a"}, object{"subnetId": "subnet-b"}}},
		)},
	ruletest.Case{
		Situation: ruletest.Fails,
		Name:      "by mappings",
		Rest:      twoZones,
		Want:      ruletest.Violation("subnetMappings"),
		Resource:  balancer(ruletest.Props{"subnetMappings": []any{object{"subnetId": "subnet-a"}}}),
	},
	ruletest.Case{
		Situation: ruletest.Unknown,
		Name:      "mappings, from two subnets",
		Rest:      []ruletest.Resource{vpc, private1, private2},
		Want:      ruletest.Pass,
		Resource: from(
			balancer(ruletest.Props{"subnets": ruletest.Computed, "subnetMappings": ruletest.Computed}),
			"subnetMappings",
			"private1",
			"private2",
		),
	},
)

var groupZoneCases = append(
	spanCases(func(subnets any) ruletest.Resource {
		return scalingGroup(ruletest.Props{"vpcZoneIdentifiers": subnets})
	},
		"vpcZoneIdentifiers", "vpcZoneIdentifiers", ruletest.Violation("vpcZoneIdentifiers")),
	ruletest.Case{
		Situation: ruletest.Passes,
		Name:      "by zones",
		Resource:  scalingGroup(ruletest.Props{"availabilityZones": []string{"a", "b"}}),
		Want:      ruletest.Pass,
	},
	ruletest.Case{
		Situation: ruletest.Fails,
		Name:      "by zones",
		Resource:  scalingGroup(ruletest.Props{"availabilityZones": []string{"a"}}),
		Want:      ruletest.Violation("availabilityZones"),
	},
)

func attachedGroup(check any) ruletest.Resource {
	return scalingGroup(
		ruletest.Props{"targetGroupArns": []string{"arn:aws:elasticloadbalancing:x"}, "healthCheckType": check},
	)
}

var healthCheckCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: attachedGroup("ELB"), Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "behind no load balancer",
		Resource:  scalingGroup(ruletest.Props{"healthCheckType": "EC2"}),
		Want:      ruletest.NotApplicable,
	},
	{Situation: ruletest.Fails, Resource: attachedGroup("EC2"), Want: ruletest.Violation("healthCheckType")},
	{
		Situation: ruletest.Fails,
		Name:      "attached by a resource of its own",
		Resource:  scalingGroup(ruletest.Props{"name": "web", "healthCheckType": "EC2"}),
		Want:      ruletest.Violation("healthCheckType"),
		Rest: []ruletest.Resource{
			{
				Type:       "aws:autoscaling/attachment:Attachment",
				Name:       "attachment",
				Properties: ruletest.Props{"autoscalingGroupName": "web"},
			},
		},
	},
	{
		Situation: ruletest.Unknown,
		Resource:  attachedGroup(ruletest.Computed),
		Want:      ruletest.Unevaluated("healthCheckType"),
	},
	{
		Situation: ruletest.Secret,
		Resource:  attachedGroup(ruletest.Secretly("EC2-secret")),
		Want:      ruletest.Violation("healthCheckType"),
	},
	{
		Situation: ruletest.Absent,
		Name:      "which means EC2",
		Resource:  attachedGroup(nil),
		Want:      ruletest.Violation("healthCheckType"),
	},
}
