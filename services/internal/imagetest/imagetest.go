//go:build image

// Package imagetest builds and runs images of services for their tests. It needs Docker. BUILD_IMAGE names another base
// to build on than a Dockerfile's; without it an image golang:1.26 is used if this machine has one. services/catalog's
// README.md tells how to make one where no registry is within reach.
package imagetest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	revision = "0123456789abcdef0123456789abcdef01234567"
	created  = "2026-01-02T03:04:05Z"
)

// Build builds services/<service>/Dockerfile for both architectures, and checks what every image has. The context is
// the module of the services, and the modules are those on this machine. It returns the image for this machine, and
// removes both after the test.
func Build(t *testing.T, service string) (image string) {
	t.Helper()
	goEnv, err := exec.Command("go", "env", "GOMOD", "GOMODCACHE").Output()
	require.NoError(t, err)
	module, cache, _ := strings.Cut(strings.TrimSpace(string(goEnv)), "\n")
	// What Go downloaded has the layout of a module proxy.
	modules := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(cache, "cache", "download"))))
	defer modules.Close()

	// Another run of the test, which removes its own image, may be under way.
	image = "awslab-" + service + "-test:" + strings.ToLower(rand.Text())
	buildArgs := []string{"REVISION=" + revision, "CREATED=" + created}
	if base := baseImage(); base != "" {
		buildArgs = append(buildArgs, "BUILD_IMAGE="+base)
	}
	root := filepath.Dir(module)
	// The other architecture that ECS and Lambda have is built as well: the compiler runs on this one.
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	for architecture, tag := range map[string]string{runtime.GOARCH: image, other: image + "-" + other} {
		build := []string{
			"build", "--quiet", "--network", "host", "--platform", "linux/" + architecture, "--tag", tag,
			"--file", filepath.Join(root, service, "Dockerfile"),
		}
		for _, arg := range append(buildArgs, "GOPROXY="+modules.URL) {
			build = append(build, "--build-arg", arg)
		}
		Docker(t, append(build, root)...)
		t.Cleanup(func() { Docker(t, "image", "rm", "--force", tag) })
		requireDescription(t, tag, service, architecture)
	}
	return image
}

// maxSize is in bytes. An image holds an executable and certificates alone.
const maxSize = 30 << 20

func requireDescription(t *testing.T, image, service, architecture string) {
	t.Helper()
	var described []struct {
		Architecture string
		Config       struct {
			User       string
			Entrypoint []string
			Labels     map[string]string
		}
		Size int
	}
	require.NoError(t, json.Unmarshal([]byte(Docker(t, "image", "inspect", image)), &described))
	require.Len(t, described, 1)
	require.Equal(t, architecture, described[0].Architecture)
	require.Equal(t, "65532:65532", described[0].Config.User)
	require.Equal(t, []string{"/" + service}, described[0].Config.Entrypoint)
	require.Less(t, described[0].Size, maxSize)
	require.Equal(t, map[string]string{
		"org.opencontainers.image.source":   "https://github.com/awslab/awslab",
		"org.opencontainers.image.title":    "awslab " + service,
		"org.opencontainers.image.revision": revision,
		"org.opencontainers.image.created":  created,
	}, described[0].Config.Labels)
}

// baseImage returns the base image to build on, and nothing for the one that the Dockerfile pins by its digest, which
// only a registry has.
func baseImage() string {
	if base := os.Getenv("BUILD_IMAGE"); base != "" {
		return base
	}
	const local = "golang:1.26"
	if exec.Command("docker", "image", "inspect", local).Run() != nil {
		return ""
	}
	return local
}

// Read returns a file of an image.
func Read(t *testing.T, image, path string) []byte {
	t.Helper()
	container := Docker(t, "create", image)
	defer Docker(t, "rm", container)
	folder := t.TempDir()
	Docker(t, "cp", container+":"+path, folder)
	content, err := os.ReadFile(filepath.Join(folder, filepath.Base(path)))
	require.NoError(t, err)
	return content
}

// Run starts a container as strictly as ECS and Lambda can run it: read-only, no capability, no new privilege. It
// removes the container after the test, and logs what it wrote if the test failed.
func Run(t *testing.T, options ...string) (container string) {
	t.Helper()
	container = Docker(
		t,
		append(
			[]string{"run", "--detach", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"},
			options...)...)
	t.Cleanup(func() {
		if t.Failed() {
			logs, _ := exec.Command("docker", "logs", container).CombinedOutput()
			t.Logf("%s", logs)
		}
		Docker(t, "rm", "--force", container)
	})
	return container
}

// AwaitHealthy waits until the image's own health check succeeds in the container.
func AwaitHealthy(t *testing.T, container string) {
	t.Helper()
	require.Eventually(t, func() bool {
		state, err := exec.Command("docker", "inspect", "--format", "{{.State.Health.Status}}", container).Output()
		return err == nil && strings.TrimSpace(string(state)) == "healthy"
	}, 5*time.Minute, 100*time.Millisecond, "the container becomes healthy")
}

// Docker runs the command line client and returns its trimmed standard output.
func Docker(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.Command("docker", args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(t, command.Run(), "docker %s:\n%s", strings.Join(args, " "), stderr.String())
	return strings.TrimSpace(stdout.String())
}
