package data

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// BucketArgs describe an S3 bucket. In any case it is versioned, encrypted, owned by the account alone, never public, and
// reached over TLS only.
type BucketArgs struct {
	Place identity.Place
	// Name in AWS, 3 to 63 lower-case letters, digits, hyphens and dots. Changing it replaces the bucket.
	Name string
	// KmsKeyArn encrypts objects. Nil means a key of S3's own, which is what the log services of AWS can write with.
	KmsKeyArn pulumi.StringInput
	// KeyAlias is that key's alias (alias/...), by which the replication role finds it.
	KeyAlias string
	// ExpireDays deletes objects after that time; 0 keeps them.
	ExpireDays int
	// OldVersionDays is how long overwritten and deleted objects can be had back, 1 or more. Default: 30.
	OldVersionDays int
	// LogBucket is the name of the bucket that keeps a record of every request, below Name. Nil means none does.
	LogBucket pulumi.StringInput
	// Statements are further ones of the bucket's policy, such as who else may write.
	Statements []identity.Statement
	// ForceDestroy lets the bucket be deleted while it holds objects.
	ForceDestroy bool

	// Copy replicates objects to a bucket in another region. Nil means there is no copy.
	Copy *BucketCopy

	PermissionsBoundary string
	Tags                map[string]string
}

// BucketCopy is a bucket in another region.
type BucketCopy struct {
	Place    identity.Place
	Provider pulumi.ProviderResource
	// Name in AWS.
	Name string
	// KmsKeyArn encrypts the copies, KeyAlias is that key's alias.
	KmsKeyArn pulumi.StringInput
	KeyAlias  string
	// RoleName is that of the role that S3 replicates as.
	RoleName string
	Tags     map[string]string
}

// Bucket is an S3 bucket, with its copy. Its type token is awslab:data:Bucket.
type Bucket struct {
	pulumi.ResourceState

	Arn pulumi.StringOutput `pulumi:"arn"`
	// BucketName becomes known once the bucket is protected, so that nothing is written to it before.
	BucketName         pulumi.StringOutput `pulumi:"bucketName"`
	RegionalDomainName pulumi.StringOutput `pulumi:"regionalDomainName"`
	// Name is the one given, known in preview.
	Name string
}

// abortDays is after how many days the parts of an upload that nobody finished go.
const abortDays = 7

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func (args BucketArgs) validate() error {
	problems := []error{args.Place.Validate()}
	add := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	add(!bucketName.MatchString(args.Name), "Name: %q; use 3 to 63 lower-case letters, digits, hyphens and dots", args.Name)
	add(args.ExpireDays < 0, "ExpireDays: %d is negative", args.ExpireDays)
	add(args.OldVersionDays < 0, "OldVersionDays: %d is negative", args.OldVersionDays)
	if len(args.Statements) > 0 {
		problems = append(problems, identity.Document{Statements: args.Statements}.Validate(identity.ResourcePolicy))
	}
	if c := args.Copy; c != nil {
		problems = append(problems, c.Place.Validate())
		add(c.Place.Region == args.Place.Region, "Copy.Place.Region: %s; a copy in the same region is lost with it", c.Place.Region)
		add(c.Provider == nil, "Copy.Provider: missing")
		add(!bucketName.MatchString(c.Name), "Copy.Name: %q; use 3 to 63 lower-case letters, digits, hyphens and dots", c.Name)
		add(c.KmsKeyArn == nil || args.KmsKeyArn == nil, "Copy: both buckets need a key")
		add(c.RoleName == "", "Copy.RoleName: missing")
	}
	return errors.Join(problems...)
}

// NewBucket makes a bucket and everything that protects it.
func NewBucket(ctx *pulumi.Context, name string, args *BucketArgs, opts ...pulumi.ResourceOption) (*Bucket, error) {
	if args == nil {
		args = &BucketArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	component := &Bucket{Name: args.Name}
	if err := ctx.RegisterComponentResource("awslab:data:Bucket", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering bucket %q: %w", name, err)
	}
	made, err := component.protect(ctx, name, args)
	if err != nil {
		return nil, err
	}
	if args.Copy != nil {
		if err := component.replicate(ctx, name, args, made); err != nil {
			return nil, err
		}
	}
	component.Arn, component.RegionalDomainName = made.bucket.Arn, made.bucket.BucketRegionalDomainName
	component.BucketName = made.name()
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"arn": component.Arn, "bucketName": component.BucketName, "regionalDomainName": component.RegionalDomainName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of bucket %q: %w", name, err)
	}
	return component, nil
}

// madeBucket is a bucket with what has to be there before it is used.
type madeBucket struct {
	bucket     *s3.BucketV2
	versioning *s3.BucketVersioningV2
	protection []any // ids
}

// name is the bucket's, known once it is protected.
func (m madeBucket) name() pulumi.StringOutput {
	return pulumi.All(append([]any{m.bucket.Bucket}, m.protection...)...).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
}

// protect makes a bucket, its protection and its housekeeping, all of which are resources of their own.
func (component *Bucket) protect(ctx *pulumi.Context, name string, args *BucketArgs, provider ...pulumi.ResourceOption) (madeBucket, error) {
	opts := append([]pulumi.ResourceOption{pulumi.Parent(component)}, provider...)
	failed := func(what string, err error) (madeBucket, error) {
		return madeBucket{}, fmt.Errorf("creating the %s of bucket %q: %w", what, name, err)
	}
	bucket, err := s3.NewBucketV2(ctx, name+"-bucket", &s3.BucketV2Args{
		Bucket: pulumi.String(args.Name), ForceDestroy: pulumi.Bool(args.ForceDestroy), Tags: pulumi.ToStringMap(args.Tags),
	}, opts...)
	if err != nil {
		return failed("bucket", err)
	}
	owner, err := s3.NewBucketOwnershipControls(ctx, name+"-ownership", &s3.BucketOwnershipControlsArgs{
		Bucket: bucket.ID(), Rule: s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, opts...)
	if err != nil {
		return failed("ownership", err)
	}
	private, err := s3.NewBucketPublicAccessBlock(ctx, name+"-private", &s3.BucketPublicAccessBlockArgs{
		Bucket: bucket.ID(), BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true), IgnorePublicAcls: pulumi.Bool(true), RestrictPublicBuckets: pulumi.Bool(true),
	}, opts...)
	if err != nil {
		return failed("public access block", err)
	}
	versioning, err := s3.NewBucketVersioningV2(ctx, name+"-versioning", &s3.BucketVersioningV2Args{
		Bucket: bucket.ID(), VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, opts...)
	if err != nil {
		return failed("versioning", err)
	}
	encryption, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name+"-encryption", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(), Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{args.encryption()},
	}, opts...)
	if err != nil {
		return failed("encryption", err)
	}
	document, err := args.policy()
	if err != nil {
		return failed("policy", err)
	}
	// A policy that S3 may take for public is refused while the access block is being made.
	policy, err := s3.NewBucketPolicy(ctx, name+"-policy", &s3.BucketPolicyArgs{Bucket: bucket.ID(), Policy: pulumi.String(document)},
		append(opts, pulumi.DependsOn([]pulumi.Resource{private}))...)
	if err != nil {
		return failed("policy", err)
	}
	if _, err := s3.NewBucketLifecycleConfigurationV2(ctx, name+"-lifecycle", &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(), Rules: args.lifecycle(),
	}, append(opts, pulumi.DependsOn([]pulumi.Resource{versioning}))...); err != nil {
		return failed("lifecycle", err)
	}
	if args.LogBucket != nil {
		if _, err := s3.NewBucketLoggingV2(ctx, name+"-logging", &s3.BucketLoggingV2Args{
			Bucket: bucket.ID(), TargetBucket: args.LogBucket, TargetPrefix: pulumi.String(args.Name + "/"),
		}, opts...); err != nil {
			return failed("log", err)
		}
	}
	if _, err := s3.NewBucketNotification(ctx, name+"-events", &s3.BucketNotificationArgs{Bucket: bucket.ID(), Eventbridge: pulumi.Bool(true)}, opts...); err != nil {
		return failed("events", err) // AWS Backup follows a bucket by them
	}
	return madeBucket{bucket, versioning, []any{owner.ID(), private.ID(), versioning.ID(), encryption.ID(), policy.ID()}}, nil
}

func (args *BucketArgs) encryption() s3.BucketServerSideEncryptionConfigurationV2RuleArgs {
	if args.KmsKeyArn == nil {
		return s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{SseAlgorithm: pulumi.String("AES256")},
		}
	}
	return s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
		ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
			SseAlgorithm: pulumi.String("aws:kms"), KmsMasterKeyId: args.KmsKeyArn.ToStringOutput().ToStringPtrOutput(),
		},
		BucketKeyEnabled: pulumi.Bool(true), // one call of KMS for many objects
	}
}

// policy denies what is not over TLS, 1.2 or newer, and then says what the caller adds.
func (args *BucketArgs) policy() (string, error) {
	both := []string{args.Place.BucketArn(args.Name), args.Place.BucketArn(args.Name) + "/*"}
	everybody := []identity.Principal{{Type: "AWS", Values: []string{"*"}}}
	return identity.Document{Statements: append([]identity.Statement{
		{Sid: "TlsOnly", Effect: identity.Deny, Actions: []string{"s3:*"}, Resources: both, Principals: everybody,
			Conditions: []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}}},
		{Sid: "RecentTlsOnly", Effect: identity.Deny, Actions: []string{"s3:*"}, Resources: both, Principals: everybody,
			Conditions: []identity.Condition{{Operator: "NumericLessThan", Key: "s3:TlsVersion", Values: []string{"1.2"}}}},
	}, args.Statements...)}.JSON()
}

func (args *BucketArgs) lifecycle() s3.BucketLifecycleConfigurationV2RuleArray {
	everything := s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")}
	rules := s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
		Id: pulumi.String("leftovers"), Status: pulumi.String("Enabled"), Filter: everything,
		AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{DaysAfterInitiation: pulumi.Int(abortDays)},
		NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
			NoncurrentDays: pulumi.Int(cmp.Or(args.OldVersionDays, 30)),
		},
	}}
	if args.ExpireDays > 0 {
		rules = append(rules, s3.BucketLifecycleConfigurationV2RuleArgs{
			Id: pulumi.String("expire"), Status: pulumi.String("Enabled"), Filter: everything,
			Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(args.ExpireDays)},
		})
	}
	return rules
}

// replicate makes the copy and the role that S3 fills it as.
func (component *Bucket) replicate(ctx *pulumi.Context, name string, args *BucketArgs, from madeBucket) error {
	c := args.Copy
	to, err := component.protect(ctx, name+"-copy", &BucketArgs{
		Place: c.Place, Name: c.Name, KmsKeyArn: c.KmsKeyArn, OldVersionDays: args.OldVersionDays, ExpireDays: args.ExpireDays, ForceDestroy: args.ForceDestroy, Tags: c.Tags,
	}, pulumi.Provider(c.Provider))
	if err != nil {
		return err
	}
	role, err := identity.NewRole(ctx, name+"-replication", &identity.RoleArgs{
		Name: c.RoleName, Description: "Replicates bucket " + args.Name, PermissionsBoundary: args.PermissionsBoundary, Tags: args.Tags,
		Trust:    identity.ServiceTrust("s3.amazonaws.com", args.Place.AccountId, args.Place.BucketArn(args.Name)),
		Policies: map[string]identity.Document{"replicate": {Statements: args.replication()}},
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the replication role of bucket %q: %w", name, err)
	}
	if _, err := s3.NewBucketReplicationConfig(ctx, name+"-replication", &s3.BucketReplicationConfigArgs{
		Bucket: from.bucket.ID(), Role: role.Arn,
		Rules: s3.BucketReplicationConfigRuleArray{s3.BucketReplicationConfigRuleArgs{
			Id: pulumi.String("everything"), Status: pulumi.String("Enabled"), Priority: pulumi.Int(0),
			Filter:                  s3.BucketReplicationConfigRuleFilterArgs{Prefix: pulumi.String("")},
			DeleteMarkerReplication: s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs{Status: pulumi.String("Enabled")},
			SourceSelectionCriteria: s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs{
				SseKmsEncryptedObjects: s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs{Status: pulumi.String("Enabled")},
			},
			Destination: s3.BucketReplicationConfigRuleDestinationArgs{
				Bucket: to.bucket.Arn, StorageClass: pulumi.String("STANDARD_IA"),
				EncryptionConfiguration: s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs{ReplicaKmsKeyId: c.KmsKeyArn},
			},
		}},
	}, pulumi.Parent(component), pulumi.DependsOn([]pulumi.Resource{from.versioning, to.versioning})); err != nil {
		return fmt.Errorf("replicating bucket %q: %w", name, err)
	}
	return nil
}

// replication is what S3 needs to replicate (S3 user guide, "Setting up permissions for live replication").
func (args *BucketArgs) replication() []identity.Statement {
	c := args.Copy
	source, target := args.Place.BucketArn(args.Name), c.Place.BucketArn(c.Name)
	key := func(place identity.Place, alias, action, sid string) identity.Statement {
		return identity.Statement{Sid: sid, Actions: []string{action}, Resources: []string{place.Arn("kms", "key/*")}, Conditions: []identity.Condition{
			{Operator: "ForAnyValue:StringEquals", Key: "kms:ResourceAliases", Values: []string{alias}},
			{Operator: "StringLike", Key: "kms:ViaService", Values: []string{"s3." + place.Region + ".amazonaws.com"}},
		}}
	}
	return []identity.Statement{
		{Sid: "FindObjects", Actions: []string{"s3:GetReplicationConfiguration", "s3:ListBucket"}, Resources: []string{source}},
		{Sid: "ReadObjects", Actions: []string{"s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"}, Resources: []string{source + "/*"}},
		{Sid: "WriteCopies", Actions: []string{"s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"}, Resources: []string{target + "/*"}},
		key(args.Place, args.KeyAlias, "kms:Decrypt", "ReadKey"),
		key(c.Place, c.KeyAlias, "kms:Encrypt", "WriteKey"),
	}
}

// LogDelivery lets the services of AWS write logs to a bucket: load balancers, and S3 itself for other buckets, both for
// this account alone.
func LogDelivery(place identity.Place, bucket string) []identity.Statement {
	forThisAccount := identity.Condition{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{place.AccountId}}
	objects := place.BucketArn(bucket) + "/*"
	return []identity.Statement{
		{Sid: "LoadBalancerLogs", Actions: []string{"s3:PutObject"}, Resources: []string{objects},
			Principals: []identity.Principal{{Type: "Service", Values: []string{"logdelivery.elasticloadbalancing.amazonaws.com"}}},
			Conditions: []identity.Condition{forThisAccount}},
		{Sid: "BucketLogs", Actions: []string{"s3:PutObject"}, Resources: []string{objects},
			Principals: []identity.Principal{{Type: "Service", Values: []string{"logging.s3.amazonaws.com"}}},
			Conditions: []identity.Condition{forThisAccount}},
	}
}
