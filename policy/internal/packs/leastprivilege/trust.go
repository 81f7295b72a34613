package leastprivilege

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var iamTrust = rule.Rule{
	Name:        "iam-trust",
	Description: "Trust policies name who may assume the role, and limit services to this account.",
	Severity:    rule.High,
	Controls:    rule.WellArchitected.Controls("SEC03-BP07"),
	Level:       rule.Mandatory,
	Why:         "A trust policy without conditions lets others make the service act for them (the confused deputy).",
	Fix: "in assumeRolePolicy, name the principal and add the condition aws:SourceAccount or " +
		"aws:SourceArn, or for a web identity its sub; with sts:TagSession, list the keys in " +
		"ForAllValues:StringEquals of aws:TagKeys.",
	Types: []string{"aws:iam/role:Role"},
	Judge: func(r rule.Resource, _ rule.Run) rule.Verdict {
		return judgeDocument(r, r.Get("assumeRolePolicy"), complainOfTrust)
	},
}

// withoutSource are services whose guides do not say that they send aws:SourceAccount or aws:SourceArn when they assume
// a role: a condition that requires one could keep them out for ever.
var withoutSource = []string{
	"backup.amazonaws.com", "ec2.amazonaws.com", "lambda.amazonaws.com", "rds.amazonaws.com", "s3.amazonaws.com",
}

func complainOfTrust(s document.Statement) string {
	if !s.Allow {
		return ""
	}
	if len(s.NotPrincipal) > 0 {
		return "trusts everyone except those that it lists"
	}
	if s.Grants("sts:TagSession") && !slices.ContainsFunc(s.Conditions, limitsSessionTags) {
		return "lets whoever assumes the role choose its session tags, which go before the role's own"
	}
	for _, p := range s.Principals {
		switch {
		case p.Anyone() && !s.Has("aws:PrincipalOrgID", "aws:PrincipalAccount", "aws:PrincipalArn"):
			return "trusts everyone"
		case p.WholeAccount() && !s.Has("sts:ExternalId", "aws:PrincipalArn", "aws:PrincipalOrgID"):
			return "trusts a whole account"
		case p.Type == "Service" && !slices.Contains(withoutSource, p.Value) && !s.Has(
			"aws:SourceAccount",
			"aws:SourceArn",
			"aws:SourceOrgID",
		):
			return "trusts a service without a condition on aws:SourceAccount or aws:SourceArn"
		case p.Type == "Federated" && !federatedSubject(s):
			return "trusts every identity of a provider"
		}
	}
	return ""
}

// limitsSessionTags reports whether a condition lists the keys of the tags that a session may have. They are what
// policies mean by ${aws:PrincipalTag/...} ("Pass session tags in AWS STS", IAM user guide).
func limitsSessionTags(c document.Condition) bool {
	return strings.EqualFold(c.Key, "aws:TagKeys") && strings.HasPrefix(c.Operator, "ForAllValues:String") &&
		!strings.Contains(c.Operator, "Not") && !slices.Contains(c.Values, "*")
}

// federatedSubject reports whether a condition names the identity, as in token.actions.githubusercontent.com:sub.
func federatedSubject(s document.Statement) bool {
	return slices.ContainsFunc(s.Conditions, func(c document.Condition) bool {
		key := strings.ToLower(c.Key)
		return (strings.HasSuffix(key, ":sub") || key == "saml:aud") && c.Requires() &&
			!slices.ContainsFunc(c.Values, anySubject)
	})
}

// subjectKinds are what the subjects of many identities begin with: of GitHub's and GitLab's repositories, and of
// Kubernetes' service accounts.
var subjectKinds = []string{"", "repo:", "project_path:", "system:", "system:serviceaccount:"}

// anySubject reports whether a pattern of subjects names none: what comes before its first wildcard is no more than a
// kind, or a part of the name of the owner of a repository, whose whole name ends in a slash.
func anySubject(pattern string) bool {
	wildcard := strings.IndexAny(pattern, "*?")
	if wildcard < 0 {
		return false
	}
	named := pattern[:wildcard]
	owner, ofRepository := strings.CutPrefix(named, "repo:")
	return slices.Contains(subjectKinds, named) || ofRepository && !strings.Contains(owner, "/")
}

// resourcePolicies are the properties that hold who may use a resource. The policy of a VPC endpoint is none of them:
// it lets nobody in, but limits what those in the VPC may ask for with rights that they have anyway. By default it
// limits nothing; one that does has to name the buckets of AWS's own that images and packages come from, which differ
// by region.
var resourcePolicies = map[string]string{
	"aws:s3/bucketPolicy:BucketPolicy":                              "policy",
	"aws:ecr/repositoryPolicy:RepositoryPolicy":                     "policy",
	"aws:kms/key:Key":                                               "policy",
	"aws:sns/topicPolicy:TopicPolicy":                               "policy",
	"aws:sns/topic:Topic":                                           "policy",
	"aws:sqs/queuePolicy:QueuePolicy":                               "policy",
	"aws:efs/fileSystemPolicy:FileSystemPolicy":                     "policy",
	"aws:secretsmanager/secretPolicy:SecretPolicy":                  "policy",
	"aws:backup/vaultPolicy:VaultPolicy":                            "policy",
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy":            "policyDocument",
	"aws:cloudwatch/eventBusPolicy:EventBusPolicy":                  "policy",
	"aws:ecr/registryPolicy:RegistryPolicy":                         "policy",
	"aws:s3control/accessPointPolicy:AccessPointPolicy":             "policy",
	"aws:lambda/layerVersionPermission:LayerVersionPermission":      "policy",
	"aws:opensearch/domainPolicy:DomainPolicy":                      "accessPolicies",
	"aws:dynamodb/resourcePolicy:ResourcePolicy":                    "policy",
	"aws:secretsmanager/secret:Secret":                              "policy",
	"aws:sqs/queue:Queue":                                           "policy",
	"aws:s3/bucketV2:BucketV2":                                      "policy",
	"aws:kms/replicaKey:ReplicaKey":                                 "policy",
	"aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": "repositoryPolicy",
}

var resourcePolicyPublic = rule.Rule{
	Name:        "resource-policy-public",
	Description: "Resource-based policies do not grant access to everyone.",
	Severity:    rule.Critical,
	Controls:    rule.FSBP.Controls("S3.2", "S3.3"),
	Level:       rule.Mandatory,
	Why:         "Anyone with an AWS account, or anyone at all, could use the resource.",
	Fix: "name the principal in the policy, or add a condition such as aws:PrincipalAccount, " +
		"aws:SourceAccount or aws:SourceArn.",
	Types: typesOf(resourcePolicies),
	Judge: func(r rule.Resource, _ rule.Run) rule.Verdict {
		return judgeDocument(r, r.Get(resourcePolicies[r.Type]), complainOfPublicity)
	},
}

func typesOf(properties map[string]string) []string {
	var types []string
	for t := range properties {
		types = append(types, t)
	}
	slices.Sort(types)
	return types
}

// inside are the condition keys that keep strangers out. kms:ViaService is none of them: a stranger's request comes by
// way of a service as well, so that it takes kms:CallerAccount besides.
var inside = []string{
	"aws:PrincipalOrgID", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:SourceAccount", "aws:SourceArn",
	"aws:SourceOrgID", "aws:SourceOwner", "aws:SourceVpc", "aws:SourceVpce", "kms:CallerAccount",
	"elasticfilesystem:AccessedViaMountTarget", "aws:userId",
}

func complainOfPublicity(s document.Statement) string {
	switch {
	case !s.Allow:
		return ""
	case len(s.NotPrincipal) > 0:
		return "grants access to everyone except those that it lists"
	case slices.ContainsFunc(s.Principals, document.Principal.Anyone) && !s.Has(inside...):
		return "allows every principal, without a condition that limits it"
	}
	return ""
}

var lambdaPermissionScoped = rule.Rule{
	Name:        "lambda-permission-scoped",
	Description: "Lambda permissions for services have a source ARN or a source account.",
	Severity:    rule.Critical,
	Controls:    rule.FSBP.Controls("Lambda.1"),
	Level:       rule.Mandatory,
	Why:         "Without one, others can make the service call the function for them (the confused deputy).",
	Fix:         "set sourceArn to the resource that calls, or sourceAccount to the account.",
	Types:       []string{"aws:lambda/permission:Permission"},
	Judge: func(r rule.Resource, _ rule.Run) rule.Verdict {
		principal, state := r.Get("principal").Text()
		service := strings.HasSuffix(strings.TrimSuffix(principal, ".cn"), ".amazonaws.com")
		if state == property.Known && principal != "*" && !service {
			return rule.NotApplicable("it is for a named account or role")
		}
		for _, name := range []string{"sourceArn", "sourceAccount", "principalOrgId"} {
			// A source that becomes known later is one.
			if r.Get(name).State() != property.Absent {
				return rule.Pass()
			}
		}
		if state == property.Unknown {
			return rule.Unreadable(r.Get("principal"), state)
		}
		return rule.Violation(
			"sourceArn",
			"is not set, and neither is sourceAccount",
		)
	},
}
