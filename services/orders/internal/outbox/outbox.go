// Package outbox publishes the events that wait in the service's database.
package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Event is a message that waits to be published.
type Event struct {
	ID      string // the same whenever the event is published again
	Type    string
	Subject string // the id of what the event is about
	Body    string // JSON
}

// Queue is where events wait. Several publishers may share one.
type Queue interface {
	// Relay gives publish up to limit events that no other call has at the moment, and returns their number. Those that
	// are published leave the queue, those that are refused come again later, and the others at once. An error of
	// publish leaves all of them in the queue.
	Relay(ctx context.Context, limit int, publish Publish) (int, error)
}

// Publish sends events, and returns the ids of those that were accepted and of those that were refused.
type Publish func(ctx context.Context, events []Event) (published, refused []string, err error)

const (
	// pollInterval is how long an event waits at most where everything works.
	pollInterval = time.Second
	// firstPause and lastPause bound how long a publisher waits when it failed, before it adds or subtracts a random
	// half.
	firstPause = 500 * time.Millisecond
	lastPause  = 30 * time.Second
	// relayTimeout bounds one round: a publisher that is told to stop finishes its round, within the 30 s after which
	// ECS kills the task.
	relayTimeout = 5 * time.Second
)

// Run publishes what comes into the queue until ctx ends, and finishes the round that is under way then. An event is
// published at least once: again, if the process or the database ended before the queue knew that it was.
func Run(ctx context.Context, queue Queue, publish Publish, log *slog.Logger) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = firstPause, lastPause
	pause.Reset()
	for {
		relayed, err := relay(ctx, queue, publish)
		wait := pollInterval
		if err != nil {
			wait = pause.NextBackOff()
			log.WarnContext(ctx, "events wait in the outbox", "error", err, "retry_in", wait.String())
		} else {
			pause.Reset()
			if relayed == batchSize { // there are probably more
				wait = 0
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func relay(ctx context.Context, queue Queue, publish Publish) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), relayTimeout)
	defer cancel()
	return queue.Relay(ctx, batchSize, publish)
}
