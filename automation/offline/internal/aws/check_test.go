package aws

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/schema"
)

func TestCheckRefuses(t *testing.T) {
	l := newLab(t, "us-east-1")
	for name, c := range map[string]struct {
		token    string
		inputs   in
		property string
		reason   string
	}{
		"a missing property":       {tSubnet, in{"cidrBlock": "10.0.0.0/24"}, "vpcId", "vpcId"},
		"an unknown property":      {tVpc, in{"cidrBlok": "10.0.0.0/16"}, "cidrBlok", "cidrBlock"},
		"a wrong type":             {tVpc, in{"cidrBlock": []any{"10.0.0.0/16"}}, "cidrBlock", "string"},
		"a wrong type inside":      {tSecurityGroup, in{"ingress": []any{in{"protocol": "tcp", "fromPort": "x", "toPort": 80}}}, "ingress[0].fromPort", ""},
		"a value that is none":     {tVpc, in{"cidrBlock": "10.0.0.0/16", "instanceTenancy": "host"}, "instanceTenancy", `expected instanceTenancy to be one of ["default" "dedicated"], got host`},
		"an enumeration in a list": {tTaskDefinition, in{"family": "a", "containerDefinitions": shop, "requiresCompatibilities": []any{"FARGATE", "LAMBDA"}}, "requiresCompatibilities[1]", "FARGATE"},
		"a number out of range":    {tKey, in{"deletionWindowInDays": 5}, "deletionWindowInDays", "(7 - 30)"},
		"a name that is too long":  {tRole, in{"name": "a-name-of-more-than-sixty-four-characters-is-refused-before-anything", "assumeRolePolicy": trust}, "name", "(1 - 64)"},
		"characters that are none": {tCluster, in{"name": "a b"}, "name", "must match"},
		"a prefix that is taken":   {tSecurityGroup, in{"name": "sg-lab"}, "name", "must not match"},
		"what is no JSON":          {tPolicy, in{"policy": "{"}, "policy", "contains an invalid JSON document"},
		"what is no ARN":           {tListener, in{"loadBalancerArn": "lab", "defaultActions": []any{in{"type": "fixed-response", "fixedResponse": in{"contentType": "text/plain"}}}}, "loadBalancerArn", "is an invalid ARN"},
		"a CIDR of a host":         {tVpc, in{"cidrBlock": "10.0.0.1/16"}, "cidrBlock", `did you mean "10.0.0.0/16"?`},
		"a VPC that is too big":    {tVpc, in{"cidrBlock": "10.0.0.0/8"}, "cidrBlock", "between 16 and 28"},
		"two of a conflict":        {tSubnet, in{"vpcId": "v", "availabilityZone": "us-east-1a", "availabilityZoneId": "use1-az1"}, "availabilityZoneId", "conflicts with availabilityZone"},
		"two of exactly one":       {tRoute, in{"routeTableId": "r", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "natGatewayId": "nat-1"}, "gatewayId", "only one of"},
		"none of exactly one":      {tRoute, in{"routeTableId": "r", "destinationCidrBlock": "0.0.0.0/0"}, "carrierGatewayId", "one of"},
		"one without the other":    {tVpc, in{"ipv4NetmaskLength": 20}, "ipv4NetmaskLength", "ipv4IpamPoolId is missing"},
		"a forward to nothing":     {tListener, in{"loadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/b", "defaultActions": []any{in{"type": "forward"}}}, "defaultActions[0].targetGroupArn", "must be specified"},
		"a target group of no VPC": {tTargetGroup, in{"port": 80, "protocol": "HTTP"}, "vpcId", "should be set"},
		"an attribute without key": {tTable, in{"hashKey": "id", "attributes": []any{in{"name": "id", "type": "S"}, in{"name": "when", "type": "N"}}}, "attributes", "Unused attributes: [when]"},
		"a key without attribute":  {tTable, in{"hashKey": "id", "rangeKey": "when", "attributes": []any{in{"name": "id", "type": "S"}}}, "attributes", "Unmatched indexes: [when]"},
		"what is no container":     {tTaskDefinition, in{"family": "a", "containerDefinitions": `[{"image":"nginx"}]`}, "containerDefinitions", "has no name"},
		"a label that is missing":  {tScalingPolicy, in{"resourceId": "r", "scalableDimension": "d", "serviceNamespace": "ecs", "targetTrackingScalingPolicyConfiguration": in{"targetValue": 1, "predefinedMetricSpecification": in{"predefinedMetricType": "ALBRequestCountPerTarget"}}}, "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.resourceLabel", "must be given"},
	} {
		t.Run(name, func(t *testing.T) {
			_, failures := l.check(c.token, "it", nil, property(c.inputs).ObjectValue())
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
	l := newLab(t, "us-east-1")
	for token, m := range allModels(t) {
		r, _ := l.schema.Resource(token)
		inputs := in{}
		excluded := map[string]bool{}
		for _, group := range append(append([][]string{}, m.Conflicts...), m.ExactlyOneOf...) {
			for _, name := range group[1:] {
				excluded[name] = true
			}
		}
		for _, input := range r.Inputs {
			if input.Required && !excluded[input.Name] {
				inputs[input.Name] = unknown
			}
		}
		for _, group := range m.ExactlyOneOf {
			if schema.PropertyType(r.Inputs, group[0]) != nil {
				inputs[group[0]] = unknown
			}
		}
		checked, failures := l.check(token, "it", nil, property(inputs).ObjectValue())
		for _, f := range failures {
			// A few rules ask for values beyond the required ones; none of them is about an unknown value.
			assert.NotContains(t, inputs, f.GetProperty(), "%s: %s", token, f)
		}
		for name := range inputs {
			assert.True(t, isUnknown(checked[resource.PropertyKey(name)]), "%s %s", token, name)
		}
	}
}

func TestDefaultsAreFilledInAndListedAtEachLevel(t *testing.T) {
	l := newLab(t, "us-east-1")
	inputs, failures := l.check(tSecurityGroup, "web", nil, property(in{
		"vpcId": "vpc-1", "ingress": []any{in{"protocol": "tcp", "fromPort": 80, "toPort": 80}},
	}).ObjectValue())
	require.Empty(t, failures)
	assert.Equal(t, "Managed by Pulumi", view(inputs).str("description"))
	assert.Equal(t, []string{"description", "name", "revokeRulesOnDelete"}, defaultedOf(inputs))
	rule := view(inputs).objects("ingress")[0]
	assert.Equal(t, []string{"self"}, defaultedOf(resource.PropertyMap(rule)))
	assert.False(t, rule.bool("self"))
	assert.Empty(t, defaultedOf(nil))

	// An alternative to a property keeps its default out.
	inputs, _ = l.check(tRole, "task", nil, property(in{"namePrefix": "task-", "assumeRolePolicy": trust}).ObjectValue())
	assert.NotContains(t, inputs, resource.PropertyKey("name"))
}

func TestAutomaticNames(t *testing.T) {
	l := newLab(t, "us-east-1")
	for token, want := range map[string]string{
		tLogGroup: `^Shop-[0-9a-f]{7}$`, tBucket: `^shop-[0-9a-f]{7}$`, tAlias: `^alias/Shop-[0-9a-f]{7}$`, tDBSubnetGroup: `^shop-[0-9a-f]{7}$`,
		tDBInstance: `^Shop[0-9a-f]{7}$`, tTestingPlan: `^Shop_[0-9a-f]{7}$`,
	} {
		model := allModels(t)[token]
		inputs, _ := l.check(token, "Shop", nil, resource.PropertyMap{})
		name := view(inputs).str(model.AutoName.Property)
		assert.Regexp(t, want, name, token)
		again, _ := l.check(token, "Shop", nil, resource.PropertyMap{})
		assert.Equal(t, name, view(again).str(model.AutoName.Property), "the same seed names alike")
	}
	topic, _ := l.check(tTopic, "Shop", nil, property(in{"fifoTopic": true}).ObjectValue())
	assert.Regexp(t, `^Shop-[0-9a-f]{7}\.fifo$`, view(topic).str("name"))

	_, failures := l.check(tTargetGroup, "a-name-of-twenty-nine-letters", nil, property(in{"port": 80, "protocol": "HTTP", "vpcId": "v"}).ObjectValue())
	require.NotEmpty(t, failures)
	assert.Contains(t, failures[0].GetReason(), "longer than maximum length 32")
}

func TestAnAutomaticNameIsKeptAndAGivenOneIsNot(t *testing.T) {
	l := newLab(t, "us-east-1")
	olds, _ := l.check(tLogGroup, "shop", nil, resource.PropertyMap{})
	request := &pulumirpc.CheckRequest{Urn: urnOf(tLogGroup, "shop"), RandomSeed: []byte("another")}
	request.Olds, _ = marshal(olds)
	request.News, _ = marshal(resource.PropertyMap{})
	response, err := l.Check(t.Context(), request)
	require.NoError(t, err)
	news, err := unmarshal(response.GetInputs())
	require.NoError(t, err)
	assert.Equal(t, olds["name"], news["name"])

	given := property(in{"name": "given", "__defaults": []any{}}).ObjectValue()
	request.Olds, _ = marshal(given)
	response, err = l.Check(t.Context(), request)
	require.NoError(t, err)
	news, err = unmarshal(response.GetInputs())
	require.NoError(t, err)
	assert.NotEqual(t, "given", view(news).str("name"), "what the program no longer gives is named anew")
}

func TestTheEnginesAutonamingConfigurationIsHonored(t *testing.T) {
	l := newLab(t, "us-east-1")
	for mode, want := range map[pulumirpc.CheckRequest_AutonamingOptions_Mode]string{
		pulumirpc.CheckRequest_AutonamingOptions_PROPOSE: "proposed", pulumirpc.CheckRequest_AutonamingOptions_ENFORCE: "Proposed",
		pulumirpc.CheckRequest_AutonamingOptions_DISABLE: "",
	} {
		news, err := marshal(resource.PropertyMap{})
		require.NoError(t, err)
		response, err := l.Check(t.Context(), &pulumirpc.CheckRequest{
			Urn: urnOf(tBucket, "shop"), News: news, Autonaming: &pulumirpc.CheckRequest_AutonamingOptions{ProposedName: "Proposed", Mode: mode},
		})
		require.NoError(t, err)
		inputs, err := unmarshal(response.GetInputs())
		require.NoError(t, err)
		assert.Equal(t, want, view(inputs).str("bucket"), mode)
	}
}

func TestDefaultTagsAreUnderTheResourcesOwn(t *testing.T) {
	l := labOver(t, newLab(t, "us-east-1").w, "us-east-1", in{"defaultTags": in{"tags": in{"Project": "lab", "Team": "platform"}}})
	inputs, _ := l.check(tVpc, "lab", nil, property(in{"cidrBlock": "10.0.0.0/16", "tags": in{"Team": "shop"}}).ObjectValue())
	assert.Equal(t, property(in{"Project": "lab", "Team": "shop"}), inputs["tagsAll"])
	assert.Equal(t, property(in{"Team": "shop"}), inputs["tags"])
	inputs, _ = l.check(tVpc, "lab", nil, property(in{"cidrBlock": "10.0.0.0/16", "tags": unknown}).ObjectValue())
	assert.True(t, isUnknown(inputs["tagsAll"]))
	inputs, _ = l.check(tRoute, "lab", nil, property(in{"routeTableId": "r", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "g"}).ObjectValue())
	assert.NotContains(t, inputs, resource.PropertyKey("tagsAll"))
}

func TestATypeWithoutAModelRoundTripsAndIsReportedOnce(t *testing.T) {
	l := newLab(t, "us-east-1")
	other := labOver(t, l.w, "us-west-2", nil)
	const token = "aws:athena/workgroup:Workgroup"
	m := l.create(token, "jobs", in{"name": "jobs", "description": "five"})
	other.create(token, "jobs", in{"name": "jobs"})
	assert.Equal(t, "jobs", m.id)
	assert.NotEmpty(t, m.str("arn"))
	assert.Empty(t, l.diffChecked(m, in{"name": "jobs", "description": "five"}).GetDetailedDiff())
	changed := l.diffChecked(m, in{"name": "jobs", "description": "six"})
	assert.Equal(t, []string{"description"}, changed.GetDiffs())
	read, exists := l.refresh(m)
	require.True(t, exists)
	assert.Equal(t, m.state, read.state)
	_, failures := l.check(token, "jobs", nil, property(in{"describe": "five"}).ObjectValue())
	assert.NotEmpty(t, failures, "its properties are checked all the same")
	require.NoError(t, l.tryDelete(m))
	assert.Equal(t, []string{"offline: no model for aws:athena/workgroup:Workgroup; it round-trips only"}, append(l.warnings, other.warnings...))
}

func TestATypeThatDoesNotExistIsRefused(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, err := l.Check(t.Context(), &pulumirpc.CheckRequest{Urn: urnOf("aws:ec2/vcp:Vcp", "lab")})
	assert.ErrorContains(t, err, "unrecognized resource type (aws:ec2/vcp:Vcp)")
}
