package rds_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// requireProperties compares outputs, by their names.
func requireProperties(t *testing.T, made awstest.Made, want map[string]string) {
	t.Helper()
	for property, value := range want {
		assert.Equal(t, value, made.Str(property), property)
	}
}

func TestWhatWaitsForTheMaintenanceWindow(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	waiting := awstest.Merge(source, awstest.In{"applyImmediately": false})
	database := l.Create(token.DBInstance, "shop", waiting)
	before := map[string]string{
		"instanceClass": "db.t4g.micro", "engineVersionActual": "17.5", "allocatedStorage": "20",
		"optionGroupName": "default:postgres-17", "backupRetentionPeriod": "14",
	}
	changed := awstest.Merge(waiting, awstest.In{
		"instanceClass": "db.m7g.large", "engineVersion": "18", "allowMajorVersionUpgrade": true,
		"allocatedStorage": 40, "backupRetentionPeriod": 14,
	})
	for range 2 {
		database = l.Update(database, changed)
		requireProperties(t, database, before)
		require.Contains(t, awstest.Details(l.DiffChecked(database, changed)), "instanceClass")
	}

	database, _ = l.Refresh(database)
	requireProperties(t, database, map[string]string{
		"instanceClass": "db.m7g.large", "engineVersionActual": "18.1", "allocatedStorage": "40",
		"optionGroupName": "default:postgres-18",
	})
	require.Empty(t, l.DiffChecked(database, changed).GetDetailedDiff())

	l.Update(database, awstest.Merge(changed, awstest.In{"instanceClass": "db.m7g.xlarge"}))
	atOnce := awstest.Merge(changed, awstest.In{"instanceClass": "db.m7g.2xlarge", "applyImmediately": true})
	database = l.Update(database, atOnce)
	require.Equal(t, "db.m7g.2xlarge", database.Str("instanceClass"))
	database, _ = l.Refresh(database)
	require.Equal(t, "db.m7g.2xlarge", database.Str("instanceClass"), "what waited is not made any more")
}

func TestAurorasInstancesGetAnotherClassInTheirWindow(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	cluster := l.Create(token.DBCluster, "shop", awstest.In{
		"clusterIdentifier": "shop", "engine": "aurora-postgresql", "engineVersion": "16", "masterUsername": "shop",
		"manageMasterUserPassword": true, "skipFinalSnapshot": true,
	})
	inputs := awstest.In{
		"identifier": "shop-1", "clusterIdentifier": cluster.Id, "engine": "aurora-postgresql",
		"instanceClass": "db.r7g.large",
	}
	member := l.Create(token.DBClusterInstance, "shop-1", inputs)
	member = l.Update(member, awstest.Merge(inputs, awstest.In{"instanceClass": "db.r7g.xlarge"}))
	require.Equal(t, "db.r7g.large", member.Str("instanceClass"))
	member, _ = l.Refresh(member)
	require.Equal(t, "db.r7g.xlarge", member.Str("instanceClass"))
}
