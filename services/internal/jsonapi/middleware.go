package jsonapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/awslab/awslab/services/internal/telemetry"
)

// observe gives every request an id, echoed in X-Request-Id, and logs how it was answered: never a body, a query or a
// header other than the two ids. Answered health checks come every few seconds and are logged at debug level.
func observe(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := requestID(r)
		w.Header().Set(requestIDHeader, id)
		r = r.WithContext(withRequest(r.Context(), id, r.Header.Get("X-Amzn-Trace-Id")))
		answer := &recorder{ResponseWriter: w}
		defer func() {
			level := slog.LevelInfo
			if (r.URL.Path == "/healthz" || r.URL.Path == "/readyz") && answer.status == http.StatusOK {
				level = slog.LevelDebug
			}
			log.LogAttrs(r.Context(), level, "request",
				slog.String("method", r.Method),
				slog.String("path", r.URL.Path),
				slog.Int("status", answer.status),
				slog.Int64("bytes", answer.bytes),
				slog.Float64("duration_ms", float64(time.Since(start).Microseconds())/1000),
			)
		}()
		next.ServeHTTP(answer, r)
	})
}

const requestIDHeader = "X-Request-Id"

var acceptableID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestID keeps the id that a caller gave, if it is fit for a log, so that a request can be followed across services.
func requestID(r *http.Request) string {
	if id := r.Header.Get(requestIDHeader); acceptableID.MatchString(id) {
		return id
	}
	return rand.Text()
}

// recoverPanics turns a handler's panic into a logged 500. Where the answer is already under way it cuts the connection
// instead, so that the client cannot take half an answer for a whole one.
func recoverPanics(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			log.ErrorContext(r.Context(), "panic", "error", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if w.(*recorder).status != 0 {
				panic(http.ErrAbortHandler)
			}
			WriteError(w, Internal)
		}()
		next.ServeHTTP(w, r)
	})
}

func limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), Timeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// unmatchedAsJSON answers what no route matches as JSON, with the status and the Allow header that the mux gives it. A
// path such as //orders, from which the mux redirects in HTML, matches none.
func unmatchedAsJSON(mux *http.ServeMux) http.Handler {
	notFound := Error{Status: http.StatusNotFound, Code: "not_found", Message: "no such resource"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Clean("/"+r.URL.Path) != r.URL.Path {
			WriteError(w, notFound)
			return
		}
		refusal, pattern := mux.Handler(r)
		if pattern != "" {
			telemetry.Route(r.Context(), pattern)
			mux.ServeHTTP(w, r) // not refusal: only ServeHTTP sets the path values
			return
		}
		muted := &headerOnly{header: w.Header()}
		refusal.ServeHTTP(muted, r)
		if muted.status == http.StatusMethodNotAllowed {
			WriteError(
				w,
				Error{
					Status:  muted.status,
					Code:    "method_not_allowed",
					Message: "allowed here: " + w.Header().Get("Allow"),
				},
			)
			return
		}
		WriteError(w, notFound)
	})
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int // 0 until the answer has begun
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the server's own ResponseWriter.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// headerOnly keeps the status and headers of an answer, and drops its body.
type headerOnly struct {
	header http.Header
	status int
}

func (w *headerOnly) Header() http.Header         { return w.header }
func (w *headerOnly) WriteHeader(status int)      { w.status = status }
func (w *headerOnly) Write(p []byte) (int, error) { return len(p), nil }
