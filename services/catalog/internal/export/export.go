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
	"strings"
	"time"

	"github.com/awslab/awslab/services/catalog/internal/item"
)

// MaxItems is how many items an export has at most, so that it ends within the time of a request. It is the catalog's
// own.
const MaxItems = 10_000

// MaxExports is how many exports a folder keeps: the newest ones. Tasks that write at the same moment may leave one
// more each, which the next export deletes.
const MaxExports = 20

const (
	nameTime = "20060102T150405Z" // of an export's name
	// abandonedAfter is the age of a file that is not complete and whose task was killed. A request takes seconds.
	abandonedAfter = time.Hour
)

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

// Write writes up to MaxItems items to a new file, one JSON object a line, and deletes the oldest files beyond
// MaxExports. The file appears when it is complete: an error of the items, the end of the context, and ErrStorage, such
// as for a full disk, leave nothing.
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
	if err := makeRoom(folder); err != nil {
		return Export{}, storage(err)
	}
	export.Name = time.Now().UTC().Format(nameTime) + "-" + rand.Text() + ".jsonl"
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

// makeRoom deletes the oldest exports until there is room for another, and what killed tasks left. Another task may be
// faster.
func makeRoom(folder *os.Root) error {
	files, err := fs.ReadDir(folder.FS(), ".") // sorted by name, and so by time
	if err != nil {
		return err
	}
	var exports, remove []string
	abandoned := "." + time.Now().UTC().Add(-abandonedAfter).Format(nameTime)
	for _, file := range files {
		name := file.Name()
		switch visible := strings.TrimPrefix(name, "."); {
		case !validName.MatchString(visible):
		case visible == name:
			exports = append(exports, name)
		case name < abandoned:
			remove = append(remove, name)
		}
	}
	remove = append(remove, exports[:max(0, len(exports)-MaxExports+1)]...)
	for _, name := range remove {
		if err := folder.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
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

// Open opens the export with the name for reading, and returns its size in bytes. It returns ErrNotFound for what Write
// has not returned as a name, and for an export that was deleted.
func (f *Folder) Open(name string) (file *os.File, size int64, err error) {
	if !validName.MatchString(name) {
		return nil, 0, fmt.Errorf("opening export %q: %w", name, ErrNotFound)
	}
	folder, err := os.OpenRoot(f.path)
	if err != nil {
		return nil, 0, fmt.Errorf("opening export %s: %w", name, storage(err))
	}
	defer folder.Close()
	file, err = folder.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("opening export %s: %w", name, ErrNotFound)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("opening export %s: %w", name, storage(err))
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("opening export %s: %w", name, storage(errors.Join(err, file.Close())))
	}
	return file, info.Size(), nil
}

func storage(err error) error { return fmt.Errorf("%w: %w", ErrStorage, err) }
