// Orders is a sample microservice: orders over HTTP, kept in PostgreSQL. Its routes, its configuration and its entry in
// a stack's configuration are in README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/awslab/awslab/services/internal/httpserver"
	"github.com/awslab/awslab/services/internal/jsonapi"
	"github.com/awslab/awslab/services/internal/tracing"
	"github.com/awslab/awslab/services/orders/internal/postgres"
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
	cfg, err := loadConfig(getenv)
	if err == nil && command == "migrate" && cfg.database == nil {
		err = errors.New("configuration: DATABASE_HOST: is missing; migrate needs a database")
	}
	if err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return exitUsage
	}
	switch command {
	case "migrate":
		err = httpserver.UntilSignal(func(ctx context.Context) error { return migrate(ctx, cfg, stdout) })
	case "healthcheck":
		err = httpserver.Healthcheck(cfg.Port)
	default:
		err = httpserver.UntilSignal(
			func(ctx context.Context) error { return listenAndServe(ctx, cfg, getenv, stdout) },
		)
	}
	if err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return exitFailed
	}
	return exitOK
}

func listenAndServe(ctx context.Context, cfg config, getenv func(string) string, stdout io.Writer) error {
	log := jsonapi.NewLogger(stdout, cfg.LogLevel)
	stopTracing, err := tracing.Start(ctx, getenv, log)
	if err != nil {
		return err
	}
	defer stopTracing()
	listener, err := httpserver.Listen(cfg.Port)
	if err != nil {
		return err
	}
	return serve(ctx, listener, log, cfg)
}

func migrate(ctx context.Context, cfg config, stdout io.Writer) error {
	log := jsonapi.NewLogger(stdout, cfg.LogLevel)
	migrations, err := postgres.Migrations()
	if err != nil {
		return err
	}
	applied, err := postgres.Migrate(ctx, *cfg.database, migrations, log)
	if err != nil {
		return err
	}
	for _, m := range applied {
		log.Info("migrated", "version", m.Version, "name", m.Name)
	}
	log.Info("schema is current", "version", len(migrations), "applied", len(applied))
	return nil
}
