// Package backup holds the rules that see to it that what is lost can be restored: data is backed up, often and long
// enough, in a second region, where it cannot be deleted, and restores are tested.
package backup

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/rule"
)

// Pack is the pack of these rules.
var Pack = rule.Pack{
	Name:        "awslab-backup",
	Version:     "0.1.0",
	Description: "Data stores have backups that can be restored.",
	Rules:       slices.Concat(services, plans),
}
