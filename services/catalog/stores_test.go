//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/dynamo/dynamotest"
	"github.com/awslab/awslab/services/catalog/internal/export"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/picture"
	"github.com/awslab/awslab/services/catalog/internal/picture/picturetest"
)

// withTable starts a DynamoDB with a table, and returns the environment that leads a service to it.
func withTable(t *testing.T) map[string]string {
	t.Helper()
	url := dynamotest.Start(t)
	variables := dynamotest.Environment(url)
	variables["TABLE_ITEMS"] = dynamotest.NewTable(t, dynamotest.Client(t, url))
	return variables
}

// writer makes one write of a client, and returns the item that was acknowledged. It gets the item that the client
// wrote before. An error says that the process is gone.
type writer func(p *process, name string, before item.Item) (item.Item, error)

// Of an item that is written here, the price is its version.
func draft(name string, version int64) string {
	return fmt.Sprintf(`{"name": %q, "priceCents": %d}`, name, version)
}

func create(p *process, name string, _ item.Item) (item.Item, error) {
	return send[item.Item](p, http.StatusCreated, "POST", "/items", draft(name, 1))
}

func update(p *process, name string, before item.Item) (item.Item, error) {
	if before.ID == "" {
		return create(p, name, before)
	}
	return send[item.Item](p, http.StatusOK, "PUT", "/items/"+before.ID, draft(before.Name, before.Version+1),
		"If-Match", fmt.Sprintf(`"%d"`, before.Version))
}

const pictureBytes = "bytes"

// illustrate creates an item with a picture.
func illustrate(p *process, name string, before item.Item) (item.Item, error) {
	created, err := create(p, name, before)
	if err != nil {
		return item.Item{}, err
	}
	upload, err := send[picture.Upload](p, http.StatusCreated, "PUT", "/items/"+created.ID+"/picture",
		`{"contentType": "image/png", "size": 5}`)
	if err != nil {
		return item.Item{}, err
	}
	r, err := http.NewRequest(upload.Method, upload.URL, strings.NewReader(pictureBytes))
	if err != nil {
		return item.Item{}, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return item.Item{}, err
	}
	return created, answer.Body.Close()
}

// remove creates an item and deletes it.
func remove(p *process, name string, before item.Item) (item.Item, error) {
	created, err := create(p, name, before)
	if err != nil {
		return item.Item{}, err
	}
	status, _, err := p.ask("DELETE", "/items/"+created.ID, "", "If-Match", `"1"`)
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("DELETE /items/%s: %d", created.ID, status)
	}
	return created, err
}

func assertKept(t *testing.T, _ *process, acknowledged, there item.Item) {
	assert.Equal(t, acknowledged.ID, there.ID)
	assert.Equal(t, there.Version, there.PriceCents)
	assert.Contains(t, []int64{acknowledged.Version, acknowledged.Version + 1}, there.Version,
		"the next update may have been made")
}

func assertIllustrated(t *testing.T, again *process, acknowledged, there item.Item) {
	assertKept(t, again, acknowledged, there)
	content := again.requireStatus(t, http.StatusOK, "GET", "/items/"+there.ID+"/picture", "")
	assert.Equal(t, pictureBytes, string(content))
}

func assertGone(t *testing.T, _ *process, _, there item.Item) { assert.Empty(t, there.ID) }

func send[T any](p *process, want int, method, path, body string, header ...string) (answer T, err error) {
	status, content, err := p.ask(method, path, body, header...)
	if err == nil && status != want {
		err = fmt.Errorf("%s %s: %d: %s", method, path, status, content)
	}
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(content, &answer)
}

// ECS kills a task that does not stop in time, and a host may fail at any time. Whatever was acknowledged holds, and
// what was not is there once or not at all.
func TestAKilledProcessLosesNothingThatItAcknowledged(t *testing.T) {
	for name, test := range map[string]struct {
		write  writer
		assert func(t *testing.T, again *process, acknowledged, there item.Item)
	}{
		"creates":  {create, assertKept},
		"updates":  {update, assertKept},
		"pictures": {illustrate, assertIllustrated},
		"deletes":  {remove, assertGone},
	} {
		t.Run(name, func(t *testing.T) {
			variables := withTable(t)
			variables["BUCKET_UPLOADS"] = picturetest.Bucket
			variables["AWS_ENDPOINT_URL_S3"] = picturetest.Start(t)
			acknowledged := writeUntilKilled(t, start(t, variables), test.write)

			again := start(t, variables)
			there := map[string]item.Item{}
			for _, it := range again.list(t) {
				require.NotContains(t, there, it.Name, "it is there twice")
				there[it.Name] = it
			}
			for _, it := range acknowledged {
				test.assert(t, again, it, there[it.Name])
			}
			assert.LessOrEqual(t, len(there), len(acknowledged)+writers)
		})
	}
}

const writers = 8

// writeUntilKilled lets clients write until enough is acknowledged, kills the process, and returns the items as each
// was acknowledged last.
func writeUntilKilled(t *testing.T, p *process, write writer) []item.Item {
	t.Helper()
	const enough = 50
	written := make(chan item.Item)
	var all sync.WaitGroup
	for client := range writers {
		all.Go(func() {
			var last item.Item
			for i := 0; ; i++ {
				it, err := write(p, fmt.Sprintf("%d of client %d", i, client), last)
				if err != nil {
					return
				}
				last = it
				written <- it
			}
		})
	}
	go func() {
		all.Wait()
		close(written)
	}()
	count, latest := 0, map[string]item.Item{}
	for it := range written {
		latest[it.ID] = it
		if count++; count == enough {
			require.NoError(t, p.command.Process.Kill())
		}
	}
	require.GreaterOrEqual(t, count, enough, "the process fails before it is killed")
	assert.Equal(t, -1, p.wait())
	return slices.Collect(maps.Values(latest))
}

// list returns all items.
func (p *process) list(t *testing.T) (items []item.Item) {
	t.Helper()
	for path := "/items?limit=100"; ; {
		page, err := send[item.Page](p, http.StatusOK, "GET", path, "")
		require.NoError(t, err)
		items = append(items, page.Items...)
		if page.Next == "" {
			return items
		}
		path = "/items?limit=100&cursor=" + page.Next
	}
}

func TestATableOutOfReachDoesNotEndTheProcess(t *testing.T) {
	variables := dynamotest.Environment("http://127.0.0.1:1") // nobody listens there
	variables["TABLE_ITEMS"] = "items"
	p := start(t, variables)
	p.requireStatus(t, http.StatusServiceUnavailable, "GET", "/readyz", "")
	p.requireStatus(t, http.StatusServiceUnavailable, "GET", "/healthz", "")
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, exitOK, p.wait())
}

// The environment is what the stack gives to the service.
func TestTheProcessUsesTableBucketAndFolder(t *testing.T) {
	variables, folder := withTable(t), t.TempDir()
	maps.Copy(variables, map[string]string{
		"BUCKET_UPLOADS":      picturetest.Bucket,
		"AWS_ENDPOINT_URL_S3": picturetest.Start(t),
		"EXPORTS_DIR":         folder,
	})
	p := start(t, variables)
	var created item.Item
	require.NoError(t, json.Unmarshal(p.requireStatus(t, http.StatusCreated, "POST", "/items", lamp), &created))
	var upload picture.Upload
	require.NoError(t, json.Unmarshal(p.requireStatus(t, http.StatusCreated, "PUT", "/items/"+created.ID+"/picture",
		`{"contentType": "image/png", "size": 5}`), &upload))
	sent, err := http.NewRequest(upload.Method, upload.URL, strings.NewReader("bytes"))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(sent)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, "bytes", string(p.requireStatus(t, http.StatusOK, "GET", "/items/"+created.ID+"/picture", "")))
	var written export.Export
	require.NoError(t, json.Unmarshal(p.requireStatus(t, http.StatusCreated, "POST", "/items/exports", ""), &written))
	assert.Contains(t, string(p.requireStatus(t, http.StatusOK, "GET", "/items/exports/files/"+written.Name, "")),
		created.ID)

	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	require.Equal(t, exitOK, p.wait())
	for _, secret := range []string{variables["AWS_SECRET_ACCESS_KEY"], "X-Amz-Signature"} {
		assert.NotContains(t, p.log.String(), secret)
	}
}

// The kernel refuses the process files beyond a size, as a full disk does.
func TestAFullDiskLeavesNoExport(t *testing.T) {
	folder := t.TempDir()
	p := start(t, map[string]string{"EXPORTS_DIR": folder}, "/bin/sh", "-c", `ulimit -f 1; exec "$0"`)
	draft := `{"name": "lamp", "description": "` + strings.Repeat("x", 1900) + `", "priceCents": 1}`
	for range 3 {
		p.requireStatus(t, http.StatusCreated, "POST", "/items", draft)
	}
	content := p.requireStatus(t, http.StatusInsufficientStorage, "POST", "/items/exports", "")
	assert.Contains(t, string(content), "exports_unusable")
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Empty(t, left)
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	require.Equal(t, exitOK, p.wait())
	assert.Contains(t, p.log.String(), "file too large", "the log has the cause")
}
