//go:build image

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Run it with: make image-test
func TestImageTestThatGetsCtrlCLeavesNoContainerAndNoVolume(t *testing.T) {
	project := t.TempDir()
	context := filepath.Join(project, "specimen")
	require.NoError(t, os.CopyFS(context, os.DirFS("../../images/testdata/specimen")))
	for name, text := range map[string]string{
		"Pulumi.yaml": "name: awslab\nruntime: go\n",
		"Pulumi.small.yaml": `config:
  awslab:region: eu-west-1
  awslab:services:
    - name: interrupted
      image: {context: specimen, dockerfile: unhealthy.Dockerfile}
      architecture: ` + runtime.GOARCH + `
      healthCheck: {command: [CMD, /specimen, healthcheck], graceSeconds: 300}
      scratchPaths: [/scratch]
`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(project, name), []byte(text), 0o600))
	}
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Env, cmd.Stderr = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux"), os.Stderr
		output, err := cmd.Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(output))
	}
	run("go", "build", "-o", filepath.Join(context, "specimen"), "../../images/testdata/specimen")

	awslab := exec.CommandContext(t.Context(), os.Args[0], "images", "test", "--stack", "small")
	awslab.Dir, awslab.Env, awslab.Stderr = project, append(os.Environ(), asCommand+"=1"), os.Stderr
	require.NoError(t, awslab.Start())
	t.Cleanup(func() {
		// By its name: the image may be another test's too, whose container runs.
		run("docker", "image", "rm", run("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}",
			"awslab-small-interrupted"))
	})
	var container string
	require.Eventually(t, func() bool {
		container = run("docker", "container", "ls", "--quiet", "--filter", "name=awslab-test-interrupted")
		return container != ""
	}, 5*time.Minute, 100*time.Millisecond)
	volume := run("docker", "inspect", "--format", "{{(index .Mounts 0).Name}}", container)
	require.Contains(t, run("docker", "volume", "ls", "--quiet"), volume)
	require.NoError(t, awslab.Process.Signal(syscall.SIGINT))
	require.Equal(t, exitCancelled, exitCodeOf(t, awslab.Wait()))
	require.Empty(t, run("docker", "container", "ls", "--all", "--quiet", "--filter", "name=awslab-test-interrupted"))
	require.NotContains(t, run("docker", "volume", "ls", "--quiet"), volume)
}
