//go:build image

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The image is built and run for real, as strictly as ECS can run it: read-only, no capability, no new privilege.
// It needs Docker. BUILD_IMAGE names another base to build on than the Dockerfile's; README.md tells how to make one
// where no registry is within reach.
func TestImage(t *testing.T) {
	const image = "awslab-catalog-test"
	build := []string{"build", "--quiet", "--network", "none", "--tag", image}
	if base := os.Getenv("BUILD_IMAGE"); base != "" {
		build = append(build, "--build-arg", "BUILD_IMAGE="+base)
	}
	docker(t, append(build, ".")...)
	t.Cleanup(func() { docker(t, "image", "rm", "--force", image) })

	var described []struct {
		Config struct {
			User         string
			ExposedPorts map[string]any
			Entrypoint   []string
		}
		Size int
	}
	require.NoError(t, json.Unmarshal([]byte(docker(t, "image", "inspect", image)), &described))
	require.Len(t, described, 1)
	assert.Equal(t, "65532:65532", described[0].Config.User)
	assert.Contains(t, described[0].Config.ExposedPorts, "8080/tcp")
	assert.Equal(t, []string{"/catalog"}, described[0].Config.Entrypoint)
	assert.Less(t, described[0].Size, 15<<20, "the image holds the executable alone")

	container := docker(t, "run", "--detach", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--publish", "127.0.0.1::8080", "--env", "DRAIN_DELAY=0s", image)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(docker(t, "logs", container))
		}
		docker(t, "rm", "--force", container)
	})
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		require.NoError(t, exec.Command("docker", "exec", container, "/catalog", "healthcheck").Run())
	}, 30*time.Second, 100*time.Millisecond, "the container becomes healthy")

	published, _, _ := strings.Cut(docker(t, "port", container, "8080/tcp"), "\n")
	base := "http://" + published
	created, err := http.Post(base+"/items", "application/json", strings.NewReader(`{"name": "lamp", "priceCents": 4200}`))
	require.NoError(t, err)
	defer created.Body.Close()
	require.Equal(t, http.StatusCreated, created.StatusCode)
	for _, path := range []string{created.Header.Get("Location"), "/items", "/readyz"} {
		answer, err := http.Get(base + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		assert.Equal(t, http.StatusOK, answer.StatusCode, path)
	}

	docker(t, "stop", "--time", "20", container)
	assert.Equal(t, "0", docker(t, "inspect", "--format", "{{.State.ExitCode}}", container), "SIGTERM ends it cleanly")
}

// docker runs the command line client and returns its trimmed standard output.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.Command("docker", args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(t, command.Run(), "docker %s:\n%s", strings.Join(args, " "), stderr.String())
	return strings.TrimSpace(stdout.String())
}
