package config

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// everything is a configuration that has one of each thing there may be, and says no more than it must.
var everything = map[string]string{
	"region":     "eu-west-1",
	"copyRegion": "eu-central-1",
	"database":   "{}",
	"fileSystem": "{}",
	"website":    `{"folder": "site"}`,
	"tables": `[{"name": "items", "hashKey": {"name": "id"}, "rangeKey": {"name": "at"}, "indexes": [{"name": ` +
		`"by-at", "hashKey": {"name": "at"}, "rangeKey": {"name": "id"}}]}]`,
	"buckets": `[{"name": "files"}]`,
	"services": "[" + with(
		`{"access": {"fileSystem": {"path": "/files", "mode": "read"}}, "scaling": {"max": 9}, "before": [{"name": `+
			`"a", "command": ["x"]}], "after": [{"name": "b", "command": ["x"]}], "smoke": [{"path": "/"}]}`,
	) + "]",
}

func TestDefaultsOfAProfile(t *testing.T) {
	for _, profile := range Profiles {
		values := map[string]string{"profile": profile}
		for key, value := range everything {
			values[key] = value
		}
		config, err := Decode("awslab", values)
		require.NoError(t, err, "the defaults of %s are right", profile)
		for _, d := range Defaults {
			found := lookup(t, reflect.ValueOf(*config), strings.Split(strings.ReplaceAll(d.Key, "[]", ".[]"), "."))
			require.EqualValues(t, d.In(profile), found, "%s in %s", d.Key, profile)
		}
	}
}

// lookup finds the value at a path of keys, where [] is the first element of a list.
func lookup(t *testing.T, value reflect.Value, path []string) any {
	t.Helper()
	for _, key := range path {
		for value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
		if key == "[]" {
			value = value.Index(0)
			continue
		}
		field, known := fieldsOf(value.Type())[key]
		require.True(t, known, "%v has no key %s", value.Type(), key)
		value = value.FieldByIndex(field.Index)
	}
	for value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	return value.Interface()
}

func TestWhatIsWrittenGoesBeforeTheProfile(t *testing.T) {
	config, err := Decode("awslab", map[string]string{
		"profile": "prod",
		"region":  "eu-west-1",
		"network": `{"availabilityZones": 2}`,
		"images":  `{"replicate": false}`,
		"backup":  `{"rules": [{"schedule": "weekly", "retentionDays": 9}]}`,
	})
	require.NoError(t, err)
	require.Equal(t, 2, config.Network.AvailabilityZones)
	require.Equal(t, "onePerAz", config.Network.NatGateways)
	require.False(t, config.Images.Replicate)
	require.Equal(t, []BackupRule{{Schedule: "weekly", RetentionDays: 9}}, config.Backup.Rules)
}
