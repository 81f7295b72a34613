package shelltest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUntilWaitsForTheCondition(t *testing.T) {
	t.Parallel()
	goOn := filepath.Join(t.TempDir(), "go-on")
	script := start(t, Until(t, "test -e "+goOn)+"; exit 7")
	require.NoError(t, os.WriteFile(goOn, nil, 0o600))
	require.Equal(t, 7, script.wait(t))
}

func TestUntilEndsWithItsTest(t *testing.T) {
	t.Parallel()
	var script *script
	t.Run("the test", func(inner *testing.T) { script = start(t, Until(inner, Never)) })
	require.Equal(t, 1, script.wait(t))
}

// asKilled makes this test's executable a process that starts a script and is killed, which removes no folder.
const asKilled = "AWSLAB_TEST_AS_KILLED"

func TestUntilEndsWithTheProcessOfAKilledTest(t *testing.T) {
	t.Parallel()
	if os.Getenv(asKilled) != "" {
		script := exec.Command("sh", "-c", "echo begun; "+Until(t, Never)) //nolint:gosec // the test's own
		script.Stdout = os.Stdout
		_ = script.Run()
		return
	}
	killed := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$") //nolint:gosec // the test itself
	killed.Env = append(os.Environ(), asKilled+"=1", "TMPDIR="+t.TempDir())
	output, err := killed.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, killed.Start())
	lines := bufio.NewReader(output)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "begun\n", line)
	require.NoError(t, killed.Process.Kill())
	_, err = killed.Process.Wait()
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { _, err := lines.ReadString('\n'); ended <- err }() // the script holds the output
	select {
	case err := <-ended:
		require.Error(t, err, "the end of the output")
	case <-time.After(time.Minute):
		require.Fail(t, "the script goes on")
	}
}

// script is a running shell script.
type script struct{ ended chan int }

func start(t *testing.T, code string) *script {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", code)
	require.NoError(t, cmd.Start())
	s := &script{make(chan int, 1)}
	go func() {
		_ = cmd.Wait()
		s.ended <- cmd.ProcessState.ExitCode()
	}()
	return s
}

// wait returns the exit code.
func (s *script) wait(t *testing.T) int {
	t.Helper()
	select {
	case code := <-s.ended:
		return code
	case <-time.After(time.Minute):
		require.Fail(t, "the script goes on")
		return 0
	}
}
