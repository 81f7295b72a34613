package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

func TestStacksAreThoseThatExistAndThoseWithAFile(t *testing.T) {
	updated := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	stacks := listStacks([]automation.StackSummary{
		{Name: "dev", Resources: 250, Updated: updated}, {Name: "pr-1"},
	}, []string{"dev", "prod"})
	var text bytes.Buffer
	require.NoError(t, printStacks(&text, stacks))
	require.Equal(t, `STACK  RESOURCES  UPDATED               CONFIGURED BY
dev    250        2026-01-02T03:04:05Z  Pulumi.dev.yaml
pr-1   0          never                 its latest update
prod   -          never                 Pulumi.prod.yaml
`, text.String())
}

func TestWhatWasCancelledIsSaid(t *testing.T) {
	c := automation.Cancelled{PID: 42, Operation: automation.OperationUp, Stack: "dev", Done: 1}
	require.Equal(
		t,
		"up of stack dev (pid 42) was cancelled: 1 resource changed; the state has what was done",
		cancelled(c),
	)
	c.Succeeded = true
	require.Contains(t, cancelled(c), "had succeeded by then")
}

// project makes a folder with a project and returns a command line that acts on it.
func inProject(t *testing.T, configuration string) (run func(args ...string) (string, error), dir string) {
	t.Helper()
	dir = t.TempDir()
	definition, err := os.ReadFile(filepath.Join(root, "Pulumi.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), definition, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.dev.yaml"), []byte(configuration), 0o600))
	return func(args ...string) (string, error) {
		var out bytes.Buffer
		a := &app{in: os.Stdin, out: &out, err: &out}
		command := a.rootCommand()
		command.SetArgs(append(args, "-C", dir))
		err := command.ExecuteContext(t.Context())
		return out.String(), err
	}, dir
}

func TestConfigShowSaysWhereValuesComeFrom(t *testing.T) {
	run, _ := inProject(t, "config: {awslab:region: eu-west-1, awslab:network: {cidr: 10.1.0.0/16}}\n")
	text, err := run("config", "show", "--stack", "dev")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^awslab:region +eu-west-1 +Pulumi\.dev\.yaml$`, text)
	require.Regexp(t, `(?m)^awslab:network\.cidr +10\.1\.0\.0/16 +Pulumi\.dev\.yaml$`, text)
	require.Regexp(t, `(?m)^awslab:monitoring\.logRetentionDays +30 +default of profile dev$`, text)

	text, err = run("config", "show", "network", "--stack", "dev", "--json")
	require.NoError(t, err)
	var first automation.Setting
	require.NoError(t, json.NewDecoder(bytes.NewBufferString(text)).Decode(&first))
	require.Contains(t, first.Path, "awslab:network.")
	require.NotContains(t, text, "monitoring")

	_, err = run("config", "show", "netw", "--stack", "dev")
	require.ErrorContains(t, err, `nothing is in effect below "netw"`)
}

func TestConfigValidateChecksEveryStack(t *testing.T) {
	run, dir := inProject(t, "config: {awslab:region: eu-west-1}\n")
	text, err := run("config", "validate")
	require.NoError(t, err)
	require.Contains(t, text, "the configuration of stack dev is valid")

	require.NoError(
		t,
		os.WriteFile(filepath.Join(dir, "Pulumi.test.yaml"), []byte("config: {awslab:netwrk: {}}"), 0o600),
	)
	text, err = run("config", "validate")
	require.ErrorContains(t, err, `stack test: wrong configuration`)
	require.ErrorContains(t, err, `did you mean "network"?`)
	require.Contains(t, text, "stack dev is valid", "the others are checked all the same")
	require.Equal(t, exitInput, exitCode(t.Context(), err))

	text, err = run("config", "validate", "--json")
	require.Equal(t, exitInput, exitCode(t.Context(), err))
	printed := json.NewDecoder(strings.NewReader(text))
	var dev, test validity
	require.NoError(t, printed.Decode(&dev))
	require.NoError(t, printed.Decode(&test))
	require.Equal(t, validity{Stack: "dev", Valid: true}, dev)
	require.Equal(t, "test", test.Stack)
	require.False(t, test.Valid)
	require.Contains(t, test.Error, `did you mean "network"?`)
}

func TestOutputsBecomeVariablesOfAShell(t *testing.T) {
	var text bytes.Buffer
	require.NoError(t, printAssignments(&text, automation.Outputs{
		"url":       {Value: "http://it's"},
		"endpoints": {Value: map[string]any{"orders": "http://orders", "a-b": "c"}},
		"password":  {Value: "hidden", Secret: true},
		"permanent": {Value: "the program's own"},
	}))
	require.Equal(t, "endpoints_a_b='c'\nendpoints_orders='http://orders'\nurl='http://it'\\''s'\n", text.String())
}

func TestAnImportNeedsAState(t *testing.T) {
	run, dir := inProject(t, "config: {awslab:region: eu-west-1}\n")
	_, err := run("import", "--stack", "dev")
	require.ErrorContains(t, err, "use --file FILE, or - for standard input")
	file := filepath.Join(dir, "state.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"version": 3}`), 0o600))
	_, err = run("import", "--stack", "dev", "--file", file)
	require.ErrorContains(t, err, "is no state that awslab export has printed")
	require.Equal(t, exitInput, exitCode(t.Context(), err))
	require.Equal(t, exitInput, exitCode(t.Context(), &automation.StateError{}))
}

func TestAnImportSaysWhatItReplaced(t *testing.T) {
	const differs = "awslab drift --stack prod --target aws shows what differs"
	done := &automation.Imported{Before: 272, After: 1}
	require.Equal(t, "the state of stack prod is replaced: it had 272 resources and has 1; "+differs,
		replaced("prod", automation.AWS, done))
	done.Backup = "s3://state/prod.json.bak"
	require.Contains(t, replaced("prod", automation.AWS, done),
		"has 1; the one before is kept as s3://state/prod.json.bak until the next operation; "+differs)
}

func TestADiffLine(t *testing.T) {
	for want, d := range map[string]automation.PropertyDiff{
		`+ tags: {"a":"b"}`: {Path: "tags", After: map[string]any{"a": "b"}},
		`- name: "x"`:       {Path: "name", Before: "x"},
		`~ cpu: 1 => 2`:     {Path: "cpu", Before: 1, After: 2},
		`~ az: "a" => "b" (replaces the resource)`: {Path: "az", Before: "a", After: "b", Replaces: true},
	} {
		require.Equal(t, want, diffLine(d))
	}
}
