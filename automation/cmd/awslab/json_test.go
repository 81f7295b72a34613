package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A machine that asks for JSON gets nothing else on standard output, whatever the command prints for a person.
func TestWithJSONStandardOutputHasNothingElse(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	s.succeed("up")
	state, err := s.command("export").Output()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "state.json"), state, 0o600))
	for line, want := range map[string]string{
		"engine":                   `"path":"/`,
		"offline env":              `"PULUMI_BACKEND_URL":"file:///`,
		"offline audit":            `{"denied":[],"unused":[]}`,
		"import --file state.json": `"before":`,
	} {
		output, err := s.command(line + " --json").Output()
		require.NoError(t, err, line)
		for object := range bytes.Lines(output) {
			require.True(t, json.Valid(object), "%s: %s", line, object)
		}
		require.Contains(t, string(output), want, line)
	}
}
