// Orders is a sample microservice: orders over HTTP, kept in PostgreSQL. Its routes, its configuration and its entry in
// a stack's configuration are in README.md.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/awslab/awslab/services/internal/httpserver"
	"github.com/awslab/awslab/services/internal/jsonapi"
	"github.com/awslab/awslab/services/internal/telemetry"
)

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage // arguments or configuration
)

func main() {
	os.Exit(run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

func run(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	command := "serve"
	if len(args) == 1 && slices.Contains([]string{"migrate", "healthcheck"}, args[0]) {
		command = args[0]
	} else if len(args) > 0 {
		fmt.Fprintf(
			stderr,
			"orders: unknown arguments %q; allowed is none, to serve, or migrate or healthcheck\n",
			args,
		)
		return exitUsage
	}
	work, err := prepare(command, getenv, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return exitUsage
	}
	if err := httpserver.UntilSignal(work); err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return exitFailed
	}
	return exitOK
}

// prepare reads what the environment says of the command. Its error is one of the configuration.
func prepare(
	command string,
	getenv func(string) string,
	stdout io.Writer,
) (work func(context.Context) error, err error) {
	if command == "migrate" {
		m, err := loadMigration(getenv)
		return func(ctx context.Context) error { return migrate(ctx, m, stdout) }, err
	}
	cfg, err := loadConfig(getenv)
	if command == "healthcheck" {
		return func(context.Context) error { return httpserver.Healthcheck(cfg.Port) }, err
	}
	return func(ctx context.Context) error { return listenAndServe(ctx, cfg, getenv, stdout) }, err
}

func listenAndServe(ctx context.Context, cfg config, getenv func(string) string, stdout io.Writer) error {
	log := jsonapi.NewLogger(stdout, cfg.LogLevel)
	stopTelemetry, err := telemetry.Start(ctx, getenv, log)
	if err != nil {
		return err
	}
	defer stopTelemetry()
	listener, err := httpserver.Listen(cfg.Port)
	if err != nil {
		return err
	}
	return serve(ctx, listener, log, cfg)
}
