package automation

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/internal/backend"
	"github.com/awslab/awslab/automation/internal/environ"
	"github.com/awslab/awslab/automation/offline"
)

const worldVariable = offline.WorldVariable

func offlineDir(project, chosen string) string {
	if chosen != "" {
		return chosen
	}
	return filepath.Join(project, ".awslab", "offline")
}

// hasStack reports whether a stack exists at the offline target, which need not be there itself.
func hasStack(o Options, project *workspace.Project) bool {
	home := &offline.Home{Dir: offlineDir(o.ProjectDir, o.OfflineDir)}
	return home.HasStack(string(project.Name), o.Stack)
}

// openOffline prepares the offline target of a project.
func openOffline(o Options, e *engine.Engine) (*offline.Home, error) {
	plugin := o.OfflinePlugin
	if plugin == "" {
		var err error
		if plugin, err = offline.FindPlugin(); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(plugin); err != nil {
		return nil, &InputError{
			Field:   "offline plugin",
			Value:   plugin,
			Allowed: "the executable " + offline.PluginCommand + ", which make build compiles",
		}
	}
	home, err := offline.Open(offlineDir(o.ProjectDir, o.OfflineDir), plugin, e.Built)
	if err != nil {
		return nil, fmt.Errorf("preparing the offline target: %w", err)
	}
	return home, nil
}

// checkSurroundings refuses what the offline target decides by itself, and variables that options stand for.
func (o Options) checkSurroundings() error {
	if o.Target == Offline && o.Backend != "" {
		return &InputError{Field: "backend", Value: o.Backend, Allowed: "none on the offline target, which has its own"}
	}
	if o.Target == Offline && o.SecretsProvider != "" {
		return &InputError{
			Field:   "secrets provider",
			Value:   o.SecretsProvider,
			Allowed: "none on the offline target, which has its own",
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Environment)) {
		switch {
		case name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(o.Environment[name], "\x00"):
			return &InputError{"environment", name, "a name without = and a value without NUL"}
		case name == "PULUMI_BACKEND_URL":
			return &InputError{"environment", name, "another variable; give the URL as Backend"}
		case strings.HasPrefix(name, "AWS_"):
			return &InputError{"environment", name,
				"a variable that is not of AWS; choose credentials with aws:profile in the stack's configuration"}
		}
	}
	return nil
}

// inherited returns the engine's environment but for what only the offline target adds, and checks the backend that it
// leads to. Nothing of it leads from the offline target to a real account or to another backend.
func (l *Lab) inherited() ([]string, error) {
	o := l.options
	if o.Target == Offline {
		kept := environ.Without(environ.Inherited(os.Environ()), "AWS_", "PULUMI_")
		// To collect the garbage of processes that live for seconds takes a tenth of a preview. Large stacks have to.
		kept = append(kept, "GOGC=400", "GOMEMLIMIT=512MiB")
		return append(kept, variables(o.Environment)...), nil
	}
	given := append(os.Environ(), variables(o.Environment)...)
	l.backend = backend.Find(o.Backend, given, l.project)
	if err := backend.Check(l.backend, given); err != nil {
		return nil, err
	}
	if o.SecretsProvider != "" {
		if err := backend.CheckSecretsProvider(o.SecretsProvider, l.backend, given); err != nil {
			return nil, err
		}
	}
	kept := append(environ.Inherited(os.Environ(), l.backend, o.SecretsProvider, l.settings.secretsProvider()),
		variables(o.Environment)...)
	return append(kept,
		"PULUMI_BACKEND_URL="+l.backend,
		"PULUMI_SKIP_UPDATE_CHECK=true",
		// A configuration in memory, and a file that nobody committed, do not say how secrets are encrypted.
		"PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER=true",
	), nil
}

// variables returns environment variables as a process has them, sorted.
func variables(values map[string]string) []string {
	var entries []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		entries = append(entries, name+"="+values[name])
	}
	return entries
}

// OfflineEnvironment prepares the offline target with all of the project's stacks and returns what points a stock
// pulumi command at it: environment variables, and the folder of the engine for PATH.
func OfflineEnvironment(ctx context.Context, o Options) (map[string]string, string, error) {
	o.Target = Offline
	stacks := Stacks(o.ProjectDir)
	if len(stacks) == 0 {
		return nil, "", &InputError{
			Field:   "project folder",
			Value:   o.ProjectDir,
			Allowed: "a folder with Pulumi.yaml and at least one Pulumi.<stack>.yaml",
		}
	}
	l, err := connected(ctx, o, stacks[0])
	if err != nil {
		return nil, "", orCancelled(ctx, err)
	}
	for _, name := range stacks {
		l.options.Stack = name
		if l.settings, err = newSettings(string(l.project.Name), l.options); err != nil {
			return nil, "", err
		}
		if err := l.ensureStack(ctx); err != nil {
			return nil, "", orCancelled(ctx, err)
		}
	}
	return l.offline.Environment(), filepath.Dir(l.command.Engine.Path), nil
}

// OfflineWorld lists what exists at the offline target of the project.
func OfflineWorld(ctx context.Context, o Options) ([]offline.Thing, error) {
	home, err := offlineHome(o)
	if err != nil {
		return nil, err
	}
	things, err := home.List(ctx)
	if err != nil {
		return nil, orCancelled(ctx, err)
	}
	return things, nil
}

// OfflineAudit lists the calls that the policies at the offline target of the project deny, and the permissions that no
// call needs.
func OfflineAudit(ctx context.Context, o Options) (offline.Audit, error) {
	home, err := offlineHome(o)
	if err != nil {
		return offline.Audit{}, err
	}
	audit, err := home.Audit(ctx)
	if err != nil {
		return audit, orCancelled(ctx, err)
	}
	return audit, nil
}

func offlineHome(o Options) (*offline.Home, error) {
	root, err := filepath.Abs(o.ProjectDir)
	if err != nil {
		return nil, fmt.Errorf("resolving the project folder: %w", err)
	}
	if _, err := loadProject(root); err != nil {
		return nil, err
	}
	return &offline.Home{Dir: offlineDir(root, o.OfflineDir)}, nil
}
