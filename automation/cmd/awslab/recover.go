package main

import (
	"context"

	"github.com/awslab/awslab/automation"
	"github.com/spf13/cobra"
)

func (a *app) recoverCommand() *cobra.Command {
	var options automation.RecoverOptions
	cmd := a.operation(
		string(automation.OperationRecover),
		"Mend the stack's state after an operation was killed",
		func(lab *automation.Lab, ctx context.Context, _ ...automation.Option) (*automation.Result, error) {
			return lab.Recover(ctx, options)
		},
		true,
	)
	cmd.Long = cmd.Short + ": release the lock that the operation left, if its process has ended, adopt the " +
		"resources that it created and had no time to record, and refresh. Then run up again to complete it."
	cmd.Flags().StringToStringVar(&options.IDs, "id", nil,
		"the id of a resource that recover could not find, as NAME=ID; NAME= if there is none")
	return cmd
}
