package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Dockerfile.dockerignore lets through this folder alone, so that it must hold all that the service imports of this
// repository.
func TestServiceImportsNothingElseOfTheRepository(t *testing.T) {
	const module = "github.com/awslab/awslab"
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	require.NoError(t, err, "%s", output)
	for imported := range strings.Lines(string(output)) {
		imported = strings.TrimSpace(imported)
		if strings.HasPrefix(imported, module+"/") {
			assert.True(t, strings.HasPrefix(imported+"/", module+"/services/runtask/"), imported)
		}
	}
}
