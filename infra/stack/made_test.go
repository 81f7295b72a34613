package stack

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
)

// An update that fails half way records nothing. What it has made or changed until then cannot change any more either.
func TestWhatAFailedUpdateHasMadeIsPermanent(t *testing.T) {
	const (
		vpc      = "urn:pulumi:dev::awslab::aws:ec2/vpc:Vpc::lab-vpc"
		subnet   = "urn:pulumi:dev::awslab::aws:ec2/subnet:Subnet::lab-vpc-app-1"
		table    = "urn:pulumi:dev::awslab::awslab:data:Table$aws:dynamodb/table:Table::items-table"
		tasks    = "urn:pulumi:dev::awslab::aws:ecs/taskDefinition:TaskDefinition::"
		database = "urn:pulumi:dev::awslab::aws:rds/instance:Instance::database-instance"
	)
	items := map[string]any{
		"hashKey": "id", "rangeKey": "at", "ttl": map[string]any{"enabled": true, "attributeName": "ends"},
		"attributes": []any{
			map[string]any{"name": "id", "type": "S"}, map[string]any{"name": "at", "type": "N"},
		},
		"globalSecondaryIndexes": []any{map[string]any{"name": "by-time", "hashKey": "at"}},
		"replicas":               []any{map[string]any{"regionName": "eu-central-1"}},
	}
	recorded := map[string]string{"database.version": "17.4", "tables.items.timeToLive": "off", "dataPorts": "5432"}
	for name, test := range map[string]struct {
		urn, typ string
		outputs  map[string]any
		want     map[string]string // beside what is recorded
	}{
		"nothing": {"", "", nil, nil},
		"a VPC": {
			vpc, vpcType, map[string]any{"cidrBlock": "10.0.0.0/16", "arn": "arn:aws:ec2:eu-west-1:123456789012:vpc/1"},
			map[string]string{"network.cidr": "10.0.0.0/16", "region": "eu-west-1"},
		},
		"a subnet": {
			"urn:pulumi:dev::awslab::aws:s3/bucketV2:BucketV2::files", "aws:s3/bucketV2:BucketV2", nil, nil,
		},
		"IPv6 addresses": {
			subnet, subnetType, map[string]any{"ipv6CidrBlock": "2001:db8::/64", "availabilityZone": "eu-west-1a"},
			map[string]string{
				"network.ipv6": "on", "network.zoneNames": "eu-west-1a", "network.availabilityZones": "1",
			},
		},
		"another zone": {
			subnet, subnetType, map[string]any{"availabilityZone": "eu-west-1c"},
			map[string]string{"network.zoneNames": "eu-west-1c", "network.availabilityZones": "1"},
		},
		"a table": {table, tableType, items, map[string]string{
			"tables.items.hashKey": "id (S)", "tables.items.rangeKey": "at (N)", "tables.items.timeToLive": "ends",
			"tables.items.indexes.by-time.at.type": "N", "tables.items.replicate": "on",
		}},
		"a table whose items do not expire": {
			table, tableType,
			map[string]any{
				"hashKey": "id", "attributes": items["attributes"], "ttl": map[string]any{"enabled": false},
			},
			map[string]string{"tables.items.hashKey": "id (S)"},
		},
		"a database": {
			database, instanceType, map[string]any{"engine": "mysql", "engineVersion": "8.4", "dbName": "lab"},
			map[string]string{
				"database.kind": "instance", "database.engine": "mysql", "database.name": "lab",
				"database.version": "8.4",
			},
		},
		"a minor version that RDS has upgraded": {
			database, instanceType, map[string]any{"engine": "postgres", "engineVersion": "17.6", "dbName": "lab"},
			map[string]string{"database.kind": "instance", "database.engine": "postgres", "database.name": "lab"},
		},
		"a cluster": {
			database, clusterType, map[string]any{
				"engine": "postgres", "engineVersion": "17.4", "databaseName": "lab",
			},
			map[string]string{"database.kind": "multiAzCluster", "database.engine": "postgres", "database.name": "lab"},
		},
		"Aurora": {
			database, clusterType, map[string]any{
				"engine": "aurora-postgresql", "engineVersion": "18.1", "databaseName": "lab",
			},
			map[string]string{
				"database.kind": "aurora", "database.engine": "postgres", "database.name": "lab",
				"database.version": "18.1",
			},
		},
		"a service on instances": {
			"urn:pulumi:dev::awslab::aws:ecs/service:Service::shop-service", serviceType,
			map[string]any{"capacityProviderStrategies": []any{map[string]any{"capacityProvider": "lab-instances"}}},
			map[string]string{"instances": "in use"},
		},
		"a service on Fargate": {
			"urn:pulumi:dev::awslab::aws:ecs/service:Service::shop-service", serviceType,
			map[string]any{"capacityProviderStrategies": []any{map[string]any{"capacityProvider": "FARGATE_SPOT"}}},
			nil,
		},
		"tasks": {
			tasks + "shop-task-1a2b3c4d", taskDefinitionType,
			map[string]any{
				"volumes": []any{
					map[string]any{"name": "scratch"},
					map[string]any{"name": "files", "efsVolumeConfiguration": map[string]any{}},
				},
				"containerDefinitions": `[{"environment": [
						{"name": "SERVICE_CART_URL", "value": "http://cart:8080"},
						{"name": "SERVICE_GIFTS_URL", "value": "https://gifts.example.com"},
						{"name": "DATABASE_PORT", "value": "3306"}],
					"mountPoints": [{"sourceVolume": "files", "readOnly": true}, {"sourceVolume": "scratch"}]}]`,
			},
			map[string]string{"calls:shop": "cart:8080", "dataPorts": "5432 3306 2049", "files:shop": "read"},
		},
		"tasks before a deployment": {
			tasks + "shop-before-task-1a2b3c4d", taskDefinitionType,
			map[string]any{
				"containerDefinitions": `[{"environment": [
					{"name": "SERVICE_CART_URL", "value": "http://cart:8080"}]}]`,
			},
			map[string]string{"calls:shop": "cart:8080"},
		},
		"tasks that write files": {
			tasks + "writer-tasks-task", taskDefinitionType,
			map[string]any{
				"volumes": []any{
					map[string]any{"name": "files", "efsVolumeConfiguration": map[string]any{}},
				},
				"containerDefinitions": `[{"mountPoints": [{"sourceVolume": "files"}]}]`,
			},
			map[string]string{"dataPorts": "5432 2049", "files:writer-tasks": "readwrite"},
		},
		"a replica": {
			database, instanceType, map[string]any{"engine": "postgres", "replicateSourceDb": "it"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string]string{}
			maps.Copy(want, recorded)
			maps.Copy(want, test.want)
			state := map[string]resourceState{test.urn: {Type: test.typ, Outputs: test.outputs}}
			require.Equal(t, want, madeWith(recorded, state))
		})
	}
}
