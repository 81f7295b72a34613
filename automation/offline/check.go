package offline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/shirou/gopsutil/v4/disk"

	"github.com/awslab/awslab/automation/internal/outfile"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// minimumFree is the space in bytes that an operation needs where the offline target is. A stack of 450 resources
// (prod) fills 25 MB with its state, the copies that the engine keeps of it, its logs and the world.
const minimumFree = 64 << 20

// UnusableError says that the offline target cannot be used as it is. Nothing in it was changed.
type UnusableError struct {
	// Path is the file or folder that is at fault.
	Path string
	// Reason says what is wrong with it.
	Reason error
	// Next says what to do.
	Next string
}

func (e *UnusableError) Error() string { return fmt.Sprintf("%s: %v; %s", e.Path, e.Reason, e.Next) }
func (e *UnusableError) Unwrap() error { return e.Reason }

// Check refuses, with an *UnusableError, what would fail in the middle of an operation: a folder that cannot be
// written or is full, and a state or world that is damaged.
func (h *Home) Check(ctx context.Context, project, stack string) error {
	if err := h.checkRoom(ctx); err != nil {
		return err
	}
	resources, err := h.Resources(project, stack)
	if err != nil {
		return err
	}
	return h.checkWorld(ctx, resources)
}

// Resources returns how many resources the state of a stack has, 0 where there is none. A state that is damaged, or
// that the engine is about to write, is an *UnusableError.
func (h *Home) Resources(project, stack string) (int, error) {
	return h.checkState(h.stateFile(project, stack))
}

// CheckStates refuses a damaged state among those of all stacks of a project.
func (h *Home) CheckStates(project string) error {
	folder, pattern := filepath.Split(h.stateFile(project, "*"))
	states, err := fs.Glob(os.DirFS(folder), pattern)
	if err != nil {
		return fmt.Errorf("looking for states: %w", err)
	}
	for _, state := range states {
		if _, err := h.checkState(filepath.Join(folder, state)); err != nil {
			return err
		}
	}
	return nil
}

// readable reports whether there is a world, and refuses one that cannot be read.
func (h *Home) readable(ctx context.Context) (bool, error) {
	if _, err := os.Stat(h.worldFile()); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err := h.checkWritable(); err != nil {
		return false, err
	}
	return true, h.checkWorld(ctx, 0)
}

func (h *Home) checkRoom(ctx context.Context) error {
	if err := h.checkWritable(); err != nil {
		return err
	}
	usage, err := disk.UsageWithContext(ctx, h.Dir)
	if err != nil {
		return fmt.Errorf("finding how much space %s has: %w", h.Dir, err)
	}
	if usage.Free < minimumFree {
		return &UnusableError{
			Path: h.Dir, Reason: fmt.Errorf("only %d MB are free and an operation needs up to %d",
				usage.Free>>20, minimumFree>>20),
			Next: "free some space and run the command again",
		}
	}
	return nil
}

func (h *Home) checkWritable() error {
	file, err := os.CreateTemp(h.Dir, ".writable-*")
	if err != nil {
		return unwritable(h.Dir, err)
	}
	_ = file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return unwritable(h.Dir, err)
	}
	return nil
}

func unwritable(path string, reason error) error {
	var cause *os.PathError
	if errors.As(reason, &cause) {
		reason = cause.Err
	}
	return &UnusableError{
		Path: path, Reason: fmt.Errorf("the offline target cannot write there: %w", reason),
		Next: "make the folder writable, or work in a copy of the project that is",
	}
}

func (h *Home) stateFile(project, stack string) string {
	return filepath.Join(h.StateFolder(), ".pulumi", "stacks", project, stack+".json")
}

// checkState returns the number of resources in a state, 0 where there is none.
func (h *Home) checkState(path string) (int, error) {
	resources, err := readState(path)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return resources, nil
	}
	damaged := &UnusableError{
		Path: path, Reason: fmt.Errorf("the state is damaged: %w", err),
		Next: "there is no earlier one: delete " + h.Dir + " to begin anew",
	}
	for _, earlier := range []string{path + ".bak", path + keptSuffix} {
		if _, err := readState(earlier); err == nil {
			damaged.Next = fmt.Sprintf("put the last good one back with: cp '%s' '%s', and run awslab recover",
				earlier, path)
			break
		}
	}
	return 0, damaged
}

// keptSuffix ends the name of the copy of the world, and of what a state was before an operation. The engine keeps what
// the state was before it was last written, as .bak, but on a full disk it writes both in part.
const keptSuffix = ".kept"

// KeepState keeps the state of a stack as it is, at no cost, until forget is called.
func (h *Home) KeepState(project, stack string) (forget func()) {
	path := h.stateFile(project, stack)
	kept := path + keptSuffix
	if _, err := readState(path); err == nil {
		_ = os.Remove(kept)
		_ = os.Link(path, kept) // the engine puts another file in the state's place
	}
	return func() {
		if _, err := readState(path); err == nil {
			_ = os.Remove(kept)
		}
	}
}

// KeepWorld keeps a copy of the world as it is, for when its file is damaged: SQLite does not wait until the disk has
// what it writes. Where that fails, the copy before stays.
func (h *Home) KeepWorld(ctx context.Context) error {
	err := h.inWorld(func(w *world.World) error {
		if err := w.Verify(ctx); err != nil {
			return err
		}
		return outfile.Write(h.worldFile()+keptSuffix, func(file string) error { return w.Copy(ctx, file) })
	})
	if err != nil {
		return fmt.Errorf("keeping a copy of the world: %w", err)
	}
	return nil
}

func readState(path string) (resources int, err error) {
	content, err := os.ReadFile(path) //nolint:gosec // the offline target's own
	if err != nil {
		return 0, err
	}
	var state struct {
		Version    int `json:"version"`
		Checkpoint *struct {
			Latest *struct {
				Resources []json.RawMessage `json:"resources"`
			} `json:"latest"`
		} `json:"checkpoint"`
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return 0, err
	}
	if state.Checkpoint == nil {
		return 0, errors.New("it has no checkpoint")
	}
	if state.Checkpoint.Latest == nil {
		return 0, nil
	}
	return len(state.Checkpoint.Latest.Resources), nil
}

// checkWorld finds a world that cannot be read, or that was emptied while a state has resources.
func (h *Home) checkWorld(ctx context.Context, resources int) error {
	info, err := os.Stat(h.worldFile())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return h.damagedWorld(ctx, err)
	}
	if err == nil && info.Size() == 0 && resources > 0 {
		return h.damagedWorld(ctx, errors.New("the file is empty"))
	}
	if err := h.inWorld(func(w *world.World) error { return w.Verify(ctx) }); err != nil {
		return h.damagedWorld(ctx, err)
	}
	return nil
}

// damagedWorld says how to go on without a world that cannot be read, unless it was only not read to the end.
func (h *Home) damagedWorld(ctx context.Context, reason error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("reading the world: %w", context.Cause(ctx))
	}
	path, kept := h.worldFile(), h.worldFile()+keptSuffix
	next := fmt.Sprintf("move it away with: mv '%[1]s' '%[1]s.damaged' && rm -f '%[1]s-wal' '%[1]s-shm', then run "+
		"awslab refresh, which records that nothing exists, and awslab up", path)
	if whole(ctx, kept) {
		next = fmt.Sprintf("put the last good one back with: rm -f '%[1]s-wal' '%[1]s-shm' && cp '%[2]s' '%[1]s', "+
			"then run awslab refresh, which records what is not in it, and awslab up", path, kept)
	}
	return &UnusableError{Path: path, Reason: fmt.Errorf("the world is damaged: %w", reason), Next: next}
}

// whole reports whether there is a world at path that can be read.
func whole(ctx context.Context, path string) bool {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return false
	}
	w, err := world.New(path)
	if err != nil {
		return false
	}
	defer func() { _ = w.Close() }()
	return w.Verify(ctx) == nil
}
