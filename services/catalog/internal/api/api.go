// Package api serves the catalog over HTTP. Its answers are JSON, refusals and failures included; see jsonapi.Error.
package api

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// API is the catalog's http.Handler.
type API struct {
	*jsonapi.Service
	store item.Store
	log   *slog.Logger
}

// New returns an API over the store that reports each request to the log.
func New(store item.Store, log *slog.Logger) *API {
	a := &API{store: store, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items", a.list)
	mux.HandleFunc("POST /items", a.create)
	mux.HandleFunc("GET /items/{id}", a.get)
	a.Service = jsonapi.New(mux, log, store.Ping, jsonapi.Error{
		Status: http.StatusServiceUnavailable, Code: "store_unreachable", Message: "the store cannot be reached",
	})
	return a
}

type listAnswer struct {
	Items []item.Item `json:"items"`
	Next  string      `json:"next,omitempty"` // cursor of the following page
}

func (a *API) list(w http.ResponseWriter, r *http.Request) {
	limit, cursor, problem := jsonapi.ListQuery(r.URL.RawQuery, "cursor")
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	page, err := a.store.List(r.Context(), limit, cursor)
	switch {
	case errors.Is(err, item.ErrCursor):
		jsonapi.WriteError(w, jsonapi.Error{Status: http.StatusBadRequest, Code: "invalid_query", Field: "cursor",
			Message: "is not one that a list returned as next"})
	case err != nil:
		jsonapi.Fail(w, r, a.log, err)
	default:
		jsonapi.WriteJSON(w, http.StatusOK, listAnswer{Items: page.Items, Next: page.Next})
	}
}

func (a *API) get(w http.ResponseWriter, r *http.Request) {
	found, err := a.store.Get(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, item.ErrNotFound):
		jsonapi.WriteError(
			w,
			jsonapi.Error{Status: http.StatusNotFound, Code: "not_found", Field: "id", Message: "no item has this id"},
		)
	case err != nil:
		jsonapi.Fail(w, r, a.log, err)
	default:
		jsonapi.WriteJSON(w, http.StatusOK, found)
	}
}

func (a *API) create(w http.ResponseWriter, r *http.Request) {
	draft, problem := jsonapi.Read(w, r, draftBody, decodeDraft)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	created, err := a.store.Create(r.Context(), draft)
	switch {
	case errors.Is(err, item.ErrFull):
		a.log.WarnContext(r.Context(), "item refused", "error", err)
		jsonapi.WriteError(
			w,
			jsonapi.Error{
				Status:  http.StatusInsufficientStorage,
				Code:    "store_full",
				Message: "the catalog has no room for another item",
			},
		)
	case err != nil:
		jsonapi.Fail(w, r, a.log, err)
	default:
		w.Header().Set("Location", "/items/"+url.PathEscape(created.ID))
		jsonapi.WriteJSON(w, http.StatusCreated, created)
	}
}
