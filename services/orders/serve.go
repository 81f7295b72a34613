package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"

	"github.com/awslab/awslab/services/internal/httpserver"
	"github.com/awslab/awslab/services/internal/telemetry"
	"github.com/awslab/awslab/services/orders/internal/api"
	"github.com/awslab/awslab/services/orders/internal/catalog"
	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/outbox"
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

// memoryCapacity bounds the orders of a service that has no database.
const memoryCapacity = 10_000

// serve answers requests on the listener until ctx ends.
func serve(ctx context.Context, listener net.Listener, log *slog.Logger, cfg config) error {
	store, stop, err := openStore(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer stop()
	parts := api.Parts{Store: store, Log: log}
	if cfg.catalog != "" {
		client, err := catalog.New(cfg.catalog)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer client.Close()
		parts.Catalog = client
		log.Info("names and prices of items are the catalog's", "catalog", cfg.catalog)
	} else {
		log.Info("items and prices of orders are taken as they are; set SERVICE_CATALOG_URL to ask the catalog")
	}
	return httpserver.Serve(ctx, listener, api.New(parts), telemetry.Handler, log, cfg.Config)
}

// openStore does not wait for the database: until it is in reach, the service is live but not ready. Events are
// published until ctx ends. stop waits for the end of that, and closes the store.
func openStore(ctx context.Context, cfg config, log *slog.Logger) (store order.Store, stop func(), err error) {
	if cfg.database == nil {
		log.Warn(
			"orders are kept in memory and end with this process; set DATABASE_HOST to keep them",
			"capacity",
			memoryCapacity,
		)
		return order.NewMemory(memoryCapacity), func() {}, nil
	}
	events := postgres.Events(cfg.topic != "")
	opened, err := postgres.Open(context.WithoutCancel(ctx), *cfg.database, events)
	if err != nil {
		return nil, nil, err
	}
	log.Info(
		"orders are kept in PostgreSQL",
		"host",
		cfg.database.Host,
		"database",
		cfg.database.Database,
		"tls",
		string(cfg.database.TLS),
	)
	if events == postgres.IgnoreEvents {
		log.Info("no events are published; set TOPIC_EVENTS_ARN to publish them")
		return opened, opened.Close, nil
	}
	publish, err := outbox.ToSNS(ctx, cfg.topic, log)
	if err != nil {
		opened.Close()
		return nil, nil, err
	}
	log.Info("events are published to SNS", "topic", cfg.topic)
	// A failing server ends the publisher as well.
	running, cancel := context.WithCancel(ctx)
	var publisher sync.WaitGroup
	publisher.Go(func() { outbox.Run(running, opened, publish, log) })
	return opened, func() {
		cancel()
		publisher.Wait()
		opened.Close()
	}, nil
}
