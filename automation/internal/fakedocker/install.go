package fakedocker

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Compile makes the docker command and the scanner in a folder.
func Compile(folder string) error {
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "docker"), //nolint:gosec // fixed arguments
		"github.com/awslab/awslab/automation/internal/fakedocker/docker")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling the docker command: %w\n%s", err, output)
	}
	return os.Symlink("docker", filepath.Join(folder, Scanner))
}

// Calls are what the command was asked for.
type Calls struct{ folder string }

// Install makes the command in a folder play the engine for the processes of a test, and puts it first on PATH.
func (e Engine) Install(t *testing.T, command string) Calls {
	t.Helper()
	folder := t.TempDir()
	text, err := json.Marshal(e)
	require.NoError(t, err)
	t.Setenv("PATH", command+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv(Variable, string(text))
	t.Setenv(FolderVariable, folder)
	return Calls{folder}
}

// All returns the calls in their order.
func (c Calls) All(t *testing.T) []Call {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.folder, "call-*.json"))
	require.NoError(t, err)
	slices.Sort(paths)
	var found []Call
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var one Call
		require.NoError(t, json.Unmarshal(text, &one))
		found = append(found, one)
	}
	return found
}

// Commands returns the first argument of each call.
func (c Calls) Commands(t *testing.T) []string {
	t.Helper()
	var commands []string
	for _, one := range c.All(t) {
		commands = append(commands, one.Args[0])
	}
	return commands
}

// Of returns the last call of a command.
func (c Calls) Of(t *testing.T, command string) Call {
	t.Helper()
	all := c.All(t)
	slices.Reverse(all)
	at := slices.IndexFunc(all, func(one Call) bool { return one.Args[0] == command })
	require.GreaterOrEqual(t, at, 0, "docker %s was not called", command)
	return all[at]
}
