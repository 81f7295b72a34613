// Command gen documents the configuration of the stack in the current folder: it writes schema.json there, and the table
// of defaults into the README at the top of the repository.
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
	schema, err := configdoc.Schema(".")
	if err != nil {
		return err
	}
	path := filepath.Join("..", "..", "README.md")
	readme, err := os.ReadFile(path) //nolint:gosec // a fixed path
	if err != nil {
		return fmt.Errorf("reading the README: %w", err)
	}
	changed, err := configdoc.Readme(string(readme))
	if err != nil {
		return err
	}
	if err := os.WriteFile("schema.json", schema, 0o600); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		return fmt.Errorf("writing the README: %w", err)
	}
	return nil
}
