package jsonapi

import (
	"context"
	"io"
	"log/slog"
)

// NewLogger returns a logger that writes one JSON object a line, and adds the request's ids to whatever is logged with
// that request's context.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(requestHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}

type requestKey struct{}

// withRequest attaches the ids of a request for the logger. The trace id is the load balancer's, and may be empty.
func withRequest(ctx context.Context, id, traceID string) context.Context {
	attrs := []slog.Attr{slog.String("request_id", id)}
	if traceID != "" {
		attrs = append(attrs, slog.String("trace_id", traceID))
	}
	return context.WithValue(ctx, requestKey{}, attrs)
}

type requestHandler struct{ slog.Handler }

func (h requestHandler) Handle(ctx context.Context, record slog.Record) error {
	if attrs, ok := ctx.Value(requestKey{}).([]slog.Attr); ok {
		record.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, record)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}
