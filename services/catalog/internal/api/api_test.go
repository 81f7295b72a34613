package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/item/storetest"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// brokenStore fails, or panics, at whatever it is asked for. It fails with errBroken unless it has another error.
type brokenStore struct {
	panics bool
	err    error
}

var errBroken = errors.New("connection refused by db.internal")

func (s brokenStore) fail() error {
	if s.panics {
		panic(errBroken)
	}
	return cmp.Or(s.err, errBroken)
}

func (s brokenStore) Create(context.Context, item.Draft) (item.Item, error) {
	return item.Item{}, s.fail()
}
func (s brokenStore) Get(context.Context, string) (item.Item, error) { return item.Item{}, s.fail() }
func (s brokenStore) Update(context.Context, string, int64, item.Draft) (item.Item, error) {
	return item.Item{}, s.fail()
}
func (s brokenStore) Delete(context.Context, string, int64) error { return s.fail() }
func (s brokenStore) List(context.Context, int, string) (item.Page, error) {
	return item.Page{}, s.fail()
}
func (s brokenStore) Ping(context.Context) error { return s.fail() }

func quiet(store item.Store) *API {
	return New(Parts{Items: store, Log: slog.New(slog.DiscardHandler)})
}

// logged returns an API and what it logs, one JSON object a line.
func logged(store item.Store) (*API, *bytes.Buffer) {
	var log bytes.Buffer
	return New(Parts{Items: store, Log: jsonapi.NewLogger(&log, slog.LevelInfo)}), &log
}

func decode[T any](t require.TestingT, answer *http.Response) T {
	assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	var v T
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&v))
	return v
}

func refusal(status int, code, message, field string) jsonapi.Error {
	return jsonapi.Error{Status: status, Code: code, Message: message, Field: field}
}

func decodeError(t *testing.T, answer *http.Response) jsonapi.Error {
	t.Helper()
	return decode[map[string]jsonapi.Error](t, answer)["error"]
}

func create(t require.TestingT, handler http.Handler, name string) item.Item {
	answer := send(t, handler, "POST", "/items", fmt.Sprintf(`{"name": %q, "priceCents": 250}`, name))
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	return decode[item.Item](t, answer)
}

func TestADescriptionMayBeLeftOut(t *testing.T) {
	for _, body := range []string{
		`{"name": "lamp", "priceCents": 1}`,
		`{"name": "lamp", "priceCents": 1, "description": null}`,
	} {
		answer := send(t, quiet(item.NewMemory(1)), "POST", "/items", body)
		require.Equal(t, http.StatusCreated, answer.StatusCode)
		assert.Empty(t, decode[item.Item](t, answer).Description)
	}
}

func TestCreatedItemIsFoundAtItsLocation(t *testing.T) {
	handler := quiet(item.NewMemory(1))
	answer := send(t, handler, "POST", "/items", `{"name": "lamp", "description": "brass", "priceCents": 4200}`)
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	created := decode[item.Item](t, answer)
	assert.Equal(
		t,
		item.Item{
			ID:          created.ID,
			Version:     1,
			Name:        "lamp",
			Description: "brass",
			PriceCents:  4200,
			CreatedAt:   created.CreatedAt,
		},
		created,
	)
	assert.NotEmpty(t, created.ID)
	assert.False(t, created.CreatedAt.IsZero())

	answer = send(t, handler, "GET", answer.Header.Get("Location"), "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, created, decode[item.Item](t, answer))
}

func TestListPages(t *testing.T) {
	handler := quiet(item.NewMemory(5))
	var names []string
	for i := range 5 {
		names = append(names, create(t, handler, fmt.Sprint("item ", i)).Name)
	}
	var listed []string
	var sizes []int
	for target := "/items?limit=2&cursor="; target != ""; {
		answer := send(t, handler, "GET", target, "")
		require.Equal(t, http.StatusOK, answer.StatusCode)
		page := decode[listAnswer](t, answer)
		sizes = append(sizes, len(page.Items))
		for _, it := range page.Items {
			listed = append(listed, it.Name)
		}
		target = ""
		if page.Next != "" {
			target = "/items?limit=2&cursor=" + page.Next
		}
	}
	assert.ElementsMatch(t, names, listed)
	assert.Equal(t, []int{2, 2, 1}, sizes)
}

func TestListHasADefaultLimit(t *testing.T) {
	handler := quiet(item.NewMemory(jsonapi.DefaultLimit + 1))
	for range jsonapi.DefaultLimit + 1 {
		create(t, handler, "x")
	}
	page := decode[listAnswer](t, send(t, handler, "GET", "/items", ""))
	assert.Len(t, page.Items, jsonapi.DefaultLimit)
	assert.NotEmpty(t, page.Next)
}

func TestEmptyListIsAnArray(t *testing.T) {
	body, err := io.ReadAll(send(t, quiet(item.NewMemory(1)), "GET", "/items", "").Body)
	require.NoError(t, err)
	assert.JSONEq(t, `{"items": []}`, string(body))
}

func TestRefusals(t *testing.T) {
	const valid = `{"name": "a", "priceCents": 1}`
	full := item.NewMemory(0)
	for name, tc := range map[string]struct {
		store                item.Store
		method, target, body string
		header               []string
		want                 jsonapi.Error
	}{
		"no such item": {
			method: "GET",
			target: "/items/" + storetest.Absent,
			want:   refusal(404, "not_found", "no item has this id", "id"),
		},
		"no id of an item": {
			method: "GET",
			target: "/items/absent",
			want:   refusal(404, "not_found", "no item has this id", "id"),
		},
		"update of no item": {
			method: "PUT",
			target: "/items/" + storetest.Absent,
			body:   valid,
			header: []string{"If-Match", `"1"`},
			want:   refusal(404, "not_found", "no item has this id", "id"),
		},
		"deletion of no item": {
			method: "DELETE",
			target: "/items/" + storetest.Absent,
			header: []string{"If-Match", `"1"`},
			want:   refusal(404, "not_found", "no item has this id", "id"),
		},
		"update to no JSON": {
			method: "PUT",
			target: "/items/" + storetest.Absent,
			body:   valid[:12],
			header: []string{"If-Match", `"1"`},
			want:   refusal(400, "invalid_json", "the body is not well-formed JSON", ""),
		},
		"update of another content type": {
			method: "PUT",
			target: "/items/" + storetest.Absent,
			body:   valid,
			header: []string{"If-Match", `"1"`, "Content-Type", "text/plain"},
			want:   refusal(415, "unsupported_media_type", "the Content-Type must be application/json", ""),
		},
		"update that is too large": {
			method: "PUT",
			target: "/items/" + storetest.Absent,
			body:   strings.Repeat(" ", int(draftBody.Max)) + valid,
			header: []string{"If-Match", `"1"`},
			want:   refusal(413, "body_too_large", "the body is longer than 8192 bytes", ""),
		},
		"update without a version": {
			method: "PUT",
			target: "/items/" + storetest.Absent,
			body:   valid,
			want: refusal(428, "precondition_required",
				"is required; it is the ETag of the item that is to be changed", "If-Match"),
		},
		"deletion without a version": {
			method: "DELETE",
			target: "/items/" + storetest.Absent,
			want: refusal(428, "precondition_required",
				"is required; it is the ETag of the item that is to be changed", "If-Match"),
		},
		"update without a name": {
			method: "PUT",
			target: "/items/" + storetest.Absent,
			body:   `{"priceCents": 1}`,
			header: []string{"If-Match", `"1"`},
			want:   refusal(422, "invalid_item", "is required", "name"),
		},
		"no such route": {
			method: "GET",
			target: "/itemsfoo",
			want:   refusal(404, "not_found", "no such resource", ""),
		},
		"root":  {method: "GET", target: "/", want: refusal(404, "not_found", "no such resource", "")},
		"no id": {method: "GET", target: "/items/", want: refusal(404, "not_found", "no such resource", "")},
		"wrong method": {
			method: "DELETE",
			target: "/items",
			want:   refusal(405, "method_not_allowed", "allowed here: GET, HEAD, POST", ""),
		},
		"limit of zero": {
			method: "GET",
			target: "/items?limit=0",
			want:   refusal(400, "invalid_query", "must be a whole number from 1 to 100", "limit"),
		},
		"limit too high": {
			method: "GET",
			target: "/items?limit=101",
			want:   refusal(400, "invalid_query", "must be a whole number from 1 to 100", "limit"),
		},
		"limit no number": {
			method: "GET",
			target: "/items?limit=ten",
			want:   refusal(400, "invalid_query", "must be a whole number from 1 to 100", "limit"),
		},
		"limit twice": {
			method: "GET",
			target: "/items?limit=1&limit=2",
			want:   refusal(400, "invalid_query", "is given more than once", "limit"),
		},
		"unknown cursor": {
			method: "GET",
			target: "/items?cursor=x",
			want:   refusal(400, "invalid_query", "is not one that a list returned as next", "cursor"),
		},
		"path that is not clean": {
			method: "GET",
			target: "//items",
			want:   refusal(404, "not_found", "no such resource", ""),
		},
		"unknown query": {
			method: "GET",
			target: "/items?page=2",
			want:   refusal(400, "invalid_query", "is unknown; allowed are limit and cursor", "page"),
		},
		"malformed query": {
			method: "GET",
			target: "/items?limit=%zz",
			want:   refusal(400, "invalid_query", "the query string is malformed", ""),
		},

		"no content type": {
			method: "POST",
			target: "/items",
			body:   valid,
			header: []string{"Content-Type", ""},
			want:   refusal(415, "unsupported_media_type", "the Content-Type must be application/json", ""),
		},
		"other content type": {
			method: "POST",
			target: "/items",
			body:   valid,
			header: []string{"Content-Type", "text/plain"},
			want:   refusal(415, "unsupported_media_type", "the Content-Type must be application/json", ""),
		},
		"too large": {
			method: "POST",
			target: "/items",
			body:   strings.Repeat(" ", int(draftBody.Max)) + valid,
			want:   refusal(413, "body_too_large", "the body is longer than 8192 bytes", ""),
		},
		"no body": {
			method: "POST",
			target: "/items",
			header: []string{"Content-Type", "application/json"},
			want:   refusal(400, "invalid_json", "the body must be one JSON object", ""),
		},
		"null": {
			method: "POST",
			target: "/items",
			body:   "null",
			want:   refusal(400, "invalid_json", "the body must be one JSON object", ""),
		},
		"array": {
			method: "POST",
			target: "/items",
			body:   "[" + valid + "]",
			want:   refusal(400, "invalid_json", "the body must be one JSON object", ""),
		},
		"cut short": {
			method: "POST",
			target: "/items",
			body:   valid[:12],
			want:   refusal(400, "invalid_json", "the body is not well-formed JSON", ""),
		},
		"two objects": {
			method: "POST",
			target: "/items",
			body:   valid + valid,
			want:   refusal(400, "invalid_json", "the body must end after its JSON object", ""),
		},
		"no UTF-8": {
			method: "POST",
			target: "/items",
			body:   "{\"name\": \"\xff\", \"priceCents\": 1}",
			want:   refusal(400, "invalid_json", "the body is not UTF-8", ""),
		},
		"unknown field": {
			method: "POST",
			target: "/items",
			body:   `{"name": "a", "price": 1}`,
			want:   refusal(422, "invalid_item", "is unknown; allowed are name, description and priceCents", "price"),
		},
		"field in another case": {
			method: "POST",
			target: "/items",
			body:   `{"name": "a", "PriceCents": 1}`,
			want: refusal(
				422, "invalid_item", "is unknown; allowed are name, description and priceCents", "PriceCents",
			),
		},
		"field given twice": {
			method: "POST",
			target: "/items",
			body:   `{"name": "a", "priceCents": 1, "name": "b"}`,
			want:   refusal(422, "invalid_item", "is given more than once", "name"),
		},
		"name no string": {
			method: "POST",
			target: "/items",
			body:   `{"name": 7, "priceCents": 1}`,
			want:   refusal(422, "invalid_item", "is not a string", "name"),
		},
		"price a fraction": {
			method: "POST",
			target: "/items",
			body:   `{"name": "a", "priceCents": 1.5}`,
			want:   refusal(422, "invalid_item", "is not a whole number", "priceCents"),
		},
		"price too great": {
			method: "POST",
			target: "/items",
			body:   `{"name": "a", "priceCents": 99999999999999999999}`,
			want:   refusal(422, "invalid_item", "is not a whole number", "priceCents"),
		},
		"name missing": {
			method: "POST",
			target: "/items",
			body:   `{"priceCents": 1}`,
			want:   refusal(422, "invalid_item", "is required", "name"),
		},

		"store full": {
			store:  full,
			method: "POST",
			target: "/items",
			body:   valid,
			want:   refusal(507, "store_full", "the catalog has no room for another item", ""),
		},
		"list on broken": {store: brokenStore{}, method: "GET", target: "/items", want: jsonapi.Internal},
		"list on unavailable": {
			store:  brokenStore{err: item.ErrUnavailable},
			method: "GET",
			target: "/items",
			want:   refusal(503, "store_unreachable", "the store cannot be reached; try again", ""),
		},
		"get on broken": {
			store:  brokenStore{},
			method: "GET",
			target: "/items/" + storetest.Absent,
			want:   jsonapi.Internal,
		},
		"create on broken": {
			store:  brokenStore{},
			method: "POST",
			target: "/items",
			body:   valid,
			want:   jsonapi.Internal,
		},
		"update on broken": {
			store:  brokenStore{},
			method: "PUT",
			target: "/items/" + storetest.Absent,
			body:   valid,
			header: []string{"If-Match", `"1"`},
			want:   jsonapi.Internal,
		},
		"delete on broken": {
			store:  brokenStore{},
			method: "DELETE",
			target: "/items/" + storetest.Absent,
			header: []string{"If-Match", `"1"`},
			want:   jsonapi.Internal,
		},
		"panic": {
			store:  brokenStore{panics: true},
			method: "GET",
			target: "/items",
			want:   jsonapi.Internal,
		},
		"readiness on broken": {
			store:  brokenStore{},
			method: "GET",
			target: "/readyz",
			want:   refusal(503, "store_unreachable", "the store cannot be reached", ""),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.store == nil {
				tc.store = item.NewMemory(1)
			}
			answer := send(t, quiet(tc.store), tc.method, tc.target, tc.body, tc.header...)
			got := decodeError(t, answer)
			got.Status = answer.StatusCode
			assert.Equal(t, tc.want, got)
			assert.NotEmpty(t, answer.Header.Get("X-Request-Id"))
			if tc.want.Status == http.StatusMethodNotAllowed {
				assert.Equal(t, "GET, HEAD, POST", answer.Header.Get("Allow"))
			}
		})
	}
}

// Of characters that take four bytes, or are escaped, fewer fit.
func TestLongestItemFitsTheBody(t *testing.T) {
	const character = "語" // three bytes
	body := fmt.Sprintf(
		`{"name": "%s", "description": "%s", "priceCents": %d}`,
		strings.Repeat(character, item.MaxNameLength),
		strings.Repeat(character, item.MaxDescriptionLength),
		item.MaxPriceCents,
	)
	assert.Equal(t, http.StatusCreated, send(t, quiet(item.NewMemory(1)), "POST", "/items", body).StatusCode)
}

func TestHealth(t *testing.T) {
	healthy, broken, draining := quiet(item.NewMemory(1)), quiet(brokenStore{}), quiet(item.NewMemory(1))
	draining.Drain()
	for name, tc := range map[string]struct {
		handler     *API
		live, ready int
	}{
		"healthy":  {healthy, 200, 200},
		"broken":   {broken, 503, 503},
		"draining": {draining, 200, 503},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.live, send(t, tc.handler, "GET", "/healthz", "").StatusCode)
			assert.Equal(t, tc.ready, send(t, tc.handler, "GET", "/readyz", "").StatusCode)
		})
	}
	assert.Equal(
		t,
		http.StatusOK,
		send(t, draining, "GET", "/items", "").StatusCode,
		"while draining, requests are served",
	)
}

func TestFailureIsExplainedInTheLogAlone(t *testing.T) {
	for name, tc := range map[string]struct {
		store   item.Store
		message string
	}{
		"error": {brokenStore{}, "request failed"},
		"panic": {brokenStore{panics: true}, "panic"},
	} {
		t.Run(name, func(t *testing.T) {
			handler, log := logged(tc.store)
			body, err := io.ReadAll(send(t, handler, "GET", "/items", "", "X-Request-Id", "req-1").Body)
			require.NoError(t, err)
			assert.NotContains(t, string(body), errBroken.Error())

			first, rest, _ := strings.Cut(log.String(), "\n")
			var cause map[string]any
			require.NoError(t, json.Unmarshal([]byte(first), &cause))
			assert.Equal(t, tc.message, cause["msg"])
			assert.Equal(t, errBroken.Error(), cause["error"])
			assert.Equal(t, "req-1", cause["request_id"])
			assert.Contains(t, rest, `"status":500`, "the request's own line follows")
		})
	}
}

// Whatever is sent, the decoder answers with a valid draft or with an error, and a draft survives being sent again.
func FuzzDecodeDraft(f *testing.F) {
	for _, seed := range []string{
		`{"name": "lamp", "description": "brass", "priceCents": 4200}`, `{"name": "a", "priceCents": 1} `,
		`{"name": "\u0000", "priceCents": 1}`, `{"name": "\ud83d", "priceCents": 1}`,
		`{"name": "a", "priceCents": 1e2}`, `{"name": "a", "priceCents": -0}`, `{"a": {"b": []}}`,
		`{"name": {"x": 1}}`, `{"": 1}`, `{`, `null`, `[]`, ``, "\xff", `{"name":"a","priceCents":1}{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		draft, err := decodeDraft(body)
		if err != nil {
			assert.NotContains(t, err.Error(), "json:", "the wording of encoding/json is for Go programmers")
			return
		}
		require.NoError(t, draft.Validate())
		again, err := json.Marshal(draft)
		require.NoError(t, err)
		same, err := decodeDraft(again)
		require.NoError(t, err)
		assert.Equal(t, draft, same)
	})
}
