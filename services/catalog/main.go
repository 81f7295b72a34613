// Catalog is a sample microservice: a catalog of items over HTTP, kept in DynamoDB, with pictures in S3 and exports on
// a file system. Its routes, its configuration and its entry in a stack's configuration are in README.md.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

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
	if len(args) > 1 || len(args) == 1 && args[0] != "healthcheck" {
		fmt.Fprintf(stderr, "catalog: unknown arguments %q; allowed is none, to serve, or healthcheck\n", args)
		return exitUsage
	}
	cfg, err := loadConfig(getenv)
	if err != nil {
		fmt.Fprintln(stderr, "catalog:", err)
		return exitUsage
	}
	if len(args) == 1 {
		err = httpserver.Healthcheck(cfg.Port)
	} else {
		err = httpserver.UntilSignal(func(ctx context.Context) error { return serve(ctx, cfg, getenv, stdout) })
	}
	if err != nil {
		fmt.Fprintln(stderr, "catalog:", err)
		return exitFailed
	}
	return exitOK
}

func serve(ctx context.Context, cfg config, getenv func(string) string, stdout io.Writer) error {
	log := jsonapi.NewLogger(stdout, cfg.LogLevel)
	stopTelemetry, err := telemetry.Start(ctx, getenv, log)
	if err != nil {
		return err
	}
	defer stopTelemetry()
	service, err := newAPI(ctx, cfg, log)
	if err != nil {
		return err
	}
	listener, err := httpserver.Listen(cfg.Port)
	if err != nil {
		return err
	}
	return httpserver.Serve(ctx, listener, service, telemetry.Handler, log, cfg.Config)
}
