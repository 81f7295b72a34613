// Package item holds the catalog's items: what makes one valid, and where they are kept.
package item

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of an item's fields. They are the catalog's own.
const (
	MaxNameLength        = 200         // characters
	MaxDescriptionLength = 2000        // characters
	MaxPriceCents        = 100_000_000 // one million US dollars
)

// Item is one article of the catalog.
type Item struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	PriceCents  int64     `json:"priceCents"` // US cents
	CreatedAt   time.Time `json:"createdAt"`  // UTC
}

// Draft is an item as a client proposes it: what the catalog adds itself, its id and time, is missing.
type Draft struct {
	Name        string `json:"name"`        // required; 1 to MaxNameLength characters on one line
	Description string `json:"description"` // optional; up to MaxDescriptionLength characters
	PriceCents  *int64 `json:"priceCents"`  // required; 0 to MaxPriceCents US cents; a pointer, to tell free from forgotten
}

// InvalidError says which field of a draft is wrong, and what is allowed.
type InvalidError struct {
	Field   string // as named in JSON
	Message string
}

func (e *InvalidError) Error() string { return e.Field + ": " + e.Message }

// Validate returns an *InvalidError for the first field that is wrong, or nil.
func (d Draft) Validate() error {
	if strings.TrimSpace(d.Name) == "" {
		return &InvalidError{"name", "is required"}
	}
	if err := checkText("name", d.Name, MaxNameLength, ""); err != nil {
		return err
	}
	if err := checkText("description", d.Description, MaxDescriptionLength, "\n\t"); err != nil {
		return err
	}
	if d.PriceCents == nil {
		return &InvalidError{"priceCents", "is required"}
	}
	if price := *d.PriceCents; price < 0 || price > MaxPriceCents {
		return &InvalidError{"priceCents", fmt.Sprintf("is %d; allowed are 0 to %d", price, MaxPriceCents)}
	}
	return nil
}

// checkText refuses text longer than limit characters, or with a control character other than those allowed.
func checkText(field, text string, limit int, allowed string) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return &InvalidError{field, fmt.Sprintf("has %d characters; at most %d are allowed", n, limit)}
	}
	for _, r := range text {
		if unicode.IsControl(r) && !strings.ContainsRune(allowed, r) {
			return &InvalidError{field, fmt.Sprintf("holds the control character %U", r)}
		}
	}
	return nil
}
