package stack

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/infra/config/configtest"
	"github.com/awslab/awslab/internal/limits"
)

// What the configuration accepts, the program deploys: no component refuses it later, when the engine already runs.
func TestWhatIsAcceptedIsDeployed(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	for name, draw := range map[string]func(*rapid.T) map[string]any{
		"Ordinary": configtest.Draw, "AtLimits": configtest.DrawAtLimits,
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				values := configtest.Values(t, draw(t))
				decoded, err := config.Decode("awslab", values)
				if err == nil {
					err = decoded.CheckFiles("awslab", root)
				}
				if err != nil {
					require.IsType(t, &config.Error{}, err)
					return
				}
				made, err := deployValues(root, values["profile"], values)
				require.NoError(t, err, "%v", values)
				require.Empty(t, limits.Check(made.resourcesOf()), "%v", values)
			})
		})
	}
}
