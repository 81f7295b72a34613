package stack

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/infra/config"
)

// versionKey is that of the version that the database was last given, which it keeps unless another is asked for: RDS
// upgrades minor versions by itself.
const versionKey = "database.version"

const (
	instanceType = "aws:rds/instance:Instance"
	clusterType  = "aws:rds/cluster:Cluster"
	memberType   = "aws:rds/clusterInstance:ClusterInstance"
)

// isReplica reports whether a database in the state has what another one has. The provider may say so with an empty
// name for one that is no replica.
func (r resourceState) isReplica() bool { return r.text("replicateSourceDb") != "" }

// planUpgrade compares the version that the configuration asks for with those that the database and its replicas have.
// An earlier one is refused, which RDS would do in the middle of the update. Where RDS upgrades a database after its
// replicas only, this update upgrades the replicas, or takes them out, and the next one the database.
func (l *lab) planUpgrade() error {
	if l.config.Database == nil || l.keepsVersion() {
		return nil
	}
	asked := l.config.Database.Args().Version()
	for _, r := range l.state {
		has, err := l.versionOf(r)
		if err != nil {
			return err
		}
		switch {
		case has == "":
		case !r.isReplica():
			if err := l.config.CheckPermanent(l.Project(), map[string]string{versionKey: has}); err != nil {
				return err
			}
		case !config.Later(asked, has) && l.upgradesReplicasFirst():
			l.replicaVersion = asked
		}
	}
	return nil
}

// sourceStorage returns the storage, in GiB, that an instance has until its maintenance window if it has less than is
// asked for, and 0 otherwise.
func (l *lab) sourceStorage() int {
	db := l.config.Database
	if has := storageOf(l.state); !db.ApplyImmediately && has < *db.StorageGiB {
		return has
	}
	return 0
}

// replicasBefore returns how many read replicas an instance has, and the least storage of them, in GiB.
func (l *lab) replicasBefore() (count, storageGiB int) {
	for _, r := range l.state {
		if size, has := r.Outputs["allocatedStorage"].(float64); has && r.Type == instanceType && r.isReplica() {
			if count == 0 || int(size) < storageGiB {
				storageGiB = int(size)
			}
			count++
		}
	}
	return count, storageGiB
}

// versionOf returns the full version of a database in the state, or nothing for another resource.
func (l *lab) versionOf(r resourceState) (version string, err error) {
	switch r.Type {
	case instanceType:
		name := r.text("identifier")
		var found *rds.LookupInstanceResult
		args := &rds.LookupInstanceArgs{DbInstanceIdentifier: &name}
		if found, err = rds.LookupInstance(l.Context, args, l.providers.invoke); err == nil {
			version = found.EngineVersion
		}
	case clusterType:
		name := r.text("clusterIdentifier")
		var found *rds.LookupClusterResult
		args := &rds.LookupClusterArgs{ClusterIdentifier: name}
		if found, err = rds.LookupCluster(l.Context, args, l.providers.invoke); err == nil {
			version = found.EngineVersion
		}
	}
	if err != nil {
		return "", fmt.Errorf("finding the version of the database: %w", err)
	}
	return version, nil
}

// upgradesReplicasFirst is so except for another major version of PostgreSQL, to which RDS upgrades the replicas along
// with the database ("Upgrades of the RDS for PostgreSQL DB engine", RDS user guide), and for a first update that was
// interrupted, which has recorded no version.
func (l *lab) upgradesReplicasFirst() bool {
	if l.before[versionKey] == "" {
		return false
	}
	args := l.config.Database.Args()
	return args.Engine != data.DatabasePostgres || args.Family(l.before[versionKey]) == args.Family(args.Version())
}

// keepsVersion reports whether the configuration asks for no other version than it did before.
func (l *lab) keepsVersion() bool {
	before, asked := l.before[versionKey], l.config.Database.Args().Version()
	return before == asked || strings.HasPrefix(before, asked+".")
}

// databaseVersion returns the version that the database is given in this update.
func (l *lab) databaseVersion() string {
	if l.keepsVersion() || l.replicaVersion != "" {
		return l.before[versionKey]
	}
	return l.config.Database.Args().Version()
}
