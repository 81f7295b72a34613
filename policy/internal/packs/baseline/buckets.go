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

func judgeTlsOnly(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	policies, doubt := expect.Companions(r, stack, "aws:s3/bucketPolicy:BucketPolicy", "bucket")
	for _, policy := range policies {
		text, state := policy.Get("policy").Text()
		if state != property.Known {
			return rule.Unjudged(expect.Whole, "has policy %s, which is not known yet", policy.Name)
		}
		parsed, err := document.Parse(text)
		if err == nil && slices.ContainsFunc(parsed.Statements, deniesClearText) {
			return rule.Pass()
		}
	}
	if len(policies) == 0 && len(doubt.Unjudged) > 0 {
		return doubt
	}
	return rule.Violation(expect.Whole, "takes requests without TLS")
}

func deniesClearText(s document.Statement) bool {
	return !s.Allow && slices.ContainsFunc(s.Principals, document.Principal.Anyone) && slices.ContainsFunc(s.Conditions, func(c document.Condition) bool {
		return c.Operator == "Bool" && c.Key == "aws:SecureTransport" && slices.Contains(c.Values, "false")
	}) && slices.ContainsFunc(s.Actions, func(action string) bool { return action == "*" || action == "s3:*" })
}

// judgeBucketLogs leaves alone buckets that logs go to: their own log would fill them without end.
func judgeBucketLogs(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	if takesLogs(r, stack) {
		return rule.NotApplicable("it is where logs go")
	}
	return expect.Companion(r, stack, bucketLoggingType, "bucket", "keeps no record of who read and wrote what")
}

const bucketLoggingType = "aws:s3/bucketLoggingV2:BucketLoggingV2"

// logTargets are the properties that hold the bucket that a service writes its logs to.
var logTargets = []struct {
	resourceType string
	path         []string
}{
	{bucketLoggingType, []string{"targetBucket"}},
	{loadBalancerType, []string{"accessLogs", "bucket"}},
	{loadBalancerType, []string{"connectionLogs", "bucket"}},
	{distributionType, []string{"loggingConfig", "bucket"}},
	{"aws:ec2/flowLog:FlowLog", []string{"logDestination"}},
}

const distributionType = "aws:cloudfront/distribution:Distribution"

func takesLogs(bucket rule.Resource, stack rule.Stack) bool {
	for _, target := range logTargets {
		for _, r := range stack.OfType(target.resourceType) {
			if of := expect.Refer(r, stack, r.Get(target.path...), bucketType); of.Certain && of.Has(bucket.URN) {
				return true
			}
		}
	}
	return false
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
	found, doubt := expect.Companions(r, stack, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "bucket")
	for _, encryption := range found {
		rules, state := encryption.Get("rules").List()
		if state == property.Unknown {
			return rule.Unjudged(expect.Whole, "has encryption %s, whose rules are not known yet", encryption.Name)
		}
		for _, one := range rules {
			byDefault := one.Get("applyServerSideEncryptionByDefault")
			algorithm, state := byDefault.Get("sseAlgorithm").Text()
			switch {
			case state == property.Unknown:
				return rule.Unjudged(expect.Whole, "has encryption %s, whose algorithm is not known yet", encryption.Name)
			case strings.HasPrefix(algorithm, "aws:kms") && byDefault.Get("kmsMasterKeyId").State() != property.Absent:
				return rule.Pass()
			}
		}
	}
	if len(found) == 0 && len(doubt.Unjudged) > 0 {
		return doubt
	}
	return rule.Violation(expect.Whole, "is not encrypted with a key of the account's, %s", ownKey)
}

// published tells whether a CloudFront distribution has the bucket for an origin.
func published(bucket rule.Resource, stack rule.Stack) bool {
	for _, distribution := range stack.OfType(distributionType) {
		origins, _ := distribution.Get("origins").List()
		for _, origin := range origins {
			if expect.Refer(distribution, stack, origin.Get("domainName"), bucketType).Has(bucket.URN) {
				return true
			}
		}
	}
	return false
}
