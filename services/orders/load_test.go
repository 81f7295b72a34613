//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/jsonapi"
	"github.com/awslab/awslab/services/internal/loadtest"
	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/outbox/snstest"
	"github.com/awslab/awslab/services/orders/internal/postgres/postgrestest"
)

// Clients create and read orders, while the password of the service is rotated and the database restarts. Then, and
// for the time of reconnecting, they send a request again, with its idempotency key, while it is answered with 503.
// They get no other error, and none at another time. No order that was accepted is lost, none is there twice, and each
// has its event.
func TestLoad(t *testing.T) {
	loadtest.Run(t, func(t *testing.T, run func(func(), loadtest.Use)) {
		cluster, err := postgrestest.Start()
		if errors.Is(err, postgrestest.ErrAbsent) {
			t.Skip(err)
		}
		require.NoError(t, err)
		defer func() { require.NoError(t, cluster.Stop()) }()
		topic := snstest.Start(t)
		var password atomic.Value
		password.Store("first")
		variables := map[string]string{
			"DATABASE_HOST":         postgrestest.Host,
			"DATABASE_PORT":         fmt.Sprint(cluster.Port),
			"DATABASE_NAME":         cluster.NewDatabase(t).Database,
			"DATABASE_CA":           cluster.CAFile,
			"DATABASE_USER":         "orders",
			"DATABASE_SECRET_ARN":   secretsManager(t, &password),
			"DATABASE_ADMIN_SECRET": adminSecret,
			"DRAIN_DELAY":           "0s",
			"SERVICE_CATALOG_URL":   lampCatalog(t),
		}
		for _, variable := range topic.Environment() {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
			variables[name] = value
		}
		service := startInProcess(t, variables)

		clients := loadClients{base: service.base}
		run(func() {
			<-time.After(loadtest.Duration / 2)
			clients.await(t, 100)
			clients.outageBegan.Store(now())
			cluster.Exec(t, "ALTER ROLE orders PASSWORD 'second'")
			password.Store("second")
			cluster.Restart(t)
			clients.outageEnded.Store(now())
			clients.await(t, 100)
		}, clients.use)
		t.Logf("%d orders accepted, %d requests sent again", clients.accepted.Load(), clients.repeated.Load())

		want := map[string]bool{}
		clients.ids.Range(func(id, _ any) bool { want[id.(string)] = true; return true })
		require.Len(t, want, int(clients.accepted.Load()))
		listed := listOrders(t, service.base)
		assert.Len(t, listed, len(want))
		for _, id := range listed {
			assert.True(t, want[id], "nobody asked for order %s, or it is there twice", id)
			delete(want, id)
		}
		assert.Empty(t, want, "they were accepted, and are lost")
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			published := map[string]bool{}
			for _, message := range topic.Accepted() {
				var event order.Event
				require.NoError(c, json.Unmarshal([]byte(message.Body), &event))
				published[event.Subject] = true
			}
			assert.Len(c, published, len(listed))
		}, 2*time.Minute, 100*time.Millisecond)
		service.stop(t)
	})
}

// secretsManager keeps the password of the user orders. It returns the ARN of the secret.
func secretsManager(t *testing.T, password *atomic.Value) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		secret := fmt.Sprintf(`{"username": "orders", "password": %q}`, password.Load())
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": secret})
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", server.URL)
	t.Setenv("AWS_REGION", "eu-west-1")
	return "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders"
}

const lamp = "LAMPLAMPLAMPLAMPLAMPLAMPLA"

// lampCatalog is a catalog of one item. It returns its URL.
func lampCatalog(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/items/"+lamp {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"id": "` + lamp + `", "name": "lamp", "priceCents": 1250}`))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// inProcess is the service in the process of the test, so that the test sees its goroutines.
type inProcess struct {
	base   string // URL
	cancel context.CancelFunc
	ended  chan error
}

func startInProcess(t *testing.T, variables map[string]string) *inProcess {
	t.Helper()
	m, err := loadMigration(environment(variables))
	require.NoError(t, err)
	require.NoError(t, migrate(t.Context(), m, io.Discard))
	cfg, err := loadConfig(environment(variables))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s := &inProcess{base: "http://" + listener.Addr().String(), cancel: cancel, ended: make(chan error, 1)}
	go func() { s.ended <- serve(ctx, listener, jsonapi.NewLogger(io.Discard, slog.LevelError), cfg) }()
	return s
}

func (s *inProcess) stop(t *testing.T) {
	t.Helper()
	s.cancel()
	require.NoError(t, <-s.ended)
}

// listOrders returns the ids of all orders of the service with the URL.
func listOrders(t *testing.T, base string) (ids []string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for after := ""; ; {
		answer, err := client.Get(base + "/orders?limit=100&after=" + after)
		require.NoError(t, err)
		var page struct {
			Orders []order.Order
			Next   string
		}
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&page))
		require.NoError(t, answer.Body.Close())
		for _, o := range page.Orders {
			ids = append(ids, o.ID)
		}
		if after = page.Next; after == "" {
			return ids
		}
	}
}

// reconnecting is how long the service may take until it has new connections: those that it began to open while the
// database was away end within the 5 s of a request.
const reconnecting = jsonapi.Timeout

type loadClients struct {
	base                     string   // URL of the service
	ids                      sync.Map // of the orders that were accepted
	accepted, repeated       atomic.Int64
	outageBegan, outageEnded atomic.Pointer[time.Time]
}

func now() *time.Time {
	t := time.Now()
	return &t
}

// mayFail reports whether the database was away during a request that was sent at a time and is answered now.
func (c *loadClients) mayFail(sent time.Time) bool {
	ended := c.outageEnded.Load()
	return c.outageBegan.Load() != nil && (ended == nil || sent.Before(ended.Add(reconnecting)))
}

// await returns when the service has accepted some more orders.
func (c *loadClients) await(t *testing.T, more int64) {
	t.Helper()
	enough := c.accepted.Load() + more
	require.Eventually(t, func() bool { return c.accepted.Load() >= enough || t.Failed() },
		time.Minute, 10*time.Millisecond)
}

// use creates an order, reads it, and lists.
func (c *loadClients) use(ctx context.Context, client *http.Client) error {
	var created, read order.Order
	if err := c.send(ctx, client, http.MethodPost, "/orders", http.StatusCreated, &created); err != nil {
		return err
	}
	if _, isTwice := c.ids.LoadOrStore(created.ID, true); isTwice {
		return fmt.Errorf("order %s is the answer to two requests", created.ID)
	}
	c.accepted.Add(1)
	if err := c.send(ctx, client, http.MethodGet, "/orders/"+created.ID, http.StatusOK, &read); err != nil {
		return err
	}
	if created.TotalCents != 2500 || !created.CreatedAt.Equal(read.CreatedAt) {
		return fmt.Errorf("order %+v was read as %+v", created, read)
	}
	return c.send(ctx, client, http.MethodGet, "/orders?limit=10", http.StatusOK, &struct{}{})
}

// send sends a request until it is not answered with 503, which it may be while the database is away.
func (c *loadClients) send(
	ctx context.Context,
	client *http.Client,
	method, path string,
	want int,
	to any,
) error {
	key := rand.Text()
	for {
		body := `{"customer": "Ada", "lines": [{"item": "` + lamp + `", "quantity": 2}]}`
		r, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		sent := time.Now()
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		content, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			return err
		}
		switch {
		case answer.StatusCode == want:
			return json.Unmarshal(content, to)
		case answer.StatusCode == http.StatusServiceUnavailable && c.mayFail(sent):
			c.repeated.Add(1)
			// A client would wait for Retry-After, which is longer than the database is away here.
			<-time.After(mathrand.N(100 * time.Millisecond))
		default:
			return fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, content)
		}
	}
}
