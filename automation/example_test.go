package automation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/awslab/awslab/automation"
)

// Deploy a stack on the offline target, and report what a policy refuses.
func Example() {
	ctx := context.Background()
	lab, err := automation.Open(ctx, automation.Options{
		ProjectDir: ".",
		Stack:      "dev",
		OnEvent: func(e automation.Event) {
			if e.Resource != nil {
				slog.Info("resource", "operation", e.Operation, "type", e.Resource.Type, "name", e.Resource.Name)
			}
		},
	})
	if err != nil {
		slog.Error("opening the stack", "error", err)
		return
	}
	result, err := lab.Up(ctx)
	var refused *automation.PolicyError
	switch {
	case errors.As(err, &refused):
		for _, v := range refused.Violations {
			fmt.Printf("%s on %s: %s Fix: %s\n", v.Policy, v.ResourceName, v.Finding, v.Fix)
		}
	case errors.Is(err, automation.ErrCancelled):
		fmt.Println("cancelled; run it again to go on")
	case err != nil:
		slog.Error("deploying", "error", err)
	default:
		fmt.Println(len(result.Steps), "resources changed; the URL is", result.Outputs["url"].Value)
	}
}

// Show what would change, without changing it.
func ExampleLab_Preview() {
	ctx := context.Background()
	lab, err := automation.Open(ctx, automation.Options{ProjectDir: ".", Stack: "prod"})
	if err != nil {
		slog.Error("opening the stack", "error", err)
		return
	}
	preview, err := lab.Preview(ctx)
	if err != nil {
		slog.Error("previewing", "error", err)
		return
	}
	for _, step := range preview.Steps {
		fmt.Println(step.Op, step.Type, step.Name, step.Properties)
	}
}

// List the rules that are mandatory in prod.
func ExamplePolicies() {
	policies, err := automation.Policies(context.Background(), ".", "prod")
	if err != nil {
		slog.Error("listing the policies", "error", err)
		return
	}
	for _, p := range policies {
		if p.Levels["prod"] == "mandatory" {
			fmt.Println(p.Name, p.Severity, p.Description)
		}
	}
}

// Make an environment for a pull request, which no file configures, and delete it with all that belongs to it.
func ExampleConfiguration() {
	ctx := context.Background()
	dev, err := automation.ReadConfiguration("Pulumi.dev.yaml")
	if err != nil {
		slog.Error("reading the configuration of dev", "error", err)
		return
	}
	dev["network"] = map[string]any{"cidr": "10.42.0.0/16"}
	lab, err := automation.Open(ctx, automation.Options{ProjectDir: ".", Stack: "pr-42", Configuration: dev})
	if err != nil {
		slog.Error("opening the stack", "error", err)
		return
	}
	if _, err := lab.Up(ctx, automation.WithMessage("pull request 42"), automation.WithParallel(8)); err != nil {
		slog.Error("deploying", "error", err)
		return
	}
	if _, err := lab.Destroy(ctx); err != nil {
		slog.Error("destroying", "error", err)
		return
	}
	if err := lab.Remove(ctx); err != nil {
		slog.Error("removing the stack", "error", err)
	}
}

// Carry out what somebody has looked at, and nothing else.
func ExampleWithPlan() {
	ctx := context.Background()
	lab, err := automation.Open(ctx, automation.Options{ProjectDir: ".", Stack: "prod"})
	if err != nil {
		slog.Error("opening the stack", "error", err)
		return
	}
	preview, err := lab.Preview(ctx, automation.WithDiff(), automation.WithSavePlan("plan.json"))
	if err != nil {
		slog.Error("previewing", "error", err)
		return
	}
	for _, step := range preview.Steps {
		for _, d := range step.Diff {
			fmt.Println(step.Name, d.Path, d.Before, "=>", d.After)
		}
	}
	_, err = lab.Up(ctx, automation.WithPlan("plan.json"))
	var outside *automation.PlanError
	if errors.As(err, &outside) {
		fmt.Println("changed since it was planned:", outside.Diagnostics)
	}
}
