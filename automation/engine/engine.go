// Package engine finds the Pulumi engine that the automation package drives: a pulumi on PATH that is new enough,
// else one built once from the Go module proxy and kept in the user's cache directory. It also runs it: Command
// implements auto.PulumiCommand with an environment of our choosing and a shutdown that lets resources finish.
package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/blang/semver"

	"github.com/awslab/awslab/automation/internal/environ"
)

// BuildVersion is the version that is built when PATH has none; the module in module/ pins the same one.
const BuildVersion = "3.259.0"

// MinimumVersion is the oldest engine that starts a policy pack from an executable (pulumi 3.255.0).
var MinimumVersion = semver.MustParse("3.255.0")

// Engine is a pulumi command that was found or built.
type Engine struct {
	// Path is the absolute path of the executable.
	Path string
	// Version is what the executable says of itself.
	Version semver.Version
	// Built tells an engine built from modules: it comes without the language hosts that a release ships.
	Built bool
}

// MissingError says that there is no usable engine and none could be built.
type MissingError struct {
	Reason error
}

func (e *MissingError) Error() string {
	return fmt.Sprintf(
		"no Pulumi engine: %v; put pulumi %s or newer on PATH, or install Go so that awslab can build one",
		e.Reason,
		MinimumVersion,
	)
}

func (e *MissingError) Unwrap() error { return e.Reason }

// Progress is one step of a build. Total is 0 while it is not known.
type Progress struct {
	Phase       string
	Done, Total int
	Detail      string
}

// Find returns the engine to use. explicit, when not empty, is the only candidate. Otherwise a pulumi on PATH of
// at least MinimumVersion is taken; otherwise the one in the user's cache, which is built now if it is not there.
// progress may be nil.
func Find(ctx context.Context, explicit string, progress func(Progress)) (*Engine, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if explicit != "" {
		return inspect(ctx, explicit)
	}
	if path, err := exec.LookPath("pulumi"); err == nil {
		if found, err := inspect(ctx, path); err == nil {
			return found, nil
		}
	}
	return cached(ctx, progress)
}

// inspect asks the executable for its version and refuses one that is too old.
func inspect(ctx context.Context, path string) (*Engine, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, &MissingError{Reason: fmt.Errorf("resolving %s: %w", path, err)}
	}
	cmd := exec.CommandContext(ctx, absolute, "version")
	needed := environ.Without(environ.Inherited(os.Environ()), "AWS_", "PULUMI_") // to say a version takes no token
	cmd.Env = append(needed, "PULUMI_SKIP_UPDATE_CHECK=true")
	out, err := cmd.Output()
	if err != nil {
		return nil, &MissingError{Reason: fmt.Errorf("asking %s for its version: %w", absolute, err)}
	}
	version, err := semver.ParseTolerant(strings.TrimSpace(string(out)))
	if err != nil {
		return nil, &MissingError{Reason: fmt.Errorf("reading the version of %s: %w", absolute, err)}
	}
	if version.LT(MinimumVersion) {
		return nil, &MissingError{Reason: fmt.Errorf("%s is version %s", absolute, version)}
	}
	return &Engine{Path: absolute, Version: version, Built: isCached(absolute)}, nil
}

func cached(ctx context.Context, progress func(Progress)) (*Engine, error) {
	path, err := cachePath()
	if err != nil {
		return nil, &MissingError{Reason: err}
	}
	if _, err := os.Stat(path); err != nil {
		if err := build(ctx, path, progress); err != nil {
			return nil, &MissingError{Reason: err}
		}
	}
	return &Engine{Path: path, Version: semver.MustParse(BuildVersion), Built: true}, nil
}

// cachePath names the version, so that an upgrade builds anew and an old engine is never mistaken for a new one.
func cachePath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache directory: %w: set one of them", err)
	}
	return filepath.Join(dir, "awslab", "engine", "v"+BuildVersion, "bin", "pulumi"), nil
}

func isCached(path string) bool {
	cache, err := cachePath()
	return err == nil && path == cache
}
