package main

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	vpcType          = "aws:ec2/vpc:Vpc"
	loadBalancerType = "aws:lb/loadBalancer:LoadBalancer"
	webAclType       = "aws:wafv2/webAcl:WebAcl"
	bucketType       = "aws:s3/bucketV2:BucketV2"
)

// companion wants another resource of a type to be about this one: its property holds this one's id, ARN or name, or
// while that is not known comes from it.
func companion(r rule.Resource, stack rule.Stack, companionType, property, without string) rule.Verdict {
	_, verdict := companions(r, stack, companionType, property)
	if verdict == nil {
		return rule.Violation(whole, "%s", without)
	}
	return *verdict
}

// companions are the resources of a type that are about this one. The verdict is a pass when there are some, undecided
// when there may be, and nil when there are none.
func companions(r rule.Resource, stack rule.Stack, companionType, about string) ([]rule.Resource, *rule.Verdict) {
	var found []rule.Resource
	var doubt *rule.Verdict
	for _, other := range stack.OfType(companionType) {
		switch value := other.Get(about); refersTo(value, r) {
		case yes:
			found = append(found, other)
		case maybe:
			sources := stack.Sources(other, about, r.Type).Resources
			isThis := slices.ContainsFunc(sources, func(s rule.Resource) bool { return s.URN == r.URN })
			switch {
			case isThis && len(sources) == 1:
				found = append(found, other)
			case isThis || len(sources) == 0:
				verdict := rule.Unjudged(whole, "may be that of %s, whose %s is not known yet", other.Name, about)
				doubt = &verdict
			}
		}
	}
	if len(found) > 0 {
		pass := rule.Pass()
		return found, &pass
	}
	return nil, doubt
}

type answer int

const (
	no answer = iota
	maybe
	yes
)

// identifiers are the properties by which others call a resource.
var identifiers = []string{"id", "arn", "bucket", "name"}

func refersTo(value property.Value, r rule.Resource) answer {
	text, state := value.Text()
	if state == property.Unknown {
		return maybe
	}
	if state != property.Known {
		return no
	}
	result := no
	for _, name := range identifiers {
		own, state := r.Get(name).Text()
		switch {
		case state == property.Known && own == text:
			return yes
		case state == property.Unknown:
			result = maybe
		}
	}
	return result
}

// whole stands for the resource in a finding that is about no single property.
const whole = "it"

func judgeTlsOnly(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	policies, verdict := companions(r, stack, "aws:s3/bucketPolicy:BucketPolicy", "bucket")
	if verdict == nil {
		return rule.Violation(whole, "has no policy, and so takes requests without TLS")
	}
	for _, policy := range policies {
		text, state := policy.Get("policy").Text()
		if state != property.Known {
			return rule.Unjudged(whole, "has policy %s, which is not known yet", policy.Name)
		}
		parsed, err := document.Parse(text)
		if err == nil && slices.ContainsFunc(parsed.Statements, deniesClearText) {
			return rule.Pass()
		}
	}
	if len(policies) == 0 {
		return *verdict
	}
	return rule.Violation(whole, "takes requests without TLS")
}

func deniesClearText(s document.Statement) bool {
	return !s.Allow && slices.ContainsFunc(s.Principals, document.Principal.Anyone) && slices.ContainsFunc(s.Conditions, func(c document.Condition) bool {
		return c.Operator == "Bool" && c.Key == "aws:SecureTransport" && slices.Contains(c.Values, "false")
	}) && slices.ContainsFunc(s.Actions, func(action string) bool { return action == "*" || action == "s3:*" })
}
