package leastprivilege

import (
	"testing"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

var cases = map[string][]ruletest.Case{
	"iam-no-admin":            documentCases(rolePolicy, "policy", scoped, allow("*", "*")),
	"iam-no-service-wildcard": documentCases(rolePolicy, "policy", scoped, allow("s3:*", bucket)),
	"iam-scoped-resource": append(
		documentCases(
			rolePolicy,
			"policy",
			allow("ecr:GetAuthorizationToken", "*"),
			allow("s3:GetObject", "arn:aws:s3:::*/*"),
		),
		append(inlinePolicies, kinds...)...),
	"iam-no-not-elements": documentCases(
		rolePolicy,
		"policy",
		scoped,
		`{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}`,
	),
	"iam-passrole-scoped": append(
		documentCases(rolePolicy, "policy", passing(passedToEcs), passing("")),
		anyRolePassed...),
	"kms-decrypt-scoped": append(
		documentCases(
			rolePolicy,
			"policy",
			allow("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/a"),
			allow("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/*"),
		),
		keyByAlias,
	),
	"iam-no-privesc": append(
		documentCases(
			rolePolicy,
			"policy",
			allow("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/own"),
			allow("iam:PutRolePolicy", "*"),
		),
		widened...),
	"iam-managed-admin": append(
		ruletest.Texts(
			attachment,
			"policyArn",
			"arn:aws:iam::aws:policy/ReadOnlyAccess",
			"arn:aws:iam::aws:policy/AdministratorAccess",
			ruletest.Pass,
		),
		managedPolicies...),
	"iam-no-users": userCases,
	"iam-trust": append(
		documentCases(
			role,
			"assumeRolePolicy",
			trusting(`"Service": "ecs-tasks.amazonaws.com"`, sourceAccount),
			trusting(`"Service": "ecs-tasks.amazonaws.com"`, ""),
		),
		append(trustCases, subjectCases...)...),
	"resource-policy-public": append(
		documentCases(bucketPolicy, "policy", open(`{"AWS": "*"}`, sourceAccount), open(`"*"`, "")),
		append(publicKeys, deniedToEveryone)...),
	"lambda-permission-scoped":  permissionCases,
	"ecs-roles-separate":        rolesCases,
	"ecs-container-hardening":   containerCases,
	"efs-access-point-identity": accessPointCases,
	"privesc-paths":             pathCases,
	"role-matches-use":          useCases,
	"ec2-launch-isolation":      isolationCases,
}

func TestRules(t *testing.T) { ruletest.Run(t, Pack, cases) }

func TestFixesNameProperties(t *testing.T) { ruletest.FixesNameProperties(t, Pack) }

func TestPropertyNames(t *testing.T) { ruletest.PropertyNames(t, cases) }

func FuzzRules(f *testing.F) { ruletest.Fuzz(f, Pack, cases) }

// documentCases returns the five situations of a rule about a policy document.
func documentCases(resource func(ruletest.Props) ruletest.Resource, property, good, bad string) []ruletest.Case {
	return append(ruletest.Texts(resource, property, good, bad, ruletest.Pass), ruletest.Case{
		Situation: ruletest.Absent,
		Name:      "what cannot be read",
		Resource:  resource(ruletest.Props{property: "{"}),
		Want:      ruletest.Unevaluated(property),
	})
}
