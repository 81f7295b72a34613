package automation_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

// small is a configuration of few resources.
func small() automation.Configuration {
	return automation.Configuration{"region": "eu-west-1"}
}

// inMemory returns options for a stack without a file and without policies.
func (p *project) inMemory(stack string, configuration automation.Configuration) automation.Options {
	options := p.options(stack)
	options.Configuration, options.PolicyPacks = configuration, []automation.PolicyPack{}
	return options
}

// files lists what is in the project's folder, but for the offline target, with its contents.
func (p *project) files(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(p.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.Name() == ".awslab" {
			return filepath.SkipDir
		}
		if entry.Type().IsRegular() {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			found[path] = string(content)
		}
		return nil
	}))
	return found
}

// An environment of a pull request has no file; whoever destroys it later knows only its name.
func TestAStackIsConfiguredInMemory(t *testing.T) {
	ctx := context.Background()
	p := newProject(t)
	before := p.files(t)
	t.Setenv("TMPDIR", t.TempDir())

	configuration := small()
	configuration["network"] = map[string]any{"cidr": "10.7.0.0/16"}
	lab, err := automation.Open(ctx, p.inMemory("pr-1", configuration))
	require.NoError(t, err)
	preview, err := lab.Preview(ctx)
	require.NoError(t, err)
	up, err := lab.Up(ctx)
	require.NoError(t, err)
	require.Len(t, up.Steps, len(preview.Steps))
	require.Contains(t, p.network(t), "10.7.0.0/16")

	another, err := automation.Open(ctx, p.inMemory("pr-1", nil))
	require.NoError(t, err)
	unchanged, err := another.Preview(ctx)
	require.NoError(t, err)
	require.True(t, unchanged.Unchanged(), "the backend keeps the configuration of the latest update")

	stacks, err := automation.ListStacks(ctx, p.inMemory("", nil))
	require.NoError(t, err)
	require.Len(t, stacks, 1)
	require.Equal(t, "pr-1", stacks[0].Name)
	require.Positive(t, stacks[0].Resources)

	var full *automation.NotEmptyError
	require.ErrorAs(t, another.Remove(ctx), &full)
	require.ErrorContains(t, full, "run awslab destroy --stack pr-1 first")
	_, err = another.Destroy(ctx)
	require.NoError(t, err)
	require.Empty(t, p.world(t))
	require.NoError(t, another.Remove(ctx))

	stacks, err = automation.ListStacks(ctx, p.inMemory("", nil))
	require.NoError(t, err)
	require.Empty(t, stacks)
	_, err = automation.Open(ctx, p.inMemory("pr-1", nil))
	require.ErrorContains(t, err, `stack "pr-1": allowed is one of dev, prod`)

	require.Equal(t, before, p.files(t), "nothing is written into the project")
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left, "no temporary file is left")
}

// network returns the state's text of the VPCs in the world.
func (p *project) network(t testing.TB) string {
	t.Helper()
	lab, err := automation.Open(context.Background(), p.inMemory("pr-1", nil))
	require.NoError(t, err)
	exported, err := lab.Export(context.Background(), automation.ExportOptions{})
	require.NoError(t, err)
	return string(exported.Deployment)
}

func TestAConfigurationIsLaidOverTheFile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t)
	options := p.inMemory("dev", automation.Configuration{
		"awslab:services": nil, "awslab:database": nil, "awslab:fileSystem": nil, "awslab:buckets": nil,
	})
	lab, err := automation.Open(ctx, options)
	require.NoError(t, err)
	preview, err := lab.Preview(ctx)
	require.NoError(t, err)
	require.Empty(t, opOf(preview, "aws:ecs/service:Service"))
	require.Len(t, opOf(preview, "aws:dynamodb/table:Table"), 1, "the file's tables are still there")
}

func TestWrongConfigurationInMemoryIsRefused(t *testing.T) {
	p := newProject(t)
	for name, test := range map[string]struct {
		configuration automation.Configuration
		want          string
	}{
		"an unknown key": {
			automation.Configuration{"region": "eu-west-1", "netwrk": 1},
			`awslab:netwrk: unknown key; did you mean "network"?`,
		},
		"nothing": {automation.Configuration{}, "awslab:region: is missing"},
		"what YAML cannot hold": {
			automation.Configuration{"region": func() {}},
			`configuration "region": allowed is a value`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := automation.Open(t.Context(), p.inMemory("pr-1", test.configuration))
			require.ErrorContains(t, err, test.want)
			require.NoDirExists(t, filepath.Join(p.dir, ".awslab"), "nothing was begun")
		})
	}
}

func TestASecretOfAConfigurationIsEncrypted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t)
	configuration := small()
	configuration["other:key"] = automation.Secret("the hidden value")
	configuration["other:object"] = map[string]any{"list": []any{automation.Secret("the hidden value")}}
	lab, err := automation.Open(ctx, p.inMemory("pr-1", configuration))
	require.NoError(t, err)
	_, err = lab.Up(ctx)
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(p.home(t).Dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), "world.db") {
			return err
		}
		content, err := os.ReadFile(path)
		require.NotContains(t, string(content), "the hidden value", path)
		return err
	}))
}

func TestReadConfiguration(t *testing.T) {
	configuration, err := automation.ReadConfiguration(filepath.Join("..", "Pulumi.dev.yaml"))
	require.NoError(t, err)
	require.Equal(t, "eu-west-1", configuration["awslab:region"])

	encrypted := filepath.Join(t.TempDir(), "Pulumi.dev.yaml")
	require.NoError(t, os.WriteFile(encrypted, []byte("config: {awslab:a: [{secure: v1:x}]}"), 0o600))
	_, err = automation.ReadConfiguration(encrypted)
	var refused *automation.InputError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "take out awslab:a[0]")

	require.NoError(t, os.WriteFile(encrypted, []byte("config: ["), 0o600))
	_, err = automation.ReadConfiguration(encrypted)
	require.ErrorContains(t, err, "is not a valid YAML")
}
