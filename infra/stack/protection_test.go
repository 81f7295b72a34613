package stack

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/protection"
	"github.com/awslab/awslab/infra/config"
)

// AWS Backup begins no backup of an RDS database while its windows last, nor in the hour before.
func TestBackupsKeepClearOfTheWindowsOfTheDatabase(t *testing.T) {
	for _, stackName := range config.Profiles {
		for _, kind := range []string{"instance", "multiAzCluster"} {
			made := deployChanged(t, stackName, map[string]string{
				"database": `{"kind": "` + kind + `"}`, "network": `{"availabilityZones": 3}`,
				"backup": `{"rules": [{"schedule": "hourly", "retentionDays": 7}, {"schedule": "daily", ` +
					`"retentionDays": 7}, {"schedule": "weekly", "retentionDays": 7}, {"schedule": "monthly", ` +
					`"retentionDays": 7}]}`,
			})
			args := &data.DatabaseArgs{Kind: data.DatabaseKind(kind)}
			if kind == "instance" {
				inputs := made.inputs(t, "database-instance").Mappable()
				args.BackupWindow = inputs["backupWindow"].(string)
				args.MaintenanceWindow = inputs["maintenanceWindow"].(string)
			} else {
				inputs := made.inputs(t, "database-cluster").Mappable()
				args.BackupWindow = inputs["preferredBackupWindow"].(string)
				args.MaintenanceWindow = inputs["preferredMaintenanceWindow"].(string)
			}
			rules := made.inputs(t, "backup-plan").Mappable()["rules"].([]any)
			require.Len(t, rules, 4)
			for _, rule := range rules {
				schedule := protection.Schedule(rule.(object)["ruleName"].(string))
				require.NotEmpty(t, schedule.Starts())
				for _, minute := range schedule.Starts() {
					require.Empty(t, args.BackupsBlocked(minute), "%s at minute %d of the week", schedule, minute)
				}
			}
		}
	}
}

func TestAMultiAzClusterIsBackedUpWithoutCopies(t *testing.T) {
	made := deployChanged(t, "prod", map[string]string{"database": `{"kind": "multiAzCluster"}`})
	selection := made.inputs(t, "backup-uncopied-selection-without-exceptions").Mappable()
	require.Equal(t, []any{"arn:aws:rds:*:*:cluster:*"}, selection["resources"])
	require.False(t, deployStack(t, "prod").has("backup-uncopied-plan"))
}

func TestVolumesOfInstancesAreBackedUpWhenAskedTo(t *testing.T) {
	for value, want := range map[string]string{
		`{"launchType": "ec2"}`:                                "none",
		`{"launchType": "ec2", "instances": {"backup": true}}`: "prod",
	} {
		made := deployChanged(t, "prod", map[string]string{"cluster": value})
		for _, specification := range made.inputs(t, "lab-template").Mappable()["tagSpecifications"].([]any) {
			tags := specification.(object)["tags"].(object)
			if specification.(object)["resourceType"] == "volume" {
				require.Equal(t, want, tags["backup"])
			} else {
				require.NotContains(t, tags, "backup")
			}
		}
		require.Equal(t, want == "prod", made.has("restore-testing-ebs"))
	}
}

func TestDatabasesAreRestoredWhereTheDatabaseIs(t *testing.T) {
	for kind, selection := range map[string]string{
		"instance":       "restore-testing-rds",
		"multiAzCluster": "restore-testing-rds",
		"aurora":         "restore-testing-aurora",
	} {
		made := deployChanged(t, "prod", map[string]string{"database": `{"kind": "` + kind + `"}`})
		overrides := made.inputs(t, selection).Mappable()["restoreMetadataOverrides"].(object)
		require.Equal(t, "awslab-prod-database", overrides["dbSubnetGroupName"])
		require.Equal(t, `["lab-database-group-id"]`, overrides["vpcSecurityGroupIds"])
		require.Equal(
			t,
			object{"DATABASE_SUBNET_GROUP": "awslab-prod-database"},
			made.inputs(t, "restore-testing-function").Mappable()["environment"].(object)["variables"],
		)
	}
	vaults := deployStack(t, "prod").inputs(
		t,
		"restore-testing-plan",
	).Mappable()["recoveryPointSelection"].(object)["includeVaults"]
	require.Equal(t, []any{"arn:backup-vault"}, vaults)
}
