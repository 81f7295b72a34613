// Package item holds the catalog's items: what makes one valid, and where they are kept.
package item

import (
	"crypto/rand"
	"regexp"
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
	Version     int64     `json:"version"` // 1 when the item is created, and one more with each update
	Name        string    `json:"name"`
	Description string    `json:"description"`
	PriceCents  int64     `json:"priceCents"` // US cents
	CreatedAt   time.Time `json:"createdAt"`  // UTC
}

// Draft is an item as a client proposes it, without what the catalog adds itself: the id, the version and the time.
type Draft struct {
	Name        string `json:"name"`        // required; 1 to MaxNameLength characters on one line
	Description string `json:"description"` // optional; up to MaxDescriptionLength characters
	// required; 0 to MaxPriceCents US cents; a pointer, to tell free from forgotten
	PriceCents *int64 `json:"priceCents"`
}

// New returns the first version of an item with the contents of a valid draft, a random id and the time of now.
func New(draft Draft, now time.Time) Item {
	return Item{
		ID:          rand.Text(),
		Version:     1,
		Name:        draft.Name,
		Description: draft.Description,
		PriceCents:  *draft.PriceCents,
		CreatedAt:   now.UTC(),
	}
}

// Updated returns the next version of the item, with the contents of a valid draft.
func (i Item) Updated(draft Draft) Item {
	i.Version++
	i.Name, i.Description, i.PriceCents = draft.Name, draft.Description, *draft.PriceCents
	return i
}

// validID allows for the longer texts that crypto/rand announces for times when 128 bits are too few.
var validID = regexp.MustCompile(`^[A-Z2-7]{26,64}$`)

// ValidID reports whether id has the form of an item's id. What has another form names no item, and is not fit for the
// key of a table or of a bucket.
func ValidID(id string) bool { return validID.MatchString(id) }

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
