// Command remediation is the policy pack that sets properties right instead of finding fault with them. Nobody gets it
// unasked: it is not among the rules of policy itself.
//
//	pulumi preview --policy-pack policy/remediation
package main

import (
	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/packs/remediation"
	"github.com/awslab/awslab/policy/internal/serve"
)

func main() { serve.Main(packs.Alone(remediation.Pack)) }
