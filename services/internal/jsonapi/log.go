package jsonapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
)

// NewLogger returns a logger that writes one JSON object a line, and adds the request's ids to whatever is logged with
// that request's context.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(requestHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}

type requestKey struct{}

// requestIDs are the ids of a request. The trace id is the load balancer's, and may be empty.
type requestIDs struct{ id, traceID string }

// withRequest attaches the ids of a request for the logger.
func withRequest(ctx context.Context, id, traceID string) context.Context {
	return context.WithValue(ctx, requestKey{}, requestIDs{id, traceID})
}

// ForwardRequestID gives a request to another service the id of the one in whose context it is made, so that the logs
// of both have the same.
func ForwardRequestID(r *http.Request) {
	if ids, ok := r.Context().Value(requestKey{}).(requestIDs); ok {
		r.Header.Set(requestIDHeader, ids.id)
	}
}

type requestHandler struct{ slog.Handler }

func (h requestHandler) Handle(ctx context.Context, record slog.Record) error {
	if ids, ok := ctx.Value(requestKey{}).(requestIDs); ok {
		record.AddAttrs(slog.String("request_id", ids.id))
		if ids.traceID != "" {
			record.AddAttrs(slog.String("trace_id", ids.traceID))
		}
	}
	return h.Handler.Handle(ctx, record)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}
