package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/services/internal/httpserver"
)

// asProcess makes the test's executable run as the service, so that tests see real signals and exit codes.
const asProcess = "CATALOG_TEST_AS_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		main()
	}
	os.Exit(m.Run())
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestConfigDefaults(t *testing.T) {
	got, err := loadConfig(environment(nil))
	require.NoError(t, err)
	assert.Equal(t, config{
		Config: httpserver.Config{
			Port:            8080,
			LogLevel:        slog.LevelInfo,
			DrainDelay:      5 * time.Second,
			ShutdownTimeout: 20 * time.Second,
		},
		maxItems: 10_000,
	}, got)
}

func TestConfigFromEnvironment(t *testing.T) {
	got, err := loadConfig(environment(map[string]string{
		"PORT": "9000", "LOG_LEVEL": "WARN", "MAX_ITEMS": "7", "DRAIN_DELAY": "0s", "SHUTDOWN_TIMEOUT": "29s",
	}))
	require.NoError(t, err)
	assert.Equal(
		t,
		config{
			Config:   httpserver.Config{Port: 9000, LogLevel: slog.LevelWarn, ShutdownTimeout: 29 * time.Second},
			maxItems: 7,
		},
		got,
	)
}

func TestConfigReportsEveryProblemAtOnce(t *testing.T) {
	var stderr bytes.Buffer
	code := run(nil, environment(map[string]string{
		"PORT": "65536", "LOG_LEVEL": "loud", "MAX_ITEMS": "0", "DRAIN_DELAY": "-1s", "SHUTDOWN_TIMEOUT": "20",
	}), io.Discard, &stderr)
	assert.Equal(t, exitUsage, code)
	assert.Equal(t, `catalog: configuration: PORT: "65536" is not a port from 0 to 65535; `+
		`LOG_LEVEL: "loud" is not a level: debug, info, warn or error; `+
		`DRAIN_DELAY: "-1s" is not a duration from 0s, such as 5s; `+
		`SHUTDOWN_TIMEOUT: "20" is not a duration from 0s, such as 20s; `+
		`MAX_ITEMS: "0" is not a whole number from 1 to 1000000`+"\n", stderr.String())
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {"healthcheck", "now"}} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(args, environment(nil), io.Discard, &stderr))
		assert.Contains(t, stderr.String(), "allowed is none, to serve, or healthcheck")
	}
}

func TestProcessStopsCleanlyOnSIGTERM(t *testing.T) {
	process := exec.CommandContext(t.Context(), os.Args[0])
	process.Env = []string{asProcess + "=1", "PORT=0", "DRAIN_DELAY=0s"}
	process.Stderr = t.Output()
	stdout, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())

	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan(), "it says where it serves")
	var serving struct{ Msg, Address string }
	require.NoError(t, json.Unmarshal(lines.Bytes(), &serving))
	require.Equal(t, "serving", serving.Msg)
	_, port, err := net.SplitHostPort(serving.Address)
	require.NoError(t, err)
	answer, err := http.Get("http://127.0.0.1:" + port + "/readyz")
	require.NoError(t, err)
	defer answer.Body.Close()
	assert.Equal(t, http.StatusOK, answer.StatusCode)

	require.NoError(t, process.Process.Signal(syscall.SIGTERM))
	var rest strings.Builder
	for lines.Scan() {
		rest.WriteString(lines.Text())
	}
	require.NoError(t, process.Wait(), "the exit code is 0")
	assert.Contains(t, rest.String(), `"msg":"stopped"`)
}

func TestProcessFailsIfItsPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", ":0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	var stderr bytes.Buffer
	assert.Equal(t, exitFailed, run(nil, environment(map[string]string{"PORT": port}), io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "listening on port "+port)
}
