package item

import (
	"context"
	"errors"
	"iter"
)

// Errors of a Store.
var (
	ErrNotFound    = errors.New("no such item")
	ErrVersion     = errors.New("the item has another version")
	ErrCursor      = errors.New("the cursor is not one that a list returned")
	ErrFull        = errors.New("the store is full")
	ErrUnavailable = errors.New("the store cannot be reached")
)

// Store keeps items. Implementations are safe for concurrent use. Where a method takes an id, it is a valid one, and
// the method returns ErrNotFound if no item has it. Each method returns ErrUnavailable if the store does not answer
// before the context ends.
type Store interface {
	// Create keeps a valid draft as an item with a new id and version 1. It returns ErrFull if there is no room.
	Create(ctx context.Context, draft Draft) (Item, error)
	// Get returns the item with the id as its last acknowledged write left it.
	Get(ctx context.Context, id string) (Item, error)
	// Update replaces the contents of an item with those of a valid draft and returns its next version. It returns
	// ErrVersion if the item does not have the given version: of several updates of a version exactly one succeeds.
	Update(ctx context.Context, id string, version int64, draft Draft) (Item, error)
	// Delete deletes an item. It returns ErrVersion if the item does not have the given version.
	Delete(ctx context.Context, id string, version int64) error
	// List returns up to limit items (at least 1) in no particular order, from the start or from where the page that
	// returned the cursor ended, even if the last item of that page was deleted since. A list that follows the cursors
	// to the end has every item exactly once that existed all the while. List returns ErrCursor for a cursor that
	// cannot be one.
	List(ctx context.Context, limit int, cursor string) (Page, error)
	// Ping returns an error while the store cannot be used.
	Ping(ctx context.Context) error
}

// Page is one part of a list.
type Page struct {
	Items []Item
	Next  string // cursor of the following page, which has items; empty on the last one
}

// NewPage returns the first limit items as a page. More than limit items say that another page follows. The id of a
// page's last item is its cursor.
func NewPage(items []Item, limit int) Page {
	if len(items) <= limit {
		return Page{Items: items}
	}
	return Page{Items: items[:limit], Next: items[limit-1].ID}
}

// All returns an iterator over all items of a store, which it reads in pages of pageSize items. An error is the last
// element.
func All(ctx context.Context, store Store, pageSize int) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		cursor := ""
		for {
			page, err := store.List(ctx, pageSize, cursor)
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, it := range page.Items {
				if !yield(it, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			cursor = page.Next
		}
	}
}
