//go:build unix

package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
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

// ECS kills a task that does not stop in time, and a host may fail at any time.
func TestAKilledProcessLosesNoItemThatItAcknowledged(t *testing.T) {
	const clients, enough = 8, 50
	variables := withTable(t)
	p := start(t, variables)
	acknowledged := make(chan string)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for {
				status, content, err := p.ask("POST", "/items", lamp)
				var created item.Item
				if err != nil || status != http.StatusCreated || json.Unmarshal(content, &created) != nil {
					return // the process is gone
				}
				acknowledged <- created.ID
			}
		})
	}
	go func() {
		all.Wait()
		close(acknowledged)
	}()
	var ids []string
	for id := range acknowledged {
		if ids = append(ids, id); len(ids) == enough {
			require.NoError(t, p.command.Process.Kill())
		}
	}
	assert.Equal(t, -1, p.wait())
	require.GreaterOrEqual(t, len(ids), enough)

	again := start(t, variables)
	for _, id := range ids {
		again.requireStatus(t, http.StatusOK, "GET", "/items/"+id, "")
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
