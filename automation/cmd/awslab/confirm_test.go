package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"github.com/vito/midterm"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/internal/callertest"
	"github.com/awslab/awslab/automation/offline"
)

// toStandIns has awslab take the stand-ins for AWS where it is told to act on AWS: they are the plugins of a
// PULUMI_HOME of the test's own. Who calls and what is allowed, the server says.
func toStandIns(t *testing.T, awslab func(args ...string) *exec.Cmd) (
	func(args ...string) *exec.Cmd, *offline.Home, *callertest.Server,
) {
	t.Helper()
	caller := callertest.Start(t)
	dir := t.TempDir()
	home := &offline.Home{Dir: dir}
	script := fmt.Sprintf("#!/usr/bin/env bash\nexport %s='%s'\nexec -a \"$0\" '%s' \"$@\"\n", offline.WorldVariable,
		home.Environment()[offline.WorldVariable], filepath.Join(plugins(t), offline.PluginCommand))
	wrapper := filepath.Join(dir, offline.PluginCommand)
	require.NoError(t, os.WriteFile(wrapper, []byte(script), 0o700)) //nolint:gosec // it is started
	home, err := offline.Open(dir, wrapper, true)
	require.NoError(t, err)
	environment := []string{
		"AWS_ACCESS_KEY_ID=an id", "AWS_SECRET_ACCESS_KEY=of this test", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ENDPOINT_URL_STS=" + caller.URL, "AWS_ENDPOINT_URL_IAM=" + caller.URL,
		"DOCKER_HOST=unix:///nonexistent.sock",
	}
	for name, value := range home.Environment() {
		if strings.HasPrefix(name, "PULUMI_") {
			environment = append(environment, name+"="+value)
		}
	}
	return func(args ...string) *exec.Cmd {
		cmd := awslab(append(args, "--target", "aws")...)
		cmd.Env = append(cmd.Env, environment...)
		return cmd
	}, home, caller
}

// dialog is a command on a terminal, with a person before it.
type dialog struct {
	t        *testing.T
	cmd      *exec.Cmd
	keyboard *os.File
	screen   *midterm.Terminal
	shown    chan string
}

const question = "Type the stack's name, small, to "

// onTerminal starts a command on a terminal of a width in columns.
func onTerminal(t *testing.T, cmd *exec.Cmd, width int) *dialog {
	t.Helper()
	cmd.Env = append(cmd.Env, "TERM=xterm")
	keyboard, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: screenHeight, Cols: uint16(width)})
	require.NoError(t, err)
	d := &dialog{
		t:        t,
		cmd:      cmd,
		keyboard: keyboard,
		screen:   midterm.NewTerminal(screenRows, width),
		shown:    make(chan string, 1000),
	}
	go func() {
		defer close(d.shown)
		buffer := make([]byte, 1<<16)
		for {
			n, err := keyboard.Read(buffer)
			_, _ = d.screen.Write(buffer[:n])
			d.shown <- strings.Join(d.rows(), "\n")
			if err != nil {
				return
			}
		}
	}()
	return d
}

func (d *dialog) rows() []string {
	var rows []string
	for _, row := range d.screen.Content {
		rows = append(rows, strings.TrimRight(string(row), " "))
	}
	return strings.Split(strings.TrimRight(strings.Join(rows, "\n"), "\n"), "\n")
}

// await returns what is on the screen once it shows a text.
func (d *dialog) await(text string) string {
	d.t.Helper()
	deadline := time.After(2 * time.Minute)
	last := ""
	for {
		select {
		case <-deadline:
			require.Fail(d.t, "not shown: "+text, last)
		case screen, open := <-d.shown:
			require.True(d.t, open, "it ended without %q:\n%s", text, last)
			if last = screen; strings.Contains(screen, text) {
				return screen
			}
		}
	}
}

func (d *dialog) answer(text string) {
	d.t.Helper()
	_, err := d.keyboard.WriteString(text)
	require.NoError(d.t, err)
}

// end returns the exit code and what is left on the screen.
func (d *dialog) end() (int, string) {
	d.t.Helper()
	last := ""
	for screen := range d.shown {
		last = screen
	}
	err := d.cmd.Wait()
	require.NoError(d.t, d.keyboard.Close())
	return exitCodeOf(d.t, err), last
}

// Whoever changes AWS is asked once, shown what would change, and gets what was shown or nothing.
func TestAWSIsChangedByWhoTypesTheStacksName(t *testing.T) {
	t.Parallel()
	awslab, home, _ := toStandIns(t, newProject(t))
	things := func() int {
		found, err := home.List(t.Context())
		require.NoError(t, err)
		return len(found)
	}

	kept := strings.Replace(tinyStack, "tables: [{", "tables: [{deletionProtection: true, ", 1)
	file := filepath.Join(awslab().Dir, "Pulumi.small.yaml")
	require.NoError(t, os.WriteFile(file, []byte(kept), 0o600))
	up := onTerminal(t, awslab("up", "--stack", "small"), 120)
	asked := up.await(question + "make these changes on AWS:")
	require.Regexp(t, `(?m)^  \+ create +\d+  .*ec2 \d+, `, asked)
	require.Regexp(t, `(?m)^  settings that cannot change from then on: [^T]*network\.cidr 10\.0\.0\.0/16`, asked)
	require.Regexp(t, `(?m)^  protected against deletion from then on: items`, asked)
	require.Zero(t, things())
	up.answer("smal\n")
	code, screen := up.end()
	require.Equal(t, exitCancelled, code, screen)
	require.Contains(t, screen, "up of stack small was cancelled (not confirmed): nothing was changed")
	require.Zero(t, things())

	require.NoError(t, os.WriteFile(file, []byte(tinyStack), 0o600))
	up = onTerminal(t, awslab("up", "--stack", "small"), 60)
	up.answer("small\n") // before the question is no answer
	asked = up.await(question)
	for _, row := range strings.Split(asked, "\n") {
		require.LessOrEqual(t, len([]rune(row)), 60)
	}
	require.Zero(t, things())
	up.answer("small\n")
	code, screen = up.end()
	require.Zero(t, code, screen)
	require.Contains(t, screen, "up done: ", "the view goes on after the question")
	require.Equal(t, 1, strings.Count(screen, "Type the stack's name"))
	whole := things()
	require.NotZero(t, whole)

	again := onTerminal(t, awslab("up", "--stack", "small"), 120)
	code, screen = again.end()
	require.Zero(t, code, screen)
	require.NotContains(t, screen, "Type the stack's name", "there is nothing to allow")

	destroy := onTerminal(t, awslab("destroy", "--stack", "small"), 120)
	asked = destroy.await(question + "delete this on AWS:")
	require.Regexp(t, `(?m)^  - delete +\d+  .*ec2 \d+, `, asked)
	require.Regexp(t, `(?m)^  deleted with the data in it: [^T]*items-table`, asked)
	require.NoError(t, destroy.cmd.Process.Signal(syscall.SIGINT))
	code, screen = destroy.end()
	require.Equal(t, exitCancelled, code, screen)
	require.Contains(t, screen, "destroy of stack small was cancelled (interrupted): nothing was changed")
	require.Equal(t, whole, things())

	for _, command := range []string{"up", "destroy", "refresh", "recover"} {
		output, err := awslab(command, "--stack", "small").CombinedOutput()
		require.Equal(t, exitInput, exitCodeOf(t, err), string(output))
		require.Equal(
			t,
			"awslab: "+command+" would change AWS, and there is no terminal to ask on: add --yes to do it "+
				"without asking\n",
			string(output),
		)
	}
	output, err := awslab("destroy", "--stack", "small", "--yes").CombinedOutput()
	require.NoError(t, err, string(output))
	require.Zero(t, things())
}

func TestChangesAreShownInAFewLines(t *testing.T) {
	steps := func(op, typ string, names ...string) (steps []automation.Step) {
		for _, name := range names {
			steps = append(steps, automation.Step{Op: op, Type: typ, Name: name})
		}
		return steps
	}
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprint("subnet-", i))
	}
	would := automation.Result{Permanent: map[string]string{"region": "eu-west-1", "network.cidr": "10.0.0.0/16"}}
	would.Steps = append(would.Steps, steps("create", "aws:ec2/subnet:Subnet", many...)...)
	would.Steps = append(would.Steps, steps("create", "awslab:network:Network", "lab")...)
	would.Steps = append(would.Steps, steps("update", "aws:ecs/service:Service", "catalog", "orders")...)
	would.Steps = append(would.Steps, steps("import", "aws:sns/topic:Topic", "alarms")...)
	would.Steps = append(would.Steps,
		automation.Step{
			Op: "replace", Type: "aws:rds/instance:Instance", Name: "db", Replacing: []string{"engine"}, Data: true,
			Protected: true,
		},
		automation.Step{Op: "delete", Type: "aws:kms/key:Key", Name: "key", Retained: true, Data: true},
		automation.Step{Op: "delete", Type: "aws:s3/bucketV2:BucketV2", Name: "logs", Data: true},
	)
	require.Equal(t, []string{
		"",
		"  - delete     2  kms Key key; s3 BucketV2 logs",
		"  ± replace    1  rds Instance db (engine)",
		"  ~ update     2  ecs Service catalog, orders",
		"  + create    13  ec2 12, in the state alone 1",
		"    other      1  sns Topic alarms",
		"",
		"  deleted with the data in it: db, logs",
		"  left on AWS: key",
		"  protected against deletion from then on: db",
		"  settings that cannot change from then on: network.cidr 10.0.0.0/16, region eu-west-1",
		"",
	}, texts(changeLines(would, 0)))
	for _, l := range changeLines(would, 40) {
		require.LessOrEqual(t, len([]rune(l.text)), 40, l.text)
	}
}

// A permission that only a creation uses is missed before anything is created.
func TestAnUpOnAWSThatLacksPermissionsChangesNothing(t *testing.T) {
	t.Parallel()
	awslab, home, caller := toStandIns(t, newProject(t))
	file := filepath.Join(awslab().Dir, "Pulumi.small.yaml")
	require.NoError(t, os.WriteFile(file, []byte(tinyStack), 0o600))

	caller.Deny("dynamodb:CreateTable", "ec2:CreateVpc")
	output, err := awslab("up", "--stack", "small", "--yes").CombinedOutput()
	require.Equal(t, exitInput, exitCodeOf(t, err), string(output))
	require.Contains(t, string(output), `
awslab: arn:aws:iam::123456789012:user/tester lacks permissions that this up needs:
  dynamodb:CreateTable on arn:aws:dynamodb:eu-west-1:123456789012:table/awslab-small-items, which no policy allows
  ec2:CreateVpc on arn:aws:ec2:eu-west-1:123456789012:vpc/*, which no policy allows
nothing was changed; grant them, name other credentials`)
	found, err := home.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, found)

	caller.Hide()
	output, err = awslab("up", "--stack", "small", "--yes").CombinedOutput()
	require.NoError(t, err, string(output))
	require.Contains(t, string(output), "IAM does not tell whether arn:aws:iam::123456789012:user/tester has the "+
		"permissions that this up needs (AccessDenied: of this test)")
	asked := len(caller.Requests())
	output, err = awslab("up", "--stack", "small", "--yes").CombinedOutput()
	require.NoError(t, err, string(output))
	for _, request := range caller.Requests()[asked:] {
		require.Contains(t, request, "Action=GetCallerIdentity", "an up that creates nothing asks for no permission")
	}
}
