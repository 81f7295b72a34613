package aws_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func TestCheckRefuses(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	for name, c := range map[string]struct {
		token    string
		inputs   awstest.In
		property string
		reason   string
	}{
		"a missing property":  {token.Subnet, awstest.In{"cidrBlock": "10.0.0.0/24"}, "vpcId", "vpcId"},
		"an unknown property": {token.Vpc, awstest.In{"cidrBlok": "10.0.0.0/16"}, "cidrBlok", "cidrBlock"},
		"a wrong type":        {token.Vpc, awstest.In{"cidrBlock": []any{"10.0.0.0/16"}}, "cidrBlock", "string"},
		"a wrong type inside": {
			token.SecurityGroup,
			awstest.In{"ingress": []any{awstest.In{"protocol": "tcp", "fromPort": "x", "toPort": 80}}},
			"ingress[0].fromPort",
			"",
		},
		"a value that is none": {
			token.Vpc,
			awstest.In{"cidrBlock": "10.0.0.0/16", "instanceTenancy": "host"},
			"instanceTenancy",
			`expected instanceTenancy to be one of ["default" "dedicated"], got host`,
		},
		"an enumeration in a list": {
			token.TaskDefinition,
			awstest.In{
				"family":                  "a",
				"containerDefinitions":    awstest.Shop,
				"requiresCompatibilities": []any{"FARGATE", "LAMBDA"},
			},
			"requiresCompatibilities[1]",
			"FARGATE",
		},
		"a number out of range": {
			token.Key,
			awstest.In{"deletionWindowInDays": 5},
			"deletionWindowInDays",
			"(7 - 30)",
		},
		"a name that is too long": {
			token.Role,
			awstest.In{
				"name":             "a-name-of-more-than-sixty-four-characters-is-refused-before-anything",
				"assumeRolePolicy": awstest.Trust,
			},
			"name",
			"(1 - 64)",
		},
		"characters that are none": {token.Cluster, awstest.In{"name": "a b"}, "name", "must match"},
		"a prefix that is taken":   {token.SecurityGroup, awstest.In{"name": "sg-lab"}, "name", "must not match"},
		"what is no JSON": {
			token.Policy,
			awstest.In{"policy": "{"},
			"policy",
			"contains an invalid JSON document",
		},
		"what is no ARN": {
			token.Listener,
			awstest.In{
				"loadBalancerArn": "lab",
				"defaultActions": []any{
					awstest.In{"type": "fixed-response", "fixedResponse": awstest.In{"contentType": "text/plain"}},
				},
			},
			"loadBalancerArn",
			"is an invalid ARN",
		},
		"a CIDR of a host": {
			token.Vpc,
			awstest.In{"cidrBlock": "10.0.0.1/16"},
			"cidrBlock",
			`did you mean "10.0.0.0/16"?`,
		},
		"a VPC that is too big": {
			token.Vpc,
			awstest.In{"cidrBlock": "10.0.0.0/8"},
			"cidrBlock",
			"between 16 and 28",
		},
		"two of a conflict": {
			token.Subnet,
			awstest.In{"vpcId": "v", "availabilityZone": "us-east-1a", "availabilityZoneId": "use1-az1"},
			"availabilityZoneId",
			"conflicts with availabilityZone",
		},
		"two of exactly one": {
			token.Route,
			awstest.In{
				"routeTableId":         "r",
				"destinationCidrBlock": "0.0.0.0/0",
				"gatewayId":            "igw-1",
				"natGatewayId":         "nat-1",
			},
			"gatewayId",
			"only one of",
		},
		"none of exactly one": {
			token.Route,
			awstest.In{"routeTableId": "r", "destinationCidrBlock": "0.0.0.0/0"},
			"carrierGatewayId",
			"one of",
		},
		"one without the other": {
			token.Vpc,
			awstest.In{"ipv4NetmaskLength": 20},
			"ipv4NetmaskLength",
			"ipv4IpamPoolId is missing",
		},
		"a forward to nothing": {
			token.Listener,
			awstest.In{
				"loadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/b",
				"defaultActions":  []any{awstest.In{"type": "forward"}},
			},
			"defaultActions[0].targetGroupArn",
			"must be specified",
		},
		"a target group of no VPC": {
			token.TargetGroup,
			awstest.In{"port": 80, "protocol": "HTTP"},
			"vpcId",
			"should be set",
		},
		"an attribute without key": {
			token.Table,
			awstest.In{
				"hashKey":    "id",
				"attributes": []any{awstest.In{"name": "id", "type": "S"}, awstest.In{"name": "when", "type": "N"}},
			},
			"attributes",
			"Unused attributes: [when]",
		},
		"a key without attribute": {
			token.Table,
			awstest.In{"hashKey": "id", "rangeKey": "when", "attributes": []any{awstest.In{"name": "id", "type": "S"}}},
			"attributes",
			"Unmatched indexes: [when]",
		},
		"what is no container": {
			token.TaskDefinition,
			awstest.In{"family": "a", "containerDefinitions": `[{"image":"nginx"}]`},
			"containerDefinitions",
			"has no name",
		},
		"a label that is missing": {
			token.ScalingPolicy,
			awstest.In{
				"resourceId":        "r",
				"scalableDimension": "d",
				"serviceNamespace":  "ecs",
				"targetTrackingScalingPolicyConfiguration": awstest.In{
					"targetValue":                   1,
					"predefinedMetricSpecification": awstest.In{"predefinedMetricType": "ALBRequestCountPerTarget"},
				},
			},
			"targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.resourceLabel",
			"must be given",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, failures := l.Check(c.token, "it", nil, values.Of(c.inputs).ObjectValue())
			for _, f := range failures {
				if f.GetProperty() == c.property {
					assert.Contains(t, f.GetReason(), c.reason)
					return
				}
			}
			// A property the SDK has declared wrong is reported by its name alone.
			require.Failf(t, "not refused", "%s: %v", c.property, failures)
		})
	}
}

func TestUnknownValuesPassEveryCheck(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	for token, m := range allModels(t) {
		r, _ := l.Provider.Schema.Resource(token)
		inputs := awstest.In{}
		excluded := map[string]bool{}
		for _, group := range append(append([][]string{}, m.Conflicts...), m.ExactlyOneOf...) {
			for _, name := range group[1:] {
				excluded[name] = true
			}
		}
		for _, input := range r.Inputs {
			if input.Required && !excluded[input.Name] {
				inputs[input.Name] = values.Unknown
			}
		}
		for _, group := range m.ExactlyOneOf {
			if schema.PropertyType(r.Inputs, group[0]) != nil {
				inputs[group[0]] = values.Unknown
			}
		}
		checked, failures := l.Check(token, "it", nil, values.Of(inputs).ObjectValue())
		for _, f := range failures {
			// A few rules ask for values beyond the required ones; none of them is about an unknown value.
			assert.NotContains(t, inputs, f.GetProperty(), "%s: %s", token, f)
		}
		for name := range inputs {
			assert.True(t, values.IsUnknown(checked[resource.PropertyKey(name)]), "%s %s", token, name)
		}
	}
}

func TestDefaultsAreFilledInAndListedAtEachLevel(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	inputs, failures := l.Check(token.SecurityGroup, "web", nil, values.Of(awstest.In{
		"vpcId": "vpc-1", "ingress": []any{awstest.In{"protocol": "tcp", "fromPort": 80, "toPort": 80}},
	}).ObjectValue())
	require.Empty(t, failures)
	assert.Equal(t, "Managed by Pulumi", values.View(inputs).Str("description"))
	assert.Equal(t, []string{"description", "name", "revokeRulesOnDelete"}, values.DefaultedOf(inputs))
	rule := values.View(inputs).Objects("ingress")[0]
	assert.Equal(t, []string{"self"}, values.DefaultedOf(resource.PropertyMap(rule)))
	assert.False(t, rule.Bool("self"))
	assert.Empty(t, values.DefaultedOf(nil))

	// An alternative to a property keeps its default out.
	inputs, _ = l.Check(
		token.Role,
		"task",
		nil,
		values.Of(awstest.In{"namePrefix": "task-", "assumeRolePolicy": awstest.Trust}).ObjectValue(),
	)
	assert.NotContains(t, inputs, resource.PropertyKey("name"))
}

func TestAutomaticNames(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	for token, want := range map[string]string{
		token.LogGroup:      `^Shop-[0-9a-f]{7}$`,
		token.Bucket:        `^shop-[0-9a-f]{7}$`,
		token.Alias:         `^alias/Shop-[0-9a-f]{7}$`,
		token.DBSubnetGroup: `^shop-[0-9a-f]{7}$`,
		token.DBInstance:    `^Shop[0-9a-f]{7}$`,
		token.TestingPlan:   `^Shop_[0-9a-f]{7}$`,
	} {
		model := allModels(t)[token]
		inputs, _ := l.Check(token, "Shop", nil, resource.PropertyMap{})
		name := values.View(inputs).Str(model.AutoName.Property)
		assert.Regexp(t, want, name, token)
		again, _ := l.Check(token, "Shop", nil, resource.PropertyMap{})
		assert.Equal(t, name, values.View(again).Str(model.AutoName.Property), "the same seed names alike")
	}
	topic, _ := l.Check(token.Topic, "Shop", nil, values.Of(awstest.In{"fifoTopic": true}).ObjectValue())
	assert.Regexp(t, `^Shop-[0-9a-f]{7}\.fifo$`, values.View(topic).Str("name"))

	_, failures := l.Check(
		token.TargetGroup,
		"a-name-of-twenty-nine-letters",
		nil,
		values.Of(awstest.In{"port": 80, "protocol": "HTTP", "vpcId": "v"}).ObjectValue(),
	)
	require.NotEmpty(t, failures)
	assert.Contains(t, failures[0].GetReason(), "longer than maximum length 32")
}

func TestAnAutomaticNameIsKeptAndAGivenOneIsNot(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	olds, _ := l.Check(token.LogGroup, "shop", nil, resource.PropertyMap{})
	request := &pulumirpc.CheckRequest{Urn: awstest.URN(token.LogGroup, "shop"), RandomSeed: []byte("another")}
	request.Olds, _ = bridge.Marshal(olds)
	request.News, _ = bridge.Marshal(resource.PropertyMap{})
	response, err := l.Provider.Check(t.Context(), request)
	require.NoError(t, err)
	news, err := bridge.Unmarshal(response.GetInputs())
	require.NoError(t, err)
	assert.Equal(t, olds["name"], news["name"])

	given := values.Of(awstest.In{"name": "given", "__defaults": []any{}}).ObjectValue()
	request.Olds, _ = bridge.Marshal(given)
	response, err = l.Provider.Check(t.Context(), request)
	require.NoError(t, err)
	news, err = bridge.Unmarshal(response.GetInputs())
	require.NoError(t, err)
	assert.NotEqual(t, "given", values.View(news).Str("name"), "what the program no longer gives is named anew")
}

func TestTheEnginesAutonamingConfigurationIsHonored(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	for mode, want := range map[pulumirpc.CheckRequest_AutonamingOptions_Mode]string{
		pulumirpc.CheckRequest_AutonamingOptions_PROPOSE: "proposed",
		pulumirpc.CheckRequest_AutonamingOptions_ENFORCE: "Proposed",
		pulumirpc.CheckRequest_AutonamingOptions_DISABLE: "",
	} {
		news, err := bridge.Marshal(resource.PropertyMap{})
		require.NoError(t, err)
		response, err := l.Provider.Check(t.Context(), &pulumirpc.CheckRequest{
			Urn:        awstest.URN(token.Bucket, "shop"),
			News:       news,
			Autonaming: &pulumirpc.CheckRequest_AutonamingOptions{ProposedName: "Proposed", Mode: mode},
		})
		require.NoError(t, err)
		inputs, err := bridge.Unmarshal(response.GetInputs())
		require.NoError(t, err)
		assert.Equal(t, want, values.View(inputs).Str("bucket"), mode)
	}
}

func TestDefaultTagsAreUnderTheResourcesOwn(t *testing.T) {
	l := awstest.Over(
		t,
		awstest.New(t, "us-east-1").W,
		"us-east-1",
		awstest.In{"defaultTags": awstest.In{"tags": awstest.In{"Project": "lab", "Team": "platform"}}},
	)
	inputs, _ := l.Check(
		token.Vpc,
		"lab",
		nil,
		values.Of(awstest.In{"cidrBlock": "10.0.0.0/16", "tags": awstest.In{"Team": "shop"}}).ObjectValue(),
	)
	assert.Equal(t, values.Of(awstest.In{"Project": "lab", "Team": "shop"}), inputs["tagsAll"])
	assert.Equal(t, values.Of(awstest.In{"Team": "shop"}), inputs["tags"])
	for _, tags := range []any{values.Unknown, awstest.In{"Team": "shop", "Id": values.Unknown}} {
		inputs, _ = l.Check(
			token.Vpc,
			"lab",
			nil,
			values.Of(awstest.In{"cidrBlock": "10.0.0.0/16", "tags": tags}).ObjectValue(),
		)
		assert.True(t, values.IsUnknown(inputs["tagsAll"]), "with tags %v", tags)
	}
	inputs, _ = l.Check(
		token.Route,
		"lab",
		nil,
		values.Of(awstest.In{"routeTableId": "r", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "g"}).ObjectValue(),
	)
	assert.NotContains(t, inputs, resource.PropertyKey("tagsAll"))
}

func TestAnUpdateOfTagsIsOneOfAllTags(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	m := l.Create(token.Vpc, "lab", awstest.In{"cidrBlock": "10.0.0.0/16", "tags": awstest.In{"Team": "shop"}})
	m = l.Update(m, awstest.In{"cidrBlock": "10.0.0.0/16", "tags": awstest.In{"Team": "web", "Id": "1"}})
	assert.Equal(t, values.Of(awstest.In{"Team": "web", "Id": "1"}), m.State["tagsAll"])
	m = l.Update(m, awstest.In{"cidrBlock": "10.0.0.0/16"})
	assert.Empty(t, m.State["tagsAll"].ObjectValue())
}

func TestATypeWithoutAModelRoundTripsAndIsReportedOnce(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	other := awstest.Over(t, l.W, "us-west-2", nil)
	const token = "aws:athena/workgroup:Workgroup"
	m := l.Create(token, "jobs", awstest.In{"name": "jobs", "description": "five"})
	other.Create(token, "jobs", awstest.In{"name": "jobs"})
	assert.Equal(t, "jobs", m.Id)
	assert.NotEmpty(t, m.Str("arn"))
	assert.Empty(t, l.DiffChecked(m, awstest.In{"name": "jobs", "description": "five"}).GetDetailedDiff())
	changed := l.DiffChecked(m, awstest.In{"name": "jobs", "description": "six"})
	assert.Equal(t, []string{"description"}, changed.GetDiffs())
	read, exists := l.Refresh(m)
	require.True(t, exists)
	assert.Equal(t, m.State, read.State)
	_, failures := l.Check(token, "jobs", nil, values.Of(awstest.In{"describe": "five"}).ObjectValue())
	assert.NotEmpty(t, failures, "its properties are checked all the same")
	require.NoError(t, l.TryDelete(m))
	assert.Equal(
		t,
		[]string{"offline: no model for aws:athena/workgroup:Workgroup; it round-trips only"},
		append(l.Warnings, other.Warnings...),
	)
}

func TestATypeThatDoesNotExistIsRefused(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, err := l.Provider.Check(t.Context(), &pulumirpc.CheckRequest{Urn: awstest.URN("aws:ec2/vcp:Vcp", "lab")})
	assert.ErrorContains(t, err, "unrecognized resource type (aws:ec2/vcp:Vcp)")
}
