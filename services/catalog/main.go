// Catalog is a sample microservice: a catalog of items over HTTP, on the standard library alone. Its routes, its
// configuration and its entry in a stack's configuration are in README.md.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/awslab/awslab/services/catalog/internal/api"
	"github.com/awslab/awslab/services/catalog/internal/item"
	"github.com/awslab/awslab/services/catalog/internal/tracing"
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
		err = healthcheck(cfg.port)
	} else {
		err = serveUntilSignal(cfg, getenv, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "catalog:", err)
		return exitFailed
	}
	return exitOK
}

// flushTimeout is how long the last traces may take to be sent, when all requests have been answered.
const flushTimeout = 2 * time.Second

// serveUntilSignal serves until SIGTERM, which ECS sends, or SIGINT. A second signal ends the process at once.
func serveUntilSignal(cfg config, getenv func(string) string, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop)

	listener, err := net.Listen("tcp", ":"+strconv.Itoa(cfg.port))
	if err != nil {
		return fmt.Errorf("listening on port %d: %w", cfg.port, err)
	}
	log := api.NewLogger(stdout, cfg.logLevel)
	tracer := tracing.Start(getenv, log)
	defer func() {
		deadline, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		tracer.Stop(deadline)
	}()
	return serve(ctx, listener, item.NewMemory(cfg.maxItems), tracer, log, cfg)
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
