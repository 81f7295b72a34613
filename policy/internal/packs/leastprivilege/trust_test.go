package leastprivilege

import "github.com/awslab/awslab/policy/internal/ruletest"

func trust(name, document string, want ruletest.Want) ruletest.Case {
	situation := ruletest.Passes
	if want != ruletest.Pass {
		situation = ruletest.Fails
	}
	return ruletest.Case{Situation: situation, Name: name, Resource: role(ruletest.Props{"assumeRolePolicy": document}), Want: want}
}

var trustCases = []ruletest.Case{
	trust("everyone", trusting(`"AWS": "*"`, ""), ruletest.Violation("assumeRolePolicy")),
	trust("a whole account", trusting(`"AWS": "arn:aws:iam::123456789012:root"`, ""), ruletest.Violation("assumeRolePolicy")),
	trust("a role", trusting(`"AWS": "arn:aws:iam::123456789012:role/deploy"`, ""), ruletest.Pass),
	trust("instances", trusting(`"Service": "ec2.amazonaws.com"`, ""), ruletest.Pass),
	trust("any identity of a provider", trusting(`"Federated": "arn:aws:iam::123456789012:oidc-provider/x"`, ""), ruletest.Violation("assumeRolePolicy")),
	trust("one identity of a provider", trusting(`"Federated": "arn:aws:iam::123456789012:oidc-provider/x"`,
		`"Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:a/b:ref:refs/heads/main"}},`), ruletest.Pass),
}

var deniedToEveryone = ruletest.Case{Situation: ruletest.Passes, Name: "a denial", Resource: bucketPolicy(ruletest.Props{
	"policy": `{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}`,
}), Want: ruletest.Pass}

var permission = ruletest.Of("aws:lambda/permission:Permission")

var permissionCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: permission(ruletest.Props{"principal": "events.amazonaws.com", "sourceArn": "arn:rule"}), Want: ruletest.Pass},
	{Situation: ruletest.Passes, Name: "an account", Resource: permission(ruletest.Props{"principal": "123456789012"}), Want: ruletest.NotApplicable},
	{Situation: ruletest.Fails, Resource: permission(ruletest.Props{"principal": "s3.amazonaws.com"}), Want: ruletest.Violation("sourceArn")},
	{Situation: ruletest.Unknown, Resource: permission(ruletest.Props{"principal": ruletest.Computed}), Want: ruletest.Unevaluated("principal")},
	{Situation: ruletest.Unknown, Name: "source", Resource: permission(ruletest.Props{"principal": "s3.amazonaws.com", "sourceArn": ruletest.Computed}), Want: ruletest.Pass},
	{Situation: ruletest.Secret, Resource: permission(ruletest.Props{"principal": ruletest.Secretly("s3.amazonaws.com")}), Want: ruletest.Violation("sourceArn")},
	{Situation: ruletest.Absent, Resource: permission(ruletest.Props{}), Want: ruletest.Violation("sourceArn")},
}
