// Package resilience holds the rules that keep a stack able to survive the loss of an Availability Zone or a task.
package resilience

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/rule"
)

// Pack is the pack of these rules.
var Pack = rule.Pack{
	Name:        "awslab-resilience",
	Version:     "0.1.0",
	Description: "Services and data stores survive the failure of an Availability Zone.",
	Rules: slices.Concat(
		[]rule.Rule{rdsMultiAZ, ecsMultiAZ, ecsMinTasks},
		stores,
		balancing,
		functions,
		deployments,
		egress,
	),
}
