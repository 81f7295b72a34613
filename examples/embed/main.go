// Command embed deploys the dev stack on the offline target from Go, prints its URL, and destroys it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/awslab/awslab/automation"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	lab, err := automation.Open(ctx, automation.Options{
		ProjectDir:    ".",
		Stack:         "dev",
		OfflinePlugin: "bin/awslab-offline",
	})
	if err != nil {
		return err
	}
	preview, err := lab.Preview(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("preview: %d steps, %d findings\n", len(preview.Steps), len(preview.Violations))
	if _, err := lab.Up(ctx); err != nil {
		return err
	}
	outputs, err := lab.Outputs(ctx)
	if err != nil {
		return err
	}
	fmt.Println("url:", outputs["url"].Value)
	destroyed, err := lab.Destroy(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("destroyed: %d resources\n", len(destroyed.Steps))
	return nil
}
