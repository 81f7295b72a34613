// Package jsonapi is what every HTTP API of a microservice has: JSON answers, refusals and failures included (see
// Error), a log of requests, health checks, and the reading of bodies and of queries.
package jsonapi

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// Timeout is how long a request may take: less than clients and load balancers wait.
	Timeout = 5 * time.Second
	// pingTimeout lets readiness answer within the 5 s after which an ALB health check gives up (its default).
	pingTimeout = 2 * time.Second
)

// Service serves routes, and tells whether it is alive at /healthz and ready at /readyz.
type Service struct {
	handler  http.Handler
	log      *slog.Logger
	ping     func(context.Context) error
	notReady Error
	// started is whether it has been ready.
	started, draining atomic.Bool
}

// New returns a Service of the routes in mux that reports each request to the log. The service is ready while ping
// succeeds; notReady is its answer while ping does not.
func New(mux *http.ServeMux, log *slog.Logger, ping func(context.Context) error, notReady Error) *Service {
	s := &Service{log: log, ping: ping, notReady: notReady}
	mux.HandleFunc("GET /healthz", s.live)
	mux.HandleFunc("GET /readyz", s.ready)
	s.handler = observe(log, recoverPanics(log, limitTime(unmatchedAsJSON(mux))))
	return s
}

func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain turns readiness off, so that load balancers send new requests elsewhere. Requests are still served.
func (s *Service) Drain() { s.draining.Store(true) }

type healthAnswer struct {
	Status string `json:"status"`
}

// live says that the process serves HTTP, once it has been ready: a deployment of tasks that never were has failed.
// From then on it asks nothing of others: a restart would not repair them.
func (s *Service) live(w http.ResponseWriter, r *http.Request) {
	if s.started.Load() || s.reaches(w, r) {
		WriteJSON(w, http.StatusOK, healthAnswer{"ok"})
	}
}

// ready says that new requests are welcome.
func (s *Service) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		WriteError(
			w,
			Error{Status: http.StatusServiceUnavailable, Code: "draining", Message: "the service is shutting down"},
		)
		return
	}
	if s.reaches(w, r) {
		WriteJSON(w, http.StatusOK, healthAnswer{"ok"})
	}
}

// reaches reports whether what the service needs answers, and refuses the request if it does not.
func (s *Service) reaches(w http.ResponseWriter, r *http.Request) bool {
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	if err := s.ping(ctx); err != nil {
		s.log.ErrorContext(r.Context(), "not ready", "error", err)
		WriteError(w, s.notReady)
		return false
	}
	s.started.Store(true)
	return true
}

// Fail answers for an error that is not the client's: the cause goes to the log alone.
func Fail(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	log.ErrorContext(r.Context(), "request failed", "error", err)
	WriteError(w, Internal)
}
