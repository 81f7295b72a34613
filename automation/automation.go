// Package automation drives awslab's stacks from Go: open a Lab for a stack and a target, then preview, up, refresh
// or destroy it. Results and errors are typed, progress arrives as events, and cancelling the context stops an
// operation cleanly. The package prints nothing, exits nothing and keeps no global state.
//
//	lab, err := automation.Open(ctx, automation.Options{ProjectDir: ".", Stack: "dev"})
//	if err != nil {
//		return err
//	}
//	result, err := lab.Up(ctx)
//
// The target is Offline unless AWS is asked for, so that no money is spent by accident. The binary below cmd/awslab is
// a rendering of this package; package engine finds or builds the Pulumi engine, package offline stands in for AWS.
package automation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/offline"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/infra/stack"
)

// Target is what a stack is deployed to.
type Target string

const (
	// Offline is the default: the real engine over stand-ins for the AWS providers, on this machine.
	Offline Target = "offline"
	// AWS is the account that the ambient AWS credentials belong to.
	AWS Target = "aws"
)

// Targets lists the allowed targets.
var Targets = []Target{Offline, AWS}

// Options say which lab to open. ProjectDir and Stack are required.
type Options struct {
	// ProjectDir is the folder of Pulumi.yaml.
	ProjectDir string
	// Stack is the stack's name; Pulumi.<stack>.yaml in ProjectDir configures it.
	Stack string
	// Target defaults to Offline.
	Target Target
	// PolicyPacks gate every preview and update. Nil means every pack below ProjectDir/policy; an empty list means
	// none.
	PolicyPacks []PolicyPack
	// Engine is the path of the pulumi command to use. By default engine.Find decides.
	Engine string
	// EngineProgress is called while the engine is built, which takes minutes when it happens. May be nil.
	EngineProgress func(engine.Progress)
	// OfflineDir is where the offline target lives. Default: ProjectDir/.awslab/offline.
	OfflineDir string
	// OfflinePlugin is the executable of the stand-ins. By default offline.FindPlugin decides.
	OfflinePlugin string
	// OnEvent is called with every event of an operation, one at a time. May be nil.
	OnEvent func(Event)
}

// Lab is an opened stack. Its operations must not overlap; the engine's own lock refuses them across processes.
type Lab struct {
	options Options
	project string
	packs   []PolicyPack
	command *engine.Command
	stack   auto.Stack
	// configFile is what the engine reads the stack's configuration from; empty means Pulumi.<stack>.yaml.
	configFile string
	// account is nil on the offline target, offline on AWS.
	account *account
	offline *offline.Home
	// findFailures is nil where no tasks run.
	findFailures findFailures
	// awaitRollout is nil where nothing is rolled out.
	awaitRollout awaitRollout
	// refused is what the running program has refused.
	refused atomic.Pointer[config.Error]
}

// stackName follows Pulumi's rule for stack names (100 characters of letters, digits, -, _ and .).
var stackName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

// Open checks the options and the stack's configuration, finds the engine and prepares the target. A wrong option
// gives an *InputError and wrong configuration a *config.Error, both before any engine has run.
func Open(ctx context.Context, options Options) (*Lab, error) {
	if options.Target == "" {
		options.Target = Offline
	}
	root, err := filepath.Abs(options.ProjectDir)
	if err != nil {
		return nil, fmt.Errorf("resolving the project folder: %w", err)
	}
	options.ProjectDir = root
	project, err := checkOptions(options)
	if err != nil {
		return nil, err
	}
	configured, err := config.LoadFile(project, stackFile(options))
	if err != nil {
		return nil, err
	}
	if err := configured.CheckFiles(project, root); err != nil {
		return nil, err
	}

	l := &Lab{options: options, project: project, packs: options.PolicyPacks}
	if l.packs == nil {
		if l.packs, err = FindPolicyPacks(root, options.Stack, configured.Profile); err != nil {
			return nil, err
		}
	}
	found, err := engine.Find(ctx, options.Engine, options.EngineProgress)
	if err != nil {
		return nil, orCancelled(ctx, err)
	}
	l.command = &engine.Command{Engine: found}
	if options.Target == AWS {
		if l.account, err = newAccount(stackFile(options), configured.Region); err != nil {
			return nil, err
		}
		l.findFailures, l.awaitRollout = l.account.failures, l.account.rollout
	}
	if err := l.selectStack(ctx); err != nil {
		return nil, classify(ctx, fmt.Errorf("opening stack %s: %w", options.Stack, err), err, nil)
	}
	return l, nil
}

// Target returns what this lab acts on.
func (l *Lab) Target() Target { return l.options.Target }

// Stack returns the stack's name.
func (l *Lab) Stack() string { return l.options.Stack }

// Terminate makes a cancelled operation stop at once instead of finishing the resources in flight. They stay in the
// state as pending operations, which the next refresh reports.
func (l *Lab) Terminate() { l.command.Terminate() }

// Kill ends a cancelled operation that Terminate did not end, without waiting for anything. It leaves the stack's lock,
// which Recover releases.
func (l *Lab) Kill() { l.command.Kill() }

// checkOptions returns the project's name.
func checkOptions(o Options) (string, error) {
	if !slices.Contains(Targets, o.Target) {
		return "", &InputError{Field: "target", Value: string(o.Target), Allowed: "offline or aws"}
	}
	if !stackName.MatchString(o.Stack) {
		return "", &InputError{Field: "stack", Value: o.Stack, Allowed: "1 to 100 letters, digits, -, _ and ."}
	}
	if o.Target == AWS && os.Getenv(worldVariable) != "" {
		return "", &InputError{Field: "target", Value: string(o.Target),
			Allowed: "only offline in this shell, whose environment points pulumi at the offline target " +
				"(" + worldVariable +
				" is set); open a new shell"}
	}
	project, err := workspace.LoadProject(filepath.Join(o.ProjectDir, "Pulumi.yaml"))
	if errors.Is(err, os.ErrNotExist) {
		return "", &InputError{Field: "project folder", Value: o.ProjectDir, Allowed: "a folder with Pulumi.yaml"}
	}
	if err != nil {
		return "", fmt.Errorf("loading the project: %w", err)
	}
	if _, err := os.Stat(stackFile(o)); err != nil {
		return "", &InputError{
			Field:   "stack",
			Value:   o.Stack,
			Allowed: "one of " + strings.Join(Stacks(o.ProjectDir), ", "),
		}
	}
	return string(project.Name), nil
}

func stackFile(o Options) string { return filepath.Join(o.ProjectDir, "Pulumi."+o.Stack+".yaml") }

// Stacks lists the stacks of the project in dir: those that have a configuration file.
func Stacks(dir string) []string {
	files, _ := filepath.Glob(filepath.Join(dir, "Pulumi.*.yaml"))
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
	}
	return names
}

// program returns the lab's. What it says of the configuration reaches the engine as text only, so it is kept.
func (l *Lab) program(ctx *pulumi.Context) error {
	err := stack.Program(l.options.ProjectDir)(ctx)
	var refused *config.Error
	if errors.As(err, &refused) {
		l.refused.Store(refused)
	}
	return err
}

// selectStack binds the lab to the stack at its target, creating it where it does not exist yet.
func (l *Lab) selectStack(ctx context.Context) error {
	settings := []auto.LocalWorkspaceOption{
		auto.WorkDir(l.options.ProjectDir),
		auto.Pulumi(l.command),
		auto.Program(l.program),
	}
	if l.options.Target == AWS {
		l.command.Environ = os.Environ()
		space, err := auto.NewLocalWorkspace(ctx, settings...)
		if err != nil {
			return err
		}
		l.stack, err = auto.UpsertStack(ctx, l.options.Stack, space)
		return err
	}

	home, err := openOffline(l.options, l.command.Engine)
	if err != nil {
		return err
	}
	if err := home.Check(ctx, l.project, l.options.Stack); err != nil {
		return err
	}
	l.offline = home
	l.command.Environ = offlineEnviron(home)
	if l.configFile, err = home.StackConfig(stackFile(l.options)); err != nil {
		return err
	}
	if err := ensureStack(ctx, home, l.command, l.options, l.project); err != nil {
		return err
	}
	space, err := auto.NewLocalWorkspace(ctx, append(settings, auto.PulumiHome(home.PulumiHome()))...)
	if err != nil {
		return err
	}
	l.stack, err = auto.SelectStack(ctx, l.options.Stack, space)
	return err
}
