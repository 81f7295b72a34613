package leastprivilege

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// leastPrivilege is "Grant least privilege access", which anchors what Security Hub has no control for.
var leastPrivilege = rule.Control{Framework: rule.WellArchitected, ID: "SEC03-BP02"}

var iamNoAdmin = rule.Rule{
	Name:        "iam-no-admin",
	Description: "IAM policies do not allow every action on every resource.",
	Severity:    rule.High,
	Controls:    append(rule.FSBP.Controls("IAM.1"), rule.CIS.Controls("1.16")...),
	Level:       rule.Mandatory,
	Why:         "Whoever gets such a role controls the whole account.",
	Fix:         "in policy, list the needed actions in Action, and their resources in Resource.",
	Types:       identityTypes,
	Judge: judgeIdentity(func(s document.Statement) string {
		if s.Allow && slices.Contains(s.Actions, "*") && s.Everywhere() {
			return "allows every action on every resource"
		}
		return ""
	}),
}

var iamNoServiceWildcard = rule.Rule{
	Name:        "iam-no-service-wildcard",
	Description: "IAM policies do not allow all actions of a service.",
	Severity:    rule.Low,
	Controls:    rule.FSBP.Controls("IAM.21"),
	Level:       rule.Mandatory,
	Why:         "A wildcard includes deletion, permission management and actions that AWS adds later.",
	Fix:         "in policy, list the needed actions in Action.",
	Types:       identityTypes,
	Judge: judgeIdentity(func(s document.Statement) string {
		if s.Allow && slices.ContainsFunc(s.Actions, wholeService) {
			return "allows every action of a service"
		}
		return ""
	}),
}

// wholeService reports whether an action is "*", "service:*", or as good as that.
func wholeService(action string) bool {
	_, name, found := strings.Cut(action, ":")
	if !found {
		name = action
	}
	return strings.Trim(name, "*?") == ""
}

var iamScopedResource = rule.Rule{
	Name:        "iam-scoped-resource",
	Description: "IAM policies name resources for actions that support resource-level permissions.",
	Severity:    rule.Medium,
	Controls:    []rule.Control{leastPrivilege},
	Level:       rule.Mandatory,
	Why:         "Resource * extends the permission to every other resource of the account.",
	Fix: "in policy, set Resource to the ARNs that are needed, and keep * in a statement of its own for " +
		"actions without resource-level permissions.",
	Types: identityTypes,
	Judge: judgeIdentity(func(s document.Statement) string {
		if !s.Allow || !s.OnAnyOfKind() {
			return ""
		}
		for _, action := range s.Actions {
			if !document.DemandsEverything(action) && (s.Everywhere() || !looksOnly(action)) {
				return "allows on every resource an action that can be limited to some"
			}
		}
		return ""
	}),
}

// looksOnly tells of actions that find out what there is. Many know no less than a kind of thing, such as log-group:*.
func looksOnly(action string) bool {
	_, name, _ := strings.Cut(action, ":")
	return strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "List")
}

var iamNoNotElements = rule.Rule{
	Name:        "iam-no-not-elements",
	Description: "IAM policies do not use NotAction, NotResource or NotPrincipal with Allow.",
	Severity:    rule.Medium,
	Controls:    []rule.Control{leastPrivilege},
	Level:       rule.Mandatory,
	Why:         "They allow everything that is not listed, including what AWS adds later.",
	Fix:         "in policy, replace NotAction, NotResource and NotPrincipal by Action, Resource and Principal.",
	Types:       identityTypes,
	Judge: judgeIdentity(func(s document.Statement) string {
		if s.Allow && len(s.NotActions)+len(s.NotResources)+len(s.NotPrincipal) > 0 {
			return "contains NotAction, NotResource or NotPrincipal"
		}
		return ""
	}),
}

var iamPassRoleScoped = rule.Rule{
	Name:        "iam-passrole-scoped",
	Description: "iam:PassRole is limited to named roles and to one service.",
	Severity:    rule.High,
	Controls:    []rule.Control{leastPrivilege},
	Level:       rule.Mandatory,
	Why:         "Whoever may pass any role can run code with the permissions of the strongest one.",
	Fix:         "in policy, set Resource to the ARNs of the roles, and add the condition iam:PassedToService.",
	Types:       identityTypes,
	Judge: judgeIdentity(func(s document.Statement) string {
		if !s.Grants("iam:PassRole") {
			return ""
		}
		switch {
		case s.Everywhere() || slices.ContainsFunc(s.Resources, document.AnyOfKind):
			return "passes any role"
		case !s.Has("iam:PassedToService"):
			return "passes a role to any service"
		}
		return ""
	}),
}

var kmsDecryptScoped = rule.Rule{
	Name:        "kms-decrypt-scoped",
	Description: "IAM policies allow kms:Decrypt for named keys only.",
	Severity:    rule.Medium,
	Controls:    rule.FSBP.Controls("KMS.2", "KMS.1"),
	Level:       rule.Mandatory,
	Why:         "Resource * lets the role decrypt data of every other key whose policy trusts the account.",
	Fix:         "in policy, set Resource to the ARN of the key, or add the condition kms:ResourceAliases.",
	Types:       identityTypes,
	Judge: judgeIdentity(func(s document.Statement) string {
		if !s.Grants("kms:Decrypt") && !s.Grants("kms:ReEncryptFrom") || s.Has("kms:ResourceAliases") {
			return ""
		}
		if s.Everywhere() || slices.ContainsFunc(s.Resources, document.AnyOfKind) {
			return "decrypts with any key"
		}
		return ""
	}),
}

// escalations are sets of actions with which a role can get itself the rights of another (Rhino Security Labs, "AWS IAM
// Privilege Escalation Methods"; those of ECS, SSM and tags, which policies refer to as ${aws:PrincipalTag/...}, are
// ours). A set with iam:PassRole is judged by iam-passrole-scoped.
var escalations = [][]string{
	{"iam:CreatePolicyVersion"},
	{"iam:SetDefaultPolicyVersion"},
	{"iam:CreateAccessKey"},
	{"iam:CreateLoginProfile"},
	{"iam:UpdateLoginProfile"},
	{"iam:AttachUserPolicy"},
	{"iam:AttachGroupPolicy"},
	{"iam:AttachRolePolicy"},
	{"iam:PutUserPolicy"},
	{"iam:PutGroupPolicy"},
	{"iam:PutRolePolicy"},
	{"iam:AddUserToGroup"},
	{"iam:TagRole"},
	{"iam:UpdateAssumeRolePolicy"},
	{"iam:DeleteRolePermissionsBoundary"},
	{"lambda:UpdateFunctionCode"},
	{"lambda:UpdateFunctionConfiguration"},
	{"ssm:SendCommand"},
	{"ssm:StartSession"},
	{"ecs:ExecuteCommand"},
	{"ec2-instance-connect:SendSSHPublicKey"},
	{"glue:UpdateDevEndpoint"},
	{"cloudformation:UpdateStack"},
	{"codestar:CreateProject"},
}

var iamNoPrivilegeEscalation = rule.Rule{
	Name:        "iam-no-privesc",
	Description: "IAM policies do not allow a role to extend its own permissions.",
	Severity:    rule.High,
	Controls:    []rule.Control{leastPrivilege},
	Level:       rule.Mandatory,
	Why:         "A role that can change its own permissions is an administrator in two steps.",
	Fix:         "in policy, remove the action, or set Resource to what belongs to this role alone.",
	Types:       identityTypes,
	Judge: judgeIdentity(func(s document.Statement) string {
		for _, actions := range escalations {
			if s.OnAnyOfKind() && !slices.ContainsFunc(actions, func(action string) bool { return !s.Grants(action) }) {
				return "allows privilege escalation by " + strings.Join(actions, " and ")
			}
		}
		return ""
	}),
}

// administrators are AWS's managed policies that amount to all rights, or to those of handing out rights.
var administrators = []string{
	"AdministratorAccess",
	"PowerUserAccess",
	"IAMFullAccess",
	"AdministratorAccess-Amplify",
	"AdministratorAccess-AWSElasticBeanstalk",
	"SystemAdministrator",
	"DatabaseAdministrator",
}

var iamManagedAdmin = rule.Rule{
	Name:        "iam-managed-admin",
	Description: "No principal has an AWS managed administrator policy.",
	Severity:    rule.High,
	Controls:    rule.FSBP.Controls("IAM.1"),
	Level:       rule.Mandatory,
	Why:         "Whoever gets such a principal controls the account, or a whole service.",
	Fix:         "set policyArn, or managedPolicyArns, to a policy of the actions that are needed.",
	Types: []string{
		attachmentType,
		"aws:iam/policyAttachment:PolicyAttachment",
		"aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
		"aws:iam/userPolicyAttachment:UserPolicyAttachment",
		roleType,
	},
	Judge: func(r rule.Resource, _ rule.Run) rule.Verdict {
		if r.Type != "aws:iam/role:Role" {
			return judgeManaged(r.Get("policyArn"))
		}
		arns := r.Get("managedPolicyArns")
		elements, state := arns.List()
		switch state {
		case property.Absent:
			return rule.Pass()
		case property.Known:
		default:
			return rule.Unreadable(arns, state)
		}
		var verdict rule.Verdict
		for _, arn := range elements {
			verdict = merge(verdict, judgeManaged(arn))
		}
		return verdict
	},
}

func judgeManaged(arn property.Value) rule.Verdict {
	text, state := arn.Text()
	switch {
	case state == property.Absent:
		return rule.Pass()
	case state != property.Known:
		return rule.Unreadable(arn, state)
	case administers(text):
		return rule.Violation(arn.Path(), "is an AWS managed policy for administrators")
	}
	return rule.Pass()
}

// administers reports whether an ARN is of a policy of AWS's, whose account in it is aws, that amounts to all rights or
// all those of a service. Later editions have more behind FullAccess, as in CloudWatchFullAccessV2.
func administers(arn string) bool {
	_, path, ofAWS := strings.Cut(arn, ":iam::aws:policy/")
	name := path[strings.LastIndex(path, "/")+1:]
	return ofAWS && (strings.Contains(name, "FullAccess") || slices.Contains(administrators, name))
}

var iamNoUsers = rule.Rule{
	Name:        "iam-no-users",
	Description: "There are no IAM users and no access keys.",
	Severity:    rule.Medium,
	Controls:    rule.WellArchitected.Controls("SEC02-BP02"),
	Level:       rule.Mandatory,
	Why:         "Long-lived keys leak, and stay valid until somebody notices.",
	Fix:         "declare an aws.iam.Role in its place, and let people and programs assume it.",
	Types: []string{
		"aws:iam/user:User",
		"aws:iam/accessKey:AccessKey",
		"aws:iam/userLoginProfile:UserLoginProfile",
		"aws:iam/userPolicy:UserPolicy",
		"aws:iam/userPolicyAttachment:UserPolicyAttachment",
	},
	Judge: func(r rule.Resource, _ rule.Run) rule.Verdict {
		if r.Get("status").State() == property.Known {
			if status, _ := r.Get("status").Text(); status == "Inactive" {
				return rule.NotApplicable("it is an inactive key")
			}
		}
		return rule.Violation("name", "belongs to an IAM user, whose credentials do not expire")
	},
}
