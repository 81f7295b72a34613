package aws

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProviderConfigurationIsChecked(t *testing.T) {
	l := newLab(t, "us-east-1")
	for name, c := range map[string]struct {
		config           in
		property, reason string
	}{
		"no such region":         {in{"region": "eu-wets-1"}, "region", `invalid AWS Region: "eu-wets-1"; did you mean "eu-west-1"?`},
		"another account":        {in{"allowedAccountIds": `["111111111111"]`}, "allowedAccountIds", "AWS account ID not allowed: 123456789012"},
		"this account":           {in{"forbiddenAccountIds": []any{"123456789012"}}, "forbiddenAccountIds", "is forbidden"},
		"default tags as a list": {in{"defaultTags": `["a"]`}, "defaultTags", "must be an object"},
		"what is right": {in{"region": "eu-west-1", "allowedAccountIds": `["123456789012"]`, "defaultTags": `{"tags":{"A":"1"}}`,
			"assumeRole": `{"roleArn":"arn:aws:iam::123456789012:role/deploy"}`}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			news, err := marshal(property(c.config).ObjectValue())
			require.NoError(t, err)
			response, err := l.CheckConfig(t.Context(), &pulumirpc.CheckRequest{News: news})
			require.NoError(t, err)
			if c.property == "" {
				assert.Empty(t, response.GetFailures())
				return
			}
			require.Len(t, response.GetFailures(), 1)
			assert.Equal(t, c.property, response.GetFailures()[0].GetProperty())
			assert.Contains(t, response.GetFailures()[0].GetReason(), c.reason)
		})
	}
}

func TestAnotherRegionIsAnotherProvider(t *testing.T) {
	l := newLab(t, "us-east-1")
	olds, err := marshal(property(in{"region": "us-east-1", "version": "6.83.2"}).ObjectValue())
	require.NoError(t, err)
	for region, want := range map[string][]string{"us-east-1": nil, "us-west-2": {"region"}} {
		news, err := marshal(property(in{"region": region}).ObjectValue())
		require.NoError(t, err)
		response, err := l.DiffConfig(t.Context(), &pulumirpc.DiffRequest{Olds: olds, News: news})
		require.NoError(t, err)
		assert.Equal(t, want, response.GetReplaces(), region)
		assert.Equal(t, want != nil, response.GetChanges() == pulumirpc.DiffResponse_DIFF_SOME, region)
	}
}

func TestConfigureReadsRegionAndDefaultTags(t *testing.T) {
	l := newLab(t, "us-east-1")
	config, err := marshal(property(in{"region": "ap-south-1", "defaultTags": `{"tags":{"Project":"lab"}}`}).ObjectValue())
	require.NoError(t, err)
	_, err = l.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: config})
	require.NoError(t, err)
	assert.Equal(t, "ap-south-1", l.region.Name)
	assert.Equal(t, map[string]string{"Project": "lab"}, l.defaultTags)
	_, err = l.Configure(t.Context(), &pulumirpc.ConfigureRequest{})
	assert.ErrorContains(t, err, "missing region information")
}

func TestTheProviderSaysWhatItStandsInFor(t *testing.T) {
	l := newLab(t, "us-east-1")
	info, err := l.GetPluginInfo(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "6.83.2", info.GetVersion())
	schema, err := l.GetSchema(t.Context(), nil)
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"aws","version":"6.83.2"}`, schema.GetSchema())
}

func TestImportIdsAreThoseTheProviderDocuments(t *testing.T) {
	l := newLab(t, "us-east-1")
	have := things{}
	for _, s := range specimens {
		key := s.token
		if s.label != "" {
			key += " " + s.label
		}
		have[key] = l.create(s.token, "it", s.inputs(have))
	}
	role, service := have[tRole].id, have[tService].str("name")
	cluster := have[tCluster].str("name")
	resource := "service/" + cluster + "/" + service
	for token, id := range map[string]string{
		tCluster: cluster, tService: cluster + "/" + service, tTaskDefinition: have[tTaskDefinition].str("arn"),
		tRoute:            have[tRouteTable].id + "_0.0.0.0/0",
		tRouteTableAssoc:  have[tSubnet].id + "/" + have[tRouteTable].id,
		tRoleAttachment:   role + "/" + have[tPolicy].str("arn"),
		tDBInstance:       "shop",
		tScalingTarget:    "ecs/" + resource + "/ecs:service:DesiredCount",
		tScalingPolicy:    "ecs/" + resource + "/ecs:service:DesiredCount/" + have[tScalingPolicy].str("name"),
		tCapacityProvider: have[tCapacityProvider].str("name"),
		tLogMetricFilter:  have[tLogGroup].id + ":errors",
		tKey:              have[tKey].id,
	} {
		imported, exists := l.imported(token, id)
		if assert.True(t, exists, "%s %s", token, id) {
			assert.Equal(t, have[token].id, imported.id)
			// What the program says differs in nothing from what was imported.
			assert.Empty(t, details(l.diff(imported, have[token].inputs)), token)
			_, failures := l.check(token, "it", nil, imported.inputs)
			assert.Empty(t, failures, "what was imported is valid: %s", token)
		}
		_, exists = l.imported(token, "nothing-of-that-name/x")
		assert.False(t, exists, token)
	}
}
