package rds_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// source is a database that replicas can be made of.
var source = awstest.In{
	"identifier":            "shop",
	"instanceClass":         "db.t4g.micro",
	"engine":                "postgres",
	"engineVersion":         "17",
	"allocatedStorage":      20,
	"storageType":           "gp3",
	"username":              "shop",
	"password":              "hunter2",
	"backupRetentionPeriod": 7,
	"skipFinalSnapshot":     true,
	"applyImmediately":      true,
}

// auths is how a proxy logs in.
var auths = []any{
	awstest.In{"authScheme": "SECRETS", "secretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-x"},
}

// What RDS refuses of a database, in its own words.
func TestRDSRefuses(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	vpc, subnets := l.Network()
	third := l.Create(
		token.Subnet,
		"third",
		awstest.In{"vpcId": vpc.Id, "cidrBlock": "10.0.48.0/20", "availabilityZone": "us-east-1c"},
	)
	two := l.Create(token.DBSubnetGroup, "two", awstest.In{"subnetIds": []any{subnets[0].Id, subnets[1].Id}})
	three := l.Create(
		token.DBSubnetGroup,
		"three",
		awstest.In{"subnetIds": []any{subnets[0].Id, subnets[1].Id, third.Id}},
	)
	old := l.Create(token.DBParameterGroup, "old", awstest.In{"family": "postgres16"})
	oldCluster := l.Create(token.DBClusterParameters, "old", awstest.In{"family": "aurora-postgresql15"})
	role := l.Create(token.Role, "rds", awstest.In{"assumeRolePolicy": awstest.Trust})
	topic := l.Create(token.Topic, "events", awstest.In{})
	l.Create(token.DBInstance, "shop", awstest.Merge(source, awstest.In{"dbSubnetGroupName": two.Id}))
	l.Create(
		token.DBInstance,
		"managed",
		awstest.Merge(source, awstest.In{"identifier": "managed", "password": nil, "manageMasterUserPassword": true}),
	)
	aurora := l.Create(
		token.DBCluster,
		"aurora",
		awstest.In{
			"engine":            "aurora-postgresql",
			"masterUsername":    "shop",
			"masterPassword":    "x",
			"dbSubnetGroupName": three.Id,
			"skipFinalSnapshot": true,
		},
	)
	proxy := l.Create(
		token.DBProxy,
		"shop",
		awstest.In{
			"engineFamily": "MYSQL",
			"auths":        auths,
			"roleArn":      role.Str("arn"),
			"vpcSubnetIds": []any{subnets[0].Id, subnets[1].Id},
		},
	)
	multiAZ := awstest.In{
		"clusterIdentifier":      "three",
		"engine":                 "postgres",
		"masterUsername":         "shop",
		"masterPassword":         "x",
		"dbClusterInstanceClass": "db.m6gd.large",
		"allocatedStorage":       100,
		"storageType":            "gp3",
		"dbSubnetGroupName":      three.Id,
	}

	for name, c := range map[string]struct {
		token  string
		inputs awstest.In
		want   string
	}{
		"parameters of another major version": {
			token.DBInstance,
			awstest.Merge(source, awstest.In{"identifier": "a", "parameterGroupName": old.Id}),
			"Please use a Parameter Group with DBParameterGroupFamily postgres17",
		},
		"parameters of another cluster version": {
			token.DBCluster,
			awstest.In{
				"engine":                      "aurora-postgresql",
				"masterUsername":              "a",
				"masterPassword":              "x",
				"dbClusterParameterGroupName": oldCluster.Id,
			},
			"DBParameterGroupFamily aurora-postgresql16",
		},
		"monitoring without a role": {
			token.DBInstance,
			awstest.Merge(source, awstest.In{"identifier": "a", "monitoringInterval": 60}),
			"A MonitoringRoleARN value is required",
		},
		"overlapping windows": {
			token.DBInstance,
			awstest.Merge(
				source,
				awstest.In{
					"identifier":        "a",
					"backupWindow":      "23:30-00:30",
					"maintenanceWindow": "sun:23:45-mon:00:15",
				},
			),
			"must not overlap",
		},
		"gp3 of 10 GiB": {
			token.DBInstance,
			awstest.Merge(source, awstest.In{"identifier": "a", "allocatedStorage": 10}),
			"Invalid storage size for engine name postgres and storage type gp3: 10",
		},
		"IOPS for a small gp3": {
			token.DBInstance,
			awstest.Merge(source, awstest.In{"identifier": "a", "iops": 4000}),
			"a storage size less than 400",
		},
		"growing to less": {
			token.DBInstance,
			awstest.Merge(source, awstest.In{"identifier": "a", "maxAllocatedStorage": 20}),
			"Max storage size must be greater than storage size",
		},
		"insights on a small MySQL": {
			token.DBInstance,
			awstest.Merge(
				source,
				awstest.In{
					"identifier":                 "a",
					"engine":                     "mysql",
					"engineVersion":              "8.4",
					"performanceInsightsEnabled": true,
				},
			),
			"Performance Insights not supported",
		},
		"a replica of nothing": {
			token.DBInstance,
			awstest.In{"identifier": "r", "instanceClass": "db.t4g.micro", "replicateSourceDb": "none"},
			"DBInstanceNotFound: DBInstance none not found.",
		},
		"a replica of a managed password": {
			token.DBInstance,
			awstest.In{"identifier": "r", "instanceClass": "db.t4g.micro", "replicateSourceDb": "managed"},
			"Creating read replicas for source instance with engine postgres where ManageMasterUserPassword is " +
				"enabled is not supported.",
		},
		"a replica with a subnet group by identifier": {
			token.DBInstance,
			awstest.In{
				"identifier":        "r",
				"instanceClass":     "db.t4g.micro",
				"replicateSourceDb": "shop",
				"dbSubnetGroupName": two.Id,
			},
			"DBSubnetGroupNotAllowedFault",
		},
		"an encrypted replica of a plain source": {
			token.DBInstance,
			awstest.In{
				"identifier":        "r",
				"instanceClass":     "db.t4g.micro",
				"replicateSourceDb": "shop",
				"storageEncrypted":  true,
			},
			"from an unencrypted DB instance",
		},
		"a Multi-AZ cluster without a class": {
			token.DBCluster,
			awstest.Merge(multiAZ, awstest.In{"dbClusterInstanceClass": nil}),
			"dbClusterInstanceClass is required",
		},
		"a Multi-AZ cluster of a class without disks": {
			token.DBCluster,
			awstest.Merge(multiAZ, awstest.In{"dbClusterInstanceClass": "db.t4g.micro"}),
			"RDS does not support creating a DB cluster",
		},
		"a Multi-AZ cluster over two zones": {
			token.DBCluster,
			awstest.Merge(multiAZ, awstest.In{"dbSubnetGroupName": two.Id}),
			"Add subnets to cover at least 3 AZs",
		},
		"an instance of another engine": {
			token.DBClusterInstance,
			awstest.In{"clusterIdentifier": aurora.Id, "engine": "aurora-mysql", "instanceClass": "db.r6g.large"},
			"doesn't match the engine name of your DB cluster",
		},
		"a micro instance of Aurora": {
			token.DBClusterInstance,
			awstest.In{"clusterIdentifier": aurora.Id, "engine": "aurora-postgresql", "instanceClass": "db.t4g.micro"},
			"DBInstanceClass=db.t4g.micro",
		},
		"an instance of Aurora on too old a class": {
			token.DBClusterInstance,
			awstest.In{"clusterIdentifier": aurora.Id, "engine": "aurora-postgresql", "instanceClass": "db.r4.large"},
			"DBInstanceClass=db.r4.large",
		},
		"a large burstable instance of Aurora": {
			token.DBClusterInstance,
			awstest.In{"clusterIdentifier": aurora.Id, "engine": "aurora-postgresql", "instanceClass": "db.t4g.xlarge"},
			"DBInstanceClass=db.t4g.xlarge",
		},
		"a class of EC2's": {
			token.DBInstance,
			awstest.Merge(source, awstest.In{"identifier": "ec2", "instanceClass": "db.t3a.micro"}),
			"DBInstanceClass=db.t3a.micro, Engine=postgres",
		},
		"a class of before": {
			token.DBInstance,
			awstest.Merge(source, awstest.In{"identifier": "old", "instanceClass": "db.t2.micro"}),
			"DBInstanceClass=db.t2.micro, Engine=postgres",
		},
		"serverless without a range": {
			token.DBClusterInstance,
			awstest.In{"clusterIdentifier": aurora.Id, "engine": "aurora-postgresql", "instanceClass": "db.serverless"},
			"Set the Serverless v2 scaling configuration",
		},
		"a proxy in one zone": {
			token.DBProxy,
			awstest.In{
				"engineFamily": "POSTGRESQL",
				"auths":        auths,
				"roleArn":      role.Str("arn"),
				"vpcSubnetIds": []any{subnets[0].Id},
			},
			"InvalidSubnet",
		},
		"a proxy of no role": {
			token.DBProxy,
			awstest.In{
				"engineFamily": "POSTGRESQL",
				"auths":        auths,
				"roleArn":      "arn:aws:iam::123456789012:role/none",
				"vpcSubnetIds": []any{subnets[0].Id},
			},
			"does not exist",
		},
		"a proxy's target of another engine": {
			token.DBProxyTarget,
			awstest.In{"dbProxyName": proxy.Id, "targetGroupName": "default", "dbInstanceIdentifier": "shop"},
			"is for the engine family MYSQL",
		},
		"events of nothing": {
			token.DBEvents,
			awstest.In{"snsTopic": topic.Id, "sourceType": "db-instance", "sourceIds": []any{"none"}},
			"SourceNotFound: Could not find source: none",
		},
		"events to no topic": {
			token.DBEvents,
			awstest.In{"snsTopic": "arn:aws:sns:us-east-1:123456789012:none"},
			"Topic does not exist",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.TryCreate(c.token, "it", c.inputs)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// An update sends what changes, and RDS looks at no more.
func TestARoleThatMonitoringNoLongerUsesMayGo(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	role := l.Create(token.Role, "monitoring", awstest.In{"assumeRolePolicy": awstest.Trust})
	monitored := awstest.Merge(source, awstest.In{"monitoringInterval": 60, "monitoringRoleArn": role.Str("arn")})
	database := l.Create(token.DBInstance, "shop", monitored)
	database = l.Update(database, source)
	assert.NoError(t, l.TryDelete(role))

	database = l.Update(database, awstest.Merge(source, awstest.In{"backupRetentionPeriod": 8}))
	assert.Equal(t, "8", database.Str("backupRetentionPeriod"))
}
