//go:build unix

package postgrestest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asKilled makes this test's executable a process that starts a cluster and waits to be killed.
const asKilled = "POSTGRES_TEST_AS_KILLED"

func TestMain(m *testing.M) {
	if os.Getenv(asKilled) == "" {
		os.Exit(m.Run())
	}
	cluster, err := Start()
	switch {
	case errors.Is(err, ErrAbsent):
		fmt.Println("absent")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println(cluster.Port, cluster.folder)
		select {}
	}
}

func TestAClusterEndsWithTheProcessThatStartedIt(t *testing.T) {
	killed := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // the test itself
	killed.Env = append(os.Environ(), asKilled+"=1")
	stdout, err := killed.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, killed.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	port, folder, started := strings.Cut(strings.TrimSpace(line), " ")
	if port == "absent" {
		t.Skip(ErrAbsent)
	}
	require.True(t, started, line)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	connect := func() error {
		connection, err := net.Dial("tcp", net.JoinHostPort(Host, port))
		if err != nil {
			return err
		}
		return connection.Close()
	}
	require.NoError(t, connect())
	require.NoError(t, killed.Process.Kill())
	require.Eventually(t, func() bool { return connect() != nil }, time.Minute, 20*time.Millisecond, "it goes on")
}
