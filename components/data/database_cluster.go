package data

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newMultiAzCluster creates a Multi-AZ DB cluster, whose three instances RDS makes itself.
func (db *Database) newMultiAzCluster(ctx *pulumi.Context) error {
	args := db.clusterArgs()
	args.DbClusterInstanceClass = pulumi.String(db.args.InstanceClass)
	args.AllocatedStorage = pulumi.Int(db.args.AllocatedStorage)
	args.Iops = databaseCount(db.args.Iops)
	args.CaCertificateIdentifier = pulumi.String(db.args.CaCertIdentifier)
	args.MonitoringInterval = pulumi.Int(db.args.MonitoringSeconds)
	args.MonitoringRoleArn = db.parts.monitoringRoleArn
	args.PerformanceInsightsEnabled = pulumi.Bool(db.args.PerformanceInsights())
	if db.args.PerformanceInsights() {
		args.PerformanceInsightsKmsKeyId = databaseOptional(db.args.KmsKeyArn)
		args.PerformanceInsightsRetentionPeriod = pulumi.Int(db.args.PerformanceInsightsDays)
	}
	cluster, err := db.newCluster(ctx, args)
	if err != nil {
		return err
	}
	db.Endpoint, db.ReaderEndpoint = cluster.Endpoint, cluster.ReaderEndpoint
	return nil
}

// newAurora creates an Aurora cluster and its instances, of which one is the writer and the others can take its place.
func (db *Database) newAurora(ctx *pulumi.Context) error {
	args := db.clusterArgs()
	args.DeleteAutomatedBackups = pulumi.Bool(db.args.SkipFinalSnapshot)
	cluster, err := db.newCluster(ctx, args)
	if err != nil {
		return err
	}
	for i, identifier := range db.args.replicaIdentifiers() {
		instance, err := rds.NewClusterInstance(
			ctx,
			db.name+"-instance-"+strconv.Itoa(i+1),
			db.clusterInstanceArgs(cluster, identifier),
			pulumi.Parent(db),
		)
		if err != nil {
			return fmt.Errorf("creating instance %q: %w", identifier, err)
		}
		db.ReplicaIdentifiers = append(db.ReplicaIdentifiers, identifier)
		db.servers = append(db.servers, instance)
	}
	db.Endpoint = databaseOnceMade(cluster.Endpoint, db.servers)
	db.ReaderEndpoint = databaseOnceMade(cluster.ReaderEndpoint, db.servers)
	return nil
}

func (db *Database) clusterInstanceArgs(cluster *rds.Cluster, identifier string) *rds.ClusterInstanceArgs {
	args := &rds.ClusterInstanceArgs{
		Identifier:                 pulumi.String(identifier),
		ClusterIdentifier:          cluster.ClusterIdentifier,
		Engine:                     pulumi.String(db.flavor.engine),
		InstanceClass:              pulumi.String(db.args.InstanceClass),
		DbSubnetGroupName:          db.parts.subnetGroup,
		AutoMinorVersionUpgrade:    pulumi.Bool(true),
		ApplyImmediately:           pulumi.Bool(db.args.ApplyImmediately),
		PubliclyAccessible:         pulumi.Bool(false),
		CaCertIdentifier:           pulumi.String(db.args.CaCertIdentifier),
		PreferredMaintenanceWindow: pulumi.String(db.args.MaintenanceWindow),
		CopyTagsToSnapshot:         pulumi.Bool(true),
		MonitoringInterval:         pulumi.Int(db.args.MonitoringSeconds),
		MonitoringRoleArn:          db.parts.monitoringRoleArn,
		PerformanceInsightsEnabled: pulumi.Bool(db.args.PerformanceInsights()),
		Tags:                       pulumi.ToStringMap(db.args.Tags),
	}
	if db.args.PerformanceInsights() {
		args.PerformanceInsightsKmsKeyId = databaseOptional(db.args.KmsKeyArn)
		args.PerformanceInsightsRetentionPeriod = pulumi.Int(db.args.PerformanceInsightsDays)
	}
	return args
}

// clusterArgs returns what both kinds of clusters have in common.
func (db *Database) clusterArgs() *rds.ClusterArgs {
	return &rds.ClusterArgs{
		ClusterIdentifier:                pulumi.String(db.Identifier),
		Engine:                           pulumi.String(db.flavor.engine),
		EngineVersion:                    pulumi.String(db.args.EngineVersion),
		AllowMajorVersionUpgrade:         pulumi.Bool(db.args.AllowMajorVersionUpgrade),
		ApplyImmediately:                 pulumi.Bool(db.args.ApplyImmediately),
		StorageType:                      databaseText(db.args.StorageType),
		StorageEncrypted:                 pulumi.Bool(true),
		KmsKeyId:                         databaseOptional(db.args.KmsKeyArn),
		DatabaseName:                     pulumi.String(db.DatabaseName),
		MasterUsername:                   pulumi.String(db.Username),
		ManageMasterUserPassword:         pulumi.Bool(true),
		MasterUserSecretKmsKeyId:         databaseOptional(db.args.KmsKeyArn),
		Port:                             pulumi.Int(db.Port),
		DbSubnetGroupName:                db.parts.subnetGroup,
		VpcSecurityGroupIds:              db.args.SecurityGroupIds,
		DbClusterParameterGroupName:      db.parts.parameterGroup,
		IamDatabaseAuthenticationEnabled: pulumi.Bool(true),
		BackupRetentionPeriod:            pulumi.Int(db.args.BackupRetentionDays),
		PreferredBackupWindow:            pulumi.String(db.args.BackupWindow),
		PreferredMaintenanceWindow:       pulumi.String(db.args.MaintenanceWindow),
		CopyTagsToSnapshot:               pulumi.Bool(true),
		DeletionProtection:               pulumi.Bool(db.args.DeletionProtection),
		SkipFinalSnapshot:                pulumi.Bool(db.args.SkipFinalSnapshot),
		FinalSnapshotIdentifier:          db.args.finalSnapshot(),
		EnabledCloudwatchLogsExports:     pulumi.ToStringArray(db.flavor.logs),
		Tags:                             pulumi.ToStringMap(db.args.Tags),
	}
}

func (db *Database) newCluster(ctx *pulumi.Context, args *rds.ClusterArgs) (*rds.Cluster, error) {
	logs, err := db.newLogGroups(ctx, db.name, "cluster", db.Identifier)
	if err != nil {
		return nil, err
	}
	opts := []pulumi.ResourceOption{pulumi.Parent(db), logs, db.keepVersion()}
	if db.args.Iops == 0 {
		// RDS chooses the IOPS of gp3 and returns them, which the provider takes for a change at every update.
		opts = append(opts, pulumi.IgnoreChanges([]string{"iops"}))
	}
	cluster, err := rds.NewCluster(ctx, db.name+"-cluster", args, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating cluster %q: %w", db.Identifier, err)
	}
	db.Arn, db.ResourceId, db.readerId = cluster.Arn, cluster.ClusterResourceId, cluster.ClusterResourceId
	db.SecretArn = cluster.MasterUserSecrets.ApplyT(func(secrets []rds.ClusterMasterUserSecret) string {
		for _, secret := range secrets {
			if secret.SecretArn != nil {
				return *secret.SecretArn
			}
		}
		return ""
	}).(pulumi.StringOutput)
	db.servers = []pulumi.Resource{cluster}
	return cluster, nil
}
