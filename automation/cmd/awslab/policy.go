package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"

	"github.com/awslab/awslab/automation"
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
				return printJSONLines(a.out, policies)
			}
			return printPolicies(a.out, policies)
		},
	}
	list.Flags().StringVarP(&only, "stack", "s", "", "only this stack's levels (default: a column for each stack)")
	parent.AddCommand(list, a.explainCommand())
	return parent
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE",
		Short: "Say what a rule asks for, why, how to comply, and what it does in each stack",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("explain takes the name of one rule; see: awslab policy list")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			policies, err := automation.Policies(cmd.Context(), project)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(policies, func(p automation.Policy) bool { return p.Name == args[0] })
			if at < 0 {
				return unknownRule(args[0], policies)
			}
			if a.json {
				return json.NewEncoder(a.out).Encode(policies[at])
			}
			return explainPolicy(a.out, policies[at])
		},
	}
}

// unknownRule suggests the rule whose name is nearest.
func unknownRule(name string, policies []automation.Policy) error {
	if len(policies) == 0 {
		return &usageError{fmt.Errorf("there is no rule %q: the project has no policy packs", name)}
	}
	nearest := slices.MinFunc(policies, func(a, b automation.Policy) int {
		return levenshtein.Distance(name, a.Name, nil) - levenshtein.Distance(name, b.Name, nil)
	})
	return &usageError{fmt.Errorf("there is no rule %q; did you mean %q? See: awslab policy list", name, nearest.Name)}
}

func explainPolicy(w io.Writer, p automation.Policy) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s\n", p.Name, p.Description)
	for _, part := range []struct{ title, text string }{
		{"Why", p.Why},
		{"Fix", p.Fix},
		{"Severity", p.Severity},
		{"Controls", strings.Join(p.Controls, ", ")},
		{"Pack", p.Pack},
	} {
		if part.text != "" {
			fmt.Fprintf(&text, "%s: %s\n", part.title, part.text)
		}
	}
	for _, stack := range slices.Sorted(maps.Keys(p.Levels)) {
		fmt.Fprintf(&text, "In stack %s: %s\n", stack, p.Levels[stack])
	}
	_, err := io.WriteString(w, text.String())
	return err
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
