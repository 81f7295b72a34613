package kms_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// A log group is encrypted with keys only that let CloudWatch Logs in, for that group.
func TestLogGroupsWantAKeyThatLetsCloudWatchLogsIn(t *testing.T) {
	l := awstest.New(t, "us-east-1").Authorized()
	statement := func(service, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` +
			`123456789012:root"},"Action":"kms:*","Resource":"*"},` +
			`{"Effect":"Allow","Principal":{"Service":` +
			`"` + service + `"},"Action":"kms:*","Resource":"*"` + condition + `}]}`
	}
	context := func(pattern string) string {
		return `,"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"` + pattern + `"}}`
	}
	for name, c := range map[string]struct {
		policy string
		fits   bool
	}{
		"the default policy":   {"", false},
		"the region's service": {statement("logs.us-east-1.amazonaws.com", ""), true},
		"another region's":     {statement("logs.eu-west-1.amazonaws.com", ""), false},
		"another service":      {statement("sns.amazonaws.com", ""), false},
		"for groups like this": {
			statement("logs.us-east-1.amazonaws.com", context("arn:aws:logs:us-east-1:123456789012:log-group:/lab/*")),
			true,
		},
		"for other groups": {
			statement(
				"logs.us-east-1.amazonaws.com",
				context("arn:aws:logs:us-east-1:123456789012:log-group:/other/*"),
			),
			false,
		},
		"for the groups anywhere": {statement("logs.us-east-1.amazonaws.com", context("arn:aws:logs:*:*:*")), true},
	} {
		t.Run(name, func(t *testing.T) {
			inputs := awstest.In{}
			if c.policy != "" {
				inputs["policy"] = c.policy
			}
			key := l.Create(token.Key, "logs", inputs)
			m, err := l.TryCreate(
				token.LogGroup,
				"it",
				awstest.In{"name": "/lab/" + name[4:7], "kmsKeyId": key.Str("arn")},
			)
			if !c.fits {
				assert.ErrorContains(
					t,
					err,
					"AccessDenied: Amazon CloudWatch Logs encrypts a log group: logs.us-east-1.amazonaws.com",
				)
				return
			}
			require.NoError(t, err)
			require.NoError(t, l.TryDelete(m))
		})
	}
}

func TestKeyPoliciesThatKMSRefuses(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	grantTo := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":` +
			`"` + principal + `"},"Action":"kms:*","Resource":"*"}]}`
	}
	_, err := l.TryCreate(token.Key, "it", awstest.In{"policy": grantTo("arn:aws:iam::123456789012:user/somebody")})
	assert.ErrorContains(t, err, "will not allow you to update the key policy in the future")
	l.Create(
		token.Key,
		"it",
		awstest.In{
			"policy":                         grantTo("arn:aws:iam::123456789012:user/somebody"),
			"bypassPolicyLockoutSafetyCheck": true,
		},
	)
	root := grantTo("arn:aws:iam::123456789012:root")
	l.Create(token.Key, "it", awstest.In{"policy": root})
	both := root[:len(
		root,
	)-2] + `,{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/none"},"Action":"kms:Decrypt",` +
		`"Resource":"*"}]}`
	_, err = l.TryCreate(token.Key, "it", awstest.In{"policy": both})
	assert.ErrorContains(t, err, "one or more invalid principals")
}

func TestAReplicaKeyHasItsPrimarysID(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	single, primary := l.Create(
		token.Key,
		"single",
		awstest.In{},
	), l.Create(
		token.Key,
		"primary",
		awstest.In{"multiRegion": true},
	)
	_, err := west.TryCreate(token.ReplicaKey, "it", awstest.In{"primaryKeyArn": single.Str("arn")})
	assert.ErrorContains(t, err, "is not a multi-Region key")
	_, err = l.TryCreate(token.ReplicaKey, "it", awstest.In{"primaryKeyArn": primary.Str("arn")})
	assert.ErrorContains(t, err, "must be in another region")
	inputs := awstest.In{"primaryKeyArn": primary.Str("arn")}
	m := west.Create(token.ReplicaKey, "it", inputs)
	assert.Equal(t, primary.Id, m.Id)
	assert.Equal(t, "arn:aws:kms:us-west-2:123456789012:key/"+primary.Id, m.Str("arn"))
	assert.Empty(t, west.DiffChecked(m, inputs).GetDetailedDiff())
	west.Create(token.Alias, "it", awstest.In{"name": "alias/lab", "targetKeyId": m.Id})
	assert.Equal(t, m.Str("arn"), west.Call("aws:kms/getKey:getKey", awstest.In{"keyId": "alias/lab"}).Str("arn"))
}
