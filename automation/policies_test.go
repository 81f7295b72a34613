package automation_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/awslab/awslab/automation"
	"github.com/stretchr/testify/require"
)

// packProject returns a folder with the stacks dev, prod and bare, and one pack: the executable of the lab's own as a
// folder.
func packProject(t *testing.T, config map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: awslab\nruntime: go\n"), 0o600))
	for _, name := range []string{"dev", "prod", "bare"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi."+name+".yaml"), nil, 0o600))
	}
	source, err := filepath.Abs("../policy")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "policy", "config"), 0o700))
	require.NoError(t, os.Symlink(filepath.Join(source, "resilience"), filepath.Join(dir, "policy", "resilience")))
	for name, content := range config {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "policy", "config", name+".json"), []byte(content), 0o600))
	}
	return dir
}

func TestPoliciesHaveTheirLevelInEachStack(t *testing.T) {
	dir := packProject(t, map[string]string{
		"dev": `{"all": "advisory", "ecs-multi-az": "disabled"}`,
		"prod": `{"all": "mandatory", "ecs-multi-az": {"minimum": 2}, "rds-multi-az": {"enforcementLevel": ` +
			`"advisory"}}`,
	})
	policies, err := automation.Policies(t.Context(), dir)
	require.NoError(t, err)
	byName := map[string]automation.Policy{}
	for _, p := range policies {
		byName[p.Name] = p
	}
	for name, want := range map[string]map[string]string{
		"ecs-multi-az":  {"dev": "disabled", "prod": "mandatory", "bare": "mandatory"},
		"rds-multi-az":  {"dev": "advisory", "prod": "advisory", "bare": "mandatory"},
		"ecs-min-tasks": {"dev": "advisory", "prod": "mandatory", "bare": "mandatory"},
		"exemptions":    {"dev": "mandatory", "prod": "mandatory", "bare": "mandatory"},
		"unevaluated":   {"dev": "advisory", "prod": "advisory", "bare": "advisory"},
	} {
		require.Equal(t, want, byName[name].Levels, name)
	}
	rule := byName["rds-multi-az"]
	require.Equal(t, "MEDIUM", rule.Severity)
	require.Contains(t, rule.Controls, "RDS.5")
	require.NotContains(t, rule.Description, "[", "severity and control have columns of their own")
	require.NotEmpty(t, rule.Fix)

	_, err = automation.Policies(t.Context(), dir, "test")
	require.EqualError(t, err, `stack "test": allowed is one of bare, dev, prod`)
}

func TestWrongConfigurationOfPoliciesIsNamed(t *testing.T) {
	_, err := automation.Policies(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "allowed is a folder with Pulumi.yaml")
	_, err = automation.Policies(t.Context(), packProject(t, map[string]string{"dev": `{"all": 3}`}))
	require.ErrorContains(t, err, "dev.json\": allowed is a level or an object with enforcementLevel for all, not 3")
}
