package automation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/awslab/awslab/automation/internal/control"
	"github.com/awslab/awslab/automation/internal/recovery"
)

// Cancelled says how an operation ended that Cancel had asked to end.
type Cancelled struct {
	// PID is the process that ran it.
	PID       int       `json:"pid"`
	Operation Operation `json:"operation"`
	Stack     string    `json:"stack"`
	// Succeeded says that it was complete by then.
	Succeeded bool `json:"succeeded"`
	// Done is how many resources it had changed.
	Done int `json:"done"`
}

// NothingToCancelError says that no process of this user on this machine runs an operation on the stack.
type NothingToCancelError struct {
	Stack  string
	Target Target
	// Holders are the processes that hold the stack's lock, such as a pulumi, where the state is a file.
	Holders []LockHolder
}

// LockHolder is a process that holds the lock of a stack.
type LockHolder = recovery.Holder

func (e *NothingToCancelError) Error() string {
	text := fmt.Sprintf("no awslab of yours on this machine changes stack %s", e.Stack)
	mend := "awslab recover" + Flags(e.Stack, e.Target)
	if len(e.Holders) == 0 {
		return fmt.Sprintf("%s; press Ctrl-C where pulumi or somebody else's awslab does, and if an operation was "+
			"killed, run %s", text, mend)
	}
	h := e.Holders[0]
	return fmt.Sprintf("%s, but its lock is held by %s, which may be pulumi; press Ctrl-C there, or run kill -INT %d "+
		"on %s, and if that process has ended, run %s", text, h, h.PID, h.Host, mend)
}

// Cancel makes every other process of this user on this machine stop an up, refresh, destroy or recover of the stack,
// as cancelling its context would, waits until it has, and says what was done by then. A *NothingToCancelError says
// that there is none. If ctx is cancelled first, the operations end all the same.
func (l *Lab) Cancel(ctx context.Context) ([]Cancelled, error) {
	ended, err := control.Cancel[Cancelled](ctx, l.key())
	if err != nil {
		return ended, orCancelled(ctx, fmt.Errorf("cancelling what is done to stack %s: %w", l.options.Stack, err))
	}
	if len(ended) == 0 {
		return nil, &NothingToCancelError{
			Stack: l.options.Stack, Target: l.options.Target, Holders: l.holders(),
		}
	}
	return ended, nil
}

// holders returns who holds the stack's lock, if the state is a file.
func (l *Lab) holders() []LockHolder {
	folder := l.stateFolder()
	if folder == "" {
		return nil
	}
	return recovery.Locks(folder, string(l.project.Name), l.options.Stack)
}

// stateFolder returns the folder that the state is in, or nothing where it is not on this machine.
func (l *Lab) stateFolder() string {
	if l.offline != nil {
		return l.offline.StateFolder()
	}
	address, err := url.Parse(l.backend)
	if err != nil || address.Scheme != "file" {
		return ""
	}
	return address.Host + address.Path
}

// stateURL returns the URL of the backend.
func (l *Lab) stateURL() string {
	if l.offline != nil {
		return l.offline.BackendURL()
	}
	return l.backend
}

// key stands for the stack among all stacks of this machine.
func (l *Lab) key() string {
	where := l.stateURL()
	// Links lead to the same folder by other paths.
	if folder := l.stateFolder(); folder != "" {
		if real, err := filepath.EvalSymlinks(folder); err == nil {
			where = real
		}
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{where, string(l.project.Name), l.options.Stack}, "\n")))
	return hex.EncodeToString(sum[:8])
}

// cancellable runs an operation alone that Cancel, called in another process, cancels.
func (l *Lab) cancellable(
	ctx context.Context, operation Operation, run func(context.Context) (*Result, error),
) (*Result, error) {
	return l.alone(ctx, operation, func(ctx context.Context) (*Result, error) {
		return l.served(ctx, operation, run)
	})
}

// alone runs an operation, unless this lab runs one already. Whatever of the caller's panics in it, the engine ends.
func (l *Lab) alone(
	ctx context.Context, operation Operation, run func(context.Context) (*Result, error),
) (*Result, error) {
	if !l.running.CompareAndSwap(nil, &operation) {
		refused := &ConcurrentUpdateError{Stack: l.options.Stack, Target: l.options.Target, Running: operation}
		if running := l.running.Load(); running != nil {
			refused.Running = *running
		}
		return nil, refused
	}
	defer l.running.Store(nil)
	ctx, l.abort = context.WithCancelCause(ctx)
	defer l.abort(nil)
	return run(ctx)
}

// served runs an operation that others can cancel, and tells them how it ended.
func (l *Lab) served(
	ctx context.Context, operation Operation, run func(context.Context) (*Result, error),
) (*Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	served, err := control.Serve(l.key(), cancel)
	if err != nil {
		return nil, &InputError{
			Field:   "temporary folder",
			Value:   os.TempDir(),
			Allowed: "a folder in TMPDIR that can be written, with a path of at most 50 characters: " + err.Error(),
		}
	}
	report := Cancelled{PID: os.Getpid(), Operation: operation, Stack: l.options.Stack}
	// Whether the other process hears of it is not this operation's concern.
	defer func() { _ = served.End(report) }()
	defer l.guard(ctx, cancel)()
	result, err := run(ctx)
	report.Succeeded = err == nil
	if result != nil && result.Operation == operation {
		report.Done = result.done()
	}
	return result, err
}

// done returns how many resources were changed.
func (r *Result) done() int {
	done := 0
	for _, s := range r.Steps {
		if s.Phase == Done {
			done++
		}
	}
	return done
}
