// Command docker plays a Docker engine for tests, and under the name trivy a scanner.
package main

import (
	"os"

	"github.com/awslab/awslab/automation/internal/fakedocker"
)

func main() { os.Exit(fakedocker.Main(os.Args[0], os.Args[1:])) }
