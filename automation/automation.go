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
	"runtime/debug"
	"slices"
	"sync/atomic"
	"syscall"

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
	// Stack is the stack's name. It is configured by Pulumi.<stack>.yaml in ProjectDir, by Configuration, or else as in
	// its latest update. Open creates a stack that does not exist, if it is configured.
	Stack string
	// MustExist has Open refuse a stack that does not exist, with a *NoStackError, instead of creating it.
	MustExist bool
	// Configuration is laid over the stack's file, or stands for it where there is none. Nothing of it is written into
	// ProjectDir. Nil means none; empty means that the project's defaults are enough.
	Configuration Configuration
	// Target defaults to Offline.
	Target Target
	// Backend is where the engine keeps the state of stacks on AWS: s3://BUCKET?region=REGION, gs://BUCKET,
	// azblob://CONTAINER, file:///FOLDER or, for Pulumi Cloud, https://api.pulumi.com. Default: the one of
	// PULUMI_BACKEND_URL, of Pulumi.yaml, or of pulumi login. The offline target has its own.
	Backend string
	// SecretsProvider encrypts the secrets of a stack that Open creates on AWS: passphrase, awskms://,
	// azurekeyvault://, gcpkms:// or hashivault:// with a key. Default: that of the backend, which is passphrase for
	// all but Pulumi Cloud.
	SecretsProvider string
	// Environment is what the engine and its plugins get besides what they inherit: the variables of the system, of
	// proxies, Go and Docker, AWS_* and PULUMI_*, and no others. PULUMI_CONFIG_PASSPHRASE may be here, for one. Not
	// AWS_*, with which package automation itself would not act: choose a profile with aws:profile.
	Environment map[string]string
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
	// OnEvent is called with every event of an operation, one at a time, and the operation waits for it. If it panics,
	// the operation is cancelled first. May be nil.
	OnEvent func(Event)
}

// Lab is an opened stack. One that runs an operation refuses another with a *ConcurrentUpdateError, as the engine's own
// lock does across labs and processes; what only reads the state does not wait.
type Lab struct {
	options  Options
	project  *workspace.Project
	settings *settings
	// configuration is nil where nothing says how the stack is configured.
	configuration *config.Config
	packs         []PolicyPack
	command       *engine.Command
	stack         auto.Stack
	// configFile is what the engine reads the stack's configuration from; empty means Pulumi.<stack>.yaml. It is there
	// while an operation runs.
	configFile string
	// backend is the URL of where the state is on AWS.
	backend string
	// account is nil on the offline target, offline on AWS.
	account      *account
	offline      *offline.Home
	findFailures findFailures
	awaitRollout awaitRollout
	// released names the holders of stale locks that were released when the stack was created.
	released []string
	// running is the operation that runs, and abort cancels it.
	running atomic.Pointer[Operation]
	abort   context.CancelCauseFunc
	// operation is the context of the operation that runs.
	operation atomic.Pointer[context.Context]
	// ran is the program that the engine has run last.
	ran atomic.Pointer[pulumi.Context]
	// refused is what the running program has refused.
	refused atomic.Pointer[config.Error]
}

// stackName follows Pulumi's rule for stack names (100 characters of letters, digits, -, _ and .), but for the first
// character: the engine takes "." and ".." for folders, and writes their states in the place of others, and it takes
// what begins with - for a flag.
var stackName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`)

// Open checks the options and the stack's configuration, finds the engine, prepares the target and creates the stack
// where it does not exist yet. A wrong option gives an *InputError and wrong configuration a *config.Error, both before
// any engine has run, no engine an *engine.MissingError, and on AWS what is wrong with where state and secrets are kept
// a *BackendError or *SecretsError.
func Open(ctx context.Context, options Options) (*Lab, error) {
	options, project, err := checkOptions(options)
	if err != nil {
		return nil, err
	}
	if options.PolicyPacks, err = absolutePacks(options.PolicyPacks); err != nil {
		return nil, err
	}
	l := &Lab{options: options, project: project}
	if l.settings, err = newSettings(string(project.Name), options); err != nil {
		return nil, err
	}
	if l.settings.text != nil {
		if err := l.configure(); err != nil {
			return nil, err
		}
	}
	if l.settings.text == nil && options.Target == Offline && !hasStack(options, project) {
		return nil, unconfigured(options)
	}
	if err := l.connect(ctx); err != nil {
		return nil, orCancelled(ctx, err)
	}
	if err := l.openStack(ctx); err != nil {
		return nil, l.located(classify(ctx, fmt.Errorf("opening stack %s: %w", options.Stack, err), err, nil))
	}
	return l, nil
}

// configure takes from the stack's configuration what the lab itself needs of it.
func (l *Lab) configure() error {
	configured, err := l.settings.load(string(l.project.Name), l.options.ProjectDir)
	if err != nil {
		return err
	}
	l.configuration = configured
	if l.packs = l.options.PolicyPacks; l.packs == nil {
		if l.packs, err = FindPolicyPacks(l.options.ProjectDir, l.options.Stack, configured.Profile); err != nil {
			return err
		}
	}
	if l.options.Target != AWS {
		return nil
	}
	l.account = &account{region: configured.Region}
	l.findFailures, l.awaitRollout = l.account.failures, l.account.rollout
	return nil
}

// connect finds the engine and prepares the target.
func (l *Lab) connect(ctx context.Context) error {
	inherited, err := l.inherited()
	if err != nil {
		return err
	}
	found, err := engine.Find(ctx, l.options.Engine, l.options.EngineProgress)
	if err != nil {
		return err
	}
	l.command = &engine.Command{Engine: found, Environ: inherited}
	if l.options.Target == Offline {
		if l.offline, err = openOffline(l.options, found); err != nil {
			return err
		}
		if err := l.offline.Check(ctx, string(l.project.Name), l.options.Stack); err != nil {
			return err
		}
		l.command.Environ = append(l.command.Environ, variables(l.offline.Environment())...)
		simulated := simulation{l.offline}
		l.findFailures, l.awaitRollout = simulated.failures, simulated.rollout
	}
	return nil
}

// openStack binds the lab to the stack at its target.
func (l *Lab) openStack(ctx context.Context) error {
	if err := l.ensureStack(ctx); err != nil {
		return err
	}
	if l.settings.text == nil {
		if err := l.recall(ctx); err != nil {
			return err
		}
	}
	if err := l.encrypt(ctx); err != nil {
		return err
	}
	if l.options.Target == AWS {
		if err := l.openAccount(ctx); err != nil {
			return err
		}
	}
	space, err := auto.NewLocalWorkspace(ctx,
		auto.WorkDir(l.options.ProjectDir), auto.Pulumi(unselected{l.command}), auto.Program(l.program))
	if err != nil {
		return err
	}
	l.stack, err = auto.SelectStack(ctx, l.options.Stack, space)
	return err
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

// checkOptions returns the options with their defaults, and the project.
func checkOptions(o Options) (Options, *workspace.Project, error) {
	if o.Target == "" {
		o.Target = Offline
	}
	root, err := filepath.Abs(o.ProjectDir)
	if err != nil {
		return o, nil, fmt.Errorf("resolving the project folder: %w", err)
	}
	o.ProjectDir = root
	if !slices.Contains(Targets, o.Target) {
		return o, nil, &InputError{Field: "target", Value: string(o.Target), Allowed: "offline or aws"}
	}
	if !stackName.MatchString(o.Stack) {
		return o, nil, &InputError{
			Field: "stack", Value: o.Stack,
			Allowed: "1 to 100 letters, digits, -, _ and ., of which the first is a letter, a digit or _",
		}
	}
	if o.Target == AWS && os.Getenv(worldVariable) != "" {
		return o, nil, &InputError{Field: "target", Value: string(o.Target),
			Allowed: "only offline in this shell, whose environment points pulumi at the offline target " +
				"(" + worldVariable + " is set); open a new shell"}
	}
	if err := o.checkSurroundings(); err != nil {
		return o, nil, err
	}
	project, err := loadProject(root)
	if err != nil {
		return o, nil, err
	}
	return o, project, nil
}

func loadProject(root string) (*workspace.Project, error) {
	project, err := workspace.LoadProject(filepath.Join(root, "Pulumi.yaml"))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, &InputError{Field: "project folder", Value: root, Allowed: "a folder with Pulumi.yaml"}
	}
	if err != nil {
		return nil, &InputError{
			Field: "project folder", Value: root, Allowed: "a folder with a valid Pulumi.yaml: " + err.Error(),
		}
	}
	return project, nil
}

func stackFile(o Options) string { return filepath.Join(o.ProjectDir, "Pulumi."+o.Stack+".yaml") }

// program is the lab's. What it says of the configuration reaches the engine as text only, so it is kept.
func (l *Lab) program(ctx *pulumi.Context) error {
	l.ran.Store(ctx)
	err := onStackOfItsOwn(func() error { return stack.Program(l.options.ProjectDir, l.await, l.begun)(ctx) })
	var refused *config.Error
	if errors.As(err, &refused) {
		l.refused.Store(refused)
	}
	return err
}

// begun tells the program whether the state has resources.
func (l *Lab) begun(ctx context.Context) (bool, error) {
	if l.offline != nil {
		resources, err := l.offline.Resources(string(l.project.Name), l.options.Stack)
		return resources > 0, err // at once, where the engine takes a part of a preview's time
	}
	_, state, err := l.deployment(ctx)
	return err == nil && len(state.Resources) > 0, err
}

// onStackOfItsOwn runs a program where nothing but it is on the call stack. The SDK records the whole stack with every
// resource, and the engine writes the state twice for every resource: the frames of the RPC server that serves the
// program were a third of all it wrote.
func onStackOfItsOwn(program func() error) error {
	ended := make(chan error)
	go func() {
		defer func() {
			if reason := recover(); reason != nil {
				ended <- fmt.Errorf("the program panicked: %v\n%s", reason, debug.Stack())
			}
		}()
		ended <- program()
	}()
	return <-ended
}
