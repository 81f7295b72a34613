package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/item"
)

// asProcess makes the test's executable run as the service, so that tests see real signals and exit codes.
const asProcess = "CATALOG_TEST_AS_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		main()
	}
	os.Exit(m.Run())
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestConfigDefaults(t *testing.T) {
	got, err := loadConfig(environment(nil))
	require.NoError(t, err)
	assert.Equal(t, config{port: 8080, logLevel: slog.LevelInfo, maxItems: 10_000, drainDelay: 5 * time.Second, shutdownTimeout: 20 * time.Second}, got)
}

func TestConfigFromEnvironment(t *testing.T) {
	got, err := loadConfig(environment(map[string]string{
		"PORT": "9000", "LOG_LEVEL": "WARN", "MAX_ITEMS": "7", "DRAIN_DELAY": "0s", "SHUTDOWN_TIMEOUT": "29s",
	}))
	require.NoError(t, err)
	assert.Equal(t, config{port: 9000, logLevel: slog.LevelWarn, maxItems: 7, shutdownTimeout: 29 * time.Second}, got)
}

func TestConfigLeavesTimeToShutDown(t *testing.T) {
	_, err := loadConfig(environment(map[string]string{"DRAIN_DELAY": "10s"}))
	assert.EqualError(t, err, "configuration: DRAIN_DELAY and SHUTDOWN_TIMEOUT: 10s and 20s together must be below 30s, when ECS kills the task")
}

func TestConfigReportsEveryProblemAtOnce(t *testing.T) {
	var stderr bytes.Buffer
	code := run(nil, environment(map[string]string{
		"PORT": "65536", "LOG_LEVEL": "loud", "MAX_ITEMS": "0", "DRAIN_DELAY": "-1s", "SHUTDOWN_TIMEOUT": "20",
	}), io.Discard, &stderr)
	assert.Equal(t, exitUsage, code)
	assert.Equal(t, `catalog: configuration: PORT: "65536" is not a port from 0 to 65535; `+
		`LOG_LEVEL: "loud" is not a level: debug, info, warn or error; `+
		`MAX_ITEMS: "0" is not a whole number from 1 to 1000000; `+
		`DRAIN_DELAY: "-1s" is not a duration from 0s, such as 5s; `+
		`SHUTDOWN_TIMEOUT: "20" is not a duration from 0s, such as 20s`+"\n", stderr.String())
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {"healthcheck", "now"}} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(args, environment(nil), io.Discard, &stderr))
		assert.Contains(t, stderr.String(), "allowed is none, to serve, or healthcheck")
	}
}

func TestHealthcheck(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
	}))
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	check := func() (int, string) {
		var stderr bytes.Buffer
		code := run([]string{"healthcheck"}, environment(map[string]string{"PORT": port}), io.Discard, &stderr)
		return code, stderr.String()
	}

	code, message := check()
	assert.Equal(t, exitOK, code, message)

	status = http.StatusInternalServerError
	code, message = check()
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, message, "answered 500 Internal Server Error")

	server.Close()
	code, message = check()
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, message, "connection refused")
}

// heldStore answers a Get only when it is released.
type heldStore struct {
	item.Store
	release chan struct{}
}

func (s heldStore) Get(context.Context, string) (item.Item, error) {
	<-s.release
	return item.Item{ID: "held"}, nil
}

// pipes is a listener in memory: with it, a whole server runs on synctest's clock.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.accepted <- server:
		return client, nil
	case <-p.closed:
		return nil, syscall.ECONNREFUSED
	}
}

// shutdownTest is a service in a synctest bubble with one request in flight.
type shutdownTest struct {
	client   *http.Client
	stop     context.CancelFunc
	release  chan struct{}
	served   chan error // serve's result
	inFlight chan error // the request's result
}

var shutdownConfig = config{drainDelay: 5 * time.Second, shutdownTimeout: 10 * time.Second}

func startWithRequestInFlight() *shutdownTest {
	ctx, stop := context.WithCancel(context.Background())
	listener := pipes{accepted: make(chan net.Conn), closed: make(chan struct{})}
	s := &shutdownTest{
		client:   &http.Client{Transport: &http.Transport{DialContext: listener.dial, DisableKeepAlives: true}},
		stop:     stop,
		release:  make(chan struct{}),
		served:   make(chan error, 1),
		inFlight: make(chan error, 1),
	}
	go func() {
		s.served <- serve(ctx, listener, heldStore{item.NewMemory(1), s.release}, nil, slog.New(slog.DiscardHandler), shutdownConfig)
	}()
	go func() {
		_, err := s.status("/items/held")
		s.inFlight <- err
	}()
	synctest.Wait()
	return s
}

func (s *shutdownTest) status(path string) (int, error) {
	answer, err := s.client.Get("http://catalog" + path)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

func (s *shutdownTest) assertStatus(t *testing.T, want int, path string) {
	t.Helper()
	got, err := s.status(path)
	require.NoError(t, err)
	assert.Equal(t, want, got, path)
}

func TestShutdownFinishesWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startWithRequestInFlight()
		s.assertStatus(t, http.StatusOK, "/readyz")

		s.stop()
		synctest.Wait()
		s.assertStatus(t, http.StatusServiceUnavailable, "/readyz")
		s.assertStatus(t, http.StatusOK, "/healthz")
		s.assertStatus(t, http.StatusOK, "/items")

		time.Sleep(shutdownConfig.drainDelay)
		synctest.Wait()
		_, err := s.status("/readyz")
		require.ErrorIs(t, err, syscall.ECONNREFUSED, "after the drain delay no connection is accepted")
		require.Empty(t, s.served, "a request is still in flight")

		close(s.release)
		require.NoError(t, <-s.inFlight)
		require.NoError(t, <-s.served)
	})
}

func TestShutdownCutsOffWhatOutlastsItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startWithRequestInFlight()
		start := time.Now()
		s.stop()
		err := <-s.served
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "requests were still in flight after 10s")
		assert.Equal(t, shutdownConfig.drainDelay+shutdownConfig.shutdownTimeout, time.Since(start))
		require.Error(t, <-s.inFlight)
		close(s.release) // the handler ends, and with it the bubble
	})
}

func TestProcessStopsCleanlyOnSIGTERM(t *testing.T) {
	process := exec.CommandContext(t.Context(), os.Args[0])
	process.Env = []string{asProcess + "=1", "PORT=0", "DRAIN_DELAY=0s"}
	process.Stderr = t.Output()
	stdout, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())

	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan(), "it says where it serves")
	var serving struct{ Msg, Address string }
	require.NoError(t, json.Unmarshal(lines.Bytes(), &serving))
	require.Equal(t, "serving", serving.Msg)
	_, port, err := net.SplitHostPort(serving.Address)
	require.NoError(t, err)
	answer, err := http.Get("http://127.0.0.1:" + port + "/readyz")
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusOK, answer.StatusCode)

	require.NoError(t, process.Process.Signal(syscall.SIGTERM))
	var rest strings.Builder
	for lines.Scan() {
		rest.WriteString(lines.Text())
	}
	require.NoError(t, process.Wait(), "the exit code is 0")
	assert.Contains(t, rest.String(), `"msg":"stopped"`)
}

func TestProcessFailsIfItsPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", ":0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	var stderr bytes.Buffer
	assert.Equal(t, exitFailed, run(nil, environment(map[string]string{"PORT": port}), io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "listening on port "+port)
}
