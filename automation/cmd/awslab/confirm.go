package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/internal/plaintext"
)

// asks reports whether a person has to allow what would be changed, and refuses where there is none to ask.
func (a *app) asks(operation automation.Operation) (bool, error) {
	if automation.Target(a.target) != automation.AWS || a.yes {
		return false, nil
	}
	if a.json || !isTerminal(a.in) || !isTerminal(a.err) {
		return false, &usageError{fmt.Errorf(
			"%s would change AWS, and there is no terminal to ask on: add --yes to do it without asking", operation,
		)}
	}
	return true, nil
}

func isTerminal(stream any) bool {
	file, hasDescriptor := stream.(interface{ Fd() uintptr })
	return hasDescriptor && term.IsTerminal(int(file.Fd()))
}

// confirmChanges shows what an operation would do, and asks.
func (a *app) confirmChanges(operation automation.Operation) func(context.Context, *automation.Result) error {
	return func(ctx context.Context, would *automation.Result) error {
		a.closeView()
		for _, l := range changeLines(*would, terminalWidth(a.err)) {
			fmt.Fprintln(a.err, l.style.Render(plaintext.Of(l.text)))
		}
		if err := a.ask(ctx, operation); err != nil {
			return err
		}
		a.openView(operation)
		return nil
	}
}

// asked is how a question calls what is about to be done.
var asked = map[automation.Operation]string{
	automation.OperationUp:      "make these changes",
	automation.OperationDestroy: "delete this",
	automation.OperationRefresh: "record this in its state",
	automation.OperationRecover: "recover it",
	automation.OperationImport:  "replace its state",
}

// ask has a person type the name of the stack. Any other answer is an error.
func (a *app) ask(ctx context.Context, operation automation.Operation) error {
	// What was typed before the question is no answer to it.
	_ = unix.IoctlSetInt(int(a.in.Fd()), unix.TCFLSH, unix.TCIFLUSH)
	fmt.Fprintf(a.err, "Type the stack's name, %s, to %s on AWS: ", a.stack, asked[operation])
	answered := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(a.in).ReadString('\n')
		answered <- answer
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return context.Cause(ctx)
	case answer := <-answered:
		if !strings.HasSuffix(answer, "\n") {
			fmt.Fprintln(a.err) // the input was closed
		}
		if strings.TrimSpace(answer) != a.stack {
			return errors.New("not confirmed")
		}
		return nil
	}
}

// confirm asks before what has no preview.
func (a *app) confirm(ctx context.Context, operation automation.Operation) error {
	a.closeView()
	if err := a.ask(ctx, operation); err != nil {
		return &automation.CancelledError{
			Operation: operation, Stack: a.stack, Target: automation.Target(a.target), Cause: err,
		}
	}
	a.openView(operation)
	return nil
}

// terminalWidth returns the width in columns of a terminal now, or 0 where it has none.
func terminalWidth(stream any) int {
	file, hasDescriptor := stream.(interface{ Fd() uintptr })
	if !hasDescriptor {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width == 0 {
		return 0
	}
	return max(width, narrowest)
}
