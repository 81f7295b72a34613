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

// A removal that is interrupted would leave a lock of a stack that does not exist any more.
func TestARemovalThatHasBegunIsFinished(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	found, err := engine.Find(t.Context(), "", nil)
	require.NoError(t, err)
	dir := t.TempDir()
	begun, goOn := filepath.Join(dir, "begun"), filepath.Join(dir, "go-on")
	options := p.inMemory("pr-1", small())
	options.Engine = filepath.Join(dir, "pulumi")
	require.NoError(t, os.WriteFile(options.Engine, fmt.Appendf(nil, `#!/bin/sh
case "$*" in *"stack rm"*) touch %s; while ! test -e %s; do sleep 0.01; done;; esac
exec %s "$@"
`, begun, goOn, found.Path), 0o700)) //nolint:gosec // executable
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var cancelled *automation.CancelledError
	err = lab.Remove(ctx)
	require.ErrorAs(t, err, &cancelled)
	require.ErrorContains(t, err, "its resources are deleted, the stack is left; run awslab destroy --stack pr-1 --remove")
	require.NoFileExists(t, begun)

	ctx, cancel = context.WithCancel(t.Context())
	removed := make(chan error, 1)
	go func() { removed <- lab.Remove(ctx) }()
	require.Eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, time.Minute, time.Millisecond)
	cancel()
	lab.Terminate()
	require.NoError(t, os.WriteFile(goOn, nil, 0o600))
	require.NoError(t, <-removed)
	stacks, err := automation.ListStacks(t.Context(), p.inMemory("", nil))
	require.NoError(t, err)
	require.Empty(t, stacks)
}
