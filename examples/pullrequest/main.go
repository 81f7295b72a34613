// Command pullrequest creates and deletes a stack for each branch, on the offline target. Every stack has the
// configuration of dev; its physical names contain the branch, so that stacks do not collide.
//
//	pullrequest up feature/checkout
//	pullrequest down feature/checkout
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"

	"github.com/awslab/awslab/automation"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pullrequest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: pullrequest up|down BRANCH")
	}
	environment, err := open(ctx, ".", args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "up":
		return environment.up(ctx)
	case "down":
		return environment.down(ctx)
	}
	return fmt.Errorf("unknown command %q; use up or down", args[0])
}

// environment is the stack of a branch.
type environment struct {
	lab *automation.Lab
	// file configures the stack.
	file string
}

// other matches what a branch's name may have and a stack's may not.
var other = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

func open(ctx context.Context, project, branch string) (*environment, error) {
	stack := "pr-" + other.ReplaceAllString(branch, "-")
	file := filepath.Join(project, "Pulumi."+stack+".yaml")
	configuration, err := os.ReadFile(filepath.Join(project, "Pulumi.dev.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of dev: %w", err)
	}
	if err := os.WriteFile(file, configuration, 0o600); err != nil {
		return nil, fmt.Errorf("configuring stack %s: %w", stack, err)
	}
	lab, err := automation.Open(ctx, automation.Options{
		ProjectDir:    project,
		Stack:         stack,
		OfflinePlugin: "bin/awslab-offline",
	})
	if err != nil {
		return nil, err
	}
	return &environment{lab: lab, file: file}, nil
}

func (e *environment) up(ctx context.Context) error {
	result, err := e.lab.Up(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("stack %s: %v\n", e.lab.Stack(), result.Outputs["url"].Value)
	return nil
}

func (e *environment) down(ctx context.Context) error {
	result, err := e.lab.Destroy(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("stack %s: %d resources deleted\n", e.lab.Stack(), len(result.Steps))
	return os.Remove(e.file)
}
