// Package order holds what an order is, what makes one valid, and where orders are kept.
package order

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

// Order is what a customer ordered. It does not change once it is made.
type Order struct {
	ID         string    `json:"id"`
	Customer   string    `json:"customer"`
	Lines      []Line    `json:"lines"`
	TotalCents int64     `json:"totalCents"` // US cents
	CreatedAt  time.Time `json:"createdAt"`  // UTC, to the microsecond
}

// Line is a number of equal items.
type Line struct {
	Item       string `json:"item"`       // the id of an item in a catalog; 1 to MaxItemLength characters on one line
	Quantity   int64  `json:"quantity"`   // 1 to MaxQuantity
	PriceCents int64  `json:"priceCents"` // of one item; 0 to MaxPriceCents US cents
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
	PriceCents *int64 `json:"priceCents"`
}

// InvalidError says which field of a draft is wrong, and what is allowed.
type InvalidError struct {
	Field   string // as named in JSON, such as lines[0].quantity
	Message string
}

func (e *InvalidError) Error() string { return e.Field + ": " + e.Message }

// New makes an order of a draft, with an id and the time of now. It returns an *InvalidError for the first field that is
// wrong.
func New(draft Draft, now time.Time) (Order, error) {
	if err := draft.validate(); err != nil {
		return Order{}, err
	}
	o := Order{ID: rand.Text(), Customer: draft.Customer, Lines: make([]Line, len(draft.Lines)), CreatedAt: now.UTC().Truncate(time.Microsecond)}
	for i, l := range draft.Lines {
		o.Lines[i] = Line{Item: l.Item, Quantity: *l.Quantity, PriceCents: *l.PriceCents}
		o.TotalCents += o.Lines[i].Quantity * o.Lines[i].PriceCents
	}
	return o, nil
}

func (d Draft) validate() error {
	if err := checkText("customer", d.Customer, MaxCustomerLength); err != nil {
		return err
	}
	if n := len(d.Lines); n < 1 || n > MaxLines {
		return &InvalidError{"lines", fmt.Sprintf("has %d; allowed are 1 to %d", n, MaxLines)}
	}
	first := map[string]int{}
	for i, l := range d.Lines {
		at := fmt.Sprintf("lines[%d]", i)
		if err := l.validate(at); err != nil {
			return err
		}
		if earlier, ok := first[l.Item]; ok {
			return &InvalidError{at + ".item", fmt.Sprintf("is the item of lines[%d]; add to its quantity", earlier)}
		}
		first[l.Item] = i
	}
	return nil
}

func (l DraftLine) validate(at string) error {
	if err := checkText(at+".item", l.Item, MaxItemLength); err != nil {
		return err
	}
	if err := checkNumber(at+".quantity", l.Quantity, 1, MaxQuantity); err != nil {
		return err
	}
	return checkNumber(at+".priceCents", l.PriceCents, 0, MaxPriceCents)
}

// checkText wants one line of 1 to limit characters. A NUL, which PostgreSQL cannot store, is a control character too.
func checkText(field, text string, limit int) error {
	if strings.TrimSpace(text) == "" {
		return &InvalidError{field, "is required"}
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return &InvalidError{field, fmt.Sprintf("has %d characters; at most %d are allowed", n, limit)}
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return &InvalidError{field, fmt.Sprintf("holds the control character %U", r)}
		}
	}
	return nil
}

func checkNumber(field string, n *int64, low, high int64) error {
	if n == nil {
		return &InvalidError{field, "is required"}
	}
	if *n < low || *n > high {
		return &InvalidError{field, fmt.Sprintf("is %d; allowed are %d to %d", *n, low, high)}
	}
	return nil
}
