// Command gen documents the configuration from the Go types in the current folder: it writes schema.json there, and
// docs/configuration.md at the top of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/awslab/awslab/infra/config/internal/configdoc"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write() error {
	for path, generate := range map[string]func(string) ([]byte, error){
		"schema.json": configdoc.Schema,
		filepath.Join("..", "..", "docs", "configuration.md"): configdoc.Reference,
	} {
		text, err := generate(".")
		if err != nil {
			return fmt.Errorf("generating %s: %w", path, err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
	}
	return nil
}
