// Command baseline is the policy pack that holds for every account.
//
//	pulumi preview --policy-pack policy/baseline --policy-pack-config policy/config/prod.json
package main

import (
	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/packs/baseline"
	"github.com/awslab/awslab/policy/internal/serve"
)

func main() { serve.Main(packs.Alone(baseline.Pack)) }
