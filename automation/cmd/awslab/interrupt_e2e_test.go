//go:build e2e

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline"
)

// interruption is an operation that is ended early.
type interruption struct {
	command string
	// at is what the line holds at which it is interrupted. Where hold is given, it is interrupted later: when that
	// step is under way.
	at   string
	hold offline.Fault
	how  way
}

// way is how an operation is interrupted.
type way struct {
	name string
	// terminal runs the operation in a terminal of its own, else in a pipe.
	terminal bool
	act      func(*session) error
	// code is what the operation ends with.
	code int
}

var (
	ctrlC       = way{"Ctrl-C", false, (*session).signalGroup, exitCancelled}
	sigint      = signalled(syscall.SIGINT)
	sigterm     = signalled(syscall.SIGTERM)
	twice       = way{"Ctrl-C twice", false, (*session).signalTwice, exitCancelled}
	closedPipe  = way{"a closed pipe", false, (*session).closeOutput, exitUnread}
	closedShell = way{"a closed terminal", true, (*session).closeOutput, exitCancelled}
)

func signalled(s syscall.Signal) way {
	return way{s.String(), false, func(s1 *session) error { return s1.cmd.Process.Signal(s) }, exitCancelled}
}

// interrupted is a project whose operations are interrupted one after the other, each going on where the last ended.
type interrupted struct {
	t      *testing.T
	awslab func(args ...string) *exec.Cmd
	home   *offline.Home
	// whole is the number of resources of the complete stack, once an operation has said it.
	whole int
}

func newInterrupted(t *testing.T) *interrupted {
	t.Helper()
	awslab := newProject(t)
	home := &offline.Home{Dir: filepath.Join(awslab().Dir, ".awslab", "offline")}
	return &interrupted{t: t, awslab: awslab, home: home}
}

// run interrupts operations. One may be at its end before it knows: then it says so, and is.
func (i *interrupted) run(interruptions []interruption) {
	finished := 0
	for _, each := range interruptions {
		name := fmt.Sprintf(
			"%s at %q %s%s by %s",
			each.command,
			each.at,
			each.hold.Operation,
			each.hold.URN,
			each.how.name,
		)
		before := i.state()
		said, code := i.interrupt(name, each)
		after := i.state()
		if code == 0 && each.hold.URN == "" {
			finished++
			if !each.how.terminal && each.how.code != exitUnread {
				require.Contains(i.t, said, each.command+" done: ", name)
			}
			require.Empty(i.t, after.pending, name)
			i.requireDone(name, each.command, after)
			if each.command == "preview" || each.command == "refresh" {
				require.Equal(i.t, before, after, name)
			}
			continue
		}
		require.Equal(i.t, each.how.code, code, "%s:\n%s", name, said)
		i.compare(name, each, said, before, after)
	}
	require.LessOrEqual(i.t, 3*finished, len(interruptions), "most operations are interrupted")
}

// requireDone requires what an operation leaves that ran to its end: an up a whole stack, a destroy nothing.
func (i *interrupted) requireDone(name, command string, after state) {
	if command == "up" && i.whole > 0 {
		require.Len(i.t, after.resources, i.whole, name)
	}
	if command == "destroy" {
		require.Empty(i.t, after.resources, name)
		require.Empty(i.t, i.world(), name)
	}
}

// complete runs an operation to its end.
func (i *interrupted) complete(command string) {
	output, err := i.awslab(command, "--stack", "small").CombinedOutput()
	require.NoError(i.t, err, string(output))
	i.requireDone(command, command, i.state())
}

// state is what the engine knows.
type state struct {
	resources map[string]bool // by URN, with whether the world has a record of it
	pending   []string
}

func (i *interrupted) state() state {
	output, err := i.awslab("export", "--stack", "small").Output()
	var refused *exec.ExitError
	if errors.As(err, &refused) && strings.Contains(string(refused.Stderr), "stack small does not exist") {
		return state{resources: map[string]bool{}}
	}
	require.NoError(i.t, err)
	var exported apitype.UntypedDeployment
	require.NoError(i.t, json.Unmarshal(output, &exported))
	var deployment apitype.DeploymentV3
	require.NoError(i.t, json.Unmarshal(exported.Deployment, &deployment))
	s := state{resources: map[string]bool{}}
	for _, r := range deployment.Resources {
		// A provider that the engine makes by itself counts for nothing.
		if !strings.HasPrefix(string(r.Type), "pulumi:providers:") || r.URN.Name() != "default" {
			s.resources[string(r.URN)] = strings.HasPrefix(string(r.Type), "aws:")
		}
	}
	for _, op := range deployment.PendingOperations {
		s.pending = append(s.pending, op.Resource.URN.Name())
	}
	slices.Sort(s.pending)
	s.pending = slices.Compact(s.pending)
	return s
}

// world lists the URNs of what exists.
func (i *interrupted) world() []string {
	things, err := i.home.List(i.t.Context())
	require.NoError(i.t, err)
	var urns []string
	for _, thing := range things {
		if strings.HasPrefix(thing.Type, "aws:") {
			urns = append(urns, thing.URN)
		}
	}
	slices.Sort(urns)
	return slices.Compact(urns)
}

var (
	nothingSaid  = regexp.MustCompile(`was cancelled \([a-z ]+\): nothing was changed; run (.+) to start again$`)
	progressSaid = regexp.MustCompile(`was cancelled \([a-z ]+\): (\d+) of (\d+) [a-z ]+, (\d+) are left; run (.+) ` +
		`for the rest$`)
	completeSaid = regexp.MustCompile(`was cancelled \([a-z ]+\) when all (\d+) [a-z ]+; run (.+) to complete it$`)
	unknownSaid  = regexp.MustCompile(
		`was cancelled \([a-z ]+\): (\d+) of (\d+) [a-z ]+, (\d+) are left, and of these ` +
			`some may be done as well: (.+); run (.+) to find out, then (.+)$`,
	)
	lockedSaid = regexp.MustCompile(`was cancelled \([a-z ]+\): (\d+) of (\d+) [a-z ]+, (\d+) are left; run (.+) ` +
		`to release the lock, then (.+)$`)
)

// compare holds the last line against the state before and after, and the state against the world.
func (i *interrupted) compare(name string, each interruption, said string, before, after state) {
	t := i.t
	lines := strings.Split(strings.TrimSpace(said), "\n")
	last := lines[len(lines)-1]
	again := "awslab " + each.command + " --stack small"
	numbers := func(match []string) (done, all, left int) {
		for at, n := range []*int{&done, &all, &left} {
			*n, _ = strconv.Atoi(match[at+1])
		}
		return done, all, left
	}
	var done, all, left int
	recovers := false
	switch {
	case each.how.code == exitUnread || each.how.terminal:
		require.Empty(t, after.pending, name) // nobody has read what was said
	case nothingSaid.MatchString(last):
		require.Equal(t, again, nothingSaid.FindStringSubmatch(last)[1], name)
		require.Equal(t, before, after, name)
		return
	case progressSaid.MatchString(last):
		match := progressSaid.FindStringSubmatch(last)
		done, all, left = numbers(match)
		require.Equal(t, again, match[4], name)
		require.Empty(t, after.pending, name)
	case completeSaid.MatchString(last):
		match := completeSaid.FindStringSubmatch(last)
		done, _ = strconv.Atoi(match[1])
		all = done
		require.Equal(t, again, match[2], name)
		require.Empty(t, after.pending, name)
	case unknownSaid.MatchString(last):
		match := unknownSaid.FindStringSubmatch(last)
		done, all, left = numbers(match)
		require.Equal(t, strings.Join(after.pending, ", "), match[4], name)
		require.Equal(t, "awslab recover --stack small", match[5], name)
		require.Equal(t, again, match[6], name)
		recovers = true
	case lockedSaid.MatchString(last):
		match := lockedSaid.FindStringSubmatch(last)
		done, all, left = numbers(match)
		recovers = true
	default:
		require.Fail(t, "the last line says nothing of what was done", "%s:\n%s", name, said)
	}
	t.Logf("%s: %d done, %d left of %d; %d unknown", name, done, left, all, len(after.pending))
	if all > 0 {
		require.Equal(t, all, done+left, name)
		switch each.command {
		case "up":
			require.Equal(t, len(after.resources)-len(before.resources), done, name)
			if i.whole == 0 {
				i.whole = len(after.resources) + left
			}
			require.Equal(t, i.whole, len(after.resources)+left, name)
		case "destroy":
			require.Equal(t, len(before.resources)-len(after.resources), done, name)
			require.Equal(t, len(after.resources), left, name)
		case "refresh":
			require.Len(t, after.resources, all, name)
		}
	}
	if recovers {
		i.complete("recover")
		after = i.state()
	}
	var known []string
	for urn, inWorld := range after.resources {
		if inWorld {
			known = append(known, urn)
		}
	}
	require.ElementsMatch(t, known, i.world(), name)
}

// session is an operation under way.
type session struct {
	cmd    *exec.Cmd
	output interface{ Close() error }
	// stopping is closed when awslab says that it stops, stoppingAtOnce when it does not wait any more.
	stopping, stoppingAtOnce chan struct{}
	// ended is closed when awslab has closed its output.
	ended chan struct{}
	// frozen are processes that do not answer.
	frozen []*process.Process
}

// interrupt runs an operation, interrupts it, and returns what it said and the code that it ended with.
func (i *interrupted) interrupt(name string, each interruption) (string, int) {
	t := i.t
	if each.hold.URN != "" {
		each.hold.Delay, each.hold.Times = time.Hour, 1
		require.NoError(t, i.home.Inject(t.Context(), each.hold))
	}
	s := &session{cmd: i.awslab(each.command, "--stack", "small")}
	s.stopping, s.stoppingAtOnce, s.ended = make(chan struct{}), make(chan struct{}), make(chan struct{})
	lines := s.start(t, each.how.terminal)
	acted := make(chan error, 1)
	var said strings.Builder
	sent := false
	for lines.Scan() {
		line := lines.Text()
		fmt.Fprintln(&said, line)
		switch {
		case strings.Contains(line, "stopping ("):
			close(s.stopping)
		case strings.Contains(line, "stopping at once"):
			close(s.stoppingAtOnce)
		}
		if !sent && strings.Contains(line, each.at) {
			sent = true
			go func() {
				if each.hold.URN != "" {
					i.awaitFault(s)
				}
				acted <- each.how.act(s)
			}()
		}
	}
	close(s.ended)
	err := s.cmd.Wait()
	require.True(t, sent, "%s:\n%s", name, &said)
	require.NoError(t, <-acted, name)
	for _, p := range s.frozen {
		_ = p.Kill() // some have ended
	}
	return said.String(), exitCodeOf(t, err)
}

// awaitFault returns once the step that was asked for is held, or when the operation has ended without it.
func (i *interrupted) awaitFault(s *session) {
	for {
		// The world may be busy: an error says nothing of the fault.
		if left, err := i.home.Faults(i.t.Context()); err == nil && left == 0 {
			return
		}
		select {
		case <-s.ended:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// await returns once awslab has said something, or has ended without.
func (s *session) await(said <-chan struct{}) {
	select {
	case <-said:
	case <-s.ended:
	}
}

func (s *session) start(t *testing.T, terminal bool) *bufio.Scanner {
	if terminal {
		s.cmd.Env = append(s.cmd.Env, "TERM=dumb")
		screen, err := pty.Start(s.cmd)
		require.NoError(t, err)
		s.output = screen
		return bufio.NewScanner(screen)
	}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stderr, err := s.cmd.StderrPipe()
	require.NoError(t, err)
	s.output = stderr
	require.NoError(t, s.cmd.Start())
	return bufio.NewScanner(stderr)
}

// signalGroup is what a terminal does on Ctrl-C.
func (s *session) signalGroup() error { return syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT) }

func (s *session) closeOutput() error { return s.output.Close() }

func (s *session) signalTwice() error {
	if err := s.signalGroup(); err != nil {
		return err
	}
	s.await(s.stopping)
	_ = s.signalGroup() // it may have ended
	return nil
}

var (
	sighup = signalled(syscall.SIGHUP)
	frozen = way{"Ctrl-C twice, of a provider that does not answer", false, (*session).freeze, exitCancelled}
	thrice = way{
		"Ctrl-C three times, of an engine that does not answer",
		false,
		(*session).stopEngine,
		exitCancelled,
	}
)

// TestLifecycleOfAFewInterruptions compares what is said with the state and the world.
func TestLifecycleOfAFewInterruptions(t *testing.T) {
	t.Parallel()
	i := newInterrupted(t)
	i.run([]interruption{
		{command: "preview", at: "preview ...", how: sigint},
		{command: "up", at: "up of stack", how: ctrlC},
		{command: "up", at: "+ create", how: sigterm},
		{command: "up", at: "aws:ec2/subnet:Subnet", how: closedPipe},
		{
			command: "up",
			at:      "+ create",
			hold:    offline.Fault{Operation: offline.Create, URN: "*rds/instance:*"},
			how:     twice,
		},
	})
	i.complete("up")
	i.run([]interruption{
		{command: "refresh", at: "refresh ...", how: sigint},
		{command: "destroy", at: "- delete", how: closedShell},
		{command: "destroy", at: "- delete", how: sigint},
	})
	i.complete("destroy")
}

// TestLifecycleOfInterruptedOperations interrupts each operation at many moments in every way.
func TestLifecycleOfInterruptedOperations(t *testing.T) {
	hold := func(moment offline.Moment, urn string) offline.Fault {
		return offline.Fault{Operation: moment, URN: urn}
	}
	i := newInterrupted(t)
	i.run([]interruption{
		{command: "preview", at: "preview of stack", how: ctrlC},
		{command: "preview", at: "preview ...", how: twice},
		{command: "preview", at: "preview ...", how: sighup},
		{command: "preview", at: "+ create", how: closedPipe},
		{command: "up", at: "up of stack", how: sigterm},
		{command: "up", at: "preview ...", how: ctrlC},
		{command: "up", at: "preview done", how: ctrlC},
		{command: "up", at: "up ...", how: sigint},
		{command: "up", at: "+ create", how: closedShell},
		{command: "up", at: "+ create", how: ctrlC},
		{command: "up", at: "+ create", hold: hold(offline.Create, "*ec2/subnet:*"), how: frozen},
		{command: "up", at: "+ create", hold: hold(offline.Created, "*lb/loadBalancer:*"), how: ctrlC},
		{command: "up", at: "+ create", hold: hold(offline.Create, "*rds/instance:*"), how: thrice},
		{command: "up", at: "+ create", hold: hold(offline.Created, "*rds/instance:*"), how: twice},
		{command: "up", at: "+ create", hold: hold(offline.Created, "*dashboard:*"), how: sighup},
	})
	i.complete("up")
	i.run([]interruption{
		{command: "refresh", at: "refresh of stack", how: sigint},
		{command: "refresh", at: "refresh ...", how: ctrlC},
		{command: "refresh", at: "refresh ...", hold: hold("read", "*ec2/vpc:*"), how: twice},
		{command: "refresh", at: "refresh ...", hold: hold("read", "*dashboard:*"), how: sighup},
		{command: "refresh", at: "refresh ...", how: closedPipe},
	})
	i.complete("refresh")
	i.run([]interruption{
		{command: "destroy", at: "destroy of stack", how: ctrlC},
		{command: "destroy", at: "destroy ...", how: sigterm},
		{command: "destroy", at: "- delete", how: closedShell},
		{command: "destroy", at: "- delete", hold: hold(offline.Delete, "*rds/instance:*"), how: frozen},
		{command: "destroy", at: "- delete", hold: hold(offline.Deleted, "*loadBalancer:*"), how: thrice},
		{command: "destroy", at: "- delete", how: closedPipe},
		{command: "destroy", at: "- delete", hold: hold(offline.Deleted, "*ec2/vpc:*"), how: ctrlC},
	})
	i.complete("destroy")
}

// freeze stops the providers before it interrupts twice: without the second interrupt the operation would go on for as
// long as they do not answer.
func (s *session) freeze() error {
	s.frozen = s.descendants("pulumi-resource-aws")
	for _, provider := range s.frozen {
		if err := provider.Suspend(); err != nil {
			return err
		}
	}
	return s.signalTwice()
}

// stopEngine stops the engine itself, so that only killing it helps.
func (s *session) stopEngine() error {
	for _, engine := range s.descendants("pulumi") {
		if err := engine.Suspend(); err != nil {
			return err
		}
	}
	if err := s.signalTwice(); err != nil {
		return err
	}
	s.await(s.stoppingAtOnce)
	return s.signalGroup()
}

// descendants returns the processes below awslab that have a name.
func (s *session) descendants(name string) []*process.Process {
	var found []*process.Process
	var visit func(pid int32)
	visit = func(pid int32) {
		p, err := process.NewProcess(pid)
		if err != nil {
			return
		}
		children, _ := p.Children()
		for _, child := range children {
			// The kernel keeps 15 characters of a name.
			if called, err := child.Name(); err == nil && called == name[:min(len(name), 15)] {
				found = append(found, child)
			}
			visit(child.Pid)
		}
	}
	visit(int32(s.cmd.Process.Pid))
	return found
}
