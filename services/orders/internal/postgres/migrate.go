package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed migrations
var embedded embed.FS

// Migration is one step of the schema. Those that were released do not change: a new step follows them.
type Migration struct {
	Version int // 1 is the first
	Name    string
	sql     string
}

func (m Migration) digest() string {
	sum := sha256.Sum256([]byte(m.sql))
	return hex.EncodeToString(sum[:])
}

var migrationFile = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)\.sql$`)

// Migrations returns the steps from the empty database to the schema that this program uses.
func Migrations() ([]Migration, error) { return readMigrations(embedded) }

func readMigrations(files fs.FS) ([]Migration, error) {
	entries, err := fs.ReadDir(files, "migrations") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	var migrations []Migration
	for i, entry := range entries {
		name := migrationFile.FindStringSubmatch(entry.Name())
		if name == nil {
			return nil, fmt.Errorf("migration %q: its name must match %s", entry.Name(), migrationFile)
		}
		if version, _ := strconv.Atoi(name[1]); version != i+1 {
			return nil, fmt.Errorf(
				"migration %q: its version must be %04d, as versions have no gaps",
				entry.Name(),
				i+1,
			)
		}
		sql, err := fs.ReadFile(files, "migrations/"+entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading migration %q: %w", entry.Name(), err)
		}
		migrations = append(migrations, Migration{Version: i + 1, Name: name[2], sql: string(sql)})
	}
	return migrations, nil
}

// migrationLock is the key of the advisory lock that keeps two migrations of one database apart. The number only has to
// be nobody else's: it spells "orders".
const migrationLock = 0x6f7264657273

// limitLocks gives up on a lock on a table before the requests that queue up behind it time out.
const limitLocks = `SET LOCAL lock_timeout = '3s'`

const createHistory = `
	CREATE TABLE IF NOT EXISTS orders_migrations (
		version    integer     PRIMARY KEY,
		name       text        NOT NULL,
		sha256     text        NOT NULL,
		applied_at timestamptz NOT NULL DEFAULT now()
	)`

// Migrate gives the service its access, and applies the steps that the database has not had, all of them or none, and
// returns them. config is the administrator's. Migrate waits for a database that is not in reach yet, see [Patience],
// and says so in the log. It may run several times, and at once. A database that has had later steps than those given
// keeps them: the version of the service that made them keeps the earlier one working, which may just be coming back.
func Migrate(
	ctx context.Context,
	config Config,
	access Access,
	migrations []Migration,
	log *slog.Logger,
) (applied []Migration, err error) {
	connection, err := config.connect(ctx, log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, connection.Close(context.WithoutCancel(ctx))) }()
	// It ends with the connection.
	if _, err := connection.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return nil, fmt.Errorf("migrating database %s: waiting for another migration: %w", config.Database, err)
	}
	err = pgx.BeginFunc(ctx, connection, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, limitLocks); err != nil {
			return fmt.Errorf("limiting the time to wait for locks: %w", err)
		}
		if err := access.prepare(ctx, tx, config.Database); err != nil {
			return err
		}
		if applied, err = migrate(ctx, tx, migrations); err != nil {
			return err
		}
		return access.grant(ctx, tx, log)
	})
	if err == nil {
		err = access.setPassword(ctx, connection, config)
	}
	if err != nil {
		return nil, fmt.Errorf("migrating database %s: %w", config.Database, err)
	}
	return applied, nil
}

// Patience is for how long Migrate waits for the database: a new RDS Proxy answers some minutes after it was created,
// when its target is available ("Troubleshooting for RDS Proxy", Amazon RDS user guide).
const Patience = 15 * time.Minute

// Pauses between two tries to connect.
const (
	firstPause = time.Second
	lastPause  = 15 * time.Second
)

func (c Config) connect(ctx context.Context, log *slog.Logger) (*pgx.Conn, error) {
	if _, err := c.pool(); err != nil {
		return nil, err // which waiting does not mend
	}
	deadline := time.Now().Add(Patience)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		connection, err := c.dial(ctx)
		if err == nil {
			return connection, nil
		}
		if final(err) || time.Now().Add(pause).After(deadline) {
			return nil, fmt.Errorf("connecting to %s: %w", c.Host, err)
		}
		log.Info(
			"waiting for the database",
			"host",
			c.Host,
			"until",
			deadline.UTC().Format(time.RFC3339),
			"reason",
			err.Error(),
		)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connecting to %s: %w", c.Host, errors.Join(ctx.Err(), err))
		case <-time.After(pause):
		}
	}
}

// final reports whether waiting is of no use: the secret holds no user, or the database answered, and refuses the
// password or the name.
func final(err error) bool {
	answered := new(pgconn.PgError)
	return errors.Is(err, errSecret) ||
		errors.As(err, &answered) && slices.Contains([]string{invalidPassword, undefinedDatabase}, answered.Code)
}

func migrate(ctx context.Context, tx pgx.Tx, migrations []Migration) (applied []Migration, err error) {
	if _, err := tx.Exec(ctx, createHistory); err != nil {
		return nil, fmt.Errorf("preparing the history of migrations: %w", err)
	}
	had, err := history(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, m := range migrations {
		if digest, ok := had[m.Version]; ok {
			if digest != m.digest() {
				return nil, fmt.Errorf(
					"migration %04d_%s differs from the one that was applied; undo the change and add a migration",
					m.Version,
					m.Name,
				)
			}
			continue
		}
		if err := apply(ctx, tx, m); err != nil {
			return nil, fmt.Errorf("migration %04d_%s: %w", m.Version, m.Name, err)
		}
		applied = append(applied, m)
	}
	return applied, nil
}

// history returns the digests of the migrations that the database has had, by version.
func history(ctx context.Context, tx pgx.Tx) (map[int]string, error) {
	rows, err := tx.Query(ctx, `SELECT version, sha256 FROM orders_migrations`)
	if err != nil {
		return nil, fmt.Errorf("reading the history of migrations: %w", err)
	}
	had := map[int]string{}
	var version int
	var digest string
	_, err = pgx.ForEachRow(rows, []any{&version, &digest}, func() error {
		had[version] = digest
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the history of migrations: %w", err)
	}
	return had, nil
}

func apply(ctx context.Context, tx pgx.Tx, m Migration) error {
	if _, err := tx.Exec(ctx, m.sql); err != nil {
		return err
	}
	_, err := tx.Exec(
		ctx,
		`INSERT INTO orders_migrations (version, name, sha256) VALUES ($1, $2, $3)`,
		m.Version,
		m.Name,
		m.digest(),
	)
	return err
}
