package offline

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const goodState = `{"version": 3, "checkpoint": {"stack": "dev", "latest": {"resources": [{"urn": "a"}]}}}`

func TestWhatCannotBeUsedIsRefusedBeforeAnythingChanges(t *testing.T) {
	garbage := make([]byte, 8192)
	_, _ = rand.Read(garbage)
	type contents struct{ state, bak, world []byte } // nil leaves what is there
	tests := map[string]struct {
		contents
		want string
		next string
	}{
		"all is well":    {contents{}, "", ""},
		"an empty state": {contents{state: []byte{}, bak: []byte(goodState)}, "the state is damaged", "cp '"},
		"half a state": {
			contents{state: []byte(goodState[:40]), bak: []byte(goodState)},
			"the state is damaged",
			"cp '",
		},
		"a state of garbage":   {contents{state: garbage, bak: []byte(goodState)}, "the state is damaged", "cp '"},
		"JSON of another kind": {contents{state: []byte(`{}`), bak: []byte(goodState)}, "it has no checkpoint", "cp '"},
		"no state is good":     {contents{state: garbage, bak: []byte{}}, "the state is damaged", "to begin anew"},
		"an empty world":       {contents{world: []byte{}}, "the file is empty", "mv '"},
		"a world of garbage":   {contents{world: garbage}, "the world is damaged", "mv '"},
		"half a world": {
			contents{world: append([]byte("SQLite format 3\x00"), garbage[:100]...)},
			"damaged",
			"mv '",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := open(t, t.TempDir(), "/opt/awslab-offline", false)
			state := h.stateFile("awslab", "dev")
			require.NoError(t, os.MkdirAll(filepath.Dir(state), 0o700))
			require.NoError(t, os.WriteFile(state, []byte(goodState), 0o600))
			require.NoError(t, h.checkWorld(t.Context(), 0)) // makes one
			for path, content := range map[string][]byte{
				state: test.state, state + ".bak": test.bak, h.worldFile(): test.world,
			} {
				if content != nil {
					_ = os.Remove(path + "-wal")
					require.NoError(t, os.WriteFile(path, content, 0o600))
				}
			}
			before := read(t, state)

			err := h.Check(t.Context(), "awslab", "dev")
			require.Equal(t, before, read(t, state))
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			var unusable *UnusableError
			require.ErrorAs(t, err, &unusable)
			require.ErrorContains(t, err, test.want)
			require.Contains(t, unusable.Next, test.next)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// On a full disk the engine writes in part both the state and its copy.
// Who moves a world away that is only not read to the end loses it.
func TestAWorldIsNotDamagedWhereItsReaderIsCancelled(t *testing.T) {
	h := open(t, t.TempDir(), "/opt/awslab-offline", false)
	require.NoError(t, h.checkWorld(t.Context(), 0)) // makes one
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, read := range map[string]func() error{
		"list":  func() error { _, err := h.List(ctx); return err },
		"audit": func() error { _, err := h.Audit(ctx); return err },
		"check": func() error { return h.Check(ctx, "awslab", "dev") },
	} {
		err := read()
		require.ErrorIs(t, err, context.Canceled, name)
		require.NotErrorAs(t, err, new(*UnusableError), name)
	}
}

func TestWhatAStateWasBeforeAnOperationIsKept(t *testing.T) {
	h := open(t, t.TempDir(), "/opt/awslab-offline", false)
	state := h.stateFile("awslab", "dev")
	require.NoError(t, os.MkdirAll(filepath.Dir(state), 0o700))
	replace := func(content string) {
		require.NoError(t, os.WriteFile(state+".tmp", []byte(content), 0o600))
		require.NoError(t, os.Rename(state+".tmp", state))
	}
	replace(goodState)
	forget := h.KeepState("awslab", "dev")
	replace(goodState[:40])
	require.NoError(t, os.WriteFile(state+".bak", []byte(goodState[:50]), 0o600))
	forget()
	err := h.CheckStates("awslab")
	require.ErrorContains(t, err, "cp '"+state+".kept' '"+state+"'")
	require.Equal(t, goodState, read(t, state+".kept"))

	replace(goodState)
	require.NoError(t, h.CheckStates("awslab"))
	h.KeepState("awslab", "dev")()
	require.NoFileExists(t, state+".kept", "it is of no use any more")
}

func TestAFolderThatCannotBeWrittenIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, dir := range map[string]string{
		"below a file": filepath.Join(file, "x"), "in a read-only file system": "/proc/x",
	} {
		_, err := Open(dir, "/opt/awslab-offline", false)
		var unusable *UnusableError
		require.True(t, errors.As(err, &unusable), "%s: %v", name, err)
		require.Contains(t, err.Error(), dir)
		require.Contains(t, err.Error(), "make the folder writable")
	}
}
