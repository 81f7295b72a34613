package main

import (
	"context"
	"fmt"

	"github.com/awslab/awslab/automation"
	"github.com/spf13/cobra"
)

// driftError says that something differs; the view has shown what.
type driftError struct{ resources int }

func (e *driftError) Error() string {
	differs := "differ"
	if e.resources == 1 {
		differs = "differs"
	}
	return fmt.Sprintf("%s %s from the state; awslab refresh records it, and the up after it sets it back",
		plural(e.resources, "resource"), differs)
}

func (a *app) driftCommand() *cobra.Command {
	return a.operation(
		string(automation.OperationDrift),
		"Show what differs between the stack's state and what exists, and change neither",
		func(lab *automation.Lab, ctx context.Context, chosen ...automation.Option) (*automation.Result, error) {
			result, err := lab.Drift(ctx, chosen...)
			if err == nil && !result.Unchanged() {
				err = &driftError{len(result.Steps)}
			}
			return result, err
		},
		false,
	)
}
