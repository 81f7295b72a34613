// Package packs lists awslab's policy packs. Each has a package below this one.
package packs

import (
	"github.com/awslab/awslab/policy/internal/packs/backup"
	"github.com/awslab/awslab/policy/internal/packs/baseline"
	"github.com/awslab/awslab/policy/internal/packs/leastprivilege"
	"github.com/awslab/awslab/policy/internal/packs/resilience"
	"github.com/awslab/awslab/policy/internal/rule"
)

// Separate are the packs.
var Separate = []rule.Pack{backup.Pack, baseline.Pack, leastprivilege.Pack, resilience.Pack}

// All is the rules of every pack. Violations name the pack that a rule belongs to.
var All = rule.Join("awslab", "Every rule of awslab's packs.", Separate...)
