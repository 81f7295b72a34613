// Package api serves orders over HTTP. Its answers are JSON, refusals and failures included; see Error.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/awslab/awslab/services/orders/internal/order"
)

const (
	defaultLimit = 20
	maxLimit     = 100
	// storeTimeout is how long a request may take in the store: less than clients and load balancers wait.
	storeTimeout = 5 * time.Second
	// retryAfter seconds a client is asked to wait when the store is out of reach: about as long as a failover of the
	// database takes at best.
	retryAfter = 10
)

// API is the service's http.Handler.
type API struct {
	store    order.Store
	log      *slog.Logger
	handler  http.Handler
	draining atomic.Bool
}

// New returns an API over the store that reports each request to the log.
func New(store order.Store, log *slog.Logger) *API {
	a := &API{store: store, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders", a.list)
	mux.HandleFunc("POST /orders", a.create)
	mux.HandleFunc("GET /orders/{id}", a.get)
	mux.HandleFunc("GET /healthz", a.live)
	mux.HandleFunc("GET /readyz", a.ready)
	a.handler = a.observe(a.recoverPanics(limitTime(unmatchedAsJSON(mux))))
	return a
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Drain turns readiness off, so that load balancers send new requests elsewhere. Requests are still served.
func (a *API) Drain() { a.draining.Store(true) }

func limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

type listAnswer struct {
	Orders []order.Order `json:"orders"`
	Next   string        `json:"next,omitempty"` // the following page's after
}

func (a *API) list(w http.ResponseWriter, r *http.Request) {
	limit, after, problem := listQuery(r.URL.RawQuery)
	if problem != nil {
		writeError(w, *problem)
		return
	}
	page, err := a.store.List(r.Context(), limit, after)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, listAnswer{Orders: page.Orders, Next: page.Next})
}

// listQuery reads limit and after, and refuses any other parameter and any given twice.
func listQuery(raw string) (limit int, after string, problem *Error) {
	refuse := func(field, message string) (int, string, *Error) {
		return 0, "", &Error{Status: http.StatusBadRequest, Code: "invalid_query", Field: field, Message: message}
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return refuse("", "the query string is malformed")
	}
	for name, values := range query {
		if name != "limit" && name != "after" {
			return refuse(name, "is unknown; allowed are limit and after")
		}
		if len(values) > 1 {
			return refuse(name, "is given more than once")
		}
	}
	limit = defaultLimit
	if query.Has("limit") {
		limit, err = strconv.Atoi(query.Get("limit"))
		if err != nil || limit < 1 || limit > maxLimit {
			return refuse("limit", "must be a whole number from 1 to "+strconv.Itoa(maxLimit))
		}
	}
	return limit, query.Get("after"), nil
}

func (a *API) get(w http.ResponseWriter, r *http.Request) {
	found, err := a.store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, found)
}

func (a *API) create(w http.ResponseWriter, r *http.Request) {
	key, problem := idempotencyKey(r)
	if problem != nil {
		writeError(w, *problem)
		return
	}
	created, problem := readOrder(w, r)
	if problem != nil {
		writeError(w, *problem)
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
	writeJSON(w, http.StatusCreated, kept)
}

var acceptableKey = regexp.MustCompile(`^[!-~]{1,255}$`)

// idempotencyKey reads the header that makes it safe to send a request again, or nothing.
func idempotencyKey(r *http.Request) (string, *Error) {
	switch keys := r.Header.Values("Idempotency-Key"); {
	case len(keys) == 0:
		return "", nil
	case len(keys) > 1 || !acceptableKey.MatchString(keys[0]):
		return "", &Error{Status: http.StatusBadRequest, Code: "invalid_header", Field: "Idempotency-Key",
			Message: "must be given once, with 1 to 255 printable ASCII characters other than space"}
	default:
		return keys[0], nil
	}
}

// refusals are the store's errors that tell the client something.
var refusals = []struct {
	err   error
	level slog.Level
	Error
}{
	{order.ErrNotFound, slog.LevelDebug, Error{http.StatusNotFound, "not_found", "no order has this id", "id"}},
	{order.ErrCursor, slog.LevelDebug, Error{http.StatusBadRequest, "invalid_query", "is not one that a list returned as next", "after"}},
	{order.ErrKeyReused, slog.LevelDebug, Error{http.StatusUnprocessableEntity, "idempotency_key_reused", "was used for another order; use a new key for each order", "Idempotency-Key"}},
	{order.ErrFull, slog.LevelWarn, Error{http.StatusInsufficientStorage, "store_full", "the service has no room for another order", ""}},
	{order.ErrUnavailable, slog.LevelError, Error{http.StatusServiceUnavailable, "store_unreachable", "the store cannot be reached; try again", ""}},
}

// fail answers for an error of the store. Where it is not the client's, the cause goes to the log alone.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		a.log.InfoContext(r.Context(), "client went away", "error", err)
		writeError(w, internalError)
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
		writeError(w, refusal.Error)
		return
	}
	a.log.ErrorContext(r.Context(), "request failed", "error", err)
	writeError(w, internalError)
}
