package main

import (
	"fmt"

	"github.com/awslab/awslab/automation"
	"github.com/spf13/cobra"
)

func (a *app) cancelCommand() *cobra.Command {
	cmd := a.onStack(&cobra.Command{
		Use:   "cancel",
		Short: "Stop the operation that another awslab on this machine runs on the stack, as Ctrl-C there would",
	})
	cmd.Long = cmd.Short + ": what has begun is finished first. It waits for the end and says what was done. An " +
		"operation whose process was killed is nothing to cancel: awslab recover mends what it left."
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		lab, err := a.open(cmd.Context(), "cancel", newPlainView(a.err, "", &a.findings))
		if err != nil {
			return err
		}
		results, err := lab.Cancel(cmd.Context())
		if err != nil {
			return err
		}
		if a.json {
			return printJSONLines(a.out, results)
		}
		for _, r := range results {
			fmt.Fprintln(a.out, cancelled(r))
		}
		return nil
	}
	return cmd
}

// cancelled says what an operation had done when it ended.
func cancelled(r automation.Cancelled) string {
	how := "was cancelled"
	if r.Succeeded {
		how = "had succeeded by then"
	}
	return fmt.Sprintf("%s of stack %s (pid %d) %s: %s changed; the state has what was done",
		r.Operation, r.Stack, r.PID, how, plural(r.Done, "resource"))
}
