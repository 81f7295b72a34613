package offline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func open(t *testing.T, dir, executable string, languageHost bool) *Home {
	t.Helper()
	h, err := Open(dir, executable, languageHost)
	require.NoError(t, err)
	return h
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path) //nolint:gosec // below a temporary folder
	require.NoError(t, err)
	return string(content)
}

func TestOpenInstallsTheStandInsUnderTheNamesTheEngineLooksFor(t *testing.T) {
	h := open(t, t.TempDir(), "/opt/awslab-offline", true)
	links, err := filepath.Glob(filepath.Join(h.PulumiHome(), "plugins", "*", "*"))
	require.NoError(t, err)
	var names []string
	for _, link := range links {
		target, err := os.Readlink(link)
		require.NoError(t, err)
		require.Equal(t, "/opt/awslab-offline", target)
		names = append(names, filepath.Base(filepath.Dir(link))+"/"+filepath.Base(link))
	}
	require.Len(t, names, 4)
	for _, want := range []string{"resource-aws-v6.", "resource-awsx-v2.", "resource-docker-v4.", "language-go-v3."} {
		require.True(t, strings.Contains(strings.Join(names, "\n"), want), "%s in %s", want, names)
	}
}

func TestOpenAgainKeepsThePassphraseAndFollowsTheExecutable(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, "/old/awslab-offline", false)
	passphrase := read(t, first.passphrase())
	require.Len(t, passphrase, 64)
	info, err := os.Stat(first.passphrase())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	second := open(t, dir, "/new/awslab-offline", false)
	require.Equal(t, passphrase, read(t, second.passphrase()))
	links, err := filepath.Glob(filepath.Join(second.PulumiHome(), "plugins", "resource-aws-*", "*"))
	require.NoError(t, err)
	target, err := os.Readlink(links[0])
	require.NoError(t, err)
	require.Equal(t, "/new/awslab-offline", target)
}

func TestTheEnvironmentKeepsTheEngineOffTheRealThing(t *testing.T) {
	h := open(t, t.TempDir(), "/opt/awslab-offline", false)
	environment := h.Environment()
	require.Equal(t, "true", environment["PULUMI_IGNORE_AMBIENT_PLUGINS"])
	require.Equal(t, "true", environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"])
	for name, value := range environment {
		require.NotContains(t, value, read(t, h.passphrase()), "%s does not hold the passphrase itself", name)
	}
	for _, name := range []string{"PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE_FILE", WorldVariable} {
		require.True(t, strings.HasPrefix(environment[name], h.Dir), name)
	}
}

func TestAFreshWorldIsEmpty(t *testing.T) {
	things, err := open(t, t.TempDir(), "/opt/awslab-offline", false).List(t.Context())
	require.NoError(t, err)
	require.Empty(t, things)
}

func TestFindPluginSaysHowToBuildIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := FindPlugin()
	require.ErrorContains(
		t,
		err,
		"go build -o bin/awslab-offline github.com/awslab/awslab/automation/offline/cmd/awslab-offline",
	)
}

func TestAFaultIsAskedForBeforeTheFirstUp(t *testing.T) {
	home := &Home{Dir: filepath.Join(t.TempDir(), ".awslab", "offline")}
	require.NoError(t, home.Inject(t.Context(), Fault{Operation: Run, URN: "*", Code: Exit, Times: 1}))
	left, err := home.Faults(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, left)
}
