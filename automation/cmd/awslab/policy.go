package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/awslab/awslab/automation"
	"github.com/spf13/cobra"
)

func (a *app) policyCommand() *cobra.Command {
	parent := &cobra.Command{Use: "policy", Short: "Look at the policies that gate previews and updates"}
	var only string
	list := &cobra.Command{
		Use:   "list",
		Short: "List the policies' rules and what each does in each stack",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			var stacks []string
			if only != "" {
				stacks = []string{only}
			}
			policies, err := automation.Policies(cmd.Context(), project, stacks...)
			if err != nil {
				return err
			}
			if a.json {
				encoder := json.NewEncoder(a.out)
				for _, p := range policies {
					if err := encoder.Encode(p); err != nil {
						return err
					}
				}
				return nil
			}
			return printPolicies(a.out, policies)
		},
	}
	list.Flags().StringVarP(&only, "stack", "s", "", "only this stack's levels (default: a column for each stack)")
	parent.AddCommand(list)
	return parent
}

// printPolicies prints a table; the description stands last, where it may run over the edge.
func printPolicies(w io.Writer, policies []automation.Policy) error {
	if len(policies) == 0 {
		_, err := fmt.Fprintln(w, "no policy packs: there is no PulumiPolicy.yaml in policy or in a folder of it")
		return err
	}
	stacks := slices.Sorted(maps.Keys(policies[0].Levels))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, pack, severity, controls string, levels []string, description string) {
		cells := append([]string{name, pack, severity, controls}, append(levels, description)...)
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	headers := make([]string, len(stacks))
	for i, stack := range stacks {
		headers[i] = strings.ToUpper(stack)
	}
	row("RULE", "PACK", "SEVERITY", "CONTROLS", headers, "DESCRIPTION")
	for _, p := range policies {
		levels := make([]string, len(stacks))
		for i, stack := range stacks {
			levels[i] = p.Levels[stack]
		}
		row(p.Name, p.Pack, orDash(p.Severity), orDash(strings.Join(p.Controls, ",")), levels, p.Description)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(
		w,
		"\nwhat costs nothing and replaces nothing is set right for who asks for it: pulumi up --policy-pack "+
			"policy/remediation",
	)
	return err
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
