package telemetrytest

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	metricservice "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traceservice "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector is a collector of OpenTelemetry: it takes OTLP over HTTP, in the messages of the official protocol, refuses
// whatever else it gets, and keeps it.
type Collector struct {
	// URL is what OTEL_EXPORTER_OTLP_ENDPOINT names.
	URL string

	mutex   sync.Mutex
	spans   map[string][]*trace.Span
	metrics map[string][]string
}

// StartCollector starts a collector, which ends with the test.
func StartCollector(t *testing.T) *Collector {
	t.Helper()
	c := &Collector{spans: map[string][]*trace.Span{}, metrics: map[string][]string{}}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		var request traceservice.ExportTraceServiceRequest
		answer(w, r, &request, &traceservice.ExportTraceServiceResponse{}, func() { c.addTraces(&request) })
	})
	routes.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		var request metricservice.ExportMetricsServiceRequest
		answer(w, r, &request, &metricservice.ExportMetricsServiceResponse{}, func() { c.addMetrics(&request) })
	})
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// protobuf is the content type of OTLP over HTTP, in its binary form.
const protobuf = "application/x-protobuf"

// answer reads a request, keeps it and sends the response.
func answer(w http.ResponseWriter, r *http.Request, request, response proto.Message, keep func()) {
	body, err := content(r)
	if err == nil {
		err = proto.Unmarshal(body, request)
	}
	if err != nil || r.Header.Get("Content-Type") != protobuf {
		http.Error(w, "this is no OTLP in its binary form", http.StatusBadRequest)
		return
	}
	keep()
	sent, _ := proto.Marshal(response)
	w.Header().Set("Content-Type", protobuf)
	_, _ = w.Write(sent)
}

func content(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	plain, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}

func (c *Collector) addTraces(request *traceservice.ExportTraceServiceRequest) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, from := range request.GetResourceSpans() {
		for _, scope := range from.GetScopeSpans() {
			service := serviceName(from.GetResource())
			c.spans[service] = append(c.spans[service], scope.GetSpans()...)
		}
	}
}

func (c *Collector) addMetrics(request *metricservice.ExportMetricsServiceRequest) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, from := range request.GetResourceMetrics() {
		for _, scope := range from.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				service := serviceName(from.GetResource())
				c.metrics[service] = append(c.metrics[service], metric.GetName())
			}
		}
	}
}

// serviceName returns the attribute service.name, which is OTEL_SERVICE_NAME.
func serviceName(of *resource.Resource) string {
	for _, attribute := range of.GetAttributes() {
		if attribute.GetKey() == "service.name" {
			return attribute.GetValue().GetStringValue()
		}
	}
	return ""
}

// Span returns the only span of a kind that a service has sent of a trace.
func (c *Collector) Span(t *testing.T, service string, traceID []byte, kind trace.Span_SpanKind) *trace.Span {
	t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var found []*trace.Span
	for _, span := range c.spans[service] {
		if slices.Equal(span.GetTraceId(), traceID) && span.GetKind() == kind {
			found = append(found, span)
		}
	}
	require.Len(t, found, 1, "spans of %s: %v", service, c.spans[service])
	return found[0]
}

// Metrics returns the names of the metrics that a service has sent.
func (c *Collector) Metrics(service string) []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return slices.Clone(c.metrics[service])
}
