package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/awslab/awslab/automation"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/spf13/cobra"
)

func (a *app) importCommand() *cobra.Command {
	var file string
	cmd := a.onStack(&cobra.Command{Use: "import", Short: "Replace the stack's state by one that export printed"})
	cmd.Flags().StringVarP(&file, "file", "f", "", "the file to read; - is standard input (required)")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask before replacing the state of a stack on AWS")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.orCancelled(cmd.Context(), automation.OperationImport, a.importState(cmd.Context(), file))
	}
	return cmd
}

func (a *app) importState(ctx context.Context, file string) error {
	deployment, err := a.readDeployment(file)
	if err != nil {
		return err
	}
	asks, err := a.asks(automation.OperationImport)
	if err != nil {
		return err
	}
	if asks && file == "-" {
		return &usageError{
			errors.New("import reads the state from standard input, and cannot ask there: add --yes"),
		}
	}
	a.changes.Store(true)
	lab, err := a.open(ctx, "import", newPlainView(a.err, "", &a.findings))
	if err != nil {
		return err
	}
	if asks {
		if err := a.confirm(ctx, automation.OperationImport); err != nil {
			return err
		}
		a.closeView()
	}
	done, err := lab.Import(ctx, deployment)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.err, "awslab: "+replaced(lab.Stack(), lab.Target(), done))
	if a.json {
		return json.NewEncoder(a.out).Encode(done)
	}
	return nil
}

// replaced says what an import did.
func replaced(stack string, target automation.Target, done *automation.Imported) string {
	kept := ""
	if done.Backup != "" {
		kept = fmt.Sprintf("; the one before is kept as %s until the next operation", done.Backup)
	}
	return fmt.Sprintf("the state of stack %s is replaced: it had %s and has %d%s; awslab drift%s shows what differs",
		stack, plural(done.Before, "resource"), done.After, kept, automation.Flags(stack, target))
}

// readDeployment reads a state that export printed.
func (a *app) readDeployment(file string) (apitype.UntypedDeployment, error) {
	var deployment apitype.UntypedDeployment
	if file == "" {
		return deployment, &usageError{errors.New("no file is named; use --file FILE, or - for standard input")}
	}
	content, err := a.readInput(file)
	if err != nil {
		return deployment, &usageError{
			fmt.Errorf("the state to import cannot be read: %w; name a file that awslab export has written", err),
		}
	}
	if err := json.Unmarshal(content, &deployment); err != nil || len(deployment.Deployment) == 0 {
		return deployment, &usageError{fmt.Errorf("%s is no state that awslab export has printed", file)}
	}
	return deployment, nil
}

func (a *app) readInput(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(a.in)
	}
	return os.ReadFile(file) //nolint:gosec // named by the user
}
