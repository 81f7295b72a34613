package rds_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func TestAReplicaTakesOverWhatItsSourceHas(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	key := l.Create(token.Key, "rds", awstest.In{})
	group := l.Create(token.DBSubnetGroup, "shop", awstest.In{"subnetIds": []any{subnets[0].Id, subnets[1].Id}})
	parameters := l.Create(token.DBParameterGroup, "shop", awstest.In{"family": "postgres17"})
	l.Create(
		token.DBInstance,
		"shop",
		awstest.Merge(
			source,
			awstest.In{
				"dbSubnetGroupName":  group.Id,
				"parameterGroupName": parameters.Id,
				"storageEncrypted":   true,
				"kmsKeyId":           key.Str("arn"),
			},
		),
	)

	inputs := awstest.In{
		"identifier":        "reader",
		"instanceClass":     "db.t4g.micro",
		"replicateSourceDb": "shop",
		"storageEncrypted":  true,
		"skipFinalSnapshot": true,
	}
	replica := l.Create(token.DBInstance, "reader", inputs)
	for property, want := range map[string]string{
		"engine":              "postgres",
		"engineVersionActual": "17.5",
		"allocatedStorage":    "20",
		"dbSubnetGroupName":   group.Id,
		"parameterGroupName":  parameters.Id,
		"kmsKeyId":            key.Str("arn"),
		"port":                "5432",
		"username":            "shop",
	} {
		assert.Equal(t, want, replica.Str(property), property)
	}
	assert.Empty(t, l.DiffChecked(replica, inputs).GetDetailedDiff())
	assert.ErrorContains(t, l.TryDelete(group), "InvalidDBSubnetGroupStateFault")

	kept := l.Update(
		replica,
		awstest.Merge(inputs, awstest.In{"skipFinalSnapshot": false, "finalSnapshotIdentifier": "last"}),
	)
	assert.ErrorContains(
		t,
		l.TryDelete(kept),
		"FinalDBSnapshotIdentifier can not be specified when deleting a replica instance",
	)
	require.NoError(t, l.TryDelete(replica))
}

func TestTheStorageOfAReplicaGrowsByItselfAlone(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	primary := l.Create(token.DBInstance, "shop", source)
	inputs := awstest.In{
		"identifier": "reader", "instanceClass": "db.t4g.micro", "replicateSourceDb": "shop", "allocatedStorage": 30,
		"skipFinalSnapshot": true, "applyImmediately": true,
	}
	replica := l.Create(token.DBInstance, "reader", inputs)
	require.Equal(t, "20", replica.Str("allocatedStorage"), "that of the source")
	l.Update(primary, awstest.Merge(source, awstest.In{"allocatedStorage": 40}))
	replica, _ = l.Refresh(replica)
	require.Equal(t, "20", replica.Str("allocatedStorage"))
	require.Equal(t, "30", l.Update(replica, inputs).Str("allocatedStorage"))
}

func TestMinorVersionsOfReplicasComeFirst(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	primary := l.Create(token.DBInstance, "shop", source)
	inputs := awstest.In{
		"identifier": "reader", "instanceClass": "db.t4g.micro", "replicateSourceDb": "shop", "engineVersion": "17.7",
		"skipFinalSnapshot": true, "applyImmediately": true,
	}
	replica := l.Create(token.DBInstance, "reader", inputs)
	require.Equal(t, "17.5", replica.Str("engineVersion"), "that of the source")
	newer := awstest.Merge(source, awstest.In{"engineVersion": "17.6"})
	_, err := l.TryUpdate(primary, newer)
	require.ErrorContains(t, err, "read replicas need to be upgraded: reader")
	replica = l.Update(replica, inputs)
	require.Equal(t, "17.7", replica.Str("engineVersionActual"))
	primary = l.Update(primary, newer)
	require.Equal(t, "17.6", primary.Str("engineVersionActual"))
	_, err = l.TryUpdate(primary, awstest.Merge(source, awstest.In{"engineVersion": "17.5"}))
	require.ErrorContains(t, err, "Cannot upgrade postgres from 17.6 to 17.5")
}

func TestStorageGrowsByATenthAndItsIOPSAreSent(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	large := awstest.Merge(source, awstest.In{"storageType": "gp3", "allocatedStorage": 300})
	database := l.Create(token.DBInstance, "shop", large)
	database = l.Update(database, awstest.Merge(large, awstest.In{"allocatedStorage": 301}))
	require.Equal(t, "330", database.Str("allocatedStorage"), "rounded up")
	striped := awstest.Merge(large, awstest.In{"allocatedStorage": 400})
	_, err := l.TryUpdate(database, striped)
	require.ErrorContains(t, err, "Invalid iops value for engine name postgres and storage type gp3: 3000")
	l.Update(database, awstest.Merge(striped, awstest.In{"iops": 12000, "storageThroughput": 500}))
}

// Who lets storage grow by itself may say less than there is; who does not, shrinks it, which RDS refuses.
func TestStorageThatMayGrowByItselfIsLeftAsLargeAsItIs(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	growing := awstest.Merge(source, awstest.In{"allocatedStorage": 50, "maxAllocatedStorage": 100})
	database := l.Create(token.DBInstance, "shop", growing)
	smaller := awstest.Merge(growing, awstest.In{"allocatedStorage": 20})
	require.Empty(t, l.DiffChecked(database, smaller).GetDiffs())
	database = l.Update(database, awstest.Merge(smaller, awstest.In{"backupRetentionPeriod": 9}))
	require.Equal(t, "50", database.Str("allocatedStorage"))
	_, err := l.TryUpdate(database, awstest.Merge(source, awstest.In{"allocatedStorage": 20}))
	require.ErrorContains(t, err, "Requested allocated storage (20 GiB) is less than the current one (50 GiB)")
}

func TestAReplicaInAnotherRegionHasItsOwnKeyAndNetwork(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	west := awstest.Over(t, l.W, "us-west-2", nil)
	key := l.Create(token.Key, "rds", awstest.In{})
	shop := l.Create(
		token.DBInstance,
		"shop",
		awstest.Merge(source, awstest.In{"storageEncrypted": true, "kmsKeyId": key.Str("arn")}),
	)

	inputs := awstest.In{
		"identifier":        "reader",
		"instanceClass":     "db.t4g.micro",
		"replicateSourceDb": shop.Str("arn"),
		"storageEncrypted":  true,
	}
	_, err := west.TryCreate(token.DBInstance, "reader", inputs)
	assert.ErrorContains(t, err, "kmsKeyId must name a key in us-west-2")
	_, err = west.TryCreate(token.DBInstance, "reader", awstest.Merge(inputs, awstest.In{"kmsKeyId": key.Str("arn")}))
	assert.ErrorContains(t, err, "it is in us-east-1", "a key of another region")
	own := west.Create(token.Key, "rds", awstest.In{})
	replica := west.Create(token.DBInstance, "reader", awstest.Merge(inputs, awstest.In{"kmsKeyId": own.Str("arn")}))
	assert.Equal(t, "default", replica.Str("dbSubnetGroupName"))
	assert.Regexp(t, `^reader\.[0-9a-f]{12}\.us-west-2\.rds\.amazonaws\.com$`, replica.Str("address"))
}

func TestAMultiAZClusterHasThreeInstances(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	inputs := awstest.In{
		"clusterIdentifier":        "shop",
		"engine":                   "mysql",
		"engineVersion":            "8.4",
		"masterUsername":           "shop",
		"manageMasterUserPassword": true,
		"dbClusterInstanceClass":   "db.r6gd.large",
		"allocatedStorage":         100,
		"storageType":              "gp3",
		"skipFinalSnapshot":        true,
	}
	m := l.Create(token.DBCluster, "shop", inputs)
	assert.ElementsMatch(
		t,
		[]string{"shop-instance-1", "shop-instance-2", "shop-instance-3"},
		values.View(m.State).Strings("clusterMembers"),
	)
	assert.Len(t, values.View(m.State).List("availabilityZones"), 3)
	assert.Equal(t, "8.4.5", m.Str("engineVersionActual"))
	assert.Regexp(
		t,
		`^arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-`,
		values.View(m.State).Objects("masterUserSecrets")[0].Str("secretArn"),
	)
	// RDS chooses the IOPS, and the provider does not take them for its choice: iops is not Computed.
	assert.Equal(t, map[string]string{"iops": "DELETE"}, awstest.Details(l.DiffChecked(m, inputs)))
	topic := l.Create(token.Topic, "events", awstest.In{})
	l.Create(
		token.DBEvents,
		"shop",
		awstest.In{"snsTopic": topic.Id, "sourceType": "db-instance", "sourceIds": []any{"shop-instance-2"}},
	)
}

func TestAProxysTargetIsItsDatabase(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	role := l.Create(token.Role, "proxy", awstest.In{"assumeRolePolicy": awstest.Trust})
	database := l.Create(token.DBInstance, "shop", source)
	proxy := l.Create(
		token.DBProxy,
		"shop",
		awstest.In{
			"name":         "shop",
			"engineFamily": "POSTGRESQL",
			"auths":        auths,
			"roleArn":      role.Str("arn"),
			"vpcSubnetIds": []any{subnets[0].Id, subnets[1].Id},
		},
	)
	assert.Regexp(t, `^shop\.proxy-[0-9a-z]{12}\.us-east-1\.rds\.amazonaws\.com$`, proxy.Str("endpoint"))
	target := l.Create(
		token.DBProxyTarget,
		"shop",
		awstest.In{"dbProxyName": "shop", "targetGroupName": "default", "dbInstanceIdentifier": "shop"},
	)
	assert.Equal(t, "shop/default/RDS_INSTANCE/shop", target.Id)
	assert.Equal(t, database.Str("address"), target.Str("endpoint"))
	assert.Equal(t, "5432", target.Str("port"))
}

// RDS upgrades the replicas of a PostgreSQL source in its region along with it, and wants those of MySQL upgraded
// first.
func TestAMajorUpgradeAndTheReplicas(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	old, new := l.Create(
		token.DBParameterGroup,
		"old",
		awstest.In{"family": "postgres16"},
	), l.Create(
		token.DBParameterGroup,
		"new",
		awstest.In{"family": "postgres17"},
	)
	before, after := awstest.In{
		"engineVersion":      "16",
		"parameterGroupName": old.Id,
	}, awstest.In{
		"engineVersion":            "17",
		"parameterGroupName":       new.Id,
		"allowMajorVersionUpgrade": true,
	}
	reader := awstest.In{
		"identifier":        "reader",
		"instanceClass":     "db.t4g.micro",
		"replicateSourceDb": "shop",
		"skipFinalSnapshot": true,
	}
	primary := l.Create(token.DBInstance, "shop", awstest.Merge(source, before))
	replica := l.Create(token.DBInstance, "reader", awstest.Merge(reader, before))
	before["autoMinorVersionUpgrade"] = false
	l.Update(replica, awstest.Merge(reader, before))
	l.Update(primary, awstest.Merge(source, after))
	read, exists := l.Refresh(replica)
	require.True(t, exists)
	assert.Equal(t, "17.5", read.Str("engineVersionActual"))
	assert.Equal(t, "default.postgres17", read.Str("parameterGroupName"))
	assert.Equal(t, new.Id, l.Update(replica, awstest.Merge(reader, after)).Str("parameterGroupName"))
	require.NoError(t, l.TryDelete(old))

	mysql := awstest.In{"engine": "mysql", "identifier": "books", "engineVersion": "8.0"}
	books := l.Create(token.DBInstance, "books", awstest.Merge(source, mysql))
	copied := awstest.In{
		"applyImmediately":  true,
		"identifier":        "copy",
		"instanceClass":     "db.t4g.micro",
		"replicateSourceDb": "books",
		"skipFinalSnapshot": true,
	}
	follower := l.Create(token.DBInstance, "copy", copied)
	upgrade := awstest.In{"engineVersion": "8.4", "allowMajorVersionUpgrade": true}
	_, err := l.TryUpdate(books, awstest.Merge(source, awstest.Merge(mysql, upgrade)))
	assert.ErrorContains(t, err, "read replicas need to be upgraded: copy")
	l.Update(follower, awstest.Merge(copied, upgrade))
	assert.Equal(
		t,
		"default.mysql8.4",
		l.Update(books, awstest.Merge(source, awstest.Merge(mysql, upgrade))).Str("parameterGroupName"),
	)
}

func TestAurorasInstancesHaveTheVersionOfTheirCluster(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	inputs := awstest.In{
		"clusterIdentifier": "shop", "engine": "aurora-postgresql", "engineVersion": "16", "masterUsername": "shop",
		"manageMasterUserPassword": true, "allowMajorVersionUpgrade": true, "skipFinalSnapshot": true,
		"preferredBackupWindow": "02:30-03:00", "applyImmediately": true,
	}
	cluster := l.Create(token.DBCluster, "shop", inputs)
	member := l.Create(token.DBClusterInstance, "shop-1", awstest.In{
		"identifier": "shop-1", "clusterIdentifier": cluster.Id, "engine": "aurora-postgresql",
		"instanceClass": "db.r7g.large",
	})
	l.Update(cluster, awstest.Merge(inputs, awstest.In{"engineVersion": "17", "preferredBackupWindow": "04:00-05:00"}))
	member, _ = l.Refresh(member)
	for property, want := range map[string]string{
		"engineVersionActual": "17.4", "dbParameterGroupName": "default.aurora-postgresql17",
		"preferredBackupWindow": "04:00-05:00",
	} {
		assert.Equal(t, want, member.Str(property), property)
	}
}
