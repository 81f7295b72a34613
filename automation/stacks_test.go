package automation_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/internal/shelltest"
)

// No command of the engine releases the lock of a stack that does not exist.
func TestAStackThatDoesNotExistIsNotLockedForGood(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	unlock := p.lock(t, "pr-1")
	_, err := automation.Open(t.Context(), p.inMemory("pr-1", small()))
	var locked *automation.ConcurrentUpdateError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, "pr-1", locked.Stack)
	unlock()

	host, err := os.Hostname()
	require.NoError(t, err)
	const ended = 1<<31 - 1
	p.lockBy(t, "pr-1", host, ended)
	lab, err := automation.Open(t.Context(), p.inMemory("pr-1", small()))
	require.NoError(t, err)
	recovered, err := lab.Recover(t.Context(), automation.RecoverOptions{})
	require.NoError(t, err)
	require.Len(t, recovered.Recovery.Released, 1)
}

// engineThat returns an engine that runs code of a shell before a command.
func engineThat(t *testing.T, command, code string) string {
	t.Helper()
	found, err := engine.Find(t.Context(), "", nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "pulumi")
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *%q*) %s;; esac\nexec %s \"$@\"\n", command, code, found.Path)
	require.NoError(t, os.WriteFile(path, []byte(script), 0o700)) //nolint:gosec // executable
	return path
}

// The engine takes its lock before it is ready for an interrupt, which ends it.
func TestAnEngineThatIsInterruptedTooEarlyLeavesNoLock(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	host, err := os.Hostname()
	require.NoError(t, err)
	p.lockBy(t, "pr-1", host, 42)() // makes the folder
	lock := filepath.Join(p.dir, ".awslab", "offline", "state", ".pulumi", "locks", "organization", "awslab", "pr-1",
		"1.json")
	begun := filepath.Join(t.TempDir(), "begun")
	options := p.inMemory("pr-1", small())
	options.Engine = engineThat(t, "refresh --yes", fmt.Sprintf(
		`printf '{"pid": %%d, "username": "somebody", "hostname": "%s", "timestamp": "2026-01-02T03:04:05Z"}' $$ > %s
touch %s; %s`, host, lock, begun, shelltest.Until(t, shelltest.Never)))
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := lab.Refresh(ctx); ended <- err }()
	require.Eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, time.Minute, time.Millisecond)
	cancel()
	var cancelled *automation.CancelledError
	require.ErrorAs(t, <-ended, &cancelled)
	require.False(t, cancelled.Killed)
	require.NoFileExists(t, lock)
}

// A removal that is interrupted would leave a lock of a stack that does not exist any more.
func TestARemovalThatHasBegunIsFinished(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	dir := t.TempDir()
	begun, goOn := filepath.Join(dir, "begun"), filepath.Join(dir, "go-on")
	options := p.inMemory("pr-1", small())
	options.Engine = engineThat(t, "stack rm", "touch "+begun+"; "+shelltest.Until(t, "test -e "+goOn))
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var cancelled *automation.CancelledError
	err = lab.Remove(ctx)
	require.ErrorAs(t, err, &cancelled)
	require.ErrorContains(t, err, "the stack is left; run awslab destroy --stack pr-1 --remove")
	require.NoFileExists(t, begun)

	ctx, cancel = context.WithCancel(t.Context())
	removed := make(chan error, 1)
	go func() { removed <- lab.Remove(ctx) }()
	require.Eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, time.Minute, time.Millisecond)
	cancel()
	lab.Terminate()
	require.NoError(t, os.WriteFile(goOn, nil, 0o600))
	require.NoError(t, <-removed)
	for name, do := range map[string]func() error{
		"preview": func() error { _, err := lab.Preview(t.Context()); return err },
		"up":      func() error { _, err := lab.Up(t.Context()); return err },
		"recover": func() error { _, err := lab.Recover(t.Context(), automation.RecoverOptions{}); return err },
		"history": func() error { _, err := lab.History(t.Context(), 1); return err },
		"outputs": func() error { _, err := lab.Outputs(t.Context()); return err },
		"remove":  func() error { return lab.Remove(t.Context()) },
	} {
		require.EqualError(t, do(),
			"stack pr-1 does not exist on target offline; create it with awslab up --stack pr-1", name)
	}
	stacks, err := automation.ListStacks(t.Context(), p.inMemory("", nil))
	require.NoError(t, err)
	require.Empty(t, stacks)
}
