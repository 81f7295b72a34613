// Package processtest ends the processes that a test starts.
package processtest

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// EndWithTest is [TerminateAtExit] for a process that a test starts and ends.
func EndWithTest(t testing.TB, pid int) {
	t.Helper()
	forget, err := TerminateAtExit(pid)
	t.Cleanup(forget)
	require.NoError(t, err)
}

// TerminateAtExit sends SIGTERM to a process of this one as soon as this process ends, even if it was killed. forget
// takes that back; it is called before the process is ended otherwise, and also after an error.
func TerminateAtExit(pid int) (forget func(), err error) {
	// Nobody but this process can write to the watcher's input, so read returns when this process has ended. What a
	// terminal sends to all of its processes does not end the watcher.
	watcher := exec.Command( //nolint:gosec // a number
		"sh", "-c", fmt.Sprintf("trap '' INT QUIT HUP TERM; read -r line; kill -TERM %d", pid),
	)
	_, err = watcher.StdinPipe()
	if err == nil {
		err = watcher.Start()
	}
	if err != nil {
		return func() {}, fmt.Errorf("starting the watcher of a process: %w", err)
	}
	return func() {
		_ = watcher.Process.Kill()
		_ = watcher.Wait()
	}, nil
}
