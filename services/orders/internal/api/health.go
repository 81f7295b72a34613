package api

import (
	"context"
	"net/http"
	"time"
)

// pingTimeout lets readiness answer within the 5 s after which an ALB health check gives up (its default).
const pingTimeout = 2 * time.Second

type healthAnswer struct {
	Status string `json:"status"`
}

// live says that the process serves HTTP. It asks nothing of others: a restart would not repair them.
func (a *API) live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, healthAnswer{"ok"})
}

// ready says that new requests are welcome.
func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	if a.draining.Load() {
		writeError(w, Error{Status: http.StatusServiceUnavailable, Code: "draining", Message: "the service is shutting down"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		a.log.ErrorContext(r.Context(), "not ready", "error", err)
		writeError(w, Error{Status: http.StatusServiceUnavailable, Code: "store_not_ready", Message: "the store cannot be used; the log has the cause"})
		return
	}
	writeJSON(w, http.StatusOK, healthAnswer{"ok"})
}
