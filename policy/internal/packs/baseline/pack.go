// Package baseline holds the rules that are good for every account: data is encrypted, nothing is open that need not
// be, and what happens is recorded.
package baseline

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/rule"
)

// Pack is the pack of these rules.
var Pack = rule.Pack{
	Name:        "awslab-baseline",
	Version:     "0.1.0",
	Description: "Data is encrypted, network exposure is minimal, and activity is logged.",
	Rules:       slices.Concat(encryption, authentication, exposure, acls, tiers, recording, watching, tagging),
}
