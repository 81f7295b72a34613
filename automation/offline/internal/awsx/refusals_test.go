package awsx

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

func TestWarnings(t *testing.T) {
	specs := []any{map[string]any{"type": "Public", "name": "edge"}, map[string]any{"type": "Private"}}
	cases := map[string]struct {
		args map[string]any
		want string
	}{
		"no strategy": {map[string]any{"subnetSpecs": specs},
			"The default subnetStrategy will change from \"Legacy\" to \"Auto\" in the next major version. Please " +
				"specify the subnetStrategy explicitly. " +
				"The current subnet layout can be specified via \"Auto\" " +
				"as:\n\n[{\"cidrMask\":19,\"type\":\"Private\"},{\"cidrMask\":20,\"type\":\"Public\"}]"},
		"endpoint": {
			map[string]any{"vpcEndpointSpecs": []any{map[string]any{"serviceName": "s3", "ipAddressType": "ipv4"}}},
			"vpcEndpointSpecs[0].ipAddressType has no effect: awsx 2.22.0 does not pass it on",
		},
		"outside": {
			map[string]any{
				"subnetStrategy":           "Auto",
				"availabilityZoneCidrMask": 17.0,
				"natGateways":              map[string]any{"strategy": "None"},
				"subnetSpecs":              specs,
				"cidrBlock":                "10.0.0.0/17",
			},
			"subnet lab-edge-2 (10.0.128.0/18) is outside the VPC (10.0.0.0/17), so AWS will refuse to create it",
		},
		"tiny": {
			map[string]any{
				"subnetStrategy": "Auto",
				"natGateways":    map[string]any{"strategy": "None"},
				"subnetSpecs":    []any{map[string]any{"type": "Public", "cidrMask": 31.0}},
			},
			"subnet lab-public-1 (10.0.0.0/31) has a size that AWS will refuse: it allows /16 to /28",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e := &engine{}
			c.args["availabilityZoneNames"] = []any{"a", "b"}
			_, err := e.construct(t, resource.NewPropertyMapFromMap(c.args))
			require.NoError(t, err)
			require.Contains(t, e.warnings, c.want)
		})
	}
}

func TestRefusals(t *testing.T) {
	nat := func(strategy string, ids ...any) map[string]any {
		return map[string]any{"natGateways": map[string]any{"strategy": strategy, "elasticIpAllocationIds": ids}}
	}
	specs := func(specs ...any) map[string]any { return map[string]any{"subnetSpecs": specs} }
	spec := func(kind, name string) any { return map[string]any{"type": kind, "name": name} }
	cases := []struct {
		args map[string]any
		want string
	}{
		{nat("Double"), "Unknown NatGatewayStrategy 'Double'"},
		{nat("None", "a"), "Elastic IP allocation IDs cannot be specified when NAT Gateway strategy is 'None'."},
		{nat("Single", "a", "b"), "Exactly one Elastic IP may be specified when NAT Gateway strategy is 'Single'."},
		{
			nat("OnePerAz", "a"),
			"The number of Elastic IPs, if specified, must match the number of availability zones for the VPC (2) " +
				"when NAT Gateway strategy is 'OnePerAz'",
		},
		{
			map[string]any{"numberOfAvailabilityZones": 2.0},
			"Only one of [availabilityZoneNames] and [numberOfAvailabilityZones] can be specified",
		},
		{map[string]any{"cidrBlock": "banana"}, "Invalid net address: banana"},
		{
			map[string]any{"ipv4IpamPoolId": "p"},
			"If 'ipv4IpamPoolId' is specified, 'ipv4NetmaskLength' or 'cidrBlock' must also be specified.",
		},
		{
			map[string]any{"ipv4IpamPoolId": "p", "cidrBlock": "10.0.0.0/16", "ipv4NetmaskLength": 16.0},
			"Only one of 'cidrBlock', 'ipv4NetmaskLength' is allowed.",
		},
		{specs(), "No subnets specified"},
		{
			map[string]any{"subnetStrategy": "Exact"},
			"There are gaps in the subnet ranges. Please fix the following gaps: " +
				"lab-private-1 (10.0.0.0/18) <=> lab-private-2 (10.0.128.0/18), lab-private-2 (10.0.128.0/18) <=> " +
				"lab-public-1 (10.0.64.0/19), " +
				"lab-public-1 (10.0.64.0/19) <=> lab-public-2 (10.0.192.0/19), lab-public-2 (ending 10.0.223.254) " +
				"ends before VPC ends (at 10.0.255.254})",
		},
		{map[string]any{"subnetStrategy": "Best"}, `subnetStrategy: "Best" is none of Legacy, Auto, Exact`},
		{specs(spec("Secret", "x")), `subnetSpecs[0].type: "Secret" is none of Public, Private, Isolated, Unused`},
		{
			specs(spec("Public", "x"), spec("Private", "x")),
			"subnetSpecs[1].name: the subnets of subnetSpecs[0] are named x already; give one of them another name",
		},
		{
			map[string]any{"availabilityZoneNames": []any{}},
			"availabilityZoneNames: names no zone; leave it out for the region's first three",
		},
		{map[string]any{"availabilityZoneNames": []any{"a", "a"}}, "availabilityZoneNames[1]: a is named twice"},
	}
	for _, c := range cases {
		t.Run(c.want, func(t *testing.T) {
			e := &engine{}
			_, err := e.construct(t, zoneArgs(c.args))
			require.Equal(t, c.want, status.Convert(err).Message())
			require.Len(t, e.registered, 1, "nothing but the component is registered")
		})
	}
}

func TestOtherComponentsHaveNoStandIn(t *testing.T) {
	standIn, err := New(nil)
	require.NoError(t, err)
	_, err = standIn.Construct(t.Context(), &pulumirpc.ConstructRequest{Type: "awsx:ecs:FargateService"})
	require.ErrorContains(
		t,
		err,
		"offline: awsx:ecs:FargateService has no stand-in; of awsx the offline target models awsx:ec2:Vpc",
	)
}

func TestInputsThatTheSchemaDoesNotKnow(t *testing.T) {
	e := &engine{}
	_, err := e.construct(t, zoneArgs(map[string]any{
		"cidrBlok": "10.0.0.0/16", "subnetSpecs": []any{map[string]any{"kind": "Public"}}, "tags": "none",
	}))
	require.ErrorContains(t, err, `cidrBlok: Invalid or unknown key "cidrBlok". Did you mean "cidrBlock"?`)
	require.ErrorContains(t, err, `subnetSpecs[0].type: Missing required argument.`)
	require.ErrorContains(t, err, `subnetSpecs[0].kind: Invalid or unknown key "kind".`)
	require.ErrorContains(t, err, "tags: ")
	require.Empty(t, e.registered)
}

func TestAnswersWithTheVersionThatTheProgramAsksFor(t *testing.T) {
	standIn, err := New(nil)
	require.NoError(t, err)
	info, err := standIn.GetPluginInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	require.Equal(t, "2.22.0", info.GetVersion())
}
