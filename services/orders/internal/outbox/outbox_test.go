package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// queue notes when it was asked, and answers as told.
type queue struct {
	asked  []time.Duration // since the start
	start  time.Time
	answer func(ctx context.Context, round int) (int, error)
}

func (q *queue) Relay(ctx context.Context, _ int, _ Publish) (int, error) {
	q.asked = append(q.asked, time.Since(q.start))
	return q.answer(ctx, len(q.asked))
}

func runFor(t *testing.T, duration time.Duration, answer func(ctx context.Context, round int) (int, error)) *queue {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	q := &queue{start: time.Now(), answer: answer}
	Run(ctx, q, nil, slog.New(slog.DiscardHandler))
	return q
}

func TestTheQueueIsAskedEverySecondAndAtOnceWhileItIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := runFor(t, 2500*time.Millisecond, func(_ context.Context, round int) (int, error) {
			if round < 3 {
				return batchSize, nil
			}
			return 1, nil
		})
		assert.Equal(t, []time.Duration{0, 0, 0, time.Second, 2 * time.Second}, q.asked)
	})
}

func TestAPublisherThatFailsWaitsLongerEachTimeUntilItSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const failures = 30
		q := runFor(t, time.Hour, func(_ context.Context, round int) (int, error) {
			if round <= failures {
				// The database may be lost when a full batch is published already.
				return batchSize, errors.New("the transaction is lost")
			}
			return 0, nil
		})
		assert.Less(t, q.asked[1], time.Second)
		for round := range failures {
			assert.LessOrEqual(t, q.asked[round+1]-q.asked[round], lastPause*3/2)
		}
		assert.Greater(t, q.asked[failures]-q.asked[failures-1], lastPause/2-time.Millisecond)
		assert.Equal(t, pollInterval, q.asked[failures+1]-q.asked[failures])
	})
}

func TestPublishersDoNotRetryInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		retries := map[time.Duration]bool{}
		for range 10 {
			q := runFor(t, time.Second, func(context.Context, int) (int, error) { return 0, errors.New("throttled") })
			retries[q.asked[1]] = true
		}
		assert.Greater(t, len(retries), 5)
	})
}

func TestARoundIsFinishedWhenThePublisherStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		q := runFor(t, time.Second, func(ctx context.Context, round int) (int, error) {
			<-time.After(2 * time.Second)
			return 1, ctx.Err()
		})
		assert.Len(t, q.asked, 1)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		runFor(t, time.Second, func(ctx context.Context, round int) (int, error) {
			<-ctx.Done()
			return 0, fmt.Errorf("publishing: %w", ctx.Err())
		})
		assert.Equal(t, relayTimeout, time.Since(start), "and does not keep the process from stopping")
	})
}
