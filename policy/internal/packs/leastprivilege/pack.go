// Package leastprivilege holds the rules that keep roles, resource policies and containers to what they need.
package leastprivilege

import "github.com/awslab/awslab/policy/internal/rule"

// Pack is the pack of these rules.
var Pack = rule.Pack{
	Name:        "awslab-least-privilege",
	Version:     "0.1.0",
	Description: "IAM roles, policies and containers have the least privilege that they need.",
	Rules: []rule.Rule{
		iamNoAdmin, iamNoServiceWildcard, iamScopedResource, iamNoNotElements, iamPassRoleScoped,
		iamNoPrivilegeEscalation, kmsDecryptScoped, iamTrust, iamManagedAdmin, iamNoUsers, resourcePolicyPublic,
		lambdaPermissionScoped, privescPaths, roleMatchesUse, ecsRolesSeparate, ecsContainerHardening,
		efsAccessPointIdentity, ec2LaunchIsolation,
	},
}
