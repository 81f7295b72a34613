package reference_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/policy/internal/reference"
)

func TestTheReferenceIsCurrent(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	want, err := reference.Markdown(root)
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(root, "docs", "policies.md"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run: go generate ./policy/...")
}
