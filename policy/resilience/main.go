// Command resilience is the policy pack that keeps a stack able to survive the loss of an Availability Zone or a task.
//
//	pulumi preview --policy-pack policy/resilience --policy-pack-config policy/config/prod.json
package main

import (
	"github.com/awslab/awslab/policy/internal/rule"
	"github.com/awslab/awslab/policy/internal/serve"
)

var pack = rule.Pack{
	Name:        "awslab-resilience",
	Version:     "0.1.0",
	Description: "What must survive the loss of an Availability Zone does.",
	Rules:       []rule.Rule{rdsMultiAZ, ecsMultiAZ, ecsMinTasks},
}

func main() { serve.Main(pack) }
