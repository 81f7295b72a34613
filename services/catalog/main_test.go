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
	"github.com/awslab/awslab/services/internal/processtest"
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
		"PORT": "9000", "LOG_LEVEL": "WARN", "MAX_ITEMS": "7", "DRAIN_DELAY": "0s", "SHUTDOWN_TIMEOUT": "27s",
		"TABLE_ITEMS":    "awslab-dev-items",
		"BUCKET_UPLOADS": "awslab-dev-123456789012-eu-west-1-uploads",
		"EXPORTS_DIR":    "/files",
	}))
	require.NoError(t, err)
	assert.Equal(
		t,
		config{
			Config:     httpserver.Config{Port: 9000, LogLevel: slog.LevelWarn, ShutdownTimeout: 27 * time.Second},
			table:      "awslab-dev-items",
			maxItems:   7,
			bucket:     "awslab-dev-123456789012-eu-west-1-uploads",
			exportsDir: "/files",
		},
		got,
	)
}

func TestConfigReportsEveryProblemAtOnce(t *testing.T) {
	var stderr bytes.Buffer
	code := run(nil, environment(map[string]string{
		"PORT": "65536", "LOG_LEVEL": "loud", "MAX_ITEMS": "0", "DRAIN_DELAY": "-1s", "SHUTDOWN_TIMEOUT": "20",
		"TABLE_ITEMS": "arn:aws:dynamodb:eu-west-1:123456789012:table/items", "BUCKET_UPLOADS": "s3://uploads",
		"EXPORTS_DIR": "files",
	}), io.Discard, &stderr)
	assert.Equal(t, exitUsage, code)
	assert.Equal(t, `catalog: configuration: PORT: "65536" is not a port from 0 to 65535; `+
		`LOG_LEVEL: "loud" is not a level: debug, info, warn or error; `+
		`DRAIN_DELAY: "-1s" is not a duration from 0s, such as 5s; `+
		`SHUTDOWN_TIMEOUT: "20" is not a duration from 0s, such as 20s; `+
		`TABLE_ITEMS: "arn:aws:dynamodb:eu-west-1:123456789012:table/items" is not the name of a DynamoDB table; `+
		`MAX_ITEMS: "0" is not a whole number from 1 to 1000000; `+
		`BUCKET_UPLOADS: "s3://uploads" is not the name of an S3 bucket; `+
		`EXPORTS_DIR: "files" is not an absolute path`+"\n", stderr.String())
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {"healthcheck", "now"}} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(args, environment(nil), io.Discard, &stderr))
		assert.Contains(t, stderr.String(), "allowed is none, to serve, or healthcheck")
	}
}

func TestProcessFailsWithoutTheRegionOfItsTable(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	var stderr bytes.Buffer
	assert.Equal(t, exitFailed, run(nil, environment(map[string]string{"TABLE_ITEMS": "items"}), io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "AWS_REGION: is missing")
}

// process is the service as a process of its own.
type process struct {
	command *exec.Cmd
	log     strings.Builder // to be read after wait
	ended   chan struct{}   // is closed when the log has ended
	base    string          // URL
}

// start starts the service with the variables. before is a command that becomes the service, such as env.
func start(t *testing.T, variables map[string]string, before ...string) *process {
	t.Helper()
	arguments := append(before, os.Args[0])
	p := &process{
		command: exec.CommandContext(t.Context(), arguments[0], arguments[1:]...),
		ended:   make(chan struct{}),
	}
	p.command.Env = []string{asProcess + "=1", "PORT=0", "DRAIN_DELAY=0s"}
	for name, value := range variables {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	p.command.Stderr = t.Output()
	stdout, err := p.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start())
	processtest.EndWithTest(t, p.command.Process.Pid)
	lines := bufio.NewScanner(stdout)
	var line struct{ Msg, Address string }
	for line.Msg != "serving" {
		require.True(t, lines.Scan(), "it says where it serves")
		p.log.WriteString(lines.Text())
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
	}
	go func() { // or a service that logs more than a pipe holds would wait for its reader
		defer close(p.ended)
		for lines.Scan() {
			p.log.WriteString(lines.Text())
		}
	}()
	_, port, err := net.SplitHostPort(line.Address)
	require.NoError(t, err)
	p.base = "http://127.0.0.1:" + port
	return p
}

// wait waits for the end of the process and returns its exit code, -1 if a signal ended it.
func (p *process) wait() int {
	<-p.ended
	_ = p.command.Wait()
	return p.command.ProcessState.ExitCode()
}

// ask returns the status and the body of an answer.
func (p *process) ask(method, path, body string, header ...string) (int, []byte, error) {
	r, err := http.NewRequest(method, p.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer.StatusCode, content, err
}

func (p *process) requireStatus(t *testing.T, want int, method, path, body string) []byte {
	t.Helper()
	status, content, err := p.ask(method, path, body)
	require.NoError(t, err)
	require.Equal(t, want, status, "%s %s: %s", method, path, content)
	return content
}

const lamp = `{"name": "lamp", "priceCents": 4200}`

func TestProcessStopsCleanlyOnSIGTERM(t *testing.T) {
	p := start(t, nil)
	p.requireStatus(t, http.StatusOK, "GET", "/readyz", "")
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	require.Equal(t, exitOK, p.wait())
	assert.Contains(t, p.log.String(), `"msg":"stopped"`)
	assert.Contains(t, p.log.String(), "items are kept in memory and end with this process; set TABLE_ITEMS")
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
