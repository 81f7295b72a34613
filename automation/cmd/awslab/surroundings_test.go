package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/awslab/awslab/automation/internal/shelltest"
)

// These tests take away what awslab needs of the machine. Each time it says so in one sentence that has the next step,
// and what was there before still is.

// tinyStack has neither a database nor services.
const tinyStack = `config:
  pulumi:disable-default-providers: ["*"]
  awslab:profile: dev
  awslab:region: eu-west-1
  awslab:tables: [{name: items, hashKey: {name: id}}]
`

// surroundings is a project whose stack small is up.
type surroundings struct {
	t      *testing.T
	awslab func(args ...string) *exec.Cmd
	dir    string
}

func newSurroundings(t *testing.T) *surroundings {
	t.Helper()
	awslab := newProject(t)
	s := &surroundings{t, awslab, awslab().Dir}
	s.write("Pulumi.small.yaml", []byte(tinyStack))
	return s
}

func (s *surroundings) write(name string, content []byte) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, name), content, 0o600))
}

// command returns a command on the stack, if it is one of those that have one.
func (s *surroundings) command(line string) *exec.Cmd {
	args := strings.Fields(line)
	if !slices.Contains([]string{"offline", "stacks", "engine"}, args[0]) {
		args = append(args, "--stack", "small")
	}
	return s.awslab(args...)
}

func (s *surroundings) succeed(line string) string {
	s.t.Helper()
	output, err := s.command(line).CombinedOutput()
	require.NoError(s.t, err, string(output))
	return string(output)
}

// refuse expects a command to end with a code and one sentence, besides its announcement.
func (s *surroundings) refuse(cmd *exec.Cmd, code int, sentence string) string {
	s.t.Helper()
	output, err := cmd.CombinedOutput()
	require.Equal(s.t, code, exitCodeOf(s.t, err), "%v: %s", cmd.Args, output)
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if strings.Contains(lines[0], "of stack small on the offline target") {
		lines = lines[1:]
	}
	require.Len(s.t, lines, 1, "%v: %s", cmd.Args, output)
	require.Regexp(s.t, "^awslab: .*"+sentence, lines[0], "%v", cmd.Args)
	return lines[0]
}

const (
	stateFile = ".awslab/offline/state/.pulumi/stacks/awslab/small.json"
	worldFile = ".awslab/offline/world.db"
)

func TestDamageIsFoundBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	s.succeed("up")
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(s.dir, name))
		require.NoError(t, err)
		return content
	}
	state, world := read(stateFile), read(worldFile)
	all := []string{"up", "destroy", "recover", "outputs", "stacks"}

	s.write(stateFile, state[:len(state)/2])
	for _, command := range all {
		s.refuse(
			s.command(command),
			exitInput,
			`small\.json: the state is damaged: .*; put the last good one back with: cp`,
		)
	}
	require.Equal(t, state[:len(state)/2], read(stateFile))
	said := s.refuse(s.command("up"), exitInput, "")
	next := regexp.MustCompile(`with: (cp '.*' '.*'), and run awslab (recover)`).FindStringSubmatch(said)
	require.Len(t, next, 3, said)
	require.NoError(t, exec.Command("sh", "-c", next[1]).Run()) //nolint:gosec // what a person does
	s.succeed(next[2])
	require.Contains(t, s.succeed("drift"), "drift done: ")

	s.write(worldFile, []byte(strings.Repeat("no database ", 1000)))
	for _, command := range append(all, "offline list", "offline audit") {
		said = s.refuse(s.command(command), exitInput,
			`world\.db: the world is damaged: .*; put the last good one back`)
	}
	next = regexp.MustCompile(`with: (rm -f .* && cp '.*' '.*'), then run awslab (refresh)`).FindStringSubmatch(said)
	require.Len(t, next, 3, said)
	require.NoError(t, exec.Command("sh", "-c", next[1]).Run()) //nolint:gosec // what a person does
	require.Contains(t, s.succeed("drift"), "drift done: ")
	require.Contains(t, s.succeed("up"), "unchanged")

	s.write(worldFile, nil)
	s.write(worldFile+".kept", []byte("damaged as well"))
	s.refuse(s.command("up"), exitInput, `world\.db: the world is damaged: .*; move it away with: mv`)
	require.NoError(t, os.Remove(filepath.Join(s.dir, worldFile+".kept")))
	s.write(worldFile, world)
	require.Contains(t, s.succeed("up"), "unchanged")
}

func TestWhatReadsAStackDoesNotCreateIt(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	for _, command := range []string{
		"outputs", "outputs --json", "export", "history", "drift", "refresh", "destroy", "destroy --remove", "cancel",
		"recover",
	} {
		s.refuse(s.command(command), exitInput,
			"stack small does not exist on target offline; create it with awslab up --stack small$")
	}
	require.Regexp(t, `(?m)^small  -  +never`, s.succeed("stacks"))
	s.succeed("preview")
	require.Contains(t, s.succeed("history"), "nothing has changed the stack yet")
}

func TestAProjectThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	require.Contains(t, s.succeed("offline list"), "0 things exist", "there is no world yet")
	s.succeed("up")
	s.readOnly()
	for _, command := range []string{"up", "preview", "outputs", "stacks", "offline list", "destroy"} {
		s.refuse(
			s.command(command),
			exitInput,
			"cannot write there: (read-only file system|permission denied); make the "+
				"folder writable, or work in a copy of the project that is",
		)
	}
	require.Contains(t, s.succeed("config show"), "eu-west-1", "what needs no state works")
}

// readOnly makes the project one that cannot be written, which for root takes a mount.
func (s *surroundings) readOnly() {
	if os.Getuid() != 0 {
		offline := filepath.Join(s.dir, ".awslab", "offline")
		require.NoError(s.t, os.Chmod(offline, 0o500))       //nolint:gosec // a folder
		s.t.Cleanup(func() { _ = os.Chmod(offline, 0o700) }) //nolint:gosec // a folder
		return
	}
	if err := unix.Mount(s.dir, s.dir, "", unix.MS_BIND, ""); err != nil {
		s.t.Skip("root may not mount here: ", err)
	}
	s.t.Cleanup(func() { _ = unix.Unmount(s.dir, unix.MNT_DETACH) })
	require.NoError(s.t, unix.Mount("", s.dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
}

func TestADiskThatFillsUpCancelsAnUpInTime(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=96m"); err != nil {
		t.Skip("a small disk cannot be mounted: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	project := filepath.Join(disk, "project")
	require.NoError(t, os.CopyFS(project, os.DirFS(s.dir)))
	s.dir = project

	up := s.on(disk, "up")
	stderr, err := up.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, up.Start())
	filler := filepath.Join(disk, "filler")
	last := ""
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		last = lines.Text()
		if _, err := os.Stat(filler); err != nil && strings.Contains(last, "+ create") {
			require.NoError(t, fill(disk, filler))
		}
	}
	require.Equal(t, exitCancelled, exitCodeOf(t, up.Wait()), last)
	require.Regexp(
		t,
		`^awslab: up of stack small was cancelled \(only \d MB were free in .*; free some space there\): `+
			`\d+ of \d+ changes are made, \d+ are left; run awslab up --stack small for the rest$`,
		last,
	)

	s.refuse(s.on(disk, "up"), exitInput, "MB are free and an operation needs up to 64; free some space")
	require.NoError(t, os.Remove(filler))
	output, err := s.on(disk, "up").CombinedOutput()
	require.NoError(t, err, string(output))
	require.Regexp(t, `up done: \d+ created, \d+ unchanged`, string(output))
	output, err = s.on(disk, "drift").CombinedOutput()
	require.NoError(t, err, string(output))
}

// on returns a command on the copy of the project that is on a disk.
func (s *surroundings) on(disk, line string) *exec.Cmd {
	cmd := s.command(line)
	cmd.Dir = filepath.Join(disk, "project")
	return cmd
}

// fill leaves one MB free.
func fill(disk, filler string) error {
	var usage unix.Statfs_t
	if err := unix.Statfs(disk, &usage); err != nil {
		return err
	}
	file, err := os.Create(filler) //nolint:gosec // the test's own
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return unix.Fallocate(int(file.Fd()), 0, 0, int64(usage.Bavail)*usage.Bsize-1<<20) //nolint:gosec // a small disk
}

func TestWithoutAHomeThereIsNoEngineAndItSaysWhatToSet(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	for _, command := range []string{"up", "outputs", "engine"} {
		cmd := s.command(command)
		cmd.Env = []string{asCommand + "=1", "PATH=" + plugins(t)}
		s.refuse(cmd, exitEngine, `neither \$XDG_CACHE_HOME nor \$HOME are defined: set one of them; put pulumi`)
	}
	require.NoDirExists(t, filepath.Join(s.dir, ".awslab"))
	cmd := s.command("up")
	cmd.Env = append(cmd.Env, "TMPDIR=/nonexistent")
	output, err := cmd.CombinedOutput()
	require.Equal(t, exitInput, exitCodeOf(t, err), string(output))
	require.Contains(t, string(output), "allowed is a folder in TMPDIR that can be written")
}

func TestAnOutputThatIsNotWhole(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	s.succeed("up")
	for _, command := range []string{
		"outputs", "outputs --shell", "outputs --json", "preview --json", "export", "config show",
	} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip("needs /dev/full, which only Linux has")
		}
		var said strings.Builder
		cmd := s.command(command)
		cmd.Stdout, cmd.Stderr = full, &said
		err = cmd.Run()
		require.NoError(t, full.Close())
		require.Equal(t, exitFailed, exitCodeOf(t, err), command)
		require.Contains(t, said.String(), "no space left on device", command)
	}
}

func TestNobodyReadsTheOutput(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	s.succeed("up")
	before, err := os.ReadFile(filepath.Join(s.dir, stateFile))
	require.NoError(t, err)
	for _, command := range []string{
		"outputs", "outputs --json", "preview", "preview --json", "export", "history", "cost", "config show", "drift",
		"offline list",
	} {
		reader, writer, err := os.Pipe()
		require.NoError(t, err)
		require.NoError(t, reader.Close())
		cmd := s.command(command)
		cmd.Stdout, cmd.Stderr = writer, writer
		err = cmd.Run()
		require.NoError(t, writer.Close())
		require.Equal(t, exitUnread, exitCodeOf(t, err), command)
	}
	after, err := os.ReadFile(filepath.Join(s.dir, stateFile))
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// blockedGo returns a script that notes in the file builds that it builds an engine. It does once the file goOn exists.
func blockedGo(t *testing.T, builds, goOn string) []byte {
	return []byte(`#!/bin/sh
if [ "$1" = list ]; then echo a; exit 0; fi
while [ "$1" != -o ]; do shift; done
echo built >> '` + builds + `'
` + shelltest.Until(t, "[ -e '"+goOn+"' ]") + `
echo engine > "$2"
`)
}

// Two clones find no engine at the same time.
func TestTheEngineIsBuiltByOneOfTwo(t *testing.T) {
	for name, kills := range map[string]bool{"both go on": false, "the one that builds is killed": true} {
		t.Run(name, func(t *testing.T) {
			folder, cache := t.TempDir(), t.TempDir()
			builds, goOn := filepath.Join(folder, "builds"), filepath.Join(folder, "go-on")
			script := blockedGo(t, builds, goOn)
			require.NoError(t, os.WriteFile(filepath.Join(folder, "go"), script, 0o700)) //nolint:gosec // it is started
			var wait sync.WaitGroup
			start := func(said func(line string)) (*exec.Cmd, *strings.Builder) {
				cmd := exec.CommandContext(t.Context(), os.Args[0], "engine") //nolint:gosec // the test itself
				cmd.Env = []string{asCommand + "=1", "PATH=" + folder, "XDG_CACHE_HOME=" + cache}
				cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
				path := &strings.Builder{}
				cmd.Stdout = path
				stderr, err := cmd.StderrPipe()
				require.NoError(t, err)
				require.NoError(t, cmd.Start())
				wait.Go(func() {
					for lines := bufio.NewScanner(stderr); lines.Scan(); {
						said(lines.Text())
					}
				})
				return cmd, path
			}
			building, waiting := make(chan bool, 100), make(chan bool, 100)
			first, firstPath := start(
				func(line string) { building <- strings.Contains(line, "waiting for the build lock") },
			)
			require.True(t, <-building)
			awaitFile(t, builds)
			second, secondPath := start(
				func(line string) { waiting <- strings.Contains(line, "waiting for the build lock") },
			)
			require.True(t, <-waiting)
			want := "built\n"
			if kills {
				require.NoError(t, first.Process.Kill())
				want += "built\n"
			}
			require.NoError(t, os.WriteFile(goOn, nil, 0o600))
			wait.Wait()
			firstErr, secondErr := first.Wait(), second.Wait()
			require.Equal(t, kills, firstErr != nil)
			require.NoError(t, secondErr)
			path := strings.TrimSpace(secondPath.String())
			content, err := os.ReadFile(path) //nolint:gosec // the cache of the test
			require.NoError(t, err)
			require.Equal(t, "engine\n", string(content))
			if !kills {
				require.Equal(t, firstPath.String(), secondPath.String())
			}
			noted, err := os.ReadFile(builds) //nolint:gosec // the test's own
			require.NoError(t, err)
			require.Equal(t, want, string(noted))
			left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".unfinished-*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func awaitFile(t *testing.T, path string) {
	t.Helper()
	require.Eventually(
		t,
		func() bool { _, err := os.Stat(path); return err == nil },
		time.Minute,
		10*time.Millisecond,
		path,
	)
}

func TestPoliciesThatCannotBeCompiled(t *testing.T) {
	t.Parallel()
	s := newSurroundings(t)
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "policy"), 0o700))
	for name, content := range map[string]string{
		"PulumiPolicy.yaml": "runtime: go\n",
		"go.mod":            "module policy\n",
		"main.go":           "package main\n\nfunc main() {}\n",
	} {
		s.write("policy/"+name, []byte(content))
	}
	with := func(compiler string, args ...string) *exec.Cmd {
		folder := t.TempDir()
		script := []byte("#!/bin/sh\n" + compiler)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "go"), script, 0o700)) //nolint:gosec // it is started
		cmd := s.awslab(append([]string{"policy"}, args...)...)
		cmd.Env = append(cmd.Env, "PATH="+folder)
		return cmd
	}
	for _, args := range [][]string{{"list"}, {"explain", "rds-multi-az"}} {
		s.refuse(with(`echo "write a.o: no space left on device" >&2; exit 1`, args...), exitInput,
			`policy pack .*/policy cannot be compiled: no space left on device; free space, or make writable`)

		begun := filepath.Join(t.TempDir(), "begun")
		cmd := with("echo > "+begun+"\n"+shelltest.Until(t, shelltest.Never), args...)
		var said strings.Builder
		cmd.Stderr = &said
		require.NoError(t, cmd.Start())
		awaitFile(t, begun)
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		require.Equal(t, exitCancelled, exitCodeOf(t, cmd.Wait()))
		require.Regexp(t, `awslab: awslab policy `+args[0]+` was cancelled \(interrupted\): nothing was changed; `+
			`run it again\n$`, said.String())
	}
	s.readOnly()
	s.refuse(s.awslab("policy", "list"), exitInput, "or work in a copy of the project that can be written")
}
