package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/awslab/awslab/services/orders/internal/api"
	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/postgres"
	"github.com/awslab/awslab/services/orders/internal/tracing"
)

// memoryCapacity bounds the orders of a service that has no database.
const memoryCapacity = 10_000

// serve answers requests on the listener until ctx ends, or until the database refuses the user: then the secret that
// this process was started with is no longer the right one, and it returns an error so that a new process, with the new
// secret, takes its place. Open connections outlive a rotation, and so do requests in flight.
func serve(ctx context.Context, listener net.Listener, log *slog.Logger, cfg config) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	store, closeStore, err := openStore(ctx, cfg, log, end)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer closeStore()
	if err := serveStore(ctx, listener, store, log, cfg); err != nil {
		return err
	}
	if cause := context.Cause(ctx); errors.Is(cause, postgres.ErrRefused) {
		return fmt.Errorf("stopped to be started anew with the secret as it is now: %w", cause)
	}
	return nil
}

// openStore does not wait for the database: until it is in reach, the service is live but not ready.
func openStore(ctx context.Context, cfg config, log *slog.Logger, refused func(error)) (store order.Store, closeStore func(), err error) {
	if cfg.database == nil {
		log.Warn("orders are kept in memory and end with this process; set DATABASE_HOST to keep them", "capacity", memoryCapacity)
		return order.NewMemory(memoryCapacity), func() {}, nil
	}
	opened, err := postgres.Open(context.WithoutCancel(ctx), *cfg.database, refused)
	if err != nil {
		return nil, nil, err
	}
	log.Info("orders are kept in PostgreSQL", "host", cfg.database.Host, "database", cfg.database.Database, "user", cfg.database.User.Name, "tls", string(cfg.database.TLS))
	return opened, opened.Close, nil
}

// serveStore serves until ctx ends, and then shuts down in three steps: readiness turns off, so that load balancers stop
// sending; after the drain delay no connection is accepted any more; what is in flight is finished. It returns an error
// if the server failed, or if requests outlasted the shutdown timeout and were cut off.
func serveStore(ctx context.Context, listener net.Listener, store order.Store, log *slog.Logger, cfg config) error {
	handler := api.New(store, log)
	server := &http.Server{
		Handler:           tracing.Handler(handler),
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
