// Package telemetrytest reads in tests what a program measures and traces.
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

// Values has what is measured from now on read by the function that it returns: the values of gauges and counters, by
// their name and by their attributes.
func Values(t testing.TB) (read func() map[string]map[attribute.Set]int64) {
	reader := metric.NewManualReader()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(noop.NewMeterProvider()) })
	return func() map[string]map[attribute.Set]int64 {
		var collected metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &collected))
		values := map[string]map[attribute.Set]int64{}
		for _, scope := range collected.ScopeMetrics {
			for _, m := range scope.Metrics {
				var points []metricdata.DataPoint[int64]
				switch data := m.Data.(type) {
				case metricdata.Gauge[int64]:
					points = data.DataPoints
				case metricdata.Sum[int64]:
					points = data.DataPoints
				default:
					continue
				}
				values[m.Name] = map[attribute.Set]int64{}
				for _, point := range points {
					values[m.Name][point.Attributes] = point.Value
				}
			}
		}
		return values
	}
}
