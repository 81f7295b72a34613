package aws_test

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func TestProviderConfigurationIsChecked(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	for name, c := range map[string]struct {
		config           awstest.In
		property, reason string
	}{
		"no such region": {
			awstest.In{"region": "eu-wets-1"},
			"region",
			`invalid AWS Region: "eu-wets-1"; did you mean "eu-west-1"?`,
		},
		"another account": {
			awstest.In{"allowedAccountIds": `["111111111111"]`},
			"allowedAccountIds",
			"AWS account ID not allowed: 123456789012",
		},
		"this account": {
			awstest.In{"forbiddenAccountIds": []any{"123456789012"}},
			"forbiddenAccountIds",
			"is forbidden",
		},
		"default tags as a list": {awstest.In{"defaultTags": `["a"]`}, "defaultTags", "must be an object"},
		"what is right": {
			awstest.In{
				"region":            "eu-west-1",
				"allowedAccountIds": `["123456789012"]`,
				"defaultTags":       `{"tags":{"A":"1"}}`,
				"assumeRole":        `{"roleArn":"arn:aws:iam::123456789012:role/deploy"}`,
			},
			"",
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			news, err := bridge.Marshal(values.Of(c.config).ObjectValue())
			require.NoError(t, err)
			response, err := l.Provider.CheckConfig(t.Context(), &pulumirpc.CheckRequest{News: news})
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
	l := awstest.New(t, "us-east-1")
	olds, err := bridge.Marshal(values.Of(awstest.In{"region": "us-east-1", "version": "6.83.2"}).ObjectValue())
	require.NoError(t, err)
	for region, want := range map[string][]string{"us-east-1": nil, "us-west-2": {"region"}} {
		news, err := bridge.Marshal(values.Of(awstest.In{"region": region}).ObjectValue())
		require.NoError(t, err)
		response, err := l.Provider.DiffConfig(t.Context(), &pulumirpc.DiffRequest{Olds: olds, News: news})
		require.NoError(t, err)
		assert.Equal(t, want, response.GetReplaces(), region)
		assert.Equal(t, want != nil, response.GetChanges() == pulumirpc.DiffResponse_DIFF_SOME, region)
	}
}

func TestConfigureReadsRegionAndDefaultTags(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	config, err := bridge.Marshal(
		values.Of(awstest.In{"region": "ap-south-1", "defaultTags": `{"tags":{"Project":"lab"}}`}).ObjectValue(),
	)
	require.NoError(t, err)
	_, err = l.Provider.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: config})
	require.NoError(t, err)
	assert.Equal(t, "ap-south-1", l.Provider.Region.Name)
	assert.Equal(t, map[string]string{"Project": "lab"}, l.Provider.DefaultTags)
	_, err = l.Provider.Configure(t.Context(), &pulumirpc.ConfigureRequest{})
	assert.ErrorContains(t, err, "missing region information")
}

func TestTheProviderSaysWhatItStandsInFor(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	info, err := l.Provider.GetPluginInfo(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "6.83.2", info.GetVersion())
	schema, err := l.Provider.GetSchema(t.Context(), nil)
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"aws","version":"6.83.2"}`, schema.GetSchema())
}
