// Command specimen is a microservice that behaves as its argument says. Images of it show what a test finds.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const address = "127.0.0.1:8080"

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "specimen:", err)
		os.Exit(1)
	}
}

func run(behavior string) error {
	health := http.StatusOK
	switch behavior {
	case "healthcheck":
		return healthcheck()
	case "good":
		if os.Getenv("TABLE_ITEMS") == "" {
			return errors.New("TABLE_ITEMS is missing")
		}
		for _, folder := range []string{"/scratch", "/files"} {
			if err := os.WriteFile(folder+"/note", nil, 0o600); err != nil {
				return err
			}
		}
	case "unhealthy":
		health = http.StatusServiceUnavailable
	case "writes-to-root":
		if err := os.WriteFile("/note", nil, 0o600); err != nil {
			return err
		}
	case "exits-later":
		time.AfterFunc(2*time.Second, func() { os.Exit(0) })
	case "ignores-sigterm":
		signal.Ignore(syscall.SIGTERM)
		return serve(context.Background(), health)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return serve(ctx, health)
}

func serve(ctx context.Context, health int) error {
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(health) })
	failed := make(chan error, 1)
	go func() { failed <- http.ListenAndServe(":8080", nil) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

func healthcheck() error {
	response, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the status is %s", response.Status)
	}
	return nil
}
