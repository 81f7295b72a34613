package dynamo_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/dynamo"
	"github.com/awslab/awslab/services/catalog/internal/dynamo/dynamotest"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/item/storetest"
)

func newStore(t testing.TB, between ...func(http.Handler) http.Handler) *dynamo.Store {
	t.Helper()
	client := dynamotest.Client(t, dynamotest.Start(t, between...))
	return dynamo.New(client, dynamotest.NewTable(t, client))
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) item.Store { return newStore(t) })
}

// permitted is what the task role may use of the table with mode readwrite, see components/identity/access.go.
var permitted = []string{
	"BatchGetItem", "ConditionCheckItem", "DescribeTable", "GetItem", "Query", "Scan",
	"BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem",
}

func operation(r *http.Request) string {
	_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return name
}

func TestStoreNeedsNoMorePermissionsThanTheTaskRoleHas(t *testing.T) {
	store := newStore(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name := operation(r); name != "CreateTable" {
				assert.Contains(t, permitted, name)
			}
			next.ServeHTTP(w, r)
		})
	})
	created := storetest.Fill(t, store, 2)
	_, err := store.Update(t.Context(), created[0].ID, 1, storetest.Draft("updated"))
	require.NoError(t, err)
	require.NoError(t, store.Delete(t.Context(), created[1].ID, 1))
	storetest.Collect(t, store, 1)
	require.NoError(t, store.Ping(t.Context()))
}

// Without strong consistency, an instance would not see what another has just acknowledged.
func TestReadsAreStronglyConsistent(t *testing.T) {
	var reads atomic.Int32
	store := newStore(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			if name := operation(r); name == "GetItem" || name == "Scan" {
				var asked struct{ ConsistentRead bool }
				assert.NoError(t, json.Unmarshal(body, &asked))
				assert.True(t, asked.ConsistentRead, name)
				reads.Add(1)
			}
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			next.ServeHTTP(w, r)
		})
	})
	require.NoError(t, store.Ping(t.Context()))
	_, err := store.Get(t.Context(), storetest.Fill(t, store, 1)[0].ID)
	require.NoError(t, err)
	storetest.Collect(t, store, 1)
	assert.Equal(t, int32(3), reads.Load())
}

// refuse answers as DynamoDB does.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"__type": "com.amazonaws.dynamodb.v20120810#`+code+`", "message": "as the test wants"}`)
}

// throttle refuses the first requests of each operation, except for the creation of a table.
func throttle(requests int32) func(http.Handler) http.Handler {
	var seen atomic.Int32
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if operation(r) != "CreateTable" && seen.Add(1) <= requests {
				refuse(w, http.StatusBadRequest, "ProvisionedThroughputExceededException")
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Five attempts are more than the three that the SDK makes by default.
func TestThrottledRequestsAreTriedAgain(t *testing.T) {
	store := newStore(t, throttle(4))
	created, err := store.Create(t.Context(), storetest.Draft("lamp"))
	require.NoError(t, err)
	assert.Equal(t, []item.Item{created}, storetest.Collect(t, store, 10))
}

func TestTheDeadlineEndsTheAttempts(t *testing.T) {
	store := newStore(t, throttle(1<<30))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := store.Create(ctx, storetest.Draft("lamp"))
	require.ErrorIs(t, err, item.ErrUnavailable)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

// loseAnswers passes the first request of an operation on, and cuts the connection instead of answering.
func loseAnswers(lost string) func(http.Handler) http.Handler {
	var seen atomic.Bool
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if operation(r) != lost || seen.Swap(true) {
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		})
	}
}

// The SDK repeats a write whose answer is lost, and the repetition finds the condition no longer met.
func TestAWriteWhoseAnswerIsLostSucceeds(t *testing.T) {
	t.Run("create", func(t *testing.T) {
		store := newStore(t, loseAnswers("PutItem"))
		created, err := store.Create(t.Context(), storetest.Draft("lamp"))
		require.NoError(t, err)
		assert.Equal(t, []item.Item{created}, storetest.Collect(t, store, 10))
	})
	t.Run("update", func(t *testing.T) {
		store := newStore(t, loseAnswers("UpdateItem"))
		created := storetest.Fill(t, store, 1)[0]
		updated, err := store.Update(t.Context(), created.ID, 1, storetest.Draft("updated"))
		require.NoError(t, err)
		assert.Equal(t, created.Updated(storetest.Draft("updated")), updated)
		assert.Equal(t, []item.Item{updated}, storetest.Collect(t, store, 10))
	})
}

// DynamoDB ends a page after 1 MB, whatever its limit, and may return no item at all.
func TestPagesThatDynamoDBCutsShortAreFilled(t *testing.T) {
	store := newStore(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if operation(r) != "Scan" {
				next.ServeHTTP(w, r)
				return
			}
			var asked map[string]any
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&asked))
			asked["Limit"] = 1
			body, err := json.Marshal(asked)
			assert.NoError(t, err)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			next.ServeHTTP(w, r)
		})
	})
	created := storetest.Fill(t, store, 5)
	page, err := store.List(t.Context(), 3, "")
	require.NoError(t, err)
	assert.Len(t, page.Items, 3)
	assert.ElementsMatch(t, created, storetest.Collect(t, store, 3))
}

func TestWithoutItsTableTheStoreIsNotReady(t *testing.T) {
	client := dynamotest.Client(t, dynamotest.Start(t))
	err := dynamo.New(client, "absent").Ping(t.Context())
	require.ErrorContains(t, err, "reading from table absent")
	assert.NotErrorIs(t, err, item.ErrUnavailable, "the table does not come by itself")
}

func TestWhatDoesNotPassIsNoUnavailability(t *testing.T) {
	for name, code := range map[string]string{
		"no permission":         "AccessDeniedException",
		"a mistake of our code": "ValidationException",
	} {
		t.Run(name, func(t *testing.T) {
			url := dynamotest.Start(t, func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					refuse(w, http.StatusBadRequest, code)
				})
			})
			_, err := dynamo.New(dynamotest.Client(t, url), "items").Get(t.Context(), storetest.Absent)
			require.ErrorContains(t, err, code)
			assert.NotErrorIs(t, err, item.ErrUnavailable)
		})
	}
}
