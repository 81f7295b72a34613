package world

import (
	"context"
	"fmt"
)

// PutObject records an object in a bucket, as an application would write it.
func (w *World) PutObject(ctx context.Context, bucket, key string) error {
	return w.Update(ctx, func(t *Tx) error {
		if err := t.exec("INSERT OR IGNORE INTO objects (bucket, key) VALUES (?, ?)", bucket, key); err != nil {
			return fmt.Errorf("recording object %s in bucket %s: %w", key, bucket, err)
		}
		return nil
	})
}

// Objects returns the keys of the objects in a bucket, sorted.
func (t *Tx) Objects(bucket string) ([]string, error) {
	rows, err := t.tx.QueryContext(t.ctx, "SELECT key FROM objects WHERE bucket = ? ORDER BY key", bucket)
	if err != nil {
		return nil, fmt.Errorf("reading the objects of %s: %w", bucket, err)
	}
	defer rows.Close()
	var keys []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, fmt.Errorf("reading the objects of %s: %w", bucket, err)
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// RemoveObjects deletes every object in a bucket.
func (t *Tx) RemoveObjects(bucket string) error {
	return t.exec("DELETE FROM objects WHERE bucket = ?", bucket)
}
