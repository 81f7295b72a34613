package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/spf13/cobra"
	"golang.org/x/term"
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
	json, yes              bool
	// sarif is the file for the findings; empty means none and - standard output.
	sarif string
	// skipImageTests deploys images that were not tested.
	skipImageTests bool
	// findings remembers what was shown, over all operations of a command.
	findings findings

	lab atomic.Pointer[automation.Lab]
	// changes holds once an operation that changes something has begun: a person has to hear how it ended.
	changes atomic.Bool
	// view is what is drawing now; notices must not tear it.
	mu   sync.Mutex
	view view
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "awslab",
		Short: "Drive the lab's stacks, on AWS or on the offline target",
		Long: `awslab previews, deploys, refreshes and destroys the lab's stacks.

It acts on the offline target - stand-ins for AWS on this machine, at no cost - unless --target aws is given.

Exit codes:` + exitTable(slices.Collect(maps.Keys(exitMeanings))...),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
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

	root.AddCommand(
		a.operation(
			"up",
			"Create or update the stack's resources, once its policies let the preview pass",
			(*automation.Lab).Up,
			true,
		),
		a.operation(
			"preview",
			"Show what up would change, and what the policies say of it",
			(*automation.Lab).Preview,
			false,
		),
		a.operation("refresh", "Bring the stack's state in line with what exists", (*automation.Lab).Refresh, true),
		a.operation("destroy", "Delete every resource of the stack", (*automation.Lab).Destroy, true),
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
	complete(root)
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
	cmd.Flags().StringVar(&a.target, "target", string(automation.Offline), "offline or aws")
	completeFlag(cmd, "target", func() []string { return []string{string(automation.Offline), string(automation.AWS)} })
	completeFlag(cmd, "stack", func() []string {
		project, err := a.projectDir()
		if err != nil {
			return nil
		}
		return automation.Stacks(project)
	})
	return cmd
}

// operation is a method of a lab.
type operation func(*automation.Lab, context.Context, ...automation.Option) (*automation.Result, error)

func (a *app) operation(use, short string, do operation, changes bool) *cobra.Command {
	cmd := a.onStack(&cobra.Command{Use: use, Short: short})
	if changes {
		cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask before changing anything on AWS")
	}
	operation := automation.Operation(use)
	chosen := addOperationFlags(cmd, operation)
	if operation == automation.OperationPreview || operation == automation.OperationUp {
		cmd.Flags().StringVar(
			&a.sarif,
			"sarif",
			"",
			"write the policies' findings to this file as SARIF 2.1.0; - is standard output, for preview without "+
				"--json",
		)
	}
	if operation == automation.OperationUp {
		cmd.Flags().BoolVar(
			&a.skipImageTests,
			"skip-image-tests",
			false,
			"do not run changed images on this machine before they go to AWS",
		)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.checkSARIF(operation); err != nil {
			return err
		}
		ctx := cmd.Context()
		err := a.operate(ctx, operation, chosen.with(do), changes)
		var cancelled *automation.CancelledError
		if err != nil && ctx.Err() != nil && !errors.As(err, &cancelled) {
			return &automation.CancelledError{
				Operation: operation, Stack: a.stack, Target: automation.Target(a.target), Cause: context.Cause(ctx),
			}
		}
		return err
	}
	return cmd
}

func (a *app) operate(
	ctx context.Context, operation automation.Operation, do operation, changes bool,
) error {
	a.changes.Store(changes)
	view := a.openView(operation)
	defer a.closeView()
	lab, err := a.open(ctx, string(operation), view)
	if err != nil {
		return err
	}
	asks := changes && lab.Target() == automation.AWS && !a.yes
	if asks && (!term.IsTerminal(int(a.in.Fd())) || a.json) {
		return &usageError{fmt.Errorf("%s would change AWS and there is nobody to ask; say --yes", operation)}
	}
	if operation == automation.OperationUp && lab.Target() == automation.AWS {
		if err := a.testImages(ctx, lab, view); err != nil {
			return err
		}
	}
	if asks {
		if err := a.confirm(ctx, lab, operation); err != nil {
			return err
		}
	}
	result, err := do(lab, ctx)
	a.closeView()
	if a.sarif != "" && result != nil {
		err = errors.Join(err, a.writeSARIF(result))
	}
	if err != nil {
		return err
	}
	if !a.json {
		printDiffs(a.out, result.Steps)
	}
	if !a.json && operation == automation.OperationUp {
		return a.printAddresses(lab, result.Outputs)
	}
	return nil
}

// open announces the target before anything else happens, and opens the lab.
func (a *app) open(ctx context.Context, what string, view view) (*automation.Lab, error) {
	project, err := a.stackProject()
	if err != nil {
		return nil, err
	}
	target := automation.Target(a.target)
	if slices.Contains(automation.Targets, target) {
		view.announce(fmt.Sprintf("%s of stack %s on %s", what, a.stack, describe(target)))
	}
	lab, err := automation.Open(ctx, automation.Options{
		ProjectDir: project, Stack: a.stack, Target: target,
		EngineProgress: view.engine, OnEvent: view.event,
	})
	if err != nil {
		return nil, err
	}
	a.lab.Store(lab)
	announceLevels(view, lab)
	return lab, nil
}

// announceLevels says where the levels of the rules come from when the stack has none of its own.
func announceLevels(view view, lab *automation.Lab) {
	packs := lab.PolicyPacks()
	if len(packs) == 0 {
		return
	}
	own := lab.Stack() + ".json"
	switch used := filepath.Base(packs[0].Config); {
	case packs[0].Config == "":
		view.announce("there is no policy/config/" + own + ": every rule has its own level, which is mandatory")
	case used != own:
		view.announce("there is no policy/config/" + own + ": the rules have the levels of policy/config/" + used)
	}
}

func describe(target automation.Target) string {
	if target == automation.AWS {
		return "AWS (real resources, real costs)"
	}
	return "the offline target (stand-ins for AWS on this machine; nothing is created at AWS)"
}

// stackProject returns the project's folder if a stack is named.
func (a *app) stackProject() (string, error) {
	project, err := a.projectDir()
	if err != nil {
		return "", err
	}
	if a.stack == "" {
		return "", &usageError{
			fmt.Errorf(
				"no stack is named; use --stack NAME, one of %s",
				strings.Join(automation.Stacks(project), ", "),
			),
		}
	}
	return project, nil
}

// projectDir finds the project the way pulumi does: here, or in the nearest folder above.
func (a *app) projectDir() (string, error) {
	if a.project != "" {
		return a.project, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the current folder: %w", err)
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "Pulumi.yaml")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", &usageError{fmt.Errorf("no Pulumi.yaml in %s or above it; say --project DIR", here)}
		}
	}
}

// confirm shows what up would do and asks; destroy and refresh ask at once.
func (a *app) confirm(ctx context.Context, lab *automation.Lab, operation automation.Operation) error {
	if operation == automation.OperationUp {
		if result, err := lab.Preview(ctx); err != nil || result.Unchanged() {
			return err
		}
	}
	a.closeView()
	fmt.Fprintf(a.err, "Type the stack's name to %s it on AWS: ", operation)
	answered := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(a.in).ReadString('\n')
		answered <- strings.TrimSpace(answer)
	}()
	var answer string
	select {
	case <-ctx.Done():
	case answer = <-answered:
	}
	if answer != lab.Stack() {
		return &automation.CancelledError{
			Operation: operation, Stack: a.stack, Target: lab.Target(), Cause: errors.New("not confirmed"),
		}
	}
	a.openView(operation)
	return nil
}

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

// driftError says that something differs; the view has shown what.
type driftError struct{ resources int }

func (e *driftError) Error() string {
	differs := "differ"
	if e.resources == 1 {
		differs = "differs"
	}
	return fmt.Sprintf("%s %s from the state; awslab refresh records it, and the up after it sets it back",
		plural(e.resources, "resource"), differs)
}

func (a *app) driftCommand() *cobra.Command {
	return a.operation(
		string(automation.OperationDrift),
		"Show what differs between the stack's state and what exists, and change neither",
		func(lab *automation.Lab, ctx context.Context, chosen ...automation.Option) (*automation.Result, error) {
			result, err := lab.Drift(ctx, chosen...)
			if err == nil && !result.Unchanged() {
				err = &driftError{len(result.Steps)}
			}
			return result, err
		},
		false,
	)
}

func (a *app) offlineCommand() *cobra.Command {
	parent := &cobra.Command{Use: "offline", Short: "Work with the offline target"}
	env := &cobra.Command{
		Use:   "env",
		Short: "Print shell commands that point the stock pulumi command at the offline target",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			view := newPlainView(a.err, "", &a.findings)
			environment, path, err := automation.OfflineEnvironment(cmd.Context(),
				automation.Options{ProjectDir: project, EngineProgress: view.engine})
			if err != nil {
				return err
			}
			for _, name := range slices.Sorted(maps.Keys(environment)) {
				fmt.Fprintf(a.out, "export %s=%s\n", name, quote(environment[name]))
			}
			fmt.Fprintf(a.out, "export PATH=%s:\"$PATH\"\n", quote(path))
			fmt.Fprintln(
				a.err,
				"awslab: pulumi in this shell now acts on the offline target; the encryptionsalt that it adds to "+
					"Pulumi.<stack>.yaml belongs to this target, so do not commit it",
			)
			return nil
		},
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "List what exists in the offline target's world",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			things, err := automation.OfflineWorld(cmd.Context(), automation.Options{ProjectDir: project})
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(a.out)
			for _, thing := range things {
				if a.json {
					if err := encoder.Encode(thing); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(a.out, "%-14s %-50s %s\n", thing.Region, thing.Type, thing.ID)
			}
			fmt.Fprintf(a.err, "awslab: %d things exist in the offline target's world\n", len(things))
			return nil
		},
	}
	parent.AddCommand(env, list, a.auditCommand(), a.faultCommand())
	return parent
}

func (a *app) auditCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "audit",
		Short: "List calls that IAM denies in the offline target's world, and permissions that no call needs",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			audit, err := automation.OfflineAudit(cmd.Context(), automation.Options{ProjectDir: project})
			if err != nil {
				return err
			}
			if a.json {
				return json.NewEncoder(a.out).Encode(audit)
			}
			for _, denied := range audit.Denied {
				fmt.Fprintln(a.out, "denied:", denied)
			}
			for _, unused := range audit.Unused {
				fmt.Fprintln(a.out, "unused:", unused)
			}
			fmt.Fprintf(a.err, "awslab: %d calls are denied, %d permissions are unused\n",
				len(audit.Denied), len(audit.Unused))
			return nil
		},
	}
}

func (a *app) faultCommand() *cobra.Command {
	fault := automation.TaskFault{}
	cmd := &cobra.Command{
		Use:   "fault",
		Short: "Make the next deployment of a service fail on the offline target",
		Long: `The next up that deploys the service simulates what ECS does: with --fails

  unhealthy  the health checks of the new tasks fail
  exit       their containers exit with code 1
  alarm      an alarm of rollbackErrors or rollbackAlarms goes off in the bake time
  before     a task in before exits with code 1`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			project, err := a.projectDir()
			if err != nil {
				return err
			}
			options := automation.Options{ProjectDir: project, Stack: a.stack}
			if err := automation.OfflineFault(cmd.Context(), options, fault); err != nil {
				return err
			}
			fmt.Fprintf(a.err, "awslab: the next %d deployments of %s fail (%s), simulated on the offline target\n",
				fault.Times, fault.Service, fault.Kind)
			return nil
		},
	}
	cmd.Flags().StringVarP(&a.stack, "stack", "s", "", "the stack of the service (required)")
	cmd.Flags().StringVar(&fault.Service, "service", "", "the service whose deployment fails (required)")
	cmd.Flags().StringVar(
		&fault.Kind,
		"fails",
		"",
		"how it fails: "+strings.Join(automation.TaskFaults, ", ")+" (required)",
	)
	cmd.Flags().StringVar(&fault.Log, "log", "", "what the failing container logs")
	cmd.Flags().IntVar(&fault.Times, "times", 1, "how many deployments fail")
	completeFlag(cmd, "fails", func() []string { return automation.TaskFaults })
	return cmd
}

func (a *app) engineCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "engine",
		Short: "Find the Pulumi engine, building it where there is none, and print its path",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			view := a.openView("")
			defer a.closeView()
			found, err := engine.Find(cmd.Context(), "", view.engine)
			a.closeView()
			if err != nil {
				return err
			}
			fmt.Fprintln(a.out, found.Path)
			return nil
		},
	}
}

// quote makes a value safe for a POSIX shell.
func quote(value string) string { return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'" }
