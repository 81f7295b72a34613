package automation_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/awslab/awslab/automation"
)

var operations = flag.Int("operations", 5, "how many operations have to leave nothing behind")

// What an operation may have left behind, besides goroutines.
type left struct {
	descriptors, ports int
	processes          []string
	files              []string
	// heap is what is in use, in bytes.
	heap uint64
}

// heapGrowth is what the heap may grow by over any number of operations: caches that fill once.
const heapGrowth = 16 << 20

func (p *project) left(t *testing.T) left {
	t.Helper()
	var l left
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("needs /proc")
	}
	l.descriptors = len(descriptors)
	connections, err := net.ConnectionsPid("tcp", int32(os.Getpid()))
	require.NoError(t, err)
	for _, c := range connections {
		if c.Status == "LISTEN" {
			l.ports++
		}
	}
	all, err := process.Processes()
	require.NoError(t, err)
	for _, one := range all {
		// The engine and its plugins run in the project's folder, or know the path of its world.
		folder, _ := one.Cwd()
		line, _ := one.Cmdline()
		if int(one.Pid) != os.Getpid() && (strings.HasPrefix(folder, p.dir) || strings.Contains(line, p.dir)) {
			l.processes = append(l.processes, line)
		}
	}
	require.NoError(t, filepath.WalkDir(os.TempDir(), func(path string, _ os.DirEntry, err error) error {
		if err == nil && path != os.TempDir() {
			l.files = append(l.files, path)
		}
		return nil
	}))
	runtime.GC()
	runtime.GC() // what finalizers of the first let go
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	l.heap = memory.HeapAlloc
	return l
}

// A platform runs for months. Operations succeed, fail before the engine begins and after, and are cancelled. Run many
// with: make leaks
func TestNothingIsLeftBehind(t *testing.T) {
	p := newProject(t)
	t.Setenv("TMPDIR", t.TempDir())
	options := p.inMemory("pr-1", small())
	open := func() *automation.Lab {
		lab, err := automation.Open(t.Context(), options)
		require.NoError(t, err)
		return lab
	}
	_, err := open().Up(t.Context())
	require.NoError(t, err)

	kinds := []func() error{
		func() error { _, err := open().Preview(t.Context()); return err },
		func() error { // cancelled in the middle
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cancelled := options
			cancelled.OnEvent = func(e automation.Event) {
				if e.Resource != nil {
					cancel()
				}
			}
			cancelled.Configuration = automation.Configuration{"region": "eu-west-1", "buckets": []any{
				map[string]any{"name": "uploads"},
			}}
			lab, err := automation.Open(ctx, cancelled)
			if err != nil {
				return err
			}
			_, err = lab.Preview(ctx)
			require.ErrorIs(t, err, automation.ErrCancelled)
			return nil
		},
		func() error { _, err := open().Refresh(t.Context()); return err },
		func() error { // refused by the engine before it has sent an event
			lab := open()
			defer p.lock(t, "pr-1")()
			_, err := lab.Destroy(t.Context())
			var locked *automation.ConcurrentUpdateError
			require.ErrorAs(t, err, &locked)
			return nil
		},
		func() error { _, err := open().Drift(t.Context()); return err },
	}
	run := func(n int) {
		for i := range n {
			require.NoError(t, kinds[i%len(kinds)]())
		}
	}
	run(len(kinds)) // what is made once
	running := goleak.IgnoreCurrent()
	before := p.left(t)
	require.Empty(t, before.files)
	run(*operations)

	require.NoError(t, goleak.Find(running))
	require.Eventually(t, func() bool { return len(p.left(t).processes) == 0 }, time.Minute, time.Second,
		"a process outlives its operation")
	after := p.left(t)
	require.Empty(t, after.files, "temporary files")
	require.LessOrEqual(t, after.descriptors, before.descriptors, "file descriptors")
	require.LessOrEqual(t, after.ports, before.ports, "ports")
	require.Less(t, after.heap, before.heap+heapGrowth, "the heap grows")
	t.Logf("after %d operations: %d file descriptors, %d ports, heap %d KiB (before: %d, %d, %d KiB)", *operations,
		after.descriptors, after.ports, after.heap>>10, before.descriptors, before.ports, before.heap>>10)
}

// lock locks a stack for somebody on another machine, until the function that it returns is called.
func (p *project) lock(t *testing.T, stack string) func() {
	t.Helper()
	return p.lockBy(t, stack, "elsewhere", 42)
}

// lockBy locks a stack for a process on a machine.
func (p *project) lockBy(t *testing.T, stack, host string, pid int) func() {
	t.Helper()
	dir := filepath.Join(p.dir, ".awslab", "offline", "state", ".pulumi", "locks", "organization", "awslab", stack)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	file := filepath.Join(dir, "0.json")
	content := fmt.Sprintf(`{"pid": %d, "username": "somebody", "hostname": %q, "timestamp": "2026-01-02T03:04:05Z"}`,
		pid, host)
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return func() { require.NoError(t, os.Remove(file)) }
}

// Four environments of one project at once, from one process, with nothing between them.
func TestStacksComeUpAndGoDownAtOnce(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	var stacks sync.WaitGroup
	for _, name := range []string{"pr-1", "pr-2", "pr-3", "pr-4"} {
		stacks.Go(func() {
			options := p.inMemory(name, small())
			options.OnEvent = nil
			if err := upAndDown(t.Context(), options); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	stacks.Wait()
	require.Empty(t, p.world(t))
	require.NoDirExists(t, filepath.Join(p.home(t).PulumiHome(), "workspaces"), "the engine has selected no stack")
}

func upAndDown(ctx context.Context, options automation.Options) error {
	lab, err := automation.Open(ctx, options)
	if err != nil {
		return err
	}
	for _, do := range []func(context.Context, ...automation.Option) (*automation.Result, error){
		lab.Up, lab.Preview, lab.Destroy,
	} {
		if _, err := do(ctx); err != nil {
			return err
		}
	}
	return lab.Remove(ctx)
}
