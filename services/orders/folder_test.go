package main

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

// Dockerfile.dockerignore lets through what the executable is built of and nothing else, so that nothing else causes a
// new image.
func TestTheImagesContextIsWhatItIsBuiltOf(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	const files = `{{if and .Module .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}
{{end}}{{end}}`
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", files, ".").Output()
	require.NoError(t, err)
	want := []string{"go.mod", "go.sum", "services/orders/Dockerfile", "services/orders/Dockerfile.dockerignore"}
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

// letThrough lists the files of the root and of services that Dockerfile.dockerignore does not ignore.
func letThrough(t *testing.T, root string) (paths []string) {
	t.Helper()
	file, err := os.Open("Dockerfile.dockerignore")
	require.NoError(t, err)
	defer file.Close()
	patterns, err := ignorefile.ReadAll(file)
	require.NoError(t, err)
	ignored, err := patternmatcher.New(patterns)
	require.NoError(t, err)
	repository := os.DirFS(root)
	for _, glob := range []string{"*", "services/*", "services/*/*", "services/*/*/*", "services/*/*/*/*", "services/*/*/*/*/*"} {
		found, err := fs.Glob(repository, glob)
		require.NoError(t, err)
		for _, path := range found {
			info, err := fs.Stat(repository, path)
			require.NoError(t, err)
			skip, err := ignored.MatchesOrParentMatches(path)
			require.NoError(t, err)
			if !skip && !info.IsDir() {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return paths
}
