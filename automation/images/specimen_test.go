//go:build image

package images

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/infra/config"
)

// The Docker engine of this machine builds and runs specimens of a service, from which each failure is found by name.
// Run it with: make image-test
func TestImage(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS("testdata/specimen")))
	require.NoError(t, os.Mkdir(filepath.Join(root, "empty"), 0o755))
	compile := exec.Command("go", "build", "-o", filepath.Join(root, "specimen"), "./testdata/specimen")
	compile.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	output, err := compile.CombinedOutput()
	require.NoError(t, err, string(output))
	engine, err := openDocker(t.Context())
	require.NoError(t, err)

	for specimen, want := range map[string]FailureKind{
		"good":            "",
		"unhealthy":       Unhealthy,
		"writes-to-root":  WritesToRoot,
		"ignores-sigterm": IgnoresStop,
		"runs-as-root":    RunsAsRoot,
	} {
		t.Run(specimen, func(t *testing.T) {
			s := config.Service{
				Name:         specimen,
				Image:        config.Image{Context: ".", Dockerfile: specimen + ".Dockerfile"},
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
				Access: config.Access{FileSystem: &config.Mount{Path: "/files", Mode: "readwrite"}},
				Smoke:  []config.SmokeRequest{{Method: "GET", Path: "/unknown", Status: 404}},
			}
			results, err := Test(t.Context(), Options{
				Root: root, Prefix: "awslab-specimen", Services: []config.Service{s},
				OnProgress: func(_, line string) { t.Log(line) },
			})
			require.Len(t, results, 1)
			t.Cleanup(func() { _, _ = engine.output(context.Background(), "image", "rm", "--force", results[0].Image) })
			left, listing := engine.output(
				t.Context(), "container", "ls", "--all", "--quiet", "--filter", "name=awslab-test-"+specimen)
			require.NoError(t, listing)
			require.Empty(t, left, "the container is removed")
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
