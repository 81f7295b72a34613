package automation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/internal/stackfile"
	"github.com/awslab/awslab/infra/config"
)

// Configuration is a stack's configuration in memory: values by key, as Pulumi.<stack>.yaml has them below "config". A
// key without a namespace is the project's, so that "network" is "awslab:network". A value is whatever YAML can hold;
// nil takes the key out of the file that the configuration is laid over.
type Configuration map[string]any

// Secret is a value in a [Configuration], or anywhere in one of its values, that the engine gets encrypted with the
// stack's own key. It is shown as [secret] wherever it is printed.
type Secret = stackfile.Secret

// ReadConfiguration returns the configuration in a file such as Pulumi.dev.yaml, for another stack to start from. It
// refuses with an *InputError a file with encrypted values, which only the stack that they are encrypted for can read.
func ReadConfiguration(path string) (Configuration, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the caller's own file
	if err != nil {
		return nil, fmt.Errorf("reading a configuration: %w", err)
	}
	file, err := stackfile.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if encrypted := file.Encrypted(); len(encrypted) > 0 {
		return nil, &InputError{
			Field: "configuration",
			Value: path,
			Allowed: "a file without values that are encrypted for another stack; take out " +
				strings.Join(encrypted, ", ") + ", and give them as automation.Secret",
		}
	}
	configuration := Configuration{}
	if err := file.Decode(configuration); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return configuration, nil
}

// settings are the configuration that a lab's stack has.
type settings struct {
	// text is a Pulumi.<stack>.yaml. Nil means that neither a file nor the options have any configuration.
	text []byte
	// name is what messages call it.
	name string
	// secrets are to be encrypted into the text, by property path.
	secrets map[string]Secret
	// file says that the text is the project's own file as it is.
	file bool
	// problem is why the stack can be neither previewed nor updated, though all else can be done to it.
	problem error
}

// newSettings lays the configuration in the options over the stack's file.
func newSettings(project string, o Options) (*settings, error) {
	s := &settings{name: stackFile(o)}
	text, err := os.ReadFile(s.name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading the stack's configuration: %w", err)
	}
	s.file = err == nil && len(o.Configuration) == 0
	if err != nil && o.Configuration == nil {
		return s, nil
	}
	s.text = text
	if len(o.Configuration) == 0 {
		s.text = append([]byte{}, text...) // not nil: there is a configuration, if an empty one
		return s, nil
	}
	file, err := stackfile.Parse(text)
	if err != nil {
		return nil, &config.Error{Problems: []config.Problem{{Path: s.name, Message: err.Error()}}}
	}
	for _, key := range slices.Sorted(maps.Keys(o.Configuration)) {
		if err := file.Set(project, key, o.Configuration[key]); err != nil {
			return nil, &InputError{
				Field:   "configuration",
				Value:   key,
				Allowed: "a value that YAML can hold: " + err.Error(),
			}
		}
	}
	if s.text, s.secrets, err = file.Text(); err != nil {
		return nil, fmt.Errorf("writing the stack's configuration: %w", err)
	}
	return s, nil
}

// load decodes and checks the configuration of a project.
func (s *settings) load(project, root string) (*config.Config, error) {
	configured, err := config.LoadText(project, s.name, s.text)
	if err != nil {
		return nil, err
	}
	return configured, configured.CheckFiles(project, root)
}

// secretsProvider returns what the stack's file says its secrets are encrypted with; may be empty.
func (s *settings) secretsProvider() string {
	file, err := stackfile.Parse(s.text)
	if err != nil {
		return "" // whoever loads the configuration reports it
	}
	return file.SecretsProvider()
}

// encrypt replaces the secrets in the text, with the key of the stack, which exists.
func (l *Lab) encrypt(ctx context.Context) error {
	for _, path := range slices.Sorted(maps.Keys(l.settings.secrets)) {
		err := l.inFile(func(file string) error {
			// On standard input, because everyone on this machine sees the arguments of a process.
			_, stderr, _, err := l.command.Run(
				ctx, l.options.ProjectDir, strings.NewReader(string(l.settings.secrets[path])), nil, nil, nil,
				"config", "set", "--stack", l.options.Stack, "--config-file", file,
				"--secret", "--raw", "--path", path,
			)
			if err != nil {
				return fmt.Errorf("encrypting %s: %w: %s", path, err, strings.TrimSpace(stderr))
			}
			l.settings.text, err = os.ReadFile(file) //nolint:gosec // written above
			return err
		})
		if err != nil {
			return err
		}
	}
	l.settings.secrets = nil
	return nil
}

// neverUpdated is what the engine says of the latest update's configuration where there was no update.
const neverUpdated = "no previous deployment"

// recall takes the configuration of the stack's latest update, which the backend keeps, for a stack whose configuration
// is in no file and was not given. Without an update there is none, with which the stack can be read and removed.
func (l *Lab) recall(ctx context.Context) error {
	err := l.inFile(func(file string) error {
		_, stderr, _, err := l.command.Run(
			ctx, l.options.ProjectDir, nil, nil, nil, nil,
			"config", "refresh", "--force", "--stack", l.options.Stack, "--config-file", file,
		)
		if strings.Contains(stderr, neverUpdated) {
			l.settings.problem = &InputError{Field: "stack", Value: l.options.Stack, Allowed: "one that was updated " +
				"before, has a file Pulumi." + l.options.Stack + ".yaml, or is opened with a Configuration"}
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the configuration of its latest update: %w: %s", err, strings.TrimSpace(stderr))
		}
		l.settings.name = "the latest update of stack " + l.options.Stack
		l.settings.text, err = os.ReadFile(file) //nolint:gosec // written by the engine
		return err
	})
	if err != nil || l.settings.text == nil {
		return err
	}
	// What was right for an earlier version of the project may be wrong for this one, and the stack can be destroyed.
	var wrong *config.Error
	if err := l.configure(); errors.As(err, &wrong) {
		l.settings.problem = err
		return nil
	}
	return err
}

// inFile calls f with a file that holds the configuration, which is gone afterwards: the engine writes into the file
// that it reads, and the project's own stays as it is.
func (l *Lab) inFile(f func(file string) error) error {
	dir, err := os.MkdirTemp(l.scratch(), "awslab-config-")
	if err != nil {
		return fmt.Errorf("creating a folder for the stack's configuration: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "Pulumi."+l.options.Stack+".yaml")
	if err := os.WriteFile(file, l.settings.text, 0o600); err != nil {
		return fmt.Errorf("writing the stack's configuration: %w", err)
	}
	return f(file)
}

// scratch is where folders go that are gone after an operation. Empty means the system's folder for temporary files,
// which the offline target does not need.
func (l *Lab) scratch() string {
	if l.offline == nil {
		return ""
	}
	return l.offline.Dir
}

// configured calls f while configFile is what the engine reads the configuration from.
func (l *Lab) configured(f func() error) error {
	if l.settings.file && l.offline == nil {
		return f() // on AWS, the engine keeps the stack's encryption salt in the project's file
	}
	return l.inFile(func(file string) error {
		l.configFile = file
		defer func() { l.configFile = "" }()
		return f()
	})
}

// Setting is one value of a stack's configuration as it is in effect.
type Setting struct {
	// Path leads to the value, such as awslab:services[1].cpu.
	Path  string `json:"path"`
	Value any    `json:"value"`
	// Origin is where the value comes from: the stack's file, "Configuration", or the defaults of its profile.
	Origin string `json:"origin"`
}

// Settings returns what is in effect in a stack, sorted by path, and where it comes from. It needs no engine and no
// target. Wrong configuration gives a *config.Error.
func Settings(o Options) ([]Setting, error) {
	o, project, err := checkOptions(o)
	if err != nil {
		return nil, err
	}
	name := string(project.Name)
	s, err := newSettings(name, o)
	if err != nil {
		return nil, err
	}
	if s.text == nil {
		return nil, unconfigured(o)
	}
	configured, err := s.load(name, o.ProjectDir)
	if err != nil {
		return nil, err
	}
	found, err := config.Settings(name, s.name, s.text)
	if err != nil {
		return nil, err
	}
	inMemory := map[string]bool{}
	for key := range o.Configuration {
		inMemory[stackfile.Canonical(name, key)] = true
	}
	settings := make([]Setting, len(found))
	for i, f := range found {
		settings[i] = Setting{f.Path, f.Value, "default of profile " + configured.Profile}
		switch {
		case f.Given && inMemory[topOf(f.Path)]:
			settings[i].Origin = "Configuration"
		case f.Given:
			settings[i].Origin = filepath.Base(s.name)
		}
	}
	return settings, nil
}

// topOf returns the key of the file that a path begins with.
func topOf(path string) string {
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end]
	}
	return path
}
