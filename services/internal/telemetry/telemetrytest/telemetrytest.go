// Package telemetrytest reads in tests what a program measures.
package telemetrytest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Gauges has what is measured from now on read by the function that it returns: the values by the name of the gauge and
// by their attributes.
func Gauges(t testing.TB) (read func() map[string]map[attribute.Set]int64) {
	reader := metric.NewManualReader()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(noop.NewMeterProvider()) })
	return func() map[string]map[attribute.Set]int64 {
		var collected metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &collected))
		gauges := map[string]map[attribute.Set]int64{}
		for _, scope := range collected.ScopeMetrics {
			for _, m := range scope.Metrics {
				if gauge, ok := m.Data.(metricdata.Gauge[int64]); ok {
					gauges[m.Name] = map[attribute.Set]int64{}
					for _, point := range gauge.DataPoints {
						gauges[m.Name][point.Attributes] = point.Value
					}
				}
			}
		}
		return gauges
	}
}
