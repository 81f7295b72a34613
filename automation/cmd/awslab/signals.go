package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"golang.org/x/term"
)

// cancellers are the signals that cancel an operation. A terminal that closes sends SIGHUP.
var cancellers = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// catchSignals has signals sent to the channel that it returns, and no write to a closed pipe end the process: a
// [stream] takes care of that.
func catchSignals() <-chan os.Signal {
	signals := make(chan os.Signal, len(cancellers))
	for _, s := range cancellers {
		// What started awslab wants it to outlive the terminal: nohup.
		if s != syscall.SIGHUP || !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return signals
}

// handleSignals cancels on the first signal, terminates on the second and kills the engine on the third.
func (a *app) handleSignals(ctx context.Context, signals <-chan os.Signal, cancel context.CancelCauseFunc) {
	stopping := func(why error) { // said before the operation can say how it ended
		a.notify(fmt.Sprintf("stopping (%v): what has begun is finished first; interrupt again to stop without "+
			"waiting for it", why))
	}
	select {
	case s := <-signals:
		cause := errors.New(cancelCause(s))
		stopping(cause)
		cancel(cause)
	case <-ctx.Done():
		if !errors.Is(context.Cause(ctx), errUnread) || !a.changes.Load() {
			return
		}
		stopping(context.Cause(ctx))
	}
	await(signals)
	a.notify("stopping at once: what is in flight may be done or not, which awslab recover finds out")
	if lab := a.lab.Load(); lab != nil {
		lab.Terminate()
	}
	await(signals)
	a.notify("killing the engine: the lock stays, which awslab recover releases")
	if lab := a.lab.Load(); lab != nil {
		lab.Kill()
	}
	signal.Reset() // the next one ends awslab itself
}

// await returns when a person asks once more. A terminal that closes may say so twice, as the kernel and the shell do.
func await(signals <-chan os.Signal) {
	for <-signals == syscall.SIGHUP {
	}
}

func cancelCause(s os.Signal) string {
	switch s {
	case os.Interrupt:
		return "interrupted"
	case syscall.SIGHUP:
		return "the terminal was closed"
	default:
		return s.String()
	}
}

// errUnread is why an operation is cancelled whose output nobody reads any more.
var errUnread = errors.New("nobody reads the output any more")

// stream is standard output or standard error. When nobody reads it any more it drops what is written, and calls gone
// if it is a pipe: of a terminal that was closed SIGHUP tells, unless nohup has awslab go on.
type stream struct {
	*os.File
	gone func()
	// failed is the first error that a write had, but for these. Not all that prints looks at it.
	failed atomic.Pointer[error]
}

func (s *stream) Write(p []byte) (int, error) {
	n, err := s.File.Write(p)
	switch {
	case errors.Is(err, syscall.EPIPE):
		s.gone()
		return len(p), nil
	case errors.Is(err, syscall.EIO) && term.IsTerminal(int(s.Fd())):
		return len(p), nil
	case err != nil:
		s.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}
