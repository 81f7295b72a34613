package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/awslab/awslab/automation"
)

func (a *app) configCommand() *cobra.Command {
	parent := &cobra.Command{Use: "config", Short: "Look at the configuration of stacks"}
	parent.AddCommand(a.configShowCommand(), a.configValidateCommand())
	return parent
}

func (a *app) configShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [KEY]",
		Short: "Print the values in effect in a stack, all or those below a key, and where each comes from",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{fmt.Errorf("config show %q: give one key, or none for all", args)}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&a.stack, "stack", "s", "", "the stack, configured by Pulumi.<stack>.yaml (required)")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		project, err := a.stackProject()
		if err != nil {
			return err
		}
		settings, err := automation.Settings(automation.Options{ProjectDir: project, Stack: a.stack})
		if err != nil {
			return err
		}
		if len(args) == 1 {
			if settings = below(settings, args[0]); len(settings) == 0 {
				return &usageError{
					fmt.Errorf("nothing is in effect below %q; awslab config show --stack %s shows what is",
						args[0], a.stack),
				}
			}
		}
		if a.json {
			return printJSONLines(a.out, settings)
		}
		return printSettings(a.out, settings)
	}
	return cmd
}

// below returns the settings at a key or within it, which may leave out the namespace.
func below(settings []automation.Setting, key string) []automation.Setting {
	return slices.DeleteFunc(slices.Clone(settings), func(s automation.Setting) bool {
		path := s.Path
		if !strings.Contains(key, ":") {
			_, path, _ = strings.Cut(path, ":")
		}
		rest, within := strings.CutPrefix(path, key)
		return !within || rest != "" && rest[0] != '.' && rest[0] != '['
	})
}

func printSettings(w io.Writer, settings []automation.Setting) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tVALUE\tFROM")
	for _, s := range settings {
		text, is := s.Value.(string)
		if !is {
			text = valueText(s.Value)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Path, text, s.Origin)
	}
	return table.Flush()
}

// validity is what validate prints of a stack as JSON.
type validity struct {
	Stack string `json:"stack"`
	Valid bool   `json:"valid"`
	// Error says what is wrong; empty if nothing is.
	Error string `json:"error,omitempty"`
}

func (a *app) configValidateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration of a stack, or of all that have a file, without an engine or a target",
		Args:  noArguments,
	}
	cmd.Flags().StringVarP(&a.stack, "stack", "s", "", "only this stack (default: all that have a configuration file)")
	cmd.RunE = func(_ *cobra.Command, _ []string) error {
		project, err := a.projectDir()
		if err != nil {
			return err
		}
		stacks := automation.Stacks(project)
		if a.stack != "" {
			stacks = []string{a.stack}
		}
		if len(stacks) == 0 {
			return &usageError{fmt.Errorf("there is no Pulumi.<stack>.yaml in %s; write one", project)}
		}
		var wrong []error
		found := make([]validity, len(stacks))
		for i, name := range stacks {
			_, err := automation.Settings(automation.Options{ProjectDir: project, Stack: name})
			found[i] = validity{Stack: name, Valid: err == nil}
			if err != nil {
				found[i].Error = err.Error()
				wrong = append(wrong, fmt.Errorf("stack %s: %w", name, err))
			} else if !a.json {
				fmt.Fprintf(a.err, "awslab: the configuration of stack %s is valid\n", name)
			}
		}
		if a.json {
			wrong = append(wrong, printJSONLines(a.out, found))
		}
		return errors.Join(wrong...)
	}
	return cmd
}
