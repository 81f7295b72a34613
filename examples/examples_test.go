//go:build examples

// Package examples runs what the READMEs show. It acts on the offline target of this clone. Run it with: make examples
package examples

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
)

const root = ".."

// The commands in the console blocks of the READMEs print what stands there: the lines in order, numbers and ids aside.
// A line of three dots stands for any lines.
func TestTheConsoleShowsWhatTheReadmesShow(t *testing.T) {
	for _, file := range []string{"../README.md", "embed/README.md"} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			blocks := regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(text), -1)
			require.NotEmpty(t, blocks)
			for _, block := range blocks {
				for _, session := range strings.Split(block[1], "$ ")[1:] {
					command, want, _ := strings.Cut(session, "\n")
					got := shell(t, root, command)
					requireLines(t, command, want, got)
				}
			}
		})
	}
	shell(t, root, "bin/awslab destroy --stack dev")
}

func requireLines(t *testing.T, command, want, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	next := 0
	for _, line := range strings.Split(strings.TrimSpace(want), "\n") {
		if line == "..." {
			continue
		}
		for next < len(lines) && plain(lines[next]) != plain(line) {
			next++
		}
		require.Less(t, next, len(lines), "%s prints no line %q, or not there:\n%s", command, line, got)
		next++
	}
}

// plain replaces what differs from one run to the next, and from one version to the next.
func plain(line string) string {
	return regexp.MustCompile(`[0-9]+(\.[0-9]+)?|\b[0-9a-f]{8}\b`).ReplaceAllString(line, "#")
}

// The stock command judges dev with dev's levels.
func TestTheStockCommandPreviewsWithWhatTheReadmeShows(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	commands := regexp.MustCompile("(?s)```sh\n(eval.*?)```").FindStringSubmatch(string(text))
	unchanged(t, filepath.Join(root, "Pulumi.dev.yaml"))
	require.Contains(t, shell(t, root, commands[1]), "✅ awslab@")
}

// unchanged writes a file back at the end of the test, to which the engine adds an encryptionsalt. It returns what is
// in it.
func unchanged(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.WriteFile(file, content, 0o600)) })
	return content
}

func shell(t *testing.T, dir, command string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", command, output)
	return string(output)
}

// pulumi runs the stock command on the offline target of an example, whose configuration it leaves as it was.
func pulumi(t *testing.T, example string, args ...string) (string, error) {
	t.Helper()
	ctx := context.Background()
	plugin, err := filepath.Abs(filepath.Join(root, "bin", "awslab-offline"))
	require.NoError(t, err)
	environment, path, err := automation.OfflineEnvironment(ctx, automation.Options{
		ProjectDir: example, OfflineDir: filepath.Join(t.TempDir(), "offline"), OfflinePlugin: plugin,
	})
	require.NoError(t, err)
	found, err := engine.Find(ctx, filepath.Join(path, "pulumi"), nil)
	require.NoError(t, err)
	configuration := filepath.Join(example, "Pulumi.try.yaml")
	// The example's exemption ends on a day that passes.
	day := regexp.MustCompile(`expires: .*`).ReplaceAll(unchanged(t, configuration), []byte("expires: "+
		time.Now().AddDate(0, 6, 0).Format(time.DateOnly)))
	require.NoError(t, os.WriteFile(configuration, day, 0o600))

	cmd := exec.CommandContext(ctx, found.Path, append(args, "--stack", "try", "--non-interactive")...)
	cmd.Dir = example
	cmd.Env = os.Environ()
	for name, value := range environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func TestComponentsWorkInAProgramOfTheirOwn(t *testing.T) {
	output, err := pulumi(t, "components", "up", "--yes")
	require.NoError(t, err, output)
	require.Contains(t, output, `tableArn: "arn:aws:dynamodb:eu-west-1:123456789012:table/shop-orders"`)
	require.Contains(t, output, "54 created")
}

func TestThePacksJudgeAnotherProgram(t *testing.T) {
	output, err := pulumi(
		t,
		"policy",
		"preview",
		"--policy-pack",
		"../../policy",
		"--policy-pack-config",
		"policy.json",
	)
	require.Error(t, err, "payments is not encrypted")
	require.Contains(t, output, "sqs-encrypted  (aws:sqs:Queue: payments)")
	require.NotContains(t, output, "sqs-encrypted  (aws:sqs:Queue: imports)")
	require.Contains(t, output, "sqs-encrypted is accepted for imports")
}

// What the README of microservice says to add, added to dev, is all that the platform needs to know.
func TestAServiceIsAddedByConfigurationAlone(t *testing.T) {
	readme, err := os.ReadFile("microservice/README.md")
	require.NoError(t, err)
	entry := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(string(readme))[1]
	dev, err := os.ReadFile(filepath.Join(root, "Pulumi.dev.yaml"))
	require.NoError(t, err)
	const services = "  awslab:services:\n"
	require.Contains(t, string(dev), services)
	file := filepath.Join(root, "Pulumi.pr-hello.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(dev), services, services+entry, 1)), 0o600))
	defer func() { require.NoError(t, os.Remove(file)) }()
	output := shell(t, root, "bin/awslab preview --stack pr-hello")
	for _, resource := range []string{
		"aws:ecs/service:Service hello-service",
		"aws:ecr/repository:Repository hello-repository",
		"aws:lb/targetGroup:TargetGroup hello-targets",
		"aws:iam/role:Role hello-task-role",
	} {
		require.Contains(t, output, resource)
	}
}
