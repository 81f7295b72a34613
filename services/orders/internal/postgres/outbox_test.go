//go:build unix

package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/order/storetest"
	"github.com/awslab/awslab/services/orders/internal/outbox"
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

func withEvents(t testing.TB, config postgres.Config) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), config, postgres.KeepEvents)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	require.NoError(t, store.Ping(t.Context()))
	return store
}

func create(t testing.TB, store *postgres.Store, key string) order.Order {
	t.Helper()
	kept, _, err := store.Create(t.Context(), storetest.Draw("Ada"), storetest.Request(storetest.Draw("Ada"), key))
	require.NoError(t, err)
	return kept
}

func accept(_ context.Context, events []outbox.Event) (published, refused []string, err error) {
	for _, event := range events {
		published = append(published, event.ID)
	}
	return published, nil, nil
}

func TestAnOrderHasOneEvent(t *testing.T) {
	store := withEvents(t, forService(t))
	created := create(t, store, "key")
	create(t, store, "key")
	var waiting []outbox.Event
	relayed, err := store.Relay(t.Context(), 10, func(
		ctx context.Context, events []outbox.Event,
	) (published, refused []string, err error) {
		waiting = events
		return accept(ctx, events)
	})
	require.NoError(t, err)
	require.Equal(t, 1, relayed)
	var event order.Event
	require.NoError(t, json.Unmarshal([]byte(waiting[0].Body), &event))
	assert.Equal(t, created.CreatedEvent(), event)
	waiting[0].Body = ""
	assert.Equal(t, outbox.Event{
		ID: created.ID + "-created", Type: "orders.order.created.v1", Subject: created.ID,
	}, waiting[0])
	relayed, err = store.Relay(t.Context(), 10, accept)
	require.NoError(t, err)
	assert.Zero(t, relayed, "what is published has left the outbox")
}

func TestAnOrderThatIsNotKeptHasNoEvent(t *testing.T) {
	admin, access, _ := migrated(t)
	store := withEvents(t, as(admin, access))
	require.Empty(t, postgres.Exec(t, admin, "ALTER TABLE "+access.User+".outbox ADD CHECK (false) NOT VALID"))
	_, _, err := store.Create(t.Context(), storetest.Draw("Ada"), storetest.Request(storetest.Draw("Ada"), ""))
	require.Error(t, err, "nor is an order kept whose event is not")
	page, err := store.List(t.Context(), 10, "")
	require.NoError(t, err)
	assert.Empty(t, page.Orders)
}

func TestTasksShareTheOutbox(t *testing.T) {
	const tasks, orders, batch = 3, 60, 10
	config := forService(t)
	store := withEvents(t, config)
	for range orders {
		create(t, store, "")
	}
	var mu sync.Mutex
	times := map[string]int{}
	// Each task holds its first batch until all have one.
	var together, all sync.WaitGroup
	together.Add(tasks)
	for range tasks {
		task := withEvents(t, config)
		first := sync.OnceFunc(func() { together.Done(); together.Wait() })
		all.Go(func() {
			for {
				relayed, err := task.Relay(t.Context(), batch, func(
					ctx context.Context, events []outbox.Event,
				) (published, refused []string, err error) {
					first()
					mu.Lock()
					defer mu.Unlock()
					for _, event := range events {
						times[event.ID]++
					}
					return accept(ctx, events)
				})
				if !assert.NoError(t, err) || relayed == 0 {
					return
				}
			}
		})
	}
	all.Wait()
	assert.Len(t, times, orders)
	for id, n := range times {
		assert.Equal(t, 1, n, id)
	}
}

func TestWhatIsNotPublishedStaysInTheOutbox(t *testing.T) {
	config := forService(t)
	store := withEvents(t, config)
	created := create(t, store, "")
	for name, relay := range map[string]func(*postgres.Store) error{
		"the topic fails": func(store *postgres.Store) error {
			_, err := store.Relay(t.Context(), 10, func(
				context.Context, []outbox.Event,
			) (published, refused []string, err error) {
				return nil, nil, fmt.Errorf("publishing: %w", io.ErrUnexpectedEOF)
			})
			assert.NotErrorIs(t, err, order.ErrUnavailable, "the database is not to blame")
			return err
		},
		"the database is gone before it knows": func(store *postgres.Store) error {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := store.Relay(ctx, 10, func(
				ctx context.Context, events []outbox.Event,
			) (published, refused []string, err error) {
				cancel()
				return accept(ctx, events)
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Error(t, relay(store))
			again, err := withEvents(t, config).Relay(t.Context(), 10, func(
				_ context.Context, events []outbox.Event,
			) (published, refused []string, err error) {
				assert.Equal(t, created.ID+"-created", events[0].ID, "with the same id")
				return nil, nil, nil
			})
			require.NoError(t, err)
			assert.Equal(t, 1, again)
		})
	}
}

func TestARefusedEventDoesNotKeepOthersWaiting(t *testing.T) {
	admin, access, _ := migrated(t)
	store := withEvents(t, as(admin, access))
	poison := create(t, store, "").CreatedEvent().ID
	create(t, store, "")
	refuse := func(_ context.Context, events []outbox.Event) (published, refused []string, err error) {
		for _, event := range events {
			if event.ID == poison {
				refused = append(refused, event.ID)
			} else {
				published = append(published, event.ID)
			}
		}
		return published, refused, nil
	}
	relayed, err := store.Relay(t.Context(), 10, refuse)
	require.NoError(t, err)
	assert.Equal(t, 2, relayed)
	table := access.User + ".outbox"
	require.Empty(t, postgres.Exec(t, admin, fmt.Sprintf(`DO $$ BEGIN
		ASSERT (SELECT count(*) = 1 AND bool_and(refusals = 1 AND due_at > now()) FROM %s);
		UPDATE %s SET refusals = 1000, due_at = now();
	END $$`, table, table)))
	_, err = store.Relay(t.Context(), 10, refuse)
	require.NoError(t, err)
	assert.Empty(t, postgres.Exec(t, admin, fmt.Sprintf(`DO $$ BEGIN
		ASSERT (SELECT bool_and(due_at BETWEEN now() + interval '2 minutes' AND now() + interval '5 minutes') FROM %s);
	END $$`, table)), "it comes again")
}
