// Package export writes the catalog to files in a folder, as JSON lines, and reads them.
package export

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"regexp"
	"time"

	"github.com/awslab/awslab/services/catalog/internal/item"
)

// MaxItems is how many items an export has at most, so that it ends within the time of a request. It is the catalog's
// own.
const MaxItems = 10_000

// What a Folder returns when it cannot do what was asked for.
var (
	ErrNotFound = errors.New("no such export")
	ErrStorage  = errors.New("the folder of the exports cannot be used")
)

// Export describes a file that was written.
type Export struct {
	Name      string `json:"name"`      // such as 20261231T235959Z-<random text>.jsonl; the time is UTC
	Count     int    `json:"count"`     // of its items
	Truncated bool   `json:"truncated"` // whether the catalog has more than the MaxItems items of the file
}

var validName = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[A-Z2-7]{26,64}\.jsonl$`)

// Folder keeps exports. It opens its folder anew for each of them, so that it also finds a file system which was
// mounted again.
type Folder struct{ path string }

// NewFolder returns the Folder with the absolute path, which exists. Nothing is opened yet.
func NewFolder(path string) *Folder { return &Folder{path} }

// Write writes up to MaxItems items to a new file, one JSON object a line. The file appears when it is complete: an
// error of the items, the end of the context, and ErrStorage, such as for a full disk, leave nothing.
func (f *Folder) Write(ctx context.Context, items iter.Seq2[item.Item, error]) (Export, error) {
	export, err := f.write(ctx, items)
	if err != nil {
		return Export{}, fmt.Errorf("writing an export: %w", err)
	}
	return export, nil
}

func (f *Folder) write(ctx context.Context, items iter.Seq2[item.Item, error]) (export Export, err error) {
	folder, err := os.OpenRoot(f.path)
	if err != nil {
		return Export{}, storage(err)
	}
	defer folder.Close()
	export.Name = time.Now().UTC().Format("20060102T150405Z") + "-" + rand.Text() + ".jsonl"
	temporary := "." + export.Name // Open refuses the name
	file, err := folder.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Export{}, storage(err)
	}
	complete := false
	defer func() { // also in a panic
		if !complete {
			_ = file.Close() // a second time, perhaps
			err = errors.Join(err, folder.Remove(temporary))
		}
	}()
	if export.Count, export.Truncated, err = encode(file, items); err != nil {
		return Export{}, err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return Export{}, storage(err)
	}
	if err := ctx.Err(); err != nil {
		return Export{}, err // nobody is told the name any more
	}
	if err := folder.Rename(temporary, export.Name); err != nil {
		return Export{}, storage(err)
	}
	complete = true
	return export, nil
}

func encode(file *os.File, items iter.Seq2[item.Item, error]) (count int, truncated bool, err error) {
	buffer := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(buffer)
	for it, err := range items {
		if err != nil {
			return 0, false, err
		}
		if count == MaxItems {
			truncated = true
			break
		}
		if err := encoder.Encode(it); err != nil {
			return 0, false, storage(err)
		}
		count++
	}
	if err := buffer.Flush(); err != nil {
		return 0, false, storage(err)
	}
	return count, truncated, nil
}

// Open opens the export with the name for reading. It returns ErrNotFound for what Write has not returned as a name.
func (f *Folder) Open(name string) (*os.File, error) {
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("opening export %q: %w", name, ErrNotFound)
	}
	folder, err := os.OpenRoot(f.path)
	if err != nil {
		return nil, fmt.Errorf("opening export %s: %w", name, storage(err))
	}
	defer folder.Close()
	file, err := folder.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening export %s: %w", name, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("opening export %s: %w", name, storage(err))
	}
	return file, nil
}

func storage(err error) error { return fmt.Errorf("%w: %w", ErrStorage, err) }
