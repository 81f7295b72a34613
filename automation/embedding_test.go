package automation_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/offline"
)

// What a platform does with a stack of its own: it looks at changes, carries out what was looked at, picks resources,
// reads the history, moves the state.
func TestWhatAnEmbedderDoesWithAStack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t)
	configuration := small()
	configuration["buckets"] = []any{map[string]any{"name": "uploads"}}
	open := func() *automation.Lab {
		lab, err := automation.Open(ctx, p.inMemory("pr-2", configuration))
		require.NoError(t, err)
		return lab
	}
	lab := open()
	plan := filepath.Join(t.TempDir(), "plan.json")

	preview, err := lab.Preview(ctx, automation.WithDiff(), automation.WithSavePlan(plan))
	require.NoError(t, err)
	bucket := step(t, preview, "aws:s3/bucketV2:BucketV2", "uploads-bucket")
	require.NotEmpty(t, bucket.Diff)
	info, err := os.Stat(plan)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	t.Run("an up is held to its plan", func(t *testing.T) {
		_, err = lab.Up(ctx, automation.WithPlan(filepath.Join(t.TempDir(), "none")))
		var refused *automation.InputError
		require.ErrorAs(t, err, &refused)
		p.requireRefused(t, configuration, plan, map[string]difference{
			"another resource": {
				func(c automation.Configuration) { c["tables"] = []any{table("items")} },
				"items-table: create is not in the plan, which does not have this resource",
			},
			"a resource less": {
				func(c automation.Configuration) { delete(c, "buckets") },
				"uploads-bucket: create is in the plan, and would not be done",
			},
			"another property": {
				func(c automation.Configuration) { c["backup"] = retention(14) },
				"backup-plan: the plan has other values of rules",
			},
		})
		require.Empty(t, p.world(t))
	})

	_, err = lab.Up(
		ctx,
		automation.WithPlan(plan),
		automation.WithMessage(`for "checkout"`),
		automation.WithParallel(4),
	)
	require.NoError(t, err)

	_, err = lab.Up(ctx, automation.WithPlan(plan))
	var done *automation.PlanError
	require.ErrorAs(t, err, &done)
	require.EqualError(t, err, "up of stack pr-2 has nothing left to do of its plan, which was carried out already; "+
		"save another plan with awslab preview --stack pr-2 --save-plan FILE, and look at it")

	t.Run("a change is held to its plan", func(t *testing.T) {
		changed := maps.Clone(configuration)
		changed["backup"] = retention(14)
		another, err := automation.Open(ctx, p.inMemory("pr-2", changed))
		require.NoError(t, err)
		_, err = another.Preview(ctx, automation.WithSavePlan(plan))
		require.NoError(t, err)
		before := p.world(t)
		p.requireRefused(t, changed, plan, map[string]difference{
			"another value": {
				func(c automation.Configuration) { c["backup"] = retention(21) },
				"backup-plan: the plan has other values of rules",
			},
			"another change": {
				func(c automation.Configuration) { c["buckets"] = []any{map[string]any{"name": "others"}} },
				"uploads-bucket: delete is not in the plan",
			},
		})
		_, err = lab.Up(ctx, automation.WithPlan(plan))
		require.ErrorContains(t, err, "backup-plan: update is in the plan, and would not be done", "it was taken back")
		_, err = another.Up(ctx, automation.WithPlan(plan), automation.WithReplace("uploads-bucket"))
		var outside *automation.PlanError
		require.ErrorAs(t, err, &outside)
		require.Regexp(t, "uploads-bucket: .*replace.* is not in the plan, which has no change", err.Error())
		require.Equal(t, before, p.world(t))
	})

	t.Run("a plan that is no plan of the stack is refused before anything runs", func(t *testing.T) {
		before := len(p.seen)
		other, err := automation.Open(ctx, p.inMemory("pr-3", configuration))
		require.NoError(t, err)
		_, err = other.Up(ctx, automation.WithPlan(plan))
		var refused *automation.InputError
		require.ErrorAs(t, err, &refused)
		require.ErrorContains(t, err, "it is of another stack, as it has urn:pulumi:pr-2::awslab::")
		require.NoError(t, os.WriteFile(plan, []byte("{"), 0o600))
		_, err = lab.Up(ctx, automation.WithPlan(plan))
		require.ErrorAs(t, err, &refused)
		require.Len(t, p.seen, before)
	})

	t.Run("resources that are not there are refused", func(t *testing.T) {
		before := p.world(t)
		for name, do := range map[string]func(context.Context, ...automation.Option) (*automation.Result, error){
			"preview": lab.Preview, "up": lab.Up, "refresh": lab.Refresh, "drift": lab.Drift, "destroy": lab.Destroy,
		} {
			_, err := do(ctx, automation.WithTargets("uploads-bucket", "upload-*"))
			var refused *automation.InputError
			require.ErrorAs(t, err, &refused, name)
			require.EqualError(t, err, `targets "upload-*": allowed is the name or URN of a resource that stack pr-2 `+
				`has or would have`, name)
		}
		_, err := lab.Up(ctx, automation.WithReplace("nowhere"))
		require.ErrorContains(t, err, `replace "nowhere": allowed is the name or URN`)
		require.Equal(t, before, p.world(t))
	})

	t.Run("the history has the message", func(t *testing.T) {
		_, err := lab.History(ctx, 0)
		require.EqualError(t, err, `limit "0": allowed is 1 or more`)
		past, err := lab.History(ctx, 1)
		require.NoError(t, err)
		require.Len(t, past, 1)
		require.Equal(t, `for "checkout"`, past[0].Message)
	})

	t.Run("a diff says what was and what will be", func(t *testing.T) {
		changed := maps.Clone(configuration)
		changed["backup"] = retention(14)
		another, err := automation.Open(ctx, p.inMemory("pr-2", changed))
		require.NoError(t, err)
		preview, err := another.Preview(ctx, automation.WithDiff())
		require.NoError(t, err)
		diff := step(t, preview, "aws:backup/plan:Plan", "backup-plan").Diff
		require.Len(t, diff, 1)
		require.Equal(t, "rules[0]", diff[0].Path)
		require.Equal(t, map[string]any{"deleteAfter": 7.0}, diff[0].Before.(map[string]any)["lifecycle"])
		require.Equal(t, map[string]any{"deleteAfter": 14.0}, diff[0].After.(map[string]any)["lifecycle"])
	})

	t.Run("a resource is made anew", func(t *testing.T) {
		preview, err := lab.Preview(
			ctx,
			automation.WithReplace("uploads-bucket"),
			automation.WithTargets("uploads-bucket"),
		)
		require.NoError(t, err)
		require.Equal(t, "replace", step(t, preview, "aws:s3/bucketV2:BucketV2", "uploads-bucket").Op)
		for _, s := range preview.Steps {
			require.Equal(t, "uploads-bucket", s.Name, "nothing else is a target")
		}
	})

	t.Run("nothing runs that could be cancelled", func(t *testing.T) {
		_, err := open().Cancel(ctx)
		var idle *automation.NothingToCancelError
		require.ErrorAs(t, err, &idle)
		require.ErrorContains(t, err, "awslab recover --stack pr-2")

		defer p.lock(t, "pr-2")() // as pulumi does
		_, err = open().Cancel(ctx)
		require.ErrorAs(t, err, &idle)
		require.ErrorContains(t, err, "its lock is held by somebody@elsewhere (pid 42)")
		require.ErrorContains(t, err, "run kill -INT 42 on elsewhere")
	})

	t.Run("another lab cancels a destroy", func(t *testing.T) {
		ended := make(chan []automation.Cancelled, 1)
		options := p.inMemory("pr-2", nil)
		options.OnEvent = func(e automation.Event) {
			if e.Resource != nil && len(ended) == 0 {
				ended <- nil
				go func() {
					<-ended
					cancelled, _ := lab.Cancel(ctx)
					ended <- cancelled
				}()
			}
		}
		other, err := automation.Open(ctx, options)
		require.NoError(t, err)
		result, err := other.Destroy(ctx, automation.WithParallel(1))
		require.ErrorIs(t, err, automation.ErrCancelled)
		require.ErrorContains(t, err, "cancelled by another process")
		require.True(t, result.Cancelled)
		cancelled := <-ended
		require.Len(t, cancelled, 1)
		require.Equal(t, automation.OperationDestroy, cancelled[0].Operation)
		require.False(t, cancelled[0].Succeeded)
		require.NotEmpty(t, p.world(t), "it stopped in the middle")
	})

	_, err = lab.Destroy(ctx, automation.WithContinueOnError())
	require.NoError(t, err)
	require.Empty(t, p.world(t))
}

// wrap puts a script in the place of an executable, which writes down its environment.
func wrap(t *testing.T, dir, name, executable string) string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash, to start a program under another name")
	}
	path := filepath.Join(dir, name)
	script := "#!" + bash + "\nenv >>'" + filepath.Join(dir, "environment") + ".'" + name +
		"\nexec -a \"$0\" '" + executable + "' \"$@\"\n"
	require.NoError(t, os.WriteFile(path, []byte(script), 0o700)) //nolint:gosec // it is started
	return path
}

func TestWhatIsForeignReachesNeitherEngineNorPlugin(t *testing.T) {
	ctx := context.Background()
	const token = "a token of the CI"
	for _, name := range []string{"CI_JOB_TOKEN", "GITHUB_TOKEN", "GOOGLE_CREDENTIALS", "AWS_SECRET_ACCESS_KEY",
		"PULUMI_ACCESS_TOKEN", "DATABASE_URL"} {
		t.Setenv(name, token)
	}
	t.Setenv("DOCKER_CONFIG", "/of/the/user")
	p := newProject(t)
	found, err := engine.Find(ctx, "", nil)
	require.NoError(t, err)
	dir := t.TempDir()
	options := p.inMemory("pr-3", small())
	options.Engine = wrap(t, dir, "pulumi", found.Path)
	options.OfflinePlugin = wrap(t, dir, offline.PluginCommand, filepath.Join(bin, offline.PluginCommand))
	options.PolicyPacks = []automation.PolicyPack{{
		Path:   wrap(t, dir, "pack", filepath.Join(bin, "policy")),
		Config: filepath.Join(p.dir, "policy", "config", "dev.json"),
	}}
	options.Environment = map[string]string{"FOR_A_PLUGIN": "given"}
	lab, err := automation.Open(ctx, options)
	require.NoError(t, err)
	_, err = lab.Preview(ctx)
	require.NoError(t, err)

	for _, name := range []string{"pulumi", "pack", offline.PluginCommand} {
		environment, err := os.ReadFile(filepath.Join(dir, "environment."+name))
		require.NoError(t, err, "%s was not started", name)
		require.NotContains(t, string(environment), token, name)
		require.Contains(t, string(environment), "DOCKER_CONFIG=/of/the/user", name)
		require.Contains(t, string(environment), "FOR_A_PLUGIN=given", name)
	}
}

func TestWhatIsWrongWithTheSurroundingsIsSaidBeforeAnythingRuns(t *testing.T) {
	t.Setenv("PULUMI_HOME", t.TempDir())
	t.Setenv("PULUMI_BACKEND_URL", "")
	for name, test := range map[string]struct {
		change func(*automation.Options)
		as     any
		want   string
	}{
		"no backend": {
			func(*automation.Options) {}, new(*automation.BackendError),
			"nowhere to keep the stack's state; choose s3://",
		},
		"a cloud without a token": {
			func(o *automation.Options) { o.Backend = "https://api.pulumi.com" },
			new(*automation.BackendError), "set PULUMI_ACCESS_TOKEN, or run pulumi login https://api.pulumi.com",
		},
		"a bucket that there cannot be": {
			func(o *automation.Options) { o.Backend = "s3://State" },
			new(*automation.BackendError), `has "State", which is no name of a bucket; write`,
		},
		"a key that there cannot be": {
			func(o *automation.Options) { o.Backend, o.SecretsProvider = "s3://state", "awskms://state" },
			new(*automation.SecretsError), `has "state", which is no KMS key; write awskms://alias/NAME`,
		},
		"a backend offline": {
			func(o *automation.Options) { o.Target, o.Backend = automation.Offline, "s3://state" },
			new(*automation.InputError), `backend "s3://state": allowed is none on the offline target`,
		},
		"a secrets provider offline": {
			func(o *automation.Options) { o.Target, o.SecretsProvider = automation.Offline, "passphrase" },
			new(*automation.InputError), `secrets provider "passphrase": allowed is none on the offline target`,
		},
		"credentials as variables": {
			func(o *automation.Options) { o.Environment = map[string]string{"AWS_PROFILE": "dev"} },
			new(*automation.InputError), "choose credentials with aws:profile",
		},
		"the backend as a variable": {
			func(o *automation.Options) { o.Environment = map[string]string{"PULUMI_BACKEND_URL": "s3://state"} },
			new(*automation.InputError), "give the URL as Backend",
		},
	} {
		t.Run(name, func(t *testing.T) {
			options := newProject(t).inMemory("pr-4", small())
			options.Target, options.Engine = automation.AWS, "/nonexistent/pulumi"
			test.change(&options)
			_, err := automation.Open(t.Context(), options)
			require.ErrorAs(t, err, test.as)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// On AWS a stack may be in memory too, with a backend and a passphrase of its own.
func TestAStackOnAWSKeepsItsStateWhereTheOptionsSay(t *testing.T) {
	ctx := t.Context()
	p := newProject(t)
	before := p.files(t)
	state := t.TempDir()
	t.Setenv("PULUMI_HOME", t.TempDir())
	options := p.inMemory("pr-5", small())
	options.Target, options.Backend = automation.AWS, "file://"+state

	_, err := automation.Open(ctx, options)
	var secrets *automation.SecretsError
	require.ErrorAs(t, err, &secrets)
	require.ErrorContains(t, err, "set PULUMI_CONFIG_PASSPHRASE")

	options.Environment = map[string]string{"PULUMI_CONFIG_PASSPHRASE": "of this test"}
	options.Configuration["other:key"] = automation.Secret("hidden")
	_, err = automation.Open(ctx, options)
	require.NoError(t, err)

	options.Environment["PULUMI_CONFIG_PASSPHRASE"] = "another"
	_, err = automation.Open(ctx, options)
	require.ErrorAs(t, err, &secrets)
	require.ErrorContains(t, err, "set PULUMI_CONFIG_PASSPHRASE to the stack's own")

	stacks, err := automation.ListStacks(ctx, options)
	require.NoError(t, err)
	require.Len(t, stacks, 1)
	require.Equal(t, "pr-5", stacks[0].Name)
	require.Equal(t, before, p.files(t), "nothing is written into the project")

	options.Environment["PULUMI_CONFIG_PASSPHRASE"] = "of this test"
	options.Configuration = nil
	lab, err := automation.Open(ctx, options)
	require.NoError(t, err)
	_, err = lab.Preview(ctx)
	require.ErrorContains(t, err, "or is opened with a Configuration", "nothing says how it is configured")
	require.NoError(t, lab.Remove(ctx))
	require.False(t, strings.Contains(strings.Join(stackFiles(t, state), " "), "pr-5.json "))
}

func stackFiles(t *testing.T, state string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(state, ".pulumi", "stacks", "*", "*"))
	require.NoError(t, err)
	return files
}

// difference is how a configuration differs from the one that was planned, and what is said of it.
type difference struct {
	change func(automation.Configuration)
	want   string
}

func retention(days int) any {
	return map[string]any{"rules": []any{map[string]any{"schedule": "daily", "retentionDays": days}}}
}

func table(name string) any {
	return map[string]any{"name": name, "hashKey": map[string]any{"name": "id"}}
}

// requireRefused expects ups of other configurations to be refused by a plan.
func (p *project) requireRefused(
	t *testing.T, planned automation.Configuration, plan string, differences map[string]difference,
) {
	t.Helper()
	for name, d := range differences {
		other := maps.Clone(planned)
		d.change(other)
		lab, err := automation.Open(t.Context(), p.inMemory("pr-2", other))
		require.NoError(t, err)
		_, err = lab.Up(t.Context(), automation.WithPlan(plan))
		var outside *automation.PlanError
		require.ErrorAs(t, err, &outside, name)
		require.ErrorContains(t, err, d.want, name)
		require.ErrorContains(t, err, "awslab preview --stack pr-2 --save-plan", name)
	}
}
