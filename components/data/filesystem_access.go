package data

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// clientActions are what clients do to a file system (EFS user guide, "Using IAM to control file system data access").
var clientActions = []string{
	"elasticfilesystem:ClientMount",
	"elasticfilesystem:ClientRootAccess",
	"elasticfilesystem:ClientWrite",
}

// fileSystemPolicy denies everything without TLS, and clients that come by anything but an access point. It allows
// nobody anything: that is what the policies of the clients' roles are for. In it * is the file system itself, whose id
// is not known before it exists.
func fileSystemPolicy() (string, error) {
	denied := func(sid string, actions []string, operator, key, value string) identity.Statement {
		return identity.Statement{
			Sid: sid, Effect: identity.Deny, Actions: actions, Resources: []string{"*"},
			Principals: []identity.Principal{{Type: "AWS", Values: []string{"*"}}},
			Conditions: []identity.Condition{{Operator: operator, Key: key, Values: []string{value}}},
		}
	}
	return identity.Document{Statements: []identity.Statement{
		denied("TlsOnly", []string{"elasticfilesystem:*"}, "Bool", "aws:SecureTransport", "false"),
		denied("AccessPointsOnly", clientActions, "Null", "elasticfilesystem:AccessPointArn", "true"),
	}}.JSON()
}

func (f *FileSystem) newPolicy(ctx *pulumi.Context, name string) error {
	policy, err := attachPolicy(ctx, name, f.files, pulumi.Parent(f))
	f.Entrances = append(f.Entrances, policy)
	return err
}

func attachPolicy(
	ctx *pulumi.Context,
	name string,
	files *efs.FileSystem,
	opts ...pulumi.ResourceOption,
) (*efs.FileSystemPolicy, error) {
	document, err := fileSystemPolicy()
	if err != nil {
		return nil, err
	}
	policy, err := efs.NewFileSystemPolicy(
		ctx,
		name+"-policy",
		&efs.FileSystemPolicyArgs{FileSystemId: files.ID(), Policy: pulumi.String(document)},
		opts...)
	if err != nil {
		return nil, fmt.Errorf("attaching its policy: %w", err)
	}
	return policy, nil
}

func (f *FileSystem) newAccessPoints(ctx *pulumi.Context, name string) error {
	ids := pulumi.StringMap{}
	for _, pointName := range slices.Sorted(maps.Keys(f.args.AccessPoints)) {
		point := f.args.AccessPoints[pointName]
		tags := maps.Clone(f.args.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		tags["Name"] = f.args.Name + "-" + pointName
		made, err := efs.NewAccessPoint(ctx, name+"-"+pointName+"-access-point", &efs.AccessPointArgs{
			FileSystemId: f.files.ID(),
			PosixUser:    efs.AccessPointPosixUserArgs{Uid: pulumi.Int(point.Uid), Gid: pulumi.Int(point.Gid)},
			RootDirectory: efs.AccessPointRootDirectoryArgs{
				Path: pulumi.String(point.Path),
				CreationInfo: efs.AccessPointRootDirectoryCreationInfoArgs{
					OwnerUid:    pulumi.Int(point.Uid),
					OwnerGid:    pulumi.Int(point.Gid),
					Permissions: pulumi.String(point.Permissions),
				},
			},
			Tags: pulumi.ToStringMap(tags),
		}, pulumi.Parent(f))
		if err != nil {
			return fmt.Errorf("creating access point %q: %w", pointName, err)
		}
		ids[pointName] = made.ID().ToStringOutput()
	}
	f.AccessPointIds = ids.ToStringMapOutput()
	return nil
}

// newCopy creates the file system that is replicated to, so that it has a key, tags and an end of its own: one that EFS
// makes is not deleted with the replication.
func (f *FileSystem) newCopy(ctx *pulumi.Context, name string) error {
	replica := f.args.Copy
	if replica == nil {
		return nil
	}
	there := []pulumi.ResourceOption{pulumi.Parent(f), pulumi.Provider(replica.Provider)}
	files, err := efs.NewFileSystem(ctx, name+"-copy-files", &efs.FileSystemArgs{
		Encrypted:         pulumi.Bool(true),
		KmsKeyId:          optionalInput(replica.KmsKeyArn),
		ThroughputMode:    pulumi.String(f.args.Throughput),
		LifecyclePolicies: f.args.lifecyclePolicies(),
		Protection:        efs.FileSystemProtectionArgs{ReplicationOverwrite: pulumi.String("DISABLED")},
		Tags:              f.args.tagged(replica.Tags),
		// While it is replicated to, EFS says REPLICATING instead of DISABLED.
	}, with(there, pulumi.Protect(f.args.DeletionProtection), pulumi.IgnoreChanges([]string{"protection"}))...)
	if err != nil {
		return fmt.Errorf("creating its copy in %s: %w", replica.Location.Region, err)
	}
	policy, err := attachPolicy(ctx, name+"-copy", files, there...)
	if err != nil {
		return fmt.Errorf("its copy in %s: %w", replica.Location.Region, err)
	}
	replication, err := efs.NewReplicationConfiguration(ctx, name+"-replication", &efs.ReplicationConfigurationArgs{
		SourceFileSystemId: f.files.ID(),
		Destination: efs.ReplicationConfigurationDestinationArgs{
			Region:       pulumi.String(replica.Location.Region),
			FileSystemId: files.ID().ToStringOutput(),
		},
	}, pulumi.Parent(f))
	if err != nil {
		return fmt.Errorf("replicating it to %s: %w", replica.Location.Region, err)
	}
	f.CopyId = onceMade(files.ID().ToStringOutput(), policy, replication)
	return nil
}
