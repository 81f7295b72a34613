// Package packs lists awslab's policy packs. Each has a package below this one.
package packs

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/packs/backup"
	"github.com/awslab/awslab/policy/internal/packs/baseline"
	"github.com/awslab/awslab/policy/internal/packs/leastprivilege"
	"github.com/awslab/awslab/policy/internal/packs/remediation"
	"github.com/awslab/awslab/policy/internal/packs/resilience"
	"github.com/awslab/awslab/policy/internal/rule"
)

// Separate are the packs.
var Separate = []rule.Pack{backup.Pack, baseline.Pack, leastprivilege.Pack, resilience.Pack}

// everything is the packs and what a stack has to ask for: one configuration file is for all of them.
var everything = append(slices.Clone(Separate), remediation.Pack)

// Alone returns one of the packs as it is served by itself, knowing the names of the others' rules.
func Alone(pack rule.Pack) rule.Pack { return pack.Among(everything...) }

// All is the rules of every pack. Violations name the pack that a rule belongs to.
var All = rule.Join("awslab", "Every rule of awslab's packs.", Separate...).Among(remediation.Pack)
