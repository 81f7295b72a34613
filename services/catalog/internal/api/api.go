// Package api serves the catalog over HTTP, as openapi.yaml describes it. Its answers are JSON, refusals and failures
// included; see jsonapi.Error.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/awslab/awslab/services/catalog/internal/export"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/picture"
	"github.com/awslab/awslab/services/internal/jsonapi"
)

// API is the catalog's http.Handler.
type API struct {
	*jsonapi.Service
	items    item.Store
	pictures *picture.Store
	exports  *export.Folder
	log      *slog.Logger
}

// Parts are what an API serves.
type Parts struct {
	Items    item.Store
	Pictures *picture.Store // nil answers requests for pictures with 501
	Exports  *export.Folder // nil answers requests for exports with 501
	Log      *slog.Logger   // of each request and of failures
}

// New returns an API over the parts. It is ready while the store of the items is.
func New(parts Parts) *API {
	a := &API{items: parts.Items, pictures: parts.Pictures, exports: parts.Exports, log: parts.Log}
	mux := http.NewServeMux()
	for pattern, handler := range a.routes() {
		mux.HandleFunc(pattern, handler)
	}
	a.Service = jsonapi.New(mux, parts.Log, parts.Items.Ping, jsonapi.Error{
		Status: http.StatusServiceUnavailable, Code: "store_unreachable", Message: "the store cannot be reached",
	})
	return a
}

// routes are those of the catalog. jsonapi.New adds the health checks. Exports have a further segment, files, in their
// path: http.ServeMux takes no two patterns such as /items/exports/{name} and /items/{id}/picture, since both match
// /items/exports/picture.
func (a *API) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /items":                      a.list,
		"POST /items":                     a.create,
		"GET /items/{id}":                 a.withID(a.get),
		"PUT /items/{id}":                 a.withID(a.update),
		"DELETE /items/{id}":              a.withID(a.delete),
		"GET /items/{id}/picture":         a.withPictures(a.withID(a.getPicture)),
		"PUT /items/{id}/picture":         a.withPictures(a.withID(a.putPicture)),
		"POST /items/exports":             a.withExports(a.createExport),
		"GET /items/exports/files/{name}": a.withExports(a.getExport),
	}
}

// withID gives the handler the id in the path, unless no item can have it.
func (a *API) withID(handler func(w http.ResponseWriter, r *http.Request, id string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		if !item.ValidID(id) {
			a.fail(w, r, item.ErrNotFound)
			return
		}
		handler(w, r, id)
	}
}

// refusals are the errors that tell the client something.
var refusals = []struct {
	err   error
	level slog.Level
	jsonapi.Error
}{
	{item.ErrNotFound, slog.LevelDebug, jsonapi.Error{
		Status: http.StatusNotFound, Code: "not_found", Field: "id", Message: "no item has this id",
	}},
	{item.ErrVersion, slog.LevelDebug, jsonapi.Error{
		Status:  http.StatusPreconditionFailed,
		Code:    "precondition_failed",
		Field:   "If-Match",
		Message: "is not the item's ETag; get the item again",
	}},
	{item.ErrCursor, slog.LevelDebug, jsonapi.Error{
		Status:  http.StatusBadRequest,
		Code:    "invalid_query",
		Field:   "cursor",
		Message: "is not one that a list returned as next",
	}},
	{item.ErrFull, slog.LevelWarn, jsonapi.Error{
		Status:  http.StatusInsufficientStorage,
		Code:    "store_full",
		Message: "the catalog has no room for another item",
	}},
	{item.ErrUnavailable, slog.LevelError, jsonapi.Error{
		Status:  http.StatusServiceUnavailable,
		Code:    "store_unreachable",
		Message: "the store cannot be reached; try again",
	}},
	{picture.ErrNotFound, slog.LevelDebug, jsonapi.Error{
		Status: http.StatusNotFound, Code: "not_found", Field: "id", Message: "the item has no picture",
	}},
	{picture.ErrUnavailable, slog.LevelError, jsonapi.Error{
		Status:  http.StatusServiceUnavailable,
		Code:    "pictures_unreachable",
		Message: "the pictures cannot be reached; try again",
	}},
	{export.ErrNotFound, slog.LevelDebug, jsonapi.Error{
		Status: http.StatusNotFound, Code: "not_found", Field: "name", Message: "no export has this name",
	}},
	{export.ErrStorage, slog.LevelError, jsonapi.Error{
		Status:  http.StatusInsufficientStorage,
		Code:    "exports_unusable",
		Message: "the folder of the exports is full or cannot be used; the log has the cause",
	}},
}

// fail answers for an error. Where it is not the client's, the cause goes to the log alone.
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
			// as long as the service has tried it itself
			w.Header().Set("Retry-After", strconv.Itoa(int(jsonapi.Timeout.Seconds())))
		}
		jsonapi.WriteError(w, refusal.Error)
		return
	}
	jsonapi.Fail(w, r, a.log, err)
}

// notConfigured answers for what the service's configuration leaves out.
func notConfigured(w http.ResponseWriter, message string) {
	jsonapi.WriteError(w, jsonapi.Error{
		Status: http.StatusNotImplemented, Code: "not_configured", Message: message,
	})
}
