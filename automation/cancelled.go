package automation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/awslab/awslab/automation/internal/recovery"
)

// ErrCancelled is wrapped by the error of whatever was cancelled. What an operation had finished is in the state; a
// *CancelledError says how much that is.
var ErrCancelled = errors.New("cancelled")

// Progress is how far a cancelled operation came, by the state that it left. Done and Left make up all that it had to
// do: changes of an up, deletions of a destroy, and resources to read of a refresh.
type Progress struct {
	Done int `json:"done"`
	Left int `json:"left"`
	// Unknown are the names of the resources, among those that are left, that were being changed when the operation
	// was forced to end, sorted: only recover can tell whether they were.
	Unknown []string `json:"unknown,omitempty"`
}

// CancelledError says how far an operation came before it was cancelled, and how to go on. It wraps ErrCancelled and
// the cause that the context was cancelled with.
type CancelledError struct {
	Operation Operation
	Stack     string
	Target    Target
	// Progress is nil where the operation was cancelled before it could change anything, and where it ended in a way
	// that leaves its progress unknown (see Killed).
	Progress *Progress
	// Killed says that the engine was killed, or that the state could not be read afterwards: a lock may be left.
	Killed bool
	// Cause is why the context was cancelled.
	Cause error
}

func (e *CancelledError) Unwrap() []error { return []error{ErrCancelled, e.Cause} }

// made says of each operation that has progress what it is counted in.
var made = map[Operation]string{
	OperationUp: "changes are made", OperationDestroy: "resources are deleted", OperationRefresh: "resources are read",
}

func (e *CancelledError) Error() string {
	on := Flags(e.Stack, e.Target)
	again := fmt.Sprintf("awslab %s%s", e.Operation, on)
	text := fmt.Sprintf("%s of stack %s was cancelled (%v)", e.Operation, e.Stack, e.Cause)
	nothing := fmt.Sprintf("%s: nothing was changed; run %s to start again", text, again)
	words, changes := made[e.Operation]
	switch p := e.Progress; {
	case e.Operation == OperationRemove:
		return fmt.Sprintf("%s: its resources are deleted, the stack is left; run awslab destroy%s --remove", text, on)
	case e.Operation == OperationRecover:
		return fmt.Sprintf("%s; run %s to start again", text, again)
	case e.Operation == OperationImport && e.Killed:
		return fmt.Sprintf("%s, and whether the state was replaced is not known; run awslab recover%s to release the "+
			"lock, and awslab export%s to see it", text, on, on)
	case !changes, p == nil && !e.Killed:
		return nothing
	case p == nil:
		return fmt.Sprintf("%s, and how much it did is not known; run awslab recover%s, then %s", text, on, again)
	case len(p.Unknown) > 0:
		return fmt.Sprintf("%s: %d of %d %s, %d are left, and of these some may be done as well: %s; run awslab "+
			"recover%s to find out, then %s", text, p.Done, p.Done+p.Left, words, p.Left,
			strings.Join(p.Unknown, ", "), on, again)
	case e.Killed:
		return fmt.Sprintf("%s: %d of %d %s, %d are left; run awslab recover%s to release the lock, then %s",
			text, p.Done, p.Done+p.Left, words, p.Left, on, again)
	case p.Done == 0 && p.Left == 0:
		return nothing
	case p.Left == 0:
		return fmt.Sprintf("%s when all %d %s; run %s to complete it", text, p.Done, words, again)
	default:
		return fmt.Sprintf("%s: %d of %d %s, %d are left; run %s for the rest",
			text, p.Done, p.Done+p.Left, words, p.Left, again)
	}
}

// cancelled returns the error of an operation of this lab that ended because its context was cancelled.
func (l *Lab) cancelled(ctx context.Context, operation Operation, progress *Progress, killed bool) error {
	return &CancelledError{
		Operation: operation, Stack: l.options.Stack, Target: l.options.Target,
		Progress: progress, Killed: killed, Cause: context.Cause(ctx),
	}
}

// orCancelled returns err, or once ctx is cancelled that an operation was cancelled before it changed anything.
func (l *Lab) orCancelled(ctx context.Context, operation Operation, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return l.cancelled(ctx, operation, nil, false)
}

// orCancelled returns err, or once ctx is cancelled an error that wraps ErrCancelled and the cause: what a process that
// was interrupted says of its end ("signal: killed") tells a reader nothing.
func orCancelled(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCancelled, context.Cause(ctx))
}

// progressTimeout is how long reading the state may take after an operation was cancelled.
const progressTimeout = time.Minute

// measure gives the result of a cancelled operation its progress, which count tells from the state that it left.
func (l *Lab) measure(ctx context.Context, r *Result, count func(left *apitype.DeploymentV3) Progress) {
	if !r.Cancelled {
		return
	}
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), progressTimeout)
	defer cancel()
	_, state, err := l.deployment(reading)
	if err != nil {
		return
	}
	p := count(state)
	for _, op := range state.PendingOperations {
		p.Unknown = append(p.Unknown, op.Resource.URN.Name())
	}
	slices.Sort(p.Unknown)
	p.Unknown = slices.Compact(p.Unknown)
	r.Progress = &p
}

// upProgress tells the progress of an up that was to make the changes of its preview.
func (r *Result) upProgress(planned []Step, left *apitype.DeploymentV3) Progress {
	exists, half := map[string]bool{}, map[string]bool{}
	for _, resource := range left.Resources {
		urn := string(resource.URN)
		exists[urn] = exists[urn] || !resource.Delete
		// A replacement has two halves: what it replaces is deleted before or after.
		half[urn] = half[urn] || resource.Delete || resource.PendingReplacement
	}
	changed := map[string]bool{}
	for _, step := range r.Steps {
		changed[step.URN] = step.Phase == Done
	}
	var p Progress
	for _, step := range planned {
		done := changed[step.URN] && !half[step.URN]
		switch step.Op {
		case "create":
			done = exists[step.URN]
		case "delete":
			done = !exists[step.URN] && !half[step.URN]
		}
		if done {
			p.Done++
		} else {
			p.Left++
		}
	}
	return p
}

// counted returns the resources that the engine counts.
func counted(state *apitype.DeploymentV3) []apitype.ResourceV3 {
	return slices.DeleteFunc(slices.Clone(state.Resources), func(r apitype.ResourceV3) bool {
		return isDefaultProvider(r.URN)
	})
}

// destroyProgress tells the progress of a destroy of what the state had before.
func destroyProgress(before, left *apitype.DeploymentV3) Progress {
	had, has := len(counted(before)), len(counted(left))
	return Progress{Done: had - has, Left: has}
}

// refreshProgress tells how many of the resources in the state a refresh has read.
func (r *Result) refreshProgress(left *apitype.DeploymentV3) Progress {
	p := Progress{Done: len(r.refreshed)}
	for _, resource := range counted(left) {
		if !r.refreshed[string(resource.URN)] {
			p.Left++
		}
	}
	return p
}

// leftLocked reports whether an operation that was cancelled may have left a lock, as its engine was ended by a signal.
// An interrupt ends one that is not ready for it yet, and so has begun nothing: its lock is released.
func (l *Lab) leftLocked(ctx context.Context, err error) bool {
	if !engineKilled(err) {
		return false
	}
	if l.stateFolder() == "" {
		return true
	}
	whole := context.WithoutCancel(ctx)
	// A lock whose holder runs is another operation's.
	stale, unknown := recovery.Stale(whole, l.holders())
	if unknown != nil || !stale {
		return unknown != nil
	}
	return !strings.Contains(err.Error(), "signal: interrupt") || l.stack.Cancel(whole) != nil
}

// engineKilled reports whether an error of the SDK says that a signal ended the engine, and not the engine itself.
func engineKilled(err error) bool {
	ended, _, _ := strings.Cut(err.Error(), "\ncode: -1\n")
	return strings.Contains(ended, "signal: ")
}
