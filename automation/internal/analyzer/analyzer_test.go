package analyzer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProgramThatIsNoPackIsNamedWithWhatItSaid(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"it ends":               {"echo no license >&2; exit 1", "before it printed its port\nno license"},
		"it prints no port":     {"echo hello", `it printed "hello"`},
		"nobody is at its port": {"echo 1", "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pack")
			require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+test.script+"\n"), 0o700))
			_, err := Info(t.Context(), path)
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, test.want)
		})
	}
}
