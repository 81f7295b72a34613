//go:build image

// Package imagetest builds and runs images of services for their tests. It needs Docker. BUILD_IMAGE names another base
// to build on than a Dockerfile's; services/catalog's README.md tells how to make one where no registry is within
// reach.
package imagetest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Build builds services/<service>/Dockerfile for both architectures. The context is the module of the services, and
// the modules are those on this machine. It returns the image for this machine, and removes both after the test.
func Build(t *testing.T, service string, buildArgs ...string) (image string) {
	t.Helper()
	goEnv, err := exec.Command("go", "env", "GOMOD", "GOMODCACHE").Output()
	require.NoError(t, err)
	module, cache, _ := strings.Cut(strings.TrimSpace(string(goEnv)), "\n")
	// What Go downloaded has the layout of a module proxy.
	modules := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(cache, "cache", "download"))))
	defer modules.Close()

	image = "awslab-" + service + "-test"
	if base := os.Getenv("BUILD_IMAGE"); base != "" {
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
	}
	return image
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

// Docker runs the command line client and returns its trimmed standard output.
func Docker(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.Command("docker", args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(t, command.Run(), "docker %s:\n%s", strings.Join(args, " "), stderr.String())
	return strings.TrimSpace(stdout.String())
}
