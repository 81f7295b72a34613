package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// scope is that of the package's spans and metrics.
const scope = "github.com/awslab/awslab/services/orders"

// The states of a connection.
var (
	used = metric.WithAttributes(attribute.String("db.client.connection.state", "used"))
	idle = metric.WithAttributes(attribute.String("db.client.connection.state", "idle"))
)

// observe has the use of the connections and the state of the outbox measured whenever metrics are collected. The names
// of the first two are those of OpenTelemetry's semantic conventions.
func (s *Store) observe() (stop func() error, err error) {
	meter := otel.Meter(scope)
	gauge := func(name, unit, description string) metric.Int64ObservableGauge {
		made, makeErr := meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description))
		err = errors.Join(err, makeErr)
		return made
	}
	connections := gauge("db.client.connection.count", "{connection}", "Connections by state: used or idle.")
	limit := gauge("db.client.connection.max", "{connection}", "The greatest number of connections.")
	waiting := gauge("orders.outbox.events", "{event}", "Events that wait to be published.")
	lag := gauge("orders.outbox.lag", "ms", "The time since the oldest event that waits was written; 0 if none waits.")
	if err != nil {
		return nil, fmt.Errorf("preparing the metrics of the database: %w", err)
	}
	registration, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		stat := s.pool.Stat()
		o.ObserveInt64(connections, int64(stat.AcquiredConns()), used)
		o.ObserveInt64(connections, int64(stat.IdleConns()), idle)
		o.ObserveInt64(limit, int64(stat.MaxConns()))
		if !s.keepsEvents {
			return nil
		}
		events, age, err := s.backlog(ctx)
		if err != nil {
			return err
		}
		o.ObserveInt64(waiting, events)
		o.ObserveInt64(lag, age.Milliseconds())
		return nil
	}, connections, limit, waiting, lag)
	if err != nil {
		return nil, fmt.Errorf("preparing the metrics of the database: %w", err)
	}
	return registration.Unregister, nil
}

// backlogTimeout keeps a database that is out of reach from holding up the other metrics.
const backlogTimeout = 2 * time.Second

// backlog returns how many events wait in the outbox, and for how long the oldest has.
func (s *Store) backlog(ctx context.Context) (events int64, age time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, backlogTimeout)
	defer cancel()
	err = s.pool.QueryRow(ctx, `SELECT count(*), COALESCE(now() - min(created_at), interval '0') FROM outbox`).
		Scan(&events, &age)
	return events, age, s.wrap("looking at the outbox", err)
}
