package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/images"
	"github.com/awslab/awslab/automation/internal/callertest"
	"github.com/awslab/awslab/automation/internal/fakedocker"
)

// secretValue is in the container's environment and in no output.
const secretValue = "s3cret-value"

const imagesStack = `config:
  awslab:region: eu-west-1
  awslab:tables: [{name: items, hashKey: {name: id}}]
  awslab:services:
    - name: worker
      image: {context: worker}
      environment: {TOKEN: ` + secretValue + `, SEALED: {secure: v1:abc}}
      healthCheck: {command: [CMD, /worker, healthcheck], graceSeconds: 300}
      access: {tables: [{name: items, mode: read}]}
    - {name: other, image: {uri: "quay.io/lab/other:1"}}
`

// awslabWithDocker returns a function that makes commands which run awslab in a project whose images the fake builds.
func awslabWithDocker(t *testing.T, engine fakedocker.Engine) (func(args ...string) *exec.Cmd, fakedocker.Calls) {
	t.Helper()
	folder, project := t.TempDir(), t.TempDir()
	require.NoError(t, fakedocker.Compile(folder))
	called := engine.Install(t, folder)
	require.NoError(t, os.Mkdir(filepath.Join(project, "worker"), 0o700))
	for name, text := range map[string]string{
		"Pulumi.yaml":       "name: awslab\nruntime: go\n",
		"Pulumi.small.yaml": imagesStack,
		"worker/Dockerfile": "FROM scratch\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(project, name), []byte(text), 0o600))
	}
	return func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...) //nolint:gosec // the test itself
		cmd.Dir = project
		cmd.Env = append(os.Environ(), asCommand+"=1")
		return cmd
	}, called
}

func goodEngine() fakedocker.Engine { return fakedocker.Engine{Architecture: "amd64", User: "65532"} }

var (
	spaces  = regexp.MustCompile(` +`)
	seconds = regexp.MustCompile(`[0-9.]+ s\b`)
)

func TestTheTablesOfImages(t *testing.T) {
	awslab, _ := awslabWithDocker(t, goodEngine())
	for command, want := range map[string]string{
		"build": "SERVICE PLATFORM SIZE LAYERS BUILD RESULT ID\n" +
			"worker linux/amd64 12.0 MB 2 N s built sha256:1\n" +
			"other - - - - not built: image.uri names an existing image -\n",
		"test": "SERVICE PLATFORM SIZE LAYERS START STOP VULNERABILITIES RESULT\n" +
			"worker linux/amd64 12.0 MB 2 N s N s none passed\n" +
			"other linux/amd64 12.0 MB 2 N s N s none passed\n",
	} {
		output, err := awslab("images", command, "--stack", "small").Output()
		require.NoError(t, err)
		require.Equal(t, want, seconds.ReplaceAllString(spaces.ReplaceAllString(string(output), " "), "N s"))
	}
}

func TestImagesOfAnotherPlatformAreBuiltAndNotRun(t *testing.T) {
	engine := goodEngine()
	engine.Architecture = "arm64"
	awslab, called := awslabWithDocker(t, engine)
	output, err := awslab("images", "test", "--stack", "small", "--service", "worker", "--platform", "linux/arm64").
		CombinedOutput()
	require.NoError(t, err, string(output))
	require.Contains(t, string(output), "built, not run: no emulation of linux/arm64 on linux/amd64")
	require.Subset(t, called.Of(t, "build").Args, []string{"--platform", "linux/arm64"})
	require.NotContains(t, called.Commands(t), "create")
}

func TestImagesThatCannotBeScannedAreTestedAllTheSame(t *testing.T) {
	engine := goodEngine()
	engine.ScanCode = 1
	awslab, _ := awslabWithDocker(t, engine)
	output, err := awslab("images", "test", "--stack", "small").CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(
		string(output),
		"awslab: images were not scanned: trivy could not scan the image: exit status 1: FATAL failed to download",
	), string(output))
}

func TestImagesAsJSON(t *testing.T) {
	awslab, _ := awslabWithDocker(t, goodEngine())
	output, err := awslab("images", "test", "--stack", "small", "--service", "worker", "--json").Output()
	require.NoError(t, err)
	var result images.Result
	require.NoError(t, json.Unmarshal(output, &result))
	require.Equal(t, images.Passed, result.Outcome)
	require.Equal(t, []string{"SEALED", "TABLE_ITEMS"}, result.Unset)
}

func TestExitCodesOfImages(t *testing.T) {
	failing, down := goodEngine(), goodEngine()
	failing.StopCode, down.Down = 1, true
	for name, test := range map[string]struct {
		engine fakedocker.Engine
		args   []string
		code   int
		want   string
	}{
		"all pass":     {goodEngine(), []string{"--stack", "small"}, 0, "worker | passed\n"},
		"all fail":     {failing, []string{"--stack", "small"}, exitFailed, "2 of 2 images failed:\n  worker: "},
		"no engine":    {down, []string{"--stack", "small"}, exitInput, "awslab: the Docker engine does not answer"},
		"no stack":     {goodEngine(), nil, exitInput, "awslab: no stack is named; use --stack NAME, one of small\n"},
		"no such name": {goodEngine(), []string{"--stack", "small", "--service", "x"}, exitInput, `"x": allowed is`},
	} {
		t.Run(name, func(t *testing.T) {
			awslab, called := awslabWithDocker(t, test.engine)
			output, err := awslab(append([]string{"images", "test"}, test.args...)...).CombinedOutput()
			require.Equal(t, test.code, exitCodeOf(t, err), string(output))
			require.Contains(t, string(output), test.want)
			require.NotContains(t, string(output), secretValue)
			for _, call := range called.All(t) {
				require.NotContains(t, strings.Join(call.Args, " "), secretValue)
			}
		})
	}
}

func TestAnInterruptedTestOfImagesLeavesNothing(t *testing.T) {
	engine := goodEngine()
	engine.HealthCode = 1
	awslab, called := awslabWithDocker(t, engine)
	cmd := awslab("images", "test", "--stack", "small")
	require.NoError(t, cmd.Start())
	require.Eventually(
		t,
		func() bool { return slices.Contains(called.Commands(t), "exec") },
		time.Minute,
		100*time.Millisecond,
	)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Equal(t, exitCancelled, exitCodeOf(t, cmd.Wait()))
	require.Equal(t, "rm", called.Commands(t)[len(called.Commands(t))-1])
}

func TestAnUpOnAWSTestsItsImagesFirst(t *testing.T) {
	engine := goodEngine()
	engine.StopCode = 1
	awslab, called := awslabWithDocker(t, engine)
	environment := []string{
		"PULUMI_BACKEND_URL=file://" + t.TempDir(),
		"PULUMI_CONFIG_PASSPHRASE=of this test",
		"AWS_ACCESS_KEY_ID=an id",
		"AWS_SECRET_ACCESS_KEY=of this test",
		"AWS_ENDPOINT_URL_STS=" + callertest.Start(t).URL,
	}
	up := awslab("up", "--stack", "small", "--target", "aws", "--yes")
	up.Env = append(up.Env, environment...)
	output, err := up.CombinedOutput()
	require.Equal(t, exitFailed, exitCodeOf(t, err), string(output))
	require.Contains(t, string(output), "1 of 1 images failed:\n  worker: the container exited with code 1")
	require.Contains(t, string(output), "nothing was changed on AWS; --skip-image-tests deploys the images untested")
	require.NotContains(t, string(output), "preview ...")

	before := len(called.All(t))
	skipped := awslab("up", "--stack", "small", "--target", "aws", "--yes", "--skip-image-tests")
	skipped.Env = append(skipped.Env, append(environment, "AWS_PROFILE=nobody", "AWS_CONFIG_FILE=/nowhere")...)
	output, err = skipped.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "WARNING: --skip-image-tests: images that were never run go to AWS untested")
	require.Contains(t, string(output), "preview ...")
	require.Len(t, called.All(t), before, "no image is built")
}
