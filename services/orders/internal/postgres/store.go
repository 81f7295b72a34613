package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel"

	"github.com/awslab/awslab/services/orders/internal/order"
)

// Store is an order.Store in PostgreSQL.
type Store struct {
	pool        *pgxpool.Pool
	keepsEvents bool
	unobserve   func() error
}

// Events says what becomes of an order's events.
type Events bool

const (
	// IgnoreEvents keeps orders alone.
	IgnoreEvents Events = false
	// KeepEvents writes the events of an order to the outbox, in the order's own transaction. See [Store.Relay].
	KeepEvents Events = true
)

// Open returns a store whose connections are created as they are needed: no error of it says that the database is out
// of reach.
func Open(ctx context.Context, config Config, events Events) (*Store, error) {
	poolConfig, err := config.pool()
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return nil, fmt.Errorf("preparing connections to %s: %w", config.Host, err)
	}
	store := &Store{pool: pool, keepsEvents: bool(events)}
	if store.unobserve, err = store.observe(); err != nil {
		pool.Close()
		return nil, err
	}
	return store, nil
}

// Close ends all connections once they are idle.
func (s *Store) Close() {
	if err := s.unobserve(); err != nil {
		otel.Handle(err)
	}
	s.pool.Close()
}

// columns are what scan reads.
const columns = "id, customer, lines, total_cents, created_at"

func scan(row pgx.CollectableRow) (order.Order, error) {
	var o order.Order
	err := row.Scan(&o.ID, &o.Customer, &o.Lines, &o.TotalCents, &o.CreatedAt)
	o.CreatedAt = o.CreatedAt.UTC()
	return o, err
}

// insertOrder affects no row if the idempotency key is taken.
const insertOrder = `
	INSERT INTO orders (` + columns + `, idempotency_key) VALUES ($1, $2, $3, $4, $5, NULLIF($6, ''))
	ON CONFLICT (idempotency_key) DO NOTHING`

// insertBoth keeps an order and its event, or neither.
const insertBoth = `
	WITH kept AS (` + insertOrder + ` RETURNING id)
	INSERT INTO outbox (id, event) SELECT $7, $8 FROM kept`

// Create leaves it to the unique index to decide which of several orders with the same key is the first: the others
// wait for its transaction, and then find it.
func (s *Store) Create(ctx context.Context, o order.Order, request order.Request) (order.Order, bool, error) {
	insert, values := insertOrder, []any{o.ID, o.Customer, o.Lines, o.TotalCents, o.CreatedAt, request.Key}
	if s.keepsEvents {
		event := o.CreatedEvent()
		insert, values = insertBoth, append(values, event.ID, event)
	}
	tag, err := s.pool.Exec(ctx, insert, values...)
	if err != nil {
		return order.Order{}, false, s.wrap("creating an order", err)
	}
	if tag.RowsAffected() == 1 {
		return o, false, nil
	}
	kept, err := s.Replay(ctx, request)
	return kept, err == nil, err
}

func (s *Store) Replay(ctx context.Context, request order.Request) (order.Order, error) {
	kept, err := s.one(ctx, "idempotency_key", request.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return order.Order{}, fmt.Errorf("reading the order of idempotency key %q: %w", request.Key, order.ErrNotFound)
	}
	if err != nil {
		return order.Order{}, s.wrap("reading the order of an idempotency key", err)
	}
	return request.Replay(kept)
}

func (s *Store) Get(ctx context.Context, id string) (order.Order, error) {
	found, err := s.one(ctx, "id", id)
	if errors.Is(err, pgx.ErrNoRows) {
		return order.Order{}, fmt.Errorf("reading order %q: %w", id, order.ErrNotFound)
	}
	if err != nil {
		return order.Order{}, s.wrap("reading an order", err)
	}
	return found, nil
}

// one reads the order that has a value in a column, which is this package's own word.
func (s *Store) one(ctx context.Context, column, value string) (order.Order, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+columns+` FROM orders WHERE `+column+` = $1`, storable(value))
	if err != nil {
		return order.Order{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scan)
}

func (s *Store) List(ctx context.Context, limit int, after string) (order.Page, error) {
	before, err := s.position(ctx, after)
	if errors.Is(err, pgx.ErrNoRows) {
		return order.Page{}, fmt.Errorf("listing orders after %q: %w", after, order.ErrCursor)
	}
	if err != nil {
		return order.Page{}, s.wrap("looking a cursor up", err)
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+columns+` FROM orders WHERE number < $1 ORDER BY number DESC LIMIT $2`, before, limit+1)
	if err != nil {
		return order.Page{}, s.wrap("listing orders", err)
	}
	orders, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return order.Page{}, s.wrap("listing orders", err)
	}
	return order.NewPage(orders, limit), nil
}

// position returns the number of the order that a page ended with, or one above all numbers for the first page.
func (s *Store) position(ctx context.Context, after string) (number int64, err error) {
	if after == "" {
		return 1<<63 - 1, nil
	}
	err = s.pool.QueryRow(ctx, `SELECT number FROM orders WHERE id = $1`, storable(after)).Scan(&number)
	return number, err
}

// storable drops from a client's text what PostgreSQL has no room for. No stored text holds it, so that nothing is
// found which should not be.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// Ping also finds out whether the schema is there.
func (s *Store) Ping(ctx context.Context) error {
	ask := `SELECT idempotency_key FROM orders LIMIT 0`
	if s.keepsEvents {
		ask = `SELECT idempotency_key, refusals FROM orders, outbox LIMIT 0`
	}
	_, err := s.pool.Exec(ctx, ask)
	return s.wrap("asking for the tables", err)
}

// Codes of PostgreSQL's errors (PostgreSQL documentation, appendix A).
const (
	invalidAuthorization = "28000"
	invalidPassword      = "28P01"
	undefinedDatabase    = "3D000"
	undefinedTable       = "42P01"
	noRight              = "42501"
	readOnly             = "25006" // of a writer that became a reader in a failover
	tooManyConnections   = "53300"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	undefinedColumn      = "42703"
)

// wrap says what was attempted, and gives the error its meaning in the terms of order.Store.
func (s *Store) wrap(attempted string, err error) error {
	if err == nil {
		return nil
	}
	if answered := new(pgconn.PgError); errors.As(err, &answered) && answered.Code == readOnly {
		// The old writer may keep the other connections open as well, for as long as they live.
		s.pool.Reset()
	}
	if meaning := explain(err); meaning != nil {
		err = fmt.Errorf("%w: %w", meaning, err)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}

var errSchema = errors.New("the schema is not there, or is not this user's; run orders migrate")

// explained are the meanings of PostgreSQL's errors.
var explained = map[string]error{
	invalidAuthorization: order.ErrUnavailable, // for a moment, while its password is rotated
	invalidPassword:      order.ErrUnavailable,
	readOnly:             order.ErrUnavailable,
	tooManyConnections:   order.ErrUnavailable,
	adminShutdown:        order.ErrUnavailable,
	crashShutdown:        order.ErrUnavailable,
	cannotConnectNow:     order.ErrUnavailable,
	undefinedTable:       errSchema,
	undefinedColumn:      errSchema,
	noRight:              errSchema,
}

func explain(err error) error {
	if answered := new(pgconn.PgError); errors.As(err, &answered) && explained[answered.Code] != nil {
		return explained[answered.Code]
	}
	if failed := new(pgconn.ConnectError); errors.As(err, &failed) || errors.Is(err, context.DeadlineExceeded) ||
		pgconn.SafeToRetry(err) || isLost(err) {
		return order.ErrUnavailable
	}
	return nil
}

// isLost reports whether the connection ended in the middle of a statement, which may have been executed: the database
// restarted, or failed over.
func isLost(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &network)
}
