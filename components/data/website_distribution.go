package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	// cachingOptimized is a policy that AWS manages: it caches by path alone, compressed, for as long as the object's
	// Cache-Control says ("Use managed cache policies", CloudFront developer guide).
	cachingOptimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
	// errorAge is for how long, in seconds, CloudFront remembers that something is not there.
	errorAge = 10
	// strictTransportAge is for how long, in seconds, browsers use nothing but HTTPS: two years, as hstspreload.org
	// asks.
	strictTransportAge = 2 * 365 * 24 * 60 * 60

	filesOrigin = "files"
)

// distribute serves the bucket once the files are there, an error page that it names among them.
func (w *Website) distribute(ctx *pulumi.Context, name string, bucket *Bucket, files []pulumi.Resource) error {
	access, err := cloudfront.NewOriginAccessControl(ctx, name+"-access", &cloudfront.OriginAccessControlArgs{
		Name:                          pulumi.String(w.args.Name),
		Description:                   pulumi.String("Signs the requests to bucket " + w.args.BucketName),
		OriginAccessControlOriginType: pulumi.String("s3"),
		SigningBehavior:               pulumi.String("always"),
		SigningProtocol:               pulumi.String("sigv4"),
	}, pulumi.Parent(w))
	if err != nil {
		return fmt.Errorf("creating the access control of website %q: %w", name, err)
	}
	headers, err := cloudfront.NewResponseHeadersPolicy(ctx, name+"-headers", w.args.headers(), pulumi.Parent(w))
	if err != nil {
		return fmt.Errorf("creating the headers of website %q: %w", name, err)
	}
	distribution, err := cloudfront.NewDistribution(
		ctx,
		name+"-distribution",
		w.args.distribution(cloudfront.DistributionOriginArgs{
			OriginId:              pulumi.String(filesOrigin),
			DomainName:            bucket.RegionalDomainName,
			OriginAccessControlId: access.ID(),
		}, headers),
		pulumi.Parent(w),
		pulumi.DependsOn(files),
	)
	if err != nil {
		return fmt.Errorf("creating the distribution of website %q: %w", name, err)
	}
	w.DistributionId, w.DistributionArn = distribution.ID().ToStringOutput(), distribution.Arn
	w.DomainName = distribution.DomainName
	w.Url = pulumi.Sprintf("https://%s", distribution.DomainName)
	if len(w.args.Domains) > 0 {
		w.Url = pulumi.Sprintf("https://%s", w.args.Domains[0])
	}
	return nil
}

func (args *WebsiteArgs) distribution(
	origin cloudfront.DistributionOriginArgs,
	headers *cloudfront.ResponseHeadersPolicy,
) *cloudfront.DistributionArgs {
	distribution := &cloudfront.DistributionArgs{
		Comment:           pulumi.String(args.Name),
		Enabled:           pulumi.Bool(true),
		IsIpv6Enabled:     pulumi.Bool(true),
		HttpVersion:       pulumi.String("http2and3"),
		PriceClass:        pulumi.String(args.PriceClass),
		DefaultRootObject: pulumi.String(indexPage),
		Aliases:           pulumi.ToStringArray(args.Domains),
		Origins:           cloudfront.DistributionOriginArray{origin},
		DefaultCacheBehavior: cloudfront.DistributionDefaultCacheBehaviorArgs{
			TargetOriginId:          pulumi.String(filesOrigin),
			ViewerProtocolPolicy:    pulumi.String("redirect-to-https"),
			Compress:                pulumi.Bool(true),
			AllowedMethods:          pulumi.ToStringArray([]string{"GET", "HEAD"}),
			CachedMethods:           pulumi.ToStringArray([]string{"GET", "HEAD"}),
			CachePolicyId:           pulumi.String(cachingOptimized),
			ResponseHeadersPolicyId: headers.ID(),
		},
		CustomErrorResponses: args.errorResponses(),
		Restrictions:         cloudfront.DistributionRestrictionsArgs{GeoRestriction: args.geoRestriction()},
		ViewerCertificate:    args.certificate(),
		WebAclId:             optionalInput(args.WebAclArn),
		Tags:                 pulumi.ToStringMap(args.Tags),
	}
	if args.AccessLogDomain != nil {
		distribution.LoggingConfig = cloudfront.DistributionLoggingConfigArgs{
			Bucket:         args.AccessLogDomain,
			Prefix:         pulumi.String(args.Name + "/"),
			IncludeCookies: pulumi.Bool(false),
		}
	}
	return distribution
}

// errorResponses are for what is not there, of which S3 says 404. They are not for 403: that is what CloudFront answers
// for the firewall and for countries that are left out, whose requests would get the page as well.
func (args *WebsiteArgs) errorResponses() cloudfront.DistributionCustomErrorResponseArray {
	page, status := args.ErrorPage, 404
	if args.SinglePage {
		page, status = indexPage, 200
	}
	if page == "" {
		return nil
	}
	return cloudfront.DistributionCustomErrorResponseArray{cloudfront.DistributionCustomErrorResponseArgs{
		ErrorCode:          pulumi.Int(404),
		ResponseCode:       pulumi.Int(status),
		ResponsePagePath:   pulumi.String("/" + page),
		ErrorCachingMinTtl: pulumi.Int(errorAge),
	}}
}

func (args *WebsiteArgs) geoRestriction() cloudfront.DistributionRestrictionsGeoRestrictionArgs {
	if len(args.Countries) == 0 {
		return cloudfront.DistributionRestrictionsGeoRestrictionArgs{RestrictionType: pulumi.String("none")}
	}
	return cloudfront.DistributionRestrictionsGeoRestrictionArgs{
		RestrictionType: pulumi.String("whitelist"),
		Locations:       pulumi.ToStringArray(args.Countries),
	}
}

func (args *WebsiteArgs) certificate() cloudfront.DistributionViewerCertificateArgs {
	if args.CertificateArn == "" {
		return cloudfront.DistributionViewerCertificateArgs{CloudfrontDefaultCertificate: pulumi.Bool(true)}
	}
	return cloudfront.DistributionViewerCertificateArgs{
		AcmCertificateArn:      pulumi.String(args.CertificateArn),
		SslSupportMethod:       pulumi.String("sni-only"),
		MinimumProtocolVersion: pulumi.String("TLSv1.2_2021"),
	}
}

// headers returns those that the OWASP Secure Headers project recommends.
func (args *WebsiteArgs) headers() *cloudfront.ResponseHeadersPolicyArgs {
	always := pulumi.Bool(true)
	return &cloudfront.ResponseHeadersPolicyArgs{
		Name:    pulumi.String(args.Name),
		Comment: pulumi.String("Security headers of " + args.Name),
		SecurityHeadersConfig: cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs{
			ContentSecurityPolicy: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs{
				ContentSecurityPolicy: pulumi.String(args.ContentSecurityPolicy),
				Override:              always,
			},
			ContentTypeOptions: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs{
				Override: always,
			},
			FrameOptions: cloudfront.ResponseHeadersPolicySecurityHeadersConfigFrameOptionsArgs{
				FrameOption: pulumi.String("DENY"),
				Override:    always,
			},
			ReferrerPolicy: cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs{
				ReferrerPolicy: pulumi.String("strict-origin-when-cross-origin"),
				Override:       always,
			},
			StrictTransportSecurity: cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs{
				AccessControlMaxAgeSec: pulumi.Int(strictTransportAge),
				IncludeSubdomains:      pulumi.Bool(true),
				Override:               always,
			},
		},
	}
}
