package automation_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/offline"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/infra/config/configtest"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// These tests run the lab's program through the real engine on the offline target.

// bin holds the executables that the tests need, compiled once.
var bin string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		if name := filepath.Base(os.Args[0]); name == emptyPack || strings.HasPrefix(name, "pulumi-resource-") {
			if err := serveFloor(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			return 0
		}
		dir, err := os.MkdirTemp("", "awslab-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		bin = dir
		for name, source := range map[string]string{
			offline.PluginCommand: "./offline/cmd/awslab-offline",
			"policy":              "../policy",
		} {
			build := exec.Command(
				"go",
				"build",
				"-o",
				filepath.Join(dir, name),
				source,
			) //nolint:gosec // fixed arguments
			build.Stderr = os.Stderr
			if err := build.Run(); err != nil {
				fmt.Fprintf(os.Stderr, "compiling %s: %v\n", source, err)
				return 1
			}
		}
		return m.Run()
	}())
}

// project is a copy of the lab's project whose configuration a test may edit, with an offline target of its own.
type project struct {
	dir  string
	seen []automation.Event
}

func newProject(t testing.TB) *project {
	t.Helper()
	p := &project{dir: t.TempDir()}
	for _, name := range []string{"Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"} {
		content, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(p.dir, name), content, 0o600))
	}
	// The engine runs the providers in the folder of the program.
	require.NoError(t, os.Mkdir(filepath.Join(p.dir, "infra"), 0o700))
	for _, dir := range []string{"services", "policy/config"} {
		require.NoError(t, os.CopyFS(filepath.Join(p.dir, dir), os.DirFS(filepath.Join("..", dir))))
	}
	return p
}

// configure replaces text in a stack's configuration; it fails when there is nothing to replace.
func (p *project) configure(t testing.TB, stackName string, pairs ...string) {
	t.Helper()
	path := filepath.Join(p.dir, "Pulumi."+stackName+".yaml")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, string(content), pairs[i])
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(content))), 0o600))
}

// edit sets values in a stack's configuration by the paths of keys, such as tables[0].stream. A nil value takes the key
// out.
func (p *project) edit(t testing.TB, stackName string, changes map[string]any) {
	t.Helper()
	path := filepath.Join(p.dir, "Pulumi."+stackName+".yaml")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var file map[string]any
	require.NoError(t, yaml.Unmarshal(content, &file))
	config := map[string]any{}
	for key, value := range file["config"].(map[string]any) {
		config[strings.TrimPrefix(key, "awslab:")] = value
	}
	p.write(t, stackName, configtest.Apply(config, configtest.Change{Values: changes}))
}

// write replaces a stack's configuration. Keys without a namespace are the project's.
func (p *project) write(t require.TestingT, stackName string, configuration map[string]any) {
	named := map[string]any{}
	for key, value := range configuration {
		if !strings.Contains(key, ":") {
			key = "awslab:" + key
		}
		named[key] = value
	}
	content, err := yaml.Marshal(map[string]any{"config": named})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "Pulumi."+stackName+".yaml"), content, 0o600))
}

func (p *project) options(stackName string) automation.Options {
	return automation.Options{
		ProjectDir: p.dir, Stack: stackName, OfflinePlugin: filepath.Join(bin, offline.PluginCommand),
		OnEvent: func(e automation.Event) { p.seen = append(p.seen, e) },
		PolicyPacks: []automation.PolicyPack{
			{Path: filepath.Join(bin, "policy"), Config: filepath.Join(p.dir, "policy", "config", stackName+".json")},
		},
	}
}

func (p *project) open(t testing.TB, stackName string) *automation.Lab {
	t.Helper()
	lab, err := automation.Open(context.Background(), p.options(stackName))
	require.NoError(t, err)
	return lab
}

func (p *project) home(t testing.TB) *offline.Home {
	t.Helper()
	home, err := offline.Open(
		filepath.Join(p.dir, ".awslab", "offline"),
		filepath.Join(bin, offline.PluginCommand),
		false,
	)
	require.NoError(t, err)
	return home
}

func (p *project) world(t testing.TB) []offline.Thing {
	t.Helper()
	things, err := p.home(t).List(context.Background())
	require.NoError(t, err)
	return things
}

// requireExactPermissions expects the policies in the world to allow every call and nothing besides.
func (p *project) requireExactPermissions(t testing.TB) {
	t.Helper()
	audit, err := automation.OfflineAudit(context.Background(), automation.Options{ProjectDir: p.dir})
	require.NoError(t, err)
	require.Empty(t, audit.Denied, "a call is denied")
	require.Empty(t, audit.Unused, "a permission is of no use")
}

func step(t testing.TB, r *automation.Result, resourceType, name string) automation.Step {
	t.Helper()
	for _, s := range r.Steps {
		if s.Type == resourceType && s.Name == name {
			return s
		}
	}
	require.Failf(t, "no step", "%s %s is not among %v", resourceType, name, r.Steps)
	return automation.Step{}
}

// openOnAWS opens the stack dev on the target aws, with a backend of the test's own and with these variables.
func (p *project) openOnAWS(t *testing.T, variables map[string]string) *automation.Lab {
	t.Helper()
	t.Setenv("PULUMI_BACKEND_URL", "file://"+t.TempDir())
	t.Setenv("PULUMI_CONFIG_PASSPHRASE", "of this test")
	for variable, value := range variables {
		t.Setenv(variable, value)
	}
	options := p.options("dev")
	options.Target, options.PolicyPacks = automation.AWS, []automation.PolicyPack{}
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	return lab
}

// requireUnchanged holds if another up of the stack has nothing to do.
func (p *project) requireUnchanged(t testing.TB, stackName string) {
	t.Helper()
	again, err := p.open(t, stackName).Up(context.Background())
	require.NoError(t, err)
	require.True(t, again.Unchanged(), "another up of %s has nothing to do, not %v", stackName, again.Steps)
}

// requireNothingReplaced holds but for what runs again, as a migration does.
func requireNothingReplaced(t testing.TB, r *automation.Result) {
	t.Helper()
	for _, s := range r.Steps {
		if s.Type != "aws:lambda/invocation:Invocation" {
			require.Contains(t, []string{"create", "update"}, s.Op, "%s %s", s.Type, s.Name)
		}
	}
}

func opOf(r *automation.Result, resourceType string) []string {
	var ops []string
	for _, s := range r.Steps {
		if s.Type == resourceType {
			ops = append(ops, s.Op)
		}
	}
	return ops
}

func TestTheLabComesUpChangesAndGoesDown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t)
	before, err := os.ReadFile(filepath.Join(p.dir, "Pulumi.dev.yaml"))
	require.NoError(t, err)

	lab := p.open(t, "dev")
	up, err := lab.Up(ctx)
	require.NoError(t, err)
	require.True(t, up.Succeeded)
	p.requireExactPermissions(t)
	for _, name := range []string{
		"url",
		"vpcId",
		"publicSubnetIds",
		"appSubnetIds",
		"dataSubnetIds",
		"images",
		"services",
	} {
		require.NotEmpty(t, up.Outputs[name].Value, "output %s", name)
	}
	require.NotEmpty(t, p.world(t))
	state, err := lab.Export(ctx, automation.ExportOptions{})
	require.NoError(t, err)
	require.Less(t, strings.Count(string(state.Deployment), "go/auto/stack.go"), 10,
		"but for the stack itself, no resource has the frames of who runs the program")
	require.NoDirExists(t, filepath.Join(p.home(t).PulumiHome(), "logs"), "the engine keeps no log of each operation")

	after, err := os.ReadFile(filepath.Join(p.dir, "Pulumi.dev.yaml"))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "the offline target leaves the stack's configuration alone")

	p.requireUnchanged(t, "dev")

	refreshed, err := lab.Refresh(ctx)
	require.NoError(t, err)
	require.True(t, refreshed.Unchanged(), "nothing drifted, yet %v", refreshed.Steps)

	t.Run("another CIDR would replace everything and is refused", func(t *testing.T) {
		p.configure(t, "dev", "10.0.0.0/16", "10.9.0.0/16")
		defer p.configure(t, "dev", "10.9.0.0/16", "10.0.0.0/16")
		_, err := p.open(t, "dev").Preview(ctx)
		var refused *config.Error
		require.ErrorAs(t, err, &refused)
		require.ErrorContains(t, err, "awslab:network.cidr: 10.9.0.0/16, and the stack was made with 10.0.0.0/16")
	})

	t.Run("a changed desired count is an update", func(t *testing.T) {
		p.configure(t, "dev", "desiredCount: 1", "desiredCount: 2")
		defer p.configure(t, "dev", "desiredCount: 2", "desiredCount: 1")
		preview, err := p.open(t, "dev").Preview(ctx)
		require.NoError(t, err)
		for _, s := range preview.Steps {
			// the alarm on missing tasks and its picture follow
			require.Equal(t, "update", s.Op, "%s %s", s.Type, s.Name)
		}
		service := step(t, preview, "aws:ecs/service:Service", "catalog-service")
		require.Equal(t, "update", service.Op)
		require.Equal(t, []string{"desiredCount"}, service.Properties)
		for _, v := range preview.Violations {
			require.NotEqual(t, service.URN, v.URN, "two tasks are enough: %s", v.Message)
		}
	})

	// ofServices are the types of what belongs to one service alone.
	ofServices := []string{
		"aws:ecs/service:Service",
		"aws:ecs/taskDefinition:TaskDefinition",
		"aws:lb/targetGroup:TargetGroup",
	}

	t.Run("another service leaves the others alone", func(t *testing.T) {
		const none = "  awslab:services:\n"
		const another = none + "    - {name: another, image: {context: services, dockerfile: catalog/Dockerfile}, " +
			"port: 8080, path: /another, desiredCount: 1}\n"
		p.configure(t, "dev", none, another)
		defer p.configure(t, "dev", another, none)
		preview, err := p.open(t, "dev").Preview(ctx)
		require.NoError(t, err)
		requireNothingReplaced(t, preview)
		step(t, preview, "aws:ecs/service:Service", "another-service")
		for _, s := range preview.Steps {
			if slices.Contains(ofServices, s.Type) {
				require.Contains(t, s.Name, "another", "%s of a service that is not new", s.Type)
			}
		}
		// A rule is named after its place, not its service: what is there already has no step.
		require.Equal(t, []string{"create"}, opOf(preview, "aws:lb/listenerRule:ListenerRule"))
	})

	t.Run("a renamed service leaves the others alone", func(t *testing.T) {
		p.configure(t, "dev", "name: orders", "name: sales")
		defer p.configure(t, "dev", "name: sales", "name: orders")
		preview, err := p.open(t, "dev").Preview(ctx)
		require.NoError(t, err)
		require.Equal(t, "create", step(t, preview, "aws:ecs/service:Service", "sales-service").Op)
		require.Equal(t, "delete", step(t, preview, "aws:ecs/service:Service", "orders-service").Op)
		for _, s := range preview.Steps {
			if s.Type != "aws:iam/rolePolicy:RolePolicy" { // the next one is made beside the old one
				require.NotContains(t, s.Op, "replace", "%s %s", s.Type, s.Name)
			}
			if !strings.Contains(s.Name, "-to-catalog") { // which is a way to it, of the service that calls it
				require.NotContains(t, s.Name, "catalog", "%s of a service that was not renamed", s.Type)
			}
		}
	})

	t.Run("a third zone keeps every subnet and NAT gateway", func(t *testing.T) {
		const two, three = "cidr: 10.0.0.0/16\n", "cidr: 10.0.0.0/16\n    availabilityZones: 3\n"
		p.configure(t, "dev", two, three)
		defer p.configure(t, "dev", three, two)
		preview, err := p.open(t, "dev").Preview(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"create", "create", "create"}, opOf(preview, "aws:ec2/subnet:Subnet"))
		require.Empty(t, opOf(preview, "aws:ec2/natGateway:NatGateway"))
		requireNothingReplaced(t, preview)
		grown, err := p.open(t, "dev").Up(ctx)
		require.NoError(t, err)
		requireNothingReplaced(t, grown)
	})

	t.Run("a locked stack says who holds the lock", func(t *testing.T) {
		defer p.lock(t, "dev")()
		_, err := lab.Refresh(ctx)
		var locked *automation.ConcurrentUpdateError
		require.ErrorAs(t, err, &locked)
		require.Equal(t, "dev", locked.Stack)
		require.Contains(t, locked.Holder, "somebody@elsewhere (pid 42)")
		require.ErrorContains(t, err, "If it was killed, awslab recover --stack dev releases the lock")

		_, err = lab.Recover(ctx, automation.RecoverOptions{})
		require.ErrorAs(t, err, &locked, "nobody can tell from here whether it has ended")
		require.ErrorContains(t, err, `eval "$(awslab offline env)" && pulumi cancel --stack dev`)
	})

	destroyed, err := lab.Destroy(ctx)
	require.NoError(t, err)
	require.True(t, destroyed.Succeeded)
	require.Empty(t, p.world(t))
}

func TestAServiceOfOneTaskIsRefusedInProd(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	p.configure(t, "prod", "desiredCount: 3", "desiredCount: 1", "max: 12", "max: 12\n        min: 1")
	result, err := p.open(t, "prod").Up(context.Background())
	var refused *automation.PolicyError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Violations, 1)
	violation := refused.Violations[0]
	require.Equal(t, "ecs-min-tasks", violation.Policy)
	require.True(t, strings.HasSuffix(violation.URN, "aws:ecs/service:Service::catalog-service"), violation.URN)
	require.Contains(t, violation.Message, "Fix: ")
	require.Equal(t, automation.OperationPreview, result.Operation, "it does not get beyond the preview")
	require.Empty(t, p.world(t))
}

func TestAnExemptionLetsProdPassAndIsListed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t)
	const database, single = "  awslab:database: {}\n", "  awslab:database: {multiAz: false}\n"
	until := time.Now().AddDate(0, 6, 0).Format(time.DateOnly)
	accepted := single + "  awslab:exemptions:\n    - {rule: rds-multi-az, resource: \"*::database-instance\", " +
		"reason: the data can be made again, expires: " + until + "}\n"
	p.configure(t, "prod", database, single)
	_, err := p.open(t, "prod").Preview(ctx)
	var refused *automation.PolicyError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Violations, 1)

	p.configure(t, "prod", single, accepted)
	preview, err := p.open(t, "prod").Preview(ctx)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(preview.Violations, func(v automation.Violation) bool {
		return v.Policy == "exemptions" &&
			strings.Contains(v.Message, "rds-multi-az is accepted for database-instance until "+until)
	}), "%v", preview.Violations)

	p.configure(t, "prod", single, database)
	_, err = p.open(t, "prod").Preview(ctx)
	require.ErrorAs(t, err, &refused, "nothing needs the exemption any more")
	require.ErrorContains(t, err, "exempts nothing")
}

func TestWrongInputIsRefusedBeforeAnythingRuns(t *testing.T) {
	ctx := context.Background()
	t.Run("configuration", func(t *testing.T) {
		p := newProject(t)
		p.configure(t, "dev", "10.0.0.0/16", "10.0.0.0/33")
		_, err := automation.Open(ctx, p.options("dev"))
		var refused *config.Error
		require.ErrorAs(t, err, &refused)
		require.ErrorContains(t, err, "10.0.0.0/33")
		require.NoDirExists(t, filepath.Join(p.dir, ".awslab"))
	})
	tests := map[string]struct {
		change func(*automation.Options)
		want   string
	}{
		"an unknown stack": {
			func(o *automation.Options) { o.Stack = "test" },
			`stack "test": allowed is one of dev, prod`,
		},
		"no stack": {func(o *automation.Options) { o.Stack = "" }, `stack "": allowed is`},
		"a stack that is a folder": {
			func(o *automation.Options) { o.Stack, o.Configuration = "..", small() },
			`stack "..": allowed is 1 to 100 letters, digits, -, _ and ., of which the first is a letter, a digit or _`,
		},
		"a stack that is a flag": {
			func(o *automation.Options) { o.Stack, o.Configuration = "-x", small() },
			`stack "-x": allowed is`,
		},
		"an unknown target": {
			func(o *automation.Options) { o.Target = "gcp" },
			`target "gcp": allowed is offline or aws`,
		},
		"no project": {
			func(o *automation.Options) { o.ProjectDir = t.TempDir() },
			"allowed is a folder with Pulumi.yaml",
		},
		"a file for a project": {
			func(o *automation.Options) { o.ProjectDir = filepath.Join(o.ProjectDir, "Pulumi.yaml") },
			"allowed is a folder with Pulumi.yaml",
		},
		"a project that cannot be read": {
			func(o *automation.Options) {
				require.NoError(t, os.WriteFile(filepath.Join(o.ProjectDir, "Pulumi.yaml"), []byte("name: ["), 0o600))
			},
			"allowed is a folder with a valid Pulumi.yaml: ",
		},
		"a policy pack that is not there": {
			func(o *automation.Options) { o.PolicyPacks = []automation.PolicyPack{{Path: "nowhere"}} },
			`policy pack "nowhere": allowed is an executable, or a folder with PulumiPolicy.yaml: `,
		},
		"a configuration of policies that is not there": {
			func(o *automation.Options) { o.PolicyPacks[0].Config = "nowhere.json" },
			`policies' configuration "nowhere.json": allowed is a JSON file: `,
		},
		"an engine too many": {
			func(o *automation.Options) { o.Engine = "/bin/true" },
			"reading the version of /bin/true",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			options := newProject(t).options("dev")
			test.change(&options)
			_, err := automation.Open(ctx, options)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestAWSIsRefusedInAShellThatPointsAtTheOfflineTarget(t *testing.T) {
	t.Setenv(offline.WorldVariable, "/tmp/world.db")
	options := newProject(t).options("dev")
	options.Target = automation.AWS
	_, err := automation.Open(context.Background(), options)
	require.ErrorContains(t, err, "open a new shell")
}

func TestACancelledUpLeavesAStateThatTheNextUpCompletes(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	options := p.options("dev")
	options.OnEvent = func(e automation.Event) {
		if e.Operation == automation.OperationUp && e.Resource != nil && e.Resource.Type == "aws:ec2/subnet:Subnet" {
			cancel(errors.New("enough"))
		}
	}
	lab, err := automation.Open(ctx, options)
	require.NoError(t, err)
	_, err = lab.Up(ctx)
	require.ErrorIs(t, err, automation.ErrCancelled)
	require.ErrorContains(t, err, "(enough)")
	var cancelled *automation.CancelledError
	require.ErrorAs(t, err, &cancelled)
	require.NotNil(t, cancelled.Progress)
	require.Positive(t, cancelled.Progress.Done)

	up, err := p.open(t, "dev").Up(context.Background())
	require.NoError(t, err)
	require.Len(t, up.Steps, cancelled.Progress.Left)
	destroyed, err := lab.Destroy(context.Background())
	require.NoError(t, err)
	require.True(t, destroyed.Succeeded)
	require.Empty(t, p.world(t))
}

func TestTheStockCommandWorksOnTheOfflineTarget(t *testing.T) {
	ctx := context.Background()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	environment, path, err := automation.OfflineEnvironment(ctx, automation.Options{
		ProjectDir: root, OfflineDir: t.TempDir(), OfflinePlugin: filepath.Join(bin, offline.PluginCommand)})
	require.NoError(t, err)
	config := filepath.Join(root, "Pulumi.dev.yaml")
	// The engine adds the stack's encryption salt to the file.
	before, err := os.ReadFile(config)
	require.NoError(t, err)
	defer func() { require.NoError(t, os.WriteFile(config, before, 0o600)) }()

	found, err := engine.Find(ctx, filepath.Join(path, "pulumi"), nil)
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, found.Path, "preview", "--stack", "dev", "--non-interactive", "--color", "never",
		"--policy-pack", "policy/resilience", "--policy-pack-config", "policy/config/dev.json")
	cmd.Dir = root
	cmd.Env = os.Environ()
	for name, value := range environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.WaitDelay = time.Minute
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	require.Contains(t, string(output), "to create")
	require.Contains(t, string(output), "resilience")
}
