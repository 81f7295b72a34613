package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/awslab/awslab/automation"
)

// listedStack is a stack that exists, that has a configuration file, or both.
type listedStack struct {
	automation.StackSummary
	// Exists is false for a stack that has a file alone.
	Exists bool `json:"exists"`
	// File says that Pulumi.<stack>.yaml configures it.
	File bool `json:"file"`
}

func (a *app) stacksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stacks",
		Short: "List the project's stacks: those that exist at the target, and those that have a configuration file",
		Args:  noArguments,
	}
	a.onTarget(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		project, err := a.projectDir()
		if err != nil {
			return err
		}
		view := newPlainView(a.err, "", &a.findings)
		existing, err := automation.ListStacks(cmd.Context(), automation.Options{
			ProjectDir: project, Target: automation.Target(a.target), Backend: a.backend, EngineProgress: view.engine,
		})
		if err != nil {
			return err
		}
		stacks := listStacks(existing, automation.Stacks(project))
		if a.json {
			return printJSONLines(a.out, stacks)
		}
		return printStacks(a.out, stacks)
	}
	return cmd
}

// listStacks joins the stacks that exist with those that have a file.
func listStacks(existing []automation.StackSummary, files []string) []listedStack {
	var stacks []listedStack
	for _, s := range existing {
		stacks = append(stacks, listedStack{StackSummary: s, Exists: true, File: slices.Contains(files, s.Name)})
	}
	for _, name := range files {
		if !slices.ContainsFunc(existing, func(s automation.StackSummary) bool { return s.Name == name }) {
			stacks = append(stacks, listedStack{StackSummary: automation.StackSummary{Name: name}, File: true})
		}
	}
	return stacks
}

func printStacks(w io.Writer, stacks []listedStack) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STACK\tRESOURCES\tUPDATED\tCONFIGURED BY")
	for _, s := range stacks {
		resources, updated, by := "-", "never", "its latest update"
		if s.Exists {
			resources = fmt.Sprint(s.Resources)
		}
		if !s.Updated.IsZero() {
			updated = s.Updated.Format(time.RFC3339)
		}
		if s.File {
			by = "Pulumi." + s.Name + ".yaml"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Name, resources, updated, by)
	}
	return table.Flush()
}
