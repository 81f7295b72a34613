// Package item holds the catalog's items: what makes one valid, and where they are kept.
package item

import (
	"time"

	"github.com/awslab/awslab/services/internal/invalid"
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
	// required; 0 to MaxPriceCents US cents; a pointer, to tell free from forgotten
	PriceCents *int64 `json:"priceCents"`
}

// Validate returns an *invalid.Error for the first field that is wrong, or nil.
func (d Draft) Validate() error {
	if err := invalid.Required("name", d.Name); err != nil {
		return err
	}
	if err := invalid.Text("name", d.Name, MaxNameLength, ""); err != nil {
		return err
	}
	if err := invalid.Text("description", d.Description, MaxDescriptionLength, "\n\t"); err != nil {
		return err
	}
	return invalid.Number("priceCents", d.PriceCents, 0, MaxPriceCents)
}
