package stack

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/data"
)

// A stack records, in its output permanent, whether its database leaves a snapshot, or one that was taken out has.
const (
	snapshotsKey = "database.snapshots"
	toBeLeft     = "to be left"
	wereLeft     = "left"
)

// leavesSnapshot reports whether the database leaves a snapshot when it is deleted.
func (l *lab) leavesSnapshot() bool {
	db := l.config.Database
	return db != nil && (db.FinalSnapshot || db.DeletionProtection)
}

// snapshots returns what is recorded of them. The key that encrypts them stays in the account when it is not empty.
func (l *lab) snapshots() string {
	before := l.before[snapshotsKey]
	switch {
	case before == wereLeft, before == toBeLeft && l.config.Database == nil:
		return wereLeft
	case l.leavesSnapshot():
		return toBeLeft
	default:
		return ""
	}
}

// finalSnapshotSuffix ends the name of the snapshot that the database leaves: the one that it was made with, or the
// first part of the key's id, which is another one each time that the stack is created. A database that was taken out
// and put back, or deleted by a destroy that was interrupted, has a number too: RDS does not delete a database while a
// snapshot has the name.
func (l *lab) finalSnapshotSuffix(kind data.DatabaseKind) pulumi.StringInput {
	begin := l.databaseName() + "-final-"
	for _, r := range l.state {
		name := r.text("finalSnapshotIdentifier")
		suffix, has := strings.CutPrefix(name, begin)
		if has && (r.Type == instanceType || r.Type == clusterType) {
			return pulumi.String(suffix)
		}
	}
	return l.keys.data.KeyId.ApplyT(func(id string) (string, error) {
		first, _, _ := strings.Cut(id, "-")
		suffix := first
		for n := 2; len(l.before) > 0; n++ {
			taken, err := l.hasSnapshot(kind, begin+suffix)
			if err != nil || !taken {
				return suffix, err
			}
			suffix = fmt.Sprintf("%s-%d", first, n)
		}
		return suffix, nil
	}).(pulumi.StringOutput)
}

// noSnapshot is what the provider says when there is none.
var noSnapshot = regexp.MustCompile(`couldn't find resource|query returned no results`)

func (l *lab) hasSnapshot(kind data.DatabaseKind, name string) (bool, error) {
	var err error
	if kind == data.DatabaseInstance {
		args := &rds.LookupSnapshotArgs{DbSnapshotIdentifier: &name}
		_, err = rds.LookupSnapshot(l.Context, args, l.providers.invoke)
	} else {
		args := &rds.LookupClusterSnapshotArgs{DbClusterSnapshotIdentifier: &name}
		_, err = rds.LookupClusterSnapshot(l.Context, args, l.providers.invoke)
	}
	switch {
	case err == nil:
		return true, nil
	case noSnapshot.MatchString(err.Error()):
		return false, nil
	default:
		return false, fmt.Errorf("finding out whether there is a snapshot %s: %w", name, err)
	}
}
