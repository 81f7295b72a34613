package efs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

func TestAFileSystemsReplicationLeavesTheCopyThatEFSMade(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	fileSystem := l.Create(token.FileSystem, "files", awstest.In{"encrypted": true})
	inputs := awstest.In{"sourceFileSystemId": fileSystem.Id, "destination": awstest.In{"region": "us-west-2"}}
	m := l.Create(token.FileReplication, "files", inputs)
	copied := m.Str("destination.fileSystemId")
	assert.Regexp(t, `^fs-[0-9a-f]{17}$`, copied)
	assert.Empty(t, l.DiffChecked(m, inputs).GetDetailedDiff())
	assert.ErrorContains(t, l.TryDelete(fileSystem), "FileSystemInUse")
	require.NoError(t, l.TryDelete(m))
	require.Len(t, l.Warnings, 1)
	assert.Contains(t, l.Warnings[0], copied+" in us-west-2 for this replication, and no resource manages it")
	left, err := l.W.List(t.Context())
	require.NoError(t, err)
	assert.Len(t, left, 2)
	assert.Equal(t, world.Key{Region: "us-west-2", Type: token.FileSystem, Key: copied}, left[1].Key)
}

func TestAFileSystemIsCopiedToOneThatMayBeOverwritten(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	fileSystem := l.Create(token.FileSystem, "files", awstest.In{"encrypted": true})
	guarded := west.Create(token.FileSystem, "guarded", awstest.In{"encrypted": true})
	open := west.Create(
		token.FileSystem,
		"open",
		awstest.In{"encrypted": true, "protection": awstest.In{"replicationOverwrite": "DISABLED"}},
	)
	to := func(id string) awstest.In {
		return awstest.In{
			"sourceFileSystemId": fileSystem.Id,
			"destination":        awstest.In{"region": "us-west-2", "fileSystemId": id},
		}
	}
	_, err := l.TryCreate(token.FileReplication, "files", to(guarded.Id))
	assert.ErrorContains(t, err, "set its protection.replicationOverwrite to DISABLED")
	_, err = l.TryCreate(token.FileReplication, "files", to(fileSystem.Id))
	assert.ErrorContains(t, err, "does not exist in us-west-2")
	m := l.Create(token.FileReplication, "files", to(open.Id))
	assert.ErrorContains(t, west.TryDelete(open), "is the destination of the replication of "+fileSystem.Id)
	require.NoError(t, l.TryDelete(m))
	require.NoError(t, west.TryDelete(open))
	assert.Empty(t, l.Warnings)
}

func TestMountTargetsOfAFileSystemAreInOneVPC(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	other := l.Create(token.Vpc, "other", awstest.In{"cidrBlock": "10.9.0.0/16"})
	elsewhere := l.Create(
		token.Subnet,
		"elsewhere",
		awstest.In{"vpcId": other.Id, "cidrBlock": "10.9.0.0/20", "availabilityZone": "us-east-1b"},
	)
	fileSystem := l.Create(token.FileSystem, "files", awstest.In{})
	l.Create(token.MountTarget, "a", awstest.In{"fileSystemId": fileSystem.Id, "subnetId": subnets[0].Id})
	_, err := l.TryCreate(
		token.MountTarget,
		"again",
		awstest.In{"fileSystemId": fileSystem.Id, "subnetId": subnets[0].Id},
	)
	assert.ErrorContains(t, err, "mount target already exists in this AZ")
	_, err = l.TryCreate(token.MountTarget, "b", awstest.In{"fileSystemId": fileSystem.Id, "subnetId": elsewhere.Id})
	assert.ErrorContains(t, err, "not in the same VPC as existing mount targets")
}
