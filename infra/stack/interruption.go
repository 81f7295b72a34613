package stack

import (
	"cmp"
	"strings"

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

// servers are what a database runs on. A stack records them with the storage: db.m7g.large, 17, 100 GiB.
type servers struct{ class, version string }

func serversOf(record string) servers {
	parts := append(strings.Split(record, ", "), "", "")
	return servers{parts[0], parts[1]}
}

// interruptionOf returns how long a database does not answer when what it runs on changes. It is empty when only the
// storage grows.
func interruptionOf(db *config.Database, before, after string) string {
	was, is := serversOf(before), serversOf(after)
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
