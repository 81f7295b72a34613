//go:build unix

package main

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/awslab/awslab/services/internal/telemetry/telemetrytest"
)

// The environment is what the stack gives to services that are traced, and the collector that of each task.
func TestAnOrderIsOneTraceThroughBothServices(t *testing.T) {
	collector := telemetrytest.StartCollector(t)
	traced := func(service string) []string {
		return []string{
			"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL,
			"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
			"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta",
			"OTEL_PROPAGATORS=tracecontext,baggage,xray",
			"OTEL_SERVICE_NAME=" + service,
			"OTEL_TRACES_SAMPLER=xray",
		}
	}
	catalog := startProgram(t, buildCatalog(t), traced("catalog")...)
	orders := startProcess(t, append(traced("orders"), "SERVICE_CATALOG_URL="+catalog.base)...)

	const traceID, caller = "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
	var item struct{ ID string }
	send := func(to *process, path, body string, header ...string) {
		r, err := http.NewRequest(http.MethodPost, to.base+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, http.StatusCreated, answer.StatusCode)
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&item))
	}
	send(catalog, "/items", `{"name": "lamp", "priceCents": 1250}`)
	send(orders, "/orders", `{"customer": "Ada", "lines": [{"item": "`+item.ID+`", "quantity": 2}]}`,
		"Idempotency-Key", "first", "traceparent", "00-"+traceID+"-"+caller+"-01")
	for _, service := range []*process{orders, catalog} { // what is left is sent at the end
		require.NoError(t, service.command.Process.Signal(syscall.SIGTERM))
		code, log := service.wait()
		require.Equal(t, exitOK, code, log)
		require.NotContains(t, log, `"telemetry"`, "nothing is lost")
	}

	id, err := hex.DecodeString(traceID)
	require.NoError(t, err)
	asked := collector.Span(t, "orders", id, trace.Span_SPAN_KIND_SERVER)
	call := collector.Span(t, "orders", id, trace.Span_SPAN_KIND_CLIENT)
	answered := collector.Span(t, "catalog", id, trace.Span_SPAN_KIND_SERVER)
	assert.Equal(t, "POST /orders", asked.GetName())
	assert.Equal(t, caller, hex.EncodeToString(asked.GetParentSpanId()))
	assert.Equal(t, asked.GetSpanId(), call.GetParentSpanId())
	assert.Equal(t, "GET /items/{id}", answered.GetName())
	assert.Equal(t, call.GetSpanId(), answered.GetParentSpanId())
	for _, service := range []string{"orders", "catalog"} {
		assert.Contains(t, collector.Metrics(service), "http.server.request.duration")
	}
}

func buildCatalog(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../catalog").CombinedOutput()
	require.NoError(t, err, string(output))
	return path
}
