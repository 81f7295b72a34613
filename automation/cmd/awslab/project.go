package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation"
)

// creators are the commands that create a stack that does not exist. The engine previews in one alone.
var creators = []string{"up", "preview", "cost", "import"}

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
		ProjectDir: project, Stack: a.stack, Target: target, Backend: a.backend, SecretsProvider: a.secretsProvider,
		MustExist: !slices.Contains(creators, what), EngineProgress: view.engine, OnEvent: view.event,
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
