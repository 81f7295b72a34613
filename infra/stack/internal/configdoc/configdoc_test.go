package configschema_test

import (
	"os"
	"testing"

	"github.com/awslab/awslab/infra/stack/internal/configschema"
	"github.com/stretchr/testify/require"
)

func TestTheSchemaIsCurrent(t *testing.T) {
	t.Chdir("../..")
	want, err := configschema.Generate(".")
	require.NoError(t, err)
	got, err := os.ReadFile("schema.json")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run: go generate ./infra/...")
}
