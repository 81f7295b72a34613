package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
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
	"github.com/awslab/awslab/services/orders/internal/postgres"
)

// asProcess makes the test's executable run as the service, so that tests see real signals and exit codes.
const asProcess = "ORDERS_TEST_AS_PROCESS"

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
	assert.Equal(t, config{Config: httpserver.Config{
		Port: 8080, LogLevel: slog.LevelInfo, DrainDelay: 5 * time.Second, ShutdownTimeout: 20 * time.Second,
	}}, got)
}

const secretJSON = `{"username": "dbadmin", "password": "hunter2"}`

func TestConfigFromEnvironment(t *testing.T) {
	got, err := loadConfig(environment(map[string]string{
		"PORT":             "9000",
		"LOG_LEVEL":        "WARN",
		"DRAIN_DELAY":      "0s",
		"SHUTDOWN_TIMEOUT": "27s",
		"DATABASE_HOST":    "db.internal",
		"DATABASE_PORT":    "6432",
		"DATABASE_NAME":    "lab",
		"DATABASE_SECRET":  secretJSON,
		"DATABASE_CA":      "/ca.pem",
	}))
	require.NoError(t, err)
	user, err := got.database.Credentials(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "dbadmin", user.Name)
	got.database.Credentials = nil // functions are not comparable
	assert.Equal(
		t,
		config{
			Config: httpserver.Config{Port: 9000, LogLevel: slog.LevelWarn, ShutdownTimeout: 27 * time.Second},
			database: &postgres.Config{
				Host:     "db.internal",
				Port:     6432,
				Database: "lab",
				TLS:      postgres.TLSVerifyFull,
				CAFile:   "/ca.pem",
			},
		},
		got,
	)
}

func TestConfigReportsEveryProblemAtOnce(t *testing.T) {
	var stderr bytes.Buffer
	code := run(nil, environment(map[string]string{
		"PORT": "65536", "LOG_LEVEL": "loud", "DRAIN_DELAY": "-1s", "SHUTDOWN_TIMEOUT": "20",
		"DATABASE_HOST": "db.internal", "DATABASE_PORT": "0", "DATABASE_SECRET": "hunter2", "DATABASE_TLS": "prefer",
	}), io.Discard, &stderr)
	assert.Equal(t, exitUsage, code)
	assert.Equal(t, `orders: configuration: PORT: "65536" is not a port from 0 to 65535; `+
		`LOG_LEVEL: "loud" is not a level: debug, info, warn or error; `+
		`DRAIN_DELAY: "-1s" is not a duration from 0s, such as 5s; `+
		`SHUTDOWN_TIMEOUT: "20" is not a duration from 0s, such as 20s; `+
		`DATABASE_PORT: "0" is not a port from 1 to 65535; `+
		`DATABASE_NAME: is missing; name the database on db.internal; `+
		`DATABASE_TLS: "prefer" is not verify-full, require or disable; `+
		`DATABASE_SECRET: is not JSON such as {"username": ..., "password": ...}`+"\n", stderr.String())
}

func TestConfigOfTheDatabase(t *testing.T) {
	for name, tc := range map[string]struct {
		variables map[string]string
		want      string // in the error; none means success
	}{
		"least": {
			map[string]string{"DATABASE_HOST": "db", "DATABASE_NAME": "lab", "DATABASE_SECRET": secretJSON},
			"",
		},
		"in clear on this machine": {
			map[string]string{
				"DATABASE_HOST":   "127.0.0.1",
				"DATABASE_NAME":   "lab",
				"DATABASE_SECRET": secretJSON,
				"DATABASE_TLS":    "disable",
			},
			"",
		},
		"in clear elsewhere": {
			map[string]string{
				"DATABASE_HOST":   "db",
				"DATABASE_NAME":   "lab",
				"DATABASE_SECRET": secretJSON,
				"DATABASE_TLS":    "disable",
			},
			"DATABASE_TLS: disable is for a database on this machine, and DATABASE_HOST is db",
		},
		"certificates in vain": {
			map[string]string{
				"DATABASE_HOST":   "db",
				"DATABASE_NAME":   "lab",
				"DATABASE_SECRET": secretJSON,
				"DATABASE_TLS":    "require",
				"DATABASE_CA":     "/ca.pem",
			},
			`DATABASE_CA: is "/ca.pem", but with DATABASE_TLS require no certificate is verified`,
		},
		"no host": {
			map[string]string{"DATABASE_SECRET": secretJSON},
			"DATABASE_HOST: is missing, though DATABASE_SECRET is there",
		},
		"no secret": {
			map[string]string{"DATABASE_HOST": "db", "DATABASE_NAME": "lab"},
			"DATABASE_SECRET_ARN: is missing; name the secret in Secrets Manager, or give its JSON as DATABASE_SECRET",
		},
		"by the ARN": {
			map[string]string{"DATABASE_HOST": "db", "DATABASE_NAME": "lab", "DATABASE_SECRET_ARN": "arn:aws:it"},
			"",
		},
		"two secrets": {
			map[string]string{
				"DATABASE_HOST":       "db",
				"DATABASE_NAME":       "lab",
				"DATABASE_SECRET":     secretJSON,
				"DATABASE_SECRET_ARN": "arn:aws:it",
			},
			"DATABASE_SECRET: is there, and so is DATABASE_SECRET_ARN; give one of them",
		},
		"no password": {
			map[string]string{
				"DATABASE_HOST":   "db",
				"DATABASE_NAME":   "lab",
				"DATABASE_SECRET": `{"username": "hunter2"}`,
			},
			"DATABASE_SECRET: has no username or no password",
		},
		"by IAM": {
			map[string]string{
				"DATABASE_HOST": "db",
				"DATABASE_NAME": "lab",
				"DATABASE_USER": "orders",
				"DATABASE_AUTH": "iam",
				"AWS_REGION":    "eu-west-1",
			},
			"",
		},
		"by IAM, and nothing else": {
			map[string]string{
				"DATABASE_HOST":       "db",
				"DATABASE_NAME":       "lab",
				"DATABASE_AUTH":       "iam",
				"DATABASE_SECRET_ARN": "arn:aws:it",
				"DATABASE_TLS":        "require",
			},
			"DATABASE_SECRET_ARN: is there, but with DATABASE_AUTH iam no secret is used; remove it; " +
				"AWS_REGION: is missing; name that of the database on db; " +
				"DATABASE_TLS: is require, but with DATABASE_AUTH iam it must be verify-full; " +
				"DATABASE_USER: is missing; name the service's own database user",
		},
		"a user of PostgreSQL": {
			map[string]string{
				"DATABASE_HOST": "db",
				"DATABASE_NAME": "lab",
				"DATABASE_USER": "pg_monitor",
				"DATABASE_AUTH": "iam",
				"AWS_REGION":    "eu-west-1",
			},
			`DATABASE_USER: "pg_monitor" is not 1 to 63 of a-z, 0-9, - and _, the first a letter, ` +
				`and not public or pg_...`,
		},
		"events and a catalog": {
			map[string]string{
				"DATABASE_HOST":       "db",
				"DATABASE_NAME":       "lab",
				"DATABASE_SECRET":     secretJSON,
				"TOPIC_EVENTS_ARN":    "arn:aws:sns:eu-west-1:123456789012:orders",
				"SERVICE_CATALOG_URL": "http://catalog:8080",
			},
			"",
		},
		"events from nowhere to nowhere": {
			map[string]string{"TOPIC_EVENTS_ARN": "orders", "SERVICE_CATALOG_URL": "catalog:8080"},
			`SERVICE_CATALOG_URL: "catalog:8080" is not a URL such as http://catalog:8080; ` +
				`TOPIC_EVENTS_ARN: "orders" is not the ARN of an SNS topic; ` +
				"DATABASE_HOST: is missing, though TOPIC_EVENTS_ARN is there; events wait in a database",
		},
		"another way in": {
			map[string]string{
				"DATABASE_HOST":   "db",
				"DATABASE_NAME":   "lab",
				"DATABASE_SECRET": secretJSON,
				"DATABASE_AUTH":   "kerberos",
			},
			`DATABASE_AUTH: "kerberos" is not iam or secret`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadConfig(environment(tc.variables))
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, "configuration: "+tc.want)
		})
	}
}

func TestMigrateNeedsADatabase(t *testing.T) {
	var stderr bytes.Buffer
	assert.Equal(t, exitUsage, run([]string{"migrate"}, environment(nil), io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "DATABASE_HOST: is missing; migrate needs a database")
}

func TestConfigOfAMigration(t *testing.T) {
	with := func(variables map[string]string) map[string]string {
		maps.Copy(variables, map[string]string{"DATABASE_HOST": "proxy", "DATABASE_NAME": "lab"})
		return variables
	}
	for name, tc := range map[string]struct {
		variables map[string]string
		host      string
		user      string
		hasSecret bool // of the user
		want      string
	}{
		"a user with IAM tokens": {
			variables: map[string]string{
				"DATABASE_ADMIN_SECRET_ARN": "arn:aws:admin",
				"DATABASE_AUTH":             "iam",
				"DATABASE_USER":             "orders",
			},
			host: "proxy",
			user: "orders",
		},
		"behind a proxy": {
			variables: map[string]string{
				"DATABASE_ADMIN_HOST":       "db",
				"DATABASE_ADMIN_SECRET_ARN": "arn:aws:admin",
				"DATABASE_AUTH":             "iam",
				"DATABASE_USER":             "orders",
				"DATABASE_USER_SECRET_ARN":  "arn:aws:orders",
			},
			host:      "db",
			user:      "orders",
			hasSecret: true,
		},
		"a user with a password": {
			variables: map[string]string{
				"DATABASE_ADMIN_SECRET": secretJSON,
				"DATABASE_USER":         "orders",
				"DATABASE_SECRET":       secretJSON,
			},
			host:      "proxy",
			user:      "orders",
			hasSecret: true,
		},
		"the only user": {
			variables: map[string]string{"DATABASE_SECRET": secretJSON},
			host:      "proxy",
		},
		"no administrator": {
			variables: map[string]string{"DATABASE_USER": "orders", "DATABASE_SECRET": secretJSON},
			want: "DATABASE_ADMIN_SECRET_ARN: is missing; name the secret of the user who creates DATABASE_USER, " +
				"or give its JSON as DATABASE_ADMIN_SECRET",
		},
		"no user": {
			variables: map[string]string{"DATABASE_ADMIN_SECRET": secretJSON, "DATABASE_AUTH": "iam"},
			want:      "DATABASE_USER: is missing; name the service's own database user",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := loadMigration(environment(with(tc.variables)))
			if tc.want != "" {
				require.EqualError(t, err, "configuration: "+tc.want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.host, got.admin.Host)
			assert.NotNil(t, got.admin.Credentials)
			assert.Equal(t, tc.user, got.access.User)
			assert.Equal(t, tc.hasSecret, got.access.Secret != nil)
		})
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"serve"}, {"healthcheck", "now"}, {"/orders", "migrate"}} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(args, environment(nil), io.Discard, &stderr))
		assert.Contains(t, stderr.String(), "allowed is none, to serve, or migrate or healthcheck")
	}
}

// process is the service as a process of its own.
type process struct {
	command *exec.Cmd
	log     chan string // what it logged since it was serving, when it has ended
	stderr  bytes.Buffer
	base    string // URL
}

func startProcess(t *testing.T, variables ...string) *process {
	t.Helper()
	return startProgram(t, os.Args[0], variables...)
}

// startProgram starts a service of the lab.
func startProgram(t *testing.T, path string, variables ...string) *process {
	t.Helper()
	p := &process{command: exec.CommandContext(t.Context(), path)}
	p.command.Env = append([]string{asProcess + "=1", "PORT=0", "DRAIN_DELAY=0s"}, variables...)
	p.command.Stderr = &p.stderr
	stdout, err := p.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start())
	processtest.EndWithTest(t, p.command.Process.Pid)
	lines := bufio.NewScanner(stdout)
	var line struct{ Msg, Address string }
	for line.Msg != "serving" {
		require.True(t, lines.Scan(), "it says where it serves")
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
	}
	p.log = make(chan string, 1)
	go func() { // or a service that logs more than a pipe holds would wait for its reader
		var rest strings.Builder
		for lines.Scan() {
			rest.WriteString(lines.Text())
		}
		p.log <- rest.String()
	}()
	_, port, err := net.SplitHostPort(line.Address)
	require.NoError(t, err)
	p.base = "http://127.0.0.1:" + port
	return p
}

// status asks for a path and returns 0 if there is no answer.
func (p *process) status(path string) int {
	answer, err := http.Get(p.base + path)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// wait returns the exit code and what was logged since the service was serving.
func (p *process) wait() (code int, log string) {
	log = <-p.log
	_ = p.command.Wait()
	return p.command.ProcessState.ExitCode(), log
}

func TestProcessStopsCleanlyOnSIGTERM(t *testing.T) {
	p := startProcess(t)
	assert.Equal(t, http.StatusOK, p.status("/readyz"))
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	code, log := p.wait()
	assert.Equal(t, exitOK, code)
	assert.Contains(t, log, `"msg":"stopped"`)
	assert.Empty(t, p.stderr.String())
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
