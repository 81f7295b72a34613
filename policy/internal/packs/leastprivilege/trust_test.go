package leastprivilege

import (
	"fmt"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

func trust(name, document string, want ruletest.Want) ruletest.Case {
	situation := ruletest.Passes
	if want != ruletest.Pass {
		situation = ruletest.Fails
	}
	return ruletest.Case{
		Situation: situation,
		Name:      name,
		Resource:  role(ruletest.Props{"assumeRolePolicy": document}),
		Want:      want,
	}
}

// tagging returns the trust in a service that may set session tags.
func tagging(condition string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": `+
		`"ecs-tasks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {%s `+
		`"StringEquals": {"aws:SourceAccount": "123456789012"}}}]}`, condition)
}

var trustCases = []ruletest.Case{
	trust("everyone", trusting(`"AWS": "*"`, ""), ruletest.Violation("assumeRolePolicy")),
	trust(
		"a whole account",
		trusting(`"AWS": "arn:aws:iam::123456789012:root"`, ""),
		ruletest.Violation("assumeRolePolicy"),
	),
	trust("an account by its number", trusting(`"AWS": "123456789012"`, ""), ruletest.Violation("assumeRolePolicy")),
	trust(
		"an account whose principals have to be named",
		trusting(
			`"AWS": "123456789012"`,
			`"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/deploy-*"}},`,
		),
		ruletest.Pass,
	),
	trust(
		"a service for any ARN",
		trusting(
			`"Service": "ecs-tasks.amazonaws.com"`,
			`"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:*:*:*:*"}},`,
		),
		ruletest.Violation("assumeRolePolicy"),
	),
	trust("a role", trusting(`"AWS": "arn:aws:iam::123456789012:role/deploy"`, ""), ruletest.Pass),
	trust("a service that chooses tags", tagging(""), ruletest.Violation("assumeRolePolicy")),
	trust(
		"a service that chooses the values of one tag",
		tagging(`"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},`),
		ruletest.Pass,
	),
	trust(
		"a service that chooses any tags",
		tagging(`"ForAllValues:StringLike": {"aws:TagKeys": "*"},`),
		ruletest.Violation("assumeRolePolicy"),
	),
	trust(
		"a service that chooses all tags but one",
		tagging(`"ForAllValues:StringNotEquals": {"aws:TagKeys": "team"},`),
		ruletest.Violation("assumeRolePolicy"),
	),
	trust("instances", trusting(`"Service": "ec2.amazonaws.com"`, ""), ruletest.Pass),
	trust(
		"any identity of a provider",
		trusting(`"Federated": "arn:aws:iam::123456789012:oidc-provider/x"`, ""),
		ruletest.Violation("assumeRolePolicy"),
	),
	trust("one identity of a provider", trusting(
		`"Federated": "arn:aws:iam::123456789012:oidc-provider/x"`,
		`"Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:a/b:ref:refs/heads/main"}},`,
	), ruletest.Pass),
}

// subject returns the trust in identities of GitHub.
func subject(name, operator, value string, want ruletest.Want) ruletest.Case {
	return trust(name, trusting(`"Federated": "arn:aws:iam::123456789012:oidc-provider/x"`,
		fmt.Sprintf(`"Condition": {%q: {"token.actions.githubusercontent.com:sub": %q}},`, operator, value)), want)
}

var subjectCases = []ruletest.Case{
	subject("a repository", "StringLike", "repo:lab/shop:*", ruletest.Pass),
	subject("an organization", "StringLike", "repo:lab/*", ruletest.Pass),
	subject("all but a repository", "StringNotLike", "repo:lab/shop:*", ruletest.Violation("assumeRolePolicy")),
	subject(
		"a repository if it is told",
		"StringLikeIfExists",
		"repo:lab/shop:*",
		ruletest.Violation("assumeRolePolicy"),
	),
	subject("any repository", "StringLike", "repo:*", ruletest.Violation("assumeRolePolicy")),
	subject("a repository of any owner", "StringLike", "repo:*/shop:*", ruletest.Violation("assumeRolePolicy")),
	subject("owners that begin alike", "StringLike", "repo:lab*", ruletest.Violation("assumeRolePolicy")),
	subject("anything", "StringLike", "*", ruletest.Violation("assumeRolePolicy")),
	subject("any service account", "StringLike", "system:serviceaccount:*", ruletest.Violation("assumeRolePolicy")),
	subject("a namespace", "StringLike", "system:serviceaccount:shop:*", ruletest.Pass),
}

// keyOpen returns the policy of a key that everyone may use by way of a service.
func keyOpen(condition string) ruletest.Resource {
	return ruletest.Of(
		"aws:kms/key:Key",
	)(
		ruletest.Props{
			"policy": `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", ` +
				`"Resource": "*", "Condition": {"StringEquals": {` + condition + `}}}}`,
		},
	)
}

var publicKeys = []ruletest.Case{
	{
		Situation: ruletest.Fails,
		Name:      "a key, by way of a service",
		Resource:  keyOpen(`"kms:ViaService": "s3.eu-west-1.amazonaws.com"`),
		Want:      ruletest.Violation("policy"),
	},
	{
		Situation: ruletest.Passes,
		Name:      "a key, by way of a service, for an account",
		Resource:  keyOpen(`"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": "123456789012"`),
		Want:      ruletest.Pass,
	},
}

var deniedToEveryone = ruletest.Case{
	Situation: ruletest.Passes,
	Name:      "a denial",
	Resource: bucketPolicy(ruletest.Props{
		"policy": `{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*", ` +
			`"Condition": {"Bool": {"aws:SecureTransport": "false"}}}}`,
	}),
	Want: ruletest.Pass,
}

var permission = ruletest.Of("aws:lambda/permission:Permission")

var permissionCases = []ruletest.Case{
	{
		Situation: ruletest.Passes,
		Resource:  permission(ruletest.Props{"principal": "events.amazonaws.com", "sourceArn": "arn:rule"}),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "an account",
		Resource:  permission(ruletest.Props{"principal": "123456789012"}),
		Want:      ruletest.NotApplicable,
	},
	{
		Situation: ruletest.Fails,
		Resource:  permission(ruletest.Props{"principal": "s3.amazonaws.com"}),
		Want:      ruletest.Violation("sourceArn"),
	},
	{
		Situation: ruletest.Unknown,
		Resource:  permission(ruletest.Props{"principal": ruletest.Computed}),
		Want:      ruletest.Unevaluated("principal"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "source",
		Resource:  permission(ruletest.Props{"principal": "s3.amazonaws.com", "sourceArn": ruletest.Computed}),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Secret,
		Resource:  permission(ruletest.Props{"principal": ruletest.Secretly("s3.amazonaws.com")}),
		Want:      ruletest.Violation("sourceArn"),
	},
	{Situation: ruletest.Absent, Resource: permission(ruletest.Props{}), Want: ruletest.Violation("sourceArn")},
}
