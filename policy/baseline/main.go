// Command baseline is the policy pack of what holds for every account: data is encrypted, nothing is open that need not be,
// and what happens is recorded.
//
//	pulumi preview --policy-pack policy/baseline --policy-pack-config policy/config/prod.json
package main

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/serve"
)

var pack = rule.Pack{
	Name:        "awslab-baseline",
	Version:     "0.1.0",
	Description: "Data is encrypted, nothing is open that need not be, and what happens is recorded.",
	Rules:       slices.Concat(encryption, exposure, recording),
}

func main() { serve.Main(pack) }

// fsbp is a control of AWS's own standard.
func fsbp(id string) []rule.Control { return []rule.Control{{Framework: rule.FSBP, ID: id}} }

// wellArchitected is a best practice, for what Security Hub has no control for.
func wellArchitected(id string) []rule.Control {
	return []rule.Control{{Framework: rule.WellArchitected, ID: id}}
}
