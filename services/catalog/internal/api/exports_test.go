package api

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/export"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/item/storetest"
)

// withExports returns an API that writes exports, and their folder.
func withExports(t *testing.T, store item.Store) (handler *API, folder string) {
	t.Helper()
	folder = t.TempDir()
	return New(Parts{Items: store, Exports: export.NewFolder(folder), Log: slog.New(slog.DiscardHandler)}), folder
}

func requireEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAnExportIsFoundAtItsLocation(t *testing.T) {
	store := item.NewMemory(2 * exportPage)
	created := storetest.Fill(t, store, exportPage+1) // more than a page
	handler, _ := withExports(t, store)

	answer := send(t, handler, "POST", "/items/exports", "")
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	written := decode[export.Export](t, answer)
	assert.Equal(t, export.Export{Name: written.Name, Count: len(created)}, written)

	answer = send(t, handler, "GET", answer.Header.Get("Location"), "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, "application/jsonl", answer.Header.Get("Content-Type"))
	var exported []item.Item
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		var it item.Item
		require.NoError(t, json.Unmarshal(lines.Bytes(), &it))
		exported = append(exported, it)
	}
	assert.ElementsMatch(t, created, exported)
}

func TestAnExportSaysThatItIsTruncated(t *testing.T) {
	store := item.NewMemory(export.MaxItems + 1)
	storetest.Fill(t, store, export.MaxItems+1)
	handler, _ := withExports(t, store)
	written := decode[export.Export](t, send(t, handler, "POST", "/items/exports", ""))
	assert.Equal(t, export.Export{Name: written.Name, Count: export.MaxItems, Truncated: true}, written)
}

func TestOtherNamesAreNoExports(t *testing.T) {
	handler, folder := withExports(t, item.NewMemory(1))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "secret"), []byte("secret"), 0o600))
	for _, name := range []string{
		"secret", ".secret", "%2e%2e", "%2e%2e%2fsecret", "20261231T235959Z-" + storetest.Absent + ".jsonl",
	} {
		answer := send(t, handler, "GET", "/items/exports/files/"+name, "")
		require.Equal(t, http.StatusNotFound, answer.StatusCode, name)
	}
}

func TestAnExportOfABrokenStoreLeavesNothing(t *testing.T) {
	handler, folder := withExports(t, brokenStore{})
	require.Equal(t, http.StatusInternalServerError, send(t, handler, "POST", "/items/exports", "").StatusCode)
	requireEmpty(t, folder)
	handler, folder = withExports(t, brokenStore{err: item.ErrUnavailable})
	require.Equal(t, http.StatusServiceUnavailable, send(t, handler, "POST", "/items/exports", "").StatusCode)
	requireEmpty(t, folder)
	handler, folder = withExports(t, brokenStore{panics: true})
	require.Equal(t, http.StatusInternalServerError, send(t, handler, "POST", "/items/exports", "").StatusCode)
	requireEmpty(t, folder)
}

// leaving is a store whose reader goes away while it is read.
type leaving struct {
	item.Store
	leave context.CancelFunc
}

func (l leaving) List(ctx context.Context, limit int, cursor string) (item.Page, error) {
	l.leave()
	return l.Store.List(ctx, limit, cursor)
}

func TestAnExportThatNobodyWaitsForLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	handler, folder := withExports(t, leaving{item.NewMemory(1), cancel})
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "POST", "/items/exports", nil))
	requireEmpty(t, folder)
}

func TestAFolderThatIsGoneIsSaidToBe(t *testing.T) {
	handler, folder := withExports(t, item.NewMemory(1))
	require.NoError(t, os.Remove(folder))
	for method, target := range map[string]string{
		"POST": "/items/exports",
		"GET":  "/items/exports/files/20261231T235959Z-" + storetest.Absent + ".jsonl",
	} {
		answer := send(t, handler, method, target, "")
		require.Equal(t, http.StatusInsufficientStorage, answer.StatusCode)
		assert.Equal(t, "exports_unusable", decodeError(t, answer).Code)
	}
}

func TestWithoutAFolderThereAreNoExports(t *testing.T) {
	handler := quiet(item.NewMemory(1))
	for method, target := range map[string]string{
		"POST": "/items/exports",
		"GET":  "/items/exports/files/20261231T235959Z-" + storetest.Absent + ".jsonl",
	} {
		answer := send(t, handler, method, target, "")
		require.Equal(t, http.StatusNotImplemented, answer.StatusCode)
		assert.Equal(t, "not_configured", decodeError(t, answer).Code)
	}
}
