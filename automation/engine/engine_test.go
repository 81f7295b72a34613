package engine

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/fsutil"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/internal/shelltest"
)

// fakePath puts executables of the given shell code on an otherwise empty PATH, and the cache in a fresh folder.
func fakePath(t *testing.T, commands map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, code := range commands {
		require.NoError(
			t,
			os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+code+"\n"), 0o700),
		) //nolint:gosec // executable
	}
	t.Setenv("PATH", dir)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return dir
}

func TestFindTakesThePulumiOnPathWhenItIsNewEnough(t *testing.T) {
	dir := fakePath(t, map[string]string{"pulumi": "echo v3.300.1"})
	found, err := Find(context.Background(), "", nil)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "pulumi"), found.Path)
	require.Equal(t, "3.300.1", found.Version.String())
	require.False(t, found.Built)
}

// fakeGo answers "go list" and "go build" as the recipe uses them.
const fakeGo = `
if [ "$1" = list ]; then echo "go: downloading example.com/m v1.0.0" >&2; echo a; echo b; exit 0; fi
test -f go.mod || { echo "no go.mod" >&2; exit 1; }
echo example.com/a >&2
while [ "$1" != -o ]; do shift; done
echo binary > "$2"`

func TestFindBuildsOnceWhenThePulumiOnPathIsTooOld(t *testing.T) {
	fakePath(t, map[string]string{"pulumi": "echo v3.254.0", "go": fakeGo})
	var steps []string
	found, err := Find(context.Background(), "", func(p Progress) { steps = append(steps, p.Phase+" "+p.Detail) })
	require.NoError(t, err)
	require.True(t, found.Built)
	require.Equal(t, BuildVersion, found.Version.String())
	require.Equal(
		t,
		[]string{"waiting for the build lock ", "downloading modules example.com/m v1.0.0", "compiling example.com/a"},
		steps,
	)

	steps = nil
	again, err := Find(context.Background(), "", func(p Progress) { steps = append(steps, p.Phase) })
	require.NoError(t, err)
	require.Equal(t, found, again)
	require.Empty(t, steps, "a cached engine is not built again")
}

func TestAFailedBuildLeavesNothingBehindAndSaysWhy(t *testing.T) {
	fakePath(t, map[string]string{"go": `echo "disk full" >&2; exit 1`})
	_, err := Find(context.Background(), "", nil)
	var missing *MissingError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "disk full")
	require.ErrorContains(t, err, "put pulumi 3.255.0 or newer on PATH")
	path, pathErr := cachePath()
	require.NoError(t, pathErr)
	require.NoFileExists(t, path)
}

func TestWaitingForTheBuildOfAnotherProcessCanBeCancelled(t *testing.T) {
	fakePath(t, map[string]string{"go": fakeGo})
	path, err := cachePath()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	other := fsutil.NewFileMutex(filepath.Join(filepath.Dir(path), ".build.lock"))
	require.NoError(t, other.Lock())
	defer func() { require.NoError(t, other.Unlock()) }()
	ctx, cancel := context.WithCancel(context.Background())
	_, err = Find(ctx, "", func(Progress) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}

func TestACancelledBuildEndsTheCompilersToo(t *testing.T) {
	fakePath(t, map[string]string{"go": `echo "go: downloading x v1" >&2; ` + shelltest.Until(t, shelltest.Never)})
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Find(ctx, "", func(p Progress) { // returns once nothing holds the output any more
		if p.Done > 0 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestABuildThatWasKilledIsDoneAnew(t *testing.T) {
	fakePath(t, map[string]string{"go": fakeGo})
	path, err := cachePath()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	half := filepath.Join(filepath.Dir(path), ".unfinished-1")
	require.NoError(t, os.MkdirAll(half, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(half, "pulumi"), []byte("half"), 0o600))
	found, err := Find(context.Background(), "", nil)
	require.NoError(t, err)
	content, err := os.ReadFile(found.Path)
	require.NoError(t, err)
	require.Equal(t, "binary\n", string(content))
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".unfinished-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWithoutAFolderForTheCacheTheErrorSaysWhatToSet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, environment := range map[string]map[string]string{
		"no HOME":               {"HOME": "", "XDG_CACHE_HOME": ""},
		"a HOME that is a file": {"HOME": file, "XDG_CACHE_HOME": ""},
	} {
		t.Run(name, func(t *testing.T) {
			fakePath(t, map[string]string{"go": fakeGo})
			for variable, value := range environment {
				t.Setenv(variable, value)
			}
			_, err := Find(context.Background(), "", nil)
			var missing *MissingError
			require.ErrorAs(t, err, &missing)
			require.Regexp(t, "set (one of them|XDG_CACHE_HOME)", err.Error())
		})
	}
}

func TestAnExplicitEngineIsTheOnlyCandidate(t *testing.T) {
	dir := fakePath(t, map[string]string{"pulumi": "echo v3.300.1", "old": "echo v3.1.0", "odd": "echo hello"})
	for name, want := range map[string]string{
		"old":  "is version 3.1.0",
		"odd":  "reading the version",
		"none": "asking",
	} {
		_, err := Find(context.Background(), filepath.Join(dir, name), nil)
		require.ErrorContains(t, err, want, name)
	}
}

func TestTheRecipeBuildsTheVersionThatIsNamed(t *testing.T) {
	module, err := recipe.ReadFile("module/go.mod.txt")
	require.NoError(t, err)
	require.Contains(t, string(module), "github.com/pulumi/pulumi/pkg/v3 v"+BuildVersion+"\n")
}

func command(t *testing.T, code string, grace time.Duration) *Command {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pulumi")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+code+"\n"), 0o700)) //nolint:gosec // executable
	return &Command{Engine: &Engine{Path: path}, Environ: []string{"PATH=/usr/bin:/bin", "KEPT=yes"}, Grace: grace}
}

func TestTheEngineSeesExactlyTheEnvironmentItIsGiven(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "ambient")
	c := command(t, "env", 0)
	stdout, _, code, err := c.Run(context.Background(), t.TempDir(), nil, nil, nil, []string{"ADDED=too"}, "version")
	require.NoError(t, err)
	require.Zero(t, code)
	require.NotContains(t, stdout, "ambient")
	for _, want := range []string{
		"KEPT=yes",
		"ADDED=too",
		"PULUMI_AUTOMATION_API=true",
		"PATH=" + filepath.Dir(c.Engine.Path) + ":",
	} {
		require.Contains(t, stdout, want)
	}
}

// signalled is a writer that closes ready once the child has printed its first line.
type signalled struct{ ready chan struct{} }

func (s signalled) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "ready") {
		close(s.ready)
	}
	return len(p), nil
}

func runUntilReady(t *testing.T, c *Command, then func(cancel context.CancelFunc)) (string, int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := signalled{make(chan struct{})}
	go func() {
		<-out.ready
		then(cancel)
	}()
	stdout, _, code, err := c.Run(ctx, t.TempDir(), nil, []io.Writer{out}, nil, nil, "up")
	require.Error(t, err)
	return stdout, code
}

func TestACancelledOperationMayFinish(t *testing.T) {
	c := command(t, `trap 'echo finished; exit 3' INT; echo ready; `+shelltest.Until(t, shelltest.Never), time.Minute)
	stdout, code := runUntilReady(t, c, func(cancel context.CancelFunc) { cancel() })
	require.Contains(t, stdout, "finished")
	require.Equal(t, 3, code)
}

func TestAnOperationThatOutlivesItsGraceIsKilled(t *testing.T) {
	c := command(t, `trap '' INT; echo ready; `+shelltest.Until(t, shelltest.Never), 50*time.Millisecond)
	stdout, code := runUntilReady(t, c, func(cancel context.CancelFunc) { cancel() })
	require.NotContains(t, stdout, "finished")
	require.Equal(t, -1, code)
}

func TestTerminateSendsTheSecondInterrupt(t *testing.T) {
	c := command(
		t,
		`trap 'n=x$n; test "$n" = xx && exit 8' INT; echo ready; `+shelltest.Until(t, shelltest.Never),
		time.Minute,
	)
	_, code := runUntilReady(t, c, func(cancel context.CancelFunc) {
		cancel()
		c.Terminate() // the shell merges two signals that arrive together
	})
	require.Equal(t, 8, code)
}

func TestKillEndsWhatTheEngineHasStarted(t *testing.T) {
	wait := shelltest.Until(t, shelltest.Never)
	c := command(t, `trap '' INT; (`+wait+`) & echo ready; `+wait, time.Minute)
	// What runs in the background holds standard output: Run returns once it has ended as well.
	_, code := runUntilReady(t, c, func(cancel context.CancelFunc) {
		cancel()
		c.Kill()
	})
	require.Equal(t, -1, code)
}

func TestWhatIsNotCancelledIsNeitherTerminatedNorKilled(t *testing.T) {
	c := command(t, `echo ready; read -r line; echo "$line"`, time.Minute)
	out := signalled{make(chan struct{})}
	stdin, write := io.Pipe()
	go func() {
		<-out.ready
		c.Terminate()
		c.Kill()
		_, _ = io.WriteString(write, "finished\n")
		_ = write.Close()
	}()
	stdout, _, _, err := c.Run(context.Background(), t.TempDir(), stdin, []io.Writer{out}, nil, nil, "stack", "export")
	require.NoError(t, err)
	require.Contains(t, stdout, "finished")
}
