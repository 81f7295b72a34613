package jsonapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/invalid"
)

var (
	body     = Body{Max: 1 << 10, Code: "invalid_thing", Types: map[string]string{"name": "a string"}, Known: "name"}
	notReady = Error{
		Status:  http.StatusServiceUnavailable,
		Code:    "store_unreachable",
		Message: "the store cannot be reached",
	}
)

type thing struct {
	Name string `json:"name"`
}

// logged returns a service with one route, POST /things, and what it logs, one JSON object a line.
func logged(ping error) (*Service, *bytes.Buffer) {
	var buffer bytes.Buffer
	log := NewLogger(&buffer, slog.LevelInfo)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /things", func(w http.ResponseWriter, r *http.Request) {
		read, problem := Read(w, r, body, func(content []byte) (thing, error) { return Decode[thing](body, content) })
		if problem != nil {
			WriteError(w, *problem)
			return
		}
		WriteJSON(w, http.StatusCreated, read)
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		Fail(w, r, log, r.Context().Err())
	})
	return New(mux, log, func(context.Context) error { return ping }, notReady), &buffer
}

func send(handler http.Handler, method, target, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Result()
}

func TestHealth(t *testing.T) {
	healthy, _ := logged(nil)
	broken, _ := logged(errors.New("connection refused by db.internal"))
	draining, _ := logged(nil)
	draining.Drain()
	for name, tc := range map[string]struct {
		handler     *Service
		live, ready int
	}{
		"healthy":  {healthy, 200, 200},
		"broken":   {broken, 503, 503},
		"draining": {draining, 200, 503},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.live, send(tc.handler, "GET", "/healthz", "").StatusCode)
			assert.Equal(t, tc.ready, send(tc.handler, "GET", "/readyz", "").StatusCode)
		})
	}
	assert.Equal(
		t,
		http.StatusCreated,
		send(draining, "POST", "/things", `{}`).StatusCode,
		"while draining, requests are served",
	)
}

func TestAServiceThatWasReadyStaysAlive(t *testing.T) {
	var err error
	ping := func(context.Context) error { return err }
	handler := New(http.NewServeMux(), slog.New(slog.DiscardHandler), ping, notReady)
	for _, step := range []struct {
		err         error
		live, ready int
	}{
		{errors.New("the schema is not there yet"), 503, 503}, {nil, 200, 200}, {errors.New("a failover"), 200, 503},
	} {
		err = step.err
		assert.Equal(t, step.live, send(handler, "GET", "/healthz", "").StatusCode, err)
		assert.Equal(t, step.ready, send(handler, "GET", "/readyz", "").StatusCode, err)
	}
}

// encoding/json takes a field in another case, and of one that comes twice the last.
func TestFieldsAreNamedAsTheyAreAndOnce(t *testing.T) {
	nested := Body{Types: map[string]string{"a": "an object", "a.b": "an array of objects", "a.b.c": "a string"}}
	type tree struct {
		A struct {
			B []struct {
				C string `json:"c"`
			} `json:"b"`
		} `json:"a"`
	}
	for sent, field := range map[string]string{
		`{"a": {"b": [{"c": "a"}, {"c": "b"}]}}`:   "",
		`{"A": {}}`:                                "A",
		`{"a": {"B": []}}`:                         "a.B",
		`{"a": {"b": [{"c": "a"}, {"C": "b"}]}}`:   "a.b.C",
		`{"a": {}, "a": {}}`:                       "a",
		`{"a": {"b": [{"c": "a", "c": "a"}]}}`:     "a.b.c",
		`{"a": {"b": [], "b": [{"c": "a"}]}}`:      "a.b",
		`{"a": {"b": [{"c": "a"}], "\u0062": []}}`: "a.b",
	} {
		_, err := Decode[tree](nested, []byte(sent))
		if field == "" {
			require.NoError(t, err)
			continue
		}
		var wrong *invalid.Error
		require.ErrorAs(t, err, &wrong, sent)
		require.Equal(t, field, wrong.Field)
	}
}

func TestContentTypeMayHaveParameters(t *testing.T) {
	handler, _ := logged(nil)
	answer := send(handler, "POST", "/things", `{}`, "Content-Type", "application/json; charset=utf-8")
	assert.Equal(t, http.StatusCreated, answer.StatusCode)
}

func TestASlowRequestIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler, _ := logged(nil)
		start := time.Now()
		assert.Equal(t, http.StatusInternalServerError, send(handler, "GET", "/slow", "").StatusCode)
		assert.Equal(t, Timeout, time.Since(start))
	})
}

func TestRequestIsLoggedWithItsIDsAndWithoutItsContents(t *testing.T) {
	handler, log := logged(nil)
	answer := send(
		handler,
		"POST",
		"/things?token=hidden-query",
		`{"name": "hidden-body"}`,
		"X-Request-Id",
		"req-1",
		"X-Amzn-Trace-Id",
		"Root=1-67891233-abcdef012345678912345678",
		"Authorization",
		"hidden-header",
	)
	assert.Equal(t, "req-1", answer.Header.Get("X-Request-Id"))

	var line map[string]any
	require.NoError(t, json.Unmarshal(log.Bytes(), &line), "one line of JSON")
	for _, varies := range []string{"time", "duration_ms", "bytes"} {
		assert.Contains(t, line, varies)
		delete(line, varies)
	}
	assert.Equal(t, map[string]any{
		"level": "INFO", "msg": "request", "method": "POST", "path": "/things", "status": 201.0,
		"request_id": "req-1", "trace_id": "Root=1-67891233-abcdef012345678912345678",
	}, line)
	assert.NotContains(t, log.String(), "hidden")
}

func TestAnotherServiceIsToldTheRequestID(t *testing.T) {
	mux := http.NewServeMux()
	var forwarded http.Header
	mux.HandleFunc("GET /", func(_ http.ResponseWriter, r *http.Request) {
		other := httptest.NewRequestWithContext(r.Context(), http.MethodGet, "http://other/", nil)
		ForwardRequestID(other)
		forwarded = other.Header
	})
	service := New(mux, slog.New(slog.DiscardHandler), func(context.Context) error { return nil }, notReady)
	send(service, "GET", "/", "", "X-Request-Id", "req-1")
	assert.Equal(t, http.Header{"X-Request-Id": {"req-1"}}, forwarded)
	outside := httptest.NewRequest(http.MethodGet, "http://other/", nil)
	ForwardRequestID(outside)
	assert.Empty(t, outside.Header)
}

func TestRequestIDIsReplacedUnlessFitForALog(t *testing.T) {
	handler, _ := logged(nil)
	for _, given := range []string{"", "with space", "line\nbreak", strings.Repeat("x", 65)} {
		got := send(handler, "GET", "/healthz", "", "X-Request-Id", given).Header.Get("X-Request-Id")
		assert.NotEqual(t, given, got)
		assert.Regexp(t, acceptableID, got)
	}
}

func TestHealthChecksAreLoggedOnlyWhenTheyFail(t *testing.T) {
	handler, log := logged(nil)
	send(handler, "GET", "/healthz", "")
	send(handler, "GET", "/readyz", "")
	assert.Empty(t, log.String())
	handler.Drain()
	send(handler, "GET", "/readyz", "")
	assert.Contains(t, log.String(), `"status":503`)
}

func TestAPathThatIsNotCleanIsNotFound(t *testing.T) {
	handler, _ := logged(nil)
	for _, target := range []string{"//things", "/things/", "/./things", "/slow/../things", "/things/..//slow", "//"} {
		for _, method := range []string{"GET", "POST"} {
			answer := send(handler, method, target, `{"name": "a"}`)
			require.Equal(t, http.StatusNotFound, answer.StatusCode, target)
			require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
			require.Empty(t, answer.Header.Get("Location"))
		}
	}
}

// Half an answer must not look like a whole one, so the connection is cut.
func TestPanicAmidAnAnswerCutsTheConnection(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	server := httptest.NewServer(
		observe(log, recoverPanics(log, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"items": [`)
			_ = http.NewResponseController(w).Flush()
			panic("amid")
		}))),
	)
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer answer.Body.Close()
	_, err = io.ReadAll(answer.Body)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestTooLargeBodyClosesTheConnection(t *testing.T) {
	handler, _ := logged(nil)
	server := httptest.NewServer(handler)
	defer server.Close()
	answer, err := server.Client().Post(
		server.URL+"/things",
		"application/json",
		strings.NewReader(strings.Repeat(" ", 2*int(body.Max))),
	)
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode)
	assert.True(t, answer.Close, "what follows on the connection would be the rest of the body")
}
