package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/dynamo"
	"github.com/awslab/awslab/services/catalog/internal/dynamo/dynamotest"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/internal/loadtest"
)

// Clients create, read, update, list and delete items, each its own. No request fails, and nothing is left of any: no
// item and no goroutine.
func TestLoad(t *testing.T) {
	loadtest.Run(t, func(t *testing.T, run func(func(), loadtest.Use)) {
		dynamodb := dynamotest.Client(t, dynamotest.Start(t))
		handler := quiet(dynamo.New(dynamodb, dynamotest.NewTable(t, dynamodb)))
		server := httptest.NewServer(handler)
		defer server.Close()
		run(func() {}, func(ctx context.Context, client *http.Client) error {
			return loadClient{http: client, base: server.URL}.useItem(ctx)
		})
		require.Empty(t, list(t, handler, 100))
	})
}

type loadClient struct {
	http *http.Client
	base string // URL of the service
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
