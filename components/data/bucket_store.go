package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// bucketStore is one bucket of a component: the bucket itself, its copy, or one for logs.
type bucketStore struct {
	location                   identity.Location
	name                       string
	kmsKeyArn, logBucket       pulumi.StringInput
	statements                 []identity.Statement
	transitions                []Transition
	expireDays, oldVersionDays int
	lock                       *ObjectLock
	ownership                  string
	forceDestroy, protect      bool
	tags                       map[string]string
}

// defaultEncryption is how objects are encrypted that come without a wish of their own.
type defaultEncryption = s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs

// ownerEnforced turns access control lists off (FSBP S3.12).
const ownerEnforced = "BucketOwnerEnforced"

func (args *BucketArgs) store() *bucketStore {
	return &bucketStore{
		location:       args.Location,
		name:           args.Name,
		kmsKeyArn:      args.KmsKeyArn,
		logBucket:      args.LogBucket,
		statements:     args.Statements,
		transitions:    args.Transitions,
		expireDays:     args.ExpireDays,
		oldVersionDays: args.OldVersionDays,
		lock:           args.ObjectLock,
		ownership:      ownerEnforced,
		forceDestroy:   args.ForceDestroy,
		protect:        args.DeletionProtection,
		tags:           args.Tags,
	}
}

// protectedBucket is a bucket with what has to be there before it is used.
type protectedBucket struct {
	made       *s3.BucketV2
	versioning *s3.BucketVersioningV2
	protection []pulumi.CustomResource
}

// name returns known once the bucket is protected.
func (b *protectedBucket) name() pulumi.StringOutput { return onceMade(b.made.Bucket, b.protection...) }

// arn returns known once the bucket is protected.
func (b *protectedBucket) arn() pulumi.StringOutput { return onceMade(b.made.Arn, b.protection...) }

// newProtectedBucket creates a bucket, its protection and its housekeeping, all of which are resources of their own.
func newProtectedBucket(
	ctx *pulumi.Context,
	name string,
	store *bucketStore,
	opts ...pulumi.ResourceOption,
) (*protectedBucket, error) {
	made, err := s3.NewBucketV2(ctx, name+"-bucket", &s3.BucketV2Args{
		Bucket:       pulumi.String(store.name),
		ForceDestroy: pulumi.Bool(store.forceDestroy),
		Tags:         pulumi.ToStringMap(store.tags),
	}, with(opts, pulumi.Protect(store.protect))...)
	if err != nil {
		return nil, fmt.Errorf("creating the bucket: %w", err)
	}
	bucket := &protectedBucket{made: made}
	for _, step := range []func(*pulumi.Context, string, *bucketStore, []pulumi.ResourceOption) error{
		bucket.close, bucket.keepVersions, bucket.encrypt, bucket.guard, bucket.keepHouse, bucket.record,
	} {
		if err := step(ctx, name, store, opts); err != nil {
			return nil, err
		}
	}
	return bucket, nil
}

// with adds to options without changing them.
func with(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{}, opts...), more...)
}

// close keeps the public out, whatever policies and access control lists say.
func (b *protectedBucket) close(
	ctx *pulumi.Context,
	name string,
	store *bucketStore,
	opts []pulumi.ResourceOption,
) error {
	private, err := s3.NewBucketPublicAccessBlock(ctx, name+"-private", &s3.BucketPublicAccessBlockArgs{
		Bucket:                b.made.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, opts...)
	if err != nil {
		return fmt.Errorf("closing it to the public: %w", err)
	}
	// S3 changes one of a bucket's settings at a time (OperationAborted: a conflicting conditional operation).
	owner, err := s3.NewBucketOwnershipControls(ctx, name+"-ownership", &s3.BucketOwnershipControlsArgs{
		Bucket: b.made.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String(store.ownership)},
	}, with(opts, pulumi.DependsOn([]pulumi.Resource{private}))...)
	if err != nil {
		return fmt.Errorf("setting who owns objects: %w", err)
	}
	b.protection = append(b.protection, private, owner)
	return nil
}

func (b *protectedBucket) keepVersions(
	ctx *pulumi.Context,
	name string,
	store *bucketStore,
	opts []pulumi.ResourceOption,
) error {
	versioning, err := s3.NewBucketVersioningV2(ctx, name+"-versioning", &s3.BucketVersioningV2Args{
		Bucket:                  b.made.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, opts...)
	if err != nil {
		return fmt.Errorf("turning versioning on: %w", err)
	}
	b.versioning = versioning
	b.protection = append(b.protection, versioning)
	if store.lock == nil {
		return nil
	}
	lock, err := s3.NewBucketObjectLockConfigurationV2(ctx, name+"-lock", &s3.BucketObjectLockConfigurationV2Args{
		Bucket: b.made.ID(),
		Rule: s3.BucketObjectLockConfigurationV2RuleArgs{
			DefaultRetention: s3.BucketObjectLockConfigurationV2RuleDefaultRetentionArgs{
				Mode: pulumi.String(store.lock.Mode),
				Days: pulumi.Int(store.lock.Days),
			},
		},
	}, with(opts, pulumi.DependsOn([]pulumi.Resource{versioning}))...)
	if err != nil {
		return fmt.Errorf("locking objects: %w", err)
	}
	b.protection = append(b.protection, lock)
	return nil
}

func (b *protectedBucket) encrypt(
	ctx *pulumi.Context,
	name string,
	store *bucketStore,
	opts []pulumi.ResourceOption,
) error {
	rule := s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
		ApplyServerSideEncryptionByDefault: defaultEncryption{
			SseAlgorithm: pulumi.String("AES256"),
		},
	}
	if store.kmsKeyArn != nil {
		rule.ApplyServerSideEncryptionByDefault = defaultEncryption{
			SseAlgorithm:   pulumi.String("aws:kms"),
			KmsMasterKeyId: optionalInput(store.kmsKeyArn),
		}
		rule.BucketKeyEnabled = pulumi.Bool(true) // one call of KMS for many objects
	}
	encryption, err := s3.NewBucketServerSideEncryptionConfigurationV2(
		ctx,
		name+"-encryption",
		&s3.BucketServerSideEncryptionConfigurationV2Args{
			Bucket: b.made.ID(),
			Rules:  s3.BucketServerSideEncryptionConfigurationV2RuleArray{rule},
		},
		opts...)
	if err != nil {
		return fmt.Errorf("encrypting it: %w", err)
	}
	b.protection = append(b.protection, encryption)
	return nil
}

// guard attaches the bucket's policy.
func (b *protectedBucket) guard(
	ctx *pulumi.Context,
	name string,
	store *bucketStore,
	opts []pulumi.ResourceOption,
) error {
	document, err := store.policy().JSON()
	if err != nil {
		return err
	}
	policy, err := s3.NewBucketPolicy(
		ctx,
		name+"-policy",
		&s3.BucketPolicyArgs{Bucket: b.made.ID(), Policy: pulumi.String(document)},
		// the public access block: S3 changes one of the two at a time
		with(opts, pulumi.DependsOn([]pulumi.Resource{b.protection[0]}))...)
	if err != nil {
		return fmt.Errorf("attaching its policy: %w", err)
	}
	b.protection = append(b.protection, policy)
	return nil
}

// policy denies what is not over TLS, 1.2 or newer, and then says what the caller adds.
func (store *bucketStore) policy() identity.Document {
	arn := store.location.BucketArn(store.name)
	denied := func(sid, operator, key, value string) identity.Statement {
		return identity.Statement{
			Sid: sid, Effect: identity.Deny, Actions: []string{"s3:*"}, Resources: []string{arn, arn + "/*"},
			Principals: []identity.Principal{{Type: "AWS", Values: []string{"*"}}},
			Conditions: []identity.Condition{{Operator: operator, Key: key, Values: []string{value}}},
		}
	}
	return identity.Document{Statements: append([]identity.Statement{
		denied("TlsOnly", "Bool", "aws:SecureTransport", "false"),
		denied("RecentTlsOnly", "NumericLessThan", "s3:TlsVersion", "1.2"),
	}, store.statements...)}
}

func (b *protectedBucket) keepHouse(
	ctx *pulumi.Context,
	name string,
	store *bucketStore,
	opts []pulumi.ResourceOption,
) error {
	_, err := s3.NewBucketLifecycleConfigurationV2(ctx, name+"-lifecycle", &s3.BucketLifecycleConfigurationV2Args{
		Bucket: b.made.ID(),
		Rules:  store.lifecycleRules(),
	}, with(opts, pulumi.DependsOn([]pulumi.Resource{b.versioning}))...)
	if err != nil {
		return fmt.Errorf("setting how long objects live: %w", err)
	}
	return nil
}

// record tells EventBridge of objects, by which AWS Backup follows a bucket, and the log bucket of requests.
func (b *protectedBucket) record(
	ctx *pulumi.Context,
	name string,
	store *bucketStore,
	opts []pulumi.ResourceOption,
) error {
	if _, err := s3.NewBucketNotification(ctx, name+"-events", &s3.BucketNotificationArgs{
		Bucket:      b.made.ID(),
		Eventbridge: pulumi.Bool(true),
	}, opts...); err != nil {
		return fmt.Errorf("sending its events to EventBridge: %w", err)
	}
	if store.logBucket == nil {
		return nil
	}
	if _, err := s3.NewBucketLoggingV2(ctx, name+"-logging", &s3.BucketLoggingV2Args{
		Bucket:       b.made.ID(),
		TargetBucket: store.logBucket,
		TargetPrefix: pulumi.String(store.name + "/"),
		TargetObjectKeyFormat: s3.BucketLoggingV2TargetObjectKeyFormatArgs{
			PartitionedPrefix: s3.BucketLoggingV2TargetObjectKeyFormatPartitionedPrefixArgs{
				PartitionDateSource: pulumi.String("EventTime"),
			},
		},
	}, opts...); err != nil {
		return fmt.Errorf("logging its requests: %w", err)
	}
	return nil
}
