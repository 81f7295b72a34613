package configdoc_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/awslab/awslab/infra/config"
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

func TestTheReferenceIsCurrent(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	want, err := configdoc.Reference(".")
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run: go generate ./infra/...")
}

// Every example of the reference is accepted as it stands.
func TestTheExamplesAreRight(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	text, err := configdoc.Reference(".")
	require.NoError(t, err)
	whole := map[string]any{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		require.NoError(t, yaml.Unmarshal([]byte(block[1]), &whole))
	}
	require.Len(t, whole, 15)
	values := map[string]string{"region": "eu-west-1", "copyRegion": "eu-central-1"}
	for key, value := range whole {
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		values[strings.TrimPrefix(key, "awslab:")] = string(encoded)
	}
	// A file system has to be mounted by a service, which the section on services does not show.
	delete(values, "fileSystem")
	_, err = config.Decode("awslab", values)
	require.NoError(t, err)
}
