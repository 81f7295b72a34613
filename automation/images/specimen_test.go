//go:build image

package images

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/infra/config"
)

// The Docker engine of this machine builds and runs specimens of a service, from which each failure is found by name.
// Run it with: make image-test
func TestImage(t *testing.T) {
	root, engine := specimens(t)
	for specimen, want := range map[string]FailureKind{
		"good":            "",
		"unhealthy":       Unhealthy,
		"exits-later":     Exited,
		"writes-to-root":  WritesToRoot,
		"ignores-sigterm": IgnoresStop,
		"runs-as-root":    RunsAsRoot,
	} {
		t.Run(specimen, func(t *testing.T) {
			results, err := testSpecimen(t.Context(), t, root, engine, specimen)
			require.Len(t, results, 1)
			require.Empty(t, list(t, engine, "container", "--all", "--filter", "name=awslab-test-"+specimen),
				"the container is removed")
			if want == "" {
				require.NoError(t, err)
				require.Equal(t, Passed, results[0].Outcome)
				return
			}
			require.Error(t, err)
			require.Equal(t, want, results[0].Failure.Kind, err.Error())
			if want == IgnoresStop {
				require.Greater(t, results[0].StopTime.Seconds(), float64(compute.StopTimeout-1))
			}
		})
	}
}

// A test that is interrupted, as by Ctrl-C, leaves no build and no container that runs, and no network.
func TestImageThatIsInterrupted(t *testing.T) {
	root, engine := specimens(t)
	for specimen, what := range map[string]struct{ running, left func(*testing.T) string }{
		"lasting-build": {buildProcess, buildProcess},
		"ignores-sigterm": {
			func(t *testing.T) string {
				return list(t, engine, "container", "--filter", "name=awslab-test-ignores-sigterm")
			},
			func(t *testing.T) string {
				return list(t, engine, "container", "--all", "--filter", "name=awslab-test-ignores-sigterm")
			},
		},
	} {
		t.Run(specimen, func(t *testing.T) {
			networks := list(t, engine, "network")
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			ended := make(chan error, 1)
			go func() {
				_, err := testSpecimen(ctx, t, root, engine, specimen)
				ended <- err
			}()
			require.Eventually(t, func() bool { return what.running(t) != "" }, 5*time.Minute, 10*time.Millisecond)
			interrupt()
			require.ErrorIs(t, <-ended, context.Canceled)
			require.Eventually(t, func() bool { return what.left(t) == "" }, time.Minute, 10*time.Millisecond)
			require.Equal(t, networks, list(t, engine, "network"))
		})
	}
}

// specimens returns a folder with what the images of the specimens are built from, and the engine of this machine.
func specimens(t *testing.T) (root string, engine docker) {
	t.Helper()
	root = t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS("testdata/specimen")))
	require.NoError(t, os.Mkdir(filepath.Join(root, "empty"), 0o755))
	compile := exec.Command("go", "build", "-o", filepath.Join(root, "specimen"), "./testdata/specimen")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	output, err := compile.CombinedOutput()
	require.NoError(t, err, string(output))
	engine, err = openDocker(t.Context())
	require.NoError(t, err)
	return root, engine
}

// testSpecimen builds the image of a specimen and tests it. The image is removed at the end.
func testSpecimen(ctx context.Context, t *testing.T, root string, engine docker, name string) ([]Result, error) {
	results, err := Test(ctx, Options{
		Root: root, Prefix: "awslab-specimen", OnProgress: func(_, line string) { t.Log(line) },
		Services: []config.Service{{
			Name:         name,
			Image:        config.Image{Context: ".", Dockerfile: name + ".Dockerfile"},
			Port:         8080,
			Path:         "/",
			CPU:          256,
			Memory:       128,
			Architecture: strings.TrimPrefix(engine.platform, "linux/"),
			ScratchPaths: []string{"/scratch"},
			HealthCheck: config.HealthCheck{
				Path: "/healthz", GraceSeconds: 5, IntervalSeconds: 1, TimeoutSeconds: 5,
				Command: []string{"CMD", "/specimen", "healthcheck"},
			},
			Access: config.Access{
				FileSystem: &config.Mount{Path: "/files", Mode: "readwrite"},
				Tables:     []config.Grant{{Name: "items", Mode: "read"}},
			},
			TestEnvironment: map[string]string{"TABLE_ITEMS": "items"},
			Smoke:           []config.SmokeRequest{{Method: "GET", Path: "/unknown", Status: 404}},
		}},
	})
	// Results of a test that was interrupted name no image.
	ctx = context.WithoutCancel(ctx)
	built, listing := engine.output(ctx, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "awslab-specimen-"+name)
	require.NoError(t, listing)
	for _, image := range strings.Fields(built) {
		_, _ = engine.output(ctx, "image", "rm", "--force", image)
	}
	return results, err
}

// list returns the ids of what the engine has of a kind.
func list(t *testing.T, engine docker, kind string, options ...string) string {
	t.Helper()
	ids, err := engine.output(t.Context(), append([]string{kind, "ls", "--quiet"}, options...)...)
	require.NoError(t, err)
	return ids
}

// buildProcess returns the id of the process that the lasting build waits for, or nothing. The engine is on this
// machine, whose processes include those of builds.
func buildProcess(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		line, _ := os.ReadFile(file) // the process may have ended
		if string(line) == "/specimen\x00lasting-build\x00" {
			return filepath.Base(filepath.Dir(file))
		}
	}
	return ""
}
