package data

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// newCopy creates the copy and the role that S3 fills it as.
func (component *Bucket) newCopy(ctx *pulumi.Context, name string, args *BucketArgs, from *protectedBucket) error {
	replica := args.Copy
	store := args.store()
	store.location, store.name, store.kmsKeyArn = replica.Location, replica.Name, replica.KmsKeyArn
	store.logBucket, store.statements, store.tags = replica.LogBucket, nil, replica.Tags
	to, err := newProtectedBucket(ctx, name+"-copy", store, pulumi.Parent(component), pulumi.Provider(replica.Provider))
	if err != nil {
		return err
	}
	role, err := identity.NewRole(ctx, name+"-replicator", &identity.RoleArgs{
		Name:                replica.RoleName,
		Description:         fmt.Sprintf("Replicates bucket %s to %s", args.Name, replica.Location.Region),
		Trust:               identity.AccountTrust("s3.amazonaws.com", args.Location.AccountId),
		Policies:            map[string]identity.Document{"replicate": {Statements: args.replicationStatements()}},
		PermissionsBoundary: args.PermissionsBoundary,
		Tags:                args.Tags,
	}, pulumi.Parent(component))
	if err != nil {
		return err
	}
	if _, err := s3.NewBucketReplicationConfig(ctx, name+"-replication", &s3.BucketReplicationConfigArgs{
		Bucket: from.made.ID(),
		Role:   role.Arn,
		Rules:  s3.BucketReplicationConfigRuleArray{args.replicationRule(to)},
	}, pulumi.Parent(component), pulumi.DependsOn([]pulumi.Resource{from.versioning, to.versioning})); err != nil {
		return fmt.Errorf("replicating to %q: %w", replica.Name, err)
	}
	component.CopyName = to.name()
	return nil
}

// replicationRule copies every new object, and what is deleted is deleted there too, where old versions stay as long.
func (args *BucketArgs) replicationRule(to *protectedBucket) s3.BucketReplicationConfigRuleArgs {
	rule := s3.BucketReplicationConfigRuleArgs{
		Id:       pulumi.String("everything"),
		Status:   pulumi.String("Enabled"),
		Priority: pulumi.Int(0),
		Filter:   s3.BucketReplicationConfigRuleFilterArgs{Prefix: pulumi.String("")},
		DeleteMarkerReplication: s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs{
			Status: pulumi.String("Enabled"),
		},
	}
	destination := s3.BucketReplicationConfigRuleDestinationArgs{
		Bucket: to.arn(),
		// How far behind the copy is, and what failed.
		Metrics: s3.BucketReplicationConfigRuleDestinationMetricsArgs{Status: pulumi.String("Enabled")},
	}
	if args.Copy.KmsKeyArn != nil {
		destination.EncryptionConfiguration = s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs{
			ReplicaKmsKeyId: args.Copy.KmsKeyArn,
		}
		rule.SourceSelectionCriteria = s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs{
			SseKmsEncryptedObjects: s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs{
				Status: pulumi.String("Enabled"),
			},
		}
	}
	rule.Destination = destination
	return rule
}

// replicationStatements returns what S3 needs ("Setting up permissions for live replication", S3 user guide).
func (args *BucketArgs) replicationStatements() []identity.Statement {
	replica := args.Copy
	source, target := args.Location.BucketArn(args.Name), replica.Location.BucketArn(replica.Name)
	read := []string{"s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"}
	if args.ObjectLock != nil {
		read = append(read, "s3:GetObjectLegalHold", "s3:GetObjectRetention")
	}
	statements := []identity.Statement{
		{
			Sid:       "FindObjects",
			Actions:   []string{"s3:GetReplicationConfiguration", "s3:ListBucket"},
			Resources: []string{source},
		},
		{Sid: "ReadObjects", Actions: read, Resources: []string{source + "/*"}},
		{
			Sid:       "WriteCopies",
			Actions:   []string{"s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"},
			Resources: []string{target + "/*"},
		},
	}
	if args.KmsKeyArn == nil {
		return statements
	}
	return append(
		statements,
		identity.KeyUse("DecryptObjects", args.Location, args.KeyAlias, "s3", "kms:Decrypt"),
		// An S3 Bucket Key is made as a data key ("Replicating encrypted objects", S3 user guide).
		identity.KeyUse(
			"EncryptCopies",
			replica.Location,
			replica.KeyAlias,
			"s3",
			"kms:Encrypt",
			"kms:GenerateDataKey",
		),
	)
}
