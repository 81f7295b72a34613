package tracing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	batch       = 50 // spans that are sent at once
	wait        = time.Second
	sendTimeout = 2 * time.Second
)

// sender sends spans to the collector.
type sender struct {
	url, service string
	log          *slog.Logger
	client       *http.Client
}

// run sends spans, each no later than a second after it has come, until it is told to stop and has sent those that are there.
func (s sender) run(spans <-chan span, stop <-chan struct{}) {
	tick := time.NewTicker(wait)
	defer tick.Stop()
	var waiting []span
	flush := func() {
		if len(waiting) > 0 {
			if err := s.send(waiting); err != nil {
				s.log.Warn("traces are lost", "spans", len(waiting), "error", err)
			}
		}
		waiting = nil
	}
	for {
		select {
		case one := <-spans:
			if waiting = append(waiting, one); len(waiting) == batch {
				flush()
			}
		case <-tick.C:
			flush()
		case <-stop:
			for range len(spans) {
				waiting = append(waiting, <-spans)
			}
			flush()
			return
		}
	}
}

func (s sender) send(spans []span) error {
	body, err := json.Marshal(s.message(spans))
	if err != nil {
		return fmt.Errorf("rendering spans: %w", err)
	}
	answer, err := s.client.Post(s.url, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("sending spans: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("sending spans: %s answered %s", s.url, answer.Status)
	}
	return nil
}

// object is one of the JSON of OTLP, whose names are those of the protocol's messages.
type object map[string]any

// Values of the protocol's enumerations (opentelemetry-proto, trace.proto).
const (
	kindServer  = 2
	statusError = 2
)

func (s sender) message(spans []span) object {
	rendered := make([]object, len(spans))
	for i, one := range spans {
		rendered[i] = render(one)
	}
	return object{"resourceSpans": []object{{
		"resource":   object{"attributes": []object{text("service.name", s.service)}},
		"scopeSpans": []object{{"scope": object{"name": "github.com/awslab/awslab/services/catalog"}, "spans": rendered}},
	}}}
}

func render(s span) object {
	_, path, _ := strings.Cut(s.route, " ")
	rendered := object{
		"traceId": s.trace, "spanId": s.id, "name": s.route, "kind": kindServer,
		"startTimeUnixNano": nanoseconds(s.began), "endTimeUnixNano": nanoseconds(s.ended),
		"attributes": []object{
			text("http.request.method", s.method), text("http.route", path),
			{"key": "http.response.status_code", "value": object{"intValue": strconv.Itoa(s.status)}},
		},
	}
	if s.parent != "" {
		rendered["parentSpanId"] = s.parent
	}
	if s.status >= http.StatusInternalServerError {
		rendered["status"] = object{"code": statusError}
	}
	return rendered
}

func text(key, value string) object { return object{"key": key, "value": object{"stringValue": value}} }

// nanoseconds are text: JSON's numbers are too short for them.
func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }
