// Command docker plays a Docker engine for tests.
package main

import (
	"os"

	"github.com/awslab/awslab/automation/internal/fakedocker"
)

func main() { os.Exit(fakedocker.Main(os.Args[1:])) }
