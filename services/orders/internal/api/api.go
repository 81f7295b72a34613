// Package api serves orders over HTTP. Its answers are JSON, refusals and failures included; see jsonapi.Error.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/awslab/awslab/services/internal/jsonapi"
	"github.com/awslab/awslab/services/orders/internal/order"
)

// retryAfter seconds a client is asked to wait when the store is out of reach: about as long as a failover of the
// database takes at best.
const retryAfter = 10

// API is the service's http.Handler.
type API struct {
	*jsonapi.Service
	store order.Store
	log   *slog.Logger
}

// New returns an API over the store that reports each request to the log.
func New(store order.Store, log *slog.Logger) *API {
	a := &API{store: store, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders", a.list)
	mux.HandleFunc("POST /orders", a.create)
	mux.HandleFunc("GET /orders/{id}", a.get)
	a.Service = jsonapi.New(mux, log, store.Ping, jsonapi.Error{
		Status:  http.StatusServiceUnavailable,
		Code:    "store_not_ready",
		Message: "the store cannot be used; the log has the cause",
	})
	return a
}

type listAnswer struct {
	Orders []order.Order `json:"orders"`
	Next   string        `json:"next,omitempty"` // the following page's after
}

func (a *API) list(w http.ResponseWriter, r *http.Request) {
	limit, after, problem := jsonapi.ListQuery(r.URL.RawQuery, "after")
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	page, err := a.store.List(r.Context(), limit, after)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	jsonapi.WriteJSON(w, http.StatusOK, listAnswer{Orders: page.Orders, Next: page.Next})
}

func (a *API) get(w http.ResponseWriter, r *http.Request) {
	found, err := a.store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	jsonapi.WriteJSON(w, http.StatusOK, found)
}

func (a *API) create(w http.ResponseWriter, r *http.Request) {
	key, problem := idempotencyKey(r)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	created, problem := jsonapi.Read(
		w,
		r,
		draftBody,
		func(body []byte) (order.Order, error) { return decodeOrder(body, time.Now()) },
	)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	kept, replayed, err := a.store.Create(r.Context(), created, key)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if replayed {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	w.Header().Set("Location", "/orders/"+url.PathEscape(kept.ID))
	jsonapi.WriteJSON(w, http.StatusCreated, kept)
}

var acceptableKey = regexp.MustCompile(`^[!-~]{1,255}$`)

// idempotencyKey reads the header that makes it safe to send a request again, or nothing.
func idempotencyKey(r *http.Request) (string, *jsonapi.Error) {
	switch keys := r.Header.Values("Idempotency-Key"); {
	case len(keys) == 0:
		return "", nil
	case len(keys) > 1 || !acceptableKey.MatchString(keys[0]):
		return "", &jsonapi.Error{Status: http.StatusBadRequest, Code: "invalid_header", Field: "Idempotency-Key",
			Message: "must be given once, with 1 to 255 printable ASCII characters other than space"}
	default:
		return keys[0], nil
	}
}

// refusals are the store's errors that tell the client something.
var refusals = []struct {
	err   error
	level slog.Level
	jsonapi.Error
}{
	{order.ErrNotFound, slog.LevelDebug, jsonapi.Error{
		Status: http.StatusNotFound, Code: "not_found", Field: "id", Message: "no order has this id",
	}},
	{order.ErrCursor, slog.LevelDebug, jsonapi.Error{
		Status:  http.StatusBadRequest,
		Code:    "invalid_query",
		Field:   "after",
		Message: "is not one that a list returned as next",
	}},
	{order.ErrKeyReused, slog.LevelDebug, jsonapi.Error{
		Status: http.StatusUnprocessableEntity, Code: "idempotency_key_reused", Field: "Idempotency-Key",
		Message: "was used for another order; use a new key for each order",
	}},
	{order.ErrFull, slog.LevelWarn, jsonapi.Error{
		Status:  http.StatusInsufficientStorage,
		Code:    "store_full",
		Message: "the service has no room for another order",
	}},
	{order.ErrUnavailable, slog.LevelError, jsonapi.Error{
		Status:  http.StatusServiceUnavailable,
		Code:    "store_unreachable",
		Message: "the store cannot be reached; try again",
	}},
}

// fail answers for an error of the store. Where it is not the client's, the cause goes to the log alone.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		a.log.InfoContext(r.Context(), "client went away", "error", err)
		jsonapi.WriteError(w, jsonapi.Internal)
		return
	}
	for _, refusal := range refusals {
		if !errors.Is(err, refusal.err) {
			continue
		}
		a.log.Log(r.Context(), refusal.level, "request refused", "error", err)
		if refusal.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		jsonapi.WriteError(w, refusal.Error)
		return
	}
	jsonapi.Fail(w, r, a.log, err)
}
