package world

import (
	"context"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// List returns everything that exists, oldest first.
func (w *World) List(ctx context.Context) ([]*Thing, error) {
	var things []*Thing
	err := w.View(ctx, func(t *Tx) (err error) {
		things, err = t.All()
		return err
	})
	return things, err
}

// Set changes a property of a thing behind the engine's back, as a person at the AWS console would, so that a refresh
// finds drift. The path is a Pulumi property path, such as tags.Team or ingress[0].fromPort; a null value deletes.
// It returns ErrNotFound when there is no such thing.
func (w *World) Set(ctx context.Context, k Key, path string, value resource.PropertyValue) error {
	where, err := resource.ParsePropertyPath(path)
	if err != nil {
		return fmt.Errorf("setting a property: %q is not a property path: %w", path, err)
	}
	return w.Update(ctx, func(t *Tx) error {
		thing, err := t.Get(k)
		if err != nil {
			return fmt.Errorf("setting %s of %s %s: %w", path, k.Type, k.Key, err)
		}
		state := resource.NewProperty(thing.State)
		if value.IsNull() {
			where.Delete(state)
		} else if _, ok := where.Add(state, value); !ok {
			return fmt.Errorf("setting %s of %s %s: there is no such place in its state", path, k.Type, k.Key)
		}
		links, err := t.Links(thing)
		if err != nil {
			return err
		}
		return t.Put(thing, links)
	})
}

// Delete deletes a thing behind the engine's back. It returns ErrNotFound when there is no such thing.
func (w *World) Delete(ctx context.Context, k Key) error {
	return w.Update(ctx, func(t *Tx) error {
		if _, err := t.Get(k); err != nil {
			return fmt.Errorf("deleting %s %s: %w", k.Type, k.Key, err)
		}
		return t.Remove(k)
	})
}

// notesKept is for how long a note is kept: longer than a run, so that none says anything twice.
const notesKept = 24 * time.Hour

// Once reports whether this is the first call with the key, in any process. Keys are forgotten after a day.
func (w *World) Once(ctx context.Context, key string) (bool, error) {
	first := false
	err := w.Update(ctx, func(t *Tx) error {
		now := time.Now().UTC()
		if err := t.exec("DELETE FROM notes WHERE at < ?", now.Add(-notesKept).Format(time.RFC3339)); err != nil {
			return err
		}
		result, err := t.tx.ExecContext(t.ctx, "INSERT OR IGNORE INTO notes (key, at) VALUES (?, ?)",
			key, now.Format(time.RFC3339))
		if err != nil {
			return err
		}
		written, err := result.RowsAffected()
		first = written == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("noting %s: %w", key, err)
	}
	return first, nil
}
