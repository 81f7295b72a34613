package images

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func TestSourceOf(t *testing.T) {
	root := t.TempDir()
	service := filepath.Join(root, "service")
	require.NoError(t, os.Mkdir(service, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(service, "main.go"), []byte("package main\n"), 0o600))
	require.Empty(t, SourceOf(t.Context(), service), "outside a working tree")

	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "."},
		{"commit", "--quiet", "--message", "A service"},
	} {
		command := exec.CommandContext(t.Context(), "git", append([]string{"-C", root}, args...)...)
		command.Env = append(
			os.Environ(),
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
		)
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
	}
	committed := SourceOf(t.Context(), service)
	require.Regexp(t, "^[0-9a-f]{40}$", committed.Revision)
	require.Contains(t, committed.Created, "2026-01-02T03:04:05")
	require.Equal(t, committed, parseSource(committed.String()))

	require.NoError(t, os.WriteFile(filepath.Join(root, "README.md"), nil, 0o600))
	require.Equal(t, committed, SourceOf(t.Context(), service), "a change beside the context")
	require.NoError(t, os.WriteFile(filepath.Join(service, "new.go"), nil, 0o600))
	require.Equal(t, committed.Revision+"-dirty", SourceOf(t.Context(), service).Revision)
}

// The provider builds and pushes again when a build argument changes, and a pushed tag cannot be moved.
func TestACommitThatDoesNotChangeTheContextBuildsNothing(t *testing.T) {
	dir := folder(t, service)
	args := &ImageArgs{Repository: "awslab-dev-orders", Context: dir, ProgramDir: dir}
	tag := tagOf(t, *args)
	for name, test := range map[string]struct{ before, revision, built string }{
		"the first build":            {"", "second", tag + " second 2026-01-02"},
		"the same content":           {tag + " first 2026-01-01", "first", tag + " first 2026-01-01"},
		"built before commits count": {tag, "", tag},
		"other content":              {"0000000000000000 first 2026-01-01", "second", tag + " second 2026-01-02"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph()
			given := *args
			given.Source = Source{"second", "2026-01-02"}
			given.BuiltBefore = map[string]string{"orders-image": test.before}
			require.NoError(t, g.run(&given))
			require.Equal(t, test.built, g.image.built["orders-image"])
			require.Equal(t, tag, g.image.Tag, "the commit is no part of the tag")
			require.Equal(t, test.revision, revisionOf(t, g.resources))
		})
	}
}

// revisionOf returns the build argument REVISION of the image that is built, empty if it has none.
func revisionOf(t *testing.T, resources []pulumi.MockResourceArgs) string {
	t.Helper()
	for _, r := range resources {
		if r.TypeToken != "docker:index/image:Image" {
			continue
		}
		given := r.Inputs["build"].ObjectValue()["args"].ObjectValue()
		if revision, has := given[resource.PropertyKey("REVISION")]; has {
			return revision.StringValue()
		}
		return ""
	}
	require.Fail(t, "no image is built")
	return ""
}
