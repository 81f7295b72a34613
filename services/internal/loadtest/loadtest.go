// Package loadtest has many clients use a service at once.
package loadtest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
)

// Run has clients use a service again and again until Duration is over and during, which runs beside them, has
// returned. Each uses it once at least, and none may fail. No goroutine may be left of serve, which starts the service,
// has the function that it is given run the clients, and stops the service again.
func Run(t *testing.T, serve func(t *testing.T, run func(during func(), use Use))) {
	before := goleak.IgnoreCurrent()
	t.Run(fmt.Sprintf("of %d clients", clients), func(t *testing.T) {
		serve(t, func(during func(), use Use) { run(t, during, use) })
	})
	goleak.VerifyNone(t, before)
}

// Use is what a client does with a service.
type Use func(ctx context.Context, client *http.Client) error

func run(t *testing.T, during func(), use Use) {
	transport := &counter{transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer transport.transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	start := time.Now()
	var isOver atomic.Bool
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for isFirst := true; isFirst || !isOver.Load() || time.Since(start) < Duration; isFirst = false {
				if !assert.NoError(t, use(t.Context(), client)) {
					return
				}
			}
		})
	}
	during()
	isOver.Store(true)
	all.Wait()
	took, requests := time.Since(start), transport.requests.Load()
	t.Logf("%d requests in %s: %.0f/s", requests, took, float64(requests)/took.Seconds())
}

// counter counts requests.
type counter struct {
	transport *http.Transport
	requests  atomic.Int64
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	return c.transport.RoundTrip(r)
}
