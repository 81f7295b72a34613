package configdoc_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config/internal/configdoc"
)

func TestTheSchemaIsCurrent(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	want, err := configdoc.Schema(".")
	require.NoError(t, err)
	got, err := os.ReadFile("schema.json")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run: go generate ./infra/...")
}

func TestTheReadmeIsCurrent(t *testing.T) {
	got, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "README.md"))
	require.NoError(t, err)
	want, err := configdoc.Readme(string(got))
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run: go generate ./infra/...")
}

func TestAReadmeWithoutATableIsRefused(t *testing.T) {
	_, err := configdoc.Readme("# Nothing here")
	require.ErrorContains(t, err, "lacks the lines")
}
