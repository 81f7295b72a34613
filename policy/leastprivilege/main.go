// Command leastprivilege is the policy pack that keeps roles, resource policies and containers to what they need.
//
//	pulumi preview --policy-pack policy/leastprivilege --policy-pack-config policy/config/prod.json
package main

import (
	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/packs/leastprivilege"
	"github.com/awslab/awslab/policy/internal/serve"
)

func main() { serve.Main(packs.Alone(leastprivilege.Pack)) }
