package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline"
)

// These tests run awslab as a process of its own, on the offline target.

// asCommand in the environment makes the test's executable awslab itself.
const asCommand = "AWSLAB_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// smallStack takes seconds. It has a read replica, and so its database's password is in the state (see
// components/data).
const smallStack = `config:
  pulumi:disable-default-providers: ["*"]
  awslab:profile: dev
  awslab:region: eu-west-1
  awslab:database: {readReplicas: 1}
  awslab:tables: [{name: items, hashKey: {name: id}}]
  awslab:buckets: [{name: uploads}]
`

// newProject returns a project with the stack small, and a function that makes commands which run awslab in it.
func newProject(t *testing.T) (awslab func(args ...string) *exec.Cmd) {
	t.Helper()
	dir := t.TempDir()
	plugins := t.TempDir()
	build := exec.Command(
		"go",
		"build",
		"-o",
		filepath.Join(plugins, offline.PluginCommand),
		"../../offline/cmd/awslab-offline",
	)
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	project, err := os.ReadFile("../../../Pulumi.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), project, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.small.yaml"), []byte(smallStack), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "infra"), 0o700))
	return func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...) //nolint:gosec // the test itself
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), asCommand+"=1", "PATH="+plugins+":"+os.Getenv("PATH"))
		return cmd
	}
}

func exitCodeOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err == nil {
		return 0
	}
	require.ErrorAs(t, err, &exit)
	return exit.ExitCode()
}

// TestNoOutputHoldsASecret compares all that every command prints with the secrets of the stack.
func TestNoOutputHoldsASecret(t *testing.T) {
	awslab := newProject(t)
	printed := map[string]string{}
	for _, args := range [][]string{
		{"preview"},
		{"preview", "--json"},
		{"up"},
		{"up", "--json"},
		{"outputs"},
		{"outputs", "--json"},
		{"refresh", "--json"},
		{"drift"},
		{"drift", "--json"},
		{"recover", "--json"},
		{"history"},
		{"history", "--json"},
		{"export"},
		{"export", "--json"},
		{"cost"},
		{"cost", "--json"},
		{"offline", "list"},
		{"offline", "list", "--json"},
		{"offline", "audit"},
		{"offline", "env"},
	} {
		if args[0] != "offline" {
			args = append(args, "--stack", "small")
		}
		output, err := awslab(args...).CombinedOutput()
		require.NoError(t, err, string(output))
		printed[strings.Join(args, " ")] = string(output)
	}
	shown, err := awslab("export", "--stack", "small", "--show-secrets").Output()
	require.NoError(t, err)
	secrets := secretsIn(t, shown)
	require.NotEmpty(t, secrets, "the stack has no secret, so that the test shows nothing")
	output, err := awslab("destroy", "--stack", "small").CombinedOutput()
	require.NoError(t, err, string(output))
	printed["destroy"] = string(output)

	for command, text := range printed {
		for _, secret := range secrets {
			require.False(t, strings.Contains(text, secret), "awslab %s prints a secret in clear text", command)
		}
	}
	require.Contains(t, printed["export --stack small"], `"ciphertext"`)
}

// secretsIn returns the texts in an export's decrypted secrets that are long enough to be found by chance nowhere else.
func secretsIn(t *testing.T, export []byte) []string {
	t.Helper()
	var deployment any
	require.NoError(t, json.Unmarshal(export, &deployment))
	var found []string
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			if plaintext, ok := v["plaintext"].(string); ok {
				var secret any
				require.NoError(t, json.Unmarshal([]byte(plaintext), &secret))
				text, _ := secret.(string)
				var fields map[string]string
				if json.Unmarshal([]byte(text), &fields) == nil {
					text = fields["password"]
				}
				if len(text) >= 8 {
					found = append(found, text)
				}
			}
			for _, element := range v {
				walk(element)
			}
		case []any:
			for _, element := range v {
				walk(element)
			}
		}
	}
	walk(deployment)
	return found
}

// TestAnInterruptedOperationEndsWith130 sends a signal when a command has printed a line, and compares its exit code
// and its last words with what is left to do.
func TestAnInterruptedOperationEndsWith130(t *testing.T) {
	awslab := newProject(t)
	tests := []struct {
		// first is completed before.
		first   string
		command string
		signal  syscall.Signal
		// at is what the line holds at which the signal is sent.
		at string
	}{
		{"", "preview", syscall.SIGINT, "preview ..."},
		{"", "up", syscall.SIGTERM, "preview ..."},
		{"", "up", syscall.SIGINT, "+ create"},
		{"", "up", syscall.SIGTERM, "aws:rds/instance:Instance"},
		{"up", "refresh", syscall.SIGINT, "refresh ..."},
		{"", "destroy", syscall.SIGINT, "destroy ..."},
		{"", "destroy", syscall.SIGINT, "- delete"},
		{"", "destroy", syscall.SIGTERM, "- delete"},
	}
	complete := func(args ...string) {
		output, err := awslab(args...).CombinedOutput()
		require.NoError(t, err, string(output))
	}
	for _, test := range tests {
		if test.first != "" {
			complete(test.first, "--stack", "small")
		}
		name := fmt.Sprintf("%s by %s at %q", test.command, test.signal, test.at)
		cmd := awslab(test.command, "--stack", "small")
		stderr, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var printed bytes.Buffer
		sent := false
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			fmt.Fprintln(&printed, lines.Text())
			if !sent && strings.Contains(lines.Text(), test.at) {
				require.NoError(t, cmd.Process.Signal(test.signal))
				sent = true
			}
		}
		code := exitCodeOf(t, cmd.Wait())
		require.True(t, sent, "%s: %s", name, printed.String())
		require.Equal(t, exitCancelled, code, "%s: %s", name, printed.String())
		require.NotContains(t, printed.String(), test.command+" done", name)
		if test.command != "preview" {
			require.Contains(t, printed.String(), "run awslab "+test.command+" --stack small again for the rest", name)
		}
		if test.command == "destroy" {
			output, err := awslab("offline", "list").Output()
			require.NoError(t, err)
			require.NotEmpty(t, output, name)
		}
	}
	complete("destroy", "--stack", "small")
	output, err := awslab("offline", "list").Output()
	require.NoError(t, err)
	require.Empty(t, string(output))
}

// TestDriftEndsWith6 has somebody else delete what the stack has.
func TestDriftEndsWith6(t *testing.T) {
	awslab := newProject(t)
	up := awslab("up", "--stack", "small")
	output, err := up.CombinedOutput()
	require.NoError(t, err, string(output))
	drift := func() (int, string) {
		output, err := awslab("drift", "--stack", "small").CombinedOutput()
		return exitCodeOf(t, err), string(output)
	}
	code, said := drift()
	require.Zero(t, code, said)

	world, err := sql.Open("sqlite", filepath.Join(up.Dir, ".awslab", "offline", "world.db"))
	require.NoError(t, err)
	deleted, err := world.Exec("DELETE FROM things WHERE type = 'aws:cloudwatch/dashboard:Dashboard'")
	require.NoError(t, err)
	count, err := deleted.RowsAffected()
	require.NoError(t, err)
	require.EqualValues(t, 1, count)
	require.NoError(t, world.Close())

	code, said = drift()
	require.Equal(t, exitDrift, code, said)
	require.Contains(t, said, "- delete             aws:cloudwatch/dashboard:Dashboard lab-dashboard")
	require.Contains(t, said, "awslab: 1 resource differs from the state; awslab refresh records it")
	code, again := drift()
	require.Equal(t, exitDrift, code, "drift changes nothing: %s", again)
	output, err = awslab("refresh", "--stack", "small").CombinedOutput()
	require.NoError(t, err, string(output))
	code, said = drift()
	require.Zero(t, code, said)
}
