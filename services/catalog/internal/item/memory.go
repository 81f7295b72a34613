package item

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Memory is a Store in the memory of one process: each task of a service has its own, and it ends with the task.
type Memory struct {
	capacity int

	mu    sync.RWMutex
	items map[string]Item // by id
	ids   []string        // sorted, so that a list can go on after an item that was deleted
}

// NewMemory returns an empty store with room for capacity items.
func NewMemory(capacity int) *Memory {
	return &Memory{capacity: capacity, items: make(map[string]Item)}
}

func (m *Memory) Create(_ context.Context, draft Draft) (Item, error) {
	created := New(draft, time.Now())
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.items) >= m.capacity {
		return Item{}, fmt.Errorf("creating an item: %w: it holds %d of %d items", ErrFull, len(m.items), m.capacity)
	}
	at, _ := slices.BinarySearch(m.ids, created.ID)
	m.ids = slices.Insert(m.ids, at, created.ID)
	m.items[created.ID] = created
	return created, nil
}

func (m *Memory) Get(_ context.Context, id string) (Item, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found, ok := m.items[id]
	if !ok {
		return Item{}, fmt.Errorf("reading item %s: %w", id, ErrNotFound)
	}
	return found, nil
}

func (m *Memory) Update(_ context.Context, id string, version int64, draft Draft) (Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, err := m.version(id, version)
	if err != nil {
		return Item{}, fmt.Errorf("updating item %s: %w", id, err)
	}
	m.items[id] = found.Updated(draft)
	return m.items[id], nil
}

func (m *Memory) Delete(_ context.Context, id string, version int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.version(id, version); err != nil {
		return fmt.Errorf("deleting item %s: %w", id, err)
	}
	at, _ := slices.BinarySearch(m.ids, id)
	m.ids = slices.Delete(m.ids, at, at+1)
	delete(m.items, id)
	return nil
}

// version returns the item with the id if it has the version. The caller holds the lock.
func (m *Memory) version(id string, version int64) (Item, error) {
	found, ok := m.items[id]
	if !ok {
		return Item{}, ErrNotFound
	}
	if found.Version != version {
		return Item{}, fmt.Errorf("%w: %d instead of %d", ErrVersion, found.Version, version)
	}
	return found, nil
}

func (m *Memory) List(_ context.Context, limit int, cursor string) (Page, error) {
	if cursor != "" && !ValidID(cursor) {
		return Page{}, fmt.Errorf("listing items after %q: %w", cursor, ErrCursor)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	from, found := slices.BinarySearch(m.ids, cursor)
	if found {
		from++
	}
	items := []Item{}
	for _, id := range m.ids[from:min(from+limit+1, len(m.ids))] {
		items = append(items, m.items[id])
	}
	return NewPage(items, limit), nil
}

// Ping always succeeds: the process's own memory is in reach.
func (m *Memory) Ping(context.Context) error { return nil }
