package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/blang/semver"
)

// DefaultGrace is how long a cancelled operation may take to finish the resources that it has begun. Killing the
// engine earlier leaves a lock, a pending operation and an orphan behind; an RDS instance takes up to 40 minutes to
// create, so whoever cannot wait terminates instead (Command.Terminate).
const DefaultGrace = 45 * time.Minute

// Command runs the engine for the Automation API. It differs from the SDK's own command in three ways: the child's
// environment is exactly Environ plus what the caller adds (the SDK's passes everything on), cancellation waits for
// Grace (the SDK's kills after ten seconds), and Terminate cuts that wait short.
type Command struct {
	Engine *Engine
	// Environ is the environment the child starts from.
	Environ []string
	// Grace is how long the engine may take after an interrupt before it is killed; 0 means DefaultGrace.
	Grace time.Duration

	mu      sync.Mutex
	running []process
}

// process is a command that runs.
type process struct {
	*exec.Cmd
	cancelled func() bool
}

// Version implements auto.PulumiCommand.
func (c *Command) Version() semver.Version { return c.Engine.Version }

// Run implements auto.PulumiCommand.
func (c *Command) Run(
	ctx context.Context, workdir string, stdin io.Reader,
	additionalOutput, additionalErrorOutput []io.Writer, additionalEnv []string, args ...string,
) (string, string, int, error) {
	if !slices.Contains(args, "--non-interactive") {
		args = append([]string{"--non-interactive"}, args...)
	}
	cmd := exec.CommandContext(ctx, c.Engine.Path, args...)
	cmd.Dir = workdir
	cmd.Env = withEngineOnPath(slices.Concat(c.Environ, additionalEnv, []string{"PULUMI_AUTOMATION_API=true"}),
		filepath.Dir(c.Engine.Path))
	// A group of its own: a terminal's Ctrl-C must reach the engine once, through ctx, not twice.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = c.Grace
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = DefaultGrace
	}

	var stdout, stderr bytes.Buffer
	cmd.Stdin = stdin
	cmd.Stdout = io.MultiWriter(append(slices.Clone(additionalOutput), &stdout)...)
	cmd.Stderr = io.MultiWriter(append(slices.Clone(additionalErrorOutput), &stderr)...)

	if err := c.start(process{cmd, func() bool { return ctx.Err() != nil }}); err != nil {
		return "", "", -1, err
	}
	err := cmd.Wait()
	c.remove(cmd)
	return stdout.String(), stderr.String(), exitCode(cmd, err), err
}

// Terminate makes an operation that is being cancelled stop at once: the engine gets its second interrupt, on which
// it abandons the resources in flight. They stay in the state as pending operations. What runs on a context that is not
// cancelled, such as what reads the state once an operation was, goes on.
func (c *Command) Terminate() {
	for _, cmd := range c.cancelled() {
		go func() {
			// Two interrupts that arrive together may count as one.
			for cmd.Process.Signal(syscall.SIGINT) == nil {
				time.Sleep(terminateInterval)
			}
		}()
	}
}

// terminateInterval is how often a process that is to terminate is told so until it has ended.
const terminateInterval = 200 * time.Millisecond

// Kill ends what Terminate would, and all that it has started, without waiting for anything. It leaves the stack's
// lock.
func (c *Command) Kill() {
	for _, cmd := range c.cancelled() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

func (c *Command) cancelled() []process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.running), func(p process) bool { return !p.cancelled() })
}

// start starts a process. Terminate and Kill wait meanwhile: they would miss what has started and is not listed yet.
func (c *Command) start(p process) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := p.Start(); err != nil {
		return err
	}
	c.running = append(c.running, p)
	return nil
}

func (c *Command) remove(cmd *exec.Cmd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = slices.DeleteFunc(c.running, func(other process) bool { return other.Cmd == cmd })
}

func exitCode(cmd *exec.Cmd, err error) int {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

// withEngineOnPath puts the engine's own folder first on PATH: that is where a release keeps its language hosts.
func withEngineOnPath(environ []string, dir string) []string {
	out := make([]string, 0, len(environ)+1)
	path := dir
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, "PATH="); ok {
			path = dir + ":" + value
			continue
		}
		out = append(out, entry)
	}
	return append(out, "PATH="+path)
}
