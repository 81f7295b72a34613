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

	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

// asProcess makes the test's executable run as the service, so that tests see real signals and exit codes.
const asProcess = "ORDERS_TEST_AS_PROCESS"

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
	assert.Equal(t, config{port: 8080, logLevel: slog.LevelInfo, drainDelay: 5 * time.Second, shutdownTimeout: 20 * time.Second}, got)
}

const secret = `{"username": "dbadmin", "password": "hunter2"}`

func TestConfigFromEnvironment(t *testing.T) {
	got, err := loadConfig(environment(map[string]string{
		"PORT": "9000", "LOG_LEVEL": "WARN", "DRAIN_DELAY": "0s", "SHUTDOWN_TIMEOUT": "29s", "DATABASE_HOST": "db.internal",
		"DATABASE_PORT": "6432", "DATABASE_NAME": "lab", "DATABASE_SECRET": secret, "DATABASE_CA": "/ca.pem",
	}))
	require.NoError(t, err)
	user, err := postgres.ParseUser(secret)
	require.NoError(t, err)
	assert.Equal(t, config{port: 9000, logLevel: slog.LevelWarn, shutdownTimeout: 29 * time.Second, database: &postgres.Config{
		Host: "db.internal", Port: 6432, Database: "lab", User: user, TLS: postgres.TLSVerifyFull, CAFile: "/ca.pem",
	}}, got)
}

func TestConfigLeavesTimeToShutDown(t *testing.T) {
	_, err := loadConfig(environment(map[string]string{"DRAIN_DELAY": "10s"}))
	assert.EqualError(t, err, "configuration: DRAIN_DELAY and SHUTDOWN_TIMEOUT: 10s and 20s together must be below 30s, when ECS kills the task")
}

func TestConfigReportsEveryProblemAtOnce(t *testing.T) {
	var stderr bytes.Buffer
	code := run(nil, environment(map[string]string{
		"PORT": "65536", "LOG_LEVEL": "loud", "DRAIN_DELAY": "-1s", "SHUTDOWN_TIMEOUT": "20",
		"DATABASE_HOST": "db.internal", "DATABASE_PORT": "0", "DATABASE_SECRET": "hunter2", "DATABASE_TLS": "prefer",
	}), io.Discard, &stderr)
	assert.Equal(t, exitUsage, code)
	assert.Equal(t, `orders: configuration: PORT: "65536" is not a port from 0 to 65535; `+
		`LOG_LEVEL: "loud" is not a level: debug, info, warn or error; `+
		`DRAIN_DELAY: "-1s" is not a duration from 0s, such as 5s; `+
		`SHUTDOWN_TIMEOUT: "20" is not a duration from 0s, such as 20s; `+
		`DATABASE_PORT: "0" is not a port from 1 to 65535; `+
		`DATABASE_NAME: is missing; name the database on db.internal; `+
		`DATABASE_SECRET: is not JSON such as {"username": ..., "password": ...}; `+
		`DATABASE_TLS: "prefer" is not verify-full, require or disable`+"\n", stderr.String())
}

func TestConfigOfTheDatabase(t *testing.T) {
	for name, tc := range map[string]struct {
		variables map[string]string
		want      string // in the error; none means success
	}{
		"least":                    {map[string]string{"DATABASE_HOST": "db", "DATABASE_NAME": "lab", "DATABASE_SECRET": secret}, ""},
		"in clear on this machine": {map[string]string{"DATABASE_HOST": "127.0.0.1", "DATABASE_NAME": "lab", "DATABASE_SECRET": secret, "DATABASE_TLS": "disable"}, ""},
		"in clear elsewhere": {map[string]string{"DATABASE_HOST": "db", "DATABASE_NAME": "lab", "DATABASE_SECRET": secret, "DATABASE_TLS": "disable"},
			"DATABASE_TLS: disable is for a database on this machine, not on db"},
		"certificates in vain": {map[string]string{"DATABASE_HOST": "db", "DATABASE_NAME": "lab", "DATABASE_SECRET": secret, "DATABASE_TLS": "require", "DATABASE_CA": "/ca.pem"},
			`DATABASE_CA: is "/ca.pem", but with DATABASE_TLS require no certificate is verified`},
		"no host":     {map[string]string{"DATABASE_SECRET": secret}, "DATABASE_HOST: is missing, though DATABASE_SECRET is there"},
		"no secret":   {map[string]string{"DATABASE_HOST": "db", "DATABASE_NAME": "lab"}, "DATABASE_SECRET: is missing; it is the JSON that RDS keeps in Secrets Manager"},
		"no password": {map[string]string{"DATABASE_HOST": "db", "DATABASE_NAME": "lab", "DATABASE_SECRET": `{"username": "hunter2"}`}, "DATABASE_SECRET: has no username or no password"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadConfig(environment(tc.variables))
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, "configuration: "+tc.want)
		})
	}
}

func TestMigrateNeedsADatabase(t *testing.T) {
	var stderr bytes.Buffer
	assert.Equal(t, exitUsage, run([]string{"migrate"}, environment(nil), io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "DATABASE_HOST: is missing; migrate needs a database")
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {"healthcheck", "now"}, {"/orders", "migrate"}} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(args, environment(nil), io.Discard, &stderr))
		assert.Contains(t, stderr.String(), "allowed is none, to serve, or migrate or healthcheck")
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
	order.Store
	release chan struct{}
}

func (s heldStore) Get(context.Context, string) (order.Order, error) {
	<-s.release
	return order.Order{ID: "held"}, nil
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
		s.served <- serveStore(ctx, listener, heldStore{order.NewMemory(1), s.release}, slog.New(slog.DiscardHandler), shutdownConfig)
	}()
	go func() {
		_, err := s.status("/orders/held")
		s.inFlight <- err
	}()
	synctest.Wait()
	return s
}

func (s *shutdownTest) status(path string) (int, error) {
	answer, err := s.client.Get("http://orders" + path)
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
		s.assertStatus(t, http.StatusOK, "/orders")

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

// process is the service as a process of its own.
type process struct {
	command *exec.Cmd
	lines   *bufio.Scanner
	stderr  bytes.Buffer
	base    string // URL
}

func startProcess(t *testing.T, variables ...string) *process {
	t.Helper()
	p := &process{command: exec.CommandContext(t.Context(), os.Args[0])}
	p.command.Env = append([]string{asProcess + "=1", "PORT=0", "DRAIN_DELAY=0s"}, variables...)
	p.command.Stderr = &p.stderr
	stdout, err := p.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start())
	p.lines = bufio.NewScanner(stdout)
	var line struct{ Msg, Address string }
	for line.Msg != "serving" {
		require.True(t, p.lines.Scan(), "it says where it serves")
		require.NoError(t, json.Unmarshal(p.lines.Bytes(), &line))
	}
	_, port, err := net.SplitHostPort(line.Address)
	require.NoError(t, err)
	p.base = "http://127.0.0.1:" + port
	return p
}

// status asks for a path and returns 0 if there is no answer.
func (p *process) status(path string) int {
	answer, err := http.Get(p.base + path)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// wait returns the exit code and what was logged since the service was serving.
func (p *process) wait() (code int, log string) {
	var rest strings.Builder
	for p.lines.Scan() {
		rest.WriteString(p.lines.Text())
	}
	_ = p.command.Wait()
	return p.command.ProcessState.ExitCode(), rest.String()
}

func TestProcessStopsCleanlyOnSIGTERM(t *testing.T) {
	p := startProcess(t)
	assert.Equal(t, http.StatusOK, p.status("/readyz"))
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	code, log := p.wait()
	assert.Equal(t, exitOK, code)
	assert.Contains(t, log, `"msg":"stopped"`)
	assert.Empty(t, p.stderr.String())
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
