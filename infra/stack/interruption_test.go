package stack

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/infra/config"
)

func on(class, version string, storageGiB int) servers {
	return servers{class, version, storageGiB, false}
}

func TestHowLongADatabaseDoesNotAnswer(t *testing.T) {
	before := on("db.m7g.large", "17", 100)
	replicas := func(n int) *int { return &n }
	class, storage := "db.m7g.large", 100
	for name, test := range map[string]struct {
		kind    string
		multiAz bool
		readers int
		after   servers
		want    string
	}{
		"a standby takes over":       {"", true, 0, on("db.r7g.large", "17", 100), "60 to 120 seconds"},
		"a single instance":          {"instance", false, 1, on("db.r7g.large", "17", 100), "several minutes"},
		"a Multi-AZ cluster":         {"multiAzCluster", false, 0, on("db.r6gd.large", "17", 9), "up to 35 seconds"},
		"Aurora with a reader":       {"aurora", false, 1, on("db.r7g.large", "17", 0), "up to 60 seconds"},
		"Aurora alone":               {"aurora", false, 0, on("db.r7g.large", "17", 0), "up to 10 minutes"},
		"another version, and class": {"", true, 0, on("db.r7g.large", "18", 100), upgrade},
		"storage grows without any":  {"", false, 0, on("db.m7g.large", "17", 200), ""},
	} {
		t.Run(name, func(t *testing.T) {
			db := &config.Database{
				Kind:          test.kind,
				MultiAz:       test.multiAz,
				ReadReplicas:  replicas(test.readers),
				Class:         &class,
				StorageGiB:    &storage,
				MaxStorageGiB: &storage,
			}
			require.Equal(t, test.want, interruptionOf(db, before, test.after))
		})
	}
}

func TestWhatADatabaseRunsOn(t *testing.T) {
	asked := on("db.r7g.large", "17.6", 200)
	instance := func(class, version string, size float64) resourceState {
		return resourceState{instanceType, map[string]any{
			"instanceClass": class, "engineVersionActual": version, "allocatedStorage": size,
		}}
	}
	multiAz := instance("db.r7g.large", "17.6", 200)
	multiAz.Outputs["multiAz"] = true
	replica := instance("db.m7g.large", "17.5", 100)
	replica.Outputs["replicateSourceDb"] = "shop"
	for name, test := range map[string]struct {
		state map[string]resourceState
		want  servers
	}{
		"what was asked for":  {map[string]resourceState{"a": instance("db.r7g.large", "17.6", 200)}, asked},
		"more than asked for": {map[string]resourceState{"a": instance("db.r7g.large", "17.7", 300)}, asked},
		"what it was before": {
			map[string]resourceState{"a": instance("db.m7g.large", "17.5", 100)}, on("db.m7g.large", "17.5", 100),
		},
		"a replica is another": {
			map[string]resourceState{"a": instance("db.r7g.large", "17.6", 200), "b": replica}, asked,
		},
		"a standby": {map[string]resourceState{"a": multiAz}, servers{"db.r7g.large", "17.6", 200, true}},
		"Aurora": {map[string]resourceState{
			"a": {clusterType, map[string]any{"engineVersionActual": "17.4"}},
			"b": {memberType, map[string]any{"instanceClass": "db.r6g.large"}},
		}, on("db.r6g.large", "17.4", 200)},
	} {
		t.Run(name, func(t *testing.T) {
			runs, exists := runsOn(test.state, asked)
			require.True(t, exists)
			require.Equal(t, test.want, runs)
		})
	}
	_, exists := runsOn(map[string]resourceState{"b": replica}, asked)
	require.False(t, exists)
}
