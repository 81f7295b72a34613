// Command backup is the policy pack that sees to it that what is lost can be had back: data is backed up, often and long
// enough, in a second region, where nobody can delete it, and restoring is tried.
//
//	pulumi preview --policy-pack policy/backup --policy-pack-config policy/config/prod.json
package main

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/serve"
)

var pack = rule.Pack{
	Name:        "awslab-backup",
	Version:     "0.1.0",
	Description: "What is lost can be had back.",
	Rules:       slices.Concat(services, plans),
}

func main() { serve.Main(pack) }

// fsbp is a control of AWS's own standard.
func fsbp(id string) []rule.Control { return []rule.Control{{Framework: rule.FSBP, ID: id}} }

// wellArchitected is a best practice, for what Security Hub has no control for.
func wellArchitected(id string) []rule.Control {
	return []rule.Control{{Framework: rule.WellArchitected, ID: id}}
}
