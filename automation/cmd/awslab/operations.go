package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/awslab/awslab/automation"
	"github.com/spf13/cobra"
)

// operation is a method of a lab.
type operation func(*automation.Lab, context.Context, ...automation.Option) (*automation.Result, error)

// operationCommands are those that do no more than call a method of a lab.
func (a *app) operationCommands() []*cobra.Command {
	return []*cobra.Command{
		a.operation(
			"up",
			"Create or update the stack's resources, once its policies let the preview pass",
			(*automation.Lab).Up,
			true,
		),
		a.operation(
			"preview",
			"Show what up would change, and what the policies say of it",
			(*automation.Lab).Preview,
			false,
		),
		a.operation("refresh", "Bring the stack's state in line with what exists", (*automation.Lab).Refresh, true),
		a.operation("destroy", "Delete every resource of the stack", (*automation.Lab).Destroy, true),
	}
}

func (a *app) operation(use, short string, do operation, changes bool) *cobra.Command {
	cmd := a.onStack(&cobra.Command{Use: use, Short: short})
	if changes {
		cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask before changing anything on AWS")
	}
	operation := automation.Operation(use)
	chosen := addOperationFlags(cmd, operation)
	if operation == automation.OperationPreview || operation == automation.OperationUp {
		cmd.Flags().StringVar(
			&a.sarif,
			"sarif",
			"",
			"write the policies' findings to this file as SARIF 2.1.0; - is standard output, for preview without "+
				"--json",
		)
	}
	if operation == automation.OperationUp {
		cmd.Flags().StringVar(
			&a.secretsProvider,
			"secrets-provider",
			"",
			"with --target aws, what encrypts the secrets of a stack that does not exist yet: passphrase, or the "+
				"URL of a key such as awskms://alias/NAME?region=REGION (default: that of the backend)",
		)
		cmd.Flags().BoolVar(
			&a.skipImageTests,
			"skip-image-tests",
			false,
			"do not run changed images on this machine before they go to AWS",
		)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.checkSARIF(operation); err != nil {
			return err
		}
		ctx := cmd.Context()
		err := a.orCancelled(ctx, operation, a.operate(ctx, operation, chosen.with(do), changes))
		if err == nil && chosen.remove {
			a.notify(fmt.Sprintf("stack %s is removed, with its history", a.stack))
		}
		return err
	}
	return cmd
}

// orCancelled returns err, or once ctx is cancelled one that says which operation changed nothing for that.
func (a *app) orCancelled(ctx context.Context, operation automation.Operation, err error) error {
	var cancelled *automation.CancelledError
	if err == nil || ctx.Err() == nil || errors.As(err, &cancelled) {
		return err
	}
	return &automation.CancelledError{
		Operation: operation, Stack: a.stack, Target: automation.Target(a.target), Cause: context.Cause(ctx),
	}
}

func (a *app) operate(
	ctx context.Context, operation automation.Operation, do operation, changes bool,
) error {
	asks := false
	if changes {
		var err error
		if asks, err = a.asks(operation); err != nil {
			return err
		}
	}
	a.changes.Store(changes)
	a.openView(operation)
	defer a.closeView()
	view := currentView{a}
	lab, err := a.open(ctx, string(operation), view)
	if err != nil {
		return err
	}
	if operation == automation.OperationUp && lab.Target() == automation.AWS {
		if err := a.testImages(ctx, lab, view); err != nil {
			return err
		}
	}
	var options []automation.Option
	switch {
	case asks && operation == automation.OperationRecover:
		if err := a.confirm(ctx, operation); err != nil {
			return err
		}
	case asks:
		options = append(options, automation.WithConfirm(a.confirmChanges(operation)))
	}
	result, err := do(lab, ctx, options...)
	a.closeView()
	if a.sarif != "" && result != nil {
		err = errors.Join(err, a.writeSARIF(result))
	}
	if err != nil && !errors.As(err, new(*driftError)) {
		return err
	}
	if !a.json {
		printDiffs(a.out, operation, result.Steps)
	}
	if err != nil {
		return err
	}
	if !a.json && operation == automation.OperationUp {
		return a.printAddresses(lab, result.Outputs)
	}
	return nil
}
