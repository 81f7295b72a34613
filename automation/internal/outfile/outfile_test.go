package outfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func content(text string) func(string) error {
	return func(file string) error { return os.WriteFile(file, []byte(text), 0o600) }
}

func TestALinkStaysAndItsTargetIsWritten(t *testing.T) {
	for name, target := range map[string]string{
		"a file":                       "elsewhere/there",
		"no file yet":                  "elsewhere/none",
		"a link":                       "elsewhere/link",
		"a link in a folder by a link": "folder/link",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in := func(path string) string { return filepath.Join(dir, path) }
			require.NoError(t, os.MkdirAll(in("deep/elsewhere"), 0o700))
			require.NoError(t, os.WriteFile(in("deep/elsewhere/there"), []byte("old"), 0o644)) //nolint:gosec
			require.NoError(t, os.Symlink("../beside", in("deep/elsewhere/link")))
			require.NoError(t, os.Symlink("deep/elsewhere", in("elsewhere")))
			require.NoError(t, os.Symlink("deep/elsewhere", in("folder")))
			require.NoError(t, os.Symlink(target, in("given")))

			require.NoError(t, Check(in("given")))
			require.NoError(t, Write(in("given"), content("new")))
			link, err := os.Readlink(in("given"))
			require.NoError(t, err)
			require.Equal(t, target, link)
			written, err := os.ReadFile(in("given"))
			require.NoError(t, err)
			require.Equal(t, "new", string(written))
			info, err := os.Stat(in("given"))
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			found, err := filepath.Glob(in("deep/elsewhere/.awslab-*"))
			require.NoError(t, err)
			require.Empty(t, found)
		})
	}
}

func TestAFileThatCannotBeWrittenWholeStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan")
	require.NoError(t, Write(path, content("old")))
	require.ErrorIs(t, Write(path, func(file string) error {
		require.NoError(t, content("half")(file))
		return os.ErrDeadlineExceeded
	}), os.ErrDeadlineExceeded)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
	written, err := os.ReadFile(path) //nolint:gosec // the test's own
	require.NoError(t, err)
	require.Equal(t, "old", string(written))
}

// Renaming a file to /dev/null would put the file in its place.
func TestADeviceGetsTheContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	reader, err := os.OpenFile(path, os.O_RDWR, 0) // which does not wait for a writer
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	require.NoError(t, Check(path))
	require.NoError(t, Write(path, content("new")))
	got := make([]byte, 10)
	n, err := reader.Read(got)
	require.NoError(t, err)
	require.Equal(t, "new", string(got[:n]))
}

func TestWhereNoFileCanBeIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	require.NoError(t, os.Symlink("nowhere/plan", filepath.Join(dir, "dangling")))
	for path, want := range map[string]string{
		"":             "it is a folder",
		"loop":         "lead nowhere",
		"dangling":     "nowhere: no such file or directory",
		"nowhere/plan": "nowhere: no such file or directory",
	} {
		require.ErrorContains(t, Check(filepath.Join(dir, path)), want, path)
		require.ErrorContains(t, Write(filepath.Join(dir, path), content("")), want, path)
	}
}
