// Package cloudfront stands in for distributions: certificates, web ACLs and log buckets where CloudFront requires
// them.
package cloudfront

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/acm"
	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/s3"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "cloudfront", Name: "CloudFront",
	Behaviors: map[string]bridge.Behavior{
		token.Distribution:        {Create: createDistribution, Update: updateDistribution},
		token.ResponseHeaders:     {Update: renewETag},
		token.CachePolicy:         {Update: renewETag},
		token.OriginRequestPolicy: {Update: renewETag},
		token.AccessControl:       {Update: renewETag},
		token.EdgeFunction:        {Update: renewETag},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:cloudfront/getLogDeliveryCanonicalUserId:getLogDeliveryCanonicalUserId": getLogDelivery,
		"aws:cloudfront/getCachePolicy:getCachePolicy": getEdgePolicy(
			"aws:cloudfront/getCachePolicy:getCachePolicy",
			token.CachePolicy,
		),
		"aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy": getEdgePolicy(
			"aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy",
			token.OriginRequestPolicy,
		),
		"aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy": getEdgePolicy(
			"aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy",
			token.ResponseHeaders,
		),
	},
}

// getEdgePolicy describes a CloudFront policy, one that AWS manages or one in the world.
func getEdgePolicy(function, token string) func(bridge.Call) (map[string]any, error) {
	return func(c bridge.Call) (map[string]any, error) {
		name, id := c.Args.Str("name"), c.Args.Str("id")
		for known, managed := range references.ManagedEdgePolicies[function] {
			if known == name || managed == id {
				return map[string]any{
					"id":      managed,
					"name":    known,
					"etag":    "E" + strings.ToUpper(region.All[0].Digest(known, 13)),
					"comment": "",
				}, nil
			}
		}
		things, err := c.Here(token)
		if err != nil {
			return nil, err
		}
		for _, thing := range things {
			if thing.Name == name || thing.ID == id {
				state := bridge.StateOf(thing)
				return map[string]any{
					"id":      thing.ID,
					"name":    thing.Name,
					"arn":     thing.ARN,
					"etag":    state.Str("etag"),
					"comment": state.Str("comment"),
				}, nil
			}
		}
		return nil, bridge.Refuse(
			"NoSuch"+model.ShortName(token),
			"there is no %s of the name %q or the id %q",
			bridge.Spaced(model.ShortName(token)),
			name,
			id,
		)
	}
}

// renewETag gives a changed thing a new version.
func renewETag(c *bridge.Change) error {
	if len(c.Difference.Edits) > 0 {
		delete(c.State, "etag")
	}
	return nil
}

func updateDistribution(c *bridge.Change) error {
	if len(c.Difference.Edits) > 0 {
		delete(c.State, "lastModifiedTime")
	}
	if err := renewETag(c); err != nil {
		return err
	}
	return createDistribution(c)
}

func createDistribution(c *bridge.Change) error {
	for _, step := range []func(*bridge.Change) error{refuseBehaviors, refuseAliases, refuseLogBucket, refuseEdgeACL} {
		if err := step(c); err != nil {
			return err
		}
	}
	return nil
}

// refuseBehaviors refuses cache behaviors that lead nowhere or say nothing of caching.
func refuseBehaviors(c *bridge.Change) error {
	var origins []string
	for _, origin := range slices.Concat(c.Inputs.Objects("origins"), c.Inputs.Objects("originGroups")) {
		origins = append(origins, origin.Str("originId"))
	}
	for _, behavior := range slices.Concat(
		c.Inputs.Objects("defaultCacheBehavior"),
		c.Inputs.Objects("orderedCacheBehaviors"),
	) {
		if target := behavior.Str("targetOriginId"); !slices.Contains(origins, target) {
			return bridge.Refuse(
				"NoSuchOrigin",
				"One or more of your origins or origin groups do not exist: %q is none of %s",
				target,
				strings.Join(origins, ", "),
			)
		}
		if !behavior.Has("cachePolicyId") && !behavior.Has("forwardedValues") {
			return bridge.Refuse(
				"InvalidArgument",
				"The parameter ForwardedValues is required: a cache behavior has cachePolicyId or forwardedValues",
			)
		}
	}
	return nil
}

// refuseAliases refuses names that the certificate does not prove or that another distribution has.
func refuseAliases(c *bridge.Change) error {
	aliases := c.Inputs.Strings("aliases")
	certificate := c.Target("viewerCertificate.acmCertificateArn")
	if certificate != nil && bridge.StateOf(certificate).Str("status") != "ISSUED" {
		return bridge.RefuseRetried(
			"InvalidViewerCertificate",
			"The certificate %s is not issued: it is %s",
			certificate.ARN,
			bridge.StateOf(certificate).Str("status"),
		)
	}
	if len(aliases) > 0 && c.Inputs.Bool("viewerCertificate.cloudfrontDefaultCertificate") {
		return bridge.Refuse(
			"InvalidViewerCertificate",
			"To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a "+
				"trusted certificate that validates your authorization to use the domain name: %s",
			strings.Join(aliases, ", "),
		)
	}
	others, err := c.Tx.OfType(world.Global, token.Distribution)
	if err != nil {
		return err
	}
	for _, alias := range aliases {
		if certificate != nil &&
			!slices.ContainsFunc(
				acm.DomainsOf(bridge.StateOf(certificate)),
				func(name string) bool { return covers(name, alias) },
			) {
			return bridge.Refuse(
				"InvalidViewerCertificate",
				"The certificate that is attached to your distribution doesn't cover the alternate domain "+
					"name (CNAME) that you're trying to add: %s",
				alias,
			)
		}
		for _, other := range others {
			if (c.Thing == nil || other.ID != c.Thing.ID) &&
				slices.Contains(bridge.StateOf(other).Strings("aliases"), alias) {
				return bridge.Refuse(
					"CNAMEAlreadyExists",
					"One or more of the CNAMEs you provided are already associated with a different resource: "+
						"%s is of %s",
					alias,
					other.ID,
				)
			}
		}
	}
	return nil
}

// covers reports whether a certificate's name stands for a domain: itself, or with * any one label.
func covers(name, domain string) bool {
	apex, wildcard := strings.CutPrefix(name, "*.")
	if !wildcard {
		return strings.EqualFold(name, domain)
	}
	_, rest, found := strings.Cut(domain, ".")
	return found && strings.EqualFold(rest, apex)
}

// refuseLogBucket refuses a bucket without ACLs, which standard logs are written with.
func refuseLogBucket(c *bridge.Change) error {
	domain := c.Inputs.Str("loggingConfig.bucket")
	if domain == "" {
		return nil
	}
	name, _, _ := strings.Cut(domain, ".s3.")
	buckets, err := c.Tx.ByID(token.Bucket, name)
	if err != nil {
		return err
	}
	if len(buckets) == 0 {
		return bridge.Refuse(
			"InvalidArgument",
			"The S3 bucket that you specified for CloudFront logs doesn't exist: %s",
			domain,
		)
	}
	allowed, err := s3.TakesACLs(c, buckets[0])
	if err != nil || allowed {
		return err
	}
	return bridge.Refuse(
		"InvalidArgument",
		"The S3 bucket that you specified for CloudFront logs does not enable ACL access: %s. Set its object "+
			"ownership to BucketOwnerPreferred",
		domain,
	)
}

// refuseEdgeACL refuses a web ACL of a region.
func refuseEdgeACL(c *bridge.Change) error {
	acl := c.Target("webAclId")
	if acl != nil && bridge.StateOf(acl).Str("scope") != "CLOUDFRONT" {
		return bridge.Refuse(
			"InvalidWebACLId",
			"The web ACL %s has the scope %s, which must be CLOUDFRONT",
			acl.ARN,
			bridge.StateOf(acl).Str("scope"),
		)
	}
	return nil
}

// getLogDelivery returns the canonical user that writes CloudFront's standard logs, from "Configure standard logging"
// in the CloudFront Developer Guide.
func getLogDelivery(bridge.Call) (map[string]any, error) {
	return map[string]any{"id": "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"}, nil
}
