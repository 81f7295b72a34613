package world

import (
	"context"
	"fmt"
	"time"
)

// Image is a container image in a repository.
type Image struct {
	// Repository is the repository's URL, without a tag: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop.
	Repository string
	// Tag is empty for an image pushed by digest alone.
	Tag string
	// Digest is the manifest's digest, sha256:...
	Digest string
	// Size is the size of the image's layers in bytes, and 0 for an image that could not be built: it has none.
	Size int64
	// Pushed is when it was pushed, in UTC.
	Pushed time.Time
}

// IsBuilt reports whether the image was built. One that was not has a digest that is made up.
func (i Image) IsBuilt() bool { return i.Size > 0 }

// PutImage records a pushed image. Pushing a tag again moves it; the image it named stays, untagged. Whether the
// repository exists and allows tags to be moved is for the caller to check.
func (w *World) PutImage(ctx context.Context, image Image) error {
	return w.Update(ctx, func(t *Tx) error { return t.PutImage(image) })
}

// Images returns the images in the repository with the URL, ordered by tag.
func (w *World) Images(ctx context.Context, repository string) ([]Image, error) {
	var images []Image
	err := w.View(ctx, func(t *Tx) (err error) {
		images, err = t.Images(repository)
		return err
	})
	return images, err
}

// PutImage returns World.PutImage within a transaction.
func (t *Tx) PutImage(image Image) error {
	if image.Pushed.IsZero() {
		image.Pushed = time.Now().UTC()
	}
	if image.Tag != "" {
		// The image that had the tag loses it; one that is pushed now is not also there without a tag.
		if err := t.exec(`UPDATE OR REPLACE images SET tag = '' WHERE repository = ? AND tag = ? AND digest <> ?`,
			image.Repository, image.Tag, image.Digest); err != nil {
			return fmt.Errorf("moving tag %s: %w", image.Tag, err)
		}
		if err := t.exec("DELETE FROM images WHERE repository = ? AND tag = '' AND digest = ?",
			image.Repository, image.Digest); err != nil {
			return fmt.Errorf("recording image %s: %w", image.Digest, err)
		}
	}
	err := t.exec("INSERT OR REPLACE INTO images (repository, tag, digest, size, pushed) VALUES (?, ?, ?, ?, ?)",
		image.Repository, image.Tag, image.Digest, image.Size, image.Pushed.UTC().Format(time.RFC3339Nano))
	if err != nil {
		return fmt.Errorf("recording image %s: %w", image.Digest, err)
	}
	return nil
}

// Images returns World.Images within a transaction.
func (t *Tx) Images(repository string) ([]Image, error) {
	rows, err := t.tx.QueryContext(t.ctx,
		"SELECT tag, digest, size, pushed FROM images WHERE repository = ? ORDER BY tag, digest", repository)
	if err != nil {
		return nil, fmt.Errorf("reading the images of %s: %w", repository, err)
	}
	defer rows.Close()
	var images []Image
	for rows.Next() {
		image := Image{Repository: repository}
		var pushed string
		if err := rows.Scan(&image.Tag, &image.Digest, &image.Size, &pushed); err != nil {
			return nil, fmt.Errorf("reading the images of %s: %w", repository, err)
		}
		if image.Pushed, err = time.Parse(time.RFC3339Nano, pushed); err != nil {
			return nil, fmt.Errorf("reading the images of %s: %w", repository, err)
		}
		images = append(images, image)
	}
	return images, rows.Err()
}

// RemoveImages deletes every image in the repository with the URL.
func (t *Tx) RemoveImages(repository string) error {
	return t.exec("DELETE FROM images WHERE repository = ?", repository)
}
