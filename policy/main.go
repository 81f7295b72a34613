// Command policy runs all packs of awslab in one process, which reads each resource once:
//
//	pulumi preview --policy-pack policy --policy-pack-config policy/config/prod.json
//
// The folders below it are the packs one by one. The rules are in internal/packs.
package main

import (
	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/serve"
)

func main() { serve.Main(packs.All) }
