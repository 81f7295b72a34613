package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/awslab/awslab/automation"
)

// confirm shows what up would do and asks; destroy and refresh ask at once.
func (a *app) confirm(ctx context.Context, lab *automation.Lab, operation automation.Operation) error {
	if operation == automation.OperationUp {
		if result, err := lab.Preview(ctx); err != nil || result.Unchanged() {
			return err
		}
	}
	a.closeView()
	fmt.Fprintf(a.err, "Type the stack's name to %s it on AWS: ", operation)
	answered := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(a.in).ReadString('\n')
		answered <- strings.TrimSpace(answer)
	}()
	var answer string
	select {
	case <-ctx.Done():
	case answer = <-answered:
	}
	if answer != lab.Stack() {
		return &automation.CancelledError{
			Operation: operation, Stack: a.stack, Target: lab.Target(), Cause: errors.New("not confirmed"),
		}
	}
	a.openView(operation)
	return nil
}
