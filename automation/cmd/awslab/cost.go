package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/awslab/awslab/automation/cost"
)

func (a *app) costCommand() *cobra.Command {
	cmd := a.onStack(&cobra.Command{
		Use:   "cost",
		Short: "Estimate what the stack costs in a month, now and after an up",
	})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		view := a.openView("")
		defer a.closeView()
		lab, err := a.open(cmd.Context(), "cost", view)
		if err != nil {
			return err
		}
		costs, err := lab.Costs(cmd.Context())
		a.closeView()
		if err != nil {
			return err
		}
		if a.json {
			return json.NewEncoder(a.out).Encode(costs)
		}
		return printCosts(a.out, costs.Now, costs.After)
	}
	return cmd
}

// printCosts prints a line for each component and reason, with what it would cost and the difference to now.
func printCosts(w io.Writer, now, after []cost.Line) error {
	type key struct{ component, what, assumption, unknown string }
	type sum struct{ now, after float64 }
	sums := map[key]sum{}
	add := func(lines []cost.Line, to func(*sum, float64)) {
		for _, line := range lines {
			k := key{line.Component, line.What, line.Assumption, line.Unknown}
			s := sums[k]
			to(&s, line.USD)
			sums[k] = s
		}
	}
	add(now, func(s *sum, usd float64) { s.now += usd })
	add(after, func(s *sum, usd float64) { s.after += usd })
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b key) int {
		return slices.Compare([]string{a.component, a.what, a.assumption}, []string{b.component, b.what, b.assumption})
	})
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "USD a month\tchange\t  for")
	for _, k := range keys {
		note := ""
		switch {
		case k.unknown != "":
			note = " (not estimated: " + k.unknown + ")"
		case k.assumption != "":
			note = " (assumed for each: " + k.assumption + ")"
		}
		s := sums[k]
		fmt.Fprintf(table, "%.2f\t%s\t  %s: %s%s\n", s.after, change(s.after-s.now), k.component, k.what, note)
	}
	total := cost.Total(after)
	fmt.Fprintf(table, "%.2f\t%s\t  in all\n", total, change(total-cost.Total(now)))
	if err := table.Flush(); err != nil {
		return err
	}
	prices := cost.Prices()
	_, err := fmt.Fprintf(w, "Prices of %s as of %s: %s.\n", prices.Region, prices.AsOf, prices.Source)
	return err
}

// change writes a difference, and nothing where there is none.
func change(usd float64) string {
	if usd > -0.005 && usd < 0.005 {
		return ""
	}
	return fmt.Sprintf("%+.2f", usd)
}
