package data

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

// replacing are the properties that the provider cannot change in place (ForceNew of aws_db_instance and
// aws_rds_cluster in terraform-provider-aws, with the cluster's storage type from its CustomizeDiff).
var replacing = map[string][]string{
	"database-instance": {
		"availabilityZone", "backupTarget", "characterSetName", "customIamInstanceProfile", "dbName", "engine",
		"kmsKeyId", "ncharCharacterSetName", "restoreToPointInTime", "s3Import", "snapshotIdentifier",
		"storageEncrypted", "timezone", "username",
	},
	"database-cluster": {
		"availabilityZones", "clusterIdentifier", "clusterIdentifierPrefix", "clusterScalabilityType", "databaseName",
		"dbSubnetGroupName", "dbSystemId", "engine", "engineMode", "kmsKeyId", "masterUsername",
		"restoreToPointInTime", "s3Import", "snapshotIdentifier", "sourceRegion", "storageEncrypted",
	},
}

// effect returns what a change does to where the data is: replace it, or update it, or nothing to it.
func effect(before, after *databaseGraph) string {
	result := ""
	for name, properties := range replacing {
		was, has := before.resources[name]
		if !has {
			continue
		}
		is, stays := after.resources[name]
		if !stays {
			return "replace"
		}
		for key := range mergeKeys(was.Inputs.Mappable(), is.Inputs.Mappable()) {
			if reflect.DeepEqual(was.Inputs.Mappable()[key], is.Inputs.Mappable()[key]) {
				continue
			}
			multiAzStorage := key == "storageType" && name == "database-cluster" &&
				!strings.HasPrefix(was.Inputs["engine"].StringValue(), "aurora")
			if slices.Contains(properties, key) || multiAzStorage {
				return "replace"
			}
			result = "update"
		}
	}
	return result
}

func mergeKeys(a, b map[string]any) map[string]bool {
	keys := map[string]bool{}
	for key := range a {
		keys[key] = true
	}
	for key := range b {
		keys[key] = true
	}
	return keys
}

// databaseChanges changes each argument alone. The effects are on an instance, a Multi-AZ cluster and Aurora, where -
// means that the kind does not have the argument.
var databaseChanges = map[string]struct {
	change  func(*DatabaseArgs)
	effects string
}{
	"Identifier": {
		func(a *DatabaseArgs) { a.Identifier, a.FinalSnapshotIdentifier = "other", "final" },
		"update replace replace",
	},
	"Kind":                     {func(a *DatabaseArgs) { *a = *changeKind(a) }, "replace replace replace"},
	"Engine":                   {func(a *DatabaseArgs) { a.Engine = DatabaseMySQL }, "replace replace replace"},
	"EngineVersion":            {func(a *DatabaseArgs) { a.EngineVersion = "16" }, "update update update"},
	"KeepVersion":              {func(a *DatabaseArgs) { a.KeepVersion = true }, "none none none"},
	"ReplicaVersion":           {func(a *DatabaseArgs) { a.ReplicaVersion = "17.6" }, "none none none"},
	"SourceStorage":            {func(a *DatabaseArgs) { a.SourceStorage = 50 }, "none none none"},
	"ReplicasBefore":           {func(a *DatabaseArgs) { a.ReplicasBefore = 1 }, "none none none"},
	"AllowMajorVersionUpgrade": {func(a *DatabaseArgs) { a.AllowMajorVersionUpgrade = true }, "update update update"},
	"InstanceClass":            {func(a *DatabaseArgs) { a.InstanceClass = "db.r6gd.large" }, "update update none"},
	"MultiAz":                  {func(a *DatabaseArgs) { a.MultiAz = false }, "update none none"},
	"ReadReplicas":             {func(a *DatabaseArgs) { a.ReadReplicas = 3 }, "update - none"},
	"AllocatedStorage":         {func(a *DatabaseArgs) { a.AllocatedStorage = 500 }, "update update -"},
	"MaxAllocatedStorage":      {func(a *DatabaseArgs) { a.MaxAllocatedStorage = 500 }, "update - -"},
	"StorageType":              {changeStorageType, "update replace update"},
	"Iops":                     {func(a *DatabaseArgs) { a.AllocatedStorage, a.Iops = 400, 13000 }, "update update -"},
	"DatabaseName":             {func(a *DatabaseArgs) { a.DatabaseName = "other" }, "replace replace replace"},
	"Username":                 {func(a *DatabaseArgs) { a.Username = "other" }, "replace replace replace"},
	"Port":                     {func(a *DatabaseArgs) { a.Port = 5433 }, "update update update"},
	"Parameters":               {func(a *DatabaseArgs) { a.Parameters = nil }, "none none none"},
	"SubnetIds": {
		func(a *DatabaseArgs) { a.SubnetIds = pulumi.ToStringArray([]string{"a", "b", "c"}) },
		"none none none",
	},
	"SecurityGroupIds": {
		func(a *DatabaseArgs) { a.SecurityGroupIds = pulumi.ToStringArray([]string{"sg"}) },
		"update update update",
	},
	"KmsKeyArn": {
		func(a *DatabaseArgs) { a.KmsKeyArn = pulumi.String("arn:other") },
		"replace replace replace",
	},
	"KeyAlias":            {func(a *DatabaseArgs) { a.KeyAlias = "alias/other" }, "none none none"},
	"BackupRetentionDays": {func(a *DatabaseArgs) { a.BackupRetentionDays = 3 }, "update update update"},
	"BackupWindow":        {func(a *DatabaseArgs) { a.BackupWindow = "05:00-06:00" }, "update update update"},
	"MaintenanceWindow": {
		func(a *DatabaseArgs) { a.MaintenanceWindow = "tue:05:00-tue:06:00" },
		"update update update",
	},
	"DeletionProtection": {func(a *DatabaseArgs) { a.DeletionProtection = false }, "update update update"},
	"SkipFinalSnapshot": {
		func(a *DatabaseArgs) { a.DeletionProtection, a.SkipFinalSnapshot = false, true },
		"update update update",
	},
	"FinalSnapshotSuffix": {
		func(a *DatabaseArgs) { a.FinalSnapshotSuffix = pulumi.String("2") },
		"update update update",
	},
	"FinalSnapshotIdentifier": {func(a *DatabaseArgs) { a.FinalSnapshotIdentifier = "last" }, "update update update"},
	"ApplyImmediately":        {func(a *DatabaseArgs) { a.ApplyImmediately = false }, "update update update"},
	"CaCertIdentifier": {
		func(a *DatabaseArgs) { a.CaCertIdentifier = "rds-ca-rsa4096-g1" },
		"update update none",
	},
	"MonitoringSeconds":       {func(a *DatabaseArgs) { a.MonitoringSeconds = 0 }, "update update none"},
	"PerformanceInsightsDays": {func(a *DatabaseArgs) { a.PerformanceInsightsDays = 7 }, "update update none"},
	"LogRetentionDays":        {func(a *DatabaseArgs) { a.LogRetentionDays = 7 }, "none none none"},
	"LogKmsKeyArn":            {func(a *DatabaseArgs) { a.LogKmsKeyArn = nil }, "none none none"},
	"ParameterPath":           {func(a *DatabaseArgs) { a.ParameterPath = "" }, "none none none"},
	"EventTopicArn":           {func(a *DatabaseArgs) { a.EventTopicArn = nil }, "none none none"},
	"Proxy":                   {func(a *DatabaseArgs) { a.Proxy = nil }, "none none none"},
	"UserTags": {
		func(a *DatabaseArgs) { a.UserTags = map[string]string{"owner": "me"} }, "none none none",
	},
	"Users": {func(a *DatabaseArgs) { a.Users = []string{"svc_other"} }, "none none none"},
	"CopyProvider": {
		func(a *DatabaseArgs) { a.CopyLocation, a.CopyKmsKeyArn = copyLocation, pulumi.String("arn:copy") },
		"none - -",
	},
	"RolePath":            {func(a *DatabaseArgs) { a.RolePath = "/" }, "none none none"},
	"PermissionsBoundary": {func(a *DatabaseArgs) { a.PermissionsBoundary = "" }, "none none none"},
	"Tags": {
		func(a *DatabaseArgs) { a.Tags = map[string]string{"owner": "me"} },
		"update update update",
	},
}

func changeKind(args *DatabaseArgs) *DatabaseArgs {
	next := map[DatabaseKind]DatabaseKind{
		DatabaseInstance:       DatabaseAurora,
		DatabaseMultiAzCluster: DatabaseInstance,
		DatabaseAurora:         DatabaseMultiAzCluster,
	}
	return fullDatabase(next[args.Kind], args.Engine)
}

func changeStorageType(args *DatabaseArgs) {
	args.StorageType = "aurora-iopt1"
	if args.Kind != DatabaseAurora {
		args.StorageType, args.Iops = "io2", 1000
	}
}

func TestChangesThatReplaceADatabaseAreTheDocumentedOnes(t *testing.T) {
	documented := fieldDocs(t, "database.go", "DatabaseArgs")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[DatabaseArgs]()) {
		// The provider decides the place; the copy's place and key change with its provider.
		if slices.Contains([]string{"Location", "CopyLocation", "CopyKmsKeyArn"}, field.Name) {
			continue
		}
		require.Contains(t, databaseChanges, field.Name, "say what changing it does")
		replaces := strings.Contains(databaseChanges[field.Name].effects, "replace")
		require.Equal(
			t,
			replaces,
			strings.Contains(documented[field.Name], "replaces the database"),
			"the documentation of %s",
			field.Name,
		)
	}
}

func TestWhatChangesDoToADatabase(t *testing.T) {
	for field, test := range databaseChanges {
		effects := strings.Fields(test.effects)
		for i, kind := range []DatabaseKind{DatabaseInstance, DatabaseMultiAzCluster, DatabaseAurora} {
			if effects[i] == "-" {
				continue
			}
			args := fullDatabase(kind, DatabasePostgres)
			before := registerDatabase(t, args)
			changed := fullDatabase(kind, DatabasePostgres)
			test.change(changed)
			got := effect(before, registerDatabase(t, changed))
			require.Equal(t, strings.TrimPrefix(effects[i], "none"), got, "%s of %s", field, kind)
		}
	}
}

// An upgrade needs both parameter groups for as long as it takes.
func TestAMajorVersionHasAParameterGroupOfItsOwn(t *testing.T) {
	for _, kind := range []DatabaseKind{DatabaseInstance, DatabaseAurora} {
		args := smallDatabase()
		args.Kind, args.EngineVersion = kind, "16.6"
		before := registerDatabase(t, args)
		args.EngineVersion = "17.4"
		after := registerDatabase(t, args)
		family := map[DatabaseKind]string{DatabaseInstance: "postgres", DatabaseAurora: "aurora-postgresql"}[kind]
		require.Contains(t, before.resources, "database-parameter-group-"+family+"16")
		require.NotContains(t, before.resources, "database-parameter-group-"+family+"17")
		require.Contains(t, after.resources, "database-parameter-group-"+family+"17")
		require.NotEqual(
			t,
			before.inputs(t, "database-parameter-group-"+family+"16")["name"],
			after.inputs(t, "database-parameter-group-"+family+"17")["name"],
		)
	}
}

// fieldDocs returns the comments of a struct's fields, in one line each.
func fieldDocs(t *testing.T, path, structName string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	require.NoError(t, err)
	docs := map[string]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, is := node.(*ast.TypeSpec)
		if !is || spec.Name.Name != structName {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			for _, name := range field.Names {
				docs[name.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
			}
		}
		return false
	})
	require.NotEmpty(t, docs)
	return docs
}
