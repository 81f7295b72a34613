package reference_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/policy/internal/reference"
)

func TestTheReferenceIsCurrent(t *testing.T) {
	got, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "policies.md"))
	require.NoError(t, err)
	require.Equal(t, string(reference.Markdown()), string(got), "run: go generate ./policy/...")
}
