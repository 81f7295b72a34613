package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// stopTimeout is how long ECS waits between SIGTERM and SIGKILL unless a task definition says otherwise.
const stopTimeout = 30 * time.Second

// config is what the environment says; README.md lists the variables.
type config struct {
	port            int // 0 lets the system choose one
	logLevel        slog.Level
	maxItems        int
	drainDelay      time.Duration // from not being ready to accepting no more connections
	shutdownTimeout time.Duration // from then on, for the requests in flight
}

// loadConfig reads the environment, where an empty variable counts as absent. Its error names every problem.
func loadConfig(getenv func(string) string) (config, error) {
	var problems []string
	read := func(name, fallback, allowed string, parse func(string) bool) {
		value := getenv(name)
		if value == "" {
			value = fallback
		}
		if !parse(value) {
			problems = append(problems, fmt.Sprintf("%s: %q is not %s", name, value, allowed))
		}
	}

	var cfg config
	read("PORT", "8080", "a port from 0 to 65535", wholeNumber(&cfg.port, 0, 65535))
	read("LOG_LEVEL", "info", "a level: debug, info, warn or error", level(&cfg.logLevel))
	read("MAX_ITEMS", "10000", "a whole number from 1 to 1000000", wholeNumber(&cfg.maxItems, 1, 1_000_000))
	read("DRAIN_DELAY", "5s", "a duration from 0s, such as 5s", duration(&cfg.drainDelay))
	read("SHUTDOWN_TIMEOUT", "20s", "a duration from 0s, such as 20s", duration(&cfg.shutdownTimeout))
	// Each is bounded before they are added, lest the sum overflow.
	if cfg.drainDelay >= stopTimeout || cfg.shutdownTimeout >= stopTimeout || cfg.drainDelay+cfg.shutdownTimeout >= stopTimeout {
		problems = append(problems, fmt.Sprintf("DRAIN_DELAY and SHUTDOWN_TIMEOUT: %s and %s together must be below %s, when ECS kills the task",
			cfg.drainDelay, cfg.shutdownTimeout, stopTimeout))
	}
	if len(problems) > 0 {
		return config{}, errors.New("configuration: " + strings.Join(problems, "; "))
	}
	return cfg, nil
}

func wholeNumber(to *int, low, high int) func(string) bool {
	return func(value string) bool {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return false
		}
		*to = n
		return true
	}
}

func duration(to *time.Duration) func(string) bool {
	return func(value string) bool {
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return false
		}
		*to = d
		return true
	}
}

func level(to *slog.Level) func(string) bool {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	return func(value string) bool {
		l, ok := levels[strings.ToLower(value)]
		if !ok {
			return false
		}
		*to = l
		return true
	}
}
