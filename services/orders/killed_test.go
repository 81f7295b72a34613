//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/outbox/snstest"
)

// Clients of a task that is killed send what was not acknowledged to another task, with the same idempotency keys.
// Every order is there once, as it was acknowledged, and has its event.
func TestAKilledProcessLosesNoOrderAndDoublesNone(t *testing.T) {
	_, environment := newDatabase(t)
	migrateProcess(t, environment)
	topic := snstest.Start(t)
	environment = append(environment, topic.Environment()...)

	killed := startProcess(t, environment...)
	acknowledged, refused := postUntilKilled(t, killed)
	again := startProcess(t, environment...)
	created := map[string]order.Order{}
	for key, was := range acknowledged {
		require.Equal(t, was, post(t, again, key))
		created[was.ID] = was
	}
	for _, key := range refused {
		repeated := post(t, again, key)
		require.Equal(t, repeated, post(t, again, key))
		created[repeated.ID] = repeated
	}

	require.Len(t, created, len(acknowledged)+len(refused), "each key has an order of its own")
	listed := listOrders(t, again.base)
	require.Len(t, listed, len(created))
	for _, id := range listed {
		require.Contains(t, created, id)
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		published := map[string]order.Order{}
		for _, message := range topic.Accepted() {
			var event order.Event
			require.NoError(c, json.Unmarshal([]byte(message.Body), &event))
			published[event.Subject] = event.Data
		}
		assert.Equal(c, created, published)
	}, time.Minute, 50*time.Millisecond)
}

// postUntilKilled lets clients create orders until enough are acknowledged, and kills the process. It returns the
// orders by their idempotency keys, and the keys of the requests that had no answer.
func postUntilKilled(t *testing.T, p *process) (acknowledged map[string]order.Order, refused []string) {
	t.Helper()
	const clients, enough = 8, 50
	type result struct {
		key   string
		order order.Order
		err   error
	}
	results := make(chan result)
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := 0; ; i++ {
				r := result{key: fmt.Sprintf("order-%d-of-client-%d", i, client)}
				r.order, r.err = p.post(r.key)
				results <- r
				if r.err != nil {
					return
				}
			}
		})
	}
	go func() {
		all.Wait()
		close(results)
	}()
	acknowledged = map[string]order.Order{}
	for r := range results {
		if r.err != nil {
			refused = append(refused, r.key)
			continue
		}
		acknowledged[r.key] = r.order
		if len(acknowledged) == enough {
			require.NoError(t, p.command.Process.Kill())
		}
	}
	require.GreaterOrEqual(t, len(acknowledged), enough, "the process fails before it is killed")
	code, _ := p.wait()
	assert.Equal(t, -1, code)
	return acknowledged, refused
}
