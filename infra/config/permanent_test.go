package config

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// made returns a stack with one of each thing that has something permanent.
func made() map[string]string {
	return map[string]string{
		"region":     "eu-west-1",
		"copyRegion": "eu-central-1",
		"network":    `{"availabilityZones": 2}`,
		"services":   "[" + catalog + "]",
		"database":   `{"version": "17.4", "storageGiB": 50}`,
		"tables": `[{"name": "items", "hashKey": {"name": "id"}, "timeToLive": "expires", "replicate": true,
			"indexes": [{"name": "by-day", "hashKey": {"name": "day"}}]}]`,
	}
}

func TestWhatCannotChange(t *testing.T) {
	const table = `[{"name": "items", "hashKey": {"name": "id"}, "timeToLive": "expires", "replicate": true%s}]`
	withTable := func(more string) map[string]string {
		return map[string]string{"tables": strings.Replace(table, "%s", more, 1)}
	}
	withoutReplica := func(more string) map[string]string {
		return map[string]string{"tables": `[{"name": "items", "hashKey": {"name": "id"}, "timeToLive": "expires",
			"replicate": false` + more + `}]`}
	}
	const replica = "DynamoDB takes neither another stream nor provisioned capacity while there is a replica, which " +
		"goes last; set replicate to false, bring the stack up, and then change stream and capacity"
	const storage = "RDS does not shrink storage, and adds a tenth to it at least; keep it or raise it by a tenth"
	tests := map[string]struct {
		changes map[string]string
		want    []string
	}{
		"nothing": {nil, nil},
		"region": {
			map[string]string{"region": "eu-west-2"},
			[]string{
				"awslab:region: eu-west-2, and the stack was made with eu-west-1: everything would be made again " +
					"in another region; " + anotherStack,
			},
		},
		"copy region": {
			map[string]string{"copyRegion": "eu-west-2"},
			[]string{
				"awslab:copyRegion: eu-west-2, and the stack was made with eu-central-1: the copies would be " +
					"deleted and made again in another region; " + anotherStack,
			},
		},
		"another CIDR": {map[string]string{"network": `{"cidr": "10.1.0.0/16"}`},
			[]string{
				"awslab:network.cidr: 10.1.0.0/16, and the stack was made with 10.0.0.0/16: the VPC would be " +
					"replaced, with everything in it; " + anotherStack,
			}},
		"other subnets": {map[string]string{"network": `{"subnetMasks": {"data": 24}}`},
			[]string{
				"awslab:network.subnetMasks: public 0, app 0, data 24, and the stack was made with public 0, app " +
					"0, data 0: the subnets would be replaced while databases and file systems are in them; " +
					anotherStack,
			}},
		"a zone more": {map[string]string{"network": `{"availabilityZones": 3}`}, nil},
		"IPv6":        {map[string]string{"network": `{"ipv6": true}`}, nil},
		"another kind": {map[string]string{"database": `{"kind": "aurora", "version": "17.4"}`}, []string{
			"awslab:database.kind: aurora, and the stack was made with instance: the database would be replaced, " +
				"and its data lost; " + anotherDatabase,
			"awslab:database.storageGiB: 0, and the stack was made with 50: " + storage}},
		"another name": {map[string]string{"database": `{"version": "17.4", "storageGiB": 50, "name": "other"}`},
			[]string{
				"awslab:database.name: other, and the stack was made with lab: the database would be replaced, and " +
					"its data lost; " + anotherDatabase,
			}},
		"less storage": {map[string]string{"database": `{"version": "17.4", "storageGiB": 49}`},
			[]string{
				"awslab:database.storageGiB: 49, and the stack was made with 50: " + storage,
			}},
		"a little more storage": {map[string]string{"database": `{"version": "17.4", "storageGiB": 54}`},
			[]string{
				"awslab:database.storageGiB: 54, and the stack was made with 50: " + storage,
			}},
		"more storage":    {map[string]string{"database": `{"version": "17.4", "storageGiB": 55}`}, nil},
		"a later version": {map[string]string{"database": `{"version": "18", "storageGiB": 50}`}, nil},
		"a later major version in the maintenance window": {
			map[string]string{"database": `{"version": "18", "storageGiB": 50, "applyImmediately": false}`},
			[]string{
				"awslab:database.version: 18, and the stack was made with 17.4: RDS would upgrade to another major " +
					"version in the maintenance window, and until then neither change the database nor let its " +
					"parameter group be deleted; set database.applyImmediately: true for this update",
			},
		},
		"the same version": {map[string]string{"database": `{"version": "17", "storageGiB": 50}`}, nil},
		"an earlier version": {map[string]string{"database": `{"version": "16.9", "storageGiB": 50}`},
			[]string{
				"awslab:database.version: 16.9, and the stack was made with 17.4: RDS does not go back to an " +
					"earlier version; keep it or raise it",
			}},
		"a later minor version": {map[string]string{"database": `{"version": "17.10", "storageGiB": 50}`}, nil},
		"no database":           {map[string]string{"database": ""}, nil},
		"a range key": {withTable(`, "rangeKey": {"name": "date", "type": "N"}`),
			[]string{
				"awslab:tables.items.rangeKey: date (N), and the stack was made with none: the table would be " +
					"replaced, and its items lost; " + anotherTable,
			}},
		"another hash key": {
			map[string]string{
				"tables": `[{"name": "items", "hashKey": {"name": "key"}, "timeToLive": "expires", "replicate": true}]`,
			},
			[]string{
				"awslab:tables.items.hashKey: key (S), and the stack was made with id (S): the table would be " +
					"replaced, and its items lost; " + anotherTable,
			},
		},
		"another type of an index's key": {
			withTable(`, "indexes": [{"name": "by-day", "hashKey": {"name": "day", "type": "N"}}]`),
			[]string{
				"awslab:tables.items.indexes.by-day.day.type: N, and the stack was made with S: DynamoDB keeps the " +
					"type of an index's key; " + anotherIndex,
			},
		},
		"another key of an index": {
			withTable(`, "indexes": [{"name": "by-day", "hashKey": {"name": "hour", "type": "N"}}]`),
			nil,
		},
		"items that stay": {
			map[string]string{"tables": `[{"name": "items", "hashKey": {"name": "id"}, "replicate": true}]`},
			[]string{
				"awslab:tables.items.timeToLive: off, and the stack was made with expires: DynamoDB would go on by " +
					"it; keep it and set timeToLiveOff: true",
			},
		},
		"no replica": {withoutReplica(""), nil},
		"no replica, and another stream": {withoutReplica(`, "stream": "KEYS_ONLY"`), []string{
			"awslab:tables.items.replicate: off, with stream KEYS_ONLY, and the stack was made with on: " + replica,
		}},
		"no replica, and capacity": {
			withoutReplica(`, "capacity": {"read": {"min": 1, "max": 2}, "write": {"min": 1, "max": 2}}`), []string{
				"awslab:tables.items.replicate: off, with capacity, and the stack was made with on: " + replica,
			},
		},
		"items that stay, said so": {withTable(`, "timeToLiveOff": true`), nil},
		"another table": {
			map[string]string{"tables": `[{"name": "others", "hashKey": {"name": "key"}, "replicate": true}]`},
			nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			values := made()
			before, err := Decode("awslab", values)
			require.NoError(t, err)
			maps.Copy(values, test.changes)
			if values["database"] == "" {
				delete(values, "database")
			}
			after, err := Decode("awslab", values)
			require.NoError(t, err)
			require.Equal(t, test.want, problems(t, after.CheckPermanent("awslab", before.Permanent())))
		})
	}
}

func TestFewerZonesAndNoIPv6AreRefused(t *testing.T) {
	values := made()
	values["network"] = `{"availabilityZones": 3, "ipv6": true}`
	before, err := Decode("awslab", values)
	require.NoError(t, err)
	after, err := Decode("awslab", made())
	require.NoError(t, err)
	require.Equal(t, []string{
		"awslab:network.availabilityZones: 2, and the stack was made with 3: the subnets of a zone would be " +
			"deleted while databases and file systems are in them; keep the number or raise it",
		"awslab:network.ipv6: off, and the stack was made with on: AWS does not take IPv6 addresses from subnets " +
			"that are in use; keep it",
	}, problems(t, after.CheckPermanent("awslab", before.Permanent())))
}

func TestEveryPermanentValueHasAReason(t *testing.T) {
	values := made()
	values["network"] = `{"zoneNames": ["eu-west-1a", "eu-west-1b"]}`
	config, err := Decode("awslab", values)
	require.NoError(t, err)
	used := map[string]bool{}
	for key := range config.Permanent() {
		used[permanenceOf(key).key] = true
	}
	for _, p := range permanences {
		require.True(t, used[p.key], "no value is recorded for %s", p.key)
		require.NotEmpty(t, p.reason)
		require.NotEmpty(t, p.instead)
	}
}

// The replicas of MySQL are upgraded first, which the program cannot do: they follow their source.
func TestMySQLIsUpgradedWithoutReplicas(t *testing.T) {
	decode := func(database string) *Config {
		c, err := Decode("awslab", map[string]string{"region": "eu-west-1", "database": database})
		require.NoError(t, err)
		return c
	}
	before := decode(`{"engine": "mysql", "version": "8.0", "readReplicas": 1}`).Permanent()
	require.Equal(
		t,
		[]string{
			"awslab:database.version: 8.4, and the stack was made with 8.0: RDS upgrades a MySQL database after its " +
				"replicas only; set database.readReplicas: 0 and bring the stack up, then upgrade, then add replicas " +
				"again",
		},
		problems(t, decode(`{"engine": "mysql", "readReplicas": 1}`).CheckPermanent("awslab", before)),
	)
	for _, database := range []string{
		`{"engine": "mysql", "version": "8.4"}`,
		`{"engine": "mysql", "version": "8.0.39", "readReplicas": 1}`,
	} {
		require.NoError(t, decode(database).CheckPermanent("awslab", before), database)
	}
}
