package data

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/components/identity"
)

func TestDatabasesThatAreRefused(t *testing.T) {
	kind := func(kind DatabaseKind, change func(*DatabaseArgs)) func(*DatabaseArgs) {
		return func(args *DatabaseArgs) {
			args.Kind = kind
			change(args)
		}
	}
	for want, change := range map[string]func(*DatabaseArgs){
		`Location.Region: "mars"`:                    func(a *DatabaseArgs) { a.Location.Region = "mars" },
		`Identifier: "Lab"; use a lower-case letter`: func(a *DatabaseArgs) { a.Identifier = "Lab" },
		`Identifier: "a--b"`:                         func(a *DatabaseArgs) { a.Identifier = "a--b" },
		`then up to 49 of them`: func(a *DatabaseArgs) {
			a.Identifier = strings.Repeat(
				"a",
				51,
			)
		},
		`Kind: "serverless"; use one of ["instance"`:           func(a *DatabaseArgs) { a.Kind = "serverless" },
		`Engine: "oracle"; use one of ["postgres" "mysql"]`:    func(a *DatabaseArgs) { a.Engine = "oracle" },
		`EngineVersion: "latest" is not a version of postgres`: func(a *DatabaseArgs) { a.EngineVersion = "latest" },
		`"8.4" is not a version of aurora-mysql`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.Engine, a.EngineVersion = DatabaseMySQL, "8.4" },
		),
		`InstanceClass: "t4g.micro" is not an instance class`: func(a *DatabaseArgs) { a.InstanceClass = "t4g.micro" },
		`"db.t4g.large"; a Multi-AZ cluster needs a class`: kind(
			DatabaseMultiAzCluster,
			func(a *DatabaseArgs) { a.InstanceClass = "db.t4g.large" },
		),
		`"db.t4g.micro" is too small for Aurora`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.InstanceClass = "db.t4g.micro" },
		),
		`ReadReplicas: 6; use 0 to 5`: func(a *DatabaseArgs) { a.ReadReplicas = 6 },
		`ReadReplicas: 16; use 0 to 15`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.ReadReplicas = 16 },
		),
		`ReadReplicas: 1; a Multi-AZ cluster has two`: kind(
			DatabaseMultiAzCluster,
			func(a *DatabaseArgs) { a.ReadReplicas = 1 },
		),
		`AllocatedStorage: 19; use 20 to 65536 GiB`: func(a *DatabaseArgs) { a.AllocatedStorage = 19 },
		`AllocatedStorage: 99; use 100 to 65536 GiB`: func(a *DatabaseArgs) {
			a.StorageType, a.Iops, a.AllocatedStorage = "io2", 1000, 99
		},
		`AllocatedStorage: 20; Aurora allocates storage`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.AllocatedStorage = 20 },
		),
		`MaxAllocatedStorage: 100; Aurora allocates`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.MaxAllocatedStorage = 100 },
		),
		`MaxAllocatedStorage: 21; use 0, or 22 (a tenth`: func(a *DatabaseArgs) { a.MaxAllocatedStorage = 21 },
		`MaxAllocatedStorage: 65537`:                     func(a *DatabaseArgs) { a.MaxAllocatedStorage = 65537 },
		`MaxAllocatedStorage: 100; the storage of a Multi-AZ`: kind(DatabaseMultiAzCluster, func(a *DatabaseArgs) {
			a.MaxAllocatedStorage = 100
		}),
		`StorageType: "gp2"; use gp3, io1 or io2`: func(a *DatabaseArgs) { a.StorageType = "gp2" },
		`StorageType: "gp3"; on Aurora leave it empty`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.StorageType = "gp3" },
		),
		`Iops: 5000; gp3 below 400 GiB has 3000`: func(a *DatabaseArgs) { a.Iops = 5000 },
		`Iops: 5000; use 12000 to 64000 or 0 with gp3`: func(a *DatabaseArgs) {
			a.AllocatedStorage, a.Iops = 400, 5000
		},
		`Iops: 0; use 1000 to 256000, which io1 needs`: func(a *DatabaseArgs) {
			a.StorageType, a.AllocatedStorage = "io1", 100
		},
		`DatabaseName: ""; use a lower-case letter`: func(a *DatabaseArgs) { a.DatabaseName = "" },
		`DatabaseName: "mysql" is a word of mysql itself`: func(a *DatabaseArgs) {
			a.Engine, a.DatabaseName = DatabaseMySQL, "mysql"
		},
		`DatabaseName: "select" is a word of postgres itself`: func(a *DatabaseArgs) { a.DatabaseName = "select" },
		`"db.m6g.large"; a Multi-AZ cluster needs a class with local storage`: kind(
			DatabaseMultiAzCluster,
			func(a *DatabaseArgs) { a.InstanceClass = "db.m6g.large" },
		),
		`"db.m7g.large"; Aurora has no such class`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.InstanceClass = "db.m7g.large" },
		),
		`"db.r4.large"; Aurora has no such class`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.InstanceClass = "db.r4.large" },
		),
		`"db.r5b.large"; Aurora has no such class`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.InstanceClass = "db.r5b.large" },
		),
		`"db.t4g.xlarge"; Aurora has medium and large ones of t4g`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.InstanceClass = "db.t4g.xlarge" },
		),
		`"db.t3a.micro"; EC2 has such instances, and RDS none`: func(a *DatabaseArgs) {
			a.InstanceClass = "db.t3a.micro"
		},
		`"db.t4g.nano"; EC2 has such instances, and RDS none`: func(a *DatabaseArgs) {
			a.InstanceClass = "db.t4g.nano"
		},
		`"db.m7g.medium"; EC2 has such instances, and RDS none`: func(a *DatabaseArgs) {
			a.InstanceClass = "db.m7g.medium"
		},
		`"db.c7g.large"; EC2 has such instances, and RDS none`: func(a *DatabaseArgs) {
			a.Engine, a.InstanceClass = DatabaseMySQL, "db.c7g.large"
		},
		`"db.t2.micro"; RDS has had no PostgreSQL on it`: func(a *DatabaseArgs) { a.InstanceClass = "db.t2.micro" },
		`"db.r6gd.xlarge"; Aurora MySQL has no classes with local storage`: kind(
			DatabaseAurora,
			func(a *DatabaseArgs) { a.Engine, a.InstanceClass = DatabaseMySQL, "db.r6gd.xlarge" },
		),
		`Username: "lab-admin"; use a lower-case letter`: func(a *DatabaseArgs) { a.Username = "lab-admin" },
		`then up to 15 of them`: func(a *DatabaseArgs) {
			a.Engine, a.Username = DatabaseMySQL, strings.Repeat("u", 17)
		},
		`Username: "postgres" is reserved or easily guessed`: func(a *DatabaseArgs) { a.Username = "postgres" },
		`Port: 80; use 1150 to 65535`:                        func(a *DatabaseArgs) { a.Port = 80 },
		`Parameters: "a b" is not a name of a parameter`: func(a *DatabaseArgs) {
			a.Parameters = map[string]string{"a b": "1"}
		},
		`Parameters: rds.force_ssl is 1 in any case`: func(a *DatabaseArgs) {
			a.Parameters = map[string]string{"rds.force_ssl": "0"}
		},
		`SubnetIds: it is missing`:        func(a *DatabaseArgs) { a.SubnetIds = nil },
		`SecurityGroupIds: it is missing`: func(a *DatabaseArgs) { a.SecurityGroupIds = nil },
		`KeyAlias: give both KmsKeyArn and KeyAlias`: func(a *DatabaseArgs) {
			a.KmsKeyArn = pulumi.String(
				"arn:key",
			)
		},
		`KeyAlias: "data" is not an alias`: func(a *DatabaseArgs) {
			a.KmsKeyArn, a.KeyAlias = pulumi.String("arn:key"), "data"
		},
		`BackupRetentionDays: 36; use 1 to 35 days`:   func(a *DatabaseArgs) { a.BackupRetentionDays = 36 },
		`BackupWindow: "night" is not a window`:       func(a *DatabaseArgs) { a.BackupWindow = "night" },
		`MaintenanceWindow: "sunday" is not a window`: func(a *DatabaseArgs) { a.MaintenanceWindow = "sunday" },
		`MaintenanceWindow: sun:03:30-sun:04:30 overlaps BackupWindow, 03:00-04:00`: func(a *DatabaseArgs) {
			a.BackupWindow, a.MaintenanceWindow = "03:00-04:00", "sun:03:30-sun:04:30"
		},
		`SkipFinalSnapshot: it is true, and so is DeletionProtection`: func(a *DatabaseArgs) {
			a.SkipFinalSnapshot, a.DeletionProtection = true, true
		},
		`FinalSnapshotIdentifier: "last", and SkipFinalSnapshot`: func(a *DatabaseArgs) {
			a.SkipFinalSnapshot, a.FinalSnapshotIdentifier = true, "last"
		},
		`FinalSnapshotIdentifier: "last-"; use a letter`: func(a *DatabaseArgs) {
			a.FinalSnapshotIdentifier = "last-"
		},
		`MonitoringSeconds: 2; use one of [0 1 5 10 15 30 60]`: func(a *DatabaseArgs) { a.MonitoringSeconds = 2 },
		`PerformanceInsightsDays: 30; use 7, 731 or a multiple of 31`: func(a *DatabaseArgs) {
			a.PerformanceInsightsDays = 30
		},
		`LogRetentionDays: 31; CloudWatch offers [1 3 5`: func(a *DatabaseArgs) { a.LogRetentionDays = 31 },
		`Users: 0 users; a proxy is for 1 to 200`:        func(a *DatabaseArgs) { a.Proxy = &DatabaseProxy{} },
		`Users[0]: "x;" is not a name of a database user`: func(a *DatabaseArgs) {
			a.Proxy, a.Users = &DatabaseProxy{}, []string{"x;"}
		},
		`Proxy.SecurityGroupIds: it is missing`: func(a *DatabaseArgs) { a.Proxy = &DatabaseProxy{} },
		`Proxy.IdleClientTimeout: 28801; use 1 to 28800 seconds`: func(a *DatabaseArgs) {
			a.Proxy = &DatabaseProxy{IdleClientTimeout: 28801}
		},
		`Proxy.MaxConnectionsPercent: 101; use 1 to 100`: func(a *DatabaseArgs) {
			a.Proxy = &DatabaseProxy{MaxConnectionsPercent: 101}
		},
		`CopyLocation: "eu-west-1" is the database's own region`: func(a *DatabaseArgs) {
			a.CopyLocation = databaseLocation
		},
		`CopyLocation: Location.AccountId: ""`: func(a *DatabaseArgs) {
			a.CopyLocation = identity.Location{Partition: "aws", Region: "eu-central-1"}
		},
		`CopyKmsKeyArn: it is missing`: func(a *DatabaseArgs) { a.CopyLocation.Region = "eu-central-1" },
		`RDS copies automated backups of instances only, not of "aurora"`: kind(DatabaseAurora, func(a *DatabaseArgs) {
			a.CopyLocation.Region = "eu-central-1"
		}),
	} {
		args := smallDatabase()
		change(args)
		g, err := tryDatabase(t, args)
		require.ErrorContains(t, err, want)
		delete(g.resources, "copy") // the provider is the test's
		require.Empty(t, g.resources, "nothing is registered: %s", want)
	}
}

func TestAllProblemsOfADatabaseAreReportedTogether(t *testing.T) {
	_, err := tryDatabase(
		t,
		&DatabaseArgs{Location: databaseLocation, Identifier: "lab", Port: 1, BackupRetentionDays: 99},
	)
	for _, want := range []string{
		`database "database"`,
		"DatabaseName",
		"Port",
		"SubnetIds",
		"SecurityGroupIds",
		"BackupRetentionDays",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = tryDatabase(t, nil)
	require.ErrorContains(t, err, "Location.Region")
}

func TestDatabasesThatAreAllowed(t *testing.T) {
	for name, change := range map[string]func(*DatabaseArgs){
		"MySQL 8.0": func(a *DatabaseArgs) { a.Engine, a.EngineVersion = DatabaseMySQL, "8.0.42" },
		"a version of Aurora MySQL": func(a *DatabaseArgs) {
			a.Kind, a.Engine, a.EngineVersion = DatabaseAurora, DatabaseMySQL, "8.0.mysql_aurora.3.08.2"
		},
		"Aurora, I/O optimized": func(a *DatabaseArgs) { a.Kind, a.StorageType = DatabaseAurora, "aurora-iopt1" },
		"provisioned IOPS":      func(a *DatabaseArgs) { a.StorageType, a.AllocatedStorage, a.Iops = "io2", 100, 1000 },
		"IOPS of striped gp3":   func(a *DatabaseArgs) { a.AllocatedStorage, a.Iops = 400, 12000 },
		"local storage": func(a *DatabaseArgs) {
			a.Kind, a.InstanceClass = DatabaseMultiAzCluster, "db.r6gd.large"
		},
		"Aurora with local storage": func(a *DatabaseArgs) {
			a.Kind, a.InstanceClass = DatabaseAurora, "db.r6gd.xlarge"
		},
		"a database named as all have": func(a *DatabaseArgs) { a.DatabaseName = "postgres" },
		"windows that touch":           func(a *DatabaseArgs) { a.MaintenanceWindow = "mon:02:00-mon:02:30" },
		"two years of insights":        func(a *DatabaseArgs) { a.PerformanceInsightsDays = 731 },
		"23 months of insights":        func(a *DatabaseArgs) { a.PerformanceInsightsDays = 23 * 31 },
		"storage that grows by enough": func(a *DatabaseArgs) { a.MaxAllocatedStorage = 22 },
	} {
		args := smallDatabase()
		change(args)
		require.NoError(t, args.withDefaults().validate(), name)
	}
}

// Every name that follows from an identifier fits where it goes.
func TestDerivedNamesOfDatabasesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := smallDatabase()
		args.Identifier = rapid.StringMatching(`[a-z][a-z0-9]{0,49}`).Draw(t, "identifier")
		args.Kind = rapid.SampledFrom([]DatabaseKind{DatabaseInstance, DatabaseAurora}).Draw(t, "kind")
		args.ReadReplicas = rapid.IntRange(0, 5).Draw(t, "replicas")
		args.MultiAz = rapid.Bool().Draw(t, "multi-az")
		require.NoError(t, args.withDefaults().validate())

		identifiers := args.withDefaults().replicaIdentifiers()
		want := map[DatabaseKind]int{
			DatabaseInstance: args.ReadReplicas,
			DatabaseAurora:   1 + args.ReadReplicas,
		}[args.Kind]
		if args.Kind == DatabaseAurora && args.MultiAz {
			want = max(2, want)
		}
		require.Len(t, identifiers, want)
		for _, identifier := range identifiers {
			require.LessOrEqual(t, len(identifier), 63)
		}
		require.LessOrEqual(t, len(args.monitoringRole().Name), 64)
		require.LessOrEqual(t, len(args.proxyRole().Name), 64)
	})
}

func TestPerformanceInsightsWhereTheClassHasThem(t *testing.T) {
	for want, databases := range map[bool][]DatabaseArgs{
		true: {
			{},
			{Kind: DatabaseAurora},
			{Kind: DatabaseMultiAzCluster, Engine: DatabaseMySQL},
			{Engine: DatabaseMySQL, InstanceClass: "db.t4g.medium"},
			{Kind: DatabaseAurora, Engine: DatabaseMySQL, InstanceClass: "db.r7g.large"},
		},
		false: {
			{Engine: DatabaseMySQL},
			{Engine: DatabaseMySQL, InstanceClass: "db.t3.small"},
			{Kind: DatabaseAurora, Engine: DatabaseMySQL},
		},
	} {
		for _, args := range databases {
			require.Equal(t, want, args.PerformanceInsights(), "%+v", args)
		}
	}
}

func TestOwnParametersAreStaticAndKeepTLS(t *testing.T) {
	parameters := mysqlFlavor.allParameters(map[string]string{"long_query_time": "5", "innodb_log_file_size": "1"})
	require.Equal(t, []databaseParameter{
		{"innodb_log_file_size", "1", true},
		{"log_output", "FILE", false},
		{"long_query_time", "5", true},
		{"require_secure_transport", "1", false},
		{"slow_query_log", "1", false},
	}, parameters)
}
