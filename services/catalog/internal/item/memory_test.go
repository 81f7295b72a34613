package item_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/item/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(testing.TB) item.Store { return item.NewMemory(1000) })
}

func TestMemoryRefusesWhatExceedsItsCapacity(t *testing.T) {
	store := item.NewMemory(2)
	items := storetest.Fill(t, store, 2)
	_, err := store.Create(t.Context(), storetest.Draft("one more"))
	require.ErrorIs(t, err, item.ErrFull)
	assert.ElementsMatch(t, items, storetest.Collect(t, store, 10), "what was there stays")

	require.NoError(t, store.Delete(t.Context(), items[0].ID, items[0].Version))
	_, err = store.Create(t.Context(), storetest.Draft("one more"))
	assert.NoError(t, err, "a deletion makes room")
}
