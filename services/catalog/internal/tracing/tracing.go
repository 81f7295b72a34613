// Package tracing sends a span of each traced request to the OpenTelemetry collector that the environment names, as the
// JSON of OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request). It is on the standard library alone,
// like the service: where a service calls others, the OpenTelemetry SDK is the better choice.
package tracing

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"regexp"
	"time"
)

const (
	// rate is the share of the requests that is traced, in percent, of those that no caller has decided about.
	rate = 5
	// queued spans wait to be sent; beyond that they are dropped, as answering requests comes first.
	queued = 1000
)

// Tracer traces requests. Nil traces none.
type Tracer struct {
	spans  chan span
	sender sender
	// stop is closed when no more spans are expected, stopped when all are sent.
	stop, stopped chan struct{}
	chosen        func() bool
}

// Start returns a tracer that sends to the collector in OTEL_EXPORTER_OTLP_ENDPOINT, or nil if there is none.
func Start(getenv func(string) string, log *slog.Logger) *Tracer {
	endpoint := getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
	if endpoint == "" {
		return nil
	}
	t := &Tracer{
		spans: make(chan span, queued), stop: make(chan struct{}), stopped: make(chan struct{}), chosen: oneOf(100 / rate),
		sender: sender{url: endpoint + "/v1/traces", service: getenv("OTEL_SERVICE_NAME"), log: log, client: &http.Client{Timeout: sendTimeout}},
	}
	go func() {
		defer close(t.stopped)
		t.sender.run(t.spans, t.stop)
	}()
	return t
}

// Stop sends what is left, while ctx lasts. Requests that outlast it are not traced.
func (t *Tracer) Stop(ctx context.Context) {
	if t == nil {
		return
	}
	close(t.stop)
	select {
	case <-t.stopped:
	case <-ctx.Done():
	}
}

// oneOf chooses one of n at random.
func oneOf(n byte) func() bool {
	return func() bool {
		var b [1]byte
		_, _ = rand.Read(b[:]) // never fails
		return b[0]%n == 0
	}
}

// span is how one request was served.
type span struct {
	trace, id, parent string // hexadecimal
	route             string // such as GET /items/{id}
	method            string
	status            int
	began, ended      time.Time
}

// Handler traces the requests to a handler but for health checks, of which nothing is to be learned.
func (t *Tracer) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trace, parent, traced := t.decide(r.Header)
		if !traced || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			next.ServeHTTP(w, r)
			return
		}
		s := &span{trace: trace, id: random(8), parent: parent, route: r.Method, method: r.Method, began: time.Now()}
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { // a handler that panics was one that served
			s.status, s.ended = answer.status, time.Now()
			select {
			case t.spans <- *s:
			default:
			}
		}()
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), spanKey{}, s)))
	})
}

type spanKey struct{}

// Route names the span of a request, if it has one, after the route that it takes: there are few of them.
func Route(ctx context.Context, pattern string) {
	if s, traced := ctx.Value(spanKey{}).(*span); traced {
		s.route = pattern
	}
}

// Headers by which callers tell the trace that a request belongs to: the W3C's, and AWS's.
var (
	traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)
	amznTrace   = regexp.MustCompile(`Root=1-([0-9a-f]{8})-([0-9a-f]{24})`)
	amznParent  = regexp.MustCompile(`Parent=([0-9a-f]{16})`)
	amznSampled = regexp.MustCompile(`Sampled=([01])`)
)

// decide whether a request is traced: as its caller says, and if that says nothing, by chance.
func (t *Tracer) decide(header http.Header) (trace, parent string, traced bool) {
	if match := traceparent.FindStringSubmatch(header.Get("Traceparent")); match != nil {
		flags, _ := hex.DecodeString(match[3])
		return match[1], match[2], flags[0]&1 == 1
	}
	trace = random(16)
	given := header.Get("X-Amzn-Trace-Id")
	if match := amznTrace.FindStringSubmatch(given); match != nil {
		trace = match[1] + match[2]
	}
	if match := amznParent.FindStringSubmatch(given); match != nil {
		parent = match[1]
	}
	if match := amznSampled.FindStringSubmatch(given); match != nil {
		return trace, parent, match[1] == "1"
	}
	return trace, parent, t.chosen()
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// statusWriter notes the status of the answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the server's own ResponseWriter.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
