package automation

import (
	"reflect"
	"slices"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/internal/callertest"
)

// What awslab itself asks of AWS it asks as the provider does: by every setting, but for those that change neither who
// asks nor where.
func TestAWSIsAskedAsTheProviderAsks(t *testing.T) {
	others := []string{
		"region", // the stack's
		"defaultTags", "ignoreTags",
		"insecure", "maxRetries", "retryMode", "tokenBucketRateLimiterCapacity",
		"ec2MetadataServiceEndpointMode", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId",
		"s3UsEast1RegionalEndpoint", "s3UsePathStyle",
	}
	var want, have []string
	for _, field := range reflect.VisibleFields((&aws.ProviderArgs{}).ElementType()) {
		if name := field.Tag.Get("pulumi"); !slices.Contains(others, name) {
			want = append(want, name)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[awsSettings]()) {
		have = append(have, field.Tag.Get("json"))
	}
	require.ElementsMatch(t, want, have)
}

func TestARoleIsAssumed(t *testing.T) {
	asked := callertest.Start(t)
	a := &account{region: "eu-west-1"}
	require.NoError(t, a.provider.read(map[string]string{
		"accessKey":  "an id",
		"secretKey":  "of this test",
		"assumeRole": `{"roleArn": "arn:aws:iam::123456789012:role/deployer", "externalId": "7", "duration": "1h"}`,
		"endpoints":  `[{"sts": "` + asked.URL + `"}]`,
	}))
	loaded, err := a.load(t.Context())
	require.NoError(t, err)
	caller, err := a.sts(loaded).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/deployer/x", *caller.Arn)
	require.Contains(t, asked.Requests()[0], "DurationSeconds=3600&ExternalId=7&RoleArn=arn%3Aaws%3Aiam")
	require.NoError(t, a.require(t.Context()))

	before := len(asked.Requests())
	for range 3 {
		known, err := a.config(t.Context())
		require.NoError(t, err)
		_, err = a.sts(known).GetCallerIdentity(t.Context(), nil)
		require.NoError(t, err)
	}
	require.Len(t, asked.Requests(), before+3, "the role is not assumed anew")
}
