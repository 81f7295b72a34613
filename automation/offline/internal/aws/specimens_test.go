package aws_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// specimen is one thing of a type: the least that AWS takes, and what its id and ARN look like.
type specimen struct {
	token string
	// label tells specimens of a type apart; empty for the first.
	label  string
	inputs func(have things) awstest.In
	// id and arn are regular expressions; arn is empty for a type without one.
	id, arn string
}

// things are what was made, by type and, after a blank, label.
type things map[string]awstest.Made

func (h things) id(key string) string { return h[key].Id }

func (h things) arn(key string) string { return h[key].Str("arn") }

func with(inputs awstest.In) func(things) awstest.In {
	return func(things) awstest.In { return inputs }
}

// specimens are in the order in which they can be made.
var specimens = slices.Concat(foundations, platforms, stores, satellites, outerSatellites)

// foundations are the things that most others refer to.
var foundations = []specimen{
	{
		token.Vpc,
		"",
		with(awstest.In{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true}),
		`vpc-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:vpc/vpc-[0-9a-f]{17}`,
	},
	{token.Subnet, "", func(h things) awstest.In {
		return awstest.In{"vpcId": h.id(token.Vpc), "cidrBlock": "10.0.0.0/24", "availabilityZone": "us-east-1a"}
	}, `subnet-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:subnet/subnet-[0-9a-f]{17}`},
	{token.Subnet, "b", func(h things) awstest.In {
		return awstest.In{"vpcId": h.id(token.Vpc), "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-east-1b"}
	}, `subnet-[0-9a-f]{17}`, `arn:aws:ec2:.*`},
	{
		token.InternetGateway,
		"",
		func(h things) awstest.In { return awstest.In{"vpcId": h.id(token.Vpc)} },
		`igw-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:internet-gateway/igw-[0-9a-f]{17}`,
	},
	{
		token.Eip,
		"",
		with(awstest.In{"domain": "vpc"}),
		`eipalloc-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:elastic-ip/eipalloc-[0-9a-f]{17}`,
	},
	{token.NatGateway, "", func(h things) awstest.In {
		return awstest.In{"subnetId": h.id(token.Subnet), "allocationId": h.id(token.Eip)}
	}, `nat-[0-9a-f]{17}`, ``},
	{
		token.RouteTable,
		"",
		func(h things) awstest.In { return awstest.In{"vpcId": h.id(token.Vpc)} },
		`rtb-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:route-table/rtb-[0-9a-f]{17}`,
	},
	{token.Route, "", func(h things) awstest.In {
		return awstest.In{
			"routeTableId":         h.id(token.RouteTable),
			"destinationCidrBlock": "0.0.0.0/0",
			"gatewayId":            h.id(token.InternetGateway),
		}
	}, `r-rtb-[0-9a-f]{17}1080289494`, ``},
	{token.RouteTableAssoc, "", func(h things) awstest.In {
		return awstest.In{"routeTableId": h.id(token.RouteTable), "subnetId": h.id(token.Subnet)}
	}, `rtbassoc-[0-9a-f]{17}`, ``},
	{token.NetworkAcl, "", func(h things) awstest.In {
		return awstest.In{"vpcId": h.id(token.Vpc), "subnetIds": []any{h.id(token.Subnet)}, "ingress": []any{awstest.In{
			"action":    "allow",
			"fromPort":  443,
			"toPort":    443,
			"protocol":  "tcp",
			"ruleNo":    100,
			"cidrBlock": "0.0.0.0/0",
		}}}
	}, `acl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:network-acl/acl-[0-9a-f]{17}`},
	{token.NetworkAclRule, "", func(h things) awstest.In {
		return awstest.In{
			"networkAclId": h.id(token.NetworkAcl),
			"protocol":     "tcp",
			"ruleAction":   "allow",
			"ruleNumber":   200,
			"cidrBlock":    "10.0.0.0/8",
			"fromPort":     80,
			"toPort":       80,
		}
	}, `nacl-\d+`, ``},
	{token.NetworkAclAssoc, "", func(h things) awstest.In {
		return awstest.In{"networkAclId": h.id(token.NetworkAcl), "subnetId": h.id(token.Subnet + " b")}
	}, `aclassoc-[0-9a-f]{17}`, ``},
	{token.SecurityGroup, "", func(h things) awstest.In {
		return awstest.In{
			"vpcId": h.id(token.Vpc),
			"ingress": []any{
				awstest.In{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": []any{"0.0.0.0/0"}},
			},
		}
	}, `sg-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group/sg-[0-9a-f]{17}`},
	{token.IngressRule, "", func(h things) awstest.In {
		return awstest.In{
			"securityGroupId":           h.id(token.SecurityGroup),
			"ipProtocol":                "tcp",
			"fromPort":                  443,
			"toPort":                    443,
			"referencedSecurityGroupId": h.id(token.SecurityGroup),
		}
	}, `sgr-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group-rule/sgr-[0-9a-f]{17}`},
	{token.EgressRule, "", func(h things) awstest.In {
		return awstest.In{"securityGroupId": h.id(token.SecurityGroup), "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
	}, `sgr-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:security-group-rule/sgr-[0-9a-f]{17}`},
	{
		token.DefaultSecurityGroup,
		"",
		func(h things) awstest.In { return awstest.In{"vpcId": h.id(token.Vpc)} },
		`sg-[0-9a-f]{17}`,
		`arn:aws:ec2:us-east-1:123456789012:security-group/sg-[0-9a-f]{17}`,
	},
	{token.DefaultNetworkAcl, "", func(h things) awstest.In {
		return awstest.In{"defaultNetworkAclId": h[token.Vpc].Str("defaultNetworkAclId")}
	}, `acl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:network-acl/acl-[0-9a-f]{17}`},
	{token.DefaultRouteTable, "", func(h things) awstest.In {
		return awstest.In{"defaultRouteTableId": h[token.Vpc].Str("defaultRouteTableId")}
	}, `rtb-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:route-table/rtb-[0-9a-f]{17}`},
	{token.VpcEndpoint, "", func(h things) awstest.In {
		return awstest.In{
			"vpcId":           h.id(token.Vpc),
			"serviceName":     "com.amazonaws.us-east-1.ecr.api",
			"vpcEndpointType": "Interface",
			"subnetIds": []any{
				h.id(token.Subnet),
			},
			"securityGroupIds":  []any{h.id(token.SecurityGroup)},
			"privateDnsEnabled": true,
		}
	}, `vpce-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:vpc-endpoint/vpce-[0-9a-f]{17}`},
	{
		token.Key,
		"",
		with(awstest.In{"description": "lab", "enableKeyRotation": true}),
		`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
		`arn:aws:kms:us-east-1:123456789012:key/[0-9a-f-]{36}`,
	},
	{
		token.Alias,
		"",
		func(h things) awstest.In { return awstest.In{"targetKeyId": h.arn(token.Key)} },
		`alias/it-[0-9a-f]{7}`,
		`arn:aws:kms:us-east-1:123456789012:alias/it-[0-9a-f]{7}`,
	},
	{
		token.Role,
		"",
		with(awstest.In{"assumeRolePolicy": awstest.Trust}),
		`it-[0-9a-f]{7}`,
		`arn:aws:iam::123456789012:role/it-[0-9a-f]{7}`,
	},
	{
		token.Policy,
		"",
		with(awstest.In{"policy": awstest.Grant}),
		`arn:aws:iam::123456789012:policy/it-[0-9a-f]{7}`,
		`arn:aws:iam::123456789012:policy/it-[0-9a-f]{7}`,
	},
	{
		token.RolePolicy,
		"",
		func(h things) awstest.In { return awstest.In{"role": h.id(token.Role), "policy": awstest.Grant} },
		`it-[0-9a-f]{7}:it-[0-9a-f]{7}`,
		``,
	},
	{token.RoleAttachment, "", func(h things) awstest.In {
		return awstest.In{"role": h.id(token.Role), "policyArn": h.arn(token.Policy)}
	}, `it-[0-9a-f]{7}-[0-9]{18}[0-9a-f]{8}`, ``},
	{
		token.InstanceProfile,
		"",
		func(h things) awstest.In { return awstest.In{"role": h.id(token.Role)} },
		`it-[0-9a-f]{7}`,
		`arn:aws:iam::123456789012:instance-profile/it-[0-9a-f]{7}`,
	},
	{
		token.LogGroup,
		"",
		with(awstest.In{"retentionInDays": 30}),
		`it-[0-9a-f]{7}`,
		`arn:aws:logs:us-east-1:123456789012:log-group:it-[0-9a-f]{7}`,
	},
	{token.FlowLog, "", func(h things) awstest.In {
		return awstest.In{
			"vpcId":          h.id(token.Vpc),
			"trafficType":    "ALL",
			"iamRoleArn":     h.arn(token.Role),
			"logDestination": h.arn(token.LogGroup),
		}
	}, `fl-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/fl-[0-9a-f]{17}`},
	{token.LaunchTemplate, "", func(h things) awstest.In {
		return awstest.In{"imageId": "ami-1", "vpcSecurityGroupIds": []any{h.id(token.SecurityGroup)}}
	}, `lt-[0-9a-f]{17}`, `arn:aws:ec2:us-east-1:123456789012:launch-template/lt-[0-9a-f]{17}`},
	{token.AutoScalingGroup, "", func(h things) awstest.In {
		return awstest.In{
			"minSize":            1,
			"maxSize":            2,
			"vpcZoneIdentifiers": []any{h.id(token.Subnet)},
			"launchTemplate":     awstest.In{"id": h.id(token.LaunchTemplate), "version": "$Latest"},
			"protectFromScaleIn": true,
			"forceDelete":        true,
		}
	}, `it-[0-9a-f]{7}`, `arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:[0-9a-f-]{36}:` +
		`autoScalingGroupName/it-[0-9a-f]{7}`},
	{
		token.Repository,
		"",
		with(awstest.In{}),
		`it-[0-9a-f]{7}`,
		`arn:aws:ecr:us-east-1:123456789012:repository/it-[0-9a-f]{7}`,
	},
	{token.LifecyclePolicy, "", func(h things) awstest.In {
		return awstest.In{"repository": h.id(token.Repository), "policy": `{"rules":[{"rulePriority":1}]}`}
	}, `it-[0-9a-f]{7}`, ``},
	{
		token.Cluster,
		"",
		with(awstest.In{}),
		`arn:aws:ecs:us-east-1:123456789012:cluster/it-[0-9a-f]{7}`,
		`arn:aws:ecs:us-east-1:123456789012:cluster/it-[0-9a-f]{7}`,
	},
	{token.CapacityProvider, "", func(h things) awstest.In {
		return awstest.In{
			"autoScalingGroupProvider": awstest.In{
				"autoScalingGroupArn":          h.arn(token.AutoScalingGroup),
				"managedTerminationProtection": "ENABLED",
			},
		}
	}, `arn:aws:ecs:us-east-1:123456789012:capacity-provider/it-[0-9a-f]{7}`, `arn:aws:ecs:.*`},
	{token.ClusterProviders, "", func(h things) awstest.In {
		return awstest.In{
			"clusterName":       h[token.Cluster].Str("name"),
			"capacityProviders": []any{"FARGATE", "FARGATE_SPOT", h[token.CapacityProvider].Str("name")},
			"defaultCapacityProviderStrategies": []any{
				awstest.In{"capacityProvider": "FARGATE", "base": 1, "weight": 1},
			},
		}
	}, `it-[0-9a-f]{7}`, ``},
	{token.TaskDefinition, "", func(h things) awstest.In {
		return awstest.In{
			"family":                  "shop",
			"containerDefinitions":    awstest.Shop,
			"requiresCompatibilities": []any{"FARGATE"},
			"networkMode":             "awsvpc",
			"cpu":                     "256",
			"memory":                  "512",
			"executionRoleArn":        h.arn(token.Role),
		}
	}, `shop`, `arn:aws:ecs:us-east-1:123456789012:task-definition/shop:1`},
	{token.LoadBalancer, "", func(h things) awstest.In {
		return awstest.In{
			"subnets":        []any{h.id(token.Subnet), h.id(token.Subnet + " b")},
			"securityGroups": []any{h.id(token.SecurityGroup)},
		}
	}, `arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/it-[0-9a-f]{7}/` +
		`[0-9a-f]{16}`, `arn:aws:elasticloadbalancing:.*`},
}

// The whole life of a thing of every modelled type: made with the least AWS takes, it reads back as it was, a next run
// of the program finds nothing to do, it can be imported, an update with nothing new changes nothing, and in the end
// nothing is left.
func TestEveryModelledTypeRoundTrips(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	have := things{}
	seen := map[string]bool{}
	for _, s := range specimens {
		seen[s.token] = true
		key := s.token
		if s.label != "" {
			key += " " + s.label
		}
		inputs := s.inputs(have)
		assertPlanned(t, l.Plan(s.token, "it", inputs), s, inputs)
		m := l.Create(s.token, "it", inputs)
		have[key] = m
		assert.Regexp(t, regexp.MustCompile("^"+s.id+"$"), m.Id, s.token)
		assert.Equal(t, m.Id, m.Str("id"), s.token)
		if s.arn != "" {
			assert.Regexp(t, regexp.MustCompile("^"+s.arn+"$"), m.Str("arn"), s.token)
		}
		same := l.DiffChecked(m, inputs)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, same.GetChanges(), "%s: %v", s.token, same.GetDetailedDiff())
		read, exists := l.Refresh(m)
		if !assert.True(t, exists, s.token) {
			continue
		}
		assert.Equal(t, m.Inputs, read.Inputs, s.token)
		same = l.DiffChecked(read, inputs)
		assert.Equal(
			t,
			pulumirpc.DiffResponse_DIFF_NONE,
			same.GetChanges(),
			"%s after a refresh: %v",
			s.token,
			same.GetDetailedDiff(),
		)
		updated := l.Update(m, inputs)
		assert.Equal(t, m.State, updated.State, s.token)
	}
	for modelled := range allModels(t) {
		// need a second region, see TestBackupsAreCopiedToAnotherRegion and TestAReplicaKeyHasItsPrimarysID
		if modelled != token.DBReplication && modelled != token.ReplicaKey {
			assert.True(t, seen[modelled], "no specimen of %s", modelled)
		}
	}
	for i := len(specimens) - 1; i >= 0; i-- {
		s := specimens[i]
		key := s.token
		if s.label != "" {
			key += " " + s.label
		}
		require.NoError(t, l.TryDelete(have[key]), s.token)
		require.NoError(t, l.TryDelete(have[key]), "deleting what is gone: %s", s.token)
	}
	left, err := l.W.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Empty(t, l.Warnings)
}

// assertPlanned checks that in a preview what AWS will compute is unknown, and what the program says is not.
func assertPlanned(t *testing.T, planned resource.PropertyMap, s specimen, inputs awstest.In) {
	t.Helper()
	assert.True(t, values.IsUnknown(planned["id"]), s.token)
	for name := range inputs {
		assert.False(t, values.IsUnknown(values.Reveal(planned[resource.PropertyKey(name)])), "%s %s", s.token, name)
	}
	m := allModels(t)[s.token]
	r, _ := awsSchema(t).Resource(s.token)
	if _, given := inputs["arn"]; !given && schema.PropertyType(r.Outputs, "arn") != nil {
		assert.True(t, values.IsUnknown(planned["arn"]), s.token)
	}
	if m.AutoName != nil {
		assert.True(t, values.View(planned).Has(m.AutoName.Property), "%s is named in a preview", s.token)
	}
}
