package resilience

import "github.com/awslab/awslab/policy/internal/ruletest"

const componentType = "awsx:ec2:Vpc"

// serviceIn returns a service in subnets, whose ids come from the named resources.
func serviceIn(subnets any, sources ...string) ruletest.Resource {
	return ruletest.Resource{
		Type: serviceType, Name: "web",
		Properties: ruletest.Props{"networkConfiguration": map[string]any{"subnets": subnets}},
		DependsOn:  map[string][]string{"networkConfiguration": sources},
	}
}

func subnetIn(name, zone string) ruletest.Resource {
	return ruletest.Resource{Type: subnetType, Name: name, Properties: ruletest.Props{
		"id":               "subnet-" + name,
		"arn":              "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-" + name,
		"availabilityZone": zone,
	}}
}

// plannedSubnet returns a subnet of a network component in preview: it has no id yet.
func plannedSubnet(name string, zone any, tier string) ruletest.Resource {
	return ruletest.Resource{Type: subnetType, Name: name, Parent: "vpc", Properties: ruletest.Props{
		"id": ruletest.Computed, "arn": ruletest.Computed, "availabilityZone": zone,
		"mapPublicIpOnLaunch": tier == "Public", "tags": map[string]any{"SubnetType": tier},
	}}
}

var (
	vpc           = ruletest.Resource{Type: componentType, Name: "vpc"}
	securityGroup = ruletest.Resource{Type: "aws:ec2/securityGroup:SecurityGroup", Name: "sg"}
	public1       = plannedSubnet("public1", "us-east-1a", "Public")
	public2       = plannedSubnet("public2", "us-east-1b", "Public")
	private1      = plannedSubnet("private1", "us-east-1a", "Private")
	private2      = plannedSubnet("private2", "us-east-1b", "Private")
)

var ecsMultiAZCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: serviceIn([]string{"subnet-a", "subnet-b"}),
		Rest: []ruletest.Resource{subnetIn("a", "us-east-1a"), subnetIn("b", "us-east-1b")}, Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "by ARN",
		Resource:  serviceIn([]string{"subnet-a", "subnet-b"}),
		Want:      ruletest.Pass,
		Rest: []ruletest.Resource{
			{
				Type: subnetType,
				Name: "a",
				Properties: ruletest.Props{
					"arn":                "arn:aws:ec2:us-east-1:1:subnet/subnet-a",
					"availabilityZoneId": "use1-az1",
				},
			},
			{
				Type: subnetType,
				Name: "b",
				Properties: ruletest.Props{
					"arn":                "arn:aws:ec2:us-east-1:1:subnet/subnet-b",
					"availabilityZoneId": "use1-az2",
				},
			},
		},
	},
	{Situation: ruletest.Passes, Name: "a daemon follows its instances", Want: ruletest.NotApplicable,
		Resource: ruletest.Resource{
			Type:       serviceType,
			Name:       "web",
			Properties: ruletest.Props{"schedulingStrategy": "DAEMON"},
		}},
	{Situation: ruletest.Fails, Resource: serviceIn([]string{"subnet-a", "subnet-b"}),
		Rest: []ruletest.Resource{
			subnetIn("a", "us-east-1a"),
			subnetIn("b", "us-east-1a"),
		}, Want: ruletest.Violation("networkConfiguration.subnets")},
	{
		Situation: ruletest.Fails,
		Name:      "one subnet of another stack is in one zone",
		Resource:  serviceIn([]string{"subnet-x"}),
		Want:      ruletest.Violation("networkConfiguration.subnets"),
	},
	{Situation: ruletest.Fails, Name: "a subnet listed twice", Resource: serviceIn([]string{"subnet-x", "subnet-x"}),
		Want: ruletest.Violation("networkConfiguration.subnets")},
	{
		Situation: ruletest.Fails,
		Name:      "three zones are asked for",
		Resource:  serviceIn([]string{"subnet-a", "subnet-b"}),
		Settings:  map[string]any{"minZones": 3},
		Rest: []ruletest.Resource{
			subnetIn("a", "us-east-1a"),
			subnetIn("b", "us-east-1b"),
		},
		Want: ruletest.Violation("networkConfiguration.subnets"),
	},

	{Situation: ruletest.Unknown, Name: "ids, with subnets as dependencies",
		Resource: serviceIn([]any{ruletest.Computed, ruletest.Computed}, "private1", "private2", "sg"),
		Rest:     []ruletest.Resource{vpc, private1, private2, securityGroup}, Want: ruletest.Pass},
	{Situation: ruletest.Unknown, Name: "list, with a component as dependency",
		Resource: serviceIn(ruletest.Computed, "vpc", "sg"),
		Rest:     []ruletest.Resource{vpc, public1, public2, private1, private2, securityGroup}, Want: ruletest.Pass},
	{Situation: ruletest.Unknown, Name: "list, with a component in one zone",
		Resource: serviceIn(ruletest.Computed, "vpc", "sg"),
		Rest: []ruletest.Resource{
			vpc,
			public1,
			private1,
			securityGroup,
		}, Want: ruletest.Violation("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "list, with a tier in one zone and another in two",
		Resource: serviceIn(ruletest.Computed, "vpc", "sg"),
		Rest: []ruletest.Resource{
			vpc,
			public1,
			public2,
			private1,
			securityGroup,
		}, Want: ruletest.Unevaluated("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "list, with a tier in two zones and another in one",
		Resource: serviceIn(ruletest.Computed, "vpc", "sg"),
		Rest: []ruletest.Resource{
			vpc,
			public1,
			private1,
			private2,
			securityGroup,
		}, Want: ruletest.Unevaluated("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "zone by name of one subnet and by id of another",
		Resource: serviceIn(
			[]string{"subnet-a", "subnet-b"},
		), Want: ruletest.Unevaluated("networkConfiguration.subnets"),
		Rest: []ruletest.Resource{subnetIn("a", "us-east-1a"), {Type: subnetType, Name: "b", Properties: ruletest.Props{
			"id": "subnet-b", "availabilityZone": ruletest.Computed, "availabilityZoneId": "use1-az1",
		}}}},
	{Situation: ruletest.Unknown, Name: "list, with a component and some of its subnets as dependencies",
		Resource: serviceIn(ruletest.Computed, "vpc", "private1", "sg"),
		Rest: []ruletest.Resource{
			vpc,
			public1,
			public2,
			private1,
			securityGroup,
		}, Want: ruletest.Violation("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "one id out of a component",
		Resource: serviceIn([]any{ruletest.Computed}, "vpc"),
		Rest: []ruletest.Resource{
			vpc,
			private1,
			private2,
		}, Want: ruletest.Violation("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "two of three subnets, of which two share a zone",
		Resource: serviceIn([]any{ruletest.Computed, ruletest.Computed}, "vpc"),
		Rest: []ruletest.Resource{
			vpc,
			private1,
			private2,
			plannedSubnet("private3", "us-east-1b", "Private"),
		}, Want: ruletest.Unevaluated("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "zones of the subnets",
		Resource: serviceIn([]any{ruletest.Computed, ruletest.Computed}, "private1", "private2"),
		Rest: []ruletest.Resource{
			vpc,
			plannedSubnet("private1", ruletest.Computed, "Private"),
			plannedSubnet("private2", ruletest.Computed, "Private"),
		},
		Want: ruletest.Unevaluated("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "list, from a stack reference besides a subnet",
		Resource: serviceIn(ruletest.Computed, "private1", "ref"),
		Rest: []ruletest.Resource{
			private1,
			{Type: "pulumi:pulumi:StackReference", Name: "ref"},
		}, Want: ruletest.Unevaluated("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "list, from nowhere",
		Resource: serviceIn(ruletest.Computed), Want: ruletest.Unevaluated("networkConfiguration.subnets")},
	{Situation: ruletest.Unknown, Name: "scheduling strategy", Want: ruletest.Unevaluated("schedulingStrategy"),
		Resource: ruletest.Resource{
			Type:       serviceType,
			Name:       "web",
			Properties: ruletest.Props{"schedulingStrategy": ruletest.Computed},
		}},

	{Situation: ruletest.Secret, Resource: serviceIn(ruletest.Secretly([]string{"subnet-a", "subnet-b"})),
		Rest: []ruletest.Resource{subnetIn("a", "us-east-1a"), subnetIn("b", "us-east-1b")}, Want: ruletest.Pass},
	{Situation: ruletest.Secret, Name: "one subnet", Resource: serviceIn([]any{ruletest.Secretly("subnet-secret")}),
		Want: ruletest.Violation("networkConfiguration.subnets")},
	{
		Situation: ruletest.Secret,
		Name:      "zone",
		Resource:  serviceIn([]string{"subnet-a"}),
		Want:      ruletest.Violation("networkConfiguration.subnets"),
		Rest: []ruletest.Resource{
			{
				Type:       subnetType,
				Name:       "a",
				Properties: ruletest.Props{"id": "subnet-a", "availabilityZone": ruletest.Secretly("us-east-1a")},
			},
		},
	},

	{Situation: ruletest.Absent, Name: "network configuration: the instances decide", Want: ruletest.NotApplicable,
		Resource: ruletest.Resource{Type: serviceType, Name: "web", Properties: ruletest.Props{"launchType": "EC2"}}},
	{
		Situation: ruletest.Absent,
		Name:      "subnets",
		Resource:  serviceIn(nil),
		Want:      ruletest.Violation("networkConfiguration.subnets"),
	},
	{Situation: ruletest.Absent, Name: "subnets elsewhere", Resource: serviceIn([]string{"subnet-x", "subnet-y"}),
		Want: ruletest.Unevaluated("networkConfiguration.subnets")},
	{
		Situation: ruletest.Absent,
		Name:      "a list of another type",
		Resource:  serviceIn("subnet-a"),
		Want:      ruletest.Unevaluated("networkConfiguration.subnets"),
	},
}
