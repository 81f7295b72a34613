// Command gen writes docs/policies.md at the top of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/awslab/awslab/policy/internal/reference"
)

func main() {
	path := filepath.Join("..", "..", "..", "docs", "policies.md")
	if err := os.WriteFile(path, reference.Markdown(), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "writing the reference of the policies:", err)
		os.Exit(1)
	}
}
