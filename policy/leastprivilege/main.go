// Command leastprivilege is the policy pack that keeps roles, resource policies and containers to what they need.
//
//	pulumi preview --policy-pack policy/leastprivilege --policy-pack-config policy/config/prod.json
package main

import (
	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/serve"
)

var pack = rule.Pack{
	Name:        "awslab-least-privilege",
	Version:     "0.1.0",
	Description: "Nobody may do more than they need.",
	Rules: []rule.Rule{
		iamNoAdmin, iamNoServiceWildcard, iamScopedResource, iamNoNotElements, iamPassRoleScoped, iamNoPrivilegeEscalation, kmsDecryptScoped,
		iamTrust, iamManagedAdmin, iamNoUsers, resourcePolicyPublic, lambdaPermissionScoped,
		ecsRolesSeparate, ecsContainerHardening, efsAccessPointIdentity,
	},
}

func main() { serve.Main(pack) }
