package engine

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/fsutil"
)

const enginePackage = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

// The recipe is a Go module of its own, because pulumi/pkg needs a replace directive and several hundred
// dependencies that awslab does not. The files end in .txt so that they stay part of this module and can be embedded.
//
//go:embed module
var recipe embed.FS

// build compiles the engine to target. Processes that race wait for the first one's result.
func build(ctx context.Context, target string, progress func(Progress)) error {
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("looking for the Go toolchain: %w", err)
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("creating the engine's cache: %w; set XDG_CACHE_HOME to a folder that can be written", err)
	}
	mutex := fsutil.NewFileMutex(filepath.Join(dir, ".build.lock"))
	progress(Progress{Phase: "waiting for the build lock"})
	if err := lock(ctx, mutex); err != nil {
		return fmt.Errorf("locking the engine's cache: %w", err)
	}
	defer func() { _ = mutex.Unlock() }()
	if _, err := os.Stat(target); err == nil {
		return nil
	}

	module, err := os.MkdirTemp("", "awslab-engine-")
	if err != nil {
		return fmt.Errorf("creating the build directory: %w; set TMPDIR to a folder that can be written", err)
	}
	defer func() { _ = os.RemoveAll(module) }()
	if err := unpack(module); err != nil {
		return err
	}

	total, err := download(ctx, module, progress)
	if err != nil {
		return fmt.Errorf("downloading the engine's modules: %w", err)
	}
	unfinished, err := unfinishedIn(dir)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(unfinished)) }()
	if err := compile(ctx, module, unfinished, total, progress); err != nil {
		return fmt.Errorf("compiling the engine: %w", err)
	}
	if err := os.Rename(unfinished, target); err != nil {
		return fmt.Errorf("installing the engine: %w", err)
	}
	return nil
}

// unfinishedIn returns where the compiler writes: beside the target, so that a build cut short never leaves a
// half-written engine in its place, and in a folder of its own, as the compiler of a build that was killed may still be
// at work. It removes what such builds have left.
func unfinishedIn(dir string) (string, error) {
	const prefix = ".unfinished-"
	left, err := fs.Glob(os.DirFS(dir), prefix+"*")
	if err != nil {
		return "", fmt.Errorf("looking for unfinished engines: %w", err)
	}
	for _, folder := range left {
		_ = os.RemoveAll(filepath.Join(dir, folder))
	}
	folder, err := os.MkdirTemp(dir, prefix)
	if err != nil {
		return "", fmt.Errorf(
			"creating the engine's folder: %w; set XDG_CACHE_HOME to a folder that can be written",
			err,
		)
	}
	return filepath.Join(folder, "pulumi"), nil
}

// lock waits for a lock that another process holds for as long as its build takes, unless ctx ends first.
func lock(ctx context.Context, mutex *fsutil.FileMutex) error {
	locked := make(chan error)
	go func() {
		err := mutex.Lock()
		select {
		case locked <- err:
		case <-ctx.Done():
			if err == nil {
				_ = mutex.Unlock()
			}
		}
	}()
	select {
	case err := <-locked:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func unpack(module string) error {
	entries, err := recipe.ReadDir("module")
	if err != nil {
		return fmt.Errorf("reading the engine's recipe: %w", err)
	}
	for _, entry := range entries {
		content, err := recipe.ReadFile("module/" + entry.Name())
		if err != nil {
			return fmt.Errorf("reading the engine's recipe: %w", err)
		}
		name := strings.TrimSuffix(entry.Name(), ".txt")
		if err := os.WriteFile(filepath.Join(module, name), content, 0o600); err != nil {
			return fmt.Errorf("unpacking the engine's recipe: %w", err)
		}
	}
	return nil
}

// download fetches what the engine needs and returns how many packages there are to compile.
func download(ctx context.Context, module string, progress func(Progress)) (int, error) {
	modules := 0
	packages := 0
	err := run(ctx, module, []string{"list", "-deps", enginePackage},
		func(string) { packages++ },
		func(line string) {
			if detail, ok := strings.CutPrefix(line, "go: downloading "); ok {
				modules++
				progress(Progress{Phase: "downloading modules", Done: modules, Detail: detail})
			}
		})
	return packages, err
}

func compile(ctx context.Context, module, target string, total int, progress func(Progress)) error {
	done := 0
	ldflags := "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + BuildVersion
	return run(ctx, module, []string{"build", "-v", "-ldflags", ldflags, "-o", target, enginePackage},
		func(string) {},
		func(line string) {
			done++
			progress(Progress{Phase: "compiling", Done: done, Total: total, Detail: line})
		})
}

// run executes the go command in the recipe's module and hands on its output line by line. The environment keeps
// the user's proxy and cache settings; a workspace or vendoring of the user's own must not reach into the recipe.
func run(ctx context.Context, dir string, args []string, onOut, onErr func(string)) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly -buildvcs=false")
	// The compilers that go starts end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var kept bytes.Buffer
	outDone := make(chan struct{})
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(outDone)
		eachLine(stdout, onOut)
	}()
	eachLine(io.TeeReader(stderr, &kept), onErr)
	<-outDone
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("go %s: %w\n%s", args[0], err, lastLines(kept.String(), 10))
	}
	return nil
}

func eachLine(r io.Reader, do func(string)) {
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		do(scanner.Text())
	}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
