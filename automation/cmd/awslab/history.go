package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/internal/plaintext"
)

func (a *app) historyCommand() *cobra.Command {
	cmd := a.onStack(&cobra.Command{Use: "history", Short: "List the latest operations on the stack"})
	limit := cmd.Flags().Int("limit", 10, "how many operations to list, 1 or more")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *limit < 1 {
			return &usageError{fmt.Errorf("--limit %d: it must be 1 or more", *limit)}
		}
		lab, err := a.open(cmd.Context(), "history", newPlainView(a.err, "", &a.findings))
		if err != nil {
			return err
		}
		past, err := lab.History(cmd.Context(), *limit)
		if err != nil {
			return err
		}
		if !a.json {
			return printHistory(a.out, past)
		}
		return printJSONLines(a.out, past)
	}
	return cmd
}

func printHistory(w io.Writer, past []automation.PastOperation) error {
	if len(past) == 0 {
		_, err := fmt.Fprintln(w, "nothing has changed the stack yet")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "OPERATION\tRESULT\tBEGAN\tTOOK\tCHANGES\tMESSAGE")
	for _, o := range past {
		took := "-"
		if !o.Ended.IsZero() {
			took = o.Ended.Sub(o.Began).String()
		}
		var changes []string
		for _, op := range slices.Sorted(maps.Keys(o.Changes)) {
			changes = append(changes, fmt.Sprintf("%d %s", o.Changes[op], op))
		}
		message, _, _ := strings.Cut(o.Message, "\n") // --json has all of it
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Operation, o.Result, o.Began.Format(time.RFC3339), took,
			strings.Join(changes, ", "), strings.ReplaceAll(plaintext.Of(message), "\t", " "))
	}
	return table.Flush()
}
