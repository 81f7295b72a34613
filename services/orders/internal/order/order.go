// Package order holds what an order is, what makes one valid, and where orders are kept.
package order

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/awslab/awslab/services/internal/invalid"
)

// Limits of an order's fields. They are the service's own; with them a total fits in 53 bits, so that JavaScript reads
// it exactly.
const (
	MaxCustomerLength = 200 // characters
	MaxItemLength     = 64  // characters
	MaxLines          = 100
	MaxQuantity       = 1000
	MaxPriceCents     = 100_000_000 // one million US dollars
)

// Order is what a customer ordered. It does not change once it is created.
type Order struct {
	ID         string    `json:"id"`
	Customer   string    `json:"customer"`
	Lines      []Line    `json:"lines"`
	TotalCents int64     `json:"totalCents"` // US cents
	CreatedAt  time.Time `json:"createdAt"`  // UTC, to the microsecond
}

// Line is a number of equal items.
type Line struct {
	Item       string `json:"item"`           // the id of an item in a catalog; 1 to MaxItemLength characters on one line
	Name       string `json:"name,omitempty"` // the catalog's at that time; empty where no catalog was asked
	Quantity   int64  `json:"quantity"`       // 1 to MaxQuantity
	PriceCents int64  `json:"priceCents"`     // of one item; 0 to MaxPriceCents US cents
}

// Draft is an order as a client proposes it: what the service adds itself, its id, total and time, is missing.
type Draft struct {
	Customer string      `json:"customer"` // required; 1 to MaxCustomerLength characters on one line
	Lines    []DraftLine `json:"lines"`    // required; 1 to MaxLines, each item once
}

// DraftLine is a Line as a client proposes it, with pointers to tell zero from forgotten.
type DraftLine struct {
	Item       string `json:"item"`
	Quantity   *int64 `json:"quantity"`
	PriceCents *int64 `json:"priceCents"` // required unless a catalog is asked
	Name       string `json:"-"`          // of the catalog
}

// New creates an order of a draft that has prices, with an id and the time of now. It returns an *invalid.Error for the
// first field that is wrong.
func New(draft Draft, now time.Time) (Order, error) {
	if err := draft.Validate(); err != nil {
		return Order{}, err
	}
	for i, l := range draft.Lines {
		if l.PriceCents == nil {
			return Order{}, &invalid.Error{Field: fmt.Sprintf("lines[%d].priceCents", i), Message: "is required"}
		}
	}
	o := Order{
		ID:        rand.Text(),
		Customer:  draft.Customer,
		Lines:     make([]Line, len(draft.Lines)),
		CreatedAt: now.UTC().Truncate(time.Microsecond),
	}
	for i, l := range draft.Lines {
		o.Lines[i] = Line{Item: l.Item, Name: l.Name, Quantity: *l.Quantity, PriceCents: *l.PriceCents}
		o.TotalCents += o.Lines[i].Quantity * o.Lines[i].PriceCents
	}
	return o, nil
}

// Validate returns an *invalid.Error for the first field that is wrong, or nil. Prices may be missing.
func (d Draft) Validate() error {
	if err := requiredLine("customer", d.Customer, MaxCustomerLength); err != nil {
		return err
	}
	if n := len(d.Lines); n < 1 || n > MaxLines {
		return &invalid.Error{Field: "lines", Message: fmt.Sprintf("has %d; allowed are 1 to %d", n, MaxLines)}
	}
	first := map[string]int{}
	for i, l := range d.Lines {
		at := fmt.Sprintf("lines[%d]", i)
		if err := l.validate(at); err != nil {
			return err
		}
		if earlier, ok := first[l.Item]; ok {
			return &invalid.Error{
				Field:   at + ".item",
				Message: fmt.Sprintf("is the item of lines[%d]; add to its quantity", earlier),
			}
		}
		first[l.Item] = i
	}
	return nil
}

func (l DraftLine) validate(at string) error {
	if err := requiredLine(at+".item", l.Item, MaxItemLength); err != nil {
		return err
	}
	if err := invalid.Number(at+".quantity", l.Quantity, 1, MaxQuantity); err != nil {
		return err
	}
	if l.PriceCents == nil {
		return nil
	}
	return invalid.Number(at+".priceCents", l.PriceCents, 0, MaxPriceCents)
}

// Answers reports whether the order is one that the draft asks for, whatever a catalog has added.
func (o Order) Answers(draft Draft) bool {
	return o.Customer == draft.Customer && slices.EqualFunc(o.Lines, draft.Lines, Line.answers)
}

func (l Line) answers(draft DraftLine) bool {
	return l.Item == draft.Item && l.Quantity == *draft.Quantity &&
		(draft.PriceCents == nil || l.PriceCents == *draft.PriceCents)
}

// requiredLine requires one line of 1 to limit characters.
func requiredLine(field, text string, limit int) error {
	if err := invalid.Required(field, text); err != nil {
		return err
	}
	return invalid.Text(field, text, limit, "")
}
