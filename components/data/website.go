package data

import (
	"cmp"
	"crypto/md5" //nolint:gosec // an ETag of S3, not a signature
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"os"
	"path/filepath"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// WebsiteArgs describe static content that is served world-wide.
type WebsiteArgs struct {
	Place identity.Place
	// Name of the distribution's parts, and BucketName of the bucket that holds the files.
	Name, BucketName string
	// Folder holds the files. One named index.html answers for /.
	Folder string
	// Domains are names that lead to the website; CertificateArn is an ACM certificate for them, in us-east-1. Without
	// them it has a name of CloudFront's.
	Domains        []string
	CertificateArn string
	// PriceClass is PriceClass_100 (the default), PriceClass_200 or PriceClass_All.
	PriceClass string
	// WebAclArn is a web ACL for CloudFront. Nil means none.
	WebAclArn pulumi.StringInput
	// LogBucket is the name of the bucket that keeps a record of every request to the bucket. Nil means none.
	LogBucket pulumi.StringInput
	// ForceDestroy lets the bucket be deleted while it holds files that nobody declared.
	ForceDestroy bool
	Tags         map[string]string
}

// Website is a CloudFront distribution over a private bucket. Its type token is awslab:data:Website.
type Website struct {
	pulumi.ResourceState

	Url             pulumi.StringOutput `pulumi:"url"`
	DistributionId  pulumi.StringOutput `pulumi:"distributionId"`
	DistributionArn pulumi.StringOutput `pulumi:"distributionArn"`
	BucketName      pulumi.StringOutput `pulumi:"bucketName"`
}

var priceClasses = []string{"PriceClass_100", "PriceClass_200", "PriceClass_All"}

// Policies that AWS manages ("Use managed cache policies", Amazon CloudFront developer guide). The cache lets files get old
// for a day: what must not, has a name that changes with it.
const cachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"

func (args WebsiteArgs) withDefaults() WebsiteArgs {
	args.PriceClass = cmp.Or(args.PriceClass, priceClasses[0])
	return args
}

func (args WebsiteArgs) validate() ([]string, error) {
	problems := []error{args.Place.Validate()}
	add := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	add(args.Name == "", "Name: missing")
	add(!bucketName.MatchString(args.BucketName), "BucketName: %q; use 3 to 63 lower-case letters, digits, hyphens and dots", args.BucketName)
	add(!slices.Contains(priceClasses, args.PriceClass), "PriceClass: %q; use one of %v", args.PriceClass, priceClasses)
	add((len(args.Domains) == 0) != (args.CertificateArn == ""), "Domains and CertificateArn go together; give both or neither")
	files, err := filesIn(args.Folder)
	if err == nil {
		add(!slices.Contains(files, "index.html"), "Folder: there is no index.html in %s", args.Folder)
	}
	return files, errors.Join(append(problems, err)...)
}

// filesIn lists the files of a folder, by their paths from it. Those that begin with a dot are not for the world.
func filesIn(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := entry.Name()[0] == '.' && path != folder
		switch {
		case entry.IsDir() && hidden:
			return filepath.SkipDir
		case entry.IsDir() || hidden:
			return nil
		}
		relative, err := filepath.Rel(folder, path)
		files = append(files, filepath.ToSlash(relative))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("Folder: %w", err)
	}
	slices.Sort(files)
	return files, nil
}

// NewWebsite makes the bucket, uploads the files, and serves them.
func NewWebsite(ctx *pulumi.Context, name string, given *WebsiteArgs, opts ...pulumi.ResourceOption) (*Website, error) {
	if given == nil {
		given = &WebsiteArgs{}
	}
	args := given.withDefaults()
	files, err := args.validate()
	if err != nil {
		return nil, fmt.Errorf("website %q: %w", name, err)
	}
	component := &Website{}
	if err := ctx.RegisterComponentResource("awslab:data:Website", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering website %q: %w", name, err)
	}
	bucket, err := NewBucket(ctx, name, &BucketArgs{
		Place: args.Place, Name: args.BucketName, LogBucket: args.LogBucket, ForceDestroy: args.ForceDestroy, Tags: args.Tags,
		Statements: []identity.Statement{args.readers()},
	}, pulumi.Parent(component))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := component.upload(ctx, name, args.Folder, file, bucket); err != nil {
			return nil, err
		}
	}
	distribution, err := component.distribute(ctx, name, args, bucket)
	if err != nil {
		return nil, err
	}
	component.DistributionId, component.DistributionArn = distribution.ID().ToStringOutput(), distribution.Arn
	component.BucketName = bucket.BucketName
	component.Url = pulumi.Sprintf("https://%s", distribution.DomainName)
	if len(args.Domains) > 0 {
		component.Url = pulumi.String("https://" + args.Domains[0]).ToStringOutput()
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"url": component.Url, "distributionId": component.DistributionId, "distributionArn": component.DistributionArn, "bucketName": component.BucketName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of website %q: %w", name, err)
	}
	return component, nil
}

// readers lets CloudFront read, for distributions of this account. The one distribution's id is not known before it
// exists, and it needs the bucket first; so the policy would not be known in preview.
func (args WebsiteArgs) readers() identity.Statement {
	return identity.Statement{
		Sid: "CloudFrontReads", Actions: []string{"s3:GetObject"}, Resources: []string{args.Place.BucketArn(args.BucketName) + "/*"},
		Principals: []identity.Principal{{Type: "Service", Values: []string{"cloudfront.amazonaws.com"}}},
		Conditions: []identity.Condition{
			{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{args.Place.AccountId}},
			{Operator: "ArnLike", Key: "aws:SourceArn", Values: []string{"arn:" + args.Place.Partition + ":cloudfront::" + args.Place.AccountId + ":distribution/*"}},
		},
	}
}

func (component *Website) upload(ctx *pulumi.Context, name, folder, file string, bucket *Bucket) error {
	path := filepath.Join(folder, filepath.FromSlash(file))
	content, err := os.ReadFile(path) //nolint:gosec // below the folder
	if err != nil {
		return fmt.Errorf("reading a file of website %q: %w", name, err)
	}
	digest := md5.Sum(content) //nolint:gosec // an ETag of S3, not a signature
	if _, err := s3.NewBucketObjectv2(ctx, name+"/"+file, &s3.BucketObjectv2Args{
		Bucket: bucket.BucketName, Key: pulumi.String(file), Source: pulumi.NewFileAsset(path),
		ContentType: pulumi.String(contentType(file)), SourceHash: pulumi.String(hex.EncodeToString(digest[:])),
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("uploading %s of website %q: %w", file, name, err)
	}
	return nil
}

func contentType(file string) string {
	return cmp.Or(mime.TypeByExtension(filepath.Ext(file)), "application/octet-stream")
}

func (component *Website) distribute(ctx *pulumi.Context, name string, args WebsiteArgs, bucket *Bucket) (*cloudfront.Distribution, error) {
	access, err := cloudfront.NewOriginAccessControl(ctx, name+"-access", &cloudfront.OriginAccessControlArgs{
		Name: pulumi.String(args.Name), Description: pulumi.String("Signs requests to the bucket of " + args.Name),
		OriginAccessControlOriginType: pulumi.String("s3"), SigningBehavior: pulumi.String("always"), SigningProtocol: pulumi.String("sigv4"),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the access control of website %q: %w", name, err)
	}
	headers, err := cloudfront.NewResponseHeadersPolicy(ctx, name+"-headers", args.headers(), pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the headers of website %q: %w", name, err)
	}
	const origin = "bucket"
	all := &cloudfront.DistributionArgs{
		Comment: pulumi.String(args.Name), Enabled: pulumi.Bool(true), IsIpv6Enabled: pulumi.Bool(true), HttpVersion: pulumi.String("http2and3"),
		PriceClass: pulumi.String(args.PriceClass), DefaultRootObject: pulumi.String("index.html"), Aliases: pulumi.ToStringArray(args.Domains),
		Origins: cloudfront.DistributionOriginArray{cloudfront.DistributionOriginArgs{
			OriginId: pulumi.String(origin), DomainName: bucket.RegionalDomainName, OriginAccessControlId: access.ID(),
		}},
		DefaultCacheBehavior: cloudfront.DistributionDefaultCacheBehaviorArgs{
			TargetOriginId: pulumi.String(origin), ViewerProtocolPolicy: pulumi.String("redirect-to-https"), Compress: pulumi.Bool(true),
			AllowedMethods: pulumi.ToStringArray([]string{"GET", "HEAD", "OPTIONS"}), CachedMethods: pulumi.ToStringArray([]string{"GET", "HEAD"}),
			CachePolicyId: pulumi.String(cachingOptimized), ResponseHeadersPolicyId: headers.ID(),
		},
		Restrictions: cloudfront.DistributionRestrictionsArgs{
			GeoRestriction: cloudfront.DistributionRestrictionsGeoRestrictionArgs{RestrictionType: pulumi.String("none")},
		},
		ViewerCertificate: args.certificate(),
		Tags:              pulumi.ToStringMap(args.Tags),
	}
	if args.WebAclArn != nil {
		all.WebAclId = args.WebAclArn.ToStringOutput().ToStringPtrOutput()
	}
	distribution, err := cloudfront.NewDistribution(ctx, name+"-distribution", all, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the distribution of website %q: %w", name, err)
	}
	return distribution, nil
}

func (args WebsiteArgs) certificate() cloudfront.DistributionViewerCertificateArgs {
	if args.CertificateArn == "" {
		return cloudfront.DistributionViewerCertificateArgs{CloudfrontDefaultCertificate: pulumi.Bool(true)}
	}
	return cloudfront.DistributionViewerCertificateArgs{
		AcmCertificateArn: pulumi.String(args.CertificateArn), SslSupportMethod: pulumi.String("sni-only"), MinimumProtocolVersion: pulumi.String("TLSv1.2_2021"),
	}
}

// headers are those that OWASP's Secure Headers project recommends.
func (args WebsiteArgs) headers() *cloudfront.ResponseHeadersPolicyArgs {
	return &cloudfront.ResponseHeadersPolicyArgs{
		Name: pulumi.String(args.Name), Comment: pulumi.String("Security headers"),
		SecurityHeadersConfig: cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs{
			ContentTypeOptions: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs{Override: pulumi.Bool(true)},
			FrameOptions:       cloudfront.ResponseHeadersPolicySecurityHeadersConfigFrameOptionsArgs{FrameOption: pulumi.String("DENY"), Override: pulumi.Bool(true)},
			ReferrerPolicy:     cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs{ReferrerPolicy: pulumi.String("same-origin"), Override: pulumi.Bool(true)},
			StrictTransportSecurity: cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs{
				AccessControlMaxAgeSec: pulumi.Int(365 * 24 * 60 * 60), IncludeSubdomains: pulumi.Bool(true), Override: pulumi.Bool(true),
			},
			ContentSecurityPolicy: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs{
				ContentSecurityPolicy: pulumi.String("default-src 'self'"), Override: pulumi.Bool(false),
			},
		},
	}
}
