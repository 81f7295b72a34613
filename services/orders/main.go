// Orders is a sample microservice: orders over HTTP, kept in PostgreSQL. Its routes, its configuration and its entry in a
// stack's configuration are in README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/awslab/awslab/services/orders/internal/api"
	"github.com/awslab/awslab/services/orders/internal/postgres"
	"github.com/awslab/awslab/services/orders/internal/tracing"
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
		fmt.Fprintf(stderr, "orders: unknown arguments %q; allowed is none, to serve, or migrate or healthcheck\n", args)
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
		err = untilSignal(func(ctx context.Context) error { return migrate(ctx, cfg, stdout) })
	case "healthcheck":
		err = healthcheck(cfg.port)
	default:
		err = untilSignal(func(ctx context.Context) error { return listenAndServe(ctx, cfg, getenv, stdout) })
	}
	if err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return exitFailed
	}
	return exitOK
}

// untilSignal gives work a context that ends at SIGTERM, which ECS sends, or SIGINT. A second signal ends the process at
// once.
func untilSignal(work func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop)
	return work(ctx)
}

// flushTimeout is how long the last traces may take to be sent, when all requests have been answered.
const flushTimeout = 2 * time.Second

func listenAndServe(ctx context.Context, cfg config, getenv func(string) string, stdout io.Writer) error {
	log := api.NewLogger(stdout, cfg.logLevel)
	flush, err := tracing.Start(ctx, getenv, log)
	if err != nil {
		return err
	}
	defer func() {
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		_ = flush(deadline) // traces that are lost are no reason to fail
	}()
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(cfg.port))
	if err != nil {
		return fmt.Errorf("listening on port %d: %w", cfg.port, err)
	}
	return serve(ctx, listener, log, cfg)
}

func migrate(ctx context.Context, cfg config, stdout io.Writer) error {
	log := api.NewLogger(stdout, cfg.logLevel)
	migrations, err := postgres.Migrations()
	if err != nil {
		return err
	}
	applied, err := postgres.Migrate(ctx, *cfg.database, migrations)
	if err != nil {
		return err
	}
	for _, m := range applied {
		log.Info("migrated", "version", m.Version, "name", m.Name)
	}
	log.Info("schema is current", "version", len(migrations), "applied", len(applied))
	return nil
}

// healthcheck asks the service in the same container for its liveness: an image made from scratch has no shell or curl
// to do it.
func healthcheck(port int) error {
	// The transport is one of its own because the default one listens to HTTP_PROXY.
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{}}
	url := fmt.Sprintf("http://127.0.0.1:%d/healthz", port)
	answer, err := client.Get(url)
	if err != nil {
		return fmt.Errorf("checking health: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("checking health: %s answered %s", url, answer.Status)
	}
	return nil
}
