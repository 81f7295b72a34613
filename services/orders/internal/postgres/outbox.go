package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/awslab/awslab/services/orders/internal/outbox"
)

// Relay is that of an outbox.Queue. The events are locked until publish returns, so that other tasks take others.
func (s *Store) Relay(ctx context.Context, limit int, publish outbox.Publish) (relayed int, err error) {
	var unpublished error // which says nothing of the database
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id, event ->> 'type', event ->> 'subject', event::text FROM outbox
			WHERE due_at <= now() ORDER BY number LIMIT $1 FOR UPDATE SKIP LOCKED`, limit)
		if err != nil {
			return err
		}
		events, err := pgx.CollectRows(rows, pgx.RowToStructByPos[outbox.Event])
		if err != nil || len(events) == 0 {
			return err
		}
		published, refused, err := publish(ctx, events)
		if err != nil {
			unpublished = err
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM outbox WHERE id = ANY($1)`, published); err != nil {
			return err
		}
		relayed = len(events)
		return postpone(ctx, tx, refused)
	})
	if unpublished != nil {
		return 0, unpublished
	}
	return relayed, s.wrap("publishing from the outbox", err)
}

// postpone has events come again after a random time, longer after each refusal and 5 minutes at most, so that they do
// not keep others from being published.
func postpone(ctx context.Context, tx pgx.Tx, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		UPDATE outbox
		SET refusals = refusals + 1,
			due_at = now() + least(300, power(2, least(refusals, 10))) * (0.5 + random() / 2) * interval '1 second'
		WHERE id = ANY($1)`, ids)
	return err
}
