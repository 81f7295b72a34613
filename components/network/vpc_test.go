package network

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/identity"
)

func newGraph(t *testing.T, args *VpcArgs) *graph {
	t.Helper()
	g := &graph{ipv6Block: vpcIpv6.String()}
	err := g.run(len(args.AvailabilityZones), func(ctx *pulumi.Context) error {
		_, err := NewVpc(ctx, "network", args)
		return err
	})
	require.NoError(t, err)
	return g
}

// The whole of a VPC, for people to read. That each line is there also says that each resource descends from the
// component.
func TestVpcRegisters(t *testing.T) {
	args := twoZones()
	args.InterfaceEndpoints = []string{"ecr.api", "logs"}
	g := newGraph(t, args)
	requireGolden(t, "vpc.txt", g.String())
	require.Len(t, g.resources, strings.Count(g.String(), "\n"), "a resource is outside the component")
}

func TestVpcAsksAwsxFor(t *testing.T) {
	args := twoZones()
	args.NatGateways = NatOnePerAz
	args.Tags = map[string]string{"Project": "awslab"}
	require.Equal(t, map[string]any{
		"cidrBlock":                "10.0.0.0/16",
		"availabilityZoneNames":    []any{"eu-west-1a", "eu-west-1b"},
		"availabilityZoneCidrMask": 18.0,
		"subnetStrategy":           "Auto",
		"subnetSpecs": []any{
			map[string]any{"type": "Private", "name": "app", "cidrMask": 19.0},
			map[string]any{"type": "Public", "name": "public", "cidrMask": 20.0},
			map[string]any{"type": "Isolated", "name": "data", "cidrMask": 20.0},
		},
		"natGateways":        map[string]any{"strategy": "OnePerAz"},
		"enableDnsHostnames": true,
		"enableDnsSupport":   true,
		"tags":               map[string]any{"Project": "awslab"},
	}, newGraph(t, args).inputs(t, "network-vpc"))
}

// What a third zone asks of awsx differs in nothing but the zone, so no subnet and no NAT gateway is replaced.
func TestThirdZoneChangesNothingElse(t *testing.T) {
	two, three := twoZones(), twoZones()
	three.AvailabilityZones = append(three.AvailabilityZones, "eu-west-1c")
	before, after := newGraph(t, two).inputs(t, "network-vpc"), newGraph(t, three).inputs(t, "network-vpc")

	require.Equal(t, []any{"eu-west-1a", "eu-west-1b", "eu-west-1c"}, after["availabilityZoneNames"])
	delete(before, "availabilityZoneNames")
	delete(after, "availabilityZoneNames")
	require.Equal(t, before, after)
}

func TestNoSubnetGivesOutPublicAddresses(t *testing.T) {
	subnet := &pulumi.ResourceTransformArgs{Type: "aws:ec2/subnet:Subnet", Props: pulumi.Map{
		"mapPublicIpOnLaunch": pulumi.Bool(true),
		"cidrBlock":           pulumi.String("10.0.0.0/24"),
	}}
	require.Equal(t, pulumi.Map{
		"mapPublicIpOnLaunch": pulumi.Bool(false),
		"cidrBlock":           pulumi.String("10.0.0.0/24"),
	}, withoutPublicIps(t.Context(), subnet).Props)
	require.Nil(t, withoutPublicIps(t.Context(), &pulumi.ResourceTransformArgs{Type: "aws:ec2/vpc:Vpc"}))

	registered := newGraph(t, twoZones()).named(t, "network-vpc").RegisterRPC
	require.Len(t, registered.GetTransforms(), 1, "the transform goes along to awsx")
}

func TestEachTierHasItsAcl(t *testing.T) {
	g := newGraph(t, twoZones())
	for tier, rules := range map[string]int{"public": 12, "app": 10, "data": 6} {
		acl := g.inputs(t, "network-"+tier+"-acl")
		require.Equal(t, "network-vpc-id", acl["vpcId"])
		require.Equal(t, []any{"network-vpc-" + tier + "-1-id", "network-vpc-" + tier + "-2-id"}, acl["subnetIds"])
		require.Len(t, acl["ingress"], rules)
	}
	ingress := g.inputs(t, "network-public-acl")["ingress"].([]any)
	require.Contains(t, ingress, map[string]any{
		"ruleNo":    10002.0,
		"action":    "deny",
		"protocol":  "6",
		"cidrBlock": "0.0.0.0/0",
		"fromPort":  3389.0,
		"toPort":    3389.0,
	})
	require.Contains(t, ingress, map[string]any{
		"ruleNo":    10000.0,
		"action":    "deny",
		"protocol":  "-1",
		"cidrBlock": "10.0.0.0/16",
		"fromPort":  0.0,
		"toPort":    0.0,
	})
	require.Contains(t, ingress, map[string]any{
		"ruleNo":    11000.0,
		"action":    "allow",
		"protocol":  "1",
		"cidrBlock": "0.0.0.0/0",
		"fromPort":  0.0,
		"toPort":    0.0,
		"icmpType":  3.0,
		"icmpCode":  4.0,
	})
	require.Contains(t, ingress, map[string]any{
		"ruleNo":    11444.0,
		"action":    "allow",
		"protocol":  "6",
		"cidrBlock": "0.0.0.0/0",
		"fromPort":  443.0,
		"toPort":    443.0,
	})
}

func TestDefaultSecurityGroupIsEmptied(t *testing.T) {
	require.Equal(t, map[string]any{
		"vpcId":   "network-vpc-id",
		"ingress": []any{},
		"egress":  []any{},
		"tags":    map[string]any{"Name": "network-default-group"},
	}, newGraph(t, twoZones()).inputs(t, "network-default-group"))
}

func TestGatewayEndpointsAreRoutedFromThePrivateTiers(t *testing.T) {
	g := newGraph(t, twoZones())
	for _, service := range []string{"s3", "dynamodb"} {
		require.Equal(t, map[string]any{
			"vpcId":           "network-vpc-id",
			"serviceName":     "com.amazonaws.eu-west-1." + service,
			"vpcEndpointType": "Gateway",
			"routeTableIds": []any{
				"network-vpc-app-1-id",
				"network-vpc-app-2-id",
				"network-vpc-data-1-id",
				"network-vpc-data-2-id",
			},
			"tags": map[string]any{"Name": "network-" + service + "-endpoint"},
		}, g.inputs(t, "network-"+service+"-endpoint"))
	}
}

func TestInterfaceEndpointsAreInTheAppTier(t *testing.T) {
	args := twoZones()
	args.InterfaceEndpoints = []string{"ecr.api"}
	g := newGraph(t, args)

	require.Equal(t, map[string]any{
		"vpcId":             "network-vpc-id",
		"serviceName":       "com.amazonaws.eu-west-1.ecr.api",
		"vpcEndpointType":   "Interface",
		"subnetIds":         []any{"network-vpc-app-1-id", "network-vpc-app-2-id"},
		"securityGroupIds":  []any{"network-endpoints-group-id"},
		"privateDnsEnabled": true,
		"tags":              map[string]any{"Name": "network-ecr-api-endpoint"},
	}, g.inputs(t, "network-ecr-api-endpoint"))
	require.Equal(t, map[string]any{
		"securityGroupId": "network-endpoints-group-id",
		"description":     "Services call AWS, from zone eu-west-1b",
		"ipProtocol":      "tcp",
		"fromPort":        443.0,
		"toPort":          443.0,
		"cidrIpv4":        "10.0.64.0/19",
	}, g.inputs(t, "network-endpoints-ingress-app-2"))
}

// An interface endpoint takes over its service's name at once, and has it until it is gone.
func TestInterfaceEndpointsAreReachedAsLongAsTheyAreThere(t *testing.T) {
	args := twoZones()
	args.InterfaceEndpoints = []string{"ecr.api"}
	g := newGraph(t, args)
	comesAfter := func(name, earlier string) {
		t.Helper()
		require.Contains(t, strings.Join(g.named(t, name).RegisterRPC.GetDependencies(), " ")+" ", "::"+earlier+" ")
	}
	comesAfter("network-ecr-api-endpoint", "network-endpoints-ingress-app-2")
	comesAfter("network-ecr-api-endpoint", "network-app-acl")
	// The rules that lead tasks to NAT go when the endpoint is there.
	args.NatGateways = NatNone
	g = newGraph(t, args)
	comesAfter("network-public-acl", "network-ecr-api-endpoint")
}

func TestInterfaceEndpointsAreInTheZonesOfTheirService(t *testing.T) {
	args := twoZones()
	args.InterfaceEndpoints = []string{"ecr.api"}
	create := func(g *graph) error {
		return g.run(2, func(ctx *pulumi.Context) error {
			_, err := NewVpc(ctx, "network", args)
			return err
		})
	}
	g := &graph{endpointZones: []string{"eu-west-1b", "eu-west-1c"}}
	require.NoError(t, create(g))
	require.Equal(t, []any{"network-vpc-app-2-id"}, g.inputs(t, "network-ecr-api-endpoint")["subnetIds"])
	require.ErrorContains(
		t,
		create(&graph{endpointZones: []string{"eu-west-1c"}}),
		`com.amazonaws.eu-west-1.ecr.api has no interface endpoints in ["eu-west-1a" "eu-west-1b"], but in `+
			`["eu-west-1c"]`,
	)
}

// In China the names of some services' interface endpoints begin with cn, those of gateways and of others do not.
func TestEndpointsInChina(t *testing.T) {
	args := twoZones()
	args.Location = identity.Location{Partition: "aws-cn", Region: "cn-north-1", AccountId: "123456789012"}
	args.AvailabilityZones = []string{"cn-north-1a", "cn-north-1b"}
	args.InterfaceEndpoints = []string{"ecr.api", "logs"}
	g := newGraph(t, args)
	for endpoint, name := range map[string]string{
		"network-ecr-api-endpoint": "cn.com.amazonaws.cn-north-1.ecr.api",
		"network-logs-endpoint":    "com.amazonaws.cn-north-1.logs",
		"network-s3-endpoint":      "com.amazonaws.cn-north-1.s3",
	} {
		require.Equal(t, name, g.inputs(t, endpoint)["serviceName"])
	}
}

func TestFlowLogsGoToTheirOwnLogGroup(t *testing.T) {
	args := twoZones()
	args.FlowLogs = FlowLogs{
		RetentionInDays: 30,
		Traffic:         "REJECT",
		KmsKeyArn:       pulumi.String("arn:aws:kms:eu-west-1:123456789012:key/k"),
	}
	g := newGraph(t, args)

	require.Equal(t, map[string]any{
		"name":            "awslab-dev-network-flow-logs",
		"retentionInDays": 30.0,
		"kmsKeyId":        "arn:aws:kms:eu-west-1:123456789012:key/k",
		"tags":            map[string]any{"Name": "awslab-dev-network-flow-logs"},
	}, g.inputs(t, "network-flow-log-group"))
	require.Equal(t, map[string]any{
		"vpcId":              "network-vpc-id",
		"trafficType":        "REJECT",
		"logDestinationType": "cloud-watch-logs",
		"logDestination":     "arn:network-flow-log-group",
		"iamRoleArn":         "arn:network-flow-log-writer-role",
		"tags":               map[string]any{"Name": "network-flow-log"},
	}, g.inputs(t, "network-flow-log"))
	role := g.inputs(t, "network-flow-log-writer-role")
	require.Equal(t, "awslab-dev-network-flow-logs", role["name"])
	require.JSONEq(
		t,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"vpc-flow-logs.amazonaws.com"},
		"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},
		"ArnLike":{"aws:SourceArn":"arn:aws:ec2:eu-west-1:123456789012:vpc-flow-log/*"}}}]}`,
		role["assumeRolePolicy"].(string),
	)
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"WriteLogs","Effect":"Allow",
			"Action":["logs:CreateLogStream","logs:DescribeLogStreams","logs:PutLogEvents"],
		 "Resource":"arn:aws:logs:eu-west-1:123456789012:log-group:awslab-dev-network-flow-logs:*"},
		{"Sid":"FindLogGroup","Effect":"Allow","Action":"logs:DescribeLogGroups","Resource":"*"}]}`,
		g.inputs(t, "network-flow-log-writer-write")["policy"].(string))
}

func TestLoadBalancersAreCalledByTheGivenClients(t *testing.T) {
	args := twoZones()
	args.Ports.Listeners = []PortRange{Port(443)}
	args.ClientCidrs = []string{"198.51.100.0/24"}
	g := newGraph(t, args)
	require.Equal(t, map[string]any{
		"securityGroupId": "network-load-balancer-group-id",
		"description":     "Clients call load balancers",
		"ipProtocol":      "tcp",
		"fromPort":        443.0,
		"toPort":          443.0,
		"cidrIpv4":        "198.51.100.0/24",
	}, g.inputs(t, "network-load-balancer-ingress-443-from-198.51.100.0-24"))
}

func TestOutputs(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.run(2, func(ctx *pulumi.Context) error {
		vpc, err := NewVpc(ctx, "network", twoZones())
		require.NoError(t, err)
		require.Equal(t, "network-vpc-id", await(t, vpc.VpcId))
		require.Empty(t, await(t, vpc.Ipv6CidrBlock))
		require.Equal(
			t,
			[]string{"network-vpc-public-1-id", "network-vpc-public-2-id"},
			await(t, vpc.PublicRouteTableIds),
		)
		require.Equal(t, []string{"network-vpc-data-1-id", "network-vpc-data-2-id"}, await(t, vpc.DataSubnetIds))
		require.Equal(
			t,
			map[string]string{"s3": "network-s3-endpoint-id", "dynamodb": "network-dynamodb-endpoint-id"},
			await(t, vpc.EndpointIds),
		)
		require.Empty(t, await(t, vpc.EndpointSecurityGroupId))
		return nil
	}))
}

func TestServicesReachAwsWithAndWithoutNat(t *testing.T) {
	for name, test := range map[string]struct {
		nat       NatGateways
		ipv6      bool
		endpoints []string
		want      []string
	}{
		"NAT": {NatSingle, false, nil, []string{"80-to-internet", "443-to-internet"}},
		"NAT and interface endpoints": {
			NatSingle,
			false,
			[]string{"kms"},
			[]string{"80-to-internet", "443-to-internet", "to-endpoints"},
		},
		"endpoints alone, without NAT": {
			NatNone,
			false,
			[]string{"kms"},
			[]string{"to-s3", "to-dynamodb", "to-endpoints"},
		},
		"NAT and IPv6": {
			NatSingle,
			true,
			nil,
			[]string{"80-to-internet", "443-to-internet", "80-to-internet-ipv6", "443-to-internet-ipv6"},
		},
		"IPv6 without NAT": {
			NatNone,
			true,
			nil,
			[]string{"to-s3", "to-dynamodb", "80-to-internet-ipv6", "443-to-internet-ipv6"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			args := twoZones()
			args.NatGateways, args.Ipv6, args.InterfaceEndpoints = test.nat, test.ipv6, test.endpoints
			require.NoError(t, (&graph{ipv6Block: vpcIpv6.String()}).run(2, func(ctx *pulumi.Context) error {
				vpc, err := NewVpc(ctx, "network", args)
				require.NoError(t, err)
				var names []string
				for i, rule := range vpc.ServiceEgress() {
					names = append(names, rule.Name)
					require.NoError(t, rule.validate(string(rune('0'+i))))
				}
				require.Equal(t, test.want, names)
				return nil
			}))
		})
	}
}

// Without a provider of its own awsx would put the VPC into whatever region the environment names.
func TestExplicitProviderReachesEverything(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.run(2, func(ctx *pulumi.Context) error {
		provider, err := aws.NewProvider(ctx, "elsewhere", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		require.NoError(t, err)
		_, err = NewVpc(ctx, "network", twoZones(), pulumi.Providers(provider))
		return err
	}))
	// To a remote component the engine hands down what its parent was given.
	require.Contains(t, g.named(t, "network").RegisterRPC.GetProviders()["aws"], "::elsewhere::")
	require.Contains(t, g.named(t, "network-vpc").RegisterRPC.GetParent(), "awslab:network:Vpc::network")
	for _, r := range g.resources {
		if r.Custom && !strings.HasPrefix(r.TypeToken, "pulumi:providers:") {
			require.Contains(t, r.Provider, "::elsewhere::", r.Name)
		}
	}
}

func TestVpcProblemsAreReportedTogetherAndRegisterNothing(t *testing.T) {
	args := &VpcArgs{
		Location:           identity.Location{Partition: "aws", Region: "eu-west-1", AccountId: "12"},
		AvailabilityZones:  []string{"eu-west-1a", "eu-west-1a", "us-east-1a"},
		CidrBlock:          "10.1.2.3/16",
		NatGateways:        "double",
		Ports:              Ports{Data: []PortRange{{9000, 8000}}, Internet: []PortRange{Port(80)}},
		ClientCidrs:        []string{"198.51.100.1/24", "2001:db8::/32"},
		InterfaceEndpoints: []string{"kms", "kms", "s4"},
		FlowLogs:           FlowLogs{RetentionInDays: 8, Traffic: "SOME"},
	}
	g := &graph{}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := NewVpc(ctx, "network", args)
		return err
	}, pulumi.WithMocks("awslab", "dev", g))

	for _, want := range []string{
		`VPC "network": `,
		`Location.AccountId: "12" is not an AWS account id`,
		`AvailabilityZones[1]: "eu-west-1a" is listed twice`,
		`AvailabilityZones[2]: "us-east-1a" is not a zone of eu-west-1`,
		`CidrBlock: 10.1.2.3/16 does not begin at its network address; use 10.1.0.0/16`,
		`NatGateways: "double"; use none, single or onePerAz`,
		`Ports.Data[0]: 9000-8000 is not a range of ports`,
		`Ports.Internet: [80] lacks 443`,
		`ClientCidrs[0]: 198.51.100.1/24 does not begin at its network address; use 198.51.100.0/24`,
		`ClientCidrs[1]: 2001:db8::/32 is IPv6, which the VPC has not; set Ipv6, or remove it`,
		`InterfaceEndpoints[1]: "kms" is listed twice`,
		`InterfaceEndpoints[2]: "s4"; use one of`,
		`FlowLogs.RetentionInDays: 8; CloudWatch offers`,
		`FlowLogs.Traffic: "SOME"; use ALL, ACCEPT or REJECT`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.Empty(t, g.resources)
}

func TestTooManyPortsForAnAcl(t *testing.T) {
	args := twoZones()
	args.Ports.Internet = []PortRange{Port(https)}
	for port := 1001; port < 1020; port += 2 {
		args.Ports.Internet = append(args.Ports.Internet, Port(port))
	}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		_, err := NewVpc(ctx, "network", args)
		return err
	}, pulumi.WithMocks("awslab", "dev", &graph{}))
	require.ErrorContains(
		t,
		err,
		"Ports: the app tier's network ACL needs 20 rules of one direction for IPv4 and AWS allows 19",
	)
	require.ErrorContains(t, err, "Ports: the public tier's network ACL needs 30 rules of one direction for IPv4")
}

func TestLookupAvailabilityZones(t *testing.T) {
	g := &graph{zoneNames: []string{"eu-west-1c", "eu-west-1a", "eu-west-1b"}}
	require.NoError(t, pulumi.RunErr(func(ctx *pulumi.Context) error {
		zones, err := LookupAvailabilityZones(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, []string{"eu-west-1a", "eu-west-1b"}, zones)

		_, err = LookupAvailabilityZones(ctx, 4)
		require.ErrorContains(t, err, "the region has 3 with Fargate")
		require.NoError(t, CheckAvailabilityZones(ctx, "us-west-1", []string{"eu-west-1c", "eu-west-1a"}))
		require.NoError(
			t,
			CheckAvailabilityZones(ctx, "eu-west-1", []string{"eu-west-1d"}),
			"it has Fargate everywhere",
		)
		require.ErrorContains(
			t,
			CheckAvailabilityZones(ctx, "us-west-1", []string{"eu-west-1d"}),
			"zone eu-west-1d is not there",
		)
		return nil
	}, pulumi.WithMocks("awslab", "dev", g)))
	require.Equal(t, map[string]any{
		"state":          "available",
		"excludeZoneIds": []any{"apne1-az3", "cac1-az3", "cac1-az4", "cnn1-az3", "use1-az3", "usw1-az2"},
		"filters":        []any{map[string]any{"name": "opt-in-status", "values": []any{"opt-in-not-required"}}},
	}, g.asked.Mappable())
}
