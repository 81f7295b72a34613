package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/jsonapi"
	"github.com/awslab/awslab/services/orders/internal/order"
)

var errBroken = errors.New("relation is broken at db.internal")

// brokenStore fails, or panics, at whatever it is asked for.
type brokenStore struct {
	err    error
	panics bool
}

func (s brokenStore) fail() error {
	if s.panics {
		panic(s.err)
	}
	return s.err
}

func (s brokenStore) Create(context.Context, order.Order, order.Request) (order.Order, bool, error) {
	return order.Order{}, false, s.fail()
}
func (s brokenStore) Replay(context.Context, order.Request) (order.Order, error) {
	return order.Order{}, s.fail()
}
func (s brokenStore) Get(context.Context, string) (order.Order, error) {
	return order.Order{}, s.fail()
}
func (s brokenStore) List(context.Context, int, string) (order.Page, error) {
	return order.Page{}, s.fail()
}
func (s brokenStore) Ping(context.Context) error { return s.fail() }

var (
	broken      = brokenStore{err: errBroken}
	unreachable = brokenStore{err: fmt.Errorf("reading an order: %w: %w", order.ErrUnavailable, errBroken)}
)

func quiet(store order.Store) *API {
	return New(Parts{Store: store, Log: slog.New(slog.DiscardHandler)})
}

// logged returns an API and what it logs, one JSON object a line.
func logged(store order.Store) (*API, *bytes.Buffer) {
	var log bytes.Buffer
	return New(Parts{Store: store, Log: jsonapi.NewLogger(&log, slog.LevelInfo)}), &log
}

func request(method, target, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func decode[T any](t *testing.T, answer *http.Response) T {
	t.Helper()
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

// valid is an order of two lamps.
const valid = `{"customer": "Ada", "lines": [{"item": "lamp", "quantity": 2, "priceCents": 1250}]}`

// lineOf returns the body of an order with one line.
func lineOf(line string) string { return `{"customer": "Ada", "lines": [` + line + `]}` }

func create(t *testing.T, handler http.Handler, body string, header ...string) order.Order {
	t.Helper()
	answer := send(t, handler, "POST", "/orders", body, header...)
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	return decode[order.Order](t, answer)
}

func TestCreatedOrderIsFoundAtItsLocation(t *testing.T) {
	handler := quiet(order.NewMemory(1))
	answer := send(t, handler, "POST", "/orders", valid)
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	created := decode[order.Order](t, answer)
	assert.Equal(
		t,
		order.Order{ID: created.ID, Customer: "Ada", Lines: []order.Line{{Item: "lamp", Quantity: 2, PriceCents: 1250}},
			TotalCents: 2500, CreatedAt: created.CreatedAt},
		created,
	)
	assert.NotEmpty(t, created.ID)
	assert.False(t, created.CreatedAt.IsZero())

	answer = send(t, handler, "GET", answer.Header.Get("Location"), "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, created, decode[order.Order](t, answer))
}

func TestARequestSentAgainMakesNoSecondOrder(t *testing.T) {
	handler := quiet(order.NewMemory(10))
	first := send(t, handler, "POST", "/orders", valid, "Idempotency-Key", "3f0c")
	again := send(t, handler, "POST", "/orders", valid, "Idempotency-Key", "3f0c")
	require.Equal(t, http.StatusCreated, again.StatusCode)
	assert.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"))
	assert.Empty(t, first.Header.Get("Idempotency-Replayed"))
	assert.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	assert.Equal(t, decode[order.Order](t, first), decode[order.Order](t, again))
	assert.Len(t, decode[listAnswer](t, send(t, handler, "GET", "/orders", "")).Orders, 1)

	other := strings.Replace(valid, "Ada", "Grace", 1)
	refused := send(t, handler, "POST", "/orders", other, "Idempotency-Key", "3f0c")
	assert.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode)
	assert.Equal(t, "idempotency_key_reused", decodeError(t, refused).Code)
	create(t, handler, other, "Idempotency-Key", "another")
}

func TestListPages(t *testing.T) {
	handler := quiet(order.NewMemory(5))
	var ids []string
	for range 5 {
		ids = append([]string{create(t, handler, valid).ID}, ids...)
	}
	var listed []string
	var sizes []int
	for target := "/orders?limit=2&after="; target != ""; {
		answer := send(t, handler, "GET", target, "")
		require.Equal(t, http.StatusOK, answer.StatusCode)
		page := decode[listAnswer](t, answer)
		sizes = append(sizes, len(page.Orders))
		for _, o := range page.Orders {
			listed = append(listed, o.ID)
		}
		target = ""
		if page.Next != "" {
			target = "/orders?limit=2&after=" + page.Next
		}
	}
	assert.Equal(t, ids, listed)
	assert.Equal(t, []int{2, 2, 1}, sizes)
}

func TestListHasADefaultLimit(t *testing.T) {
	handler := quiet(order.NewMemory(jsonapi.DefaultLimit + 1))
	for range jsonapi.DefaultLimit + 1 {
		create(t, handler, valid)
	}
	page := decode[listAnswer](t, send(t, handler, "GET", "/orders", ""))
	assert.Len(t, page.Orders, jsonapi.DefaultLimit)
	assert.NotEmpty(t, page.Next)
}

func TestEmptyListIsAnArray(t *testing.T) {
	body, err := io.ReadAll(send(t, quiet(order.NewMemory(1)), "GET", "/orders", "").Body)
	require.NoError(t, err)
	assert.JSONEq(t, `{"orders": []}`, string(body))
}

func TestRefusals(t *testing.T) {
	const wantKey = "must be given once, with 1 to 255 printable ASCII characters other than space"
	const wantKnown = "is unknown; allowed are customer and lines, and in a line item, quantity and priceCents"
	unavailable := refusal(503, "store_unreachable", "the store cannot be reached; try again", "")
	for name, tc := range map[string]struct {
		store                order.Store
		method, target, body string
		header               []string
		want                 jsonapi.Error
	}{
		"no such order": {
			method: "GET",
			target: "/orders/absent",
			want:   refusal(404, "not_found", "no order has this id", "id"),
		},
		"no such route": {
			method: "GET",
			target: "/ordersfoo",
			want:   refusal(404, "not_found", "no such resource", ""),
		},
		"no id": {method: "GET", target: "/orders/", want: refusal(404, "not_found", "no such resource", "")},
		"wrong method": {
			method: "DELETE",
			target: "/orders",
			want:   refusal(405, "method_not_allowed", "allowed here: GET, HEAD, POST", ""),
		},
		"limit of zero": {
			method: "GET",
			target: "/orders?limit=0",
			want:   refusal(400, "invalid_query", "must be a whole number from 1 to 100", "limit"),
		},
		"limit too high": {
			method: "GET",
			target: "/orders?limit=101",
			want:   refusal(400, "invalid_query", "must be a whole number from 1 to 100", "limit"),
		},
		"limit no number": {
			method: "GET",
			target: "/orders?limit=ten",
			want:   refusal(400, "invalid_query", "must be a whole number from 1 to 100", "limit"),
		},
		"limit twice": {
			method: "GET",
			target: "/orders?limit=1&limit=2",
			want:   refusal(400, "invalid_query", "is given more than once", "limit"),
		},
		"unknown cursor": {
			method: "GET",
			target: "/orders?after=x",
			want:   refusal(400, "invalid_query", "is not one that a list returned as next", "after"),
		},
		"unknown query": {
			method: "GET",
			target: "/orders?page=2",
			want:   refusal(400, "invalid_query", "is unknown; allowed are limit and after", "page"),
		},
		"malformed query": {
			method: "GET",
			target: "/orders?limit=%zz",
			want:   refusal(400, "invalid_query", "the query string is malformed", ""),
		},

		"empty key": {
			method: "POST",
			target: "/orders",
			body:   valid,
			header: []string{"Idempotency-Key", ""},
			want:   refusal(400, "invalid_header", wantKey, "Idempotency-Key"),
		},
		"key with a space": {
			method: "POST",
			target: "/orders",
			body:   valid,
			header: []string{"Idempotency-Key", "a b"},
			want:   refusal(400, "invalid_header", wantKey, "Idempotency-Key"),
		},
		"key of two lines": {
			method: "POST",
			target: "/orders",
			body:   valid,
			header: []string{"Idempotency-Key", "a\n"},
			want:   refusal(400, "invalid_header", wantKey, "Idempotency-Key"),
		},
		"long key": {
			method: "POST",
			target: "/orders",
			body:   valid,
			header: []string{"Idempotency-Key", strings.Repeat("x", 256)},
			want:   refusal(400, "invalid_header", wantKey, "Idempotency-Key"),
		},
		"no content type": {
			method: "POST",
			target: "/orders",
			body:   valid,
			header: []string{"Content-Type", ""},
			want:   refusal(415, "unsupported_media_type", "the Content-Type must be application/json", ""),
		},
		"other content type": {
			method: "POST",
			target: "/orders",
			body:   valid,
			header: []string{"Content-Type", "text/plain"},
			want:   refusal(415, "unsupported_media_type", "the Content-Type must be application/json", ""),
		},
		"too large": {
			method: "POST",
			target: "/orders",
			body:   strings.Repeat(" ", int(draftBody.Max)) + valid,
			want:   refusal(413, "body_too_large", "the body is longer than 8192 bytes", ""),
		},
		"no body": {
			method: "POST",
			target: "/orders",
			header: []string{"Content-Type", "application/json"},
			want:   refusal(400, "invalid_json", "the body must be one JSON object", ""),
		},
		"null": {
			method: "POST",
			target: "/orders",
			body:   "null",
			want:   refusal(400, "invalid_json", "the body must be one JSON object", ""),
		},
		"array": {
			method: "POST",
			target: "/orders",
			body:   "[" + valid + "]",
			want:   refusal(400, "invalid_json", "the body must be one JSON object", ""),
		},
		"cut short": {
			method: "POST",
			target: "/orders",
			body:   valid[:12],
			want:   refusal(400, "invalid_json", "the body is not well-formed JSON", ""),
		},
		"two objects": {
			method: "POST",
			target: "/orders",
			body:   valid + valid,
			want:   refusal(400, "invalid_json", "the body must end after its JSON object", ""),
		},
		"no UTF-8": {
			method: "POST",
			target: "/orders",
			body:   "{\"customer\": \"\xff\"}",
			want:   refusal(400, "invalid_json", "the body is not UTF-8", ""),
		},
		"unknown field": {
			method: "POST",
			target: "/orders",
			body:   `{"client": "Ada"}`,
			want:   refusal(422, "invalid_order", wantKnown, "client"),
		},
		"id given": {
			method: "POST",
			target: "/orders",
			body:   `{"id": "1"}`,
			want:   refusal(422, "invalid_order", wantKnown, "id"),
		},
		"in another case": {
			method: "POST",
			target: "/orders",
			body:   lineOf(`{"item": "lamp", "Quantity": 1, "priceCents": 1}`),
			want:   refusal(422, "invalid_order", wantKnown, "lines.Quantity"),
		},
		"given twice": {
			method: "POST",
			target: "/orders",
			body:   lineOf(`{"item": "lamp", "quantity": 1, "quantity": 2, "priceCents": 1}`),
			want:   refusal(422, "invalid_order", "is given more than once", "lines.quantity"),
		},
		"unknown in a line": {
			method: "POST",
			target: "/orders",
			body:   lineOf(`{"sku": "lamp"}`),
			want:   refusal(422, "invalid_order", wantKnown, "sku"),
		},
		"customer no string": {
			method: "POST",
			target: "/orders",
			body:   `{"customer": 7}`,
			want:   refusal(422, "invalid_order", "is not a string", "customer"),
		},
		"lines no array": {
			method: "POST",
			target: "/orders",
			body:   `{"lines": {}}`,
			want:   refusal(422, "invalid_order", "is not an array of objects", "lines"),
		},
		"line no object": {
			method: "POST",
			target: "/orders",
			body:   lineOf(`"lamp"`),
			want:   refusal(422, "invalid_order", "is not an array of objects", "lines"),
		},
		"item no string": {
			method: "POST",
			target: "/orders",
			body:   lineOf(`{"item": 1}`),
			want:   refusal(422, "invalid_order", "is not a string", "lines.item"),
		},
		"quantity a half": {
			method: "POST",
			target: "/orders",
			body:   lineOf(`{"quantity": 0.5}`),
			want:   refusal(422, "invalid_order", "is not a whole number", "lines.quantity"),
		},
		"price too great": {
			method: "POST",
			target: "/orders",
			body:   lineOf(`{"priceCents": 99999999999999999999}`),
			want:   refusal(422, "invalid_order", "is not a whole number", "lines.priceCents"),
		},
		"no quantity": {
			method: "POST",
			target: "/orders",
			body:   lineOf(`{"item": "lamp", "priceCents": 1}`),
			want:   refusal(422, "invalid_order", "is required", "lines[0].quantity"),
		},

		"store full": {
			store:  order.NewMemory(0),
			method: "POST",
			target: "/orders",
			body:   valid,
			want:   refusal(507, "store_full", "the service has no room for another order", ""),
		},
		"list on broken": {store: broken, method: "GET", target: "/orders", want: jsonapi.Internal},
		"get on broken":  {store: broken, method: "GET", target: "/orders/x", want: jsonapi.Internal},
		"create on broken": {
			store:  broken,
			method: "POST",
			target: "/orders",
			body:   valid,
			want:   jsonapi.Internal,
		},
		"panic": {
			store:  brokenStore{errBroken, true},
			method: "GET",
			target: "/orders",
			want:   jsonapi.Internal,
		},
		"list on unreachable": {store: unreachable, method: "GET", target: "/orders", want: unavailable},
		"get on unreachable":  {store: unreachable, method: "GET", target: "/orders/x", want: unavailable},
		"create on unreachable": {
			store:  unreachable,
			method: "POST",
			target: "/orders",
			body:   valid,
			want:   unavailable,
		},
		"readiness on broken": {
			store:  broken,
			method: "GET",
			target: "/readyz",
			want:   refusal(503, "store_not_ready", "the store cannot be used; the log has the cause", ""),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.store == nil {
				tc.store = order.NewMemory(1)
			}
			answer := send(t, quiet(tc.store), tc.method, tc.target, tc.body, tc.header...)
			got := decodeError(t, answer)
			got.Status = answer.StatusCode
			assert.Equal(t, tc.want, got)
			assert.NotEmpty(t, answer.Header.Get("X-Request-Id"))
			if tc.want.Status == http.StatusMethodNotAllowed {
				assert.Equal(t, "GET, HEAD, POST", answer.Header.Get("Allow"))
			}
			assert.Equal(t, tc.want.Code == "store_unreachable", answer.Header.Get("Retry-After") != "")
		})
	}
}

func TestAKeyGivenTwiceIsRefused(t *testing.T) {
	r := request("POST", "/orders", valid, "Idempotency-Key", "a")
	r.Header.Add("Idempotency-Key", "a")
	w := httptest.NewRecorder()
	quiet(order.NewMemory(1)).ServeHTTP(w, r)
	assert.Equal(t, http.StatusBadRequest, w.Code)
}

// The ids are as long as those that the catalog makes. Of longer ones fewer lines fit.
func TestAnOrderOfTheMostLinesFitsTheBody(t *testing.T) {
	var lines []string
	for i := range order.MaxLines {
		lines = append(lines, fmt.Sprintf(`{"item":"%026d","quantity":%d,"priceCents":%d}`,
			i, order.MaxQuantity, order.MaxPriceCents))
	}
	body := fmt.Sprintf(`{"customer":"%s","lines":[%s]}`,
		strings.Repeat("a", order.MaxCustomerLength), strings.Join(lines, ","))
	create(t, quiet(order.NewMemory(1)), body)
}

func TestHealth(t *testing.T) {
	draining := quiet(order.NewMemory(1))
	draining.Drain()
	for name, tc := range map[string]struct {
		handler     *API
		live, ready int
	}{
		"healthy":     {quiet(order.NewMemory(1)), 200, 200},
		"unreachable": {quiet(unreachable), 503, 503},
		"draining":    {draining, 200, 503},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.live, send(t, tc.handler, "GET", "/healthz", "").StatusCode)
			assert.Equal(t, tc.ready, send(t, tc.handler, "GET", "/readyz", "").StatusCode)
		})
	}
	assert.Equal(
		t,
		http.StatusOK,
		send(t, draining, "GET", "/orders", "").StatusCode,
		"while draining, requests are served",
	)
}

// slowStore answers when its caller stops waiting.
type slowStore struct{ order.Store }

func (slowStore) Get(ctx context.Context, _ string) (order.Order, error) {
	<-ctx.Done()
	return order.Order{}, fmt.Errorf("%w: %w", order.ErrUnavailable, ctx.Err())
}

func TestAClientThatWentAwayIsNoError(t *testing.T) {
	handler, log := logged(slowStore{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	handler.ServeHTTP(httptest.NewRecorder(), request("GET", "/orders/x", "").WithContext(ctx))
	assert.Contains(t, log.String(), `"msg":"client went away"`)
	assert.NotContains(t, log.String(), `"level":"ERROR"`)
}

func TestFailureIsExplainedInTheLogAlone(t *testing.T) {
	for name, tc := range map[string]struct {
		store   order.Store
		message string
		status  string
	}{
		"error":       {broken, "request failed", `"status":500`},
		"panic":       {brokenStore{errBroken, true}, "panic", `"status":500`},
		"unreachable": {unreachable, "request refused", `"status":503`},
	} {
		t.Run(name, func(t *testing.T) {
			handler, log := logged(tc.store)
			body, err := io.ReadAll(send(t, handler, "GET", "/orders", "", "X-Request-Id", "req-1").Body)
			require.NoError(t, err)
			assert.NotContains(t, string(body), errBroken.Error())

			first, rest, _ := strings.Cut(log.String(), "\n")
			var cause map[string]any
			require.NoError(t, json.Unmarshal([]byte(first), &cause))
			assert.Equal(t, tc.message, cause["msg"])
			assert.Equal(t, "ERROR", cause["level"])
			assert.Contains(t, cause["error"], errBroken.Error())
			assert.Equal(t, "req-1", cause["request_id"])
			assert.Contains(t, rest, tc.status, "the request's own line follows")
		})
	}
}

func FuzzDecodeOrder(f *testing.F) {
	for _, seed := range []string{
		valid,
		valid + " ",
		lineOf(`{"item": "a", "quantity": 1, "priceCents": -0}`),
		lineOf(`{"item": "\u0000", "quantity": 1e2, "priceCents": 1}`),
		`{"customer": "\ud83d"}`,
		`{"lines": [[]]}`,
		`{"lines": [null]}`,
		`{"a": {"b": []}}`,
		`{"": 1}`,
		`{`,
		`null`,
		`[]`,
		``,
		"\xff",
		`{}{}`,
	} {
		f.Add([]byte(seed))
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	decodeOrder := func(body []byte) (order.Order, error) {
		draft, err := decodeDraft(body)
		if err != nil {
			return order.Order{}, err
		}
		return order.New(draft, now)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		created, err := decodeOrder(body)
		if err != nil {
			assert.NotContains(t, err.Error(), "json:", "the wording of encoding/json is for Go programmers")
			assert.NotRegexp(t, `is not $`, err.Error())
			return
		}
		again, err := json.Marshal(map[string]any{"customer": created.Customer, "lines": created.Lines})
		require.NoError(t, err)
		same, err := decodeOrder(again)
		require.NoError(t, err)
		same.ID = created.ID
		assert.Equal(t, created, same)
	})
}
