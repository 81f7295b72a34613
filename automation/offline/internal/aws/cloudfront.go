package aws

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// cloudfrontService is what CloudFront does beyond its models.
var cloudfrontService = service{
	module: "cloudfront", name: "CloudFront",
	behaviors: map[string]behavior{
		tDistribution:        {create: createDistribution, update: updateDistribution},
		tResponseHeaders:     {update: renewETag},
		tCachePolicy:         {update: renewETag},
		tOriginRequestPolicy: {update: renewETag},
		tAccessControl:       {update: renewETag},
		tEdgeFunction:        {update: renewETag},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:cloudfront/getLogDeliveryCanonicalUserId:getLogDeliveryCanonicalUserId": getLogDelivery,
		"aws:cloudfront/getCachePolicy:getCachePolicy":                               getEdgePolicy("aws:cloudfront/getCachePolicy:getCachePolicy", tCachePolicy),
		"aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy":               getEdgePolicy("aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy", tOriginRequestPolicy),
		"aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy":           getEdgePolicy("aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy", tResponseHeaders),
	},
}

// edgeRegion is where the certificates and web ACLs of CloudFront live.
const edgeRegion = "us-east-1"

// managedEdgePolicies are the policies that AWS manages, by the function that looks them up, name and id. From "Use
// managed cache policies", "... origin request policies" and "... response headers policies" in the CloudFront Developer
// Guide.
var managedEdgePolicies = map[string]map[string]string{
	"aws:cloudfront/getCachePolicy:getCachePolicy": {
		"Managed-CachingOptimized":                       "658327ea-f89d-4fab-a63d-7e88639e58f6",
		"Managed-CachingOptimizedForUncompressedObjects": "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
		"Managed-CachingDisabled":                        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
	},
	"aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy": {
		"Managed-AllViewer":                 "216adef6-5c7f-47e4-b989-5492eafa07d3",
		"Managed-AllViewerExceptHostHeader": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
		"Managed-CORS-CustomOrigin":         "59781a5b-3903-41f3-afcb-af62929ccde1",
		"Managed-CORS-S3Origin":             "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
		"Managed-UserAgentRefererHeaders":   "acba4595-bd28-49b8-b9fe-13317c0390fa",
	},
	"aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy": {
		"Managed-SimpleCORS":                                    "60669652-455b-4ae9-85a4-c4c02393f86c",
		"Managed-SecurityHeadersPolicy":                         "67f7725c-6f97-4210-82d7-5512b31e9d03",
		"Managed-CORS-and-SecurityHeadersPolicy":                "e61eb60c-9c35-4d20-a928-2b84e02af89c",
		"Managed-CORS-With-Preflight":                           "5cc3b908-e619-4b99-88e5-2cf7f45965bd",
		"Managed-CORS-with-preflight-and-SecurityHeadersPolicy": "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
	},
}

// isManagedEdgePolicy says whether an id is that of a CloudFront policy that AWS manages.
func isManagedEdgePolicy(id string) bool {
	for _, policies := range managedEdgePolicies {
		for _, managed := range policies {
			if managed == id {
				return true
			}
		}
	}
	return false
}

// getEdgePolicy describes a CloudFront policy, one that AWS manages or one in the world.
func getEdgePolicy(function, token string) func(call) (map[string]any, error) {
	return func(c call) (map[string]any, error) {
		name, id := c.args.str("name"), c.args.str("id")
		for known, managed := range managedEdgePolicies[function] {
			if known == name || managed == id {
				return map[string]any{"id": managed, "name": known, "etag": "E" + strings.ToUpper(regions[0].digest(known, 13)), "comment": ""}, nil
			}
		}
		things, err := c.here(token)
		if err != nil {
			return nil, err
		}
		for _, thing := range things {
			if thing.Name == name || thing.ID == id {
				state := stateOf(thing)
				return map[string]any{"id": thing.ID, "name": thing.Name, "arn": thing.ARN, "etag": state.str("etag"), "comment": state.str("comment")}, nil
			}
		}
		return nil, refuse("NoSuch"+shortName(token), "there is no %s of the name %q or the id %q", spaced(shortName(token)), name, id)
	}
}

// renewETag gives a changed thing a new version.
func renewETag(c *change) error {
	if len(c.difference.edits) > 0 {
		delete(c.state, "etag")
	}
	return nil
}

func updateDistribution(c *change) error {
	if len(c.difference.edits) > 0 {
		delete(c.state, "lastModifiedTime")
	}
	if err := renewETag(c); err != nil {
		return err
	}
	return createDistribution(c)
}

func createDistribution(c *change) error {
	for _, step := range []func(*change) error{refuseBehaviors, refuseAliases, refuseLogBucket, refuseEdgeACL} {
		if err := step(c); err != nil {
			return err
		}
	}
	return nil
}

// refuseBehaviors refuses cache behaviors that lead nowhere or say nothing of caching.
func refuseBehaviors(c *change) error {
	var origins []string
	for _, origin := range slices.Concat(c.inputs.objects("origins"), c.inputs.objects("originGroups")) {
		origins = append(origins, origin.str("originId"))
	}
	for _, behavior := range slices.Concat(c.inputs.objects("defaultCacheBehavior"), c.inputs.objects("orderedCacheBehaviors")) {
		if target := behavior.str("targetOriginId"); !slices.Contains(origins, target) {
			return refuse("NoSuchOrigin", "One or more of your origins or origin groups do not exist: %q is none of %s", target, strings.Join(origins, ", "))
		}
		if !behavior.has("cachePolicyId") && !behavior.has("forwardedValues") {
			return refuse("InvalidArgument", "The parameter ForwardedValues is required: a cache behavior has cachePolicyId or forwardedValues")
		}
	}
	return nil
}

// refuseAliases refuses names that the certificate does not prove or that another distribution has.
func refuseAliases(c *change) error {
	aliases := c.inputs.strings("aliases")
	certificate := c.target("viewerCertificate.acmCertificateArn")
	if certificate != nil && stateOf(certificate).str("status") != "ISSUED" {
		return refuseRetried("InvalidViewerCertificate", "The certificate %s is not issued: it is %s", certificate.ARN, stateOf(certificate).str("status"))
	}
	if len(aliases) > 0 && c.inputs.bool("viewerCertificate.cloudfrontDefaultCertificate") {
		return refuse("InvalidViewerCertificate", "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a "+
			"trusted certificate that validates your authorization to use the domain name: %s", strings.Join(aliases, ", "))
	}
	others, err := c.tx.OfType(world.Global, tDistribution)
	if err != nil {
		return err
	}
	for _, alias := range aliases {
		if certificate != nil && !slices.ContainsFunc(domainsOf(stateOf(certificate)), func(name string) bool { return covers(name, alias) }) {
			return refuse("InvalidViewerCertificate", "The certificate that is attached to your distribution doesn't cover the alternate domain "+
				"name (CNAME) that you're trying to add: %s", alias)
		}
		for _, other := range others {
			if (c.thing == nil || other.ID != c.thing.ID) && slices.Contains(stateOf(other).strings("aliases"), alias) {
				return refuse("CNAMEAlreadyExists", "One or more of the CNAMEs you provided are already associated with a different resource: "+
					"%s is of %s", alias, other.ID)
			}
		}
	}
	return nil
}

// covers says whether a certificate's name stands for a domain: itself, or with * any one label.
func covers(name, domain string) bool {
	apex, wildcard := strings.CutPrefix(name, "*.")
	if !wildcard {
		return strings.EqualFold(name, domain)
	}
	_, rest, found := strings.Cut(domain, ".")
	return found && strings.EqualFold(rest, apex)
}

// refuseLogBucket refuses a bucket without ACLs, which standard logs are written with.
func refuseLogBucket(c *change) error {
	domain := c.inputs.str("loggingConfig.bucket")
	if domain == "" {
		return nil
	}
	name, _, _ := strings.Cut(domain, ".s3.")
	buckets, err := c.tx.ByID(tBucket, name)
	if err != nil {
		return err
	}
	if len(buckets) == 0 {
		return refuse("InvalidArgument", "The S3 bucket that you specified for CloudFront logs doesn't exist: %s", domain)
	}
	allowed, err := c.takesACLs(buckets[0])
	if err != nil || allowed {
		return err
	}
	return refuse("InvalidArgument", "The S3 bucket that you specified for CloudFront logs does not enable ACL access: %s. Set its object "+
		"ownership to BucketOwnerPreferred", domain)
}

// refuseEdgeACL refuses a web ACL of a region.
func refuseEdgeACL(c *change) error {
	acl := c.target("webAclId")
	if acl != nil && stateOf(acl).str("scope") != "CLOUDFRONT" {
		return refuse("InvalidWebACLId", "The web ACL %s has the scope %s, which must be CLOUDFRONT", acl.ARN, stateOf(acl).str("scope"))
	}
	return nil
}
