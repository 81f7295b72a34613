package data

import (
	"cmp"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/problem"
)

// BucketArgs describe an S3 bucket. In any case it is versioned, encrypted, without access control lists, never public
// and reached over TLS 1.2 or newer only, and EventBridge gets the events of its objects. What has a default may be
// left out.
type BucketArgs struct {
	Location identity.Location
	// Name in AWS, 3 to 63 lower-case letters, digits and hyphens, unique across all AWS accounts. Changing it
	// replaces the bucket.
	Name string
	// KmsKeyArn encrypts new objects. Nil means a key of S3's own.
	KmsKeyArn pulumi.StringInput
	// KeyAlias is the alias (alias/...) of that key, by which role policies find it.
	KeyAlias string

	// Transitions move objects to cheaper storage as they get older.
	Transitions []Transition
	// ExpireDays deletes objects after that time; 0 keeps them. Deleted ones can be restored for OldVersionDays.
	ExpireDays int
	// OldVersionDays is how long overwritten and deleted objects can be restored. Default: 30.
	OldVersionDays int
	// ObjectLock refuses to delete or overwrite versions of objects for a time. It can be put on at any time, and the
	// lock of what was written under it cannot be taken off.
	ObjectLock *ObjectLock

	// LogBucket is the name of the bucket that keeps a record of every request, below this bucket's name; see
	// [NewLogBucket]. Nil means that none does.
	LogBucket pulumi.StringInput
	// RequestMetrics has S3 count requests and their errors, under the id [RequestMetricsId], for the price of
	// CloudWatch's custom metrics.
	RequestMetrics bool
	// Statements are further ones of the bucket's policy, such as which service may write.
	Statements []identity.Statement

	// ForceDestroy lets the bucket be deleted while it holds objects, with all of them.
	ForceDestroy bool
	// DeletionProtection has Pulumi refuse to delete or replace the bucket, as S3 knows no such protection.
	DeletionProtection bool

	// Copy replicates new objects to a bucket in another region. Nil means that there is no copy. Objects that were
	// there before are not replicated; S3 Batch Replication does that.
	Copy *BucketCopy

	// PermissionsBoundary is for the role that S3 replicates as; empty means none.
	PermissionsBoundary string
	Tags                map[string]string
}

// BucketCopy is a bucket in another region, protected like the one whose objects are replicated to it.
type BucketCopy struct {
	Location identity.Location
	Provider pulumi.ProviderResource // of that region
	// Name in AWS. Changing it replaces the bucket.
	Name string
	// KmsKeyArn encrypts the copies with a key of that region, and KeyAlias is its alias. They are needed when the
	// bucket has a key, and left out otherwise.
	KmsKeyArn pulumi.StringInput
	KeyAlias  string
	// LogBucket is as that of the bucket, and in the copy's region.
	LogBucket pulumi.StringInput
	// RoleName is that of the role S3 replicates as. Default: Name of the bucket, then -replication.
	RoleName string
	// Tags are by default those of the bucket.
	Tags map[string]string
}

// ObjectLock is the lock of new objects.
type ObjectLock struct {
	// Mode is GOVERNANCE, which principals with s3:BypassGovernanceRetention may lift, or COMPLIANCE, which cannot be
	// lifted.
	Mode string
	// Days is how long a version stays locked, 1 to 36500.
	Days int
}

// Bucket is an S3 bucket, with its copy. Its type token is awslab:data:Bucket.
type Bucket struct {
	pulumi.ResourceState

	Arn pulumi.StringOutput `pulumi:"arn"`
	// BucketName is Name. It becomes known once the bucket is protected, so that nothing is written to it before.
	BucketName         pulumi.StringOutput `pulumi:"bucketName"`
	DomainName         pulumi.StringOutput `pulumi:"domainName"`
	RegionalDomainName pulumi.StringOutput `pulumi:"regionalDomainName"`
	// CopyName is the copy's name, and empty without one.
	CopyName pulumi.StringOutput `pulumi:"copyName"`

	// Name is the one given, known in preview.
	Name string
}

// RequestMetricsId is that of the metrics configuration of a bucket whose requests are counted.
const RequestMetricsId = "EntireBucket"

// bucketPattern leaves dots out, although S3 allows them: their certificates would not match (S3 user guide, "Bucket
// naming rules").
var bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

const bucketRule = "%q; use 3 to 63 lower-case letters, digits and hyphens"

// NewBucket creates a bucket and all that protects it.
func NewBucket(ctx *pulumi.Context, name string, args *BucketArgs, opts ...pulumi.ResourceOption) (*Bucket, error) {
	if args == nil {
		args = &BucketArgs{}
	}
	args = args.withDefaults()
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	component := &Bucket{Name: args.Name}
	if err := ctx.RegisterComponentResource("awslab:data:Bucket", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering bucket %q: %w", name, err)
	}
	bucket, err := newProtectedBucket(ctx, name, args.store(), pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("bucket %q: %w", args.Name, err)
	}
	if args.RequestMetrics {
		if _, err := s3.NewBucketMetric(ctx, name+"-requests", &s3.BucketMetricArgs{
			Bucket: bucket.made.ID(),
			Name:   pulumi.String(RequestMetricsId),
		}, pulumi.Parent(component), pulumi.DependsOn([]pulumi.Resource{bucket.versioning})); err != nil {
			return nil, fmt.Errorf("counting the requests to bucket %q: %w", args.Name, err)
		}
	}
	component.Arn, component.BucketName = bucket.made.Arn, bucket.name()
	component.DomainName = bucket.made.BucketDomainName
	component.RegionalDomainName = bucket.made.BucketRegionalDomainName
	component.CopyName = pulumi.String("").ToStringOutput()
	if args.Copy != nil {
		if err := component.newCopy(ctx, name, args, bucket); err != nil {
			return nil, fmt.Errorf("copying bucket %q: %w", args.Name, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"arn": component.Arn, "bucketName": component.BucketName, "domainName": component.DomainName,
		"regionalDomainName": component.RegionalDomainName, "copyName": component.CopyName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of bucket %q: %w", name, err)
	}
	return component, nil
}

func (args *BucketArgs) withDefaults() *BucketArgs {
	full := *args
	full.OldVersionDays = cmp.Or(full.OldVersionDays, 30)
	if full.Copy != nil {
		replica := *full.Copy
		replica.RoleName = cmp.Or(replica.RoleName, full.Name+"-replication")
		if replica.Tags == nil {
			replica.Tags = full.Tags
		}
		full.Copy = &replica
	}
	return &full
}

// Problems returns what is wrong with the arguments, those that come from other resources included.
func (args *BucketArgs) Problems() []problem.Problem {
	return problem.All(args.withDefaults().validate())
}

// validate expects the defaults to be set.
func (args *BucketArgs) validate() error {
	p := &problems{}
	p.add(args.Location.Validate())
	p.addIf(!bucketPattern.MatchString(args.Name), "Name", bucketRule, args.Name)
	p.checkKey("", args.KmsKeyArn, args.KeyAlias)
	args.validateAges(p)
	if len(args.Statements) > 0 {
		if err := (identity.Document{Statements: args.Statements}).Validate(identity.ResourcePolicy); err != nil {
			p.add(problem.New("Statements", "%v", err))
		}
	}
	if lock := args.ObjectLock; lock != nil {
		p.addIf(
			lock.Mode != "GOVERNANCE" && lock.Mode != "COMPLIANCE",
			"ObjectLock.Mode",
			"%q; use GOVERNANCE or COMPLIANCE",
			lock.Mode,
		)
		p.addIf(lock.Days < 1 || lock.Days > maxDays, "ObjectLock.Days", "%d; use 1 to %d", lock.Days, maxDays)
		p.addIf(args.ForceDestroy, "ForceDestroy", "it is true, and ObjectLock keeps the objects; use one of them")
	}
	p.addIf(
		args.ForceDestroy && args.DeletionProtection,
		"ForceDestroy",
		"it is true, and so is DeletionProtection; use one of them",
	)
	args.validateCopy(p)
	return p.join()
}

func (args *BucketArgs) validateCopy(p *problems) {
	replica := args.Copy
	if replica == nil {
		return
	}
	if err := replica.Location.Validate(); err != nil {
		p.add(problem.In("Copy", err))
	}
	p.addIf(
		replica.Location.Region == args.Location.Region,
		"Copy.Location.Region",
		"%q is the bucket's own; a copy there is lost with it: use another",
		replica.Location.Region,
	)
	p.addIf(replica.Provider == nil, "Copy.Provider", "it is missing; give the provider of %s", replica.Location.Region)
	p.addIf(!bucketPattern.MatchString(replica.Name), "Copy.Name", bucketRule, replica.Name)
	p.addIf(
		replica.Name == args.Name,
		"Copy.Name",
		"%q is the bucket's own; names of buckets are for all regions: use another",
		replica.Name,
	)
	p.checkKey("Copy.", replica.KmsKeyArn, replica.KeyAlias)
	p.addIf(
		(replica.KmsKeyArn == nil) != (args.KmsKeyArn == nil),
		"Copy.KmsKeyArn",
		"give a key to the bucket and to its copy, or to none of them",
	)
	p.addIf(
		len(replica.RoleName) > maxRoleName,
		"Copy.RoleName",
		"%q has %d characters; IAM allows %d",
		replica.RoleName,
		len(replica.RoleName),
		maxRoleName,
	)
}

// maxRoleName is IAM's limit ("IAM and AWS STS quotas").
const maxRoleName = 64
