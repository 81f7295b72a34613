package baseline

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	vpcType          = "aws:ec2/vpc:Vpc"
	loadBalancerType = "aws:lb/loadBalancer:LoadBalancer"
	webAclType       = "aws:wafv2/webAcl:WebAcl"
	bucketType       = "aws:s3/bucketV2:BucketV2"
)

// judgeTlsOnly requires a bucket, and what is in it, to be denied to whoever comes without TLS: the one for its list,
// the other for its objects.
func judgeTlsOnly(bucket rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	policies, doubt := expect.Companions(bucket, stack, "aws:s3/bucketPolicy:BucketPolicy", "bucket")
	var denied []string
	for _, policy := range append(policies, bucket) {
		text, state := policy.Get("policy").Text()
		if state == property.Unknown && policy.URN != bucket.URN {
			return rule.Unjudged(expect.Whole, "has policy %s, which is not known yet", policy.Name)
		}
		if parsed, err := document.Parse(text); err == nil {
			denied = append(denied, deniedInClearText(parsed)...)
		}
	}
	if slices.ContainsFunc(denied, func(pattern string) bool { return isOfBucket(pattern, bucket, "") }) &&
		slices.ContainsFunc(denied, func(pattern string) bool { return isOfBucket(pattern, bucket, "/any-object") }) {
		return rule.Pass()
	}
	if len(policies) == 0 && len(doubt.Unjudged) > 0 {
		return doubt
	}
	return rule.Violation(expect.Whole, "allows requests without TLS")
}

// deniedInClearText returns the resources of the statements that deny everything to everyone for no other reason than
// that a request comes without TLS.
func deniedInClearText(parsed document.Document) []string {
	var denied []string
	for _, s := range parsed.Statements {
		if !s.Allow && len(s.Conditions) == 1 && isClearText(s.Conditions[0]) &&
			slices.ContainsFunc(s.Principals, document.Principal.Anyone) &&
			slices.ContainsFunc(s.Actions, func(action string) bool { return document.Match(action, "s3:AnyAction") }) {
			denied = append(denied, s.Resources...)
		}
	}
	return denied
}

func isClearText(c document.Condition) bool {
	return (c.Operator == "Bool" || c.Operator == "BoolIfExists") && strings.EqualFold(c.Key, "aws:SecureTransport") &&
		len(c.Values) == 1 && strings.EqualFold(c.Values[0], "false")
}

// isOfBucket reports whether a pattern of ARNs is about the bucket, or with a key about an object in it. While the
// bucket's name is not known, its own policy can be about no other.
func isOfBucket(pattern string, bucket rule.Resource, key string) bool {
	name, state := bucket.Get("bucket").Text()
	_, of, found := strings.Cut(pattern, ":s3:::")
	switch {
	case !found:
		return document.Unbounded(pattern)
	case state != property.Known:
		return strings.Contains(of, "/") == (key != "")
	}
	return document.Match(of, name+key)
}

// judgeBucketLogs leaves alone buckets that logs go to: their own log would fill them without end.
func judgeBucketLogs(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	if takesLogs(r, stack) {
		return rule.NotApplicable("it is where logs go")
	}
	if _, state := expect.At(r, "loggings[0].targetBucket").Text(); state == property.Known {
		return rule.Pass()
	}
	return expect.Companion(r, stack, bucketLoggingType, "bucket", "has no server access logging")
}

const bucketLoggingType = "aws:s3/bucketLoggingV2:BucketLoggingV2"

// logTargets are the properties that hold the bucket that a service writes its logs to.
var logTargets = []struct {
	resourceType string
	path         string
}{
	{bucketLoggingType, "targetBucket"},
	{bucketType, "loggings[0].targetBucket"},
	{loadBalancerType, "accessLogs.bucket"},
	{loadBalancerType, "connectionLogs.bucket"},
	{distributionType, "loggingConfig.bucket"},
	{"aws:ec2/flowLog:FlowLog", "logDestination"},
}

const distributionType = "aws:cloudfront/distribution:Distribution"

type logBucketsKey struct{}

func takesLogs(bucket rule.Resource, stack rule.Stack) bool {
	return rule.Derive(stack, logBucketsKey{}, func() map[string]bool {
		taking := map[string]bool{}
		for _, target := range logTargets {
			for _, r := range stack.OfType(target.resourceType) {
				of := expect.Refer(r, stack, expect.At(r, target.path), bucketType)
				for _, b := range of.Resources {
					taking[b.URN] = taking[b.URN] || of.Certain
				}
			}
		}
		return taking
	})[bucket.URN]
}

// judgeBucketKey leaves alone buckets that load balancers and S3 write logs to, which do so with S3's own key only, and
// those that CloudFront shows to everybody.
func judgeBucketKey(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	switch {
	case takesLogs(r, stack):
		return rule.NotApplicable("it is where logs go, which AWS writes with S3's own key")
	case published(r, stack):
		return rule.NotApplicable("a distribution shows its files to everybody")
	}
	if inline := r.Get("serverSideEncryptionConfiguration", "rule"); inline.State() == property.Known {
		return judgeDefaultKey(r, []property.Value{inline})
	}
	found, doubt := expect.Companions(
		r,
		stack,
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
		"bucket",
	)
	for _, encryption := range found {
		rules, state := encryption.Get("rules").List()
		if state == property.Unknown {
			return rule.Unjudged(expect.Whole, "has encryption %s, whose rules are not known yet", encryption.Name)
		}
		if verdict := judgeDefaultKey(encryption, rules); len(verdict.Violations) == 0 {
			return verdict
		}
	}
	if len(found) == 0 && len(doubt.Unjudged) > 0 {
		return doubt
	}
	return notOwnKey
}

var notOwnKey = rule.Violation(expect.Whole, "is not encrypted with a customer managed KMS key")

// judgeDefaultKey requires one of the rules of a bucket's encryption to name a key of the account's.
func judgeDefaultKey(encryption rule.Resource, rules []property.Value) rule.Verdict {
	for _, one := range rules {
		byDefault := one.Get("applyServerSideEncryptionByDefault")
		algorithm, state := byDefault.Get("sseAlgorithm").Text()
		key := byDefault.Get("kmsMasterKeyId")
		switch {
		case state == property.Unknown:
			return rule.Unjudged(expect.Whole, "has encryption %s, whose algorithm is not known yet", encryption.Name)
		case strings.HasPrefix(algorithm, "aws:kms") && key.State() != property.Absent && !expect.IsAWSsKey(key):
			return rule.Pass()
		}
	}
	return notOwnKey
}

type publishedKey struct{}

// published reports whether a CloudFront distribution has the bucket for an origin.
func published(bucket rule.Resource, stack rule.Stack) bool {
	return rule.Derive(stack, publishedKey{}, func() map[string]bool {
		shown := map[string]bool{}
		for _, distribution := range stack.OfType(distributionType) {
			origins, _ := distribution.Get("origins").List()
			for _, origin := range origins {
				for _, b := range expect.Refer(distribution, stack, origin.Get("domainName"), bucketType).Resources {
					shown[b.URN] = true
				}
			}
		}
		return shown
	})[bucket.URN]
}
