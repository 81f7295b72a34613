package automation

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/offline"
)

const worldVariable = offline.WorldVariable

func offlineDir(project, chosen string) string {
	if chosen != "" {
		return chosen
	}
	return filepath.Join(project, ".awslab", "offline")
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

// offlineEnviron returns the engine's environment on the offline target. Whatever could lead to a real account or to
// another backend is left out.
func offlineEnviron(home *offline.Home) []string {
	var environ []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "AWS_") && !strings.HasPrefix(entry, "PULUMI_") {
			environ = append(environ, entry)
		}
	}
	for name, value := range home.Environment() {
		environ = append(environ, name+"="+value)
	}
	slices.Sort(environ)
	return environ
}

// ensureStack creates the stack in the offline backend. It does so from a copy of the project, because the engine
// writes the stack's encryption salt into the Pulumi.<stack>.yaml it finds, and that file belongs to the stack on AWS.
func ensureStack(ctx context.Context, home *offline.Home, command *engine.Command, o Options, project string) error {
	if home.HasStack(project, o.Stack) {
		return nil
	}
	dir, err := os.MkdirTemp(home.Dir, "init-")
	if err != nil {
		return fmt.Errorf("creating a folder for stack init: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	content := fmt.Sprintf("name: %s\nruntime: go\n", project)
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte(content), 0o600); err != nil {
		return fmt.Errorf("writing a project for stack init: %w", err)
	}
	_, stderr, _, err := command.Run(ctx, dir, nil, nil, nil, nil, "stack", "init", o.Stack)
	if err != nil {
		return fmt.Errorf("creating stack %s on the offline target: %w: %s", o.Stack, err, strings.TrimSpace(stderr))
	}
	return nil
}

// OfflineEnvironment prepares the offline target with all of the project's stacks and returns what points a stock
// pulumi command at it: environment variables, and the folder of the engine for PATH.
func OfflineEnvironment(ctx context.Context, o Options) (map[string]string, string, error) {
	root, err := filepath.Abs(o.ProjectDir)
	if err != nil {
		return nil, "", fmt.Errorf("resolving the project folder: %w", err)
	}
	o.ProjectDir, o.Target = root, Offline
	stacks := Stacks(root)
	if len(stacks) == 0 {
		return nil, "", &InputError{
			Field:   "project folder",
			Value:   root,
			Allowed: "a folder with Pulumi.yaml and at least one Pulumi.<stack>.yaml",
		}
	}
	found, err := engine.Find(ctx, o.Engine, o.EngineProgress)
	if err != nil {
		return nil, "", err
	}
	home, err := openOffline(o, found)
	if err != nil {
		return nil, "", err
	}
	command := &engine.Command{Engine: found, Environ: offlineEnviron(home)}
	for _, name := range stacks {
		o.Stack = name
		project, err := checkOptions(o)
		if err != nil {
			return nil, "", err
		}
		if err := ensureStack(ctx, home, command, o, project); err != nil {
			return nil, "", err
		}
	}
	return home.Environment(), filepath.Dir(found.Path), nil
}

// OfflineWorld lists what exists at the offline target of the project.
func OfflineWorld(ctx context.Context, o Options) ([]offline.Thing, error) {
	home, err := offlineHome(o)
	if err != nil {
		return nil, err
	}
	return home.List(ctx)
}

// OfflineAudit lists the calls that the policies at the offline target of the project deny, and the permissions that no
// call needs.
func OfflineAudit(ctx context.Context, o Options) (offline.Audit, error) {
	home, err := offlineHome(o)
	if err != nil {
		return offline.Audit{}, err
	}
	return home.Audit(ctx)
}

func offlineHome(o Options) (*offline.Home, error) {
	root, err := filepath.Abs(o.ProjectDir)
	if err != nil {
		return nil, fmt.Errorf("resolving the project folder: %w", err)
	}
	return &offline.Home{Dir: offlineDir(root, o.OfflineDir)}, nil
}
