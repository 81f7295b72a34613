package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// site is a distribution over a bucket.
func site(more in) in {
	return merge(in{
		"enabled": true, "origins": []any{in{"domainName": "site.s3.us-east-1.amazonaws.com", "originId": "s3"}},
		"restrictions": in{"geoRestriction": in{"restrictionType": "none"}}, "viewerCertificate": in{"cloudfrontDefaultCertificate": true},
		"defaultCacheBehavior": behaviorOf(nil),
	}, more)
}

func behaviorOf(more in) in {
	return merge(in{
		"targetOriginId": "s3", "viewerProtocolPolicy": "redirect-to-https", "cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
		"allowedMethods": []any{"GET", "HEAD"}, "cachedMethods": []any{"GET", "HEAD"},
	}, more)
}

func TestCloudFrontRefuses(t *testing.T) {
	l := newLab(t, "us-west-2")
	east := labOver(t, l.w, "us-east-1", nil)
	certificate := func(l *lab, name string) string {
		m := l.create(tCertificate, name, in{"domainName": name, "validationMethod": "DNS"})
		l.create(tCertValidation, name, in{"certificateArn": m.id})
		return m.id
	}
	served := func(arn string) in { return in{"acmCertificateArn": arn, "sslSupportMethod": "sni-only"} }
	here, edge := certificate(l, "shop.example.com"), certificate(east, "*.example.com")
	pending := east.create(tCertificate, "pending", in{"domainName": "new.example.com", "validationMethod": "DNS"})
	metrics := in{"cloudwatchMetricsEnabled": true, "metricName": "shop", "sampledRequestsEnabled": true}
	acl := in{"defaultAction": in{"allow": in{}}, "visibilityConfig": metrics}
	regional := east.create(tWebACL, "regional", merge(acl, in{"scope": "REGIONAL"}))
	l.create(tBucket, "logs", in{"bucket": "logs"})
	l.create(tDistribution, "first", site(in{"aliases": []any{"taken.example.com"}, "viewerCertificate": served(edge)}))

	for name, c := range map[string]struct {
		inputs in
		want   string
	}{
		"a certificate of another region":  {in{"aliases": []any{"shop.example.com"}, "viewerCertificate": served(here)}, "isn't in us-east-1 region"},
		"a certificate that is not issued": {in{"viewerCertificate": served(pending.id)}, "is not issued: it is PENDING_VALIDATION"},
		"a name the certificate has not":   {in{"aliases": []any{"shop.example.org"}, "viewerCertificate": served(edge)}, "doesn't cover the alternate domain name"},
		"a name without a certificate":     {in{"aliases": []any{"shop.example.com"}}, "you must attach a trusted certificate"},
		"a name of another distribution":   {in{"aliases": []any{"taken.example.com"}, "viewerCertificate": served(edge)}, "CNAMEAlreadyExists"},
		"a web ACL of a region":            {in{"webAclId": regional.str("arn")}, "which must be CLOUDFRONT"},
		"a web ACL that is none":           {in{"webAclId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/none/1"}, "InvalidWebACLId"},
		"an origin that is none":           {in{"defaultCacheBehavior": behaviorOf(in{"targetOriginId": "none"})}, "NoSuchOrigin"},
		"nothing about caching":            {in{"defaultCacheBehavior": behaviorOf(in{"cachePolicyId": nil})}, "The parameter ForwardedValues is required"},
		"a cache policy that is none":      {in{"defaultCacheBehavior": behaviorOf(in{"cachePolicyId": "none"})}, "NoSuchCachePolicy"},
		"a headers policy that is none":    {in{"defaultCacheBehavior": behaviorOf(in{"responseHeadersPolicyId": "none"})}, "NoSuchResponseHeadersPolicy"},
		"logs to a bucket without ACLs":    {in{"loggingConfig": in{"bucket": "logs.s3.us-west-2.amazonaws.com"}}, "does not enable ACL access"},
		"logs to no bucket":                {in{"loggingConfig": in{"bucket": "none.s3.amazonaws.com"}}, "doesn't exist"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.tryCreate(tDistribution, "it", site(c.inputs))
			assert.ErrorContains(t, err, c.want)
		})
	}
	l.create(tBucketOwnership, "logs", in{"bucket": "logs", "rule": in{"objectOwnership": "BucketOwnerPreferred"}})
	l.create(tDistribution, "logged", site(in{"loggingConfig": in{"bucket": "logs.s3.us-west-2.amazonaws.com"}}))

	global := east.create(tWebACL, "global", merge(acl, in{"scope": "CLOUDFRONT"}))
	assert.Regexp(t, `^arn:aws:wafv2:us-east-1:123456789012:global/webacl/`, global.str("arn"))
	guarded := l.create(tDistribution, "guarded", site(in{"webAclId": global.str("arn")}))
	assert.ErrorContains(t, east.tryDelete(global), "WAFAssociatedItemException")
	require.NoError(t, l.tryDelete(guarded))
	require.NoError(t, east.tryDelete(global))
	_, err := l.tryCreate(tIPSet, "edge", in{"scope": "CLOUDFRONT", "ipAddressVersion": "IPV4"})
	assert.ErrorContains(t, err, "created in us-east-1, not us-west-2")
}

func TestManagedPoliciesOfCloudFrontAreFound(t *testing.T) {
	l := newLab(t, "us-east-1")
	headers := l.call("aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy", in{"name": "Managed-SecurityHeadersPolicy"})
	assert.Equal(t, "67f7725c-6f97-4210-82d7-5512b31e9d03", headers.str("id"))
	caching := l.call("aws:cloudfront/getCachePolicy:getCachePolicy", in{"name": "Managed-CachingOptimized"})
	l.create(tDistribution, "site", site(in{"defaultCacheBehavior": behaviorOf(in{"cachePolicyId": caching.str("id"), "responseHeadersPolicyId": headers.str("id")})}))
	_, err := l.invoke("aws:cloudfront/getCachePolicy:getCachePolicy", in{"name": "none"})
	assert.ErrorContains(t, err, "NoSuchCachePolicy")
}

func TestAWildcardCoversOneLabel(t *testing.T) {
	for domain, want := range map[string]bool{
		"shop.example.com": true, "Shop.Example.com": true, "example.com": false, "a.shop.example.com": false, "shop.example.org": false,
	} {
		assert.Equal(t, want, covers("*.example.com", domain), domain)
	}
	assert.True(t, covers("example.com", "example.com"))
}

func TestZonesHoldTheirRecords(t *testing.T) {
	l := newLab(t, "us-east-1")
	zone := l.create(tZone, "shop", in{"name": "Example.com."})
	assert.Equal(t, "example.com", zone.str("name"))
	record := l.create(tRecord, "www", in{"zoneId": zone.id, "name": "www", "type": "A", "ttl": 60, "records": []any{"192.0.2.1"}})
	assert.Equal(t, "www.example.com", record.str("fqdn"))
	assert.Equal(t, zone.id, l.call("aws:route53/getZone:getZone", in{"name": "example.com."}).str("zoneId"))
	assert.NotEqual(t, zone.id, l.call("aws:route53/getZone:getZone", in{"name": "example.org"}).str("zoneId"), "a zone that somebody else made")
	_, err := l.invoke("aws:route53/getZone:getZone", in{"name": "example.com", "privateZone": true})
	assert.ErrorContains(t, err, "no matching private hosted zone")
	assert.ErrorContains(t, l.tryDelete(zone), "HostedZoneNotEmpty")
	require.NoError(t, l.tryDelete(record))
	require.NoError(t, l.tryDelete(zone))
}
