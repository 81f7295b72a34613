package aws

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

func TestAnObjectIsUploadedAnewWhenItsContentChanges(t *testing.T) {
	l := newLab(t, "us-east-1")
	key := l.create(tKey, "site", in{})
	bucket := l.create(tBucket, "site", in{"bucket": "site"})
	l.create(tBucketVersioning, "site", in{"bucket": "site", "versioningConfiguration": in{"status": "Enabled"}})
	l.create(tBucketEncryption, "site", in{"bucket": "site", "rules": []any{in{"bucketKeyEnabled": true,
		"applyServerSideEncryptionByDefault": in{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key.str("arn")}}}})

	page := filepath.Join(t.TempDir(), "index.html")
	source := func(text string) in {
		require.NoError(t, os.WriteFile(page, []byte(text), 0o600))
		file, err := asset.FromPath(page)
		require.NoError(t, err)
		return in{"bucket": bucket.id, "key": "index.html", "contentType": "text/html", "source": resource.NewProperty(file)}
	}
	inputs := source("hello")
	m := l.create(tBucketObjectV2, "index", inputs)
	assert.Equal(t, "5d41402abc4b2a76b9719d911017c592", m.str("etag"), "the MD5 sum of hello")
	assert.Equal(t, "arn:aws:s3:::site/index.html", m.str("arn"))
	assert.Equal(t, "aws:kms", m.str("serverSideEncryption"), "as its bucket says")
	assert.Equal(t, key.str("arn"), m.str("kmsKeyId"))
	assert.Len(t, m.str("versionId"), 32)
	assert.Empty(t, l.diffChecked(m, source("hello")).GetDetailedDiff())

	changed := source("goodbye")
	assert.Equal(t, []string{"source"}, l.diffChecked(m, changed).GetDiffs())
	assert.Empty(t, l.diffChecked(m, changed).GetReplaces())
	updated := l.update(m, changed)
	assert.NotEqual(t, m.str("etag"), updated.str("etag"))
	assert.NotEqual(t, m.str("versionId"), updated.str("versionId"))
	read, exists := l.refresh(updated)
	require.True(t, exists)
	assert.Empty(t, l.diffChecked(read, changed).GetDetailedDiff())
}

func TestABucketsObjectsGoBeforeItOrByForce(t *testing.T) {
	l := newLab(t, "us-east-1")
	bucket := l.create(tBucket, "site", in{"bucket": "site"})
	l.create(tBucketObjectV2, "index.html", in{"bucket": "site", "content": "hello"})
	assert.ErrorContains(t, l.tryDelete(bucket), "BucketNotEmpty")
	require.NoError(t, l.tryDelete(l.update(bucket, in{"bucket": "site", "forceDestroy": true})))
	left, err := l.w.List(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestS3Refuses(t *testing.T) {
	l := newLab(t, "us-east-1")
	west := labOver(t, l.w, "us-west-2", nil)
	role := l.create(tRole, "s3", in{"assumeRolePolicy": trust})
	for _, name := range []string{"plain", "versioned"} {
		l.create(tBucket, name, in{"bucket": name})
	}
	copied := west.create(tBucket, "copied", in{"bucket": "copied"})
	enabled := in{"status": "Enabled"}
	versioning := l.create(tBucketVersioning, "versioned", in{"bucket": "versioned", "versioningConfiguration": enabled})
	west.create(tBucketVersioning, "copied", in{"bucket": "copied", "versioningConfiguration": enabled})
	rule := func(more in) []any {
		return []any{merge(in{"status": "Enabled", "destination": in{"bucket": copied.str("arn")}}, more)}
	}
	for name, c := range map[string]struct {
		token  string
		inputs in
		want   string
	}{
		"replication of what has no versions": {tBucketReplication, in{"bucket": "plain", "role": role.str("arn"), "rules": rule(nil)}, "Versioning must be 'Enabled'"},
		"replication to nowhere":              {tBucketReplication, in{"bucket": "versioned", "role": role.str("arn"), "rules": rule(in{"destination": in{"bucket": "arn:aws:s3:::none"}})}, "Destination bucket must exist"},
		"replication of secrets without a key": {tBucketReplication, in{"bucket": "versioned", "role": role.str("arn"),
			"rules": rule(in{"sourceSelectionCriteria": in{"sseKmsEncryptedObjects": enabled}})}, "ReplicaKmsKeyID must be specified"},
		"a lock on what has no versions":  {tBucketObjectLock, in{"bucket": "plain"}, "InvalidBucketState"},
		"an ACL on what takes none":       {tBucketACL, in{"bucket": "plain", "acl": "private"}, "AccessControlListNotSupported"},
		"a notification to no queue":      {tBucketNotification, in{"bucket": "plain", "queues": []any{in{"events": []any{"s3:ObjectCreated:*"}, "queueArn": "arn:aws:sqs:us-east-1:123456789012:none"}}}, "Unable to validate the following destination"},
		"an object in no bucket":          {tBucketObjectV2, in{"bucket": "none", "content": "x"}, "NoSuchBucket"},
		"an object of a key that is none": {tBucketObjectV2, in{"bucket": "plain", "content": "x", "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/none"}, "NotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.tryCreate(c.token, "it", c.inputs)
			assert.ErrorContains(t, err, c.want)
		})
	}
	replication := l.create(tBucketReplication, "versioned", in{"bucket": "versioned", "role": role.str("arn"), "rules": rule(nil)})
	assert.ErrorContains(t, l.tryDelete(versioning), "A replication configuration is present on this bucket")
	_, err := l.tryUpdate(versioning, in{"bucket": "versioned", "versioningConfiguration": in{"status": "Suspended"}})
	assert.ErrorContains(t, err, "InvalidBucketState")
	require.NoError(t, l.tryDelete(replication))
	require.NoError(t, l.tryDelete(versioning))
}

func TestDynamoDBRefusesReplicas(t *testing.T) {
	l := newLab(t, "us-east-1")
	west := labOver(t, l.w, "us-west-2", nil)
	here, there := l.create(tKey, "here", in{}), west.create(tKey, "there", in{})
	table := in{"hashKey": "id", "attributes": []any{in{"name": "id", "type": "S"}}, "billingMode": "PAY_PER_REQUEST"}
	streamed := merge(table, in{"streamEnabled": true, "streamViewType": "NEW_AND_OLD_IMAGES"})
	encrypted := merge(streamed, in{"serverSideEncryption": in{"enabled": true, "kmsKeyArn": here.str("arn")}})
	replica := func(more in) in { return in{"replicas": []any{merge(in{"regionName": "us-west-2"}, more)}} }
	for name, c := range map[string]struct {
		inputs in
		want   string
	}{
		"without a stream":          {merge(table, replica(nil)), "Disabling Stream is not allowed for a Global Table replica"},
		"of fixed write capacity":   {merge(streamed, merge(replica(nil), in{"billingMode": "PROVISIONED", "readCapacity": 1, "writeCapacity": 1})), "Table write capacity should either be Pay-Per-Request or AutoScaled"},
		"in its own region":         {merge(streamed, replica(in{"regionName": "us-east-1"})), "cannot be in its own region"},
		"without a key of its own":  {merge(encrypted, replica(nil)), "KMSMasterKeyId must be specified for each replica"},
		"with a key of elsewhere":   {merge(encrypted, replica(in{"kmsKeyArn": here.str("arn")})), "does not exist in us-west-2 (it is in us-east-1)"},
		"beside too many LSIs (20)": {merge(table, in{"globalSecondaryIndexes": indexes(21)}), "exceeds the per-table limit of 20"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.tryCreate(tTable, "it", c.inputs)
			assert.ErrorContains(t, err, c.want)
		})
	}
	l.create(tTable, "it", merge(encrypted, replica(in{"kmsKeyArn": there.str("arn")})))
}

func indexes(count int) []any {
	var list []any
	for i := range count {
		list = append(list, in{"name": "by-id-" + string(rune('a'+i)), "hashKey": "id", "projectionType": "ALL"})
	}
	return list
}

func TestScalingOfTablesAndClustersNeedsThem(t *testing.T) {
	l := newLab(t, "us-east-1")
	l.create(tTable, "orders", in{"name": "orders", "hashKey": "id", "attributes": []any{in{"name": "id", "type": "S"}}, "readCapacity": 1, "writeCapacity": 1,
		"globalSecondaryIndexes": []any{in{"name": "by-id", "hashKey": "id", "projectionType": "ALL", "readCapacity": 1, "writeCapacity": 1}}})
	target := func(id, dimension string) in {
		return in{"minCapacity": 1, "maxCapacity": 9, "resourceId": id, "scalableDimension": dimension, "serviceNamespace": "dynamodb"}
	}
	m := l.create(tScalingTarget, "table", target("table/orders", "dynamodb:table:ReadCapacityUnits"))
	l.create(tScalingTarget, "index", target("table/orders/index/by-id", "dynamodb:index:ReadCapacityUnits"))
	for _, id := range []string{"table/none", "table/orders/index/none", "orders"} {
		_, err := l.tryCreate(tScalingTarget, "none", target(id, "dynamodb:table:ReadCapacityUnits"))
		assert.ErrorContains(t, err, "DynamoDB table doesn't exist: "+id)
	}
	action := in{"resourceId": "table/orders", "scalableDimension": "dynamodb:table:ReadCapacityUnits", "serviceNamespace": "dynamodb", "schedule": "rate(1 day)",
		"scalableTargetAction": in{"minCapacity": 2}}
	_, err := l.tryCreate(tScheduledAction, "wrong", merge(action, in{"schedule": "every day"}))
	assert.ErrorContains(t, err, `invalid value "every day" for schedule`)
	night := l.create(tScheduledAction, "night", action)
	require.NoError(t, l.tryDelete(m))
	_, exists := l.refresh(night)
	assert.False(t, exists, "a target takes its scheduled actions along")
}

func TestAFileSystemsReplicationLeavesTheCopyThatEFSMade(t *testing.T) {
	l := newLab(t, "us-east-1")
	fileSystem := l.create(tFileSystem, "files", in{"encrypted": true})
	inputs := in{"sourceFileSystemId": fileSystem.id, "destination": in{"region": "us-west-2"}}
	m := l.create(tFileReplication, "files", inputs)
	copied := m.str("destination.fileSystemId")
	assert.Regexp(t, `^fs-[0-9a-f]{17}$`, copied)
	assert.Empty(t, l.diffChecked(m, inputs).GetDetailedDiff())
	assert.ErrorContains(t, l.tryDelete(fileSystem), "FileSystemInUse")
	require.NoError(t, l.tryDelete(m))
	require.Len(t, l.warnings, 1)
	assert.Contains(t, l.warnings[0], copied+" in us-west-2 for this replication, and no resource manages it")
	left, err := l.w.List(t.Context())
	require.NoError(t, err)
	assert.Len(t, left, 2)
	assert.Equal(t, world.Key{Region: "us-west-2", Type: tFileSystem, Key: copied}, left[1].Key)
}

func TestAFileSystemIsCopiedToOneThatMayBeOverwritten(t *testing.T) {
	l := newLab(t, "us-east-1")
	west := labOver(t, l.w, "us-west-2", nil)
	fileSystem := l.create(tFileSystem, "files", in{"encrypted": true})
	guarded := west.create(tFileSystem, "guarded", in{"encrypted": true})
	open := west.create(tFileSystem, "open", in{"encrypted": true, "protection": in{"replicationOverwrite": "DISABLED"}})
	to := func(id string) in {
		return in{"sourceFileSystemId": fileSystem.id, "destination": in{"region": "us-west-2", "fileSystemId": id}}
	}
	_, err := l.tryCreate(tFileReplication, "files", to(guarded.id))
	assert.ErrorContains(t, err, "set its protection.replicationOverwrite to DISABLED")
	_, err = l.tryCreate(tFileReplication, "files", to(fileSystem.id))
	assert.ErrorContains(t, err, "does not exist in us-west-2")
	m := l.create(tFileReplication, "files", to(open.id))
	assert.ErrorContains(t, west.tryDelete(open), "is the destination of the replication of "+fileSystem.id)
	require.NoError(t, l.tryDelete(m))
	require.NoError(t, west.tryDelete(open))
	assert.Empty(t, l.warnings)
}

func TestMountTargetsOfAFileSystemAreInOneVPC(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, subnets := l.network()
	other := l.create(tVpc, "other", in{"cidrBlock": "10.9.0.0/16"})
	elsewhere := l.create(tSubnet, "elsewhere", in{"vpcId": other.id, "cidrBlock": "10.9.0.0/20", "availabilityZone": "us-east-1b"})
	fileSystem := l.create(tFileSystem, "files", in{})
	l.create(tMountTarget, "a", in{"fileSystemId": fileSystem.id, "subnetId": subnets[0].id})
	_, err := l.tryCreate(tMountTarget, "again", in{"fileSystemId": fileSystem.id, "subnetId": subnets[0].id})
	assert.ErrorContains(t, err, "mount target already exists in this AZ")
	_, err = l.tryCreate(tMountTarget, "b", in{"fileSystemId": fileSystem.id, "subnetId": elsewhere.id})
	assert.ErrorContains(t, err, "not in the same VPC as existing mount targets")
}

// A load balancer writes a file into the bucket for its logs at once, or refuses it.
func TestLoadBalancersTryTheBucketForTheirLogs(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, subnets := l.network()
	labOver(t, l.w, "us-west-2", nil).create(tBucket, "distant", in{"bucket": "distant"})
	policy := func(principal, resource string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:PutObject","Resource":"` + resource + `"}]}`
	}
	for name, principal := range map[string]string{
		"service": `{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}`, "account": `{"AWS":"arn:aws:iam::127311923021:root"}`,
		"other": `{"Service":"cloudfront.amazonaws.com"}`, "keyed": `{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}`,
	} {
		l.create(tBucket, name, in{"bucket": name})
		l.create(tBucketPolicy, name, in{"bucket": name, "policy": policy(principal, "arn:aws:s3:::"+name+"/alb/*")})
	}
	l.create(tBucketEncryption, "keyed", in{"bucket": "keyed", "rules": []any{in{"applyServerSideEncryptionByDefault": in{"sseAlgorithm": "aws:kms"}}}})
	balancer := func(kind, bucket, prefix string) in {
		return in{"subnets": []any{subnets[0].id, subnets[1].id}, kind: in{"enabled": true, "bucket": bucket, "prefix": prefix}}
	}
	for _, kind := range []string{"accessLogs", "connectionLogs"} {
		for bucket, want := range map[string]string{
			"other": "Access Denied for bucket: other. Please check S3bucket permission", "keyed": "Amazon S3 managed keys (AES256) only",
			"distant": "must be in the load balancer's region us-east-1",
		} {
			_, err := l.tryCreate(tLoadBalancer, "it", balancer(kind, bucket, "alb"))
			assert.ErrorContains(t, err, want)
		}
		_, err := l.tryCreate(tLoadBalancer, "it", balancer(kind, "service", "elsewhere"))
		assert.ErrorContains(t, err, "put elsewhere/AWSLogs/123456789012/ELBAccessLogTestFile")
		for _, bucket := range []string{"service", "account"} {
			require.NoError(t, l.tryDelete(l.create(tLoadBalancer, "it", balancer(kind, bucket, "alb"))))
		}
	}
	_, err := l.tryCreate(tBucketLogging, "it", in{"bucket": "service", "targetBucket": "distant", "targetPrefix": "log/"})
	assert.ErrorContains(t, err, "CrossLocationLoggingProhibited")
}

func TestVolumesWithAnAccessPointAreEncryptedInTransit(t *testing.T) {
	l := newLab(t, "us-east-1")
	task := func(volume in) in {
		return in{"family": "shop", "containerDefinitions": shop, "volumes": []any{in{"name": "files", "efsVolumeConfiguration": merge(in{"fileSystemId": "fs-1"}, volume)}}}
	}
	point := in{"authorizationConfig": in{"accessPointId": "fsap-1", "iam": "ENABLED"}}
	_, err := l.tryCreate(tTaskDefinition, "shop", task(point))
	assert.ErrorContains(t, err, "transitEncryption must be ENABLED")
	_, err = l.tryCreate(tTaskDefinition, "shop", task(merge(point, in{"transitEncryption": "ENABLED", "rootDirectory": "/data"})))
	assert.ErrorContains(t, err, "rootDirectory must be omitted or /, not /data")
	l.create(tTaskDefinition, "shop", task(merge(point, in{"transitEncryption": "ENABLED"})))
}
