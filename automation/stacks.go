package automation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/internal/backend"
	"github.com/awslab/awslab/automation/internal/recovery"
)

// Stacks lists the stacks of the project in dir: those that have a configuration file. [ListStacks] lists what exists.
func Stacks(dir string) []string {
	files, _ := fs.Glob(os.DirFS(cmp.Or(dir, ".")), "Pulumi.*.yaml")
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(file, "Pulumi."), ".yaml")
	}
	return names
}

// StackSummary is a stack that exists at a target.
type StackSummary struct {
	Name string `json:"name"`
	// Resources is how many resources its state has.
	Resources int `json:"resources"`
	// Updated is when its state was last written; zero if never.
	Updated time.Time `json:"updated,omitzero"`
	// UpdateInProgress says that an operation is under way, where the backend tells: Pulumi Cloud does.
	UpdateInProgress bool `json:"updateInProgress,omitempty"`
}

// ListStacks lists the project's stacks that exist at the options' target, sorted by name. Options.Stack and
// Options.Configuration have no meaning.
func ListStacks(ctx context.Context, o Options) ([]StackSummary, error) {
	l, err := connected(ctx, o, "any")
	if err != nil {
		return nil, orCancelled(ctx, err)
	}
	stacks, err := l.list(ctx)
	if err != nil {
		return nil, classify(ctx, err, err, nil)
	}
	return stacks, nil
}

// connected returns a lab without a stack. name stands for one where options have to have it.
func connected(ctx context.Context, o Options, name string) (*Lab, error) {
	o.Stack, o.Configuration = name, nil
	o, project, err := checkOptions(o)
	if err != nil {
		return nil, err
	}
	l := &Lab{options: o, project: project, settings: &settings{}}
	return l, l.connect(ctx)
}

func (l *Lab) list(ctx context.Context) ([]StackSummary, error) {
	stdout, stderr, _, err := l.command.Run(ctx, l.options.ProjectDir, nil, nil, nil, nil, "stack", "ls", "--json")
	if err != nil && l.offline != nil {
		if damaged := l.offline.CheckStates(string(l.project.Name)); damaged != nil {
			return nil, damaged
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listing the stacks: %w: %s", err, strings.TrimSpace(stderr))
	}
	var listed []struct {
		Name             string    `json:"name"`
		LastUpdate       time.Time `json:"lastUpdate"`
		UpdateInProgress bool      `json:"updateInProgress"`
		ResourceCount    int       `json:"resourceCount"`
	}
	if err := json.Unmarshal([]byte(stdout), &listed); err != nil {
		return nil, fmt.Errorf("reading the list of stacks: %w", err)
	}
	stacks := make([]StackSummary, len(listed))
	for i, s := range listed {
		name := s.Name[strings.LastIndex(s.Name, "/")+1:]
		stacks[i] = StackSummary{name, s.ResourceCount, s.LastUpdate, s.UpdateInProgress}
	}
	slices.SortFunc(stacks, func(a, b StackSummary) int { return strings.Compare(a.Name, b.Name) })
	return stacks, nil
}

// unconfigured refuses a stack that there is nothing to create from.
func unconfigured(o Options) *InputError {
	return &InputError{
		Field:   "stack",
		Value:   o.Stack,
		Allowed: "one of " + strings.Join(Stacks(o.ProjectDir), ", "),
	}
}

// ensureStack creates the stack if it does not exist, is configured, and need not exist.
func (l *Lab) ensureStack(ctx context.Context) error {
	exists, err := l.exists(ctx)
	if err != nil || exists {
		return err
	}
	if l.settings.text == nil {
		return unconfigured(l.options)
	}
	if l.options.MustExist {
		return &NoStackError{Stack: l.options.Stack, Target: l.options.Target}
	}
	if l.options.Target == AWS {
		provider := l.options.SecretsProvider
		if provider == "" {
			provider = l.settings.secretsProvider()
		}
		if err := backend.CheckSecretsProvider(provider, l.backend, l.command.Environ); err != nil {
			return err
		}
		if l.settings.file {
			// In the project's folder: the engine adds to the stack's file how its secrets are encrypted.
			return l.create(ctx, l.options.ProjectDir)
		}
	}
	// In a copy of the project: the stack's file is not the stack's alone, or there is none.
	dir, err := os.MkdirTemp(l.scratch(), "awslab-stack-")
	if err != nil {
		return fmt.Errorf("creating a folder for stack init: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	project, err := os.ReadFile(filepath.Join(l.options.ProjectDir, "Pulumi.yaml"))
	if err != nil {
		return fmt.Errorf("reading the project for stack init: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), project, 0o600); err != nil {
		return fmt.Errorf("writing a project for stack init: %w", err)
	}
	return l.create(ctx, dir)
}

func (l *Lab) exists(ctx context.Context) (bool, error) {
	if l.offline != nil {
		return hasStack(l.options, l.project), nil
	}
	stacks, err := l.list(ctx)
	return slices.ContainsFunc(stacks, func(s StackSummary) bool { return s.Name == l.options.Stack }), err
}

func (l *Lab) create(ctx context.Context, dir string) error {
	args := []string{"stack", "init", "--no-select", l.options.Stack}
	if l.options.SecretsProvider != "" {
		args = append(args, "--secrets-provider", l.options.SecretsProvider)
	}
	// The lock of a stack that is not there guards nothing, and no command of the engine releases it: a create or
	// removal that was killed leaves it.
	var done Recovery
	err := unlocked(ctx, &done, l.dropLock, func() error {
		// Interrupted, it would leave such a lock.
		_, stderr, _, err := l.command.Run(context.WithoutCancel(ctx), dir, nil, nil, nil, nil, args...)
		if err != nil && !strings.Contains(stderr, "already exists") { // created by another process in the meantime
			return fmt.Errorf("creating stack %s: %w: %s", l.options.Stack, err, strings.TrimSpace(stderr))
		}
		return nil
	})
	l.released = done.Released
	return err
}

// dropLock deletes the lock of a stack that does not exist, with which the engine refused to create it.
func (l *Lab) dropLock(refused error) error {
	folder := l.stateFolder()
	if folder == "" {
		return fmt.Errorf("%w; delete the file that it names", refused)
	}
	return os.RemoveAll(recovery.LockFolder(folder, string(l.project.Name), l.options.Stack))
}

// unselected runs all but the selection of a stack, for which the engine would rewrite a file that every lab of the
// user shares. Each command names its stack instead.
type unselected struct{ *engine.Command }

func (u unselected) Run(
	ctx context.Context, workdir string, stdin io.Reader,
	additionalOutput, additionalErrorOutput []io.Writer, additionalEnv []string, args ...string,
) (string, string, int, error) {
	if len(args) > 1 && args[0] == "stack" && args[1] == "select" {
		return "", "", 0, nil
	}
	return u.Command.Run(ctx, workdir, stdin, additionalOutput, additionalErrorOutput, additionalEnv, args...)
}

// NotEmptyError refuses to remove a stack that still has resources.
type NotEmptyError struct {
	Stack     string
	Target    Target
	Resources int
}

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("stack %s still has %s; run awslab destroy%s first",
		e.Stack, count(e.Resources, "resource"), Flags(e.Stack, e.Target))
}

// Remove deletes the stack itself: its state and its history. Its configuration file stays. A stack with resources is
// refused by a *NotEmptyError; Destroy it first. The lab is of no use afterwards. A removal that has begun is finished,
// whatever becomes of ctx.
func (l *Lab) Remove(ctx context.Context) error {
	whole := context.WithoutCancel(ctx)
	// Even if ctx is cancelled by now: the error says that nothing but the stack is left.
	_, state, err := l.deployment(whole)
	if err != nil {
		return err
	}
	if len(state.Resources) > 0 {
		return &NotEmptyError{Stack: l.options.Stack, Target: l.options.Target, Resources: len(state.Resources)}
	}
	if ctx.Err() != nil {
		return l.cancelled(ctx, OperationRemove, nil, false)
	}
	// Interrupted, it would leave the lock of a stack that does not exist any more.
	_, stderr, _, err := l.command.Run(whole, l.options.ProjectDir, nil, nil, nil, nil,
		"stack", "rm", "--yes", "--preserve-config", "--remove-backups", "--stack", l.options.Stack)
	if err != nil {
		wrapped := fmt.Errorf("removing stack %s: %w: %s", l.options.Stack, err, strings.TrimSpace(stderr))
		return l.located(classify(whole, wrapped, wrapped, nil))
	}
	return nil
}
