package export_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/export"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/item/storetest"
)

// numbered returns n items, and calls before with the number of each before it comes.
func numbered(n int, before func(i int) error) iter.Seq2[item.Item, error] {
	return func(yield func(item.Item, error) bool) {
		for i := range n {
			err := before(i)
			if !yield(item.Item{ID: storetest.Absent, Version: 1, PriceCents: int64(i)}, err) || err != nil {
				return
			}
		}
	}
}

func undisturbed(int) error { return nil }

// lines reads an export.
func lines(t *testing.T, folder *export.Folder, name string) (items []item.Item) {
	t.Helper()
	file, size, err := folder.Open(name)
	require.NoError(t, err)
	defer file.Close()
	text, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Equal(t, int64(len(text)), size)
	for line := range strings.Lines(string(text)) {
		var it item.Item
		require.NoError(t, json.Unmarshal([]byte(line), &it))
		items = append(items, it)
	}
	return items
}

func TestAnExportHasAllItems(t *testing.T) {
	for name, tc := range map[string]struct {
		items int
		want  export.Export
	}{
		"none":                    {0, export.Export{}},
		"some":                    {3, export.Export{Count: 3}},
		"as many as are allowed":  {export.MaxItems, export.Export{Count: export.MaxItems}},
		"more than fit in a file": {export.MaxItems + 1, export.Export{Count: export.MaxItems, Truncated: true}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := export.NewFolder(t.TempDir())
			written, err := folder.Write(t.Context(), numbered(tc.items, undisturbed))
			require.NoError(t, err)
			tc.want.Name = written.Name
			assert.Equal(t, tc.want, written)
			items := lines(t, folder, written.Name)
			require.Len(t, items, tc.want.Count)
			for i, it := range items {
				require.Equal(t, int64(i), it.PriceCents)
			}
		})
	}
}

func TestAnExportAppearsWhenItIsComplete(t *testing.T) {
	path := t.TempDir()
	folder := export.NewFolder(path)
	written, err := folder.Write(t.Context(), numbered(3, func(int) error {
		files, err := os.ReadDir(path)
		require.NoError(t, err)
		require.Len(t, files, 1)
		name := files[0].Name()
		assert.True(t, strings.HasPrefix(name, "."), "it is hidden")
		for _, name := range []string{name, strings.TrimPrefix(name, ".")} {
			_, _, err = folder.Open(name)
			assert.ErrorIs(t, err, export.ErrNotFound)
		}
		return nil
	}))
	require.NoError(t, err)
	files, err := os.ReadDir(path)
	require.NoError(t, err)
	require.Len(t, files, 1)
	assert.Equal(t, written.Name, files[0].Name())
}

func TestAFailedExportLeavesNothing(t *testing.T) {
	broken := errors.New("the store fails")
	for name, tc := range map[string]struct {
		// before comes before each of three items, and may end the context
		before func(i int, cancel context.CancelFunc, path string) error
		want   error
	}{
		"of the store": {
			func(i int, _ context.CancelFunc, _ string) error {
				if i == 2 {
					return broken
				}
				return nil
			},
			broken,
		},
		"cancelled": {
			func(_ int, cancel context.CancelFunc, _ string) error { cancel(); return nil },
			context.Canceled,
		},
		"its name taken by a folder with a file": {
			func(_ int, _ context.CancelFunc, path string) error {
				files, err := filepath.Glob(filepath.Join(path, ".*"))
				if err != nil || len(files) == 0 {
					return err
				}
				final := filepath.Join(path, strings.TrimPrefix(filepath.Base(files[0]), "."))
				return os.MkdirAll(filepath.Join(final, "in the way"), 0o700)
			},
			export.ErrStorage,
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := export.NewFolder(path).Write(ctx, numbered(3, func(i int) error {
				return tc.before(i, cancel, path)
			}))
			require.ErrorIs(t, err, tc.want)
			left, err := os.ReadDir(path)
			require.NoError(t, err)
			for _, entry := range left {
				require.True(t, entry.IsDir(), "%s is left", entry.Name())
			}
		})
	}
}

func TestAFolderThatCannotBeUsedIsSaidToBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, path := range []string{file, file + "-absent"} {
		folder := export.NewFolder(path)
		_, err := folder.Write(t.Context(), numbered(1, undisturbed))
		require.ErrorIs(t, err, export.ErrStorage)
		_, _, err = folder.Open("20261231T235959Z-" + storetest.Absent + ".jsonl")
		require.ErrorIs(t, err, export.ErrStorage)
	}
}

// A name is that of an export, or of nothing.
func TestOtherFilesAreNotFound(t *testing.T) {
	outer := t.TempDir()
	path := filepath.Join(outer, "exports")
	require.NoError(t, os.Mkdir(path, 0o700))
	const proper = "20261231T235959Z-AAAAAAAAAAAAAAAAAAAAAAAAAA.jsonl"
	for _, secret := range []string{filepath.Join(outer, proper), filepath.Join(path, "secret")} {
		require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	}
	folder := export.NewFolder(path)
	for _, name := range []string{
		"", ".", "..", "secret", "../" + proper, "./" + proper, path + "/" + proper, "..\x2f" + proper,
		proper, proper + "\n", proper + "/", "." + proper, strings.ToLower(proper),
	} {
		_, _, err := folder.Open(name)
		require.ErrorIs(t, err, export.ErrNotFound, "%q", name)
	}

	require.NoError(t, os.Symlink(filepath.Join(outer, proper), filepath.Join(path, proper)))
	_, _, err := folder.Open(proper)
	require.ErrorIs(t, err, export.ErrStorage, "a link does not lead out of the folder")
}

func TestTheNewestExportsAreKept(t *testing.T) {
	path := t.TempDir()
	name := func(age time.Duration) string {
		return time.Now().UTC().Add(-age).Format("20060102T150405Z") + "-" + rand.Text() + ".jsonl"
	}
	killed, running := "."+name(2*time.Hour), "."+name(time.Minute)
	stay := []string{running, "note", ".note"}
	for _, file := range append(stay, killed) {
		require.NoError(t, os.WriteFile(filepath.Join(path, file), nil, 0o600))
	}
	for age := range export.MaxExports + 2 {
		file := name(time.Duration(age+1) * time.Hour)
		require.NoError(t, os.WriteFile(filepath.Join(path, file), nil, 0o600))
		if age < export.MaxExports-1 {
			stay = append(stay, file)
		}
	}
	written, err := export.NewFolder(path).Write(t.Context(), numbered(1, undisturbed))
	require.NoError(t, err)
	files, err := os.ReadDir(path)
	require.NoError(t, err)
	var left []string
	for _, file := range files {
		left = append(left, file.Name())
	}
	require.ElementsMatch(t, append(stay, written.Name), left)
}
