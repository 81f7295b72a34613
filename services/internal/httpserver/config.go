// Package httpserver is the HTTP server that every microservice runs: its limits, its configuration, how it stops, and
// how its container is asked whether it is alive.
package httpserver

import (
	"log/slog"
	"time"

	"github.com/awslab/awslab/services/internal/env"
)

// stopTimeout is what a task has of the 30 s after which ECS kills it, unless its task definition says otherwise: the
// last traces and metrics take up to 2 s of them.
const stopTimeout = 28 * time.Second

// Config is what the environment says of the server.
type Config struct {
	Port            int // 0 lets the system choose one
	LogLevel        slog.Level
	DrainDelay      time.Duration // from not being ready to accepting no more connections
	ShutdownTimeout time.Duration // from then on, for the requests in flight
}

// ReadConfig reads PORT, LOG_LEVEL, DRAIN_DELAY and SHUTDOWN_TIMEOUT.
func ReadConfig(r *env.Reader) Config {
	var c Config
	r.Read("PORT", "8080", "a port from 0 to 65535", env.WholeNumber(&c.Port, 0, 65535))
	r.Read("LOG_LEVEL", "info", "a level: debug, info, warn or error", env.Level(&c.LogLevel))
	r.Read("DRAIN_DELAY", "5s", "a duration from 0s, such as 5s", env.Duration(&c.DrainDelay))
	r.Read("SHUTDOWN_TIMEOUT", "20s", "a duration from 0s, such as 20s", env.Duration(&c.ShutdownTimeout))
	// Each is bounded before they are added, lest the sum overflow.
	if c.DrainDelay >= stopTimeout || c.ShutdownTimeout >= stopTimeout ||
		c.DrainDelay+c.ShutdownTimeout >= stopTimeout {
		r.Problem("DRAIN_DELAY and SHUTDOWN_TIMEOUT: %s and %s together must be below %s; ECS kills the task at 30s",
			c.DrainDelay, c.ShutdownTimeout, stopTimeout)
	}
	return c
}
