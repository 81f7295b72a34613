// Command gen writes the JSON Schema of the stack's configuration to schema.json in the current folder.
package main

import (
	"fmt"
	"os"

	"github.com/awslab/awslab/infra/stack/internal/configschema"
)

func main() {
	text, err := configschema.Generate(".")
	if err == nil {
		err = os.WriteFile("schema.json", text, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
