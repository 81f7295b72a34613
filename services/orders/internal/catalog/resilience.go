package catalog

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// transient is an error that a further try may not meet.
type transient struct{ error }

func (t transient) Unwrap() error { return t.error }

func isTransient(err error) bool { return errors.As(err, new(transient)) }

func isOpen(err error) bool {
	return errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)
}

// The budget allows one retry for ten requests, and ten at once where few requests come: a catalog that fails gets at
// most a tenth more than its usual load.
const (
	budgetShare = 0.1
	budgetMax   = 10
)

// budget is a bucket of tokens. Each request adds a share of one, and each retry takes one.
type budget struct {
	mu     sync.Mutex
	tokens float64
}

func newBudget() *budget { return &budget{tokens: budgetMax} }

func (b *budget) deposit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+budgetShare, budgetMax)
}

// withdraw reports whether a retry is allowed.
func (b *budget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

const (
	// The breaker opens if at least half of the tries failed, and minTries were made, within about breakerWindow.
	breakerWindow = 10 * time.Second
	breakerBucket = time.Second
	minTries      = 20
	// After openFor it lets probes pass, and closes if they all succeed.
	openFor = 5 * time.Second
	probes  = 3
)

func newBreaker() *gobreaker.CircuitBreaker[Item] {
	return gobreaker.NewCircuitBreaker[Item](gobreaker.Settings{
		Name:         "catalog",
		MaxRequests:  probes,
		Interval:     breakerWindow,
		BucketPeriod: breakerBucket,
		Timeout:      openFor,
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			return counts.Requests >= minTries && 2*counts.TotalFailures >= counts.Requests
		},
		IsSuccessful: func(err error) bool { return !isTransient(err) },
		// A caller that went away says nothing of the catalog.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})
}

// pause returns a random time before the try that follows, which doubles at most with each.
func pause(tried int) time.Duration {
	const first = 50 * time.Millisecond
	return rand.N(first << (tried - 1)) //nolint:gosec // not for secrecy
}

// sleep reports whether ctx leaves the time.
func sleep(ctx context.Context, duration time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(duration):
		return true
	}
}
