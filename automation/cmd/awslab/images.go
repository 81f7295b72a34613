package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/images"
)

func (a *app) imagesCommand() *cobra.Command {
	parent := &cobra.Command{Use: "images", Short: "Build and test the services' images with Docker on this machine"}
	build := a.onImages(
		&cobra.Command{Use: "build", Short: "Build the images as a deployment does, and push none"},
		automation.BuildImages, printBuilt,
	)
	test := a.onImages(
		&cobra.Command{
			Use:   "test",
			Short: "Build the images, and run each as ECS does: check its health, its responses and how it stops",
		},
		automation.TestImages, printTested,
	)
	parent.AddCommand(build, test)
	return parent
}

// onImages makes a command of what is done with the images of a stack.
func (a *app) onImages(
	cmd *cobra.Command,
	do func(context.Context, automation.Options, automation.ImageOptions) ([]images.Result, error),
	print func(io.Writer, []images.Result) error,
) *cobra.Command {
	var services []string
	var platform string
	cmd.Args = noArguments
	cmd.Flags().StringVarP(&a.stack, "stack", "s", "", "the stack, configured by Pulumi.<stack>.yaml (required)")
	cmd.Flags().StringSliceVar(&services, "service", nil, "only this service; can be repeated (default: all services)")
	cmd.Flags().StringVar(
		&platform, "platform", "",
		strings.Join(automation.Platforms, " or ")+" (default: the architecture of each service)",
	)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		project, err := a.stackProject()
		if err != nil {
			return err
		}
		results, err := do(
			cmd.Context(),
			automation.Options{ProjectDir: project, Stack: a.stack},
			automation.ImageOptions{
				Services: services, Platform: platform,
				OnProgress: func(service, line string) { fmt.Fprintf(a.err, "%s | %s\n", service, line) },
			},
		)
		if a.json {
			return errors.Join(err, printJSONLines(a.out, results))
		}
		if len(results) > 0 {
			err = errors.Join(err, print(a.out, results))
		}
		for _, reason := range unscanned(results) {
			fmt.Fprintf(a.err, "awslab: images were not scanned: %s\n", reason)
		}
		return err
	}
	return cmd
}

// testImages tests the images that an up on AWS would deploy for the first time.
func (a *app) testImages(ctx context.Context, lab *automation.Lab, view view) error {
	if a.skipImageTests {
		view.announce("WARNING: --skip-image-tests: images that were never run go to AWS untested")
		return nil
	}
	_, err := lab.TestChangedImages(ctx, automation.ImageOptions{
		OnProgress: func(service, line string) { view.announce(service + " | " + line) },
	})
	var (
		failed   *images.FailedError
		noEngine *images.EngineError
	)
	if errors.As(err, &failed) || errors.As(err, &noEngine) {
		return fmt.Errorf("%w\nnothing was changed on AWS; --skip-image-tests deploys the images untested", err)
	}
	return err
}

func printBuilt(w io.Writer, results []images.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tPLATFORM\tSIZE\tLAYERS\tBUILD\tRESULT\tID")
	for _, r := range results {
		fmt.Fprintln(table, strings.Join([]string{
			r.Service, orDash(r.Platform), size(r), layers(r), duration(r.BuildTime), outcome(r), orDash(r.ID),
		}, "\t"))
	}
	return table.Flush()
}

func printTested(w io.Writer, results []images.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tPLATFORM\tSIZE\tLAYERS\tSTART\tSTOP\tVULNERABILITIES\tRESULT")
	for _, r := range results {
		fmt.Fprintln(table, strings.Join([]string{
			r.Service,
			orDash(r.Platform),
			size(r),
			layers(r),
			duration(r.StartTime),
			duration(r.StopTime),
			vulnerabilities(r),
			outcome(r),
		}, "\t"))
	}
	return table.Flush()
}

func vulnerabilities(r images.Result) string {
	if r.Findings == nil {
		return "-"
	}
	return r.Findings.String()
}

// unscanned returns why images were not scanned, each reason once.
func unscanned(results []images.Result) []string {
	var reasons []string
	for _, r := range results {
		if r.Unscanned != "" && !slices.Contains(reasons, r.Unscanned) {
			reasons = append(reasons, r.Unscanned)
		}
	}
	return reasons
}

func size(r images.Result) string {
	if r.Size == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f MB", float64(r.Size)/1e6)
}

func layers(r images.Result) string {
	if r.Layers == 0 {
		return "-"
	}
	return fmt.Sprint(r.Layers)
}

func duration(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// outcome is the reason where there is one, which says more.
func outcome(r images.Result) string {
	switch {
	case r.Failure != nil:
		return fmt.Sprintf("FAILED (%s)", r.Failure.Kind)
	case r.Reason != "":
		return r.Reason
	}
	return string(r.Outcome)
}
