// Command infra is the Pulumi program of the lab. Everything it does is in package stack.
package main

import (
	"github.com/awslab/awslab/infra/stack"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(stack.Deploy)
}
