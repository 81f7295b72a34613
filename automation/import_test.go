package automation_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/engine"
	"github.com/awslab/awslab/automation/internal/shelltest"
)

// holdImports puts a script in the place of the engine. It makes the file begun when it is asked to import a state, and
// waits for the file go.
func holdImports(t *testing.T, dir, pulumi string) string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash, to start a program under another name")
	}
	script := "#!" + bash + "\ncd '" + dir + "'\n" + `if [[ "$*" == *"stack import"* ]]; then touch begun
` + shelltest.Until(t, "[ -e go ]") + `; fi
cd "$OLDPWD"
exec -a "$0" '` + pulumi + `' "$@"` + "\n"
	path := filepath.Join(dir, "pulumi")
	require.NoError(t, os.WriteFile(path, []byte(script), 0o700)) //nolint:gosec // it is started
	return path
}

func TestAnImportReplacesAStateByOneOfTheSameStackAlone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t)
	open := func(pulumi string) *automation.Lab {
		options := p.inMemory("pr-5", small())
		options.Engine = pulumi
		lab, err := automation.Open(ctx, options)
		require.NoError(t, err)
		return lab
	}
	export := func(lab *automation.Lab) apitype.UntypedDeployment {
		exported, err := lab.Export(ctx, automation.ExportOptions{})
		require.NoError(t, err)
		return exported
	}
	lab := open("")
	empty := export(lab)
	done, err := lab.Import(ctx, empty)
	require.NoError(t, err, "an empty stack can have its own state")
	require.Zero(t, done.After)
	_, err = lab.Up(ctx)
	require.NoError(t, err)
	whole := export(lab)

	for name, test := range map[string]struct {
		deployment, want string
		version          int
		features         []string
	}{
		"of a version to come": {string(whole.Deployment), "has version 99, and awslab reads 1 to 4", 99, nil},
		"of no version":        {string(whole.Deployment), "has version -1, and awslab reads 1 to 4", -1, nil},
		"with a feature to come": {
			string(whole.Deployment), "needs a newer engine, for teleport; give one", 4, []string{"teleport"},
		},
		"nothing":     {`{}`, "the state to import has no deployment with a manifest; give one that ", 0, nil},
		"null":        {`null`, "has no deployment with a manifest", 0, nil},
		"a list":      {`[]`, "has no deployment with a manifest", 0, nil},
		"a wiped one": {string(empty.Deployment), "has no resources, where stack pr-5 has ", 0, nil},
		"another's": {
			strings.ReplaceAll(string(whole.Deployment), "urn:pulumi:pr-5::", "urn:pulumi:prod::"),
			"is of stack prod of project awslab; give one that awslab export --stack pr-5 printed",
			0, nil,
		},
		"another project's": {
			strings.ReplaceAll(string(whole.Deployment), "::awslab::pulumi:", "::lab::pulumi:"),
			"is of stack pr-5 of project lab",
			0, nil,
		},
		"junk": {
			strings.Replace(string(whole.Deployment), `"urn:pulumi:pr-5::`, `"pr-5::`, 1),
			`where the URN of a resource has to be`,
			0, nil,
		},
		"a missing parent": {
			strings.Replace(string(whole.Deployment), `"parent": "`, `"parent": "x`, 1),
			"does not fit together: child resource ",
			0, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			given := apitype.UntypedDeployment{Version: 3, Deployment: json.RawMessage(test.deployment)}
			if test.version != 0 {
				given.Version, given.Features = test.version, test.features
			}
			_, err := lab.Import(ctx, given)
			var refused *automation.StateError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error(), "--force")
			require.Equal(t, whole, export(lab))
		})
	}

	t.Run("what was cancelled before changes nothing", func(t *testing.T) {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		_, err := lab.Import(cancelled, whole)
		require.ErrorIs(t, err, automation.ErrCancelled)
		require.ErrorContains(t, err, "import of stack pr-5 was cancelled (context canceled): nothing was changed")
	})

	t.Run("what has begun is finished", func(t *testing.T) {
		found, err := engine.Find(ctx, "", nil)
		require.NoError(t, err)
		dir := t.TempDir()
		held := open(holdImports(t, dir, found.Path))
		importing, cancel := context.WithCancel(ctx)
		go func() {
			defer func() { _ = os.WriteFile(filepath.Join(dir, "go"), nil, 0o600) }()
			begun := func() bool {
				_, err := os.Stat(filepath.Join(dir, "begun"))
				return err == nil
			}
			require.Eventually(t, begun, time.Minute, 10*time.Millisecond)
			cancel()
		}()
		done, err := held.Import(importing, whole)
		require.NoError(t, err)
		require.Error(t, importing.Err())
		require.Equal(t, done.Before, done.After)
		require.NotZero(t, done.After)
		require.FileExists(t, done.Backup)
		unchanged, err := lab.Preview(ctx)
		require.NoError(t, err, "no lock is left")
		require.True(t, unchanged.Unchanged())
	})
}
