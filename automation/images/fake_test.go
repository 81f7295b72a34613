package images

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/internal/fakedocker"
	"github.com/awslab/awslab/infra/config"
)

// fakeFolder holds the fake docker command, compiled once, and fakeAddress is one that listens, and knows no HTTP.
var fakeFolder, fakeAddress string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "awslab-fake-docker-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		fakeFolder = folder
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		fakeAddress = listener.Addr().String()
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(connection, "no HTTP\r\n")
				_ = connection.Close()
			}
		}()
		defer func() { _ = listener.Close() }()
		if err := fakedocker.Compile(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// requireNothingLeft holds when every container that was created was removed.
func requireNothingLeft(t *testing.T, called fakedocker.Calls) {
	t.Helper()
	name := func(one fakedocker.Call, after string) string { return one.Args[slices.Index(one.Args, after)+1] }
	created := called.Of(t, "create")
	require.Equal(t, []string{"rm", "--force", "--volumes", name(created, "--name")}, called.Of(t, "rm").Args)
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
		HealthCheck: config.HealthCheck{TimeoutSeconds: 60, Command: []string{"CMD", "/web", "healthcheck"}},
	}
	for _, f := range change {
		f(&s)
	}
	return Options{
		Root:     root,
		Prefix:   "awslab-dev",
		Region:   "eu-west-1",
		Services: []config.Service{s},
		settle:   pollInterval,
	}
}

// good is an engine on which everything succeeds.
func good() fakedocker.Engine {
	return fakedocker.Engine{Architecture: "amd64", User: "65532", Address: fakeAddress}
}

// trimmed returns the lines of a text without their indentation.
func trimmed(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}
