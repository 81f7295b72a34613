package order

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/services/internal/invalid"
)

func number(n int64) *int64 { return &n }

func draftOf(lines int) Draft {
	d := Draft{Customer: "Ada"}
	for i := range lines {
		d.Lines = append(d.Lines, DraftLine{Item: fmt.Sprint("item-", i), Quantity: number(1), PriceCents: number(1)})
	}
	return d
}

func TestNewAddsIdTotalAndTime(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.FixedZone("", 7200))
	got, err := New(Draft{Customer: "Ada", Lines: []DraftLine{
		{Item: "lamp", Quantity: number(2), PriceCents: number(1250)},
		{Item: "gift card", Quantity: number(1), PriceCents: number(0)},
	}}, now)
	require.NoError(t, err)
	require.NotEmpty(t, got.ID)
	assert.Equal(t, Order{
		ID: got.ID, Customer: "Ada", TotalCents: 2500,
		Lines:     []Line{{Item: "lamp", Quantity: 2, PriceCents: 1250}, {Item: "gift card", Quantity: 1}},
		CreatedAt: time.Date(2026, 5, 1, 10, 0, 0, 123456000, time.UTC),
	}, got)

	other, err := New(draftOf(1), now)
	require.NoError(t, err)
	assert.NotEqual(t, got.ID, other.ID)
}

func TestTotalIsTheSumOfItsLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draftOf(rapid.IntRange(1, MaxLines).Draw(t, "lines"))
		var want int64
		for i := range d.Lines {
			quantity := rapid.Int64Range(1, MaxQuantity).Draw(t, "quantity")
			price := rapid.Int64Range(0, MaxPriceCents).Draw(t, "price")
			d.Lines[i].Quantity, d.Lines[i].PriceCents = &quantity, &price
			for range quantity {
				want += price
			}
		}
		got, err := New(d, time.Now())
		require.NoError(t, err)
		require.Equal(t, want, got.TotalCents)
		require.Less(t, got.TotalCents, int64(1)<<53)
	})
}

func TestTheLargestDraftIsValid(t *testing.T) {
	d := draftOf(MaxLines)
	d.Customer = strings.Repeat("é", MaxCustomerLength) // characters count, not bytes
	for i := range d.Lines {
		d.Lines[i] = DraftLine{
			Item:       fmt.Sprintf("%03d", i) + strings.Repeat("é", MaxItemLength-3),
			Quantity:   number(MaxQuantity),
			PriceCents: number(MaxPriceCents),
		}
	}
	_, err := New(d, time.Now())
	require.NoError(t, err)
}

func TestInvalidDrafts(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Draft)
		want   string
	}{
		"no customer":    {func(d *Draft) { d.Customer = "" }, "customer: is required"},
		"blank customer": {func(d *Draft) { d.Customer = " \t" }, "customer: is required"},
		"long customer": {
			func(d *Draft) { d.Customer = strings.Repeat("x", 201) },
			"customer: has 201 characters; at most 200 are allowed",
		},
		"customer of two lines": {
			func(d *Draft) { d.Customer = "a\nb" },
			"customer: holds the control character U+000A",
		},
		"customer with a NUL": {
			func(d *Draft) { d.Customer = "a\x00" },
			"customer: holds the control character U+0000",
		},
		"no lines":       {func(d *Draft) { d.Lines = nil }, "lines: has 0; allowed are 1 to 100"},
		"too many lines": {func(d *Draft) { *d = draftOf(101) }, "lines: has 101; allowed are 1 to 100"},
		"no item":        {func(d *Draft) { d.Lines[1].Item = "" }, "lines[1].item: is required"},
		"long item": {
			func(d *Draft) { d.Lines[1].Item = strings.Repeat("x", 65) },
			"lines[1].item: has 65 characters; at most 64 are allowed",
		},
		"item twice": {
			func(d *Draft) { d.Lines[1].Item = "item-0" },
			"lines[1].item: is the item of lines[0]; add to its quantity",
		},
		"no quantity": {func(d *Draft) { d.Lines[0].Quantity = nil }, "lines[0].quantity: is required"},
		"quantity of zero": {
			func(d *Draft) { d.Lines[0].Quantity = number(0) },
			"lines[0].quantity: is 0; allowed are 1 to 1000",
		},
		"great quantity": {
			func(d *Draft) { d.Lines[0].Quantity = number(1001) },
			"lines[0].quantity: is 1001; allowed are 1 to 1000",
		},
		"no price": {func(d *Draft) { d.Lines[0].PriceCents = nil }, "lines[0].priceCents: is required"},
		"negative price": {
			func(d *Draft) { d.Lines[0].PriceCents = number(-1) },
			"lines[0].priceCents: is -1; allowed are 0 to 100000000",
		},
		"great price": {
			func(d *Draft) { d.Lines[0].PriceCents = number(100_000_001) },
			"lines[0].priceCents: is 100000001; allowed are 0 to 100000000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := draftOf(2)
			tc.change(&d)
			_, err := New(d, time.Now())
			var wrong *invalid.Error
			require.ErrorAs(t, err, &wrong)
			assert.EqualError(t, wrong, tc.want)
		})
	}
}
