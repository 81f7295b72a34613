// Command gen writes the schema data of the offline target: what the Go SDKs of the aws, awsx and docker providers
// say about every resource, function and object type. It reads the SDKs' source, not their documentation, so the
// data is as exact as the compiler's view of a program that uses them.
package main

import (
	"fmt"
	"os"

	"github.com/awslab/awslab/automation/offline/internal/schema/gen/sdk"
)

func main() {
	for _, module := range sdk.Modules {
		text, err := sdk.Generate(module)
		if err == nil {
			err = os.WriteFile(module.Package+".schema", []byte(text), 0o600)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "generating the schema of %s: %v\n", module.Package, err)
			os.Exit(1)
		}
	}
}
