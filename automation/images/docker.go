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
	"unicode/utf8"

	"github.com/awslab/awslab/automation/internal/plaintext"
)

// EngineError says that there is no Docker engine that could build, or that it stopped answering meanwhile.
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

// answerTimeout is how long an engine may take to say that it is there.
const answerTimeout = 10 * time.Second

// gone returns an *EngineError if the engine no longer answers, which is why a service's image failed with an error.
func (d docker) gone(ctx context.Context, service string, failed error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := d.output(ctx, "version", "--format", "{{.Server.Os}}")
	if err == nil {
		return nil
	}
	next := "start it and run this again"
	if left := new(leftError); errors.As(failed, &left) {
		next = "start it, remove what is left of the test with " + left.remedy() + ", and run this again"
	}
	return &EngineError{fmt.Sprintf(
		"the Docker engine stopped answering while the image of service %s was built or tested (%v); %s",
		service, err, next,
	)}
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

// stream runs a command and calls line with each line that it prints, without what could change a terminal.
func (d docker) stream(ctx context.Context, line func(string), args ...string) error {
	cmd := d.command(ctx, args...)
	lines := &lineWriter{line: func(text string) { line(printable(text)) }}
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

// maxLine is how many characters of a line are shown.
const maxLine = 1000

// printable returns the beginning of a line without what would change a terminal. Of text that was written over with a
// carriage return, as progress bars are, the last is left.
func printable(line string) string {
	line = plaintext.Of(strings.ToValidUTF8(line[strings.LastIndex(line, "\r")+1:], "\uFFFD"))
	if count := utf8.RuneCountInString(line); count > maxLine {
		line = fmt.Sprintf("%s... (%d characters)", string([]rune(line)[:maxLine]), count)
	}
	return line
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
	Config       struct {
		User            string
		Entrypoint, Cmd []string
	}
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

// logs returns the last lines of a container, from standard output and standard error, and of all its lines the first
// that telling returns true for.
func (d docker) logs(ctx context.Context, container string, telling func(string) bool) (last []string, told string,
	err error) {
	err = d.stream(ctx, func(line string) {
		if told == "" && telling(line) {
			told = line
		}
		last = append(last, line)
		last = last[max(0, len(last)-lastLines):]
	}, "logs", container)
	if err != nil {
		return nil, "", fmt.Errorf("reading the log of container %s: %w", container, err)
	}
	return last, told, nil
}

// exitCodeOf returns the exit code of a command that ended by itself, and -1 for any other error.
func exitCodeOf(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
