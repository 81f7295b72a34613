package postgres

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

func TestAQueryIsASpanThatTellsNoValues(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(sdk.NewTracerProvider(sdk.WithSyncer(exporter)))
	t.Cleanup(func() { otel.SetTracerProvider(noop.NewTracerProvider()) })

	database := tracer{"lab"}
	ctx := database.TraceQueryStart(
		t.Context(),
		nil,
		pgx.TraceQueryStartData{SQL: "\n\tselect id FROM orders WHERE customer = 'Ada'", Args: []any{"Ada"}},
	)
	database.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{Err: errors.New("no customer Ada")})

	spans := exporter.GetSpans()
	require.Len(t, spans, 1)
	assert.Equal(t, "SELECT lab", spans[0].Name)
	assert.Equal(t, trace.SpanKindClient, spans[0].SpanKind)
	assert.Equal(t, codes.Error, spans[0].Status.Code)
	assert.NotContains(t, spans[0].Status.Description, "Ada")
	for _, told := range spans[0].Attributes {
		assert.NotContains(t, told.Value.String(), "Ada")
	}
}
