package order

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// What a Store answers when it cannot do what was asked for.
var (
	ErrNotFound    = errors.New("no such order")
	ErrCursor      = errors.New("the cursor is not one that a list returned")
	ErrKeyReused   = errors.New("the idempotency key was used for another order")
	ErrFull        = errors.New("the store is full")
	ErrUnavailable = errors.New("the store cannot be reached")
)

// Store keeps orders. Implementations are safe for concurrent use.
type Store interface {
	// Create keeps an order and returns it. Of all orders with the same idempotency key only the first is kept: a later
	// one gets the first one back, with replayed set, if that answers what the client asked for, and ErrKeyReused
	// otherwise. With an empty key each order is kept. It returns ErrFull if there is no room.
	Create(ctx context.Context, o Order, request Request) (kept Order, replayed bool, err error)
	// Replay returns the order that a request with an idempotency key has had, ErrNotFound if it has had none, and
	// ErrKeyReused if the key was used for another order.
	Replay(ctx context.Context, request Request) (Order, error)
	// Get returns ErrNotFound if no order has the id.
	Get(ctx context.Context, id string) (Order, error)
	// List returns up to limit orders (at least 1), the newest first: from the newest, or from where the page that
	// returned the cursor after ended. It returns ErrCursor for a cursor that no page returned.
	List(ctx context.Context, limit int, after string) (Page, error)
	// Ping returns an error while the store cannot be used.
	Ping(ctx context.Context) error
}

// Request is what a client asks for, by which an order is known again.
type Request struct {
	Draft Draft
	Key   string // the idempotency key, or empty
}

// Page is one part of a list.
type Page struct {
	Orders []Order
	Next   string // cursor of the following page; empty on the last one
}

// Replay returns an order that has the request's key, unless the request asks for another one.
func (r Request) Replay(kept Order) (Order, error) {
	if !kept.Answers(r.Draft) {
		return Order{}, fmt.Errorf("creating an order with idempotency key %q: %w", r.Key, ErrKeyReused)
	}
	return kept, nil
}

// NewPage returns the first limit orders as a page. More than limit orders say that another page follows. The id of a
// page's last order is its cursor.
func NewPage(orders []Order, limit int) Page {
	if len(orders) <= limit {
		return Page{Orders: orders}
	}
	return Page{Orders: orders[:limit], Next: orders[limit-1].ID}
}

// Memory is a Store in the memory of one process: each task of a service has its own, and it ends with the task.
type Memory struct {
	capacity int

	mu       sync.RWMutex
	orders   []Order        // the oldest first
	position map[string]int // id -> index in orders
	keys     map[string]int // idempotency key -> index in orders
}

// NewMemory returns an empty store with room for capacity orders.
func NewMemory(capacity int) *Memory {
	return &Memory{capacity: capacity, position: make(map[string]int), keys: make(map[string]int)}
}

func (m *Memory) Create(_ context.Context, o Order, request Request) (Order, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if kept, err := m.replay(request); !errors.Is(err, ErrNotFound) {
		return kept, err == nil, err
	}
	if len(m.orders) >= m.capacity {
		return Order{}, false, fmt.Errorf(
			"creating an order: %w: it holds %d of %d orders",
			ErrFull,
			len(m.orders),
			m.capacity,
		)
	}
	m.position[o.ID] = len(m.orders)
	if request.Key != "" {
		m.keys[request.Key] = len(m.orders)
	}
	m.orders = append(m.orders, o.clone())
	return o, false, nil
}

func (m *Memory) Replay(_ context.Context, request Request) (Order, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.replay(request)
}

func (m *Memory) replay(request Request) (Order, error) {
	at, ok := m.keys[request.Key]
	if !ok {
		return Order{}, fmt.Errorf("reading the order of idempotency key %q: %w", request.Key, ErrNotFound)
	}
	return request.Replay(m.orders[at].clone())
}

func (m *Memory) Get(_ context.Context, id string) (Order, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	at, ok := m.position[id]
	if !ok {
		return Order{}, fmt.Errorf("reading order %q: %w", id, ErrNotFound)
	}
	return m.orders[at].clone(), nil
}

func (m *Memory) List(_ context.Context, limit int, after string) (Page, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	end := len(m.orders)
	if after != "" {
		at, ok := m.position[after]
		if !ok {
			return Page{}, fmt.Errorf("listing orders after %q: %w", after, ErrCursor)
		}
		end = at
	}
	orders := []Order{}
	for at := end - 1; at >= 0 && len(orders) <= limit; at-- {
		orders = append(orders, m.orders[at].clone())
	}
	return NewPage(orders, limit), nil
}

// Ping always succeeds: the process's own memory is in reach.
func (m *Memory) Ping(context.Context) error { return nil }

// clone keeps the caller's lines apart from the store's.
func (o Order) clone() Order {
	o.Lines = slices.Clone(o.Lines)
	return o
}
