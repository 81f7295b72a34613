package data

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// LogBucketArgs describe a bucket for logs that AWS services write: of load balancers' requests, of those to other
// buckets of the region, and when CloudFront is set, of the edge's. It is encrypted by S3's own key, as load balancers
// write with no other.
type LogBucketArgs struct {
	Location identity.Location
	// Name in AWS, 3 to 63 lower-case letters, digits and hyphens, unique across all AWS accounts. Changing it
	// replaces the bucket.
	Name string
	// LoadBalancers are the prefixes, such as their names, under which load balancers put their logs.
	LoadBalancers []string
	// ExpireDays is how long logs are kept. Default: 365 (FSBP CloudWatch.16 asks as much of logs).
	ExpireDays int
	// CloudFront lets distributions write their logs, which they only do where access control lists work. Such a bucket
	// should be for that alone, and in a region that is on by default.
	CloudFront bool
	// ForceDestroy lets the bucket be deleted while it holds logs, with all of them.
	ForceDestroy bool
	// DeletionProtection has Pulumi refuse to delete or replace the bucket, as S3 knows no such protection.
	DeletionProtection bool
	Tags               map[string]string
}

// NewLogBucket creates a bucket for logs. Its type token is awslab:data:Bucket, like that of other buckets.
func NewLogBucket(
	ctx *pulumi.Context,
	name string,
	args *LogBucketArgs,
	opts ...pulumi.ResourceOption,
) (*Bucket, error) {
	if args == nil {
		args = &LogBucketArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("log bucket %q: %w", name, err)
	}
	component := &Bucket{Name: args.Name}
	if err := ctx.RegisterComponentResource("awslab:data:Bucket", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering log bucket %q: %w", name, err)
	}
	component.CopyName = pulumi.String("").ToStringOutput() // registering makes new outputs
	bucket, err := newProtectedBucket(ctx, name, args.store(), pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("log bucket %q: %w", args.Name, err)
	}
	component.Arn, component.BucketName = bucket.made.Arn, bucket.name()
	component.DomainName = onceMade(bucket.made.BucketDomainName, bucket.protection...)
	component.RegionalDomainName = bucket.made.BucketRegionalDomainName
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"arn": component.Arn, "bucketName": component.BucketName, "domainName": component.DomainName,
		"regionalDomainName": component.RegionalDomainName, "copyName": component.CopyName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of log bucket %q: %w", name, err)
	}
	return component, nil
}

func (args *LogBucketArgs) validate() error {
	p := &problems{}
	p.add(args.Location.Validate())
	p.addIf(!bucketPattern.MatchString(args.Name), "Name", bucketRule, args.Name)
	p.addIf(args.ExpireDays < 0 || args.ExpireDays > maxDays, "ExpireDays", "%d; use 1 to %d", args.ExpireDays, maxDays)
	p.addIf(
		args.ForceDestroy && args.DeletionProtection,
		"ForceDestroy",
		"it is true, and so is DeletionProtection; use one of them",
	)
	return p.join()
}

func (args *LogBucketArgs) store() *bucketStore {
	store := &bucketStore{
		location:       args.Location,
		name:           args.Name,
		statements:     args.deliveries(),
		expireDays:     cmp.Or(args.ExpireDays, 365),
		oldVersionDays: 1,
		ownership:      ownerEnforced,
		forceDestroy:   args.ForceDestroy,
		protect:        args.DeletionProtection,
		tags:           args.Tags,
	}
	if args.CloudFront {
		// CloudFront adds itself to the access control list when a distribution names the bucket, and writes to no
		// other ("Access logs (standard logs)", CloudFront developer guide).
		store.ownership, store.statements = "BucketOwnerPreferred", nil
	}
	return store
}

// deliveries let the load balancers, and S3 for other buckets of the account, put logs and nothing else. The load
// balancers put AWSLogs/<account> behind their prefixes ("Access logs", Elastic Load Balancing user guide); S3's prefix
// is the logged bucket's name.
func (args *LogBucketArgs) deliveries() []identity.Statement {
	arn := args.Location.BucketArn(args.Name)
	put := func(sid, service string, resources []string, condition identity.Condition) identity.Statement {
		return identity.Statement{
			Sid:        sid,
			Actions:    []string{"s3:PutObject"},
			Resources:  resources,
			Principals: []identity.Principal{{Type: "Service", Values: []string{service}}},
			Conditions: []identity.Condition{condition},
		}
	}
	statements := []identity.Statement{
		put(
			"BucketLogs",
			"logging.s3.amazonaws.com",
			[]string{arn + "/*"},
			identity.Condition{
				Operator: "StringEquals",
				Key:      "aws:SourceAccount",
				Values:   []string{args.Location.AccountId},
			},
		),
	}
	if len(args.LoadBalancers) == 0 {
		return statements
	}
	var logs []string
	for _, prefix := range args.LoadBalancers {
		logs = append(logs, arn+"/"+prefix+"/AWSLogs/"+args.Location.AccountId+"/*")
	}
	return append(statements, put(
		"LoadBalancerLogs",
		"logdelivery.elasticloadbalancing.amazonaws.com",
		logs,
		identity.Condition{
			Operator: "ArnLike",
			Key:      "aws:SourceArn",
			Values:   []string{args.Location.Arn("elasticloadbalancing", "loadbalancer/*")},
		},
	))
}
