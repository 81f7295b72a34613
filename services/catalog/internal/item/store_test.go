package item

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func fill(t require.TestingT, store Store, n int) []Item {
	items := make([]Item, n)
	for i := range items {
		var err error
		items[i], err = store.Create(
			context.Background(),
			Draft{Name: fmt.Sprint("item ", i), PriceCents: cents(int64(i))},
		)
		require.NoError(t, err)
	}
	return items
}

// collect follows the cursors from the first page to the last.
func collect(t require.TestingT, store Store, limit int) (all []Item) {
	cursor := ""
	for {
		page, err := store.List(context.Background(), limit, cursor)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Items), limit)
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		require.NotEmpty(t, page.Items, "a page that has a successor has items")
		cursor = page.Next
	}
}

func TestMemoryReturnsWhatWasCreated(t *testing.T) {
	store := NewMemory(3)
	for _, created := range fill(t, store, 3) {
		got, err := store.Get(t.Context(), created.ID)
		require.NoError(t, err)
		assert.Equal(t, created, got)
	}
	_, err := store.Get(t.Context(), "absent")
	assert.ErrorIs(t, err, ErrNotFound)
}

func TestMemoryRefusesWhatExceedsItsCapacity(t *testing.T) {
	store := NewMemory(2)
	items := fill(t, store, 2)
	_, err := store.Create(t.Context(), Draft{Name: "one more", PriceCents: cents(1)})
	require.ErrorIs(t, err, ErrFull)
	assert.Equal(t, items, collect(t, store, 10), "what was there stays")
}

func TestMemoryPagesHoldEveryItemOnceInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, limit := rapid.IntRange(0, 30).Draw(t, "items"), rapid.IntRange(1, 12).Draw(t, "limit")
		store := NewMemory(n)
		created := fill(t, store, n)
		listed := collect(t, store, limit)
		if len(listed) != n {
			t.Fatalf("%d of %d items listed", len(listed), n)
		}
		for i := range listed {
			if listed[i] != created[i] {
				t.Fatalf("at %d: %v, want %v", i, listed[i], created[i])
			}
		}
	})
}

func TestMemoryRefusesAnUnknownCursor(t *testing.T) {
	store := NewMemory(1)
	fill(t, store, 1)
	_, err := store.List(t.Context(), 1, "unknown")
	assert.ErrorIs(t, err, ErrCursor)
}

func TestMemoryPagesAreTheCallers(t *testing.T) {
	store := NewMemory(1)
	created := fill(t, store, 1)
	page, err := store.List(t.Context(), 1, "")
	require.NoError(t, err)
	page.Items[0].Name = "changed"
	assert.Equal(t, created, collect(t, store, 1))
}

// Readers and writers run at once; under the race detector this also proves the locking.
func TestMemoryIsSafeForConcurrentUse(t *testing.T) {
	const writers, each, capacity = 8, 50, 300
	store := NewMemory(capacity)
	var created, refused sync.Map
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				it, err := store.Create(t.Context(), Draft{Name: "x", PriceCents: cents(1)})
				if err != nil {
					assert.ErrorIs(t, err, ErrFull)
					refused.Store([2]int{w, i}, nil)
					continue
				}
				created.Store(it.ID, it)
				got, err := store.Get(t.Context(), it.ID)
				assert.NoError(t, err)
				assert.Equal(t, it, got)
			}
		})
		all.Go(func() { collect(t, store, 7) })
	}
	all.Wait()

	listed := collect(t, store, 100)
	assert.Len(t, listed, capacity)
	for _, it := range listed {
		want, ok := created.LoadAndDelete(it.ID)
		assert.True(t, ok, "listed twice, or never created: %s", it.ID)
		assert.Equal(t, want, it)
	}
	count := 0
	refused.Range(func(any, any) bool { count++; return true })
	assert.Equal(t, writers*each-capacity, count)
}
