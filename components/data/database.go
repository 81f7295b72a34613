package data

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// DatabaseKind is how many servers a database has and how they share its data.
type DatabaseKind string

// The kinds of databases.
const (
	// one instance, with a standby when MultiAz, and read replicas
	DatabaseInstance       DatabaseKind = "instance"
	DatabaseMultiAzCluster DatabaseKind = "multiAzCluster" // a writer and two readable standbys in three zones
	DatabaseAurora         DatabaseKind = "aurora"         // instances over one storage that is in three zones
)

// DatabaseEngine is the SQL that a database speaks.
type DatabaseEngine string

// The engines.
const (
	DatabasePostgres DatabaseEngine = "postgres"
	DatabaseMySQL    DatabaseEngine = "mysql"
)

// DatabaseArgs describe a database. What has a default may be left out.
type DatabaseArgs struct {
	Location identity.Location
	// Identifier is the name in RDS, at most 50 lower-case letters, digits and hyphens. Changing it replaces the
	// database when it is a cluster; of an instance RDS refuses it, as it would have to move to another subnet group of
	// its VPC.
	Identifier string
	// Kind is by default DatabaseInstance. Changing it replaces the database.
	Kind DatabaseKind
	// Engine is by default DatabasePostgres. Changing it replaces the database.
	Engine DatabaseEngine
	// EngineVersion is by default PostgreSQL 17 or MySQL 8.4, on Aurora PostgreSQL 17 or MySQL 8.0. Without its minor
	// part, RDS chooses that. Minor versions are upgraded in the maintenance window in any case.
	EngineVersion string
	// AllowMajorVersionUpgrade lets a changed EngineVersion upgrade to another major version, which stops the database
	// for a while and cannot be undone. RDS upgrades the read replicas of PostgreSQL with their source; those of MySQL
	// have to be removed for the time.
	AllowMajorVersionUpgrade bool
	// InstanceClass is by default db.t4g.micro, for a Multi-AZ cluster db.m6gd.large and on Aurora db.t4g.medium.
	InstanceClass string
	// MultiAz keeps another instance in a second zone to fail over to: a standby, or on Aurora a reader. A Multi-AZ
	// cluster has both in any case.
	MultiAz bool
	// ReadReplicas is the number of copies that can be read from: 0 to 5 of an instance and 0 to 15 on Aurora. A
	// Multi-AZ cluster has two and takes no more. See SecretName for what the first replica of an instance changes.
	ReadReplicas int

	// AllocatedStorage is in GiB, 20 (the default) to 65536. It only ever grows. Aurora allocates by itself.
	AllocatedStorage int
	// MaxAllocatedStorage lets the storage of an instance grow by itself up to so many GiB. 0 means that it does not.
	MaxAllocatedStorage int
	// StorageType is gp3 (the default), io1 or io2. On Aurora it is empty or aurora-iopt1. Changing it replaces the
	// database when it is a Multi-AZ cluster.
	StorageType string
	// Iops are those of io1 and io2, which need them, and of gp3 from 400 GiB on, by default 12000.
	Iops int

	// DatabaseName is that of the first database. Changing it replaces the database.
	DatabaseName string
	// Username is that of the master user, by default dbadmin. Changing it replaces the database.
	Username string
	// Port is by default the engine's: 5432 or 3306. A Multi-AZ cluster keeps the one it is created with.
	Port int
	// Parameters are set in the parameter group besides those of the lab: TLS only, and logs of connections and of
	// statements slower than a second. Static ones take effect at the next reboot.
	Parameters map[string]string

	// SubnetIds are those of the data tier, in two zones or more; a Multi-AZ cluster needs three.
	SubnetIds        pulumi.StringArrayInput
	SecurityGroupIds pulumi.StringArrayInput

	// KmsKeyArn encrypts storage, backups, Performance Insights and the secret. Nil means AWS's own keys. Changing it
	// replaces the database.
	KmsKeyArn pulumi.StringInput
	// KeyAlias is the alias (alias/...) of that key, by which the proxy's role finds it.
	KeyAlias string

	// BackupRetentionDays is for how long the database can be restored to any second, 1 to 35. Default: 7.
	BackupRetentionDays int
	// BackupWindow is when the daily snapshot is taken, in UTC. Default: 02:30-03:00.
	BackupWindow string
	// MaintenanceWindow is when RDS may change and restart servers, in UTC. Default:
	// sun:03:00-sun:03:30. AWS Backup begins no backup of an RDS database in either, nor in the hour before.
	MaintenanceWindow string
	// DeletionProtection refuses to delete the database.
	DeletionProtection bool
	// FinalSnapshotSuffix is put behind FinalSnapshotIdentifier, so that a database that is created again can leave
	// another snapshot: what is different then, such as the first part of the id of a KMS key of the same stack. Nil
	// means none.
	FinalSnapshotSuffix pulumi.StringInput
	// SkipFinalSnapshot deletes the database and its automated backups without a last snapshot.
	SkipFinalSnapshot bool
	// FinalSnapshotIdentifier names the last snapshot, by default after Identifier: <identifier>-final. RDS refuses to
	// delete the database while a snapshot of an earlier one has the name.
	FinalSnapshotIdentifier string
	// KeepVersion leaves the version as it is: RDS upgrades minor versions by itself, and an EngineVersion that names
	// the one of before would ask for a downgrade. It is for updates that do not mean to change the version.
	KeepVersion bool
	// ReplicaVersion upgrades the read replicas of an instance, and empty leaves them as they are: RDS upgrades a
	// PostgreSQL database to another minor version, and a MySQL database to any, only after its replicas. The next
	// update, with this as EngineVersion, upgrades the database. A replica begins with the version of its source.
	ReplicaVersion string
	// SourceStorage is what an instance has until its maintenance window, in GiB, where that is less than
	// AllocatedStorage, and 0 otherwise. Replicas after the first ReplicasBefore, which are there, begin with it.
	SourceStorage, ReplicasBefore int
	// ApplyImmediately applies changes at once, with a restart where they need one, and not in the maintenance window.
	ApplyImmediately bool
	// CaCertIdentifier is the authority of the servers' certificates, by default rds-ca-rsa2048-g1.
	CaCertIdentifier string

	// MonitoringSeconds is the interval of enhanced monitoring: 1, 5, 10, 15, 30 or 60. 0 turns it off.
	MonitoringSeconds int
	// PerformanceInsightsDays is how long Performance Insights keeps what it saw: 7 (the default, which costs nothing),
	// a multiple of 31 up to 713, or 731. Classes that cannot have it go without; see
	// [DatabaseArgs.PerformanceInsights].
	PerformanceInsightsDays int
	// LogRetentionDays is one of the periods CloudWatch Logs knows. Default: 365 (FSBP CloudWatch.16).
	LogRetentionDays int
	// LogKmsKeyArn encrypts the log groups. Nil means CloudWatch's own key.
	LogKmsKeyArn pulumi.StringPtrInput
	// ParameterPath begins the names of parameters of Systems Manager that say where the database is, such as /shop/db;
	// see [DatabaseParameter]. Empty means none.
	ParameterPath string
	// EventTopicArn is the SNS topic that receives failovers, failures, low storage, maintenance and changes. Nil means
	// that they are not reported.
	EventTopicArn pulumi.StringInput

	// Proxy puts RDS Proxy in front. Nil means none.
	Proxy *DatabaseProxy
	// Users are those that services sign in as with IAM. Who signs in as the master user creates them. A proxy needs
	// one or more; see [DatabaseArgs.UserSecretName].
	Users []string
	// UserTags are those of the users' secrets, by default Tags. What is in the secrets can be made again.
	UserTags map[string]string

	// CopyProvider, of another region, keeps a copy of an instance's automated backups there. Nil means no copy.
	CopyProvider pulumi.ProviderResource
	// CopyLocation is that region.
	CopyLocation identity.Location
	// CopyKmsKeyArn is a key in that region. Changing it copies the backups again.
	CopyKmsKeyArn pulumi.StringInput

	// RolePath and PermissionsBoundary are for the roles of monitoring and proxy; empty means "/" and none.
	RolePath, PermissionsBoundary string
	Tags                          map[string]string
}

// DatabaseSignIn says what the users of a database sign in to.
type DatabaseSignIn string

// A database has the first, or the first two, or the third.
const (
	ToDatabase DatabaseSignIn = "database"
	ToReader   DatabaseSignIn = "database-reader"
	ToProxy    DatabaseSignIn = "database-proxy"
)

// Database is a relational database on RDS. Its type token is awslab:data:Database.
type Database struct {
	pulumi.ResourceState

	// Arn is that of the instance or of the cluster.
	Arn pulumi.StringOutput `pulumi:"arn"`
	// ResourceId is what rds-db:connect knows the database by: db-... or cluster-....
	ResourceId pulumi.StringOutput `pulumi:"resourceId"`
	// Endpoint is the host to write to. It becomes known once there is an instance that answers.
	Endpoint pulumi.StringOutput `pulumi:"endpoint"`
	// ReaderEndpoint is a host to read from: the first replica, or the cluster's readers, or without any the writer
	// itself.
	ReaderEndpoint pulumi.StringOutput `pulumi:"readerEndpoint"`
	// ProxyEndpoint is the proxy's host. It is empty without a proxy.
	ProxyEndpoint pulumi.StringOutput `pulumi:"proxyEndpoint"`
	// SecretArn is the secret with the master user's name and password, {"username": ..., "password": ...}.
	SecretArn pulumi.StringOutput `pulumi:"secretArn"`
	// SignInIds are those by which rds-db:connect knows what Users sign in to: that of the proxy, if there is one, or
	// else those of the database and of the replica at ReaderEndpoint. Which there are is known in preview.
	SignInIds map[DatabaseSignIn]pulumi.StringOutput

	// Identifier, Engine, DatabaseName, Username, Port and SecretName are as in the arguments, known in preview.
	Identifier, DatabaseName, Username, SecretName string
	Engine                                         DatabaseEngine
	Port                                           int
	// SubnetGroupName is that of the subnet group that all servers are in, known in preview.
	SubnetGroupName string
	// Parameters are those below ParameterPath.
	Parameters []pulumi.Resource
	// ReplicaIdentifiers are the names of the read replicas, on Aurora of all instances.
	ReplicaIdentifiers []string

	args   *DatabaseArgs // with defaults
	flavor databaseFlavor
	name   string
	// readerId is the ResourceId of what answers at ReaderEndpoint.
	readerId pulumi.StringOutput
	// servers are what has to be there before the database answers.
	servers []pulumi.Resource
	// parts are the settings that all servers share.
	parts databaseParts
}

// ServerIdentifiers returns those of the three instances of a Multi-AZ cluster, which RDS names after it ("Creating a
// Multi-AZ DB cluster", RDS user guide). Other kinds have none that go without a resource of their own.
func (db *Database) ServerIdentifiers() []string {
	if db.args.Kind != DatabaseMultiAzCluster {
		return nil
	}
	return []string{db.Identifier + "-instance-1", db.Identifier + "-instance-2", db.Identifier + "-instance-3"}
}

// NewDatabase creates a database.
func NewDatabase(
	ctx *pulumi.Context,
	name string,
	args *DatabaseArgs,
	opts ...pulumi.ResourceOption,
) (*Database, error) {
	if args == nil {
		args = &DatabaseArgs{}
	}
	args = args.withDefaults()
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	db := &Database{
		Identifier:   args.Identifier,
		DatabaseName: args.DatabaseName,
		Username:     args.Username,
		SecretName:   args.SecretName(),
		Engine:       args.Engine,
		Port:         args.Port,
		args:         args,
		flavor:       args.flavor(),
		name:         name,
	}
	if err := ctx.RegisterComponentResource("awslab:data:Database", name, db, opts...); err != nil {
		return nil, fmt.Errorf("registering database %q: %w", name, err)
	}
	db.ProxyEndpoint = pulumi.String("").ToStringOutput() // registering makes new outputs
	if err := db.make(ctx); err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	if err := ctx.RegisterResourceOutputs(db, pulumi.Map{
		"arn": db.Arn, "resourceId": db.ResourceId, "endpoint": db.Endpoint, "readerEndpoint": db.ReaderEndpoint,
		"proxyEndpoint": db.ProxyEndpoint, "secretArn": db.SecretArn,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of database %q: %w", name, err)
	}
	return db, nil
}

func (db *Database) make(ctx *pulumi.Context) error {
	if err := db.newParts(ctx); err != nil {
		return err
	}
	servers := db.newInstances
	switch db.args.Kind {
	case DatabaseMultiAzCluster:
		servers = db.newMultiAzCluster
	case DatabaseAurora:
		servers = db.newAurora
	}
	if err := servers(ctx); err != nil {
		return err
	}
	db.SignInIds = map[DatabaseSignIn]pulumi.StringOutput{ToDatabase: db.ResourceId}
	if db.args.readerIsReplica() {
		db.SignInIds[ToReader] = db.readerId
	}
	return errors.Join(db.newProxy(ctx), db.newEventSubscriptions(ctx), db.newParameters(ctx))
}

// readerIsReplica reports whether what answers at ReaderEndpoint is another instance than the database, with a resource
// id of its own. A cluster has one id for all.
func (args *DatabaseArgs) readerIsReplica() bool { return !args.isCluster() && args.ReadReplicas > 0 }

// isCluster reports whether RDS knows the database as a DB cluster.
func (args *DatabaseArgs) isCluster() bool { return args.Kind != DatabaseInstance && args.Kind != "" }

// replicaIdentifiers returns the names of an instance's replicas, or of all of Aurora's instances, which change places.
func (args *DatabaseArgs) replicaIdentifiers() []string {
	count, infix := args.ReadReplicas, "-replica-"
	switch {
	case args.Kind == DatabaseMultiAzCluster:
		return nil
	case args.Kind == DatabaseAurora && args.MultiAz:
		count, infix = 1+max(1, args.ReadReplicas), "-"
	case args.Kind == DatabaseAurora:
		count, infix = 1+args.ReadReplicas, "-"
	}
	var identifiers []string
	for i := range count {
		identifiers = append(identifiers, args.Identifier+infix+strconv.Itoa(i+1))
	}
	return identifiers
}

// finalSnapshot is nil when there is none, as RDS requires it.
func (args *DatabaseArgs) finalSnapshot() pulumi.StringPtrInput {
	if args.SkipFinalSnapshot {
		return nil
	}
	if args.FinalSnapshotSuffix == nil {
		return pulumi.String(args.FinalSnapshotIdentifier)
	}
	return pulumi.Sprintf("%s-%s", args.FinalSnapshotIdentifier, args.FinalSnapshotSuffix).ToStringPtrOutput()
}

func databaseOptional(value pulumi.StringInput) pulumi.StringPtrInput {
	if value == nil {
		return nil
	}
	return value.ToStringOutput().ToStringPtrOutput()
}

func databaseText(value string) pulumi.StringPtrInput {
	if value == "" {
		return nil
	}
	return pulumi.String(value)
}

func databaseCount(value int) pulumi.IntPtrInput {
	if value == 0 {
		return nil
	}
	return pulumi.Int(value)
}

// databaseOnceMade returns a value that becomes known only when resources have been made.
func databaseOnceMade(value pulumi.StringOutput, resources []pulumi.Resource) pulumi.StringOutput {
	all := []any{value}
	for _, resource := range resources {
		all = append(all, resource.(pulumi.CustomResource).ID())
	}
	return pulumi.All(all...).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
}
