package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/awslab/awslab/automation"
)

// operationFlags are the flags that say how an operation is carried out.
type operationFlags struct {
	set                           *pflag.FlagSet
	targets, replace              []string
	dependents                    bool
	parallel                      int
	message, savePlan, plan       string
	continueOnError, diff, remove bool
}

// flagsOf lists the flags that an operation has.
var flagsOf = map[automation.Operation][]string{
	automation.OperationPreview: {"resource", "dependents", "replace", "parallel", "diff", "save-plan"},
	automation.OperationUp: {
		"resource", "dependents", "replace", "parallel", "diff", "plan", "message", "continue-on-error",
	},
	automation.OperationRefresh: {"resource", "dependents", "parallel", "message"},
	automation.OperationDrift:   {"resource", "dependents", "parallel", "diff"},
	automation.OperationDestroy: {
		"resource", "dependents", "parallel", "message", "continue-on-error", "remove",
	},
}

// addOperationFlags gives a command the flags of its operation.
func addOperationFlags(cmd *cobra.Command, operation automation.Operation) *operationFlags {
	f := &operationFlags{set: pflag.NewFlagSet(cmd.Use, pflag.ContinueOnError)}
	f.set.StringArrayVar(&f.targets, "resource", nil, "act on this resource alone, by name or URN; may be repeated")
	f.set.BoolVar(&f.dependents, "dependents", false, "with --resource, act on what depends on it, too")
	f.set.StringArrayVar(&f.replace, "replace", nil, "make this resource anew, by name or URN; may be repeated")
	f.set.IntVar(&f.parallel, "parallel", automation.DefaultParallel, "how many resources to work on at once")
	f.set.StringVarP(&f.message, "message", "m", "", "a message for the stack's history")
	f.set.BoolVar(&f.continueOnError, "continue-on-error", false, "go on with what does not depend on what failed")
	f.set.BoolVar(&f.diff, "diff", false, "show how properties change, secrets masked")
	f.set.StringVar(&f.savePlan, "save-plan", "", "write what would be done to this file, for up --plan")
	f.set.StringVar(&f.plan, "plan", "", "do what is in this file, which preview --save-plan wrote, and nothing else")
	f.set.BoolVar(&f.remove, "remove", false, "remove the stack itself, with its history, once it has no resources")
	f.set.VisitAll(func(flag *pflag.Flag) {
		if slices.Contains(flagsOf[operation], flag.Name) {
			cmd.Flags().AddFlag(flag)
		}
	})
	return f
}

// options returns what the flags that were given say.
func (f *operationFlags) options() []automation.Option {
	var options []automation.Option
	for name, option := range map[string]automation.Option{
		"replace":           automation.WithReplace(f.replace...),
		"parallel":          automation.WithParallel(f.parallel),
		"message":           automation.WithMessage(f.message),
		"continue-on-error": automation.WithContinueOnError(),
		"diff":              automation.WithDiff(),
		"save-plan":         automation.WithSavePlan(f.savePlan),
		"plan":              automation.WithPlan(f.plan),
	} {
		if f.set.Lookup(name).Changed {
			options = append(options, option)
		}
	}
	switch {
	case f.dependents:
		options = append(options, automation.WithTargetDependents(f.targets...))
	case len(f.targets) > 0:
		options = append(options, automation.WithTargets(f.targets...))
	}
	return options
}

// with returns an operation that is carried out as the flags say.
func (f *operationFlags) with(do operation) operation {
	return func(lab *automation.Lab, ctx context.Context, more ...automation.Option) (*automation.Result, error) {
		result, err := do(lab, ctx, append(f.options(), more...)...)
		if err == nil && f.remove {
			err = lab.Remove(ctx)
		}
		return result, err
	}
}

// printDiffs prints how the properties of resources change, where an operation was asked to tell.
func printDiffs(w io.Writer, operation automation.Operation, steps []automation.Step) {
	for _, step := range steps {
		if len(step.Diff) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s %s %s\n", wordOf(operation, step.Op), step.Type, step.Name)
		for _, d := range step.Diff {
			fmt.Fprintln(w, "  "+diffLine(d))
		}
	}
}

func diffLine(d automation.PropertyDiff) string {
	switch {
	case d.Before == nil:
		return fmt.Sprintf("+ %s: %s", d.Path, valueText(d.After))
	case d.After == nil:
		return fmt.Sprintf("- %s: %s", d.Path, valueText(d.Before))
	}
	line := fmt.Sprintf("~ %s: %s => %s", d.Path, valueText(d.Before), valueText(d.After))
	if d.Replaces {
		line += " (replaces the resource)"
	}
	return line
}

func valueText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
