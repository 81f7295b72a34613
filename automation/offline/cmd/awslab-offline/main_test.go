package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// TestMain lets the test's own executable be the plugins that the engine starts.
func TestMain(m *testing.M) {
	if _, plugin := roles[filepath.Base(os.Args[0])]; plugin || os.Getenv("AWSLAB_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestUnderAnyOtherNameItSaysWhatItIs(t *testing.T) {
	cmd := exec.Command(os.Args[0], "127.0.0.1:1")
	cmd.Env = append(os.Environ(), "AWSLAB_TEST_MAIN=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 2, exit.ExitCode())
	require.Contains(t, string(out), "plays the stand-ins of awslab's offline target")
	require.Contains(t, string(out), "pulumi-resource-aws, pulumi-resource-awsx, pulumi-resource-docker")
}

func TestWithoutAWorldItSaysWhoGivesOne(t *testing.T) {
	plugin := filepath.Join(t.TempDir(), "pulumi-resource-aws")
	require.NoError(t, os.Symlink(executable(t), plugin))
	cmd := exec.Command(plugin, "127.0.0.1:1")
	cmd.Env = append(os.Environ(), world.Variable+"=")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), world.Variable)
	require.Contains(t, string(out), "awslab")
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

// engine finds the Pulumi engine on PATH or where awslab keeps the one it builds, or skips the test.
func engine(t *testing.T) auto.PulumiCommand {
	t.Helper()
	roots := []string{}
	if path, err := exec.LookPath("pulumi"); err == nil {
		roots = append(roots, filepath.Dir(filepath.Dir(path)))
	}
	if cache, err := os.UserCacheDir(); err == nil {
		built, err := filepath.Glob(filepath.Join(cache, "awslab", "engine", "v*"))
		require.NoError(t, err)
		roots = append(roots, built...)
	}
	for _, root := range roots {
		if command, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: root}); err == nil {
			return command
		}
	}
	t.Skip("no Pulumi engine on PATH or in awslab's cache")
	return nil
}

// install puts the stand-ins into a PULUMI_HOME.
func install(t *testing.T, home string) {
	t.Helper()
	aws, err := schema.AWS()
	require.NoError(t, err)
	awsx, err := schema.AWSX()
	require.NoError(t, err)
	docker, err := schema.Docker()
	require.NoError(t, err)
	for _, pkg := range []*schema.Package{aws, awsx, docker} {
		dir := filepath.Join(home, "plugins", "resource-"+pkg.Name+"-v"+pkg.Version)
		require.NoError(t, os.MkdirAll(dir, 0o700))
		require.NoError(t, os.Symlink(executable(t), filepath.Join(dir, "pulumi-resource-"+pkg.Name)))
	}
}

// deployment returns what the program under test builds: a network, a repository and an image in it.
func deployment(buildContext string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		var vpc struct {
			pulumi.ResourceState
			VpcID            pulumi.StringOutput      `pulumi:"vpcId"`
			PrivateSubnetIDs pulumi.StringArrayOutput `pulumi:"privateSubnetIds"`
		}
		err := ctx.RegisterRemoteComponentResource("awsx:ec2:Vpc", "lab", pulumi.Map{
			"numberOfAvailabilityZones": pulumi.Int(2),
			"subnetStrategy":            pulumi.String("Auto"),
			"natGateways":               pulumi.Map{"strategy": pulumi.String("Single")},
		}, &vpc, pulumi.Version("2.22.0"))
		if err != nil {
			return err
		}
		var repository struct {
			pulumi.CustomResourceState
			RepositoryURL pulumi.StringOutput `pulumi:"repositoryUrl"`
		}
		if err := ctx.RegisterResource("aws:ecr/repository:Repository", "orders", pulumi.Map{
			"name": pulumi.String("shop/orders"), "forceDelete": pulumi.Bool(true),
		}, &repository, pulumi.Version("6.83.2")); err != nil {
			return err
		}
		var image struct {
			pulumi.CustomResourceState
			RepoDigest pulumi.StringOutput `pulumi:"repoDigest"`
		}
		if err := ctx.RegisterResource("docker:index/image:Image", "orders", pulumi.Map{
			"imageName": pulumi.Sprintf("%s:1", repository.RepositoryURL),
			"build":     pulumi.Map{"context": pulumi.String(buildContext), "platform": pulumi.String("linux/amd64")},
		}, &image, pulumi.Version("4.11.2")); err != nil {
			return err
		}
		ctx.Export("vpcId", vpc.VpcID)
		ctx.Export("subnets", vpc.PrivateSubnetIDs)
		ctx.Export("image", image.RepoDigest)
		return nil
	}
}

// TestAStackLivesUnderTheEngine runs all three stand-ins as the engine runs them.
func TestAStackLivesUnderTheEngine(t *testing.T) {
	command := engine(t)
	dir := t.TempDir()
	home := filepath.Join(dir, "home")
	install(t, home)
	buildContext := filepath.Join(dir, "orders")
	require.NoError(t, os.MkdirAll(buildContext, 0o755))
	require.NoError(
		t,
		os.WriteFile(filepath.Join(buildContext, "Dockerfile"), []byte("FROM scratch\nCOPY Dockerfile /\n"), 0o644),
	)
	state := filepath.Join(dir, "state")
	require.NoError(t, os.MkdirAll(state, 0o755))

	ctx := context.Background()
	stack, err := auto.UpsertStackInlineSource(ctx, "dev", "plugins", deployment(buildContext),
		auto.Pulumi(command), auto.PulumiHome(home), auto.WorkDir(dir),
		auto.Project(workspace.Project{Name: "plugins", Runtime: workspace.NewProjectRuntimeInfo("go", nil)}),
		auto.EnvVars(map[string]string{
			"PULUMI_BACKEND_URL":                          "file://" + state,
			"PULUMI_CONFIG_PASSPHRASE":                    "test",
			world.Variable:                                filepath.Join(dir, "world.db"),
			"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
			"PULUMI_IGNORE_AMBIENT_PLUGINS":               "true",
			"PULUMI_SKIP_UPDATE_CHECK":                    "true",
		}))
	require.NoError(t, err)
	require.NoError(t, stack.SetConfig(ctx, "aws:region", auto.ConfigValue{Value: "eu-west-1"}))

	preview, err := stack.Preview(ctx)
	require.NoError(t, err)
	require.Equal(
		t,
		24,
		preview.ChangeSummary["create"],
		"the stack, the component, its 20 resources, the repository, the image",
	)

	up, err := stack.Up(ctx)
	require.NoError(t, err)
	require.Regexp(t, "^vpc-", up.Outputs["vpcId"].Value)
	require.Len(t, up.Outputs["subnets"].Value, 2)
	require.Regexp(
		t,
		`^123456789012\.dkr\.ecr\.eu-west-1\.amazonaws\.com/shop/orders@sha256:[0-9a-f]{64}$`,
		up.Outputs["image"].Value,
	)

	again, err := stack.Up(ctx, optup.ExpectNoChanges())
	require.NoError(t, err, "an unchanged program changes nothing")
	require.Equal(t, up.Outputs["image"].Value, again.Outputs["image"].Value)

	_, err = stack.Destroy(ctx)
	require.NoError(t, err)
	w, err := world.New(filepath.Join(dir, "world.db"))
	require.NoError(t, err)
	defer w.Close()
	things, err := w.List(ctx)
	require.NoError(t, err)
	require.Empty(t, things)
}
