// Package storetest says how every order.Store behaves, as tests that each implementation runs.
package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/services/orders/internal/order"
)

// Run tests the stores that newStore returns, each of which is empty when it is returned and has room for 1000 orders.
func Run(t *testing.T, newStore func(t testing.TB) order.Store) {
	for _, tc := range []struct {
		name string
		test func(t *testing.T, store order.Store)
	}{
		{"is ready", isReady},
		{"returns what was created", returnsWhatWasCreated},
		{"keeps any text", keepsAnyText},
		{"keeps equal orders without a key apart", keepsEqualOrdersApart},
		{"replays an order of the same key", replaysAKey},
		{"refuses a key of another order", refusesAReusedKey},
		{"finds the order of a key", findsAKey},
		{"replays an order whose prices were the catalog's", replaysPricesOfTheCatalog},
		{"keeps one order of a key when many come at once", keepsOneOrderOfAKeyAtOnce},
		{"lists the newest first", listsTheNewestFirst},
		{"lists each order once, whatever the page", listsEachOrderOnce},
		{"goes on where a page ended though orders were added", listsStably},
		{"refuses a cursor that no page returned", refusesACursor},
		{"keeps its orders apart from the caller's", keepsItsOrders},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, newStore(t)) })
	}
}

// Draw returns an order that is new with each call.
func Draw(customer string) order.Order {
	quantity, price := int64(2), int64(1250)
	o, err := order.New(
		order.Draft{
			Customer: customer,
			Lines:    []order.DraftLine{{Item: "lamp", Quantity: &quantity, PriceCents: &price}},
		},
		time.Now(),
	)
	if err != nil {
		panic(err)
	}
	return o
}

// Request returns the request that an order answers.
func Request(o order.Order, key string) order.Request {
	draft := order.Draft{Customer: o.Customer}
	for _, l := range o.Lines {
		draft.Lines = append(
			draft.Lines,
			order.DraftLine{Item: l.Item, Quantity: &l.Quantity, PriceCents: &l.PriceCents},
		)
	}
	return order.Request{Draft: draft, Key: key}
}

func create(t require.TestingT, store order.Store, o order.Order, key string) order.Order {
	kept, replayed, err := store.Create(context.Background(), o, Request(o, key))
	require.NoError(t, err)
	require.False(t, replayed)
	require.Equal(t, o, kept)
	return kept
}

// fill creates n orders and returns them as a list has them.
func fill(t require.TestingT, store order.Store, n int) []order.Order {
	orders := make([]order.Order, n)
	for i := range n {
		orders[n-1-i] = create(t, store, Draw(fmt.Sprint("customer ", i)), "")
	}
	return orders
}

// collect follows the cursors from the first page to the last.
func collect(t require.TestingT, store order.Store, limit int) (all []order.Order) {
	after := ""
	for {
		page, err := store.List(context.Background(), limit, after)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Orders), limit)
		all = append(all, page.Orders...)
		if page.Next == "" {
			return all
		}
		require.NotEmpty(t, page.Orders, "a page that has a successor has orders")
		after = page.Next
	}
}

func isReady(t *testing.T, store order.Store) { assert.NoError(t, store.Ping(t.Context())) }

func returnsWhatWasCreated(t *testing.T, store order.Store) {
	for _, created := range fill(t, store, 3) {
		got, err := store.Get(t.Context(), created.ID)
		require.NoError(t, err)
		assert.Equal(t, created, got)
	}
	_, err := store.Get(t.Context(), "absent")
	assert.ErrorIs(t, err, order.ErrNotFound)
}

func keepsAnyText(t *testing.T, store order.Store) {
	created := Draw(`O'Hara; DROP TABLE orders; -- \ "quoted" {} é 漢 😀`)
	created.Lines[0].Item = `\u0041 '"%_`
	create(t, store, created, `key ' " \ `)
	got, err := store.Get(t.Context(), created.ID)
	require.NoError(t, err)
	assert.Equal(t, created, got)
}

func keepsEqualOrdersApart(t *testing.T, store order.Store) {
	first, second := create(t, store, Draw("Ada"), ""), create(t, store, Draw("Ada"), "")
	assert.Equal(t, []order.Order{second, first}, collect(t, store, 10))
}

func replaysAKey(t *testing.T, store order.Store) {
	first := create(t, store, Draw("Ada"), "key")
	again, replayed, err := store.Create(t.Context(), Draw("Ada"), Request(Draw("Ada"), "key"))
	require.NoError(t, err)
	assert.True(t, replayed)
	assert.Equal(t, first, again)
	assert.Len(t, collect(t, store, 10), 1)
}

func refusesAReusedKey(t *testing.T, store order.Store) {
	first := create(t, store, Draw("Ada"), "key")
	_, _, err := store.Create(t.Context(), Draw("Grace"), Request(Draw("Grace"), "key"))
	require.ErrorIs(t, err, order.ErrKeyReused)
	other := Draw("Ada")
	other.Lines[0].Quantity++
	_, _, err = store.Create(t.Context(), other, Request(other, "key"))
	require.ErrorIs(t, err, order.ErrKeyReused)
	assert.Equal(t, []order.Order{first}, collect(t, store, 10))
}

func findsAKey(t *testing.T, store order.Store) {
	first := create(t, store, Draw("Ada"), "key")
	found, err := store.Replay(t.Context(), Request(first, "key"))
	require.NoError(t, err)
	assert.Equal(t, first, found)
	_, err = store.Replay(t.Context(), Request(Draw("Grace"), "key"))
	require.ErrorIs(t, err, order.ErrKeyReused)
	for _, key := range []string{"other", ""} {
		_, err = store.Replay(t.Context(), Request(first, key))
		require.ErrorIs(t, err, order.ErrNotFound, "%q", key)
	}
}

// The client named no price. Meanwhile the catalog has another one.
func replaysPricesOfTheCatalog(t *testing.T, store order.Store) {
	first := create(t, store, Draw("Ada"), "key")
	later := Draw("Ada")
	later.Lines[0].PriceCents++
	later.Lines[0].Name = "new"
	request := Request(later, "key")
	_, _, err := store.Create(t.Context(), later, request)
	require.ErrorIs(t, err, order.ErrKeyReused, "a price that the client named counts")
	request.Draft.Lines[0].PriceCents = nil
	again, replayed, err := store.Create(t.Context(), later, request)
	require.NoError(t, err)
	assert.True(t, replayed)
	assert.Equal(t, first, again)
}

// A client that gave up waiting tries again while its first request is still under way.
func keepsOneOrderOfAKeyAtOnce(t *testing.T, store order.Store) {
	const clients = 16
	ids := make(chan string, clients)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			kept, _, err := store.Create(context.Background(), Draw("Ada"), Request(Draw("Ada"), "key"))
			if assert.NoError(t, err) {
				ids <- kept.ID
			}
		})
	}
	all.Wait()
	close(ids)
	listed := collect(t, store, 10)
	require.Len(t, listed, 1)
	for id := range ids {
		assert.Equal(t, listed[0].ID, id)
	}
}

func listsTheNewestFirst(t *testing.T, store order.Store) {
	page, err := store.List(t.Context(), 10, "")
	require.NoError(t, err)
	assert.Equal(t, order.Page{Orders: []order.Order{}}, page)

	created := fill(t, store, 3)
	page, err = store.List(t.Context(), 2, "")
	require.NoError(t, err)
	assert.Equal(t, order.Page{Orders: created[:2], Next: page.Next}, page)
	require.NotEmpty(t, page.Next)
	page, err = store.List(t.Context(), 2, page.Next)
	require.NoError(t, err)
	assert.Equal(t, order.Page{Orders: created[2:]}, page)
}

func listsEachOrderOnce(t *testing.T, store order.Store) {
	created := fill(t, store, 30)
	rapid.Check(t, func(t *rapid.T) {
		listed := collect(t, store, rapid.IntRange(1, 40).Draw(t, "limit"))
		require.Equal(t, created, listed)
	})
}

func listsStably(t *testing.T, store order.Store) {
	created := fill(t, store, 4)
	page, err := store.List(t.Context(), 2, "")
	require.NoError(t, err)
	fill(t, store, 3)
	page, err = store.List(t.Context(), 2, page.Next)
	require.NoError(t, err)
	assert.Equal(t, created[2:], page.Orders)
}

func refusesACursor(t *testing.T, store order.Store) {
	fill(t, store, 1)
	_, err := store.List(t.Context(), 1, "unknown")
	assert.ErrorIs(t, err, order.ErrCursor)
}

func keepsItsOrders(t *testing.T, store order.Store) {
	created := create(t, store, Draw("Ada"), "")
	want := created.Lines[0]
	created.Lines[0].Quantity = 77
	page, err := store.List(t.Context(), 1, "")
	require.NoError(t, err)
	page.Orders[0].Lines[0].Quantity = 78
	got, err := store.Get(t.Context(), created.ID)
	require.NoError(t, err)
	assert.Equal(t, []order.Line{want}, got.Lines)
}
