package check

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	efstypes "github.com/aws/aws-sdk-go-v2/service/efs/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errThrottled = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}

// account answers for AWS with what it holds. A name that it does not hold is missing.
type account struct {
	fail      error
	instances map[string]rdstypes.DBInstance
	clusters  map[string]rdstypes.DBCluster
	tables    map[string]dynamotypes.TableDescription
	items     map[string]int32
	buckets   map[string]int32 // objects
	systems   map[string]efstypes.FileSystemDescription
	volumes   map[string]ec2types.Volume
	scans     []string
}

func (a *account) DescribeDBInstances(
	_ context.Context,
	in *rds.DescribeDBInstancesInput,
	_ ...func(*rds.Options),
) (*rds.DescribeDBInstancesOutput, error) {
	i, ok := a.instances[*in.DBInstanceIdentifier]
	if !ok {
		return nil, firstOf(a.fail, &rdstypes.DBInstanceNotFoundFault{})
	}
	return &rds.DescribeDBInstancesOutput{DBInstances: []rdstypes.DBInstance{i}}, a.fail
}

func (a *account) DescribeDBClusters(
	_ context.Context,
	in *rds.DescribeDBClustersInput,
	_ ...func(*rds.Options),
) (*rds.DescribeDBClustersOutput, error) {
	c, ok := a.clusters[*in.DBClusterIdentifier]
	if !ok {
		return nil, firstOf(a.fail, &rdstypes.DBClusterNotFoundFault{})
	}
	return &rds.DescribeDBClustersOutput{DBClusters: []rdstypes.DBCluster{c}}, a.fail
}

func (a *account) DescribeTable(
	_ context.Context,
	in *dynamodb.DescribeTableInput,
	_ ...func(*dynamodb.Options),
) (*dynamodb.DescribeTableOutput, error) {
	t, ok := a.tables[*in.TableName]
	if !ok {
		return nil, firstOf(a.fail, &dynamotypes.ResourceNotFoundException{})
	}
	return &dynamodb.DescribeTableOutput{Table: &t}, a.fail
}

func (a *account) Scan(
	_ context.Context,
	in *dynamodb.ScanInput,
	_ ...func(*dynamodb.Options),
) (*dynamodb.ScanOutput, error) {
	a.scans = append(a.scans, *in.TableName)
	if *in.Limit != 1 || in.Select != dynamotypes.SelectCount {
		return nil, errors.New("one item is counted, and none is read")
	}
	return &dynamodb.ScanOutput{Count: min(a.items[*in.TableName], 1)}, a.fail
}

func (a *account) ListObjectsV2(
	_ context.Context,
	in *s3.ListObjectsV2Input,
	_ ...func(*s3.Options),
) (*s3.ListObjectsV2Output, error) {
	objects, ok := a.buckets[*in.Bucket]
	if !ok {
		return nil, firstOf(a.fail, &s3types.NoSuchBucket{})
	}
	return &s3.ListObjectsV2Output{KeyCount: aws.Int32(min(objects, *in.MaxKeys))}, a.fail
}

func (a *account) DescribeFileSystems(
	_ context.Context,
	in *efs.DescribeFileSystemsInput,
	_ ...func(*efs.Options),
) (*efs.DescribeFileSystemsOutput, error) {
	s, ok := a.systems[*in.FileSystemId]
	if !ok {
		return nil, firstOf(a.fail, &efstypes.FileSystemNotFound{})
	}
	return &efs.DescribeFileSystemsOutput{FileSystems: []efstypes.FileSystemDescription{s}}, a.fail
}

func (a *account) DescribeVolumes(
	_ context.Context,
	in *ec2.DescribeVolumesInput,
	_ ...func(*ec2.Options),
) (*ec2.DescribeVolumesOutput, error) {
	v, ok := a.volumes[in.VolumeIds[0]]
	if !ok {
		return nil, firstOf(a.fail, &smithy.GenericAPIError{Code: "InvalidVolume.NotFound"})
	}
	return &ec2.DescribeVolumesOutput{Volumes: []ec2types.Volume{v}}, a.fail
}

// firstOf returns the first error unless it is nil, and then the second one, as SDK operations do: wrapped.
func firstOf(first, second error) error {
	if first != nil {
		return first
	}
	return &smithy.OperationError{ServiceID: "AWS", OperationName: "Describe", Err: second}
}

var completed = time.Date(2026, 3, 1, 5, 21, 44, 0, time.UTC)

// restored returns a resource named restored of the source named source, of which 4 MiB are in the backup.
func restored(service, kind string) Restored {
	of := func(name string) arn.ARN {
		return arn.ARN{
			Partition: "aws",
			Service:   service,
			Region:    "eu-central-1",
			AccountID: "111122223333",
			Resource:  kind + name,
		}
	}
	r := Restored{Resource: of("restored"), Source: of("source"), BackupBytes: 4 << 20, Completed: completed}
	if service == "s3" {
		r.Resource.Region, r.Resource.AccountID, r.Source.Region, r.Source.AccountID = "", "", "", ""
	}
	return r
}

// fixture returns an account in which everything is as it should be.
func fixture() *account {
	instance := rdstypes.DBInstance{
		DBInstanceStatus: aws.String("available"), Engine: aws.String("postgres"), EngineVersion: aws.String("17.4"),
		AllocatedStorage: aws.Int32(20), StorageEncrypted: aws.Bool(true), PubliclyAccessible: aws.Bool(false),
		DBSubnetGroup: &rdstypes.DBSubnetGroup{DBSubnetGroupName: aws.String("lab-prod")},
	}
	cluster := rdstypes.DBCluster{
		Status: aws.String("available"), Engine: aws.String("aurora-postgresql"), EngineVersion: aws.String("17.4"),
		AllocatedStorage: aws.Int32(1), StorageEncrypted: aws.Bool(true), DBSubnetGroup: aws.String("lab-prod"),
	}
	table := dynamotypes.TableDescription{
		TableStatus: dynamotypes.TableStatusActive,
		ItemCount:   aws.Int64(7),
		KeySchema: []dynamotypes.KeySchemaElement{
			{AttributeName: aws.String("id"), KeyType: dynamotypes.KeyTypeHash},
			{AttributeName: aws.String("at"), KeyType: dynamotypes.KeyTypeRange},
		},
	}
	return &account{
		instances: map[string]rdstypes.DBInstance{"restored": instance, "source": instance},
		clusters:  map[string]rdstypes.DBCluster{"restored": cluster, "source": cluster},
		tables:    map[string]dynamotypes.TableDescription{"restored": table, "source": table},
		items:     map[string]int32{"restored": 7, "source": 7},
		buckets:   map[string]int32{"restored": 7, "source": 7},
		systems: map[string]efstypes.FileSystemDescription{"restored": {
			LifeCycleState: efstypes.LifeCycleStateAvailable, Encrypted: aws.Bool(true),
			SizeInBytes: &efstypes.FileSystemSize{Value: 4 << 20, Timestamp: aws.Time(completed.Add(time.Hour))},
		}},
		volumes: map[string]ec2types.Volume{"restored": {
			State:      ec2types.VolumeStateAvailable,
			Encrypted:  aws.Bool(true),
			Size:       aws.Int32(8),
			SnapshotId: aws.String("snap-1"),
		}},
	}
}

func change[T any](resources map[string]T, name string, change func(*T)) {
	resource := resources[name]
	change(&resource)
	resources[name] = resource
}

// kinds are the types of resources, by the name that AWS Backup gives them.
var kinds = map[string]struct{ check, service, kind string }{
	"instance": {"RDS", "rds", "db:"},
	"cluster":  {"Aurora", "rds", "cluster:"},
	"servers":  {"RDS", "rds", "cluster:"}, // a Multi-AZ cluster
	"table":    {"DynamoDB", "dynamodb", "table/"},
	"bucket":   {"S3", "s3", ""},
	"system":   {"EFS", "elasticfilesystem", "file-system/"},
	"volume":   {"EBS", "ec2", "volume/"},
}

func (a *account) check(t *testing.T, kind string, change func(*Restored)) (Finding, error) {
	t.Helper()
	k := kinds[kind]
	look := All(Clients{a, a, a, a, a}, Settings{DatabaseSubnetGroup: "lab-prod"})[k.check]
	require.NotNil(t, look)
	r := restored(k.service, k.kind)
	if change != nil {
		change(&r)
	}
	return look(t.Context(), r)
}

func TestChecks(t *testing.T) {
	problem := func(texts ...string) Finding { return Finding{Problems: texts} }
	pending := func(text string) Finding { return Finding{Pending: text} }
	fact := func(texts ...string) Finding { return Finding{Facts: texts} }
	instance := func(change_ func(*rdstypes.DBInstance)) func(*account, *Restored) {
		return func(a *account, _ *Restored) { change(a.instances, "restored", change_) }
	}
	table := func(change_ func(*dynamotypes.TableDescription)) func(*account, *Restored) {
		return func(a *account, _ *Restored) { change(a.tables, "restored", change_) }
	}
	system := func(change_ func(*efstypes.FileSystemDescription)) func(*account, *Restored) {
		return func(a *account, _ *Restored) { change(a.systems, "restored", change_) }
	}
	volume := func(change_ func(*ec2types.Volume)) func(*account, *Restored) {
		return func(a *account, _ *Restored) { change(a.volumes, "restored", change_) }
	}
	for _, tc := range []struct {
		kind, name string
		change     func(*account, *Restored)
		want       Finding // facts are compared only if it has no problem and is not pending
	}{
		{"instance", "sound", nil, fact("available", "postgres 17.4, 20 GiB")},
		{
			"instance",
			"gone",
			func(a *account, _ *Restored) { delete(a.instances, "restored") },
			problem("the database does not exist"),
		},
		{
			"instance",
			"backing up",
			instance(func(i *rdstypes.DBInstance) { i.DBInstanceStatus = aws.String("backing-up") }),
			pending("it is backing-up"),
		},
		{
			"instance",
			"failed",
			instance(func(i *rdstypes.DBInstance) { i.DBInstanceStatus = aws.String("failed") }),
			problem("it is failed"),
		},
		{
			"instance",
			"incompatible",
			instance(func(i *rdstypes.DBInstance) { i.DBInstanceStatus = aws.String("incompatible-network") }),
			problem("it is incompatible-network"),
		},
		{
			"instance",
			"in clear",
			instance(func(i *rdstypes.DBInstance) { i.StorageEncrypted = aws.Bool(false) }),
			problem("its storage is not encrypted"),
		},
		{
			"instance",
			"public",
			instance(func(i *rdstypes.DBInstance) { i.PubliclyAccessible = aws.Bool(true) }),
			problem("it is publicly accessible"),
		},
		{
			"instance",
			"no storage",
			instance(func(i *rdstypes.DBInstance) { i.AllocatedStorage = nil }),
			problem("it has no storage"),
		},
		{
			"instance",
			"elsewhere",
			instance(func(i *rdstypes.DBInstance) { i.DBSubnetGroup.DBSubnetGroupName = aws.String("default") }),
			problem(`it is in subnet group "default" instead of "lab-prod"`),
		},
		{
			"instance",
			"outside a VPC",
			instance(func(i *rdstypes.DBInstance) { i.DBSubnetGroup = nil }),
			problem(`it is in subnet group "" instead of "lab-prod"`),
		},
		{
			"instance",
			"other engine",
			instance(func(i *rdstypes.DBInstance) { i.Engine = aws.String("mysql") }),
			problem("its engine is mysql, the source's is postgres"),
		},
		{
			"instance",
			"two problems",
			instance(func(i *rdstypes.DBInstance) { i.StorageEncrypted, i.AllocatedStorage = nil, nil }),
			problem("its storage is not encrypted", "it has no storage"),
		},
		{
			"instance",
			"source gone",
			func(a *account, _ *Restored) { delete(a.instances, "source") },
			fact("available", "postgres 17.4, 20 GiB", "the source is gone"),
		},
		{"instance", "of a copy", func(a *account, r *Restored) {
			r.Source.Region = "eu-west-1"
			// another database of the same name
			change(a.instances, "source", func(i *rdstypes.DBInstance) { i.Engine = aws.String("mysql") })
		}, fact("available", "postgres 17.4, 20 GiB")},
		{
			"instance",
			"source not told",
			func(_ *account, r *Restored) { r.Source = arn.ARN{} },
			fact("available", "postgres 17.4, 20 GiB"),
		},

		{"cluster", "sound", nil, fact("available", "aurora-postgresql 17.4, 1 GiB")},
		{"servers", "sound", nil, fact("available", "aurora-postgresql 17.4, 1 GiB")},
		{
			"cluster",
			"gone",
			func(a *account, _ *Restored) { delete(a.clusters, "restored") },
			problem("the database does not exist"),
		},
		{"cluster", "in clear", func(a *account, _ *Restored) {
			change(a.clusters, "restored", func(c *rdstypes.DBCluster) { c.StorageEncrypted = nil })
		}, problem("its storage is not encrypted")},
		{"cluster", "elsewhere", func(a *account, _ *Restored) {
			change(a.clusters, "restored", func(c *rdstypes.DBCluster) { c.DBSubnetGroup = aws.String("default") })
		}, problem(`it is in subnet group "default" instead of "lab-prod"`)},

		{"table", "sound", nil, fact("ACTIVE", "key at RANGE, id HASH", "has items")},
		{
			"table",
			"gone",
			func(a *account, _ *Restored) { delete(a.tables, "restored") },
			problem("the table does not exist"),
		},
		{
			"table",
			"being made",
			table(func(t *dynamotypes.TableDescription) { t.TableStatus = dynamotypes.TableStatusCreating }),
			pending("it is CREATING"),
		},
		{"table", "key out of reach", table(func(t *dynamotypes.TableDescription) {
			t.TableStatus = dynamotypes.TableStatusInaccessibleEncryptionCredentials
		}), problem("it is INACCESSIBLE_ENCRYPTION_CREDENTIALS")},
		{
			"table",
			"no key schema",
			table(func(t *dynamotypes.TableDescription) { t.KeySchema = nil }),
			problem("it has no key schema"),
		},
		{
			"table",
			"other key",
			table(func(t *dynamotypes.TableDescription) { t.KeySchema = t.KeySchema[:1] }),
			problem("its key is id HASH, the source's is at RANGE, id HASH"),
		},
		{
			"table",
			"lost its items",
			func(a *account, _ *Restored) { a.items["restored"] = 0 },
			problem("it has no item"),
		},
		{"table", "empty source", func(a *account, _ *Restored) {
			a.items["restored"] = 0
			change(a.tables, "source", func(t *dynamotypes.TableDescription) { t.ItemCount = aws.Int64(0) })
		}, fact("ACTIVE", "key at RANGE, id HASH", "empty, as is the source")},
		{
			"table",
			"empty and source gone",
			func(a *account, _ *Restored) { a.items["restored"] = 0; delete(a.tables, "source") },
			problem("it has no item"),
		},

		{"bucket", "sound", nil, fact("has objects")},
		{
			"bucket",
			"gone",
			func(a *account, _ *Restored) { delete(a.buckets, "restored") },
			problem("the bucket does not exist"),
		},
		{
			"bucket",
			"lost its objects",
			func(a *account, _ *Restored) { a.buckets["restored"] = 0 },
			problem("it has no object"),
		},
		{
			"bucket",
			"empty source",
			func(a *account, _ *Restored) { a.buckets["restored"], a.buckets["source"] = 0, 0 },
			fact("empty, as is the source"),
		},
		{
			"bucket",
			"empty and source gone",
			func(a *account, _ *Restored) { a.buckets["restored"] = 0; delete(a.buckets, "source") },
			problem("it has no object"),
		},
		{
			"bucket",
			"empty and source not told",
			func(a *account, r *Restored) { a.buckets["restored"] = 0; r.Source = arn.ARN{} },
			problem("it has no object"),
		},

		{"system", "sound", nil, fact("available", "4194304 bytes")},
		{
			"system",
			"gone",
			func(a *account, _ *Restored) { delete(a.systems, "restored") },
			problem("the file system does not exist"),
		},
		{
			"system",
			"being made",
			system(func(s *efstypes.FileSystemDescription) { s.LifeCycleState = efstypes.LifeCycleStateCreating }),
			pending("it is creating"),
		},
		{
			"system",
			"in error",
			system(func(s *efstypes.FileSystemDescription) { s.LifeCycleState = efstypes.LifeCycleStateError }),
			problem("it is error"),
		},
		{
			"system",
			"in clear",
			system(func(s *efstypes.FileSystemDescription) { s.Encrypted = nil }),
			problem("it is not encrypted"),
		},
		{
			"system",
			"lost its files",
			system(func(s *efstypes.FileSystemDescription) { s.SizeInBytes.Value = 6144 }),
			problem("it has no file, 4194304 bytes are in the backup"),
		},
		{"system", "not metered since", system(func(s *efstypes.FileSystemDescription) {
			s.SizeInBytes = &efstypes.FileSystemSize{Value: 6144, Timestamp: aws.Time(completed.Add(-time.Minute))}
		}), fact("available", "not metered yet, 4194304 bytes in the backup")},
		{
			"system",
			"never metered",
			system(func(s *efstypes.FileSystemDescription) { s.SizeInBytes = nil }),
			fact("available", "not metered yet, 4194304 bytes in the backup"),
		},
		{"system", "empty backup", func(a *account, r *Restored) {
			r.BackupBytes = 0
			change(a.systems, "restored", func(s *efstypes.FileSystemDescription) { s.SizeInBytes = nil })
		}, problem("its backup is empty")},
		{"system", "empty source", func(a *account, r *Restored) {
			r.BackupBytes = 6144
			change(a.systems, "restored", func(s *efstypes.FileSystemDescription) { s.SizeInBytes.Value = 6144 })
		}, fact("available", "6144 bytes")},

		{"volume", "sound", nil, fact("available", "8 GiB")},
		{
			"volume",
			"gone",
			func(a *account, _ *Restored) { delete(a.volumes, "restored") },
			problem("the volume does not exist"),
		},
		{
			"volume",
			"being made",
			volume(func(v *ec2types.Volume) { v.State = ec2types.VolumeStateCreating }),
			pending("it is creating"),
		},
		{
			"volume",
			"in error",
			volume(func(v *ec2types.Volume) { v.State = ec2types.VolumeStateError }),
			problem("it is error"),
		},
		{
			"volume",
			"in clear",
			volume(func(v *ec2types.Volume) { v.Encrypted = aws.Bool(false) }),
			problem("it is not encrypted"),
		},
		{"volume", "no size", volume(func(v *ec2types.Volume) { v.Size = nil }), problem("it has no size")},
		{
			"volume",
			"made of nothing",
			volume(func(v *ec2types.Volume) { v.SnapshotId = aws.String("") }),
			problem("it was not made of a snapshot"),
		},
	} {
		t.Run(tc.kind+"/"+tc.name, func(t *testing.T) {
			a := fixture()
			got, err := a.check(t, tc.kind, func(r *Restored) {
				if tc.change != nil {
					tc.change(a, r)
				}
			})
			require.NoError(t, err)
			if got.Pending != "" || len(got.Problems) > 0 {
				got.Facts = nil
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestAFailedCallSaysNothingAboutTheResource(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			a := fixture()
			a.fail = errThrottled
			_, err := a.check(t, kind, nil)
			require.ErrorIs(t, err, errThrottled)
			assert.ErrorContains(t, err, "restored")
		})
	}
}

func TestAnARNOfAnotherTypeIsAnError(t *testing.T) {
	for kind := range kinds {
		if kind == "bucket" {
			continue // its ARN is the name alone
		}
		t.Run(kind, func(t *testing.T) {
			_, err := fixture().check(t, kind, func(r *Restored) { r.Resource.Resource = "something/else" })
			assert.ErrorContains(
				t,
				err,
				"arn:aws:"+kinds[kind].service+":eu-central-1:111122223333:something/else is not the ARN of a ",
			)
		})
	}
}

// The items of the source are production's.
func TestOnlyTheRestoredTableIsScanned(t *testing.T) {
	for items := range int32(2) {
		a := fixture()
		a.items["restored"] = items
		_, err := a.check(t, "table", nil)
		require.NoError(t, err)
		assert.Equal(t, []string{"restored"}, a.scans, fmt.Sprint(items, " items"))
	}
}
