package aws

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// source is a database that replicas can be made of.
var source = in{
	"identifier": "shop", "instanceClass": "db.t4g.micro", "engine": "postgres", "engineVersion": "17", "allocatedStorage": 20, "storageType": "gp3",
	"username": "shop", "password": "hunter2", "backupRetentionPeriod": 7, "skipFinalSnapshot": true,
}

// auths is how a proxy logs in.
var auths = []any{in{"authScheme": "SECRETS", "secretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-x"}}

// What RDS refuses of a database, in its own words.
func TestRDSRefuses(t *testing.T) {
	l := newLab(t, "us-east-1")
	vpc, subnets := l.network()
	third := l.create(tSubnet, "third", in{"vpcId": vpc.id, "cidrBlock": "10.0.48.0/20", "availabilityZone": "us-east-1c"})
	two := l.create(tDBSubnetGroup, "two", in{"subnetIds": []any{subnets[0].id, subnets[1].id}})
	three := l.create(tDBSubnetGroup, "three", in{"subnetIds": []any{subnets[0].id, subnets[1].id, third.id}})
	old := l.create(tDBParameterGroup, "old", in{"family": "postgres16"})
	oldCluster := l.create(tDBClusterParameters, "old", in{"family": "aurora-postgresql15"})
	role := l.create(tRole, "rds", in{"assumeRolePolicy": trust})
	topic := l.create(tTopic, "events", in{})
	l.create(tDBInstance, "shop", merge(source, in{"dbSubnetGroupName": two.id}))
	l.create(tDBInstance, "managed", merge(source, in{"identifier": "managed", "password": nil, "manageMasterUserPassword": true}))
	aurora := l.create(tDBCluster, "aurora", in{"engine": "aurora-postgresql", "masterUsername": "shop", "masterPassword": "x", "dbSubnetGroupName": three.id, "skipFinalSnapshot": true})
	proxy := l.create(tDBProxy, "shop", in{"engineFamily": "MYSQL", "auths": auths, "roleArn": role.str("arn"), "vpcSubnetIds": []any{subnets[0].id, subnets[1].id}})
	multiAZ := in{"clusterIdentifier": "three", "engine": "postgres", "masterUsername": "shop", "masterPassword": "x", "dbClusterInstanceClass": "db.m6gd.large",
		"allocatedStorage": 100, "storageType": "gp3", "dbSubnetGroupName": three.id}

	for name, c := range map[string]struct {
		token  string
		inputs in
		want   string
	}{
		"parameters of another major version":         {tDBInstance, merge(source, in{"identifier": "a", "parameterGroupName": old.id}), "Please use a Parameter Group with DBParameterGroupFamily postgres17"},
		"parameters of another cluster version":       {tDBCluster, in{"engine": "aurora-postgresql", "masterUsername": "a", "masterPassword": "x", "dbClusterParameterGroupName": oldCluster.id}, "DBParameterGroupFamily aurora-postgresql16"},
		"monitoring without a role":                   {tDBInstance, merge(source, in{"identifier": "a", "monitoringInterval": 60}), "A MonitoringRoleARN value is required"},
		"overlapping windows":                         {tDBInstance, merge(source, in{"identifier": "a", "backupWindow": "23:30-00:30", "maintenanceWindow": "sun:23:45-mon:00:15"}), "must not overlap"},
		"gp3 of 10 GiB":                               {tDBInstance, merge(source, in{"identifier": "a", "allocatedStorage": 10}), "Invalid storage size for engine name postgres and storage type gp3: 10"},
		"IOPS for a small gp3":                        {tDBInstance, merge(source, in{"identifier": "a", "iops": 4000}), "a storage size less than 400"},
		"growing to less":                             {tDBInstance, merge(source, in{"identifier": "a", "maxAllocatedStorage": 20}), "Max storage size must be greater than storage size"},
		"insights on a small MySQL":                   {tDBInstance, merge(source, in{"identifier": "a", "engine": "mysql", "engineVersion": "8.4", "performanceInsightsEnabled": true}), "Performance Insights not supported"},
		"a replica of nothing":                        {tDBInstance, in{"identifier": "r", "instanceClass": "db.t4g.micro", "replicateSourceDb": "none"}, "DBInstanceNotFound: DBInstance none not found."},
		"a replica of a managed password":             {tDBInstance, in{"identifier": "r", "instanceClass": "db.t4g.micro", "replicateSourceDb": "managed"}, "Creating read replicas for source instance with engine postgres where ManageMasterUserPassword is enabled is not supported."},
		"a replica with a subnet group by identifier": {tDBInstance, in{"identifier": "r", "instanceClass": "db.t4g.micro", "replicateSourceDb": "shop", "dbSubnetGroupName": two.id}, "DBSubnetGroupNotAllowedFault"},
		"an encrypted replica of a plain source":      {tDBInstance, in{"identifier": "r", "instanceClass": "db.t4g.micro", "replicateSourceDb": "shop", "storageEncrypted": true}, "from an unencrypted DB instance"},
		"a Multi-AZ cluster without a class":          {tDBCluster, merge(multiAZ, in{"dbClusterInstanceClass": nil}), "dbClusterInstanceClass is required"},
		"a Multi-AZ cluster of a class without disks": {tDBCluster, merge(multiAZ, in{"dbClusterInstanceClass": "db.t4g.micro"}), "RDS does not support creating a DB cluster"},
		"a Multi-AZ cluster over two zones":           {tDBCluster, merge(multiAZ, in{"dbSubnetGroupName": two.id}), "Add subnets to cover at least 3 AZs"},
		"an instance of another engine":               {tDBClusterInstance, in{"clusterIdentifier": aurora.id, "engine": "aurora-mysql", "instanceClass": "db.r6g.large"}, "doesn't match the engine name of your DB cluster"},
		"a micro instance of Aurora":                  {tDBClusterInstance, in{"clusterIdentifier": aurora.id, "engine": "aurora-postgresql", "instanceClass": "db.t4g.micro"}, "DBInstanceClass=db.t4g.micro"},
		"serverless without a range":                  {tDBClusterInstance, in{"clusterIdentifier": aurora.id, "engine": "aurora-postgresql", "instanceClass": "db.serverless"}, "Set the Serverless v2 scaling configuration"},
		"a proxy in one zone":                         {tDBProxy, in{"engineFamily": "POSTGRESQL", "auths": auths, "roleArn": role.str("arn"), "vpcSubnetIds": []any{subnets[0].id}}, "InvalidSubnet"},
		"a proxy of no role":                          {tDBProxy, in{"engineFamily": "POSTGRESQL", "auths": auths, "roleArn": "arn:aws:iam::123456789012:role/none", "vpcSubnetIds": []any{subnets[0].id}}, "does not exist"},
		"a proxy's target of another engine":          {tDBProxyTarget, in{"dbProxyName": proxy.id, "targetGroupName": "default", "dbInstanceIdentifier": "shop"}, "is for the engine family MYSQL"},
		"events of nothing":                           {tDBEvents, in{"snsTopic": topic.id, "sourceType": "db-instance", "sourceIds": []any{"none"}}, "SourceNotFound: Could not find source: none"},
		"events to no topic":                          {tDBEvents, in{"snsTopic": "arn:aws:sns:us-east-1:123456789012:none"}, "Topic does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.tryCreate(c.token, "it", c.inputs)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestAReplicaTakesOverWhatItsSourceHas(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, subnets := l.network()
	key := l.create(tKey, "rds", in{})
	group := l.create(tDBSubnetGroup, "shop", in{"subnetIds": []any{subnets[0].id, subnets[1].id}})
	parameters := l.create(tDBParameterGroup, "shop", in{"family": "postgres17"})
	l.create(tDBInstance, "shop", merge(source, in{"dbSubnetGroupName": group.id, "parameterGroupName": parameters.id, "storageEncrypted": true, "kmsKeyId": key.str("arn")}))

	inputs := in{"identifier": "reader", "instanceClass": "db.t4g.micro", "replicateSourceDb": "shop", "storageEncrypted": true, "skipFinalSnapshot": true}
	replica := l.create(tDBInstance, "reader", inputs)
	for property, want := range map[string]string{
		"engine": "postgres", "engineVersionActual": "17.5", "allocatedStorage": "20", "dbSubnetGroupName": group.id, "parameterGroupName": parameters.id,
		"kmsKeyId": key.str("arn"), "port": "5432", "username": "shop",
	} {
		assert.Equal(t, want, replica.str(property), property)
	}
	assert.Empty(t, l.diffChecked(replica, inputs).GetDetailedDiff())
	assert.ErrorContains(t, l.tryDelete(group), "InvalidDBSubnetGroupStateFault")

	kept := l.update(replica, merge(inputs, in{"skipFinalSnapshot": false, "finalSnapshotIdentifier": "last"}))
	assert.ErrorContains(t, l.tryDelete(kept), "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance")
	require.NoError(t, l.tryDelete(replica))
}

func TestAReplicaInAnotherRegionHasItsOwnKeyAndNetwork(t *testing.T) {
	l := newLab(t, "us-east-1")
	west := labOver(t, l.w, "us-west-2", nil)
	key := l.create(tKey, "rds", in{})
	shop := l.create(tDBInstance, "shop", merge(source, in{"storageEncrypted": true, "kmsKeyId": key.str("arn")}))

	inputs := in{"identifier": "reader", "instanceClass": "db.t4g.micro", "replicateSourceDb": shop.str("arn"), "storageEncrypted": true}
	_, err := west.tryCreate(tDBInstance, "reader", inputs)
	assert.ErrorContains(t, err, "kmsKeyId must name a key in us-west-2")
	_, err = west.tryCreate(tDBInstance, "reader", merge(inputs, in{"kmsKeyId": key.str("arn")}))
	assert.ErrorContains(t, err, "it is in us-east-1", "a key of another region")
	own := west.create(tKey, "rds", in{})
	replica := west.create(tDBInstance, "reader", merge(inputs, in{"kmsKeyId": own.str("arn")}))
	assert.Equal(t, "default", replica.str("dbSubnetGroupName"))
	assert.Regexp(t, `^reader\.[0-9a-f]{12}\.us-west-2\.rds\.amazonaws\.com$`, replica.str("address"))
}

func TestAMultiAZClusterHasThreeInstances(t *testing.T) {
	l := newLab(t, "us-east-1")
	inputs := in{"clusterIdentifier": "shop", "engine": "mysql", "engineVersion": "8.4", "masterUsername": "shop", "manageMasterUserPassword": true,
		"dbClusterInstanceClass": "db.r6gd.large", "allocatedStorage": 100, "storageType": "gp3", "skipFinalSnapshot": true}
	m := l.create(tDBCluster, "shop", inputs)
	assert.Equal(t, []string{"shop-instance-1", "shop-instance-2", "shop-instance-3"}, view(m.state).strings("clusterMembers"))
	assert.Len(t, view(m.state).list("availabilityZones"), 3)
	assert.Equal(t, "8.4.5", m.str("engineVersionActual"))
	assert.Regexp(t, `^arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-`, view(m.state).objects("masterUserSecrets")[0].str("secretArn"))
	assert.Empty(t, l.diffChecked(m, inputs).GetDetailedDiff())
	topic := l.create(tTopic, "events", in{})
	l.create(tDBEvents, "shop", in{"snsTopic": topic.id, "sourceType": "db-instance", "sourceIds": []any{"shop-instance-2"}})
}

func TestAProxysTargetIsItsDatabase(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, subnets := l.network()
	role := l.create(tRole, "proxy", in{"assumeRolePolicy": trust})
	database := l.create(tDBInstance, "shop", source)
	proxy := l.create(tDBProxy, "shop", in{"name": "shop", "engineFamily": "POSTGRESQL", "auths": auths, "roleArn": role.str("arn"), "vpcSubnetIds": []any{subnets[0].id, subnets[1].id}})
	assert.Regexp(t, `^shop\.proxy-[0-9a-z]{12}\.us-east-1\.rds\.amazonaws\.com$`, proxy.str("endpoint"))
	target := l.create(tDBProxyTarget, "shop", in{"dbProxyName": "shop", "targetGroupName": "default", "dbInstanceIdentifier": "shop"})
	assert.Equal(t, "shop/default/RDS_INSTANCE/shop", target.id)
	assert.Equal(t, database.str("address"), target.str("endpoint"))
	assert.Equal(t, "5432", target.str("port"))
}

// A maintenance window in the week overlaps the daily backup window exactly when they share a minute.
func TestWindowsOverlapWhenTheyShareAMinute(t *testing.T) {
	clock := func(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60%24, minutes%60) }
	week := func(minutes int) string {
		minutes %= minutesOfWeek
		return weekdays[minutes/minutesOfDay] + ":" + clock(minutes%minutesOfDay)
	}
	rapid.Check(t, func(r *rapid.T) {
		start, length := rapid.IntRange(0, minutesOfDay-1).Draw(r, "start"), rapid.IntRange(30, 600).Draw(r, "length")
		begin, lasts := rapid.IntRange(0, minutesOfWeek-1).Draw(r, "begin"), rapid.IntRange(30, minutesOfDay-1).Draw(r, "lasts")
		shared := false
		for i := range lasts {
			shared = shared || between(start, (begin+i)%minutesOfDay, minutesOfDay) < length
		}
		daily, weekly := clock(start)+"-"+clock(start+length), week(begin)+"-"+week(begin+lasts)
		if windowsOverlap(daily, weekly) != shared {
			r.Fatalf("%s and %s: want %t", daily, weekly, shared)
		}
	})
}

// RDS upgrades the replicas of a PostgreSQL source in its region along with it, and wants those of MySQL upgraded first.
func TestAMajorUpgradeAndTheReplicas(t *testing.T) {
	l := newLab(t, "us-east-1")
	old, new := l.create(tDBParameterGroup, "old", in{"family": "postgres16"}), l.create(tDBParameterGroup, "new", in{"family": "postgres17"})
	before, after := in{"engineVersion": "16", "parameterGroupName": old.id}, in{"engineVersion": "17", "parameterGroupName": new.id, "allowMajorVersionUpgrade": true}
	reader := in{"identifier": "reader", "instanceClass": "db.t4g.micro", "replicateSourceDb": "shop", "skipFinalSnapshot": true}
	primary := l.create(tDBInstance, "shop", merge(source, before))
	replica := l.create(tDBInstance, "reader", merge(reader, before))
	l.update(primary, merge(source, after))
	read, exists := l.refresh(replica)
	require.True(t, exists)
	assert.Equal(t, "17.5", read.str("engineVersionActual"))
	assert.Equal(t, "default.postgres17", read.str("parameterGroupName"))
	assert.Equal(t, new.id, l.update(replica, merge(reader, after)).str("parameterGroupName"))
	require.NoError(t, l.tryDelete(old))

	mysql := in{"engine": "mysql", "identifier": "books", "engineVersion": "8.0"}
	books := l.create(tDBInstance, "books", merge(source, mysql))
	copied := in{"identifier": "copy", "instanceClass": "db.t4g.micro", "replicateSourceDb": "books", "skipFinalSnapshot": true}
	follower := l.create(tDBInstance, "copy", copied)
	upgrade := in{"engineVersion": "8.4", "allowMajorVersionUpgrade": true}
	_, err := l.tryUpdate(books, merge(source, merge(mysql, upgrade)))
	assert.ErrorContains(t, err, "read replicas need to be upgraded: copy")
	l.update(follower, merge(copied, upgrade))
	assert.Equal(t, "default.mysql8.4", l.update(books, merge(source, merge(mysql, upgrade))).str("parameterGroupName"))
}
