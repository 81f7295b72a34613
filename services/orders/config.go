package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/awslab/awslab/services/orders/internal/postgres"
)

// stopTimeout is how long ECS waits between SIGTERM and SIGKILL unless a task definition says otherwise.
const stopTimeout = 30 * time.Second

// config is what the environment says; README.md lists the variables.
type config struct {
	port            int // 0 lets the system choose one
	logLevel        slog.Level
	drainDelay      time.Duration    // from not being ready to accepting no more connections
	shutdownTimeout time.Duration    // from then on, for the requests in flight
	database        *postgres.Config // nil keeps orders in memory
}

// reader collects what is wrong with the environment, where an empty variable counts as absent.
type reader struct {
	getenv   func(string) string
	problems []string
}

func (r *reader) problem(format string, values ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, values...))
}

func (r *reader) read(name, fallback, allowed string, parse func(string) bool) {
	value := r.getenv(name)
	if value == "" {
		value = fallback
	}
	if !parse(value) {
		r.problem("%s: %q is not %s", name, value, allowed)
	}
}

// loadConfig reads the environment. Its error names every problem.
func loadConfig(getenv func(string) string) (config, error) {
	r := &reader{getenv: getenv}
	var cfg config
	r.read("PORT", "8080", "a port from 0 to 65535", wholeNumber(&cfg.port, 0, 65535))
	r.read("LOG_LEVEL", "info", "a level: debug, info, warn or error", level(&cfg.logLevel))
	r.read("DRAIN_DELAY", "5s", "a duration from 0s, such as 5s", duration(&cfg.drainDelay))
	r.read("SHUTDOWN_TIMEOUT", "20s", "a duration from 0s, such as 20s", duration(&cfg.shutdownTimeout))
	// Each is bounded before they are added, lest the sum overflow.
	if cfg.drainDelay >= stopTimeout || cfg.shutdownTimeout >= stopTimeout || cfg.drainDelay+cfg.shutdownTimeout >= stopTimeout {
		r.problem("DRAIN_DELAY and SHUTDOWN_TIMEOUT: %s and %s together must be below %s, when ECS kills the task",
			cfg.drainDelay, cfg.shutdownTimeout, stopTimeout)
	}
	cfg.database = r.database()
	if len(r.problems) > 0 {
		return config{}, errors.New("configuration: " + strings.Join(r.problems, "; "))
	}
	return cfg, nil
}

// database returns nil without a host. That other variables are there all the same is a mistake worth telling: orders
// that were to be kept would be lost.
func (r *reader) database() *postgres.Config {
	host := r.getenv("DATABASE_HOST")
	if host == "" {
		for _, name := range []string{"DATABASE_PORT", "DATABASE_NAME", "DATABASE_SECRET", "DATABASE_TLS", "DATABASE_CA"} {
			if r.getenv(name) != "" {
				r.problem("DATABASE_HOST: is missing, though %s is there", name)
				break
			}
		}
		return nil
	}
	db := &postgres.Config{Host: host, CAFile: r.getenv("DATABASE_CA")}
	var port int
	r.read("DATABASE_PORT", "5432", "a port from 1 to 65535", wholeNumber(&port, 1, 65535))
	db.Port = uint16(port) //nolint:gosec // in range
	if db.Database = r.getenv("DATABASE_NAME"); db.Database == "" {
		r.problem("DATABASE_NAME: is missing; name the database on %s", host)
	}
	secret := r.getenv("DATABASE_SECRET")
	if secret == "" {
		r.problem("DATABASE_SECRET: is missing; it is the JSON that RDS keeps in Secrets Manager")
	} else if user, err := postgres.ParseUser(secret); err != nil {
		r.problem("DATABASE_SECRET: %s", err)
	} else {
		db.User = user
	}
	r.read("DATABASE_TLS", string(postgres.TLSVerifyFull), "verify-full, require or disable", encryption(&db.TLS))
	if db.TLS == postgres.TLSDisable && !postgres.IsLoopback(host) {
		r.problem("DATABASE_TLS: disable is for a database on this machine, not on %s", host)
	}
	if db.CAFile != "" && db.TLS != postgres.TLSVerifyFull {
		r.problem("DATABASE_CA: is %q, but with DATABASE_TLS %s no certificate is verified", db.CAFile, db.TLS)
	}
	return db
}

func encryption(to *postgres.TLS) func(string) bool {
	return func(value string) bool {
		*to = postgres.TLS(value)
		return slices.Contains([]postgres.TLS{postgres.TLSVerifyFull, postgres.TLSRequire, postgres.TLSDisable}, *to)
	}
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
