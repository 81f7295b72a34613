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
	"github.com/awslab/awslab/services/orders/internal/catalog"
	"github.com/awslab/awslab/services/orders/internal/order"
)

// retryAfter seconds a client is asked to wait when the store or the catalog is out of reach: about as long as a
// failover of the database takes at best, and longer than the circuit breaker stays open.
const retryAfter = 10

// API is the service's http.Handler.
type API struct {
	*jsonapi.Service
	store   order.Store
	catalog Catalog
	log     *slog.Logger
}

// Catalog knows what items are called and what they cost. See catalog.Client.
type Catalog interface {
	Price(ctx context.Context, draft order.Draft) (order.Draft, error)
}

// Parts are what an API serves.
type Parts struct {
	Store   order.Store
	Catalog Catalog      // nil takes lines as they are
	Log     *slog.Logger // of each request and of failures
}

// New returns an API over the parts. It is ready while the store is, whatever becomes of the catalog: orders can be
// read without it.
func New(parts Parts) *API {
	a := &API{store: parts.Store, catalog: parts.Catalog, log: parts.Log}
	mux := http.NewServeMux()
	for pattern, handler := range a.routes() {
		mux.HandleFunc(pattern, handler)
	}
	a.Service = jsonapi.New(mux, parts.Log, parts.Store.Ping, jsonapi.Error{
		Status:  http.StatusServiceUnavailable,
		Code:    "store_not_ready",
		Message: "the store cannot be used; the log has the cause",
	})
	return a
}

// routes are those of orders. jsonapi.New adds the health checks.
func (a *API) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /orders":      a.list,
		"POST /orders":     a.create,
		"GET /orders/{id}": a.get,
	}
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
	draft, problem := jsonapi.Read(w, r, draftBody, decodeDraft)
	if problem != nil {
		jsonapi.WriteError(w, *problem)
		return
	}
	kept, replayed, err := a.place(r.Context(), order.Request{Draft: draft, Key: key})
	if refused := draftBody.Refuse(err); refused != nil {
		jsonapi.WriteError(w, *refused)
		return
	}
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

// place keeps the order that is asked for. A request that comes again gets its order without the catalog, which may
// have other prices by now, or be out of reach.
func (a *API) place(ctx context.Context, request order.Request) (kept order.Order, replayed bool, err error) {
	draft := request.Draft
	if a.catalog != nil {
		if request.Key != "" {
			kept, err := a.store.Replay(ctx, request)
			if !errors.Is(err, order.ErrNotFound) {
				return kept, err == nil, err
			}
		}
		if draft, err = a.catalog.Price(ctx, draft); err != nil {
			return order.Order{}, false, err
		}
	}
	created, err := order.New(draft, time.Now())
	if err != nil {
		return order.Order{}, false, err
	}
	return a.store.Create(ctx, created, request)
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

// refusals are the errors that tell the client something.
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
	{catalog.ErrUnavailable, slog.LevelError, jsonapi.Error{
		Status:  http.StatusServiceUnavailable,
		Code:    "catalog_unreachable",
		Message: "the catalog cannot be reached; try again",
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
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		jsonapi.WriteError(w, refusal.Error)
		return
	}
	jsonapi.Fail(w, r, a.log, err)
}
