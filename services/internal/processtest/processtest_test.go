package processtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asKilled makes this test's executable a process that starts another and waits to be killed.
const asKilled = "PROCESS_TEST_AS_KILLED"

func TestMain(m *testing.M) {
	if os.Getenv(asKilled) == "" {
		os.Exit(m.Run())
	}
	started := exec.Command("sleep", "600")
	started.Stdout = os.Stdout
	err := started.Start()
	if err == nil {
		_, err = TerminateAtExit(started.Process.Pid)
	}
	fmt.Println(err)
	select {}
}

func TestAProcessEndsWithTheOneThatStartedIt(t *testing.T) {
	killed := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // the test itself
	killed.Env = append(os.Environ(), asKilled+"=1")
	stdout, err := killed.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, killed.Start())
	output := bufio.NewReader(stdout)
	line, err := output.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "<nil>\n", line)
	require.NoError(t, killed.Process.Kill())
	ended := make(chan error, 1)
	go func() { _, err := output.ReadByte(); ended <- err }() // what it started holds the output
	select {
	case err := <-ended:
		require.ErrorIs(t, err, io.EOF)
	case <-time.After(time.Minute):
		require.Fail(t, "the process goes on")
	}
}

func TestAProcessThatIsForgottenIsNotTerminated(t *testing.T) {
	started := exec.CommandContext(t.Context(), "cat")
	input, err := started.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, started.Start())
	forget, err := TerminateAtExit(started.Process.Pid)
	require.NoError(t, err)
	forget()
	require.NoError(t, input.Close())
	require.NoError(t, started.Wait())
}
