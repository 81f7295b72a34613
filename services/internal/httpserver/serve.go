package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// Service answers requests, and can be told that it is to stop.
type Service interface {
	http.Handler
	// Drain turns readiness off, so that load balancers send new requests elsewhere. Requests are still served.
	Drain()
}

// UntilSignal gives work a context that ends at SIGTERM, which ECS sends, or SIGINT. A second signal ends the process
// at once.
func UntilSignal(work func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop)
	return work(ctx)
}

// Listen listens on a port, 0 for one that is free.
func Listen(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return nil, fmt.Errorf("listening on port %d: %w", port, err)
	}
	return listener, nil
}

// Serve answers requests until ctx ends, and then shuts down in three steps: readiness turns off, so that load
// balancers stop sending, and each answer asks for the end of its connection; after the drain delay no connection is
// accepted any more, and idle ones end; what is in flight is finished.
// outer wraps the service, as telemetry does. Serve returns an error if the server failed, or if requests outlasted the
// shutdown timeout and were cut off.
func Serve(
	ctx context.Context,
	listener net.Listener,
	service Service,
	outer func(http.Handler) http.Handler,
	log *slog.Logger,
	c Config,
) error {
	var draining atomic.Bool
	server := &http.Server{
		Handler:           closingConnections(&draining, outer(service)),
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		// Longer than an ALB's idle timeout (60 s by default): were it shorter, the ALB could send a request on a
		// connection that is just being closed, and answer 502.
		IdleTimeout:    75 * time.Second,
		MaxHeaderBytes: 32 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	log.Info("serving", "address", listener.Addr().String())

	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}

	log.Info("draining", "delay", c.DrainDelay.String(), "timeout", c.ShutdownTimeout.String())
	service.Drain()
	// Not SetKeepAlivesEnabled, which ends idle connections at once: a client may just be sending a request on one.
	draining.Store(true)
	select {
	case err := <-failed:
		return fmt.Errorf("serving while draining: %w", err)
	case <-time.After(c.DrainDelay):
	}

	deadline, cancel := context.WithTimeout(context.Background(), c.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		cut := fmt.Errorf("shutting down: requests were still in flight after %s: %w", c.ShutdownTimeout, err)
		return errors.Join(cut, server.Close())
	}
	log.Info("stopped")
	return nil
}

// closingConnections has each answer end its connection once draining is set.
func closingConnections(draining *atomic.Bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// Healthcheck asks the service in the same container for its liveness: an image made from scratch has no shell or curl
// to do it.
func Healthcheck(port int) error {
	// The transport is one of its own because the default one listens to HTTP_PROXY.
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{}}
	url := fmt.Sprintf("http://127.0.0.1:%d/healthz", port)
	answer, err := client.Get(url)
	if err != nil {
		return fmt.Errorf("checking health: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("checking health: %s answered %s", url, answer.Status)
	}
	return nil
}
