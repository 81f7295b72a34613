// Package tracing sends what the service does, with OpenTelemetry, to the collector that the environment names. Without
// one it costs next to nothing: spans are created and thrown away.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Variables of the OpenTelemetry specification: the first names the collector, the second what decides which requests
// are traced. The SDK reads them too, and with them OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_HEADERS and others.
const (
	endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	sampler  = "OTEL_TRACES_SAMPLER"
)

// rate is the share of the requests that is traced, of those that nobody has decided about before: X-Ray's own default
// beyond the first request of a second.
const rate = 0.05

// flushTimeout is how long the last traces may take to be sent, when all requests have been answered.
const flushTimeout = 2 * time.Second

// Start sends traces from now on, if there is a collector. The function it returns sends what is left. That traces are
// lost is logged, and nothing else.
func Start(ctx context.Context, getenv func(string) string, log *slog.Logger) (stop func(), err error) {
	if getenv(endpoint) == "" {
		return func() {}, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("preparing to send traces to %s: %w", getenv(endpoint), err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("tracing", "error", err) }))
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
	shutdown := use(options...)
	return func() {
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		if err := shutdown(deadline); err != nil {
			log.Warn("tracing", "error", err)
		}
	}, nil
}

// use makes a provider of traces everyone's.
func use(options ...sdk.TracerProviderOption) (shutdown func(context.Context) error) {
	provider := sdk.NewTracerProvider(options...)
	otel.SetTracerProvider(provider)
	// The headers of the W3C come first, then AWS's, which the load balancer sets.
	otel.SetTextMapPropagator(
		propagation.NewCompositeTextMapPropagator(xray.Propagator{}, propagation.TraceContext{}, propagation.Baggage{}),
	)
	return provider.Shutdown
}

// Handler traces the requests to a handler but for health checks, of which nothing is to be learned.
func Handler(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "request", otelhttp.WithFilter(func(r *http.Request) bool {
		return r.URL.Path != "/healthz" && r.URL.Path != "/readyz"
	}))
}

// Route names the span of a request after the route that it takes, such as "GET /orders/{id}": there are few of them.
func Route(ctx context.Context, pattern string) {
	span := trace.SpanFromContext(ctx)
	span.SetName(pattern)
	span.SetAttributes(attribute.String("http.route", pattern))
}
