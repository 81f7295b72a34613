package data

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newInstances creates an instance and its read replicas.
func (db *Database) newInstances(ctx *pulumi.Context) error {
	args := db.instanceArgs()
	args.Identifier = pulumi.String(db.Identifier)
	args.DbSubnetGroupName = db.parts.subnetGroup
	args.KmsKeyId = databaseOptional(db.args.KmsKeyArn)
	args.Engine = pulumi.String(db.flavor.engine)
	args.EngineVersion = pulumi.String(db.args.EngineVersion)
	args.MultiAz = pulumi.Bool(db.args.MultiAz)
	args.DbName = pulumi.String(db.DatabaseName)
	args.Username = pulumi.String(db.Username)
	args.BackupRetentionPeriod = pulumi.Int(db.args.BackupRetentionDays)
	args.BackupWindow = pulumi.String(db.args.BackupWindow)
	args.DeleteAutomatedBackups = pulumi.Bool(db.args.SkipFinalSnapshot)
	args.SkipFinalSnapshot = pulumi.Bool(db.args.SkipFinalSnapshot)
	args.FinalSnapshotIdentifier = db.args.finalSnapshot()
	if db.SecretName == "" {
		args.ManageMasterUserPassword = pulumi.Bool(true)
		args.MasterUserSecretKmsKeyId = databaseOptional(db.args.KmsKeyArn)
	} else {
		password, err := db.newSecret(ctx)
		if err != nil {
			return err
		}
		args.Password = password
	}
	logs, err := db.newLogGroups(ctx, db.name, "instance", db.Identifier)
	if err != nil {
		return err
	}
	instance, err := rds.NewInstance(ctx, db.name+"-instance", args, pulumi.Parent(db), logs, db.keepVersion())
	if err != nil {
		return fmt.Errorf("creating instance %q: %w", db.Identifier, err)
	}
	if db.SecretName == "" {
		db.SecretArn = managedSecretArn(instance)
	}
	db.Arn, db.ResourceId, db.readerId = instance.Arn, instance.ResourceId, instance.ResourceId
	db.Endpoint, db.ReaderEndpoint = instance.Address, instance.Address
	db.servers = []pulumi.Resource{instance}
	if err := db.newReplicas(ctx, instance); err != nil {
		return err
	}
	return db.newBackupCopy(ctx, instance)
}

func (db *Database) keepVersion() pulumi.ResourceOption {
	if db.args.KeepVersion {
		return pulumi.IgnoreChanges([]string{"engineVersion"})
	}
	return pulumi.IgnoreChanges(nil)
}

// instanceArgs returns what an instance and its replicas have in common.
func (db *Database) instanceArgs() *rds.InstanceArgs {
	args := &rds.InstanceArgs{
		InstanceClass:                    pulumi.String(db.args.InstanceClass),
		AllowMajorVersionUpgrade:         pulumi.Bool(db.args.AllowMajorVersionUpgrade),
		AutoMinorVersionUpgrade:          pulumi.Bool(true),
		ApplyImmediately:                 pulumi.Bool(db.args.ApplyImmediately),
		AllocatedStorage:                 pulumi.Int(db.args.AllocatedStorage),
		MaxAllocatedStorage:              databaseCount(db.args.MaxAllocatedStorage),
		StorageType:                      pulumi.String(db.args.StorageType),
		Iops:                             databaseCount(db.args.Iops),
		StorageEncrypted:                 pulumi.Bool(true),
		Port:                             pulumi.Int(db.Port),
		PubliclyAccessible:               pulumi.Bool(false),
		VpcSecurityGroupIds:              db.args.SecurityGroupIds,
		ParameterGroupName:               db.parts.parameterGroup,
		CaCertIdentifier:                 pulumi.String(db.args.CaCertIdentifier),
		IamDatabaseAuthenticationEnabled: pulumi.Bool(true),
		MaintenanceWindow:                pulumi.String(db.args.MaintenanceWindow),
		CopyTagsToSnapshot:               pulumi.Bool(true),
		DeletionProtection:               pulumi.Bool(db.args.DeletionProtection),
		EnabledCloudwatchLogsExports:     pulumi.ToStringArray(db.flavor.logs),
		MonitoringInterval:               pulumi.Int(db.args.MonitoringSeconds),
		MonitoringRoleArn:                db.parts.monitoringRoleArn,
		PerformanceInsightsEnabled:       pulumi.Bool(db.args.PerformanceInsights()),
		Tags:                             pulumi.ToStringMap(db.args.Tags),
	}
	if db.args.isStriped() {
		args.StorageThroughput = pulumi.Int(stripedThroughput)
	}
	if db.args.PerformanceInsights() {
		args.PerformanceInsightsKmsKeyId = databaseOptional(db.args.KmsKeyArn)
		args.PerformanceInsightsRetentionPeriod = pulumi.Int(db.args.PerformanceInsightsDays)
	}
	return args
}

// newReplicas creates read replicas in the region of their source. They take over engine, user, key and subnet group
// from it, and RDS refuses to be told them; nor do they have backups or a last snapshot of their own. They begin with
// the storage of their source, whatever they are told, of which the provider warns; but RDS does not let it grow with
// the source's, and a replica that is full stops to replicate.
func (db *Database) newReplicas(ctx *pulumi.Context, source *rds.Instance) error {
	for i, identifier := range db.args.replicaIdentifiers() {
		name := db.name + "-replica-" + strconv.Itoa(i+1)
		logs, err := db.newLogGroups(ctx, name, "instance", identifier)
		if err != nil {
			return err
		}
		args := db.instanceArgs()
		args.Identifier = pulumi.String(identifier)
		args.ReplicateSourceDb = source.Identifier
		args.EngineVersion = databaseText(db.args.ReplicaVersion)
		if storage := db.args.SourceStorage; storage > 0 && i >= db.args.ReplicasBefore {
			args.AllocatedStorage = pulumi.Int(storage)
			if storage < stripedGiB {
				args.Iops, args.StorageThroughput = nil, nil
			}
		}
		args.SkipFinalSnapshot = pulumi.Bool(true)
		replica, err := rds.NewInstance(ctx, name, args, pulumi.Parent(db), logs)
		if err != nil {
			return fmt.Errorf("creating read replica %q: %w", identifier, err)
		}
		if i == 0 {
			db.ReaderEndpoint, db.readerId = replica.Address, replica.ResourceId
		}
		db.ReplicaIdentifiers = append(db.ReplicaIdentifiers, identifier)
		db.servers = append(db.servers, replica)
	}
	return nil
}

// newBackupCopy keeps the automated backups in another region too. There can be one such copy of a database in a
// region, and what it has of backups stays there for their time when it is replaced.
func (db *Database) newBackupCopy(ctx *pulumi.Context, source *rds.Instance) error {
	if db.args.CopyProvider == nil {
		return nil
	}
	_, err := rds.NewInstanceAutomatedBackupsReplication(
		ctx,
		db.name+"-backup-copy",
		&rds.InstanceAutomatedBackupsReplicationArgs{
			SourceDbInstanceArn: source.Arn,
			KmsKeyId:            databaseOptional(db.args.CopyKmsKeyArn),
			RetentionPeriod:     pulumi.Int(db.args.BackupRetentionDays),
		},
		pulumi.Parent(db),
		pulumi.Provider(db.args.CopyProvider),
		pulumi.DeleteBeforeReplace(true),
	)
	if err != nil {
		return fmt.Errorf("copying the backups of %q to %s: %w", db.Identifier, db.args.CopyLocation.Region, err)
	}
	return nil
}

// managedSecretArn returns that of the secret RDS manages, of which an instance has one.
func managedSecretArn(instance *rds.Instance) pulumi.StringOutput {
	return instance.MasterUserSecrets.ApplyT(func(secrets []rds.InstanceMasterUserSecret) string {
		for _, secret := range secrets {
			if secret.SecretArn != nil {
				return *secret.SecretArn
			}
		}
		return ""
	}).(pulumi.StringOutput)
}
