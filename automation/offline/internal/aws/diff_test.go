package aws_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/ecs"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

func TestDiffTellsWhatChangesAndWhatReplaces(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	type kinds = map[string]string
	for name, c := range map[string]struct {
		token      string
		state, new awstest.In
		want       kinds
	}{
		"a tag more and one less": {
			token.Vpc,
			awstest.In{"tags": awstest.In{"A": "1", "B": "2"}},
			awstest.In{"tags": awstest.In{"B": "2", "C": "3"}},
			kinds{"tags.A": "DELETE", "tags.C": "ADD"},
		},
		"a tag with a dot": {
			token.Vpc,
			awstest.In{"tags": awstest.In{"a.b": "1"}},
			awstest.In{"tags": awstest.In{"a.b": "2"}},
			kinds{`tags["a.b"]`: "UPDATE"},
		},
		"another network": {
			token.Vpc,
			awstest.In{"cidrBlock": "10.0.0.0/16"},
			awstest.In{"cidrBlock": "10.1.0.0/16"},
			kinds{"cidrBlock": "UPDATE_REPLACE"},
		},
		"dedicated to shared": {
			token.Vpc,
			awstest.In{"instanceTenancy": "dedicated"},
			awstest.In{"instanceTenancy": "default"},
			kinds{"instanceTenancy": "UPDATE"},
		},
		"shared to dedicated": {
			token.Vpc,
			awstest.In{"instanceTenancy": "default"},
			awstest.In{"instanceTenancy": "dedicated"},
			kinds{"instanceTenancy": "UPDATE_REPLACE"},
		},
		"false for nothing": {
			token.Vpc,
			awstest.In{},
			awstest.In{"assignGeneratedIpv6CidrBlock": false},
			kinds{},
		},
		"subnets in another order": {
			token.LoadBalancer,
			awstest.In{"loadBalancerType": "application", "subnets": []any{"a", "b"}},
			awstest.In{"loadBalancerType": "application", "subnets": []any{"b", "a"}},
			kinds{},
		},
		"a subnet more": {
			token.LoadBalancer,
			awstest.In{"loadBalancerType": "application", "subnets": []any{"a", "b"}},
			awstest.In{"loadBalancerType": "application", "subnets": []any{"a", "b", "c"}},
			kinds{"subnets[2]": "ADD"},
		},
		"a subnet less for an NLB": {
			token.LoadBalancer,
			awstest.In{"loadBalancerType": "network", "subnets": []any{"a", "b"}},
			awstest.In{"loadBalancerType": "network", "subnets": []any{"a"}},
			kinds{"subnets[1]": "DELETE_REPLACE"},
		},
		"an ALB setting of an NLB": {
			token.LoadBalancer,
			awstest.In{"loadBalancerType": "network"},
			awstest.In{"loadBalancerType": "network", "idleTimeout": 60},
			kinds{},
		},
		"rules in another order": {token.SecurityGroup,
			awstest.In{
				"ingress": []any{
					awstest.In{"protocol": "tcp", "fromPort": 80, "cidrBlocks": []any{"10.0.0.0/8"}},
					awstest.In{"protocol": "udp", "fromPort": 53},
				},
			},
			awstest.In{
				"ingress": []any{
					awstest.In{"protocol": "17", "fromPort": 53},
					awstest.In{"protocol": "TCP", "fromPort": 80, "cidrBlocks": []any{"10.0.0.0/8"}},
				},
			}, kinds{}},
		"rules left out": {
			token.SecurityGroup,
			awstest.In{"ingress": []any{awstest.In{"protocol": "tcp"}}},
			awstest.In{},
			kinds{},
		},
		"rules emptied": {
			token.SecurityGroup,
			awstest.In{"ingress": []any{awstest.In{"protocol": "tcp"}}},
			awstest.In{"ingress": []any{}},
			kinds{"ingress[0]": "DELETE"},
		},
		"an empty block instead of another": {
			token.WebACL,
			awstest.In{"defaultAction": awstest.In{"allow": awstest.In{}}},
			awstest.In{"defaultAction": awstest.In{"block": awstest.In{}}},
			kinds{"defaultAction.allow": "DELETE", "defaultAction.block": "ADD"},
		},
		"an empty block of a set's element instead of another": {
			token.WebACL,
			awstest.In{"rules": []any{awstest.In{"name": "a", "overrideAction": awstest.In{"none": awstest.In{}}}}},
			awstest.In{"rules": []any{awstest.In{"name": "a", "overrideAction": awstest.In{"count": awstest.In{}}}}},
			kinds{"rules[0]": "UPDATE"},
		},
		"a rule of another kind": {
			token.IngressRule,
			awstest.In{"cidrIpv4": "10.0.0.0/8"},
			awstest.In{"prefixListId": "pl-1"},
			kinds{"cidrIpv4": "DELETE_REPLACE", "prefixListId": "ADD_REPLACE"},
		},
		"a rule of one kind": {
			token.IngressRule,
			awstest.In{"cidrIpv4": "10.0.0.0/8"},
			awstest.In{"cidrIpv4": "10.1.0.0/16"},
			kinds{"cidrIpv4": "UPDATE"},
		},
		"a policy written otherwise": {token.Policy,
			awstest.In{
				"policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["b","a"],"Resource":` +
					`["*"]}]}`,
			},
			awstest.In{
				"policy": `{"Statement":{"Resource":"*","Action":["a","b"],"Effect":"Allow"}, "Version":"2012-10-17"}`,
			}, kinds{}},
		"a policy that grants more": {
			token.Policy,
			awstest.In{"policy": `{"Statement":[{"Action":["a"]}]}`},
			awstest.In{"policy": `{"Statement":[{"Action":["a","b"]}]}`},
			kinds{"policy": "UPDATE"},
		},
		"a root by its account": {
			token.Role,
			awstest.In{"assumeRolePolicy": `{"Statement":{"Principal":{"AWS":"arn:aws:iam::123456789012:root"}}}`},
			awstest.In{"assumeRolePolicy": `{"Statement":{"Principal":{"AWS":"123456789012"}}}`},
			kinds{},
		},
		"containers as ECS writes them": {token.TaskDefinition,
			awstest.In{
				"containerDefinitions": ecs.NormalizeContainers(
					`[{"name":"web","image":"nginx","environment":[{"name":"A","value":"1"},{"name":"B","value":` +
						`"2"}],"portMappings":[{"containerPort":80}]}]`,
				),
			},
			awstest.In{
				"containerDefinitions": `[{"image":"nginx","name":"web","portMappings":[{"hostPort":80,"protocol":` +
					`"tcp","containerPort":80}],"environment":[{"name":"B","value":"2"},{"name":"A","value":"1"}],` +
					`"essential":true,"secrets":[]}]`,
			}, kinds{}},
		"a new image": {
			token.TaskDefinition,
			awstest.In{"containerDefinitions": `[{"name":"web","image":"nginx:1"}]`},
			awstest.In{"containerDefinitions": `[{"name":"web","image":"nginx:2"}]`},
			kinds{"containerDefinitions": "UPDATE_REPLACE"},
		},
		"a definition's tags": {
			token.TaskDefinition,
			awstest.In{"tags": awstest.In{"A": "1"}},
			awstest.In{"tags": awstest.In{"A": "2"}},
			kinds{"tags.A": "UPDATE"},
		},
		"a volume's name": {
			token.TaskDefinition,
			awstest.In{"volumes": []any{awstest.In{"name": "a"}}},
			awstest.In{"volumes": []any{awstest.In{"name": "b"}}},
			kinds{"volumes[0]": "UPDATE_REPLACE"},
		},
		"capacity providers": {
			token.Service,
			awstest.In{"capacityProviderStrategies": []any{awstest.In{"capacityProvider": "FARGATE"}}},
			awstest.In{"capacityProviderStrategies": []any{awstest.In{"capacityProvider": "FARGATE_SPOT"}}},
			kinds{"capacityProviderStrategies[0]": "UPDATE_REPLACE"},
		},
		"capacity providers with a forced deployment": {
			token.Service,
			awstest.In{
				"capacityProviderStrategies": []any{awstest.In{"capacityProvider": "FARGATE"}},
				"forceNewDeployment":         true,
			},
			awstest.In{
				"capacityProviderStrategies": []any{awstest.In{"capacityProvider": "FARGATE_SPOT"}},
				"forceNewDeployment":         true,
			},
			kinds{"capacityProviderStrategies[0]": "UPDATE"},
		},
		"triggers without a forced deployment": {
			token.Service,
			awstest.In{"triggers": awstest.In{"a": "1"}},
			awstest.In{"triggers": awstest.In{"a": "2"}},
			kinds{},
		},
		"a count of a daemon": {
			token.Service,
			awstest.In{"schedulingStrategy": "DAEMON", "desiredCount": 3},
			awstest.In{"schedulingStrategy": "DAEMON", "desiredCount": 1},
			kinds{},
		},
		"a block left out": {
			token.Service,
			awstest.In{"deploymentCircuitBreaker": awstest.In{"enable": true, "rollback": true}},
			awstest.In{},
			kinds{},
		},
		"a block that replaces appears": {
			token.TaskDefinition,
			awstest.In{},
			awstest.In{"ephemeralStorage": awstest.In{"sizeInGib": 30}},
			kinds{"ephemeralStorage": "ADD_REPLACE"},
		},
		"a managed block of a provider": {
			token.CapacityProvider,
			awstest.In{
				"autoScalingGroupProvider": awstest.In{"autoScalingGroupArn": "a", "managedDraining": "ENABLED"},
			},
			awstest.In{
				"autoScalingGroupProvider": awstest.In{"autoScalingGroupArn": "a", "managedDraining": "DISABLED"},
			},
			kinds{"autoScalingGroupProvider.managedDraining": "UPDATE"},
		},
		"an unknown network": {
			token.Subnet,
			awstest.In{"vpcId": "vpc-1"},
			awstest.In{"vpcId": values.Unknown},
			kinds{"vpcId": "UPDATE_REPLACE"},
		},
		"a key by its ARN": {
			token.Alias,
			awstest.In{"targetKeyId": "abc"},
			awstest.In{"targetKeyId": "arn:aws:kms:us-east-1:123456789012:key/abc"},
			kinds{},
		},
		"attributes alone": {
			token.Table,
			awstest.In{"attributes": []any{awstest.In{"name": "a", "type": "S"}}},
			awstest.In{"attributes": []any{awstest.In{"name": "b", "type": "S"}}},
			kinds{},
		},
		"lifecycle rules in another order": {
			token.LifecyclePolicy,
			awstest.In{
				"policy": `{"rules":[{"rulePriority":1},{"rulePriority":2,"selection":{"tagPrefixList":["a","b"]}}]}`,
			},
			awstest.In{
				"policy": `{"rules":[{"rulePriority":2,"selection":{"tagPrefixList":["b","a"]}},{"rulePriority":1}]}`,
			},
			kinds{},
		},
		"a number as text": {token.TargetGroup, awstest.In{"port": 80}, awstest.In{"port": "80"}, kinds{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, awstest.Details(l.Compare(c.token, c.state, c.new)))
		})
	}
}

func TestAPlanThatAWSWouldRefuseFails(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	bucket := l.Create(token.Bucket, "it", awstest.In{})
	m := l.Create(
		token.BucketVersioning,
		"it",
		awstest.In{"bucket": bucket.Id, "versioningConfiguration": awstest.In{"status": "Enabled"}},
	)
	_, err := l.TryDiff(
		m,
		l.Recheck(m, awstest.In{"bucket": bucket.Id, "versioningConfiguration": awstest.In{"status": "Disabled"}}),
	)
	assert.ErrorContains(t, err, "cannot be updated from 'Enabled' to 'Disabled'")
}

func TestIgnoredChangesAreNoDifference(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	m := l.Create(token.Vpc, "it", awstest.In{"cidrBlock": "10.0.0.0/16", "tags": awstest.In{"A": "1", "B": "1"}})
	news := l.Recheck(m, awstest.In{"cidrBlock": "10.1.0.0/16", "tags": awstest.In{"A": "2", "B": "2"}})
	response := l.Diff(m, news, "cidrBlock", "tags.A", "tagsAll")
	assert.Equal(t, map[string]string{"tags.B": "UPDATE"}, awstest.Details(response))
	assert.Empty(t, response.GetReplaces())
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, l.Diff(m, news, "cidrBlock", "tags", "tagsAll").GetChanges())
}

// A replacement comes after the deletion when both could not be there at once.
func TestDeleteBeforeReplace(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	named := awstest.In{"name": "web", "assumeRolePolicy": awstest.Trust, "path": "/"}
	role := l.Create(token.Role, "it", named)
	named["path"] = "/lab/"
	assert.True(t, l.DiffChecked(role, named).GetDeleteBeforeReplace(), "the program named it")
	unnamed := awstest.In{"assumeRolePolicy": awstest.Trust, "path": "/"}
	role = l.Create(token.Role, "other", unnamed)
	unnamed["path"] = "/lab/"
	response := l.DiffChecked(role, unnamed)
	assert.Equal(t, []string{"path"}, response.GetReplaces())
	assert.False(t, response.GetDeleteBeforeReplace(), "its name is automatic")
	unnamed["path"] = "/"
	unnamed["description"] = "of the shop"
	assert.False(t, l.DiffChecked(role, unnamed).GetDeleteBeforeReplace(), "nothing is replaced")
	attachment := l.Create(
		token.RoleAttachment,
		"it",
		awstest.In{"role": role.Id, "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
	)
	assert.True(
		t,
		l.DiffChecked(
			attachment,
			awstest.In{"role": role.Id, "policyArn": "arn:aws:iam::aws:policy/PowerUserAccess"},
		).GetDeleteBeforeReplace(),
	)
}

// Drift is found by a refresh, shown by the next plan, and healed by the next update.
func TestDriftIsFoundAndHealed(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	inputs := awstest.In{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true, "tags": awstest.In{"Team": "shop"}}
	m := l.Create(token.Vpc, "it", inputs)
	key := world.Key{Region: "us-east-1", Type: token.Vpc, Key: m.Id}
	require.NoError(t, l.W.Set(t.Context(), key, "enableDnsHostnames", resource.NewProperty(false)))
	require.NoError(t, l.W.Set(t.Context(), key, "tags.Team", resource.NewProperty("ops")))
	drifted, exists := l.Refresh(m)
	require.True(t, exists)
	assert.Equal(t, "false", values.View(drifted.Inputs).Str("enableDnsHostnames"))
	assert.Equal(t, "ops", values.View(drifted.Inputs).Str("tags.Team"))
	assert.Equal(t, m.Inputs["cidrBlock"], drifted.Inputs["cidrBlock"])
	assert.Equal(
		t,
		map[string]string{"enableDnsHostnames": "UPDATE", "tags.Team": "UPDATE"},
		awstest.Details(l.Diff(drifted, m.Inputs)),
	)
	healed := l.Update(drifted, inputs)
	assert.Equal(t, "true", healed.Str("enableDnsHostnames"))
	healed, _ = l.Refresh(healed)
	assert.Equal(t, "shop", healed.Str("tags.Team"))
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, l.DiffChecked(healed, inputs).GetChanges())
}

// An update sends what the program changed, and leaves alone what somebody else did.
func TestAnUpdateLeavesOtherDriftAlone(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	m := l.Create(token.Vpc, "it", awstest.In{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	require.NoError(t, l.W.Set(
		t.Context(),
		world.Key{Region: "us-east-1", Type: token.Vpc, Key: m.Id},
		"enableDnsSupport",
		resource.NewProperty(true),
	))
	require.NoError(t, l.W.Set(
		t.Context(),
		world.Key{Region: "us-east-1", Type: token.Vpc, Key: m.Id},
		"enableNetworkAddressUsageMetrics",
		resource.NewProperty(true),
	))
	m = l.Update(m, awstest.In{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": false})
	assert.Equal(t, "false", m.Str("enableDnsHostnames"))
	assert.Equal(t, "true", m.Str("enableNetworkAddressUsageMetrics"))
}

func TestWhatWasDeletedBehindTheEnginesBackIsGone(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	m := l.Create(token.LogGroup, "it", awstest.In{})
	require.NoError(t, l.W.Delete(t.Context(), world.Key{Region: "us-east-1", Type: token.LogGroup, Key: m.Id}))
	_, err := l.TryUpdate(m, awstest.In{"retentionInDays": 7})
	assert.ErrorContains(t, err, "run `pulumi refresh`")
	_, exists := l.Refresh(m)
	assert.False(t, exists)
	require.NoError(t, l.TryDelete(m))
}

// A preview of an update keeps what is computed, but for what the update will change.
func TestAPreviewOfAnUpdate(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	inputs := awstest.In{
		"hashKey":     "id",
		"attributes":  []any{awstest.In{"name": "id", "type": "S"}},
		"billingMode": "PAY_PER_REQUEST",
	}
	m := l.Create(token.Table, "it", inputs)
	inputs["streamEnabled"], inputs["streamViewType"] = true, "NEW_IMAGE"
	olds, err := bridge.Marshal(m.State)
	require.NoError(t, err)
	news, err := bridge.Marshal(l.Recheck(m, inputs))
	require.NoError(t, err)
	response, err := l.Provider.Update(
		t.Context(),
		&pulumirpc.UpdateRequest{Id: m.Id, Urn: m.Urn, Olds: olds, News: news, Preview: true},
	)
	require.NoError(t, err)
	planned, err := bridge.Unmarshal(response.GetProperties())
	require.NoError(t, err)
	assert.True(t, values.IsUnknown(planned["streamArn"]))
	assert.Equal(t, m.Str("arn"), values.View(planned).Str("arn"))
	updated := l.Update(m, inputs)
	assert.Regexp(t, `^arn:aws:dynamodb:us-east-1:123456789012:table/.*/stream/`, updated.Str("streamArn"))
}
