package identity

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func (g *graph) key(args *KeyArgs) (*Key, error) {
	var key *Key
	return key, g.run(func(ctx *pulumi.Context) (err error) {
		key, err = NewKey(ctx, "data", args)
		return err
	})
}

func TestKeyRegisters(t *testing.T) {
	g := &graph{}
	args := &KeyArgs{
		Location:    ireland,
		Alias:       "alias/awslab-dev-data",
		Description: "Data at rest",
		Tags:        map[string]string{"Project": "awslab"},
		Statements:  []Statement{LogsKeyUse(ireland)},
	}
	_, err := g.key(args)
	require.NoError(t, err)

	inputs := g.resources["data-key"].Inputs.Mappable()
	require.JSONEq(t, `{"Version": "2012-10-17", "Statement": [
		{"Sid": "AccountDecidesByIam", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
			"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
		{"Sid": "CloudWatchLogs", "Effect": "Allow", "Resource": "*",
			"Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
		 "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
		 "Condition": {"ArnLike": {
			"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:123456789012:log-group:*"}}}
	]}`, inputs["policy"].(string))
	delete(inputs, "policy")
	require.Equal(t, map[string]any{
		"description":          "Data at rest",
		"enableKeyRotation":    true,
		"deletionWindowInDays": 30.0,
		"tags":                 map[string]any{"Project": "awslab"},
	}, inputs)
	require.Equal(t, "alias/awslab-dev-data", g.resources["data-alias"].Inputs["name"].StringValue())
}

func TestWhatAKeyRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*KeyArgs)
		want   string
	}{
		"no alias":       {func(a *KeyArgs) { a.Alias = "data" }, `Alias: "data"; use alias/ and up to 250`},
		"a short window": {func(a *KeyArgs) { a.DeletionDays = 1 }, "DeletionDays: 1; KMS allows 7 to 30"},
		"no place":       {func(a *KeyArgs) { a.Location = Location{} }, "Region"},
		"another wildcard": {func(a *KeyArgs) {
			a.Statements = []Statement{
				{
					Actions:    []string{"kms:Create*"},
					Resources:  []string{"*"},
					Principals: []Principal{{Type: "AWS", Values: []string{"x"}}},
				},
			}
		}, `Actions: "kms:Create*" has a wildcard`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g, args := &graph{}, &KeyArgs{Location: ireland, Alias: "alias/data"}
			test.change(args)
			_, err := g.key(args)
			require.ErrorContains(t, err, test.want)
			require.Empty(t, g.resources, "nothing is registered")
		})
	}
}

func TestFargateEncryptsTheStorageOfOneCluster(t *testing.T) {
	args := &KeyArgs{
		Location:   ireland,
		Alias:      "alias/awslab-dev-data",
		Statements: FargateKeyUse("123456789012", "awslab-dev-cluster"),
	}
	policy, err := args.policy()
	require.NoError(t, err)
	requireGolden(t, "key-fargate.json", policy)
}
