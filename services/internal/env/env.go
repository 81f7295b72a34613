// Package env reads the environment of a service, and reports every problem with it at once.
package env

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Reader reads variables, where an empty one counts as absent, and collects what is wrong with them.
type Reader struct {
	getenv   func(string) string
	problems []string
}

// NewReader returns a Reader of the variables that getenv knows.
func NewReader(getenv func(string) string) *Reader { return &Reader{getenv: getenv} }

// Get returns a variable as it is.
func (r *Reader) Get(name string) string { return r.getenv(name) }

// Problem notes that something is wrong.
func (r *Reader) Problem(format string, values ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, values...))
}

// Read has parse read a variable, or fallback where it is absent. A value that parse refuses is a problem; allowed says
// what is none.
func (r *Reader) Read(name, fallback, allowed string, parse func(string) bool) {
	value := r.getenv(name)
	if value == "" {
		value = fallback
	}
	if !parse(value) {
		r.Problem("%s: %q is not %s", name, value, allowed)
	}
}

// Err returns an error that names every problem, or nil.
func (r *Reader) Err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return errors.New("configuration: " + strings.Join(r.problems, "; "))
}

// WholeNumber parses a number from low to high.
func WholeNumber(to *int, low, high int) func(string) bool {
	return func(value string) bool {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return false
		}
		*to = n
		return true
	}
}

// Duration parses a duration from 0s.
func Duration(to *time.Duration) func(string) bool {
	return func(value string) bool {
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return false
		}
		*to = d
		return true
	}
}

// Level parses a level of logging: debug, info, warn or error.
func Level(to *slog.Level) func(string) bool {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug,
		"info":  slog.LevelInfo,
		"warn":  slog.LevelWarn,
		"error": slog.LevelError,
	}
	return func(value string) bool {
		l, ok := levels[strings.ToLower(value)]
		if !ok {
			return false
		}
		*to = l
		return true
	}
}
