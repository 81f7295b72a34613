package automation_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

// The engine runs in the project's folder, and whoever embeds the package elsewhere: later perhaps in another folder
// than when the lab was opened.
func TestPathsAreThoseOfTheFolderInWhichTheyWereGiven(t *testing.T) {
	p := newProject(t)
	here := t.TempDir()
	t.Chdir(here)
	options := p.inMemory("pr-1", small())
	var err error
	options.ProjectDir, err = filepath.Rel(here, p.dir)
	require.NoError(t, err)
	options.OfflineDir = "offline"
	options.PolicyPacks = []automation.PolicyPack{{Path: filepath.Join(bin, "policy"), Config: "levels.json"}}
	require.NoError(t, os.WriteFile("levels.json", []byte(`{"all": "advisory"}`), 0o600))
	before := p.files(t)
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	t.Chdir(t.TempDir())

	_, err = lab.Preview(t.Context(), automation.WithSavePlan("plan.json"))
	require.NoError(t, err)
	info, err := os.Stat("plan.json")
	require.NoError(t, err)
	require.NotZero(t, info.Size())
	require.Equal(t, before, p.files(t))
	_, err = lab.Up(t.Context(), automation.WithPlan("plan.json"))
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(here, "offline", "world.db"))
}
