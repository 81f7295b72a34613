package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A log group is encrypted with keys only that let CloudWatch Logs in, for that group.
func TestLogGroupsWantAKeyThatLetsCloudWatchLogsIn(t *testing.T) {
	l := newLab(t, "us-east-1")
	statement := func(service, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"},` +
			`{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":["kms:GenerateDataKey*","kms:Decrypt*"],"Resource":"*"` + condition + `}]}`
	}
	context := func(pattern string) string {
		return `,"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"` + pattern + `"}}`
	}
	for name, c := range map[string]struct {
		policy string
		fits   bool
	}{
		"the default policy":      {"", false},
		"the region's service":    {statement("logs.us-east-1.amazonaws.com", ""), true},
		"another region's":        {statement("logs.eu-west-1.amazonaws.com", ""), false},
		"another service":         {statement("sns.amazonaws.com", ""), false},
		"for groups like this":    {statement("logs.us-east-1.amazonaws.com", context("arn:aws:logs:us-east-1:123456789012:log-group:/lab/*")), true},
		"for other groups":        {statement("logs.us-east-1.amazonaws.com", context("arn:aws:logs:us-east-1:123456789012:log-group:/other/*")), false},
		"for the groups anywhere": {statement("logs.us-east-1.amazonaws.com", context("arn:aws:logs:*")), true},
	} {
		t.Run(name, func(t *testing.T) {
			inputs := in{}
			if c.policy != "" {
				inputs["policy"] = c.policy
			}
			key := l.create(tKey, "logs", inputs)
			m, err := l.tryCreate(tLogGroup, "it", in{"name": "/lab/" + name[4:7], "kmsKeyId": key.str("arn")})
			if !c.fits {
				assert.ErrorContains(t, err, "AccessDeniedException: The specified KMS key does not exist or is not allowed to be used with Arn")
				return
			}
			require.NoError(t, err)
			require.NoError(t, l.tryDelete(m))
		})
	}
}

func TestKeyPoliciesThatKMSRefuses(t *testing.T) {
	l := newLab(t, "us-east-1")
	grantTo := func(principal string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"kms:*","Resource":"*"}]}`
	}
	_, err := l.tryCreate(tKey, "it", in{"policy": grantTo("arn:aws:iam::123456789012:user/somebody")})
	assert.ErrorContains(t, err, "will not allow you to update the key policy in the future")
	l.create(tKey, "it", in{"policy": grantTo("arn:aws:iam::123456789012:user/somebody"), "bypassPolicyLockoutSafetyCheck": true})
	root := grantTo("arn:aws:iam::123456789012:root")
	l.create(tKey, "it", in{"policy": root})
	both := root[:len(root)-2] + `,{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/none"},"Action":"kms:Decrypt","Resource":"*"}]}`
	_, err = l.tryCreate(tKey, "it", in{"policy": both})
	assert.ErrorContains(t, err, "one or more invalid principals")
}

func TestAReplicaKeyHasItsPrimarysID(t *testing.T) {
	l := newLab(t, "us-east-1")
	west := labOver(t, l.w, "us-west-2", nil)
	single, primary := l.create(tKey, "single", in{}), l.create(tKey, "primary", in{"multiRegion": true})
	_, err := west.tryCreate(tReplicaKey, "it", in{"primaryKeyArn": single.str("arn")})
	assert.ErrorContains(t, err, "is not a multi-Region key")
	_, err = l.tryCreate(tReplicaKey, "it", in{"primaryKeyArn": primary.str("arn")})
	assert.ErrorContains(t, err, "must be in another region")
	inputs := in{"primaryKeyArn": primary.str("arn")}
	m := west.create(tReplicaKey, "it", inputs)
	assert.Equal(t, primary.id, m.id)
	assert.Equal(t, "arn:aws:kms:us-west-2:123456789012:key/"+primary.id, m.str("arn"))
	assert.Empty(t, west.diffChecked(m, inputs).GetDetailedDiff())
	west.create(tAlias, "it", in{"name": "alias/lab", "targetKeyId": m.id})
	assert.Equal(t, m.str("arn"), west.call("aws:kms/getKey:getKey", in{"keyId": "alias/lab"}).str("arn"))
}
