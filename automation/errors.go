package automation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/images"
	"github.com/awslab/awslab/automation/internal/backend"
	"github.com/awslab/awslab/automation/offline"
	"github.com/awslab/awslab/infra/config"
)

// BackendError says that there is nowhere to keep a stack's state, or that it cannot be used. Nothing was done.
type BackendError = backend.Error

// SecretsError says that the secrets of a stack cannot be encrypted or decrypted. Nothing was done.
type SecretsError = backend.SecretsError

// saysItself are the types of errors that end in the next step, wherever they come from.
var saysItself = []func(error) error{
	as[*InputError], as[*config.Error], as[*BackendError], as[*SecretsError], as[*offline.UnusableError],
	as[*CredentialsError], as[*WrongAccountError], as[*MissingPermissionsError], as[*ImageStoreError],
	as[*engine.MissingError], as[*images.EngineError], as[*images.FailedError], as[*InterruptedError],
	as[*ProtectedError], as[*PlanError], as[*UnknownResourcesError], as[*NoStackError], as[*PackError],
}

func as[E error](err error) error {
	var found E
	if errors.As(err, &found) {
		return found
	}
	return nil
}

// typed returns the error in err that says itself what to do, or nil.
func typed(err error) error {
	for _, of := range saysItself {
		if found := of(err); found != nil {
			return found
		}
	}
	if refused := backend.Refused(err.Error()); refused != nil {
		return refused
	}
	return nil
}

// InputError refuses an option: which one, what it was, and what is allowed.
type InputError struct {
	Field, Value, Allowed string
}

func (e *InputError) Error() string {
	return fmt.Sprintf("%s %q: allowed is %s", e.Field, e.Value, e.Allowed)
}

// NoStackError says that a stack does not exist that has to. Nothing was done.
type NoStackError struct {
	Stack  string
	Target Target
}

func (e *NoStackError) Error() string {
	return fmt.Sprintf("stack %s does not exist on target %s; create it with awslab up%s",
		e.Stack, e.Target, Flags(e.Stack, e.Target))
}

// PolicyError says that mandatory policies refused the preview or update.
type PolicyError struct {
	Violations []Violation
}

func (e *PolicyError) Error() string {
	lines := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		lines[i] = fmt.Sprintf("%s: %s: %s", v.Policy, v.URN, v.Message)
	}
	return fmt.Sprintf("refused by %s:\n%s\nSet what each names, or exempt the resource in the stack's configuration; "+
		"awslab policy explain RULE says how", count(len(e.Violations), "mandatory policy violation"),
		strings.Join(lines, "\n"))
}

// ConcurrentUpdateError says that another operation holds the stack's lock.
type ConcurrentUpdateError struct {
	Stack  string
	Target Target
	// Holder is the engine's description of who holds the lock; may be empty.
	Holder string
	// Unproven says that a recovery could not prove that the holder has ended: it runs, or ran on another machine.
	Unproven bool
	// Running is the operation that this Lab itself runs; empty if it runs none.
	Running Operation
}

func (e *ConcurrentUpdateError) Error() string {
	if e.Running != "" {
		return fmt.Sprintf("this Lab of stack %s already runs %s; wait for it to end, or open another Lab",
			e.Stack, e.Running)
	}
	text := fmt.Sprintf("stack %s is locked by another operation", e.Stack)
	if e.Holder != "" {
		text += " (" + e.Holder + ")"
	}
	if !e.Unproven {
		return text + "; wait for it to end. If it was killed, awslab recover" + Flags(e.Stack, e.Target) +
			" releases the lock"
	}
	release := "pulumi cancel --stack " + e.Stack
	if e.Target == Offline {
		release = `eval "$(awslab offline env)" && ` + release
	}
	return text + ", which runs, or cannot be asked from here: wait for it to end, or run recover on its machine. If " +
		"you know that it has ended, release the lock with: " + release
}

// InterruptedError says that another operation on the stack is under way, or was killed: the state has creates of which
// nobody knows yet whether they happened.
type InterruptedError struct {
	Stack  string
	Target Target
	// Pending are the names of the resources that are or were being created, sorted.
	Pending []string
}

func (e *InterruptedError) Error() string {
	return fmt.Sprintf(
		"another operation on stack %s is creating resources, or was killed while it did: %s; wait for it to end. If "+
			"it was killed, run awslab recover%s first",
		e.Stack, strings.Join(e.Pending, ", "), Flags(e.Stack, e.Target),
	)
}

// Flags returns how the awslab command is told to act on a stack at a target, with a space before.
func Flags(stack string, target Target) string {
	flags := " --stack " + stack
	if target != "" && target != Offline {
		flags += " --target " + string(target)
	}
	return flags
}

// OperationError says that the engine, the program or a provider failed.
type OperationError struct {
	// Operation is what failed; empty if that was no operation, such as opening a stack.
	Operation Operation
	Stack     string
	Target    Target
	// Diagnostics are the errors that were reported, in order.
	Diagnostics []Diagnostic
	cause       error
}

func (e *OperationError) Error() string { return e.said() + e.next() }

// said returns what was reported, or else the cause.
func (e *OperationError) said() string {
	if len(e.Diagnostics) == 0 {
		return fmt.Sprint(e.cause)
	}
	lines := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

func (e *OperationError) next() string {
	if e.Operation == "" {
		return "; correct that, and run the command again"
	}
	return fmt.Sprintf(
		"\nCorrect what the errors say, then run awslab %s%s again",
		e.Operation,
		Flags(e.Stack, e.Target),
	)
}

func (e *OperationError) Unwrap() error { return e.cause }

// StorageError says that this machine could not store what an operation did, as a disk is full. The state is the last
// one that could be written.
type StorageError struct {
	Stack  string
	Target Target
	// Reason is what the system says of it.
	Reason string
	cause  *OperationError
}

func (e *StorageError) Error() string {
	flags := Flags(e.Stack, e.Target)
	return fmt.Sprintf("what was done could not all be stored: %s; free space, or make writable, where awslab writes "+
		"(.awslab, the temporary folder and the cache), and run awslab recover%s, which finds what is not in the state",
		e.Reason, flags)
}

func (e *StorageError) Unwrap() error { return e.cause }

// unstorable is how the system says so, ENOSPC, EDQUOT, EFBIG and EROFS, and how SQLite does, SQLITE_FULL and
// SQLITE_IOERR_WRITE.
var unstorable = regexp.MustCompile(`no space left on device|disk quota exceeded|file too large|` +
	`read-only file system|database or disk is full|disk I/O error \(778\)`)

// AccessDeniedError says that AWS refused a call for want of a right. What was done before is in the state.
type AccessDeniedError struct {
	// Principal is the ARN of who called, Actions what it may not do, sorted.
	Principal string
	Actions   []string
	cause     *OperationError
}

func (e *AccessDeniedError) Error() string {
	return fmt.Sprintf(
		"%s may not do %s: grant it, or name other credentials in aws:profile or AWS_PROFILE, and run the operation "+
			"again",
		e.Principal, strings.Join(e.Actions, ", "),
	)
}

func (e *AccessDeniedError) Unwrap() error { return e.cause }

// unauthorized is how AWS says so ("Troubleshoot access denied error messages", IAM user guide).
var unauthorized = regexp.MustCompile(`(arn:\S+) is not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)`)

// accessDenied returns nil unless errors say that AWS refused calls.
func accessDenied(failed *OperationError) *AccessDeniedError {
	denied := &AccessDeniedError{cause: failed}
	for _, d := range failed.Diagnostics {
		for _, match := range unauthorized.FindAllStringSubmatch(d.Message, -1) {
			denied.Principal, denied.Actions = match[1], append(denied.Actions, match[2])
		}
	}
	if denied.Principal == "" {
		return nil
	}
	slices.Sort(denied.Actions)
	denied.Actions = slices.Compact(denied.Actions)
	return denied
}

// ExpiredCredentialsError says that the AWS credentials expired while an operation ran: those of a session last from 15
// minutes to 12 hours, and a database alone takes 20 minutes to make. The operation goes on with new ones.
type ExpiredCredentialsError struct {
	Operation Operation
	Stack     string
	Target    Target
	cause     *OperationError
}

func (e *ExpiredCredentialsError) Error() string {
	return fmt.Sprintf(
		"the AWS credentials expired while %s ran: renew them, with aws sso login or what gave them, and run "+
			"awslab %[1]s%s again, which does the rest",
		e.Operation, Flags(e.Stack, e.Target),
	)
}

func (e *ExpiredCredentialsError) Unwrap() error { return e.cause }

// expired is how AWS and its SDK say so: the common error codes of its APIs, Amazon S3's, IAM Identity Center's.
var expired = regexp.MustCompile(`api error (ExpiredToken|RequestExpired|TokenRefreshRequired)|` +
	`ExpiredToken: |failed to refresh cached credentials|SSO session has expired`)

// classify turns an error of the SDK into one of ours. What redact has shortened may not say it any more, so raw is the
// error as the SDK returned it; wrapped carries what was attempted. seen is what the event stream told, nil when there
// was none.
func classify(ctx context.Context, wrapped, raw error, seen *Result) error {
	if ctx.Err() != nil {
		return orCancelled(ctx, wrapped)
	}
	if seen != nil {
		if violations := seen.mandatory(); len(violations) > 0 {
			return &PolicyError{Violations: violations}
		}
	}
	if lockedOut(raw) {
		return &ConcurrentUpdateError{Holder: lockHolder(raw.Error())}
	}
	if refused := typed(wrapped); refused != nil {
		return refused
	}
	if strings.Contains(raw.Error(), "error: no stack named '") { // it was removed while a lab was open
		return &NoStackError{}
	}
	failed := &OperationError{cause: wrapped}
	if seen != nil {
		failed.Operation, failed.Stack, failed.Target = seen.Operation, seen.Stack, seen.Target
		failed.Diagnostics = seen.errors()
		if outside := planViolations(failed.Diagnostics); len(outside) > 0 {
			return &PlanError{Stack: seen.Stack, Target: seen.Target, Diagnostics: outside}
		}
		if kept := protectedIn(failed.Diagnostics); len(kept) > 0 {
			return &ProtectedError{seen.Operation, seen.Stack, seen.Target, kept}
		}
	}
	if reason := unstorable.FindString(failed.said()); reason != "" && seen != nil {
		return &StorageError{Stack: seen.Stack, Target: seen.Target, Reason: reason, cause: failed}
	}
	if seen != nil && seen.Target == AWS && expired.MatchString(failed.said()) {
		return &ExpiredCredentialsError{seen.Operation, seen.Stack, seen.Target, failed}
	}
	if denied := accessDenied(failed); denied != nil && seen.Target == AWS {
		return denied
	}
	return failed
}

// lockedOut reports whether the engine says that a stack is locked. The SDK's predicate knows the SDK's own errors
// alone, not those of commands that awslab runs itself.
func lockedOut(err error) bool {
	return strings.Contains(err.Error(), "the stack is currently locked by") ||
		strings.Contains(err.Error(), "[409] Conflict: Another update is currently in progress.")
}

// lockHolder finds the engine's line about the lock: "dev.json: created by root@host (pid 42) at 2026-01-02T03:04:05Z".
func lockHolder(text string) string {
	for line := range strings.Lines(text) {
		if _, holder, found := strings.Cut(line, "created by "); found {
			return "created by " + strings.TrimSpace(holder)
		}
	}
	return ""
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// redact shortens an error of the SDK, whose text holds all that the engine printed, to its first line and the end of
// standard error.
func redact(err error) error {
	first, rest, found := strings.Cut(err.Error(), "\ncode: ")
	if !found {
		return err
	}
	_, stderr, _ := strings.Cut(rest, "\nstderr: ")
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	return errors.New(strings.TrimSpace(first + "\n" + strings.Join(lines[max(0, len(lines)-10):], "\n")))
}
