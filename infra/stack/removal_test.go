package stack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/infra/config/configtest"
)

// idle is what may stay, as nothing uses it once what it belongs to is turned off.
var idle = []string{
	"masterUserSecretKmsKeyId",                                          // of manageMasterUserPassword
	"monitoringRoleArn",                                                 // of monitoringInterval
	"performanceInsightsKmsKeyId", "performanceInsightsRetentionPeriod", // of performanceInsightsEnabled
	"readCapacity", "writeCapacity", // of the billing mode PROVISIONED
}

// removal is a configuration, and the same without the value at a path.
type removal struct {
	before, after map[string]string
	path          string
}

var removals = rapid.Custom(func(t *rapid.T) removal {
	configuration := configtest.Draw(t)
	before := configtest.Values(t, configuration)
	path := configtest.DrawWithout(t, configuration)
	return removal{before, configtest.Values(t, configuration), path}
})

// The provider takes a property that AWS fills in, and some blocks, for unchanged when a program leaves them out: what
// a configuration no longer has would stay in force. So what a resource once said it says as long as it is there.
//
// The configurations are always the same: a removal that is harmless may be rare, and is to be found by who looks for
// more of them, with other seeds, and not by who changes something else.
func TestWhatIsTakenOutOfAConfigurationReachesAWS(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	keeps := keptByTheProvider(t, root)
	compared := 0
	for seed := range 120 {
		r := removals.Example(seed)
		before, made := deployAccepted(t, root, r.before)
		after, changed := deployAccepted(t, root, r.after)
		if before == nil || after == nil || changed.CheckPermanent("awslab", made.Permanent()) != nil {
			continue // refused
		}
		compared++
		for _, was := range before.resources {
			is, still := after.same(was.TypeToken, was.Name)
			if !still {
				continue
			}
			for _, property := range keeps[was.TypeToken] {
				if slices.Contains(idle, property) {
					continue
				}
				require.False(t, has(was.Inputs, property) && !has(is, property),
					"seed %d: without %s, %s of %s stays as it was", seed, r.path, property, was.Name)
			}
		}
	}
	require.Greater(t, compared, 60)
}

// deployAccepted returns nil for a configuration that is refused.
func deployAccepted(t *testing.T, root string, values map[string]string) (*account, *config.Config) {
	t.Helper()
	decoded, err := config.Decode("awslab", values)
	if err != nil || decoded.CheckFiles("awslab", root) != nil {
		return nil, nil
	}
	a, err := deployValues(root, values["profile"], values)
	require.NoError(t, err)
	return a, decoded
}

// same returns the inputs of the resource of a type and name.
func (a *account) same(typeToken, name string) (resource.PropertyMap, bool) {
	for _, r := range a.resources {
		if r.TypeToken == typeToken && r.Name == name {
			return r.Inputs, true
		}
	}
	return nil, false
}

// has reports whether there is a value at a path without indices; what is in lists has none.
func has(inputs resource.PropertyMap, path string) bool {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		return false
	}
	value, found := parsed.Get(resource.NewProperty(inputs))
	return found && !value.IsNull()
}

// keptByTheProvider returns, by type, the properties whose absence is no difference, as the offline target's models
// have them.
func keptByTheProvider(t *testing.T, root string) map[string][]string {
	files, err := filepath.Glob(filepath.Join(root, "automation/offline/internal/aws/models/*.json"))
	require.NoError(t, err)
	keeps := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		models := map[string]struct{ Kept, OptionalComputed []string }{}
		require.NoError(t, json.Unmarshal(text, &models))
		for token, m := range models {
			keeps[token] = slices.Concat(m.Kept, m.OptionalComputed)
		}
	}
	require.NotEmpty(t, keeps)
	return keeps
}
