package tracing

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// collector takes what is sent to it.
type collector struct {
	*httptest.Server
	received chan []object
	status   int
}

func newCollector(t *testing.T) *collector {
	c := &collector{received: make(chan []object, 10), status: http.StatusOK}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct {
			ResourceSpans []struct{ ScopeSpans []struct{ Spans []object } }
		}
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&message))
		assert.Equal(t, []string{"/v1/traces", "application/json"}, []string{r.URL.Path, r.Header.Get("Content-Type")})
		w.WriteHeader(c.status)
		c.received <- message.ResourceSpans[0].ScopeSpans[0].Spans
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) start(log *slog.Logger) *Tracer {
	return Start(func(name string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL, "OTEL_SERVICE_NAME": "awslab-dev-catalog"}[name]
	}, log)
}

var silent = slog.New(slog.DiscardHandler)

func ask(t *Tracer, path string, status int, header, value string) {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header.Set(header, value)
	t.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Route(r.Context(), "GET /items/{id}")
		w.WriteHeader(status)
	})).ServeHTTP(httptest.NewRecorder(), request)
}

func TestARequestIsASpanOfItsCallersTrace(t *testing.T) {
	for header, value := range map[string]string{
		"Traceparent":     "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
		"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
	} {
		t.Run(header, func(t *testing.T) {
			c := newCollector(t)
			tracer := c.start(silent)
			ask(tracer, "/items/7", http.StatusInternalServerError, header, value)
			tracer.Stop(t.Context())
			spans := <-c.received
			require.Len(t, spans, 1)
			span := spans[0]
			assert.Len(t, span["spanId"], 16)
			assert.LessOrEqual(t, span["startTimeUnixNano"], span["endTimeUnixNano"])
			for _, varies := range []string{"spanId", "startTimeUnixNano", "endTimeUnixNano"} {
				delete(span, varies)
			}
			text, err := json.Marshal(span)
			require.NoError(t, err)
			assert.JSONEq(t, `{"traceId": "5759e988bd862e3fe1be46a994272793", "parentSpanId": "53995c3f42cd8ad8", "name": "GET /items/{id}", "kind": 2,
				"status": {"code": 2}, "attributes": [{"key": "http.request.method", "value": {"stringValue": "GET"}},
				{"key": "http.route", "value": {"stringValue": "/items/{id}"}}, {"key": "http.response.status_code", "value": {"intValue": "500"}}]}`, string(text))
		})
	}
}

func TestWhatIsTraced(t *testing.T) {
	tracer := &Tracer{chosen: func() bool { return true }}
	for value, want := range map[string]bool{
		"Root=1-5759e988-bd862e3fe1be46a994272793":           true, // as a load balancer sends it: nobody has decided
		"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0": false,
		"Root=1-x": true,
	} {
		trace, _, traced := tracer.decide(http.Header{"X-Amzn-Trace-Id": {value}})
		assert.Equal(t, want, traced, value)
		assert.Len(t, trace, 32)
	}
	_, _, traced := tracer.decide(http.Header{"Traceparent": {"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"}})
	assert.False(t, traced)
	tracer.chosen = func() bool { return false }
	_, _, traced = tracer.decide(http.Header{})
	assert.False(t, traced)
}

func TestHealthChecksAreNotTraced(t *testing.T) {
	c := newCollector(t)
	tracer := c.start(silent)
	for _, path := range []string{"/healthz", "/readyz"} {
		ask(tracer, path, http.StatusOK, "Traceparent", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")
	}
	tracer.Stop(t.Context())
	require.Empty(t, c.received)
}

func TestWithoutACollectorNothingChanges(t *testing.T) {
	tracer := Start(func(string) string { return "" }, silent)
	require.Nil(t, tracer)
	ask(tracer, "/items/7", http.StatusOK, "Accept", "*/*")
	tracer.Stop(t.Context())
}

func TestTracesThatAreLostAreLogged(t *testing.T) {
	c := newCollector(t)
	c.status = http.StatusServiceUnavailable
	var log bytes.Buffer
	tracer := c.start(slog.New(slog.NewTextHandler(&log, nil)))
	ask(tracer, "/items/7", http.StatusOK, "Traceparent", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")
	tracer.Stop(t.Context())
	require.Contains(t, log.String(), "traces are lost")
	require.Contains(t, log.String(), "503")
}
