package httpserver

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// net/http answers these itself; the OpenAPI documents of the services say so.
func TestWhatReachesNoServiceIsAnsweredInPlainText(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, listener, &service{}, untraced, slog.New(slog.DiscardHandler),
			Config{ShutdownTimeout: time.Second})
	}()
	for name, test := range map[string]struct {
		sent   string
		status int
	}{
		"header fields of 36 KiB": {
			"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 36<<10) + "\r\n\r\n",
			http.StatusRequestHeaderFieldsTooLarge,
		},
		"no HTTP": {"hello\r\n\r\n", http.StatusBadRequest},
	} {
		connection, err := net.Dial("tcp", listener.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(connection, test.sent)
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
		require.NoError(t, err)
		require.Equal(t, test.status, answer.StatusCode, name)
		require.Equal(t, "text/plain; charset=utf-8", answer.Header.Get("Content-Type"))
		require.True(t, answer.Close)
		require.NoError(t, answer.Body.Close())
		require.NoError(t, connection.Close())
	}
	stop()
	require.NoError(t, <-served)
}
