package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The Dockerfile writes a module of its own around this folder. It must stay in step with the repository's, and hold all
// that the service imports.
func TestServiceBuildsFromItsFolderAlone(t *testing.T) {
	dockerfile, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	written := regexp.MustCompile(`RUN printf '(.*)' > go\.mod`).FindSubmatch(dockerfile)
	require.NotNil(t, written, "the Dockerfile writes a go.mod")
	module := strings.ReplaceAll(string(written[1]), `\n`, "\n")

	repository, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	for line := range strings.Lines(module) {
		assert.Contains(t, "\n"+string(repository), "\n"+line, "the repository's go.mod has the same line")
	}

	root := t.TempDir()
	folder := filepath.Join(root, "services", "catalog")
	require.NoError(t, os.CopyFS(folder, os.DirFS(".")))
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte(module), 0o600))
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", ".")
	list.Dir = folder
	list.Env = append(os.Environ(), "GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=")
	output, err := list.CombinedOutput()
	require.NoError(t, err, "what it imports is there:\n%s", output)
}
