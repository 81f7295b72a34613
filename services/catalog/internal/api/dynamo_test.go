package api

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/services/catalog/internal/dynamo"
	"github.com/awslab/awslab/services/catalog/internal/dynamo/dynamotest"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/item/storetest"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// instances are several tasks of the service, which share nothing but their table.
func instances(t require.TestingT, clients []*dynamodb.Client) []*API {
	table := dynamotest.NewTable(t, clients[0])
	var all []*API
	for _, client := range clients {
		all = append(all, quiet(dynamo.New(client, table)))
	}
	return all
}

func clients(t testing.TB, n int) (all []*dynamodb.Client) {
	t.Helper()
	url := dynamotest.Start(t)
	for range n {
		all = append(all, dynamotest.Client(t, url))
	}
	return all
}

// list follows the cursors of a list to its end.
func list(t require.TestingT, handler http.Handler, limit int) (all []item.Item) {
	for target := fmt.Sprintf("/items?limit=%d", limit); target != ""; {
		answer := send(t, handler, "GET", target, "")
		require.Equal(t, http.StatusOK, answer.StatusCode)
		page := decode[listAnswer](t, answer)
		all = append(all, page.Items...)
		target = ""
		if page.Next != "" {
			target = fmt.Sprintf("/items?limit=%d&cursor=%s", limit, page.Next)
		}
	}
	return all
}

// Whatever is created, updated and deleted through any of three instances, with the right version or a wrong one, all
// of them see the same.
func TestInstancesOnOneTableAgree(t *testing.T) {
	shared := clients(t, 3)
	rapid.Check(t, func(t *rapid.T) {
		all := instances(t, shared)
		anyOf := func() http.Handler { return rapid.SampledFrom(all).Draw(t, "instance") }
		model := map[string]item.Item{}
		// known draws an item that exists, its path, and the tag of a version that it has or not.
		known := func() (it item.Item, at, tag string, isCurrent bool) {
			if len(model) == 0 {
				t.Skip("there is no item")
			}
			it = model[rapid.SampledFrom(slices.Sorted(maps.Keys(model))).Draw(t, "item")]
			version := it.Version + rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(t, "off by")
			return it, "/items/" + it.ID, fmt.Sprintf(`"%d"`, version), version == it.Version
		}
		status := func(isCurrent bool, success int) int {
			if isCurrent {
				return success
			}
			return http.StatusPreconditionFailed
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				created := create(t, anyOf(), fmt.Sprint("item ", len(model)))
				model[created.ID] = created
			},
			"update": func(t *rapid.T) {
				it, at, tag, isCurrent := known()
				cents := rapid.Int64Range(0, 3).Draw(t, "cents")
				body := fmt.Sprintf(`{"name": "updated", "priceCents": %d}`, cents)
				answer := send(t, anyOf(), "PUT", at, body, "If-Match", tag)
				require.Equal(t, status(isCurrent, http.StatusOK), answer.StatusCode)
				if isCurrent {
					model[it.ID] = it.Updated(item.Draft{Name: "updated", PriceCents: &cents})
				}
			},
			"delete": func(t *rapid.T) {
				it, at, tag, isCurrent := known()
				answer := send(t, anyOf(), "DELETE", at, "", "If-Match", tag)
				require.Equal(t, status(isCurrent, http.StatusNoContent), answer.StatusCode)
				if isCurrent {
					delete(model, it.ID)
				}
			},
			"get": func(t *rapid.T) {
				it, at, _, _ := known()
				require.Equal(t, it, decode[item.Item](t, send(t, anyOf(), "GET", at, "")))
			},
			"list": func(t *rapid.T) {
				listed := list(t, anyOf(), rapid.IntRange(1, 10).Draw(t, "limit"))
				require.ElementsMatch(t, slices.Collect(maps.Values(model)), listed)
			},
		})
		for _, instance := range all {
			require.ElementsMatch(t, slices.Collect(maps.Values(model)), list(t, instance, jsonapi.MaxLimit))
		}
	})
}

func TestOneOfSeveralUpdatesOfAVersionWins(t *testing.T) {
	const updates = 16
	all := instances(t, clients(t, 3))
	created := create(t, all[0], "lamp")
	statuses := make([]int, updates)
	var done sync.WaitGroup
	for i := range updates {
		done.Go(func() {
			body := fmt.Sprintf(`{"name": "update", "priceCents": %d}`, i)
			r := httptest.NewRequest("PUT", "/items/"+created.ID, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("If-Match", `"1"`)
			w := httptest.NewRecorder()
			all[i%len(all)].ServeHTTP(w, r)
			statuses[i] = w.Code
		})
	}
	done.Wait()
	winner := slices.Index(statuses, http.StatusOK)
	require.NotEqual(t, -1, winner, "none wins: %v", statuses)
	for i, status := range statuses {
		if i != winner {
			assert.Equal(t, http.StatusPreconditionFailed, status)
		}
	}
	found := decode[item.Item](t, send(t, all[0], "GET", "/items/"+created.ID, ""))
	assert.Equal(t, int64(2), found.Version)
	assert.Equal(t, int64(winner), found.PriceCents)
}

// throttled answers as DynamoDB does to a table that is asked too much of.
func throttled(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": ""}`)
	})
}

func TestARequestWhoseTimeEndsWhileTheTableThrottlesCanBeRepeated(t *testing.T) {
	handler := quiet(dynamo.New(dynamotest.Client(t, dynamotest.Start(t, throttled)), "items"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // the request itself has five seconds
	defer cancel()
	for method, target := range map[string]string{
		"GET":    "/items/" + storetest.Absent,
		"POST":   "/items",
		"PUT":    "/items/" + storetest.Absent,
		"DELETE": "/items/" + storetest.Absent,
	} {
		answer := document.Send(ctx, t, handler, method, target, changed, "If-Match", `"1"`)
		require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode, method)
		assert.Equal(t, "5", answer.Header.Get("Retry-After"))
		assert.Equal(t, "store_unreachable", decodeError(t, answer).Code)
	}
	assert.Equal(t, http.StatusServiceUnavailable, document.Send(ctx, t, handler, "GET", "/readyz", "").StatusCode)
}
