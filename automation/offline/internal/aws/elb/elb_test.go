package elb_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// A load balancer writes a file into the bucket for its logs at once, or refuses it.
func TestLoadBalancersTryTheBucketForTheirLogs(t *testing.T) {
	l := awstest.New(t, "us-east-1").Authorized()
	_, subnets := l.Network()
	awstest.Over(t, l.W, "us-west-2", nil).Create(token.Bucket, "distant", awstest.In{"bucket": "distant"})
	policy := func(principal, resource string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal +
			`,"Action":"s3:PutObject","Resource":"` + resource + `"}]}`
	}
	for name, principal := range map[string]string{
		"service": `{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}`,
		"other":   `{"Service":"cloudfront.amazonaws.com"}`,
		"keyed":   `{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}`,
	} {
		l.Create(token.Bucket, name, awstest.In{"bucket": name})
		l.Create(
			token.BucketPolicy,
			name,
			awstest.In{"bucket": name, "policy": policy(principal, "arn:aws:s3:::"+name+"/alb/*")},
		)
	}
	l.Create(
		token.BucketEncryption,
		"keyed",
		awstest.In{
			"bucket": "keyed",
			"rules":  []any{awstest.In{"applyServerSideEncryptionByDefault": awstest.In{"sseAlgorithm": "aws:kms"}}},
		},
	)
	balancer := func(kind, bucket, prefix string) awstest.In {
		return awstest.In{
			"subnets": []any{subnets[0].Id, subnets[1].Id},
			kind:      awstest.In{"enabled": true, "bucket": bucket, "prefix": prefix},
		}
	}
	for _, kind := range []string{"accessLogs", "connectionLogs"} {
		for bucket, want := range map[string]string{
			"other":   "logdelivery.elasticloadbalancing.amazonaws.com is not authorized to perform: s3:PutObject",
			"keyed":   "Amazon S3 managed keys (AES256) only",
			"distant": "must be in the load balancer's region us-east-1",
		} {
			_, err := l.TryCreate(token.LoadBalancer, "it", balancer(kind, bucket, "alb"))
			assert.ErrorContains(t, err, want)
		}
		_, err := l.TryCreate(token.LoadBalancer, "it", balancer(kind, "service", "elsewhere"))
		assert.ErrorContains(
			t,
			err,
			"on resource: arn:aws:s3:::service/elsewhere/AWSLogs/123456789012/ELBAccessLogTestFile",
		)
		require.NoError(t, l.TryDelete(l.Create(token.LoadBalancer, "it", balancer(kind, "service", "alb"))))
	}
	_, err := l.TryCreate(
		token.BucketLogging,
		"it",
		awstest.In{"bucket": "service", "targetBucket": "distant", "targetPrefix": "log/"},
	)
	assert.ErrorContains(t, err, "CrossLocationLoggingProhibited")
}
