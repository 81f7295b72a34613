package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// tracer makes a span of every query. It tells the kind of the query and never its text or values, which are
// customers'.
type tracer struct{ database string }

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, query pgx.TraceQueryStartData) context.Context {
	operation, _, _ := strings.Cut(strings.TrimSpace(query.SQL), " ")
	operation = strings.ToUpper(operation)
	ctx, _ = otel.Tracer(scope).Start(
		ctx,
		operation+" "+t.database,
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(
			attribute.String("db.system.name", "postgresql"),
			attribute.String("db.namespace", t.database),
			attribute.String("db.operation.name", operation),
		),
	)
	return ctx
}

func (t tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, query pgx.TraceQueryEndData) {
	span := trace.SpanFromContext(ctx)
	if query.Err != nil {
		span.SetStatus(codes.Error, "the query failed") // an error may quote values
	}
	span.End()
}
