package order_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/orders/internal/order"
	"github.com/awslab/awslab/services/orders/internal/order/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(testing.TB) order.Store { return order.NewMemory(1000) })
}

func TestMemoryRefusesWhatExceedsItsCapacity(t *testing.T) {
	store := order.NewMemory(1)
	first, _, err := store.Create(t.Context(), storetest.Draw("Ada"), storetest.Request(storetest.Draw("Ada"), "key"))
	require.NoError(t, err)
	_, _, err = store.Create(t.Context(), storetest.Draw("Grace"), storetest.Request(storetest.Draw("Grace"), ""))
	require.ErrorIs(t, err, order.ErrFull)

	again, replayed, err := store.Create(
		t.Context(),
		storetest.Draw("Ada"),
		storetest.Request(storetest.Draw("Ada"), "key"),
	)
	require.NoError(t, err, "a replay needs no room")
	assert.True(t, replayed)
	assert.Equal(t, first, again)
}

// Readers and writers run at once; under the race detector this also proves the locking.
func TestMemoryIsSafeForConcurrentUse(t *testing.T) {
	const writers, each = 8, 50
	store := order.NewMemory(writers * each)
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				created, _, err := store.Create(
					t.Context(),
					storetest.Draw("Ada"),
					storetest.Request(storetest.Draw("Ada"), ""),
				)
				assert.NoError(t, err)
				got, err := store.Get(t.Context(), created.ID)
				assert.NoError(t, err)
				assert.Equal(t, created, got)
				_, err = store.List(t.Context(), 7, created.ID)
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	page, err := store.List(t.Context(), writers*each, "")
	require.NoError(t, err)
	assert.Len(t, page.Orders, writers*each)
}
