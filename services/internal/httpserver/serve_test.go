package httpserver

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/env"
)

func TestHealthcheck(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
	}))
	_, text, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.NoError(t, Healthcheck(port))

	status = http.StatusInternalServerError
	require.ErrorContains(t, Healthcheck(port), "answered 500 Internal Server Error")

	server.Close()
	require.ErrorContains(t, Healthcheck(port), "connection refused")
}

func TestConfigLeavesTimeToShutDown(t *testing.T) {
	r := env.NewReader(func(name string) string { return map[string]string{"DRAIN_DELAY": "10s"}[name] })
	ReadConfig(r)
	require.EqualError(
		t,
		r.Err(),
		"configuration: DRAIN_DELAY and SHUTDOWN_TIMEOUT: 10s and 20s together must be below 28s; ECS kills "+
			"the task at 30s",
	)
}

// service answers /held only when it is released, and /readyz as long as it is not draining.
type service struct {
	release  chan struct{}
	draining atomic.Bool
}

func (s *service) Drain() { s.draining.Store(true) }

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/held":
		<-s.release
	case r.URL.Path == "/readyz" && s.draining.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	}
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

func untraced(next http.Handler) http.Handler { return next }

// shutdownTest is a service in a synctest bubble with one request in flight.
type shutdownTest struct {
	client   *http.Client
	stop     context.CancelFunc
	release  chan struct{}
	served   chan error // serve's result
	inFlight chan error // the request's result
}

var shutdownConfig = Config{DrainDelay: 5 * time.Second, ShutdownTimeout: 10 * time.Second}

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
		s.served <- Serve(
			ctx,
			listener,
			&service{release: s.release},
			untraced,
			slog.New(slog.DiscardHandler),
			shutdownConfig,
		)
	}()
	go func() {
		_, err := s.status("/held")
		s.inFlight <- err
	}()
	synctest.Wait()
	return s
}

func (s *shutdownTest) status(path string) (int, error) {
	answer, err := s.client.Get("http://service" + path)
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
		s.assertStatus(t, http.StatusOK, "/things")

		time.Sleep(shutdownConfig.DrainDelay)
		synctest.Wait()
		_, err := s.status("/readyz")
		require.ErrorIs(t, err, syscall.ECONNREFUSED, "after the drain delay no connection is accepted")
		require.Empty(t, s.served, "a request is still in flight")

		close(s.release)
		require.NoError(t, <-s.inFlight)
		require.NoError(t, <-s.served)
	})
}

// Whoever has a connection may just be sending a request on it.
func TestConnectionsEndWithAnAnswerWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startWithRequestInFlight()
		dialed := 0
		transport := s.client.Transport.(*http.Transport)
		dial := transport.DialContext
		kept := &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				dialed++
				return dial(ctx, network, address)
			},
		}}
		for _, step := range []struct {
			draining bool
			dialed   int
		}{{false, 1}, {false, 1}, {true, 1}, {true, 2}} {
			if step.draining {
				s.stop()
				synctest.Wait()
			}
			answer, err := kept.Post("http://service/things", "", nil)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, step.draining, answer.Close)
			require.Equal(t, step.dialed, dialed)
		}
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
		assert.Equal(t, shutdownConfig.DrainDelay+shutdownConfig.ShutdownTimeout, time.Since(start))
		require.Error(t, <-s.inFlight)
		close(s.release) // the handler ends, and with it the bubble
	})
}
