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
	// one with the same contents gets the first one back, with replayed set, and one with other contents ErrKeyReused.
	// With an empty key each order is kept. It returns ErrFull if there is no room.
	Create(ctx context.Context, o Order, key string) (kept Order, replayed bool, err error)
	// Get returns ErrNotFound if no order has the id.
	Get(ctx context.Context, id string) (Order, error)
	// List returns up to limit orders (at least 1), the newest first: from the newest, or from where the page that
	// returned the cursor after ended. It returns ErrCursor for a cursor that no page returned.
	List(ctx context.Context, limit int, after string) (Page, error)
	// Ping returns an error while the store cannot be used.
	Ping(ctx context.Context) error
}

// Page is one part of a list.
type Page struct {
	Orders []Order
	Next   string // cursor of the following page; empty on the last one
}

// NewPage returns the first limit orders as a page. More than limit orders say that another page follows. The id of a
// page's last order is its cursor.
func NewPage(orders []Order, limit int) Page {
	if len(orders) <= limit {
		return Page{Orders: orders}
	}
	return Page{Orders: orders[:limit], Next: orders[limit-1].ID}
}

// SameContents says that two orders ask for the same: all but what the service added agrees.
func (o Order) SameContents(other Order) bool {
	return o.Customer == other.Customer && slices.Equal(o.Lines, other.Lines)
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

func (m *Memory) Create(_ context.Context, o Order, key string) (Order, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, ok := m.keys[key]; ok {
		if kept := m.orders[at]; kept.SameContents(o) {
			return kept.clone(), true, nil
		}
		return Order{}, false, fmt.Errorf("creating an order with idempotency key %q: %w", key, ErrKeyReused)
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
	if key != "" {
		m.keys[key] = len(m.orders)
	}
	m.orders = append(m.orders, o.clone())
	return o, false, nil
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
