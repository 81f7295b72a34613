// Command gen writes docs/policies.md at the top of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/awslab/awslab/policy/internal/reference"
)

func main() {
	if err := write(filepath.Join("..", "..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, "writing the reference of the policies:", err)
		os.Exit(1)
	}
}

func write(root string) error {
	text, err := reference.Markdown(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs", "policies.md"), text, 0o600)
}
