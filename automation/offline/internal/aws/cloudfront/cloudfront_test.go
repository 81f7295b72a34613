package cloudfront_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// site returns a distribution over a bucket.
func site(more awstest.In) awstest.In {
	return awstest.Merge(awstest.In{
		"enabled":              true,
		"origins":              []any{awstest.In{"domainName": "site.s3.us-east-1.amazonaws.com", "originId": "s3"}},
		"restrictions":         awstest.In{"geoRestriction": awstest.In{"restrictionType": "none"}},
		"viewerCertificate":    awstest.In{"cloudfrontDefaultCertificate": true},
		"defaultCacheBehavior": behaviorOf(nil),
	}, more)
}

func behaviorOf(more awstest.In) awstest.In {
	return awstest.Merge(awstest.In{
		"targetOriginId":       "s3",
		"viewerProtocolPolicy": "redirect-to-https",
		"cachePolicyId":        "658327ea-f89d-4fab-a63d-7e88639e58f6",
		"allowedMethods":       []any{"GET", "HEAD"},
		"cachedMethods":        []any{"GET", "HEAD"},
	}, more)
}

func TestCloudFrontRefuses(t *testing.T) {
	l := awstest.New(t, "us-west-2")
	east := awstest.Over(t, l.W, "us-east-1", nil)
	certificate := func(l *awstest.Lab, name string) string {
		m := l.Create(token.Certificate, name, awstest.In{"domainName": name, "validationMethod": "DNS"})
		l.Create(token.CertValidation, name, awstest.In{"certificateArn": m.Id})
		return m.Id
	}
	served := func(arn string) awstest.In {
		return awstest.In{"acmCertificateArn": arn, "sslSupportMethod": "sni-only"}
	}
	here, edge := certificate(l, "shop.example.com"), certificate(east, "*.example.com")
	pending := east.Create(
		token.Certificate,
		"pending",
		awstest.In{"domainName": "new.example.com", "validationMethod": "DNS"},
	)
	metrics := awstest.In{"cloudwatchMetricsEnabled": true, "metricName": "shop", "sampledRequestsEnabled": true}
	acl := awstest.In{"defaultAction": awstest.In{"allow": awstest.In{}}, "visibilityConfig": metrics}
	regional := east.Create(token.WebACL, "regional", awstest.Merge(acl, awstest.In{"scope": "REGIONAL"}))
	l.Create(token.Bucket, "logs", awstest.In{"bucket": "logs"})
	l.Create(
		token.Distribution,
		"first",
		site(awstest.In{"aliases": []any{"taken.example.com"}, "viewerCertificate": served(edge)}),
	)

	for name, c := range map[string]struct {
		inputs awstest.In
		want   string
	}{
		"a certificate of another region": {
			awstest.In{"aliases": []any{"shop.example.com"}, "viewerCertificate": served(here)},
			"isn't in us-east-1 region",
		},
		"a certificate that is not issued": {
			awstest.In{"viewerCertificate": served(pending.Id)},
			"is not issued: it is PENDING_VALIDATION",
		},
		"a name the certificate has not": {
			awstest.In{"aliases": []any{"shop.example.org"}, "viewerCertificate": served(edge)},
			"doesn't cover the alternate domain name",
		},
		"a name without a certificate": {
			awstest.In{"aliases": []any{"shop.example.com"}},
			"you must attach a trusted certificate",
		},
		"a name of another distribution": {
			awstest.In{"aliases": []any{"taken.example.com"}, "viewerCertificate": served(edge)},
			"CNAMEAlreadyExists",
		},
		"a web ACL of a region": {awstest.In{"webAclId": regional.Str("arn")}, "which must be CLOUDFRONT"},
		"a web ACL that is none": {
			awstest.In{"webAclId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/none/1"},
			"InvalidWebACLId",
		},
		"an origin that is none": {
			awstest.In{"defaultCacheBehavior": behaviorOf(awstest.In{"targetOriginId": "none"})},
			"NoSuchOrigin",
		},
		"nothing about caching": {
			awstest.In{"defaultCacheBehavior": behaviorOf(awstest.In{"cachePolicyId": nil})},
			"The parameter ForwardedValues is required",
		},
		"a cache policy that is none": {
			awstest.In{"defaultCacheBehavior": behaviorOf(awstest.In{"cachePolicyId": "none"})},
			"NoSuchCachePolicy",
		},
		"a headers policy that is none": {
			awstest.In{"defaultCacheBehavior": behaviorOf(awstest.In{"responseHeadersPolicyId": "none"})},
			"NoSuchResponseHeadersPolicy",
		},
		"logs to a bucket without ACLs": {
			awstest.In{"loggingConfig": awstest.In{"bucket": "logs.s3.us-west-2.amazonaws.com"}},
			"does not enable ACL access",
		},
		"logs to no bucket": {
			awstest.In{"loggingConfig": awstest.In{"bucket": "none.s3.amazonaws.com"}},
			"doesn't exist",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.TryCreate(token.Distribution, "it", site(c.inputs))
			assert.ErrorContains(t, err, c.want)
		})
	}
	l.Create(
		token.BucketOwnership,
		"logs",
		awstest.In{"bucket": "logs", "rule": awstest.In{"objectOwnership": "BucketOwnerPreferred"}},
	)
	l.Create(
		token.Distribution,
		"logged",
		site(awstest.In{"loggingConfig": awstest.In{"bucket": "logs.s3.us-west-2.amazonaws.com"}}),
	)

	global := east.Create(token.WebACL, "global", awstest.Merge(acl, awstest.In{"scope": "CLOUDFRONT"}))
	assert.Regexp(t, `^arn:aws:wafv2:us-east-1:123456789012:global/webacl/`, global.Str("arn"))
	guarded := l.Create(token.Distribution, "guarded", site(awstest.In{"webAclId": global.Str("arn")}))
	assert.ErrorContains(t, east.TryDelete(global), "WAFAssociatedItemException")
	require.NoError(t, l.TryDelete(guarded))
	require.NoError(t, east.TryDelete(global))
	_, err := l.TryCreate(token.IPSet, "edge", awstest.In{"scope": "CLOUDFRONT", "ipAddressVersion": "IPV4"})
	assert.ErrorContains(t, err, "created in us-east-1, not us-west-2")
}

func TestManagedPoliciesOfCloudFrontAreFound(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	headers := l.Call(
		"aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy",
		awstest.In{"name": "Managed-SecurityHeadersPolicy"},
	)
	assert.Equal(t, "67f7725c-6f97-4210-82d7-5512b31e9d03", headers.Str("id"))
	caching := l.Call("aws:cloudfront/getCachePolicy:getCachePolicy", awstest.In{"name": "Managed-CachingOptimized"})
	l.Create(
		token.Distribution,
		"site",
		site(
			awstest.In{
				"defaultCacheBehavior": behaviorOf(
					awstest.In{"cachePolicyId": caching.Str("id"), "responseHeadersPolicyId": headers.Str("id")},
				),
			},
		),
	)
	_, err := l.Invoke("aws:cloudfront/getCachePolicy:getCachePolicy", awstest.In{"name": "none"})
	assert.ErrorContains(t, err, "NoSuchCachePolicy")
}

func TestZonesHoldTheirRecords(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	zone := l.Create(token.Zone, "shop", awstest.In{"name": "Example.com."})
	assert.Equal(t, "example.com", zone.Str("name"))
	record := l.Create(
		token.Record,
		"www",
		awstest.In{"zoneId": zone.Id, "name": "www", "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}},
	)
	assert.Equal(t, "www.example.com", record.Str("fqdn"))
	assert.Equal(t, zone.Id, l.Call("aws:route53/getZone:getZone", awstest.In{"name": "example.com."}).Str("zoneId"))
	assert.NotEqual(
		t,
		zone.Id,
		l.Call("aws:route53/getZone:getZone", awstest.In{"name": "example.org"}).Str("zoneId"),
		"a zone that somebody else made",
	)
	_, err := l.Invoke("aws:route53/getZone:getZone", awstest.In{"name": "example.com", "privateZone": true})
	assert.ErrorContains(t, err, "no matching private hosted zone")
	assert.ErrorContains(t, l.TryDelete(zone), "HostedZoneNotEmpty")
	require.NoError(t, l.TryDelete(record))
	require.NoError(t, l.TryDelete(zone))
}
