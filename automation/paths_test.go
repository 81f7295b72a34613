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

// Globs, URLs and shells have meanings for these characters.
func TestAProjectCanBeInAFolderOfAnyName(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	odd := filepath.Join(t.TempDir(), "a [1] %41 #b ?c * ü")
	require.NoError(t, os.Rename(p.dir, odd))
	p.dir = odd
	require.Equal(t, []string{"dev", "prod"}, automation.Stacks(p.dir))
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "policy", "PulumiPolicy.yaml"), []byte("runtime: go"), 0o600))
	packs, err := automation.FindPolicyPacks(p.dir, "dev")
	require.NoError(t, err)
	require.Equal(t, []automation.PolicyPack{{
		Path: filepath.Join(p.dir, "policy"), Config: filepath.Join(p.dir, "policy", "config", "dev.json"),
	}}, packs)

	lab, err := automation.Open(t.Context(), p.inMemory("pr-1", small()))
	require.NoError(t, err)
	_, err = lab.Up(t.Context())
	require.NoError(t, err)
	stacks, err := automation.ListStacks(t.Context(), p.options("any"))
	require.NoError(t, err)
	require.Len(t, stacks, 1)
	require.NotEmpty(t, p.world(t))
}

// Whoever cancels may have come to the project by a link.
func TestAnOperationIsCancelledThroughALink(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(p.dir, link))
	through := p.inMemory("pr-1", small())
	through.ProjectDir = link
	other, err := automation.Open(t.Context(), through)
	require.NoError(t, err)
	options := p.inMemory("pr-1", small())
	begun := make(chan struct{})
	options.OnEvent = func(e automation.Event) {
		if e.Type == automation.EventStarted && e.Operation == automation.OperationUp {
			close(begun)
		}
	}
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { _, err := lab.Up(t.Context()); ended <- err }()
	<-begun
	cancelled, err := other.Cancel(t.Context())
	require.NoError(t, err)
	require.Len(t, cancelled, 1)
	require.ErrorIs(t, <-ended, automation.ErrCancelled)
}
