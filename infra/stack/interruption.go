package stack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/infra/config"
)

// interruption says how long a database does not answer while servers of another class take over.
type interruption struct {
	kind data.DatabaseKind
	// standby is whether another server can take over.
	standby bool
	length  string
}

// interruptions are also in docs/operations.md.
var interruptions = []interruption{
	// Amazon RDS user guide, "Multi-AZ DB instance deployments", failover times.
	{data.DatabaseInstance, true, "60 to 120 seconds"},
	// Amazon RDS user guide, "Settings for DB instances": an outage occurs during the change. Its length is not
	// documented; it is that of a restart on another host.
	{data.DatabaseInstance, false, "several minutes"},
	// Amazon RDS user guide, "Multi-AZ DB cluster deployments".
	{data.DatabaseMultiAzCluster, true, "up to 35 seconds"},
	// Amazon Aurora user guide, "High availability for Amazon Aurora", with and without readers.
	{data.DatabaseAurora, true, "up to 60 seconds"},
	{data.DatabaseAurora, false, "up to 10 minutes"},
}

// upgrade is how long a database does not answer during the upgrade of its major version: the servers of all zones are
// upgraded at the same time, and the length depends on the data (Amazon RDS user guide, "Upgrading a DB instance engine
// version").
const upgrade = "several minutes, until the upgrade is complete"

// servers are what a database runs on.
type servers struct {
	class, version string
	storageGiB     int
	// multiAz is whether an instance has a standby.
	multiAz bool
}

func (s servers) String() string {
	text := fmt.Sprintf("%s, %s, %d GiB", s.class, s.version, s.storageGiB)
	if s.multiAz {
		text += ", Multi-AZ"
	}
	return text
}

// runsOn returns what the database in the state runs on, if there is one. It is another than was asked for in this
// update, or in one before that waits for the maintenance window. RDS may have given it a newer minor version and more
// storage by itself.
func runsOn(state map[string]resourceState, asked servers) (runs servers, exists bool) {
	runs = asked
	for _, urn := range slices.Sorted(maps.Keys(state)) {
		r := state[urn]
		property, isDatabase := classProperties[r.Type]
		if !isDatabase || r.isReplica() {
			continue
		}
		exists = true
		if class := r.text(property); class != "" && class != asked.class {
			runs.class = class
		}
		version := r.text("engineVersionActual")
		if version != "" && !config.Later(asked.version, version) {
			runs.version = version
		}
		if size, has := r.Outputs["allocatedStorage"].(float64); has && int(size) < asked.storageGiB {
			runs.storageGiB = int(size)
		}
		if multiAz, has := r.Outputs["multiAz"].(bool); has {
			runs.multiAz = multiAz
		}
	}
	return runs, exists
}

// storageOf returns the storage of the instance in the state, in GiB, and 0 without one: no other kind's grows by
// itself.
func storageOf(state map[string]resourceState) int {
	for _, r := range state {
		if size, has := r.Outputs["allocatedStorage"].(float64); has && r.Type == instanceType && !r.isReplica() {
			return int(size)
		}
	}
	return 0
}

// classProperties are those with the class of its servers, by the types of a database.
var classProperties = map[string]string{
	instanceType: "instanceClass",
	clusterType:  "dbClusterInstanceClass",
	memberType:   "instanceClass",
}

// interruptionOf returns how long a database does not answer when what it runs on changes. It is empty when only the
// storage grows.
func interruptionOf(db *config.Database, was, is servers) string {
	switch {
	case was.version != is.version:
		return upgrade
	case was.class == is.class:
		return ""
	}
	args := db.Args()
	kind := cmp.Or(args.Kind, data.DatabaseInstance)
	standby := kind == data.DatabaseMultiAzCluster || args.MultiAz ||
		kind == data.DatabaseAurora && args.ReadReplicas > 0
	for _, i := range interruptions {
		if i.kind == kind && i.standby == standby {
			return i.length
		}
	}
	return ""
}
