package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/awslab/awslab/automation"
	"github.com/spf13/cobra"
)

// usageError is a wrong use of the command line.
type usageError struct{ reason error }

func (e *usageError) Error() string { return e.reason.Error() }
func (e *usageError) Unwrap() error { return e.reason }

// app holds the streams and the flags that all commands share.
type app struct {
	in       *os.File
	out, err io.Writer

	project, stack, target string
	// backend and secretsProvider are where state is kept on AWS and what its secrets are encrypted with.
	backend, secretsProvider string
	json, yes                bool
	// sarif is the file for the findings; empty means none and - standard output.
	sarif string
	// skipImageTests deploys images that were not tested.
	skipImageTests bool
	// misused is what is wrong with a request for help.
	misused error
	// findings remembers what was shown, over all operations of a command.
	findings findings

	lab atomic.Pointer[automation.Lab]
	// changes holds once an operation that changes something has begun: a person has to hear how it ended.
	changes atomic.Bool
	// view is what is drawing now; notices must not tear it, and there are none once the command has ended.
	mu    sync.Mutex
	view  view
	ended bool
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "awslab",
		Short: "Drive the lab's stacks, on AWS or on the offline target",
		Long: `awslab previews, deploys, refreshes and destroys the lab's stacks.

It acts on the offline target - stand-ins for AWS on this machine, at no cost - unless --target aws is given.

Exit codes:` + exitTable(slices.Collect(maps.Keys(exitMeanings))...),
		Version:       builtFrom().String(), // for --version, which others have too
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// Cobra looks for the flags of an unknown command in its parent.
		if before := cmd.Flags().Args(); cmd.HasSubCommands() && len(before) > 0 {
			return unknownCommand(cmd, before[0])
		}
		return &usageError{fmt.Errorf("%w; see: %s --help", err, cmd.CommandPath())}
	})
	flags := root.PersistentFlags()
	flags.StringVarP(
		&a.project,
		"project",
		"C",
		"",
		"folder of Pulumi.yaml (default: this folder or the nearest above it)",
	)
	flags.BoolVar(&a.json, "json", false, "print JSON, one object a line, for machines")

	root.AddCommand(a.operationCommands()...)
	root.AddCommand(
		a.recoverCommand(),
		a.driftCommand(),
		a.costCommand(),
		a.outputsCommand(),
		a.exportCommand(),
		a.importCommand(),
		a.stacksCommand(),
		a.cancelCommand(),
		a.configCommand(),
		a.imagesCommand(),
		a.policyCommand(),
		a.offlineCommand(),
		a.engineCommand(),
		a.historyCommand(),
		a.versionCommand(),
	)
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	for _, shell := range completion.Commands() {
		shell.Args = noArguments // Cobra's own error has another exit code
	}
	complete(root)
	a.refuseUnknownHelp(root)
	return root
}

func names(root *cobra.Command) []string {
	var found []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			found = append(found, c.Name())
		}
	}
	return found
}

// onStack gives a command the flags that say which stack and target it acts on.
func (a *app) onStack(cmd *cobra.Command) *cobra.Command {
	cmd.Args = noArguments
	cmd.Flags().StringVarP(
		&a.stack,
		"stack",
		"s",
		"",
		"the stack to act on, configured by Pulumi.<stack>.yaml (required)",
	)
	a.onTarget(cmd)
	completeFlag(cmd, "stack", func() []string {
		project, err := a.projectDir()
		if err != nil {
			return nil
		}
		return automation.Stacks(project)
	})
	return cmd
}

// onTarget gives a command the flags that say where it acts.
func (a *app) onTarget(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.target, "target", string(automation.Offline), "offline or aws")
	cmd.Flags().StringVar(&a.backend, "backend", "",
		"with --target aws, the URL of where the state is, such as s3://BUCKET?region=REGION (default: that of "+
			"PULUMI_BACKEND_URL, Pulumi.yaml or pulumi login)")
	completeFlag(cmd, "target", func() []string { return []string{string(automation.Offline), string(automation.AWS)} })
}
