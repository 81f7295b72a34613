package baseline

import (
	"slices"

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
