// Package storetest says how every item.Store behaves, as tests that each implementation runs.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/services/catalog/internal/item"
)

// Run tests the stores that newStore returns, each of which is empty when it is returned and has room for 1000 items.
func Run(t *testing.T, newStore func(t testing.TB) item.Store) {
	for _, tc := range []struct {
		name string
		test func(t *testing.T, store item.Store)
	}{
		{"is ready", isReady},
		{"returns what was created", returnsWhatWasCreated},
		{"keeps any text", keepsAnyText},
		{"updates the version that is given", updates},
		{"deletes the version that is given", deletes},
		{"lets one of several updates of a version win", letsOneUpdateWin},
		{"lets one of several deletions win", letsOneDeletionWin},
		{"lists nothing as an empty page", listsNothing},
		{"lists each item once, whatever the page", listsEachItemOnce},
		{"ends a list with a page that has items", endsAList},
		{"goes on where a page ended though items were created and deleted", listsStably},
		{"refuses a cursor that cannot be one", refusesACursor},
		{"keeps its items apart from the caller's", keepsItsItems},
		{"is safe for concurrent use", isSafeForConcurrentUse},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, newStore(t)) })
	}
}

// Absent has the form of an id, and no item has it.
var Absent = strings.Repeat("A", 26)

// Draft returns a valid draft.
func Draft(name string) item.Draft {
	cents := int64(4200)
	return item.Draft{Name: name, Description: "brass", PriceCents: &cents}
}

// Fill creates n items.
func Fill(t require.TestingT, store item.Store, n int) []item.Item {
	items := make([]item.Item, n)
	for i := range items {
		var err error
		items[i], err = store.Create(context.Background(), Draft(fmt.Sprint("item ", i)))
		require.NoError(t, err)
	}
	return items
}

// Collect follows the cursors from the first page to the last.
func Collect(t require.TestingT, store item.Store, limit int) []item.Item {
	return collectFrom(t, store, limit, "")
}

func collectFrom(t require.TestingT, store item.Store, limit int, cursor string) (all []item.Item) {
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

func isReady(t *testing.T, store item.Store) { assert.NoError(t, store.Ping(t.Context())) }

func returnsWhatWasCreated(t *testing.T, store item.Store) {
	for _, created := range Fill(t, store, 3) {
		assert.True(t, item.ValidID(created.ID))
		assert.Equal(t, int64(1), created.Version)
		got, err := store.Get(t.Context(), created.ID)
		require.NoError(t, err)
		assert.Equal(t, created, got)
	}
	_, err := store.Get(t.Context(), Absent)
	assert.ErrorIs(t, err, item.ErrNotFound)
}

func keepsAnyText(t *testing.T, store item.Store) {
	free := int64(0)
	for _, draft := range []item.Draft{
		{Name: `:name #name "quoted" {} \ \u0041 é 漢 😀`, Description: "two\n\tlines", PriceCents: &free},
		{Name: "without a description", PriceCents: &free},
	} {
		created, err := store.Create(t.Context(), draft)
		require.NoError(t, err)
		got, err := store.Get(t.Context(), created.ID)
		require.NoError(t, err)
		assert.Equal(t, created, got)
		assert.Equal(t, draft, item.Draft{Name: got.Name, Description: got.Description, PriceCents: &got.PriceCents})
	}
}

func updates(t *testing.T, store item.Store) {
	created := Fill(t, store, 2)
	draft := Draft("another")
	draft.Description = ""
	updated, err := store.Update(t.Context(), created[0].ID, 1, draft)
	require.NoError(t, err)
	assert.Equal(t, created[0].Updated(draft), updated)
	assert.Equal(t, int64(2), updated.Version)

	_, err = store.Update(t.Context(), created[0].ID, 1, Draft("late"))
	require.ErrorIs(t, err, item.ErrVersion)
	_, err = store.Update(t.Context(), created[0].ID, 3, Draft("early"))
	require.ErrorIs(t, err, item.ErrVersion)
	_, err = store.Update(t.Context(), Absent, 1, Draft("nothing"))
	require.ErrorIs(t, err, item.ErrNotFound)
	assert.ElementsMatch(t, []item.Item{updated, created[1]}, Collect(t, store, 10), "nothing else has changed")
}

func deletes(t *testing.T, store item.Store) {
	created := Fill(t, store, 2)
	require.ErrorIs(t, store.Delete(t.Context(), created[0].ID, 2), item.ErrVersion)
	require.ErrorIs(t, store.Delete(t.Context(), Absent, 1), item.ErrNotFound)
	require.NoError(t, store.Delete(t.Context(), created[0].ID, 1))

	require.ErrorIs(t, store.Delete(t.Context(), created[0].ID, 1), item.ErrNotFound)
	_, err := store.Update(t.Context(), created[0].ID, 1, Draft("nothing"))
	require.ErrorIs(t, err, item.ErrNotFound)
	_, err = store.Get(t.Context(), created[0].ID)
	require.ErrorIs(t, err, item.ErrNotFound)
	assert.Equal(t, created[1:], Collect(t, store, 10))
}

// atOnce counts how many of several calls at once succeed, and returns the errors of the others.
func atOnce(call func(i int) error) (succeeded int, failures []error) {
	const callers = 16
	outcomes := make([]error, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { outcomes[i] = call(i) })
	}
	all.Wait()
	failures = slices.DeleteFunc(outcomes, func(err error) bool { return err == nil })
	return callers - len(failures), failures
}

// The drafts are equal, so that nothing but the version tells the updates apart.
func letsOneUpdateWin(t *testing.T, store item.Store) {
	created := Fill(t, store, 1)[0]
	succeeded, failures := atOnce(func(int) error {
		_, err := store.Update(context.Background(), created.ID, 1, Draft("same"))
		return err
	})
	assert.Equal(t, 1, succeeded)
	for _, err := range failures {
		assert.ErrorIs(t, err, item.ErrVersion)
	}
	assert.Equal(t, []item.Item{created.Updated(Draft("same"))}, Collect(t, store, 10))
}

func letsOneDeletionWin(t *testing.T, store item.Store) {
	created := Fill(t, store, 1)[0]
	succeeded, failures := atOnce(func(int) error { return store.Delete(context.Background(), created.ID, 1) })
	assert.Equal(t, 1, succeeded)
	for _, err := range failures {
		assert.ErrorIs(t, err, item.ErrNotFound)
	}
}

func listsNothing(t *testing.T, store item.Store) {
	page, err := store.List(t.Context(), 10, "")
	require.NoError(t, err)
	assert.Equal(t, item.Page{Items: []item.Item{}}, page)
	page, err = store.List(t.Context(), 10, Absent)
	require.NoError(t, err)
	assert.Equal(t, item.Page{Items: []item.Item{}}, page, "an empty list has no items after a cursor either")
}

func listsEachItemOnce(t *testing.T, store item.Store) {
	created := Fill(t, store, 30)
	rapid.Check(t, func(t *rapid.T) {
		listed := Collect(t, store, rapid.IntRange(1, 40).Draw(t, "limit"))
		require.ElementsMatch(t, created, listed)
	})
}

func endsAList(t *testing.T, store item.Store) {
	Fill(t, store, 4)
	page, err := store.List(t.Context(), 2, "")
	require.NoError(t, err)
	require.NotEmpty(t, page.Next)
	page, err = store.List(t.Context(), 2, page.Next)
	require.NoError(t, err)
	assert.Len(t, page.Items, 2)
	assert.Empty(t, page.Next, "no empty page follows")
}

func listsStably(t *testing.T, store item.Store) {
	created := Fill(t, store, 20)
	page, err := store.List(t.Context(), 7, "")
	require.NoError(t, err)
	// The items before the cursor are gone, the one that the cursor names included.
	for _, it := range page.Items {
		require.NoError(t, store.Delete(t.Context(), it.ID, it.Version))
	}
	Fill(t, store, 5)
	listed := append(page.Items, collectFrom(t, store, 7, page.Next)...)
	assert.Subset(t, listed, created)
	seen := map[string]bool{}
	for _, it := range listed {
		assert.False(t, seen[it.ID], "%s is listed twice", it.ID)
		seen[it.ID] = true
	}
}

func refusesACursor(t *testing.T, store item.Store) {
	Fill(t, store, 1)
	for _, cursor := range []string{
		"unknown", strings.ToLower(Absent), Absent + "\n", strings.Repeat("A", 65), "\xff",
	} {
		_, err := store.List(t.Context(), 1, cursor)
		assert.ErrorIs(t, err, item.ErrCursor, "%q", cursor)
	}
}

func keepsItsItems(t *testing.T, store item.Store) {
	created := Fill(t, store, 1)
	page, err := store.List(t.Context(), 1, "")
	require.NoError(t, err)
	page.Items[0].Name = "changed"
	assert.Equal(t, created, Collect(t, store, 1))
}

// Readers and writers run at once; under the race detector this also proves the locking.
func isSafeForConcurrentUse(t *testing.T, store item.Store) {
	const writers, each = 8, 10
	var all sync.WaitGroup
	var kept atomic.Int64
	for range writers {
		all.Go(func() {
			for i := range each {
				created, err := store.Create(context.Background(), Draft("x"))
				if !assert.NoError(t, err) {
					return
				}
				got, err := store.Get(context.Background(), created.ID)
				assert.NoError(t, err)
				assert.Equal(t, created, got)
				updated, err := store.Update(context.Background(), created.ID, 1, Draft("y"))
				assert.NoError(t, err)
				if i%2 == 0 {
					assert.NoError(t, store.Delete(context.Background(), created.ID, updated.Version))
					continue
				}
				kept.Add(1)
			}
		})
		all.Go(func() { Collect(t, store, 7) })
	}
	all.Wait()
	assert.Len(t, Collect(t, store, 100), int(kept.Load()))
}
