package images

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/images/internal/fakedocker"
	"github.com/awslab/awslab/infra/config"
)

// fakeFolder holds the fake docker command, compiled once.
var fakeFolder string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "awslab-fake-docker-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		fakeFolder = folder
		build := exec.Command("go", "build", "-o", filepath.Join(folder, "docker"), "./internal/fakedocker/docker")
		if output, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "compiling the fake docker command: %v\n%s", err, output)
			return 1
		}
		return m.Run()
	}())
}

// calls are what the client was asked for.
type calls struct{ folder string }

// install puts the fake first on PATH.
func install(t *testing.T, engine fakedocker.Engine) calls {
	t.Helper()
	folder := t.TempDir()
	text, err := json.Marshal(engine)
	require.NoError(t, err)
	t.Setenv("PATH", fakeFolder)
	t.Setenv(fakedocker.Variable, string(text))
	t.Setenv(fakedocker.FolderVariable, folder)
	return calls{folder}
}

func (c calls) all(t *testing.T) []fakedocker.Call {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.folder, "call-*.json"))
	require.NoError(t, err)
	slices.Sort(paths)
	var found []fakedocker.Call
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var one fakedocker.Call
		require.NoError(t, json.Unmarshal(text, &one))
		found = append(found, one)
	}
	return found
}

// commands returns the first words.
func (c calls) commands(t *testing.T) []string {
	t.Helper()
	var commands []string
	for _, one := range c.all(t) {
		commands = append(commands, one.Args[0])
	}
	return commands
}

// of returns the last call of a command.
func (c calls) of(t *testing.T, command string) fakedocker.Call {
	t.Helper()
	all := c.all(t)
	slices.Reverse(all)
	at := slices.IndexFunc(all, func(one fakedocker.Call) bool { return one.Args[0] == command })
	require.GreaterOrEqual(t, at, 0, "docker %s was not called", command)
	return all[at]
}

// requireNothingLeft holds when every container that was created was removed.
func (c calls) requireNothingLeft(t *testing.T) {
	t.Helper()
	name := func(one fakedocker.Call, after string) string { return one.Args[slices.Index(one.Args, after)+1] }
	created := c.of(t, "create")
	require.Equal(t, []string{"rm", "--force", "--volumes", name(created, "--name")}, c.of(t, "rm").Args)
	require.NoFileExists(t, name(created, "--env-file"))
}

const dockerfile = `FROM golang:1.26 AS build
ARG GOPROXY
RUN go build \
      -o /out/web .
FROM scratch
COPY --from=build /out/web /web
`

// options are for one service, which other services call, that is built from a Dockerfile.
func options(t *testing.T, change ...func(*config.Service)) Options {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "services", "web"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "services", "web", "Dockerfile"), []byte(dockerfile), 0o600))
	s := config.Service{
		Name:         "web",
		Image:        config.Image{Context: "services", Dockerfile: "web/Dockerfile"},
		Port:         8080,
		Internal:     true,
		CPU:          256,
		Memory:       512,
		Architecture: "amd64",
		// Without an interval and a grace period the health check has to succeed at once.
		HealthCheck: config.HealthCheck{TimeoutSeconds: 5, Command: []string{"CMD", "/web", "healthcheck"}},
	}
	for _, f := range change {
		f(&s)
	}
	return Options{Root: root, Prefix: "awslab-dev", Services: []config.Service{s}}
}

// good is an engine on which everything succeeds.
func good() fakedocker.Engine {
	return fakedocker.Engine{Architecture: "amd64", User: "65532", Address: "127.0.0.1:1"}
}

// trimmed returns the lines of a text without their indentation.
func trimmed(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}
