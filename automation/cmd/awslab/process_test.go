package main

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
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
	code := m.Run()
	if compiled.dir != "" {
		_ = os.RemoveAll(compiled.dir)
	}
	os.Exit(code)
}

// compiled is a folder with the executable of the stand-ins.
var compiled struct {
	sync.Once
	dir string
	err error
}

// plugins returns a folder with the executable of the stand-ins, which is compiled once.
func plugins(t *testing.T) string {
	t.Helper()
	compiled.Do(func() {
		if compiled.dir, compiled.err = os.MkdirTemp("", "awslab-test-"); compiled.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", compiled.dir, "../../offline/cmd/"+offline.PluginCommand)
		if output, err := build.CombinedOutput(); err != nil {
			compiled.err = fmt.Errorf("%w: %s", err, output)
		}
	})
	require.NoError(t, compiled.err)
	return compiled.dir
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
	plugins := plugins(t)
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

// TestDriftEndsWith6 has somebody else delete what the stack has.
func TestDriftEndsWith6(t *testing.T) {
	t.Parallel()
	awslab := newProject(t)
	up := awslab("up", "--stack", "small")
	output, err := up.CombinedOutput()
	require.NoError(t, err, string(output))
	drift := func(flags ...string) (int, string) {
		output, err := awslab(append([]string{"drift", "--stack", "small"}, flags...)...).CombinedOutput()
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
	_, err = world.Exec(`UPDATE things SET inputs = replace(inputs, '"retentionInDays":30', '"retentionInDays":7'),
		state = replace(state, '"retentionInDays":30', '"retentionInDays":7') WHERE urn LIKE '%:lab-flow-log-group'`)
	require.NoError(t, err)
	require.NoError(t, world.Close())

	code, said = drift()
	require.Equal(t, exitDrift, code, said)
	require.Contains(t, said, "- missing            aws:cloudwatch/dashboard:Dashboard lab-dashboard")
	require.Contains(t, said, "drift done: 1 missing, ")
	require.Contains(t, said, " 1 changed (")
	require.Contains(t, said, "awslab: 2 resources differ from the state; awslab refresh records it")
	code, again := drift("--diff")
	require.Contains(t, again, "changed aws:cloudwatch/logGroup:LogGroup lab-flow-log-group\n"+
		"  ~ retentionInDays: 30 => 7\n")
	require.Equal(t, exitDrift, code, "drift changes nothing: %s", again)
	output, err = awslab("refresh", "--stack", "small").CombinedOutput()
	require.NoError(t, err, string(output))
	code, said = drift()
	require.Zero(t, code, said)
}
