// Package buildcontext checks what the context of an image's build holds.
package buildcontext

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// RequireMinimal checks that the Dockerfile.dockerignore in the program's folder, which a test runs in, lets through
// what the program is built of and nothing else, so that nothing else causes a new image. The Dockerfile copies other
// files of the module into the image besides.
func RequireMinimal(t *testing.T, program string, copied ...string) {
	t.Helper()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	const files = `{{if and .Module .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}
{{end}}{{end}}`
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", files, ".").Output()
	require.NoError(t, err)
	want := append(copied, "go.mod", "go.sum", program+"/Dockerfile", program+"/Dockerfile.dockerignore")
	for path := range strings.Lines(string(output)) {
		if path = strings.TrimSpace(path); path != "" {
			relative, err := filepath.Rel(root, path)
			require.NoError(t, err)
			want = append(want, filepath.ToSlash(relative))
		}
	}
	slices.Sort(want)
	assert.Equal(t, want, letThrough(t, root))
}

// letThrough lists the files of the module that Dockerfile.dockerignore does not ignore.
func letThrough(t *testing.T, root string) (paths []string) {
	t.Helper()
	file, err := os.Open("Dockerfile.dockerignore")
	require.NoError(t, err)
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	require.NoError(t, err)
	ignored, err := patternmatcher.New(patterns)
	require.NoError(t, err)
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		skip, err := ignored.MatchesOrParentMatches(path)
		if !skip {
			paths = append(paths, path)
		}
		return err
	}))
	slices.Sort(paths)
	return paths
}
