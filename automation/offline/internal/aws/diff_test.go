package aws

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// details writes a detailed diff as place=kind.
func details(response *pulumirpc.DiffResponse) map[string]string {
	kinds := map[string]string{}
	for at, detail := range response.GetDetailedDiff() {
		kinds[at] = detail.GetKind().String()
	}
	return kinds
}

func TestDiffTellsWhatChangesAndWhatReplaces(t *testing.T) {
	l := newLab(t, "us-east-1")
	type kinds = map[string]string
	for name, c := range map[string]struct {
		token      string
		state, new in
		want       kinds
	}{
		"a tag more and one less":  {tVpc, in{"tags": in{"A": "1", "B": "2"}}, in{"tags": in{"B": "2", "C": "3"}}, kinds{"tags.A": "DELETE", "tags.C": "ADD"}},
		"a tag with a dot":         {tVpc, in{"tags": in{"a.b": "1"}}, in{"tags": in{"a.b": "2"}}, kinds{`tags["a.b"]`: "UPDATE"}},
		"another network":          {tVpc, in{"cidrBlock": "10.0.0.0/16"}, in{"cidrBlock": "10.1.0.0/16"}, kinds{"cidrBlock": "UPDATE_REPLACE"}},
		"dedicated to shared":      {tVpc, in{"instanceTenancy": "dedicated"}, in{"instanceTenancy": "default"}, kinds{"instanceTenancy": "UPDATE"}},
		"shared to dedicated":      {tVpc, in{"instanceTenancy": "default"}, in{"instanceTenancy": "dedicated"}, kinds{"instanceTenancy": "UPDATE_REPLACE"}},
		"false for nothing":        {tVpc, in{}, in{"assignGeneratedIpv6CidrBlock": false}, kinds{}},
		"subnets in another order": {tLoadBalancer, in{"loadBalancerType": "application", "subnets": []any{"a", "b"}}, in{"loadBalancerType": "application", "subnets": []any{"b", "a"}}, kinds{}},
		"a subnet more":            {tLoadBalancer, in{"loadBalancerType": "application", "subnets": []any{"a", "b"}}, in{"loadBalancerType": "application", "subnets": []any{"a", "b", "c"}}, kinds{"subnets[2]": "ADD"}},
		"a subnet less for an NLB": {tLoadBalancer, in{"loadBalancerType": "network", "subnets": []any{"a", "b"}}, in{"loadBalancerType": "network", "subnets": []any{"a"}}, kinds{"subnets[1]": "DELETE_REPLACE"}},
		"an ALB setting of an NLB": {tLoadBalancer, in{"loadBalancerType": "network"}, in{"loadBalancerType": "network", "idleTimeout": 60}, kinds{}},
		"rules in another order": {tSecurityGroup,
			in{"ingress": []any{in{"protocol": "tcp", "fromPort": 80, "cidrBlocks": []any{"10.0.0.0/8"}}, in{"protocol": "udp", "fromPort": 53}}},
			in{"ingress": []any{in{"protocol": "17", "fromPort": 53}, in{"protocol": "TCP", "fromPort": 80, "cidrBlocks": []any{"10.0.0.0/8"}}}}, kinds{}},
		"rules left out":         {tSecurityGroup, in{"ingress": []any{in{"protocol": "tcp"}}}, in{}, kinds{}},
		"rules emptied":          {tSecurityGroup, in{"ingress": []any{in{"protocol": "tcp"}}}, in{"ingress": []any{}}, kinds{"ingress[0]": "DELETE"}},
		"a rule of another kind": {tIngressRule, in{"cidrIpv4": "10.0.0.0/8"}, in{"prefixListId": "pl-1"}, kinds{"cidrIpv4": "DELETE_REPLACE", "prefixListId": "ADD_REPLACE"}},
		"a rule of one kind":     {tIngressRule, in{"cidrIpv4": "10.0.0.0/8"}, in{"cidrIpv4": "10.1.0.0/16"}, kinds{"cidrIpv4": "UPDATE"}},
		"a policy written otherwise": {tPolicy,
			in{"policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["b","a"],"Resource":["*"]}]}`},
			in{"policy": `{"Statement":{"Resource":"*","Action":["a","b"],"Effect":"Allow"}, "Version":"2012-10-17"}`}, kinds{}},
		"a policy that grants more": {tPolicy, in{"policy": `{"Statement":[{"Action":["a"]}]}`}, in{"policy": `{"Statement":[{"Action":["a","b"]}]}`}, kinds{"policy": "UPDATE"}},
		"a root by its account":     {tRole, in{"assumeRolePolicy": `{"Statement":{"Principal":{"AWS":"arn:aws:iam::123456789012:root"}}}`}, in{"assumeRolePolicy": `{"Statement":{"Principal":{"AWS":"123456789012"}}}`}, kinds{}},
		"containers as ECS writes them": {tTaskDefinition,
			in{"containerDefinitions": normalizeContainers(`[{"name":"web","image":"nginx","environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"portMappings":[{"containerPort":80}]}]`)},
			in{"containerDefinitions": `[{"image":"nginx","name":"web","portMappings":[{"hostPort":80,"protocol":"tcp","containerPort":80}],"environment":[{"name":"B","value":"2"},{"name":"A","value":"1"}],"essential":true,"secrets":[]}]`}, kinds{}},
		"a new image":         {tTaskDefinition, in{"containerDefinitions": `[{"name":"web","image":"nginx:1"}]`}, in{"containerDefinitions": `[{"name":"web","image":"nginx:2"}]`}, kinds{"containerDefinitions": "UPDATE_REPLACE"}},
		"a definition's tags": {tTaskDefinition, in{"tags": in{"A": "1"}}, in{"tags": in{"A": "2"}}, kinds{"tags.A": "UPDATE"}},
		"a volume's name":     {tTaskDefinition, in{"volumes": []any{in{"name": "a"}}}, in{"volumes": []any{in{"name": "b"}}}, kinds{"volumes[0]": "UPDATE_REPLACE"}},
		"capacity providers":  {tService, in{"capacityProviderStrategies": []any{in{"capacityProvider": "FARGATE"}}}, in{"capacityProviderStrategies": []any{in{"capacityProvider": "FARGATE_SPOT"}}}, kinds{"capacityProviderStrategies[0]": "UPDATE_REPLACE"}},
		"capacity providers with a forced deployment": {tService, in{"capacityProviderStrategies": []any{in{"capacityProvider": "FARGATE"}}, "forceNewDeployment": true},
			in{"capacityProviderStrategies": []any{in{"capacityProvider": "FARGATE_SPOT"}}, "forceNewDeployment": true}, kinds{"capacityProviderStrategies[0]": "UPDATE"}},
		"triggers without a forced deployment": {tService, in{"triggers": in{"a": "1"}}, in{"triggers": in{"a": "2"}}, kinds{}},
		"a count of a daemon":                  {tService, in{"schedulingStrategy": "DAEMON", "desiredCount": 3}, in{"schedulingStrategy": "DAEMON", "desiredCount": 1}, kinds{}},
		"a block left out":                     {tService, in{"deploymentCircuitBreaker": in{"enable": true, "rollback": true}}, in{}, kinds{}},
		"a block that replaces appears":        {tTaskDefinition, in{}, in{"ephemeralStorage": in{"sizeInGib": 30}}, kinds{"ephemeralStorage": "ADD_REPLACE"}},
		"a managed block of a provider":        {tCapacityProvider, in{"autoScalingGroupProvider": in{"autoScalingGroupArn": "a", "managedDraining": "ENABLED"}}, in{"autoScalingGroupProvider": in{"autoScalingGroupArn": "a", "managedDraining": "DISABLED"}}, kinds{"autoScalingGroupProvider.managedDraining": "UPDATE"}},
		"an unknown network":                   {tSubnet, in{"vpcId": "vpc-1"}, in{"vpcId": unknown}, kinds{"vpcId": "UPDATE_REPLACE"}},
		"a key by its ARN":                     {tAlias, in{"targetKeyId": "abc"}, in{"targetKeyId": "arn:aws:kms:us-east-1:123456789012:key/abc"}, kinds{}},
		"attributes alone":                     {tTable, in{"attributes": []any{in{"name": "a", "type": "S"}}}, in{"attributes": []any{in{"name": "b", "type": "S"}}}, kinds{}},
		"lifecycle rules in another order": {tLifecyclePolicy, in{"policy": `{"rules":[{"rulePriority":1},{"rulePriority":2,"selection":{"tagPrefixList":["a","b"]}}]}`},
			in{"policy": `{"rules":[{"rulePriority":2,"selection":{"tagPrefixList":["b","a"]}},{"rulePriority":1}]}`}, kinds{}},
		"a number as text": {tTargetGroup, in{"port": 80}, in{"port": "80"}, kinds{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, details(l.compare(c.token, c.state, c.new)))
		})
	}
}

func TestAPlanThatAWSWouldRefuseFails(t *testing.T) {
	l := newLab(t, "us-east-1")
	bucket := l.create(tBucket, "it", in{})
	m := l.create(tBucketVersioning, "it", in{"bucket": bucket.id, "versioningConfiguration": in{"status": "Enabled"}})
	_, err := l.tryDiff(m, l.recheck(m, in{"bucket": bucket.id, "versioningConfiguration": in{"status": "Disabled"}}))
	assert.ErrorContains(t, err, "cannot be updated from 'Enabled' to 'Disabled'")
}

func TestIgnoredChangesAreNoDifference(t *testing.T) {
	l := newLab(t, "us-east-1")
	m := l.create(tVpc, "it", in{"cidrBlock": "10.0.0.0/16", "tags": in{"A": "1", "B": "1"}})
	news := l.recheck(m, in{"cidrBlock": "10.1.0.0/16", "tags": in{"A": "2", "B": "2"}})
	response := l.diff(m, news, "cidrBlock", "tags.A", "tagsAll")
	assert.Equal(t, map[string]string{"tags.B": "UPDATE"}, details(response))
	assert.Empty(t, response.GetReplaces())
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, l.diff(m, news, "cidrBlock", "tags", "tagsAll").GetChanges())
}

// A replacement comes after the deletion when both could not be there at once.
func TestDeleteBeforeReplace(t *testing.T) {
	l := newLab(t, "us-east-1")
	named := in{"name": "web", "assumeRolePolicy": trust, "path": "/"}
	role := l.create(tRole, "it", named)
	named["path"] = "/lab/"
	assert.True(t, l.diffChecked(role, named).GetDeleteBeforeReplace(), "the program named it")
	unnamed := in{"assumeRolePolicy": trust, "path": "/"}
	role = l.create(tRole, "other", unnamed)
	unnamed["path"] = "/lab/"
	response := l.diffChecked(role, unnamed)
	assert.Equal(t, []string{"path"}, response.GetReplaces())
	assert.False(t, response.GetDeleteBeforeReplace(), "its name is automatic")
	unnamed["path"] = "/"
	unnamed["description"] = "of the shop"
	assert.False(t, l.diffChecked(role, unnamed).GetDeleteBeforeReplace(), "nothing is replaced")
	attachment := l.create(tRoleAttachment, "it", in{"role": role.id, "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
	assert.True(t, l.diffChecked(attachment, in{"role": role.id, "policyArn": "arn:aws:iam::aws:policy/PowerUserAccess"}).GetDeleteBeforeReplace())
}

// Drift is found by a refresh, shown by the next plan, and healed by the next update.
func TestDriftIsFoundAndHealed(t *testing.T) {
	l := newLab(t, "us-east-1")
	inputs := in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true, "tags": in{"Team": "shop"}}
	m := l.create(tVpc, "it", inputs)
	key := world.Key{Region: "us-east-1", Type: tVpc, Key: m.id}
	require.NoError(t, l.w.Set(t.Context(), key, "enableDnsHostnames", resource.NewProperty(false)))
	require.NoError(t, l.w.Set(t.Context(), key, "tags.Team", resource.NewProperty("ops")))
	drifted, exists := l.refresh(m)
	require.True(t, exists)
	assert.Equal(t, "false", view(drifted.inputs).str("enableDnsHostnames"))
	assert.Equal(t, "ops", view(drifted.inputs).str("tags.Team"))
	assert.Equal(t, m.inputs["cidrBlock"], drifted.inputs["cidrBlock"])
	assert.Equal(t, map[string]string{"enableDnsHostnames": "UPDATE", "tags.Team": "UPDATE"}, details(l.diff(drifted, m.inputs)))
	healed := l.update(drifted, inputs)
	assert.Equal(t, "true", healed.str("enableDnsHostnames"))
	healed, _ = l.refresh(healed)
	assert.Equal(t, "shop", healed.str("tags.Team"))
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, l.diffChecked(healed, inputs).GetChanges())
}

// An update sends what the program changed, and leaves alone what somebody else did.
func TestAnUpdateLeavesOtherDriftAlone(t *testing.T) {
	l := newLab(t, "us-east-1")
	m := l.create(tVpc, "it", in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	require.NoError(t, l.w.Set(t.Context(), world.Key{Region: "us-east-1", Type: tVpc, Key: m.id}, "enableDnsSupport", resource.NewProperty(true)))
	require.NoError(t, l.w.Set(t.Context(), world.Key{Region: "us-east-1", Type: tVpc, Key: m.id}, "enableNetworkAddressUsageMetrics", resource.NewProperty(true)))
	m = l.update(m, in{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": false})
	assert.Equal(t, "false", m.str("enableDnsHostnames"))
	assert.Equal(t, "true", m.str("enableNetworkAddressUsageMetrics"))
}

func TestWhatWasDeletedBehindTheEnginesBackIsGone(t *testing.T) {
	l := newLab(t, "us-east-1")
	m := l.create(tLogGroup, "it", in{})
	require.NoError(t, l.w.Delete(t.Context(), world.Key{Region: "us-east-1", Type: tLogGroup, Key: m.id}))
	_, err := l.tryUpdate(m, in{"retentionInDays": 7})
	assert.ErrorContains(t, err, "run `pulumi refresh`")
	_, exists := l.refresh(m)
	assert.False(t, exists)
	require.NoError(t, l.tryDelete(m))
}

// A preview of an update keeps what is computed, but for what the update will change.
func TestAPreviewOfAnUpdate(t *testing.T) {
	l := newLab(t, "us-east-1")
	inputs := in{"hashKey": "id", "attributes": []any{in{"name": "id", "type": "S"}}, "billingMode": "PAY_PER_REQUEST"}
	m := l.create(tTable, "it", inputs)
	inputs["streamEnabled"], inputs["streamViewType"] = true, "NEW_IMAGE"
	olds, err := marshal(m.state)
	require.NoError(t, err)
	news, err := marshal(l.recheck(m, inputs))
	require.NoError(t, err)
	response, err := l.Update(t.Context(), &pulumirpc.UpdateRequest{Id: m.id, Urn: m.urn, Olds: olds, News: news, Preview: true})
	require.NoError(t, err)
	planned, err := unmarshal(response.GetProperties())
	require.NoError(t, err)
	assert.True(t, isUnknown(planned["streamArn"]))
	assert.Equal(t, m.str("arn"), view(planned).str("arn"))
	updated := l.update(m, inputs)
	assert.Regexp(t, `^arn:aws:dynamodb:us-east-1:123456789012:table/.*/stream/`, updated.str("streamArn"))
}
