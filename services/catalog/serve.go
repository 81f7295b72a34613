package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/awslab/awslab/services/catalog/internal/api"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/tracing"
)

// serve answers requests on the listener until ctx ends, and then shuts down in three steps: readiness turns off, so that
// load balancers stop sending; after the drain delay no connection is accepted any more; what is in flight is finished.
// It returns an error if the server failed, or if requests outlasted the shutdown timeout and were cut off.
func serve(ctx context.Context, listener net.Listener, store item.Store, tracer *tracing.Tracer, log *slog.Logger, cfg config) error {
	handler := api.New(store, log)
	server := &http.Server{
		Handler:           tracer.Handler(handler),
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

	log.Info("draining", "delay", cfg.drainDelay.String(), "timeout", cfg.shutdownTimeout.String())
	handler.Drain()
	server.SetKeepAlivesEnabled(false)
	select {
	case err := <-failed:
		return fmt.Errorf("serving while draining: %w", err)
	case <-time.After(cfg.drainDelay):
	}

	deadline, cancel := context.WithTimeout(context.Background(), cfg.shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		return errors.Join(fmt.Errorf("shutting down: requests were still in flight after %s: %w", cfg.shutdownTimeout, err), server.Close())
	}
	log.Info("stopped")
	return nil
}
