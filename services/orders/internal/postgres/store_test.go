//go:build unix

package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/order/storetest"
	"github.com/awslab/awslab/services/orders/internal/postgres"
	"github.com/awslab/awslab/services/orders/internal/postgres/postgrestest"
)

// start starts a cluster for all tests of the package when the first one needs it.
var (
	start = sync.OnceValues(func() (*postgrestest.Cluster, error) {
		started = true
		return postgrestest.Start()
	})
	started bool
)

func TestMain(m *testing.M) {
	code := m.Run()
	os.Exit(max(code, stop()))
}

func stop() int {
	if !started {
		return 0
	}
	cluster, err := start()
	if err == nil {
		err = cluster.Stop()
	}
	if err != nil && !errors.Is(err, postgrestest.ErrAbsent) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func needCluster(t testing.TB) *postgrestest.Cluster {
	t.Helper()
	cluster, err := start()
	if errors.Is(err, postgrestest.ErrAbsent) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return cluster
}

func open(t testing.TB, config postgres.Config) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), config, postgres.IgnoreEvents)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// unmigrated returns a new database as its administrator, the access of a service whose password is known, and the
// migrations.
func unmigrated(t testing.TB) (postgres.Config, postgres.Access, []postgres.Migration) {
	t.Helper()
	config := needCluster(t).NewDatabase(t)
	user := "orders_" + config.Database // roles belong to the cluster
	secret := postgres.FixedSecret(postgrestest.User(t, user, "own"))
	return config, postgres.Access{User: user, Secret: &secret}, ownMigrations(t)
}

func migrated(t testing.TB) (postgres.Config, postgres.Access, []postgres.Migration) {
	t.Helper()
	config, access, migrations := unmigrated(t)
	_, err := postgres.Migrate(t.Context(), config, access, migrations, quiet)
	require.NoError(t, err)
	return config, access, migrations
}

// as returns the configuration of the service's own user.
func as(config postgres.Config, access postgres.Access) postgres.Config {
	config.Credentials = access.Secret.Read
	return config
}

// forService returns a migrated database as the service's own user.
func forService(t testing.TB) postgres.Config {
	t.Helper()
	config, access, _ := migrated(t)
	return as(config, access)
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) order.Store { return withEvents(t, forService(t)) })
}

func TestTextThatPostgreSQLCannotHoldIsNotFound(t *testing.T) {
	store := open(t, forService(t))
	for _, id := range []string{"\x00", "a\x00b", "\xff"} {
		_, err := store.Get(t.Context(), id)
		require.ErrorIs(t, err, order.ErrNotFound, "%q", id)
		_, err = store.List(t.Context(), 1, id)
		require.ErrorIs(t, err, order.ErrCursor, "%q", id)
	}
}

func TestWithoutSchemaTheStoreIsNotReady(t *testing.T) {
	store := open(t, needCluster(t).NewDatabase(t))
	assert.ErrorContains(t, store.Ping(t.Context()), "run orders migrate")
}

func TestOutOfReachIsUnavailable(t *testing.T) {
	config := needCluster(t).NewDatabase(t)
	config.Port = 1 // nobody listens there
	store := open(t, config)
	assert.ErrorIs(t, store.Ping(t.Context()), order.ErrUnavailable)
	_, _, err := store.Create(t.Context(), storetest.Draw("Ada"), storetest.Request(storetest.Draw("Ada"), ""))
	assert.ErrorIs(t, err, order.ErrUnavailable)
}

func TestConnectionsLostAreMadeAnew(t *testing.T) {
	config := forService(t)
	store := open(t, config)
	created, _, err := store.Create(t.Context(), storetest.Draw("Ada"), storetest.Request(storetest.Draw("Ada"), ""))
	require.NoError(t, err)
	needCluster(
		t,
	).Exec(
		t,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+config.Database+"'",
	)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		got, err := store.Get(t.Context(), created.ID)
		require.NoError(c, err)
		assert.Equal(c, created, got)
	}, eventually, tick)
}

// A failover can leave connections with the old writer open.
func TestConnectionsToAReaderAreMadeAnew(t *testing.T) {
	store := withEvents(t, forService(t))
	postgres.Demote(t, store, 3)
	_, _, err := store.Create(t.Context(), storetest.Draw("Ada"), storetest.Request(storetest.Draw("Ada"), ""))
	require.ErrorIs(t, err, order.ErrUnavailable)
	create(t, store, "")

	postgres.Demote(t, store, 3)
	_, err = store.Relay(t.Context(), 10, accept)
	require.ErrorIs(t, err, order.ErrUnavailable)
	_, err = store.Relay(t.Context(), 10, accept)
	require.NoError(t, err)
}

func TestADatabaseThatRestartsIsUnavailableForAWhile(t *testing.T) {
	store, cluster := open(t, forService(t)), needCluster(t)
	create := func() error {
		o := storetest.Draw("Ada")
		_, _, err := store.Create(t.Context(), o, storetest.Request(o, rand.Text()))
		return err
	}
	stop := make(chan struct{})
	var problems []error
	var client sync.WaitGroup
	client.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				problems = append(problems, create())
			}
		}
	})
	cluster.Restart(t)
	close(stop)
	client.Wait()
	for _, err := range problems {
		if err != nil {
			require.ErrorIs(t, err, order.ErrUnavailable)
		}
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) { assert.NoError(c, create()) }, eventually, tick)
}

func TestARefusedUserIsUnavailable(t *testing.T) {
	config := forService(t)
	config.Credentials = postgres.FixedSecret(postgrestest.User(t, postgrestest.Admin, "of yesterday")).Read
	err := open(t, config).Ping(t.Context())
	require.ErrorIs(t, err, order.ErrUnavailable)
	assert.NotContains(t, err.Error(), "of yesterday")
}

// RDS rotates a secret that it manages, every seven days.
func TestARotationGoesUnnoticed(t *testing.T) {
	config, access, _ := migrated(t)
	cluster, password := needCluster(t), "own"
	config.Credentials = func(context.Context) (postgres.User, error) {
		return postgrestest.User(t, access.User, password), nil
	}
	store := open(t, config)
	require.NoError(t, store.Ping(t.Context()))

	cluster.Exec(t, "ALTER ROLE "+access.User+" PASSWORD 'second'")
	require.NoError(t, store.Ping(t.Context()), "a connection outlives the password that it was opened with")
	password = "second"
	cluster.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+access.User+"'")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.NoError(c, store.Ping(t.Context()))
	}, eventually, tick)
}

func TestTLS(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*postgres.Config)
		want   string // in the error; none means success
	}{
		"verify-full":             {func(*postgres.Config) {}, ""},
		"verify-full, other name": {func(c *postgres.Config) { c.Host = "127.0.0.1" }, "certificate"},
		"verify-full, unknown signer": {
			func(c *postgres.Config) { c.CAFile = "" },
			"certificate signed by unknown authority",
		},
		"require takes any certificate": {
			func(c *postgres.Config) { c.Host, c.CAFile, c.TLS = "127.0.0.1", "", postgres.TLSRequire },
			"",
		},
		"disable": {func(c *postgres.Config) { c.TLS = postgres.TLSDisable }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			config := forService(t)
			tc.change(&config)
			err := open(t, config).Ping(t.Context())
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, order.ErrUnavailable)
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

func TestTLSWithoutCertificatesIsRefusedAtTheStart(t *testing.T) {
	config := postgres.Config{Host: "localhost", TLS: postgres.TLSVerifyFull, CAFile: "absent.pem"}
	_, err := postgres.Open(t.Context(), config, postgres.IgnoreEvents)
	assert.ErrorContains(t, err, "absent.pem")
	config.CAFile = "store_test.go"
	_, err = postgres.Open(t.Context(), config, postgres.IgnoreEvents)
	assert.ErrorContains(t, err, "store_test.go holds no PEM certificate")
	config.TLS = "prefer"
	_, err = postgres.Open(t.Context(), config, postgres.IgnoreEvents)
	assert.ErrorContains(t, err, `TLS: "prefer"; use verify-full, require or disable`)
}
