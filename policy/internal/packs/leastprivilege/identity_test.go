package leastprivilege

import (
	"fmt"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

const (
	bucket        = "arn:aws:s3:::reports/*"
	passedToEcs   = `"Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},`
	sourceAccount = `"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},`
)

var (
	role         = ruletest.Of("aws:iam/role:Role")
	rolePolicy   = ruletest.Of("aws:iam/rolePolicy:RolePolicy")
	attachment   = ruletest.Of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
	bucketPolicy = ruletest.Of("aws:s3/bucketPolicy:BucketPolicy")
	scoped       = allow("s3:GetObject", bucket)
)

func allow(action, resource string) string {
	return fmt.Sprintf(
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [%q], "Resource": %q}]}`,
		action,
		resource,
	)
}

func passing(condition string) string {
	return fmt.Sprintf(
		`{"Statement": [{"Effect": "Allow", "Action": "iam:PassRole", %s "Resource": `+
			`"arn:aws:iam::123456789012:role/task"}]}`,
		condition,
	)
}

func trusting(principal, condition string) string {
	return fmt.Sprintf(
		`{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", %s "Principal": {%s}}]}`,
		condition,
		principal,
	)
}

func open(principal, condition string) string {
	return fmt.Sprintf(
		`{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": %q, %s "Principal": %s}]}`,
		bucket,
		condition,
		principal,
	)
}

var inlinePolicies = []ruletest.Case{
	{
		Situation: ruletest.Fails,
		Name:      "inline",
		Resource: role(
			ruletest.Props{"inlinePolicies": []any{map[string]any{"name": "a", "policy": allow("s3:GetObject", "*")}}},
		),
		Want: ruletest.Violation("inlinePolicies[0].policy"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "inline",
		Resource:  role(ruletest.Props{"inlinePolicies": ruletest.Computed}),
		Want:      ruletest.Unevaluated("inlinePolicies"),
	},
	{Situation: ruletest.Absent, Name: "inline", Resource: role(ruletest.Props{}), Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "a denial",
		Resource: rolePolicy(
			ruletest.Props{"policy": `{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`},
		),
		Want: ruletest.Pass,
	},
}

// granted returns a policy of a role, and what is said to it.
func granted(name, policy string, want ruletest.Want) ruletest.Case {
	situation := ruletest.Passes
	if want != ruletest.Pass {
		situation = ruletest.Fails
	}
	return ruletest.Case{
		Situation: situation,
		Name:      name,
		Resource:  rolePolicy(ruletest.Props{"policy": policy}),
		Want:      want,
	}
}

func passingTo(resource string) string {
	return fmt.Sprintf(
		`{"Statement": {"Effect": "Allow", "Action": "iam:Pass*", "Resource": %q, %s "Sid": "A"}}`,
		resource,
		passedToEcs,
	)
}

var anyRolePassed = []ruletest.Case{
	granted("any role", passingTo("arn:aws:iam::*:role/*"), ruletest.Violation("policy")),
	granted("any role of another account", passingTo("arn:aws:iam::999999999999:role/*"), ruletest.Violation("policy")),
	granted(
		"any role of another partition",
		passingTo("arn:aws-us-gov:iam::123456789012:role/?*"),
		ruletest.Violation("policy"),
	),
	granted("roles that begin alike", passingTo("arn:aws:iam::123456789012:role/lab-*"), ruletest.Pass),
}

// kinds are policies about everything of a kind.
var kinds = []ruletest.Case{
	granted(
		"any table",
		allow("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/*"),
		ruletest.Violation("policy"),
	),
	granted(
		"any function",
		allow("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:*"),
		ruletest.Violation("policy"),
	),
	granted(
		"to look at any log group",
		allow("logs:DescribeLogGroups", "*"),
		ruletest.Pass,
	),
	granted(
		"any file system with a tag",
		`{"Statement": {"Effect": "Allow", "Action": "elasticfilesystem:ClientMount",
			"Resource": "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/*",
		"Condition": {"StringEquals": {"aws:ResourceTag/team": "lab"}}}}`,
		ruletest.Pass,
	),
}

var widened = []ruletest.Case{
	granted(
		"of any role",
		allow("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/*"),
		ruletest.Violation("policy"),
	),
	granted("of any user", allow("iam:CreateAccessKey", "arn:aws:iam::*:user/*"), ruletest.Violation("policy")),
	granted(
		"of any function",
		allow("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:123456789012:function:*"),
		ruletest.Violation("policy"),
	),
	granted(
		"of roles that begin alike",
		allow("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/lab-*"),
		ruletest.Pass,
	),
}

var keyByAlias = ruletest.Case{Situation: ruletest.Passes, Name: "by alias", Resource: rolePolicy(ruletest.Props{
	"policy": `{"Statement": {"Effect": "Allow", "Action": "kms:Decrypt",
		"Resource": "arn:aws:kms:eu-west-1:123456789012:key/*",
		"Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/data"}}}}`,
}), Want: ruletest.Pass}

var managedPolicies = []ruletest.Case{
	{
		Situation: ruletest.Fails,
		Name:      "of a role",
		Resource:  role(ruletest.Props{"managedPolicyArns": []any{"arn:aws:iam::aws:policy/AmazonS3FullAccess"}}),
		Want:      ruletest.Violation("managedPolicyArns[0]"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "of a role",
		Resource:  role(ruletest.Props{"managedPolicyArns": ruletest.Computed}),
		Want:      ruletest.Unevaluated("managedPolicyArns"),
	},
	{Situation: ruletest.Passes, Name: "of a role", Resource: role(ruletest.Props{}), Want: ruletest.Pass},
	{
		Situation: ruletest.Fails,
		Name:      "a later edition",
		Resource:  attachment(ruletest.Props{"policyArn": "arn:aws-cn:iam::aws:policy/CloudWatchFullAccessV2"}),
		Want:      ruletest.Violation("policyArn"),
	},
	{
		Situation: ruletest.Passes,
		Name:      "of one's own",
		Resource:  attachment(ruletest.Props{"policyArn": "arn:aws:iam::123456789012:policy/ReportsFullAccess"}),
		Want:      ruletest.Pass,
	},
}

var (
	user      = ruletest.Of("aws:iam/user:User")
	accessKey = ruletest.Of("aws:iam/accessKey:AccessKey")
)

var userCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: role(ruletest.Props{}), Want: ruletest.NotApplicable},
	{
		Situation: ruletest.Passes,
		Name:      "an inactive key",
		Resource:  accessKey(ruletest.Props{"status": "Inactive"}),
		Want:      ruletest.NotApplicable,
	},
	{Situation: ruletest.Fails, Resource: user(ruletest.Props{"name": "ci"}), Want: ruletest.Violation("name")},
	{
		Situation: ruletest.Unknown,
		Resource:  accessKey(ruletest.Props{"user": ruletest.Computed}),
		Want:      ruletest.Violation("name"),
	},
	{
		Situation: ruletest.Secret,
		Resource:  user(ruletest.Props{"name": ruletest.Secretly("hidden-user")}),
		Want:      ruletest.Violation("name"),
	},
	{Situation: ruletest.Absent, Resource: user(ruletest.Props{}), Want: ruletest.Violation("name")},
}
