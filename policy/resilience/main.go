// Command resilience is the policy pack that keeps a stack able to survive the loss of an Availability Zone or a task.
//
//	pulumi preview --policy-pack policy/resilience --policy-pack-config policy/config/prod.json
package main

import (
	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/packs/resilience"
	"github.com/awslab/awslab/policy/internal/serve"
)

func main() { serve.Main(packs.Alone(resilience.Pack)) }
