package automation_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/images"
	"github.com/awslab/awslab/automation/internal/fakedocker"
	"github.com/awslab/awslab/infra/config"
)

// dockerThatFails is first on PATH for a test, and can build no image.
func dockerThatFails(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, fakedocker.Compile(folder))
	fakedocker.Engine{BuildCode: 1}.Install(t, folder)
}

func servicesOf(results []images.Result) []string {
	var names []string
	for _, r := range results {
		names = append(names, r.Service)
	}
	return names
}

func TestImagesAreThoseOfTheStacksServices(t *testing.T) {
	dockerThatFails(t)
	options := newProject(t).options("dev")
	for _, do := range []func(
		context.Context, automation.Options, automation.ImageOptions,
	) ([]images.Result, error){automation.BuildImages, automation.TestImages} {
		results, err := do(t.Context(), options, automation.ImageOptions{})
		var failed *images.FailedError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, []string{"catalog", "orders"}, servicesOf(results))
		require.Regexp(t, `^awslab-dev-catalog:[0-9a-f]{16}$`, results[0].Image)

		results, err = do(t.Context(), options, automation.ImageOptions{Services: []string{"orders"}})
		require.Error(t, err)
		require.Equal(t, []string{"orders"}, servicesOf(results))
	}
}

func TestWrongOptionsOfImages(t *testing.T) {
	p := newProject(t)
	for want, which := range map[string]automation.ImageOptions{
		`service "shop": allowed is one of catalog, orders`:               {Services: []string{"shop"}},
		`platform "linux/riscv64": allowed is linux/amd64 or linux/arm64`: {Platform: "linux/riscv64"},
	} {
		_, err := automation.BuildImages(t.Context(), p.options("dev"), which)
		var input *automation.InputError
		require.ErrorAs(t, err, &input)
		require.EqualError(t, err, want)
	}
	_, err := automation.TestImages(t.Context(), p.options("test"), automation.ImageOptions{})
	require.EqualError(t, err, `stack "test": allowed is one of dev, prod`)

	p.configure(t, "dev", "orders/Dockerfile", "orders/Containerfile")
	_, err = automation.TestImages(t.Context(), p.options("dev"), automation.ImageOptions{})
	var refused *config.Error
	require.ErrorAs(t, err, &refused)
}

// Before an up on AWS only those images are tested that the stack does not run yet.
func TestChangedImagesAreThoseThatAreNotDeployed(t *testing.T) {
	dockerThatFails(t)
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock") // the offline target would build with a running engine
	p := newProject(t)
	lab := p.open(t, "dev")
	results, err := lab.TestChangedImages(t.Context(), automation.ImageOptions{})
	require.Error(t, err)
	require.Equal(t, []string{"catalog", "orders"}, servicesOf(results), "nothing is deployed")

	_, err = lab.Up(t.Context())
	require.NoError(t, err)
	results, err = lab.TestChangedImages(t.Context(), automation.ImageOptions{})
	require.NoError(t, err)
	require.Empty(t, results, "all is deployed")

	file, err := os.OpenFile(filepath.Join(p.dir, "services", "orders", "main.go"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString("// changed\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	results, err = lab.TestChangedImages(t.Context(), automation.ImageOptions{})
	require.ErrorContains(t, err, "building services/orders/Dockerfile failed")
	require.Equal(t, []string{"orders"}, servicesOf(results))
}
