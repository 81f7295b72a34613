package automation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/awslab/awslab/automation/internal/control"
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
}

func (e *NothingToCancelError) Error() string {
	return fmt.Sprintf("no awslab of yours on this machine changes stack %s; cancel an operation on another machine "+
		"there, and if one was killed, run awslab recover%s", e.Stack, Flags(e.Stack, e.Target))
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
		return nil, &NothingToCancelError{Stack: l.options.Stack, Target: l.options.Target}
	}
	return ended, nil
}

// key stands for the stack among all stacks of this machine.
func (l *Lab) key() string {
	where := l.backend
	if l.offline != nil {
		where = l.offline.BackendURL()
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{where, string(l.project.Name), l.options.Stack}, "\n")))
	return hex.EncodeToString(sum[:8])
}

// cancellable runs an operation that Cancel, called in another process, cancels.
func (l *Lab) cancellable(
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
	defer l.guard(ctx, cancel)()
	result, err := run(ctx)
	report := Cancelled{PID: os.Getpid(), Operation: operation, Stack: l.options.Stack, Succeeded: err == nil}
	if result != nil && result.Operation == operation {
		report.Done = result.done()
	}
	// Whether the other process hears of it is not this operation's concern.
	_ = served.End(report)
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
