package item

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"
)

// What a Store answers when it cannot do what was asked for.
var (
	ErrNotFound = errors.New("no such item")
	ErrCursor   = errors.New("the cursor is not one that a list returned")
	ErrFull     = errors.New("the store is full")
)

// Store keeps items. Implementations are safe for concurrent use.
type Store interface {
	// Create keeps a valid draft under a new id. It returns ErrFull if there is no room.
	Create(ctx context.Context, draft Draft) (Item, error)
	// Get returns ErrNotFound if no item has the id.
	Get(ctx context.Context, id string) (Item, error)
	// List returns up to limit items (at least 1) in the order of their creation, from the start or from where the page
	// that returned the cursor ended. It returns ErrCursor for a cursor that no page returned.
	List(ctx context.Context, limit int, cursor string) (Page, error)
	// Ping returns an error while the store cannot be reached.
	Ping(ctx context.Context) error
}

// Page is one part of a list.
type Page struct {
	Items []Item
	Next  string // cursor of the following page; empty on the last one
}

// Memory is a Store in the memory of one process: each task of a service has its own, and it ends with the task.
type Memory struct {
	capacity int

	mu       sync.RWMutex
	items    []Item         // in the order of creation
	position map[string]int // id -> index in items
}

// NewMemory returns an empty store with room for capacity items.
func NewMemory(capacity int) *Memory {
	return &Memory{capacity: capacity, position: make(map[string]int)}
}

func (m *Memory) Create(_ context.Context, draft Draft) (Item, error) {
	created := Item{
		ID:          rand.Text(),
		Name:        draft.Name,
		Description: draft.Description,
		PriceCents:  *draft.PriceCents,
		CreatedAt:   time.Now().UTC(),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.items) >= m.capacity {
		return Item{}, fmt.Errorf("creating an item: %w: it holds %d of %d items", ErrFull, len(m.items), m.capacity)
	}
	m.position[created.ID] = len(m.items)
	m.items = append(m.items, created)
	return created, nil
}

func (m *Memory) Get(_ context.Context, id string) (Item, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	at, ok := m.position[id]
	if !ok {
		return Item{}, fmt.Errorf("reading item %q: %w", id, ErrNotFound)
	}
	return m.items[at], nil
}

// List uses the id of a page's last item as its cursor.
func (m *Memory) List(_ context.Context, limit int, cursor string) (Page, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	from := 0
	if cursor != "" {
		at, ok := m.position[cursor]
		if !ok {
			return Page{}, fmt.Errorf("listing items after %q: %w", cursor, ErrCursor)
		}
		from = at + 1
	}
	to := min(from+limit, len(m.items))
	page := Page{Items: append([]Item{}, m.items[from:to]...)}
	if to < len(m.items) {
		page.Next = page.Items[len(page.Items)-1].ID
	}
	return page, nil
}

// Ping always succeeds: the process's own memory is in reach.
func (m *Memory) Ping(context.Context) error { return nil }
