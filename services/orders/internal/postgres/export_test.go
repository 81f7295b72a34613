package postgres

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// NewMigration returns a migration that is not one of the package's own.
func NewMigration(version int, name, sql string) Migration {
	return Migration{Version: version, Name: name, sql: sql}
}

// ReadMigrations reads migrations from other files than the package's own.
func ReadMigrations(files fs.FS) ([]Migration, error) { return readMigrations(files) }

// HoldTable keeps a transaction open that has read the table of orders, until release is called.
func HoldTable(t testing.TB, config Config) (release func()) {
	t.Helper()
	connection, err := config.dial(t.Context())
	require.NoError(t, err)
	_, err = connection.Exec(t.Context(), "BEGIN; SELECT FROM orders")
	require.NoError(t, err)
	return func() { require.NoError(t, connection.Close(context.WithoutCancel(t.Context()))) }
}

// Demote makes n connections of a store those of a writer that became a reader.
func Demote(t testing.TB, store *Store, n int) {
	t.Helper()
	for range n {
		connection, err := store.pool.Acquire(t.Context())
		require.NoError(t, err)
		defer connection.Release()
		_, err = connection.Exec(t.Context(), "SET default_transaction_read_only = on")
		require.NoError(t, err)
	}
}

// Exec runs a statement as the user of a configuration, and returns the code of PostgreSQL's error or nothing.
func Exec(t testing.TB, config Config, sql string) (code string) {
	t.Helper()
	connection, err := config.dial(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close(context.WithoutCancel(t.Context()))) }()
	_, err = connection.Exec(t.Context(), sql)
	if refused := new(pgconn.PgError); errors.As(err, &refused) {
		return refused.Code
	}
	require.NoError(t, err)
	return ""
}

// Password returns the password of a user.
func Password(user User) string { return user.password }

// ErrNoValue is what a secret answers that has no value yet.
var ErrNoValue = errNoValue
