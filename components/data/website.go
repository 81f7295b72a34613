package data

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// WebsiteArgs describe static content that is served worldwide. What has a default may be left out.
type WebsiteArgs struct {
	Location identity.Location
	// Name of the distribution's parts, 1 to 64 letters, digits, hyphens and underscores.
	Name string
	// BucketName is that of the bucket that holds the files. Changing it replaces the bucket.
	BucketName string
	// Folder holds the files, with an index.html that answers for /. What begins with a dot stays at home, except
	// .well-known. A link to elsewhere is refused.
	Folder string

	// Domains are names that lead to the website. Browsers that came once use HTTPS alone for them, and for all names
	// below them. Without Domains the website has a name of CloudFront's, with any TLS that CloudFront offers.
	Domains []string
	// CertificateArn is an ACM certificate of us-east-1 for all Domains. With it TLS is 1.2 or newer.
	CertificateArn string

	// ErrorPage is the file that answers, with status 404, for what is not there. Empty means S3's own answer, 404 too.
	ErrorPage string
	// SinglePage answers with index.html and status 200 for what is not there, as single-page applications want.
	SinglePage bool
	// ContentSecurityPolicy is the header that says what pages may load. Default: default-src 'self'.
	ContentSecurityPolicy string

	// PriceClass is how much of the world is near an edge: PriceClass_100 (the default; Europe and North America),
	// PriceClass_200 or PriceClass_All.
	PriceClass string
	// Countries are two-letter codes (ISO 3166-1) of where the website is served. Empty means everywhere.
	Countries []string
	// WebAclArn is a web ACL of scope CLOUDFRONT. Nil means none.
	WebAclArn pulumi.StringInput

	// KmsKeyArn encrypts the files; the key's policy must let cloudfront.amazonaws.com decrypt for the distributions of
	// the account. Nil means a key of S3's own.
	KmsKeyArn pulumi.StringInput
	// KeyAlias is the alias (alias/...) of that key.
	KeyAlias string
	// AccessLogDomain is the DomainName of a log bucket with CloudFront set, which keeps a record of every request. Nil
	// means that none does.
	AccessLogDomain pulumi.StringInput
	// LogBucket is the name of a log bucket that keeps a record of the requests to the files' bucket. Nil means none.
	LogBucket pulumi.StringInput

	// ForceDestroy lets the bucket be deleted while it holds old versions and files that others put there.
	ForceDestroy bool
	Tags         map[string]string
}

// Website is a CloudFront distribution over a private bucket. Its type token is awslab:data:Website.
//
// Nothing is invalidated when files change: pages (HTML) are asked for again each time, and everything else may be a
// day old, in caches of CloudFront and of browsers. Give it a name that changes with it, as bundlers do.
type Website struct {
	pulumi.ResourceState

	// Url is that of the first domain, or CloudFront's own.
	Url pulumi.StringOutput `pulumi:"url"`
	// DomainName is CloudFront's, to which DNS records of Domains point.
	DomainName      pulumi.StringOutput `pulumi:"domainName"`
	DistributionId  pulumi.StringOutput `pulumi:"distributionId"`
	DistributionArn pulumi.StringOutput `pulumi:"distributionArn"`
	BucketName      pulumi.StringOutput `pulumi:"bucketName"`

	args *WebsiteArgs // with defaults
}

const indexPage = "index.html"

var (
	priceClasses       = []string{"PriceClass_100", "PriceClass_200", "PriceClass_All"}
	websiteNamePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// NewWebsite creates the bucket, uploads the files and serves them.
func NewWebsite(ctx *pulumi.Context, name string, args *WebsiteArgs, opts ...pulumi.ResourceOption) (*Website, error) {
	if args == nil {
		args = &WebsiteArgs{}
	}
	args = args.withDefaults()
	files, err := args.validate()
	if err != nil {
		return nil, fmt.Errorf("website %q: %w", name, err)
	}
	component := &Website{args: args}
	if err := ctx.RegisterComponentResource("awslab:data:Website", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering website %q: %w", name, err)
	}
	bucket, err := NewBucket(ctx, name+"-files", &BucketArgs{
		Location:     args.Location,
		Name:         args.BucketName,
		KmsKeyArn:    args.KmsKeyArn,
		KeyAlias:     args.KeyAlias,
		LogBucket:    args.LogBucket,
		Statements:   args.readers(),
		ForceDestroy: args.ForceDestroy,
		Tags:         args.Tags,
	}, pulumi.Parent(component))
	if err != nil {
		return nil, err
	}
	component.BucketName = bucket.BucketName
	uploaded, err := component.upload(ctx, name, files)
	if err != nil {
		return nil, err
	}
	if err := component.distribute(ctx, name, bucket, uploaded); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"url": component.Url, "domainName": component.DomainName, "distributionId": component.DistributionId,
		"distributionArn": component.DistributionArn, "bucketName": component.BucketName,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of website %q: %w", name, err)
	}
	return component, nil
}

func (args *WebsiteArgs) withDefaults() *WebsiteArgs {
	full := *args
	full.PriceClass = cmp.Or(full.PriceClass, priceClasses[0])
	full.ContentSecurityPolicy = cmp.Or(full.ContentSecurityPolicy, "default-src 'self'")
	return &full
}

// Problems returns what is wrong with the arguments, those that come from other resources included. It reads the
// folder.
func (args *WebsiteArgs) Problems() []problem.Problem {
	_, err := args.withDefaults().validate()
	return problem.All(err)
}

// validate expects the defaults to be set. It also reads the folder.
func (args *WebsiteArgs) validate() ([]websiteFile, error) {
	p := &problems{}
	p.add(args.Location.Validate())
	p.addIf(
		!websiteNamePattern.MatchString(args.Name),
		"Name",
		"%q; use 1 to 64 letters, digits, hyphens and underscores",
		args.Name,
	)
	p.addIf(!bucketPattern.MatchString(args.BucketName), "BucketName", bucketRule, args.BucketName)
	p.checkKey("", args.KmsKeyArn, args.KeyAlias)
	p.addIf(
		!slices.Contains(priceClasses, args.PriceClass),
		"PriceClass",
		"%q; use one of %v",
		args.PriceClass,
		priceClasses,
	)
	for i, country := range args.Countries {
		p.addIf(
			!grammar.Country.Match(country),
			fmt.Sprintf("Countries[%d]", i),
			"%q; use a code of two capital letters, such as DE",
			country,
		)
	}
	args.validateDomains(p)
	files, err := websiteFiles(args.Folder)
	if err != nil {
		p.add(problem.New("Folder", "%v", err))
		return nil, p.join()
	}
	has := func(path string) bool {
		return slices.ContainsFunc(files, func(f websiteFile) bool { return f.path == path })
	}
	p.addIf(!has(indexPage), "Folder", "there is no %s in %q; it answers for /", indexPage, args.Folder)
	p.addIf(
		args.ErrorPage != "" && !has(args.ErrorPage),
		"ErrorPage",
		"%q is not a file in %q",
		args.ErrorPage,
		args.Folder,
	)
	p.addIf(
		args.ErrorPage != "" && args.SinglePage,
		"ErrorPage",
		"%q, and SinglePage is true; use one of them",
		args.ErrorPage,
	)
	return files, p.join()
}

func (args *WebsiteArgs) validateDomains(p *problems) {
	p.addIf(
		len(args.Domains) > 0 && args.CertificateArn == "",
		"CertificateArn",
		"it is missing; Domains need a certificate",
	)
	p.addIf(
		len(args.Domains) == 0 && args.CertificateArn != "",
		"Domains",
		"there is none; say which of the certificate's lead to the website",
	)
	p.addIf(args.CertificateArn != "" && !grammar.EdgeCertificateArn.Match(args.CertificateArn), "CertificateArn",
		"%q; use the ARN of an ACM certificate of us-east-1, where CloudFront looks for them", args.CertificateArn)
	seen := map[string]bool{}
	for i, domain := range args.Domains {
		at := fmt.Sprintf("Domains[%d]", i)
		p.addIf(
			!grammar.DomainPattern.Match(domain),
			at,
			"%q; use a lower-case domain name such as www.example.com",
			domain,
		)
		p.addIf(seen[domain], at, "%q is listed twice", domain)
		seen[domain] = true
	}
}

// readers lets CloudFront read for distributions of this account. The distribution's own id is not known before it
// exists, and the policy has to be known in preview; so whoever may make distributions in the account may publish the
// files, which are public anyway. S3 says of an object that it is not there only to who may list the bucket. Nobody can
// through the distribution: it asks for objects, and for / for the index page.
func (args *WebsiteArgs) readers() []identity.Statement {
	distributions := fmt.Sprintf(
		"arn:%s:cloudfront::%s:distribution/*",
		args.Location.Partition,
		args.Location.AccountId,
	)
	bucket := args.Location.BucketArn(args.BucketName)
	statement := func(sid, action, resource string) identity.Statement {
		return identity.Statement{
			Sid:        sid,
			Actions:    []string{action},
			Resources:  []string{resource},
			Principals: []identity.Principal{{Type: "Service", Values: []string{"cloudfront.amazonaws.com"}}},
			Conditions: []identity.Condition{
				{Operator: "ArnLike", Key: "aws:SourceArn", Values: []string{distributions}},
			},
		}
	}
	return []identity.Statement{
		statement("CloudFrontReads", "s3:GetObject", bucket+"/*"),
		statement("CloudFrontMisses", "s3:ListBucket", bucket),
	}
}
