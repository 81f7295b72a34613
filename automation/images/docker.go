package images

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// EngineError says that there is no Docker engine that could build. Nothing has been done.
type EngineError struct {
	// Message is a sentence that ends in the next step.
	Message string
}

func (e *EngineError) Error() string { return e.Message }

// cancelGrace is how long a cancelled command of the client may take, such as to tell the engine to stop a build.
const cancelGrace = 10 * time.Second

// docker is the Docker engine, through its command line client.
type docker struct {
	path string
	// platform is what the engine runs without emulation, such as linux/amd64.
	platform string
}

// openDocker finds the client and asks whether the engine answers.
func openDocker(ctx context.Context) (docker, error) {
	path, err := exec.LookPath("docker")
	if err != nil {
		return docker{}, &EngineError{"there is no docker command on PATH; install Docker Engine or Docker Desktop"}
	}
	d := docker{path: path}
	d.platform, err = d.output(ctx, "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")
	if ctx.Err() != nil {
		return docker{}, ctx.Err()
	}
	if err != nil {
		return docker{}, &EngineError{fmt.Sprintf(
			"the Docker engine does not answer (%v); start it, with sudo systemctl start docker or by opening Docker "+
				"Desktop, or correct DOCKER_HOST", err,
		)}
	}
	return d, nil
}

// command returns a command of the client. It is in a process group of its own: a terminal's Ctrl-C reaches it once,
// through ctx, and not at all where the client removes a container.
func (d docker) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := command(ctx, d.path, args...)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	return cmd
}

// command returns a command that is interrupted when ctx ends, and only then.
func command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = cancelGrace
	return cmd
}

// output returns what a command prints, without white space around it. The error has what it printed to standard error,
// and no arguments.
func (d docker) output(ctx context.Context, args ...string) (string, error) {
	return output(d.command(ctx, args...))
}

func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", cmd.Args[1], err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// stream runs a command and calls line with each line that it prints.
func (d docker) stream(ctx context.Context, line func(string), args ...string) error {
	cmd := d.command(ctx, args...)
	lines := &lineWriter{line: line}
	cmd.Stdout, cmd.Stderr = lines, lines
	err := cmd.Run()
	lines.flush()
	return err
}

// lineWriter calls line with each line that is written to it.
type lineWriter struct {
	line func(string)
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.rest = append(w.rest, data...)
	for {
		line, rest, complete := bytes.Cut(w.rest, []byte("\n"))
		if !complete {
			return len(data), nil
		}
		w.line(strings.TrimRight(string(line), "\r"))
		w.rest = rest
	}
}

func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		_, _ = io.WriteString(w, "\n")
	}
}

// image is what the engine says of an image (Docker Engine API, ImageInspect).
type image struct {
	ID           string `json:"Id"`
	Os           string
	Architecture string
	Size         int64
	RootFS       struct{ Layers []string }
	Config       struct{ User string }
}

func (i image) platform() string { return i.Os + "/" + i.Architecture }

func (d docker) inspectImage(ctx context.Context, name string) (image, error) {
	var inspected image
	err := d.inspect(ctx, &inspected, "image", name)
	return inspected, err
}

// state is that of a container (Docker Engine API, ContainerState).
type state struct {
	Running   bool
	ExitCode  int
	OOMKilled bool
}

func (d docker) inspectState(ctx context.Context, container string) (state, error) {
	var inspected struct{ State state }
	err := d.inspect(ctx, &inspected, "container", container)
	return inspected.State, err
}

func (d docker) inspect(ctx context.Context, into any, kind, name string) error {
	text, err := d.output(ctx, kind, "inspect", "--format", "{{json .}}", name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("reading what docker %s inspect says of %s: %w", kind, name, err)
	}
	return nil
}

// lastLines is how many lines of a build or a container a failure shows.
const lastLines = 15

// logs returns the last lines of a container, from standard output and standard error.
func (d docker) logs(ctx context.Context, container string) ([]string, error) {
	var lines []string
	err := d.stream(
		ctx,
		func(line string) { lines = append(lines, line) },
		"logs", "--tail", fmt.Sprint(lastLines), container,
	)
	if err != nil {
		return nil, fmt.Errorf("reading the log of container %s: %w", container, err)
	}
	return lines, nil
}

// exitCodeOf returns the exit code of a command that ended by itself, and -1 for any other error.
func exitCodeOf(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
