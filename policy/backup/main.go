// Command backup is the policy pack that sees to it that what is lost can be restored.
//
//	pulumi preview --policy-pack policy/backup --policy-pack-config policy/config/prod.json
package main

import (
	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/packs/backup"
	"github.com/awslab/awslab/policy/internal/serve"
)

func main() { serve.Main(packs.Alone(backup.Pack)) }
