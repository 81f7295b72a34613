package configtest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config/configtest"
)

// A new key of the configuration fails this test until changes.yaml has other values for it.
func TestEveryKeyHasOtherValues(t *testing.T) {
	schema, err := os.ReadFile("../schema.json")
	require.NoError(t, err)
	bases, err := configtest.Bases("../../..")
	require.NoError(t, err)
	for _, base := range bases {
		t.Run(base.Name, func(t *testing.T) {
			_, err := configtest.Accepted("../../..", base.Configuration)
			require.NoError(t, err)
			_, err = configtest.Changes(schema, base.Configuration)
			require.NoError(t, err)
		})
	}
}
