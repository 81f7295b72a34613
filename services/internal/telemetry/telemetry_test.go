package telemetry

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	nometric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"
)

// recorded returns the spans that a program makes.
func recorded(t *testing.T, program func()) tracetest.SpanStubs {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	stop := use([]sdk.TracerProviderOption{sdk.WithSyncer(exporter)}, nil)
	t.Cleanup(forget)
	program()
	spans := exporter.GetSpans()
	require.NoError(t, stop(t.Context()))
	return spans
}

func forget() {
	otel.SetTracerProvider(noop.NewTracerProvider())
	otel.SetMeterProvider(nometric.NewMeterProvider())
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator())
}

func ask(path, header, value string) {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header.Set(header, value)
	Handler(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { Route(r.Context(), "GET /orders/{id}") }),
	).ServeHTTP(
		httptest.NewRecorder(),
		request,
	)
}

func TestARequestIsASpanOfItsCallersTrace(t *testing.T) {
	const trace = "5759e988bd862e3fe1be46a994272793"
	for header, value := range map[string]string{
		"traceparent":     "00-" + trace + "-53995c3f42cd8ad8-01",
		"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
	} {
		t.Run(header, func(t *testing.T) {
			spans := recorded(t, func() { ask("/orders/7", header, value) })
			require.Len(t, spans, 1)
			assert.Equal(t, "GET /orders/{id}", spans[0].Name, "not one name for each order")
			assert.Equal(t, trace, spans[0].SpanContext.TraceID().String())
			assert.Equal(t, "53995c3f42cd8ad8", spans[0].Parent.SpanID().String())
		})
	}
}

func TestHealthChecksAreNotTraced(t *testing.T) {
	require.Empty(t, recorded(t, func() { ask("/healthz", "Accept", "*/*"); ask("/readyz", "Accept", "*/*") }))
}

func TestWithoutACollectorNothingChanges(t *testing.T) {
	before := otel.GetTracerProvider()
	stop, err := Start(t.Context(), func(string) string { return "" }, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	stop()
	require.Equal(t, before, otel.GetTracerProvider())
	ask("/orders/7", "Accept", "*/*")
}

func TestRequestsAreCountedByRouteAndStatus(t *testing.T) {
	reader := metric.NewManualReader()
	stop := use(nil, []metric.Option{metric.WithReader(reader)})
	t.Cleanup(forget)
	for _, host := range []string{"a.example.com", "b.example.com"} { // which the client chooses
		r := httptest.NewRequest(http.MethodGet, "http://"+host+"/orders/7", nil)
		Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			Route(r.Context(), "GET /orders/{id}")
			w.WriteHeader(http.StatusNotFound)
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
	ask("/healthz", "Accept", "*/*")
	var collected metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &collected))
	require.Len(t, collected.ScopeMetrics, 1)
	for _, m := range collected.ScopeMetrics[0].Metrics {
		if m.Name != "http.server.request.duration" {
			continue
		}
		require.Equal(t, "s", m.Unit)
		points := m.Data.(metricdata.Histogram[float64]).DataPoints
		require.Len(t, points, 1)
		assert.EqualValues(t, 2, points[0].Count)
		assert.ElementsMatch(t, []attribute.KeyValue{
			attribute.String("http.request.method", "GET"),
			attribute.String("http.route", "/orders/{id}"),
			attribute.Int("http.response.status_code", http.StatusNotFound),
		}, points[0].Attributes.ToSlice())
		require.NoError(t, stop(t.Context()))
		return
	}
	t.Error("the duration of requests is not measured")
}

func TestTracesAndMetricsGoToTheCollectorThatTheEnvironmentNames(t *testing.T) {
	for exporter, want := range map[string][]string{"": {"/v1/metrics", "/v1/traces"}, "none": {"/v1/traces"}} {
		t.Run(exporter, func(t *testing.T) {
			asked := make(chan string, 2)
			collector := httptest.NewServer(
				http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }),
			)
			defer collector.Close()
			t.Setenv(endpoint, collector.URL)
			t.Setenv(sampler, "xray")
			t.Setenv(metrics, exporter)
			var log bytes.Buffer
			stop, err := Start(t.Context(), os.Getenv, slog.New(slog.NewTextHandler(&log, nil)))
			require.NoError(t, err)
			t.Cleanup(forget)
			ask("/orders/7", "traceparent", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")
			stop() // sends what is left
			close(asked)
			var paths []string
			for path := range asked {
				paths = append(paths, path)
			}
			require.ElementsMatch(t, want, paths)
			require.Empty(t, log.String(), "a sampler that the SDK does not know is not a fault")
		})
	}
}
