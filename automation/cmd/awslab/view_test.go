package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/infra/config"
	"github.com/stretchr/testify/require"
)

// verdicts are one of each fate.
func verdicts(written bool) *automation.Recovery {
	const urn = "urn:pulumi:dev::awslab::aws:ec2/vpc:Vpc::lab"
	return &automation.Recovery{Written: written, Verdicts: []automation.Verdict{
		{URN: urn, Fate: automation.Adopted, ID: "vpc-1"},
		{URN: urn, Fate: automation.Cleared},
		{URN: urn, Fate: automation.Unknown},
	}}
}

func TestLines(t *testing.T) {
	step := func(phase automation.Phase) *automation.Step {
		return &automation.Step{Type: "aws:ec2/vpc:Vpc", Name: "lab", Op: "replace", Phase: phase,
			Properties: []string{"cidrBlock", "tags.Name"}, Replacing: []string{"cidrBlock"}}
	}
	const stepText = "  ± replace            aws:ec2/vpc:Vpc lab [cidrBlock (replaces), tags.Name]"
	tests := map[string]struct {
		command automation.Operation
		event   automation.Event
		want    []string
	}{
		"a planned step of a preview": {automation.OperationPreview,
			automation.Event{
				Type:      automation.EventResource,
				Operation: automation.OperationPreview,
				Resource:  step(automation.Planned),
			},
			[]string{stepText}},
		"the same in the preview of an up": {automation.OperationUp,
			automation.Event{
				Type:      automation.EventResource,
				Operation: automation.OperationPreview,
				Resource:  step(automation.Planned),
			},
			nil},
		"a running step": {automation.OperationUp,
			automation.Event{
				Type:      automation.EventResource,
				Operation: automation.OperationUp,
				Resource:  step(automation.Running),
			},
			nil},
		"a finished step": {automation.OperationUp,
			automation.Event{
				Type:      automation.EventResource,
				Operation: automation.OperationUp,
				Resource:  step(automation.Done),
			},
			[]string{stepText}},
		"a failed step": {automation.OperationUp,
			automation.Event{Type: automation.EventResource, Operation: automation.OperationUp,
				Resource: &automation.Step{
					Type:  "aws:ec2/vpc:Vpc",
					Name:  "lab",
					Op:    "create",
					Phase: automation.Failed,
				}},
			[]string{"  + create             aws:ec2/vpc:Vpc lab FAILED"}},
		"a violation waits for the end": {automation.OperationUp,
			automation.Event{
				Type:      automation.EventViolation,
				Violation: &automation.Violation{Policy: "rds-multi-az"},
			}, nil},
		"a result": {automation.OperationUp,
			automation.Event{
				Type: automation.EventFinished,
				Result: &automation.Result{Operation: automation.OperationUp, Succeeded: true,
					Changes: map[string]int{"create": 2, "same": 1}, Duration: 1500 * time.Millisecond},
			},
			[]string{"up done: 2 created, 1 unchanged (1.5 s)"}},
		"a cancelled result": {automation.OperationDestroy,
			automation.Event{
				Type: automation.EventFinished,
				Result: &automation.Result{Operation: automation.OperationDestroy, Cancelled: true,
					Changes: map[string]int{"delete": 41}, Duration: 1500 * time.Millisecond},
			},
			[]string{"destroy CANCELLED: 41 deleted (1.5 s)"}},
		"a recovery that the state does not have": {automation.OperationRecover,
			automation.Event{Type: automation.EventFinished, Result: &automation.Result{
				Operation: automation.OperationRecover, Cancelled: true, Recovery: verdicts(false),
			}},
			[]string{
				"  found    lab vpc-1", "  to clear lab", "  unknown  lab", "recover CANCELLED: nothing (0.0 s)",
			}},
		"a recovery that it has": {automation.OperationRecover,
			automation.Event{Type: automation.EventFinished, Result: &automation.Result{
				Operation: automation.OperationRecover, Succeeded: true, Recovery: verdicts(true),
			}},
			[]string{"  adopted  lab vpc-1", "  cleared  lab", "  unknown  lab", "recover done: nothing (0.0 s)"}},
		"a cancelled result that the state tells of": {automation.OperationDestroy,
			automation.Event{
				Type: automation.EventFinished,
				Result: &automation.Result{Operation: automation.OperationDestroy, Cancelled: true,
					Progress: &automation.Progress{Done: 2, Left: 268}, Changes: map[string]int{"delete": 12}},
			},
			[]string{"destroy CANCELLED: 2 of 270 done (0.0 s)"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, texts(lines(test.event, test.command, &findings{}, 0)))
		})
	}
}

func TestJSONViewPrintsOneObjectALine(t *testing.T) {
	var out, err bytes.Buffer
	v := &jsonView{encoder: json.NewEncoder(&out), err: &err}
	v.announce("up of stack dev on the offline target")
	v.event(
		automation.Event{
			Type:      automation.EventStarted,
			Operation: automation.OperationUp,
			Stack:     "dev",
			Target:    automation.Offline,
		},
	)
	require.JSONEq(
		t,
		`{"type":"started","time":"0001-01-01T00:00:00Z","operation":"up","stack":"dev","target":"offline"}`,
		out.String(),
	)
	require.Contains(t, err.String(), "offline target")
}

func TestExitCodes(t *testing.T) {
	for want, errs := range map[int][]error{
		0:   {nil},
		1:   {errors.New("x"), &automation.OperationError{}},
		2:   {&usageError{errors.New("x")}, &automation.InputError{}, fmt.Errorf("x: %w", &config.Error{})},
		3:   {&automation.PolicyError{}},
		4:   {&automation.ConcurrentUpdateError{}, &automation.InterruptedError{}},
		5:   {&engine.MissingError{Reason: errors.New("x")}},
		6:   {&driftError{1}},
		130: {fmt.Errorf("%w: x", automation.ErrCancelled)},
	} {
		for _, err := range errs {
			require.Equal(t, want, exitCode(t.Context(), err), "%T", err)
		}
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, 130, exitCode(interrupted, errors.New("signal: killed")))
	require.Equal(t, 0, exitCode(interrupted, nil), "the operation was complete when the interrupt came")
}

func TestWrongUseIsExitCode2WithTheNextStep(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"unknown command": {
			[]string{"deploy"},
			`unknown command "deploy"; known are cancel, completion, config, cost, destroy, drift, engine, export`,
		},
		"unknown command with flags": {
			[]string{"prevew", "--stack", "dev"},
			`unknown command "prevew"; did you mean "preview"? See: awslab --help`,
		},
		"unknown command of a group with flags": {
			[]string{"config", "shw", "--target", "aws"}, `unknown command "shw"; did you mean "show"?`,
		},
		"help for an unknown command": {
			[]string{"help", "prevew"}, `unknown command "prevew"; did you mean "preview"? See: awslab --help`,
		},
		"help for an unknown command of a group": {
			[]string{"help", "config", "shw"}, `unknown command "shw"; did you mean "show"? See: awslab config --help`,
		},
		"a state that is not there": {
			[]string{"import", "-C", "../../..", "--stack", "dev", "--file", "/nowhere"},
			"/nowhere: no such file or directory; name a file that awslab export has written",
		},
		"an unknown command with --help": {
			[]string{"prevew", "--help"}, `unknown command "prevew"; did you mean "preview"? See: awslab --help`,
		},
		"an unknown command of a group with -h": {
			[]string{"images", "biuld", "-h"},
			`unknown command "biuld"; did you mean "build"? See: awslab images --help`,
		},
		"an unknown command after --json and --help": {
			[]string{"--json", "--help", "polcy", "list"}, `unknown command "polcy"; did you mean "policy"?`,
		},
		"a shell too many": {
			[]string{"completion", "bash", "zsh"}, `unexpected argument "zsh"; see: awslab completion bash --help`,
		},
		"an unknown shell": {
			[]string{"completion", "bsh", "--help"}, `unknown command "bsh"; did you mean "bash"?`,
		},
		"an unknown shell without --help": {
			[]string{"completion", "bsh"}, `unknown command "bsh"; did you mean "bash"?`,
		},
		"unknown flag":   {[]string{"up", "--stak", "dev"}, "unknown flag: --stak; see: awslab up --help"},
		"stray argument": {[]string{"up", "dev"}, `unexpected argument "dev"`},
		"stray key": {
			[]string{"config", "show", "a", "b", "--stack", "dev"},
			`config show ["a" "b"]: give one key, or none for all`,
		},
		"no stack": {[]string{"up", "-C", "../../.."}, "no stack is named; use --stack NAME, one of dev, prod"},
		"unknown stack": {
			[]string{"up", "-C", "../../..", "--stack", "test"},
			`stack "test": allowed is one of dev, prod`,
		},
		"unknown target": {
			[]string{"up", "-C", "../../..", "--stack", "dev", "--target", "gcp"},
			`target "gcp": allowed is offline or aws`,
		},
		"a backend offline": {
			[]string{"up", "-C", "../../..", "--stack", "dev", "--backend", "s3://state"},
			`backend "s3://state": allowed is none on the offline target`,
		},
		"no bucket's name": {
			[]string{"outputs", "-C", "../../..", "--stack", "dev", "--target", "aws", "--backend", "s3://State"},
			`backend "s3://State" has "State", which is no name of a bucket; write 3 to 63`,
		},
		"no KMS key": {
			[]string{
				"up", "-C", "../../..", "--stack", "dev", "--target", "aws", "--yes", "--backend", "s3://state",
				"--secrets-provider", "awskms://state",
			},
			`secrets provider "awskms://state" has "state", which is no KMS key; write awskms://alias/NAME`,
		},
		"folder of nothing": {
			[]string{"up", "-C", "/nowhere", "--stack", "dev"},
			"allowed is a folder with Pulumi.yaml",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			a := &app{out: &out, err: &errs}
			err := a.execute(t.Context(), test.args)
			require.Equal(t, exitInput, exitCode(t.Context(), err))
			require.ErrorContains(t, err, test.want)
			require.Empty(t, out.String())
		})
	}
}

func TestOutputsHideSecrets(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printOutputs(&out, automation.Outputs{
		"url": {Value: "http://x"}, "ids": {Value: []any{"a", "b"}}, "password": {Value: "hunter2", Secret: true},
		"permanent": {Value: map[string]any{"region": "eu-west-1"}}}))
	require.Equal(t, "ids       [\"a\",\"b\"]\npassword  \"[secret]\"\nurl       http://x\n", out.String())
}

func TestOneOutputIsItsBareValue(t *testing.T) {
	outputs := automation.Outputs{
		"url":       {Value: "http://x"},
		"password":  {Value: "hunter2", Secret: true},
		"endpoints": {Value: map[string]any{"orders": "http://x/orders", "a.b": "dotted"}},
		"ids":       {Value: []any{"a", "b"}},
	}
	for name, want := range map[string]string{
		"url":              "http://x\n",
		"endpoints.orders": "http://x/orders\n",
		"endpoints.a.b":    "dotted\n",
		"endpoints":        `{"a.b":"dotted","orders":"http://x/orders"}` + "\n",
		"ids":              `["a","b"]` + "\n",
		"password":         `"[secret]"` + "\n",
	} {
		var out bytes.Buffer
		require.NoError(t, printOutput(&out, outputs, name, false))
		require.Equal(t, want, out.String(), name)
	}
	for name, want := range map[string]string{
		"ur":              `the stack has no output "ur"; it has endpoints, ids, password, url`,
		"endpoints.items": `output endpoints has no "items" in it; awslab outputs shows what it has`,
		"url.x":           `output url has no "x" in it; awslab outputs shows what it has`,
	} {
		var usage *usageError
		err := printOutput(io.Discard, outputs, name, false)
		require.ErrorAs(t, err, &usage)
		require.EqualError(t, err, want)
	}
}

func TestTheVersionIsAFlagToo(t *testing.T) {
	said := func(argument string) string {
		var out bytes.Buffer
		a := &app{out: &out, err: io.Discard}
		require.NoError(t, a.execute(t.Context(), []string{argument}))
		return out.String()
	}
	require.Equal(t, said("version"), said("--version"))
	require.Contains(t, said("--version"), "for Pulumi "+engine.BuildVersion)
}

func TestQuoteIsSafeForAShell(t *testing.T) {
	require.Equal(t, `'a b'\''c'`, quote("a b'c"))
}
