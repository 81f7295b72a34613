package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/awslab/awslab/services/catalog/internal/dynamo"
	"github.com/awslab/awslab/services/catalog/internal/dynamo/dynamotest"
	"github.com/awslab/awslab/services/catalog/internal/item"
)

// Two hundred clients at once create, read, update, list and delete items, each its own, until loadDuration is over and
// once at least. No request fails, and nothing is left of any: no item and no goroutine. Run it for longer with:
//
//	go test -tags load -run TestLoad -v ./catalog/internal/api
func TestLoad(t *testing.T) {
	const clients = 200
	before := goleak.IgnoreCurrent()
	t.Run("of 200 clients", func(t *testing.T) {
		dynamodb := dynamotest.Client(t, dynamotest.Start(t))
		handler := quiet(dynamo.New(dynamodb, dynamotest.NewTable(t, dynamodb)))
		server := httptest.NewServer(handler)
		defer server.Close()
		transport := &http.Transport{MaxIdleConnsPerHost: clients}
		defer transport.CloseIdleConnections()

		start := time.Now()
		var requests atomic.Int64
		var all sync.WaitGroup
		for range clients {
			client := loadClient{http: &http.Client{Transport: transport}, base: server.URL, requests: &requests}
			all.Go(func() {
				for isFirst := true; isFirst || time.Since(start) < loadDuration; isFirst = false {
					if !assert.NoError(t, client.useItem(t.Context())) {
						return
					}
				}
			})
		}
		all.Wait()
		took := time.Since(start)
		t.Logf("%d requests in %s: %.0f/s", requests.Load(), took, float64(requests.Load())/took.Seconds())
		require.Empty(t, list(t, handler, 100))
	})
	goleak.VerifyNone(t, before)
}

type loadClient struct {
	http     *http.Client
	base     string // URL of the service
	requests *atomic.Int64
}

// useItem takes an item through its life.
func (c loadClient) useItem(ctx context.Context) error {
	created, err := c.send(ctx, "POST", "/items", `{"name": "lamp", "priceCents": 250}`, "", http.StatusCreated)
	if err != nil {
		return err
	}
	at := "/items/" + created.ID
	if _, err := c.send(ctx, "GET", at, "", "", http.StatusOK); err != nil {
		return err
	}
	if _, err := c.send(ctx, "PUT", at, changed, `"1"`, http.StatusOK); err != nil {
		return err
	}
	if _, err := c.send(ctx, "GET", "/items?limit=10", "", "", http.StatusOK); err != nil {
		return err
	}
	_, err = c.send(ctx, "DELETE", at, "", `"2"`, http.StatusNoContent)
	return err
}

func (c loadClient) send(ctx context.Context, method, path, body, ifMatch string, want int) (item.Item, error) {
	c.requests.Add(1)
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return item.Item{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	if ifMatch != "" {
		r.Header.Set("If-Match", ifMatch)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return item.Item{}, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return item.Item{}, err
	}
	if answer.StatusCode != want {
		return item.Item{}, fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, content)
	}
	var answered item.Item
	if len(content) > 0 {
		err = json.Unmarshal(content, &answered)
	}
	return answered, err
}
