// Command awslab brings the lab up, shows what would change, and takes it down, for a stack on a target. It renders
// what package automation reports: a live view on a terminal, plain lines elsewhere, JSON lines with --json.
//
// Exit codes: 0 success; 1 the operation failed; 2 wrong arguments, configuration or surroundings, nothing was
// done; 3 refused by a mandatory policy; 4 another operation is under way, or was killed; 5 no Pulumi engine; 6
// drift; 130 cancelled; 141 nobody read the output any more.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/images"
	"github.com/awslab/awslab/automation/offline"
	"github.com/awslab/awslab/infra/config"
	"github.com/spf13/cobra"
)

const (
	exitFailed    = 1
	exitInput     = 2
	exitPolicy    = 3
	exitLocked    = 4
	exitEngine    = 5
	exitDrift     = 6
	exitCancelled = 130
	exitUnread    = 141
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	unread := func() { cancel(errUnread) }
	out := &stream{File: os.Stdout, gone: unread}
	app := &app{in: os.Stdin, out: out, err: &stream{File: os.Stderr, gone: unread}}
	go app.handleSignals(ctx, catchSignals(), cancel)

	err := app.execute(ctx, args)
	app.end()
	if failed := out.failed.Load(); err == nil && failed != nil {
		err = fmt.Errorf("the output is not whole: %w; make room there, or send it elsewhere", *failed)
	}
	var refused *automation.PolicyError
	switch {
	case errors.As(err, &refused) && !app.json:
		// The view has shown each violation.
		fmt.Fprintf(
			app.err,
			"awslab: refused by %s; see above\n",
			plural(len(refused.Violations), "mandatory policy violation"),
		)
	case err != nil && (app.changes.Load() || !errors.Is(context.Cause(ctx), errUnread)):
		fmt.Fprintf(app.err, "awslab: %v\n", err)
	}
	return exitCode(ctx, err)
}

func (a *app) execute(ctx context.Context, args []string) error {
	root := a.rootCommand()
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if a.misused != nil {
		return a.misused
	}
	return orInterrupted(ctx, command, err)
}

// orInterrupted returns err, or once ctx is cancelled one that says which command ended for that, if err does not: what
// it was doing tells a reader nothing.
func orInterrupted(ctx context.Context, command *cobra.Command, err error) error {
	var said *automation.CancelledError
	if err == nil || ctx.Err() == nil || errors.As(err, &said) {
		return err
	}
	return fmt.Errorf("%s was cancelled (%w): nothing was changed; run it again", command.CommandPath(),
		context.Cause(ctx))
}

func exitCode(ctx context.Context, err error) int {
	var (
		input    *automation.InputError
		config   *config.Error
		usage    *usageError
		kept     *automation.ProtectedError
		policy   *automation.PolicyError
		locked   *automation.ConcurrentUpdateError
		pending  *automation.InterruptedError
		drift    *driftError
		noEngine *engine.MissingError
		nobody   *automation.CredentialsError
		stranger *automation.WrongAccountError
		denied   *automation.MissingPermissionsError
		store    *automation.ImageStoreError
		noDocker *images.EngineError
		unusable *offline.UnusableError
		backend  *automation.BackendError
		secrets  *automation.SecretsError
		idle     *automation.NothingToCancelError
		full     *automation.NotEmptyError
		state    *automation.StateError
		absent   *automation.NoStackError
		pack     *automation.PackError
	)
	switch {
	case errors.Is(context.Cause(ctx), errUnread):
		return exitUnread
	case err == nil:
		return 0
	case ctx.Err() != nil, errors.Is(err, automation.ErrCancelled):
		return exitCancelled
	case errors.As(err, &input),
		errors.As(err, &config),
		errors.As(err, &usage),
		errors.As(err, &kept),
		errors.As(err, &nobody),
		errors.As(err, &stranger),
		errors.As(err, &denied),
		errors.As(err, &store),
		errors.As(err, &backend),
		errors.As(err, &secrets),
		errors.As(err, &idle),
		errors.As(err, &full),
		errors.As(err, &state),
		errors.As(err, &absent),
		errors.As(err, &pack),
		errors.As(err, &noDocker),
		errors.As(err, &unusable):
		return exitInput
	case errors.As(err, &policy):
		return exitPolicy
	case errors.As(err, &locked), errors.As(err, &pending):
		return exitLocked
	case errors.As(err, &noEngine):
		return exitEngine
	case errors.As(err, &drift):
		return exitDrift
	default:
		return exitFailed
	}
}
