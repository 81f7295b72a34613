//go:build unix

package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/awslab/awslab/services/internal/telemetry/telemetrytest"
	"github.com/awslab/awslab/services/orders/internal/outbox"
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

func TestConnectionsAndTheOutboxAreMeasured(t *testing.T) {
	config := forService(t)
	gauges := telemetrytest.Values(t)
	store, err := postgres.Open(t.Context(), config, postgres.KeepEvents)
	require.NoError(t, err)
	state := func(name string) attribute.Set {
		return attribute.NewSet(attribute.String("db.client.connection.state", name))
	}
	got := gauges()
	assert.Zero(t, got["orders.outbox.events"][*attribute.EmptySet()])
	assert.Zero(t, got["orders.outbox.lag"][*attribute.EmptySet()])
	assert.EqualValues(t, 10, got["db.client.connection.max"][*attribute.EmptySet()])

	create(t, store, "")
	_, err = store.Relay(t.Context(), 10, func(
		context.Context, []outbox.Event,
	) (published, refused []string, err error) {
		got = gauges()
		return nil, nil, nil
	})
	require.NoError(t, err)
	assert.EqualValues(t, 1, got["orders.outbox.events"][*attribute.EmptySet()])
	assert.Positive(t, got["orders.outbox.lag"][*attribute.EmptySet()])
	assert.Equal(t, map[attribute.Set]int64{state("used"): 1, state("idle"): 0}, got["db.client.connection.count"])

	store.Close()
	assert.Empty(t, gauges(), "a store that is closed is not measured")
}
