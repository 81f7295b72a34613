package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/awslab/awslab/services/internal/httpserver"
	"github.com/awslab/awslab/services/internal/tracing"
	"github.com/awslab/awslab/services/orders/internal/api"
	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/postgres"
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
	if err := httpserver.Serve(ctx, listener, api.New(store, log), tracing.Handler, log, cfg.Config); err != nil {
		return err
	}
	if cause := context.Cause(ctx); errors.Is(cause, postgres.ErrRefused) {
		return fmt.Errorf("stopped to be started anew with the secret as it is now: %w", cause)
	}
	return nil
}

// openStore does not wait for the database: until it is in reach, the service is live but not ready.
func openStore(
	ctx context.Context,
	cfg config,
	log *slog.Logger,
	refused func(error),
) (store order.Store, closeStore func(), err error) {
	if cfg.database == nil {
		log.Warn(
			"orders are kept in memory and end with this process; set DATABASE_HOST to keep them",
			"capacity",
			memoryCapacity,
		)
		return order.NewMemory(memoryCapacity), func() {}, nil
	}
	opened, err := postgres.Open(context.WithoutCancel(ctx), *cfg.database, refused)
	if err != nil {
		return nil, nil, err
	}
	log.Info(
		"orders are kept in PostgreSQL",
		"host",
		cfg.database.Host,
		"database",
		cfg.database.Database,
		"user",
		cfg.database.User.Name,
		"tls",
		string(cfg.database.TLS),
	)
	return opened, opened.Close, nil
}
