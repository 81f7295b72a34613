package s3_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestAnObjectIsUploadedAnewWhenItsContentChanges(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	key := l.Create(token.Key, "site", awstest.In{})
	bucket := l.Create(token.Bucket, "site", awstest.In{"bucket": "site"})
	l.Create(
		token.BucketVersioning,
		"site",
		awstest.In{"bucket": "site", "versioningConfiguration": awstest.In{"status": "Enabled"}},
	)
	l.Create(
		token.BucketEncryption,
		"site",
		awstest.In{"bucket": "site", "rules": []any{awstest.In{"bucketKeyEnabled": true,
			"applyServerSideEncryptionByDefault": awstest.In{
				"sseAlgorithm":   "aws:kms",
				"kmsMasterKeyId": key.Str("arn"),
			}}}},
	)

	page := filepath.Join(t.TempDir(), "index.html")
	source := func(text string) awstest.In {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o600))
		file, err := asset.FromPath(page)
		require.NoError(t, err)
		return awstest.In{
			"bucket":      bucket.Id,
			"key":         "index.html",
			"contentType": "text/html",
			"source":      resource.NewProperty(file),
		}
	}
	inputs := source("hello")
	m := l.Create(token.BucketObjectV2, "index", inputs)
	assert.Equal(t, "5d41402abc4b2a76b9719d911017c592", m.Str("etag"), "the MD5 sum of hello")
	assert.Equal(t, "arn:aws:s3:::site/index.html", m.Str("arn"))
	assert.Equal(t, "aws:kms", m.Str("serverSideEncryption"), "as its bucket says")
	assert.Equal(t, key.Str("arn"), m.Str("kmsKeyId"))
	assert.Len(t, m.Str("versionId"), 32)
	assert.Empty(t, l.DiffChecked(m, source("hello")).GetDetailedDiff())

	changed := source("goodbye")
	assert.Equal(t, []string{"source"}, l.DiffChecked(m, changed).GetDiffs())
	assert.Empty(t, l.DiffChecked(m, changed).GetReplaces())
	updated := l.Update(m, changed)
	assert.NotEqual(t, m.Str("etag"), updated.Str("etag"))
	assert.NotEqual(t, m.Str("versionId"), updated.Str("versionId"))
	read, exists := l.Refresh(updated)
	require.True(t, exists)
	assert.Empty(t, l.DiffChecked(read, changed).GetDetailedDiff())
}

func TestABucketsObjectsGoBeforeItOrByForce(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	bucket := l.Create(token.Bucket, "site", awstest.In{"bucket": "site"})
	l.Create(token.BucketObjectV2, "index.html", awstest.In{"bucket": "site", "content": "hello"})
	assert.ErrorContains(t, l.TryDelete(bucket), "BucketNotEmpty")
	require.NoError(t, l.TryDelete(l.Update(bucket, awstest.In{"bucket": "site", "forceDestroy": true})))
	left, err := l.W.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestS3Refuses(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	role := l.Create(token.Role, "s3", awstest.In{"assumeRolePolicy": awstest.Trust})
	for _, name := range []string{"plain", "versioned"} {
		l.Create(token.Bucket, name, awstest.In{"bucket": name})
	}
	copied := west.Create(token.Bucket, "copied", awstest.In{"bucket": "copied"})
	enabled := awstest.In{"status": "Enabled"}
	versioning := l.Create(
		token.BucketVersioning,
		"versioned",
		awstest.In{"bucket": "versioned", "versioningConfiguration": enabled},
	)
	west.Create(token.BucketVersioning, "copied", awstest.In{"bucket": "copied", "versioningConfiguration": enabled})
	rule := func(more awstest.In) []any {
		return []any{
			awstest.Merge(
				awstest.In{"status": "Enabled", "destination": awstest.In{"bucket": copied.Str("arn")}},
				more,
			),
		}
	}
	for name, c := range map[string]struct {
		token  string
		inputs awstest.In
		want   string
	}{
		"replication of what has no versions": {
			token.BucketReplication,
			awstest.In{"bucket": "plain", "role": role.Str("arn"), "rules": rule(nil)},
			"Versioning must be 'Enabled'",
		},
		"replication to nowhere": {
			token.BucketReplication,
			awstest.In{
				"bucket": "versioned",
				"role":   role.Str("arn"),
				"rules":  rule(awstest.In{"destination": awstest.In{"bucket": "arn:aws:s3:::none"}}),
			},
			"Destination bucket must exist",
		},
		"replication of secrets without a key": {
			token.BucketReplication,
			awstest.In{"bucket": "versioned", "role": role.Str("arn"),
				"rules": rule(awstest.In{"sourceSelectionCriteria": awstest.In{"sseKmsEncryptedObjects": enabled}})},
			"ReplicaKmsKeyID must be specified",
		},
		"a lock on what has no versions": {
			token.BucketObjectLock,
			awstest.In{"bucket": "plain"},
			"InvalidBucketState",
		},
		"an ACL on what takes none": {
			token.BucketACL,
			awstest.In{"bucket": "plain", "acl": "private"},
			"AccessControlListNotSupported",
		},
		"a notification to no queue": {
			token.BucketNotification,
			awstest.In{
				"bucket": "plain",
				"queues": []any{
					awstest.In{
						"events":   []any{"s3:ObjectCreated:*"},
						"queueArn": "arn:aws:sqs:us-east-1:123456789012:none",
					},
				},
			},
			"Unable to validate the following destination",
		},
		"an object in no bucket": {
			token.BucketObjectV2,
			awstest.In{"bucket": "none", "content": "x"},
			"NoSuchBucket",
		},
		"an object of a key that is none": {
			token.BucketObjectV2,
			awstest.In{"bucket": "plain", "content": "x", "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/none"},
			"NotFoundException",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.TryCreate(c.token, "it", c.inputs)
			assert.ErrorContains(t, err, c.want)
		})
	}
	replication := l.Create(
		token.BucketReplication,
		"versioned",
		awstest.In{"bucket": "versioned", "role": role.Str("arn"), "rules": rule(nil)},
	)
	assert.ErrorContains(t, l.TryDelete(versioning), "A replication configuration is present on this bucket")
	_, err := l.TryUpdate(
		versioning,
		awstest.In{"bucket": "versioned", "versioningConfiguration": awstest.In{"status": "Suspended"}},
	)
	assert.ErrorContains(t, err, "InvalidBucketState")
	require.NoError(t, l.TryDelete(replication))
	require.NoError(t, l.TryDelete(versioning))
}
