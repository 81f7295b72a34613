package docker

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// folder writes the files below a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return dir
}

func archived(t *testing.T, dir, dockerfile string) map[string]string {
	t.Helper()
	c, err := openContext(dir, dockerfile)
	require.NoError(t, err)
	var buffer bytes.Buffer
	require.NoError(t, c.writeTar(&buffer))
	entries := map[string]string{}
	for reader := tar.NewReader(&buffer); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		require.NoError(t, err)
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		entries[header.Name] = string(content)
	}
}

func digestOf(t *testing.T, dir string) string {
	t.Helper()
	c, err := openContext(dir, filepath.Join(dir, "Dockerfile"))
	require.NoError(t, err)
	digest, err := c.digest()
	require.NoError(t, err)
	return digest
}

func TestWhatIsIgnoredIsNotInTheArchive(t *testing.T) {
	dir := folder(t, map[string]string{
		"Dockerfile":       "FROM scratch",
		"main.go":          "m",
		"secret.env":       "s",
		"vendor/a/a.go":    "a",
		"vendor/keep/k.go": "k",
		"doc/x.md":         "x",
		".dockerignore":    "*.env\nvendor\n!vendor/keep\ndoc/\nDockerfile\n",
	})
	entries := archived(t, dir, filepath.Join(dir, "Dockerfile"))
	require.Contains(t, entries, "main.go")
	require.Contains(t, entries, "vendor/keep/k.go", "an exception brings a file back")
	require.Contains(t, entries, "Dockerfile", "the builder needs the Dockerfile even where it is ignored")
	require.NotContains(t, entries, "secret.env")
	require.NotContains(t, entries, "vendor/a/a.go")
	require.NotContains(t, entries, "doc/x.md")
}

func TestADockerfilesOwnIgnoreFileGoesFirst(t *testing.T) {
	dir := folder(t, map[string]string{
		"Dockerfile": "FROM scratch", "a": "", "b": "", ".dockerignore": "a\n", "Dockerfile.dockerignore": "b\n",
	})
	entries := archived(t, dir, filepath.Join(dir, "Dockerfile"))
	require.Contains(t, entries, "a")
	require.NotContains(t, entries, "b")
}

func TestADockerfileOutsideTheContextIsAdded(t *testing.T) {
	dir := folder(t, map[string]string{"app/a": "1", "Dockerfile": "FROM scratch"})
	entries := archived(t, filepath.Join(dir, "app"), filepath.Join(dir, "Dockerfile"))
	require.Equal(t, map[string]string{"a": "1", outsideName: "FROM scratch"}, entries)
}

func TestTheDigestFollowsTheContentAlone(t *testing.T) {
	files := map[string]string{
		"Dockerfile":    "FROM scratch\nCOPY . /\n",
		"main":          "one",
		"sub/x":         "x",
		"log.txt":       "1",
		".dockerignore": "log.txt\n",
	}
	dir := folder(t, files)
	digest := digestOf(t, dir)
	require.Equal(t, digest, digestOf(t, folder(t, files)), "another checkout of the same files")

	require.NoError(t, os.Chtimes(filepath.Join(dir, "main"), time.Unix(1, 0), time.Unix(1, 0)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "log.txt"), []byte("2"), 0o644))
	require.Equal(t, digest, digestOf(t, dir), "times and what is ignored do not count")

	require.NoError(t, os.Chmod(filepath.Join(dir, "main"), 0o664))
	require.NotEqual(t, digest, digestOf(t, dir), "another umask counts, as pulumi-docker hashes the whole mode")
	require.NoError(t, os.Chmod(filepath.Join(dir, "main"), 0o755))
	executable := digestOf(t, dir)
	require.NotEqual(t, digest, executable, "being executable counts")
	require.NoError(t, os.Rename(filepath.Join(dir, "sub/x"), filepath.Join(dir, "sub/y")))
	renamed := digestOf(t, dir)
	require.NotEqual(t, executable, renamed)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main"), []byte("two"), 0o755))
	changed := digestOf(t, dir)
	require.NotEqual(t, renamed, changed)
	require.NoError(t, os.Symlink("main", filepath.Join(dir, "link")))
	linked := digestOf(t, dir)
	require.NotEqual(t, changed, linked)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch"), 0o644))
	require.NotEqual(t, linked, digestOf(t, dir))
}
