// Package api serves the catalog over HTTP. Its answers are JSON, refusals and failures included; see Error.
package api

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"

	"github.com/awslab/awslab/services/catalog/internal/item"
)

const (
	defaultLimit = 20
	maxLimit     = 100
)

// API is the catalog's http.Handler.
type API struct {
	store    item.Store
	log      *slog.Logger
	handler  http.Handler
	draining atomic.Bool
}

// New returns an API over the store that reports each request to the log.
func New(store item.Store, log *slog.Logger) *API {
	a := &API{store: store, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items", a.list)
	mux.HandleFunc("POST /items", a.create)
	mux.HandleFunc("GET /items/{id}", a.get)
	mux.HandleFunc("GET /healthz", a.live)
	mux.HandleFunc("GET /readyz", a.ready)
	a.handler = a.observe(a.recoverPanics(unmatchedAsJSON(mux)))
	return a
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Drain turns readiness off, so that load balancers send new requests elsewhere. Requests are still served.
func (a *API) Drain() { a.draining.Store(true) }

type listAnswer struct {
	Items []item.Item `json:"items"`
	Next  string      `json:"next,omitempty"` // cursor of the following page
}

func (a *API) list(w http.ResponseWriter, r *http.Request) {
	limit, cursor, problem := listQuery(r.URL.RawQuery)
	if problem != nil {
		writeError(w, *problem)
		return
	}
	page, err := a.store.List(r.Context(), limit, cursor)
	switch {
	case errors.Is(err, item.ErrCursor):
		writeError(w, Error{Status: http.StatusBadRequest, Code: "invalid_query", Field: "cursor",
			Message: "is not one that a list returned as next"})
	case err != nil:
		a.fail(w, r, err)
	default:
		writeJSON(w, http.StatusOK, listAnswer{Items: page.Items, Next: page.Next})
	}
}

// listQuery reads limit and cursor, and refuses any other parameter and any given twice.
func listQuery(raw string) (limit int, cursor string, problem *Error) {
	refuse := func(field, message string) (int, string, *Error) {
		return 0, "", &Error{Status: http.StatusBadRequest, Code: "invalid_query", Field: field, Message: message}
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return refuse("", "the query string is malformed")
	}
	for name, values := range query {
		if name != "limit" && name != "cursor" {
			return refuse(name, "is unknown; allowed are limit and cursor")
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
	return limit, query.Get("cursor"), nil
}

func (a *API) get(w http.ResponseWriter, r *http.Request) {
	found, err := a.store.Get(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, item.ErrNotFound):
		writeError(w, Error{Status: http.StatusNotFound, Code: "not_found", Field: "id", Message: "no item has this id"})
	case err != nil:
		a.fail(w, r, err)
	default:
		writeJSON(w, http.StatusOK, found)
	}
}

func (a *API) create(w http.ResponseWriter, r *http.Request) {
	draft, problem := readDraft(w, r)
	if problem != nil {
		writeError(w, *problem)
		return
	}
	created, err := a.store.Create(r.Context(), draft)
	switch {
	case errors.Is(err, item.ErrFull):
		a.log.WarnContext(r.Context(), "item refused", "error", err)
		writeError(w, Error{Status: http.StatusInsufficientStorage, Code: "store_full", Message: "the catalog has no room for another item"})
	case err != nil:
		a.fail(w, r, err)
	default:
		w.Header().Set("Location", "/items/"+url.PathEscape(created.ID))
		writeJSON(w, http.StatusCreated, created)
	}
}

// fail answers for an error that is not the client's: the cause goes to the log alone.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	a.log.ErrorContext(r.Context(), "request failed", "error", err)
	writeError(w, internalError)
}
