// Package telemetry sends what the service does, as traces and metrics of OpenTelemetry, to the collector that the
// environment names. Without one it costs next to nothing: spans and measurements are made and thrown away.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Variables of the OpenTelemetry specification: the first names the collector, the second what decides which requests
// are traced, and the third, as none, a collector that takes traces alone. The SDK reads the first two too, and with
// them OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_HEADERS, OTEL_METRIC_EXPORT_INTERVAL and others.
const (
	endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	sampler  = "OTEL_TRACES_SAMPLER"
	metrics  = "OTEL_METRICS_EXPORTER"
)

// rate is the share of the requests that is traced, of those that nobody has decided about before: X-Ray's own default
// beyond the first request of a second.
const rate = 0.05

// flushTimeout is how long the last traces and metrics may take to be sent, when all requests have been answered.
const flushTimeout = 2 * time.Second

// Start sends traces and metrics from now on, if there is a collector. The function it returns sends what is left. That
// some are lost is logged, and nothing else.
func Start(ctx context.Context, getenv func(string) string, log *slog.Logger) (stop func(), err error) {
	if getenv(endpoint) == "" {
		return func() {}, nil
	}
	traces, err := traceOptions(ctx, getenv)
	if err != nil {
		return nil, fmt.Errorf("preparing to send traces to %s: %w", getenv(endpoint), err)
	}
	var measurements []metric.Option
	if getenv(metrics) != "none" {
		exporter, err := otlpmetrichttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("preparing to send metrics to %s: %w", getenv(endpoint), err)
		}
		measurements = append(measurements, metric.WithReader(metric.NewPeriodicReader(exporter)))
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telemetry", "error", err) }))
	shutdown := use(traces, measurements)
	return func() {
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		if err := shutdown(deadline); err != nil {
			log.Warn("telemetry", "error", err)
		}
	}, nil
}

func traceOptions(ctx context.Context, getenv func(string) string) ([]sdk.TracerProviderOption, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	options := []sdk.TracerProviderOption{sdk.WithBatcher(exporter), sdk.WithResource(resource.Default())}
	switch getenv(sampler) {
	case "xray": // which this SDK does not know, and would complain of
		if err := os.Unsetenv(sampler); err != nil {
			return nil, fmt.Errorf("setting %s: %w", sampler, err)
		}
		fallthrough
	case "":
		options = append(options, sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(rate))))
	}
	return options, nil
}

// use makes a provider of traces and one of metrics everyone's.
func use(traces []sdk.TracerProviderOption, measurements []metric.Option) (shutdown func(context.Context) error) {
	tracers := sdk.NewTracerProvider(traces...)
	meters := metric.NewMeterProvider(append(measurements, metric.WithView(requestView))...)
	otel.SetTracerProvider(tracers)
	otel.SetMeterProvider(meters)
	// The headers of the W3C come first, then AWS's, which the load balancer sets.
	otel.SetTextMapPropagator(
		propagation.NewCompositeTextMapPropagator(xray.Propagator{}, propagation.TraceContext{}, propagation.Baggage{}),
	)
	return func(ctx context.Context) error {
		var both sync.WaitGroup
		var traceErr, metricErr error
		both.Go(func() { traceErr = tracers.Shutdown(ctx) })
		both.Go(func() { metricErr = meters.Shutdown(ctx) })
		both.Wait()
		return errors.Join(traceErr, metricErr)
	}
}

// requestView keeps of the metrics of requests what has few values: a client may send any Host.
var requestView = metric.NewView(
	metric.Instrument{Name: "http.server.*"},
	metric.Stream{AttributeFilter: attribute.NewAllowKeysFilter(
		"http.request.method", "http.route", "http.response.status_code",
	)},
)

// Handler traces and measures the requests to a handler but for health checks, of which nothing is to be learned.
func Handler(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "request", otelhttp.WithFilter(func(r *http.Request) bool {
		return r.URL.Path != "/healthz" && r.URL.Path != "/readyz"
	}))
}

// Route names the span of a request after the route that it takes, such as "GET /orders/{id}", and its metrics after
// the route's path: there are few of them.
func Route(ctx context.Context, pattern string) {
	span := trace.SpanFromContext(ctx)
	span.SetName(pattern)
	_, path, _ := strings.Cut(pattern, " ")
	route := attribute.String("http.route", path)
	span.SetAttributes(route)
	if labeler, ok := otelhttp.LabelerFromContext(ctx); ok {
		labeler.Add(route)
	}
}
