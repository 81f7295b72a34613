package postgres

import (
	"context"
	"io/fs"
	"testing"

	"github.com/jackc/pgx/v5"
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
	pool, err := config.pool()
	require.NoError(t, err)
	require.NoError(t, config.signIn(t.Context(), pool.ConnConfig))
	connection, err := pgx.ConnectConfig(t.Context(), pool.ConnConfig)
	require.NoError(t, err)
	_, err = connection.Exec(t.Context(), "BEGIN; SELECT FROM orders")
	require.NoError(t, err)
	return func() { require.NoError(t, connection.Close(context.WithoutCancel(t.Context()))) }
}
