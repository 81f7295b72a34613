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

// The provider takes a property that AWS fills in, and some blocks, for unchanged when a program leaves them out: what
// a configuration no longer has would stay in force. So what a resource once said it says as long as it is there.
func TestWhatIsTakenOutOfAConfigurationReachesAWS(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	keeps := keptByTheProvider(t, root)
	rapid.Check(t, func(t *rapid.T) {
		configuration := configtest.Draw(t)
		before, made := deployDrawn(t, root, configuration)
		path := configtest.DrawWithout(t, configuration)
		after, changed := deployDrawn(t, root, configuration)
		if changed.CheckPermanent("awslab", made.Permanent()) != nil {
			t.Skip("refused")
		}
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
					"without %s, %s of %s stays as it was", path, property, was.Name)
			}
		}
	})
}

// deployDrawn deploys a configuration that may be refused.
func deployDrawn(t *rapid.T, root string, configuration map[string]any) (*account, *config.Config) {
	values := configtest.Values(t, configuration)
	decoded, err := config.Decode("awslab", values)
	if err != nil || decoded.CheckFiles("awslab", root) != nil {
		t.Skip("refused")
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
