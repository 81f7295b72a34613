//go:build unix

package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/postgres"
)

const (
	eventually = time.Minute
	tick       = 10 * time.Millisecond
)

var quiet = slog.New(slog.DiscardHandler)

func ownMigrations(t testing.TB) []postgres.Migration {
	t.Helper()
	migrations, err := postgres.Migrations()
	require.NoError(t, err)
	require.NotEmpty(t, migrations)
	return migrations
}

func TestMigrationsAreAppliedOnce(t *testing.T) {
	config, access, migrations := unmigrated(t)
	applied, err := postgres.Migrate(t.Context(), config, access, migrations, quiet)
	require.NoError(t, err)
	assert.Equal(t, migrations, applied)
	applied, err = postgres.Migrate(t.Context(), config, access, migrations, quiet)
	require.NoError(t, err)
	assert.Empty(t, applied)
	assert.NoError(t, open(t, as(config, access)).Ping(t.Context()))
}

func TestMigrationsGoOnWhereTheyEnded(t *testing.T) {
	config, access, migrations := unmigrated(t)
	_, err := postgres.Migrate(t.Context(), config, access, migrations[:1], quiet)
	require.NoError(t, err)
	applied, err := postgres.Migrate(t.Context(), config, access, migrations, quiet)
	require.NoError(t, err)
	assert.Equal(t, migrations[1:], applied)
}

// The previous version of the service comes back after a failed deployment, and runs its migrations too.
func TestAnEarlierVersionLeavesALaterSchemaAlone(t *testing.T) {
	config, access, migrations := migrated(t)
	applied, err := postgres.Migrate(t.Context(), config, access, migrations[:1], quiet)
	require.NoError(t, err)
	assert.Empty(t, applied)
	assert.NoError(t, open(t, as(config, access)).Ping(t.Context()))
}

func TestMigrationsAtOnceApplyOnce(t *testing.T) {
	config, access, migrations := unmigrated(t)
	var applied atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := postgres.Migrate(t.Context(), config, access, migrations, quiet)
			assert.NoError(t, err)
			applied.Add(int64(len(got)))
		})
	}
	all.Wait()
	assert.Equal(t, int64(len(migrations)), applied.Load())
}

func TestAFailedMigrationLeavesNothingBehind(t *testing.T) {
	config, access, migrations := unmigrated(t)
	broken := append(
		migrations[:len(migrations):len(migrations)],
		postgres.NewMigration(len(migrations)+1, "broken", "CREATE TABLE half (); SELECT 1 / 0"),
	)
	_, err := postgres.Migrate(t.Context(), config, access, broken, quiet)
	require.ErrorContains(t, err, "migration 0004_broken: ERROR: division by zero")

	applied, err := postgres.Migrate(t.Context(), config, access, migrations, quiet)
	require.NoError(t, err)
	assert.Equal(t, migrations, applied, "none was applied")
}

func TestAnEditedMigrationIsRefused(t *testing.T) {
	config, access, migrations := migrated(t)
	migrations[0] = postgres.NewMigration(1, "orders", "CREATE TABLE orders ()")
	_, err := postgres.Migrate(t.Context(), config, access, migrations, quiet)
	assert.ErrorContains(
		t,
		err,
		"migration 0001_orders differs from the one that was applied; undo the change and add a migration",
	)
}

func TestAMigrationGivesUpOnATableThatIsInUse(t *testing.T) {
	config, access, migrations := migrated(t)
	release := postgres.HoldTable(t, as(config, access))
	waits := append(
		migrations[:len(migrations):len(migrations)],
		postgres.NewMigration(len(migrations)+1, "waits", "ALTER TABLE orders ADD COLUMN note text"),
	)
	_, err := postgres.Migrate(t.Context(), config, access, waits, quiet)
	require.ErrorContains(t, err, "lock timeout")
	release()
	applied, err := postgres.Migrate(t.Context(), config, access, waits, quiet)
	require.NoError(t, err)
	assert.Len(t, applied, 1)
}

func TestMigrationFilesAreNumberedWithoutGaps(t *testing.T) {
	file := &fstest.MapFile{Data: []byte("SELECT 1")}
	for want, files := range map[string]fstest.MapFS{
		`migration "0002_b.sql": its version must be 0001`: {"migrations/0002_b.sql": file},
		`migration "0003_c.sql": its version must be 0002`: {
			"migrations/0001_a.sql": file,
			"migrations/0003_c.sql": file,
		},
		`migration "0001_b.sql": its version must be 0002`: {
			"migrations/0001_a.sql": file,
			"migrations/0001_b.sql": file,
		},
		`migration "README.md": its name must match`:                   {"migrations/README.md": file},
		`migration "1_a.sql": its name must match`:                     {"migrations/1_a.sql": file},
		`reading the migrations: open migrations: file does not exist`: {},
	} {
		_, err := postgres.ReadMigrations(files)
		assert.ErrorContains(t, err, want)
	}
}

// A new RDS Proxy answers some minutes after it was created.
func TestMigrateWaitsForTheDatabase(t *testing.T) {
	config, access, migrations := unmigrated(t)
	tries := 0
	user := config.Credentials
	config.Credentials = func(ctx context.Context) (postgres.User, error) {
		if tries++; tries == 1 {
			return postgres.User{}, errors.New("the secret is not there yet")
		}
		return user(ctx)
	}
	var log bytes.Buffer
	applied, err := postgres.Migrate(t.Context(), config, access, migrations, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	assert.Equal(t, migrations, applied)
	assert.Equal(t, 2, tries)
	assert.Contains(t, log.String(), "waiting for the database")
	assert.Contains(t, log.String(), "the secret is not there yet")
}

func TestMigrateDoesNotWaitForWhatIsRefused(t *testing.T) {
	config, access, _ := unmigrated(t)
	config.Database = "absent"
	_, err := postgres.Migrate(t.Context(), config, access, ownMigrations(t), quiet)
	assert.ErrorContains(t, err, `database "absent" does not exist`)
}

func TestMigrateEndsWhenItIsStopped(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := postgres.Migrate(ctx, postgres.Config{
		Host: "127.0.0.1", Port: 1, TLS: postgres.TLSDisable, Credentials: postgres.FixedSecret(postgres.User{}).Read,
	}, postgres.Access{}, ownMigrations(t), quiet)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
