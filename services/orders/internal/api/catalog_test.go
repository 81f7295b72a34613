package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/invalid"
	"github.com/awslab/awslab/services/orders/internal/catalog"
	"github.com/awslab/awslab/services/orders/internal/order"
)

// oneCatalog has every item, at one price, or fails.
type oneCatalog struct {
	price int64
	err   error
	asked int
}

func (c *oneCatalog) Price(_ context.Context, draft order.Draft) (order.Draft, error) {
	c.asked++
	if c.err != nil {
		return order.Draft{}, fmt.Errorf("looking up an item: %w", c.err)
	}
	price := c.price
	lines := append([]order.DraftLine(nil), draft.Lines...)
	for i := range lines {
		lines[i].PriceCents, lines[i].Name = &price, "brass lamp"
	}
	draft.Lines = lines
	return draft, nil
}

func withCatalog(c *oneCatalog) *API {
	return New(Parts{Store: order.NewMemory(10), Catalog: c, Log: slog.New(slog.DiscardHandler)})
}

// unpriced is an order of two lamps, whatever they cost.
var unpriced = lineOf(`{"item": "lamp", "quantity": 2}`)

func TestNamesAndPricesAreTheCatalogs(t *testing.T) {
	for _, body := range []string{unpriced, lineOf(`{"item": "lamp", "quantity": 2, "priceCents": null}`)} {
		created := create(t, withCatalog(&oneCatalog{price: 4200}), body)
		assert.Equal(t, []order.Line{{Item: "lamp", Name: "brass lamp", Quantity: 2, PriceCents: 4200}}, created.Lines)
		assert.EqualValues(t, 8400, created.TotalCents)
	}
}

func TestWithoutACatalogPricesAreRequired(t *testing.T) {
	refused := send(t, quiet(order.NewMemory(1)), "POST", "/orders", unpriced)
	require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode)
	assert.Equal(t, refusal(0, "invalid_order", "is required", "lines[0].priceCents"), decodeError(t, refused))
}

func TestWhatTheCatalogRefusesIsTheClientsFault(t *testing.T) {
	handler := withCatalog(&oneCatalog{
		err: &invalid.Error{Field: "lines[0].item", Message: "is not in the catalog"},
	})
	refused := send(t, handler, "POST", "/orders", unpriced)
	require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode)
	assert.Equal(t, refusal(0, "invalid_order", "is not in the catalog", "lines[0].item"), decodeError(t, refused))
}

func TestACatalogOutOfReachLeavesOrdersToRead(t *testing.T) {
	down := &oneCatalog{price: 4200}
	handler := withCatalog(down)
	created := create(t, handler, unpriced)
	down.err = catalog.ErrUnavailable
	refused := send(t, handler, "POST", "/orders", unpriced)
	assert.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
	assert.NotEmpty(t, refused.Header.Get("Retry-After"))
	assert.Equal(t, "catalog_unreachable", decodeError(t, refused).Code)
	for _, path := range []string{"/orders", "/orders/" + created.ID, "/readyz"} {
		assert.Equal(t, http.StatusOK, send(t, handler, "GET", path, "").StatusCode, path)
	}
}

func TestARequestSentAgainNeedsNoCatalog(t *testing.T) {
	changing := &oneCatalog{price: 4200}
	handler := withCatalog(changing)
	first := create(t, handler, unpriced, "Idempotency-Key", "3f0c")
	changing.price, changing.err = 4300, catalog.ErrUnavailable
	again := send(t, handler, "POST", "/orders", unpriced, "Idempotency-Key", "3f0c")
	require.Equal(t, http.StatusCreated, again.StatusCode)
	assert.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	assert.Equal(t, first, decode[order.Order](t, again))
	assert.Equal(t, 1, changing.asked)

	other := strings.Replace(unpriced, "Ada", "Grace", 1)
	refused := send(t, handler, "POST", "/orders", other, "Idempotency-Key", "3f0c")
	assert.Equal(t, "idempotency_key_reused", decodeError(t, refused).Code)
}
