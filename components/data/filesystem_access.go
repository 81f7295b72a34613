package data

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
)

// What clients do to a file system (Amazon EFS user guide, "Using IAM to control access to file systems").
const (
	clientMount = "elasticfilesystem:ClientMount"
	clientWrite = "elasticfilesystem:ClientWrite"
	clientRoot  = "elasticfilesystem:ClientRootAccess"
)

// fileSystemPolicy lets the clients mount the file system, and denies everything without TLS and all that do not come
// by an access point. The policies of the clients' roles cannot allow it: EFS tells them nothing about the file system
// but its ARN, which is not known before the file system exists. In its own policy * is the file system itself.
func fileSystemPolicy(location identity.Location, clients []FileSystemClient) (string, error) {
	everyone := []identity.Principal{{Type: "AWS", Values: []string{"*"}}}
	document := identity.Document{Statements: []identity.Statement{
		{
			Sid:        "TlsOnly",
			Effect:     identity.Deny,
			Principals: everyone,
			Actions:    []string{"elasticfilesystem:*"},
			Resources:  []string{"*"},
			Conditions: []identity.Condition{
				{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}},
			},
		},
		{
			Sid:        "AccessPointsOnly",
			Effect:     identity.Deny,
			Principals: everyone,
			Actions:    []string{clientMount, clientRoot, clientWrite},
			Resources:  []string{"*"},
			Conditions: []identity.Condition{
				{Operator: "Null", Key: "elasticfilesystem:AccessPointArn", Values: []string{"true"}},
			},
		},
	}}
	var all, writers []string
	for _, client := range clients {
		if !slices.Contains(all, client.RoleArn) {
			all = append(all, client.RoleArn)
		}
		if client.Mode.Writes() && !slices.Contains(writers, client.RoleArn) {
			writers = append(writers, client.RoleArn)
		}
	}
	document.Statements = append(document.Statements, allowClients("Mount", location, all, clientMount)...)
	document.Statements = append(document.Statements, allowClients("Write", location, writers, clientWrite)...)
	return document.JSON()
}

// allowClients lets roles do something by an access point, and is nothing without roles.
func allowClients(sid string, location identity.Location, roles []string, action string) []identity.Statement {
	if len(roles) == 0 {
		return nil
	}
	return []identity.Statement{{
		Sid:        sid,
		Principals: []identity.Principal{{Type: "AWS", Values: roles}},
		Actions:    []string{action},
		Resources:  []string{"*"},
		Conditions: []identity.Condition{
			{Operator: "Bool", Key: "elasticfilesystem:AccessedViaMountTarget", Values: []string{"true"}},
			{
				Operator: "ArnLike",
				Key:      "elasticfilesystem:AccessPointArn",
				Values:   []string{location.Arn("elasticfilesystem", "access-point/*")},
			},
		},
	}}
}

func (f *FileSystem) newPolicy(ctx *pulumi.Context, name string) error {
	var roles []pulumi.Resource
	for _, client := range f.args.Clients {
		if client.Role != nil {
			roles = append(roles, client.Role)
		}
	}
	policy, err := attachPolicy(ctx, name, f.files, f.args.Location, f.args.Clients,
		pulumi.Parent(f), pulumi.DependsOn(roles))
	f.Entrances = append(f.Entrances, policy)
	return err
}

func attachPolicy(
	ctx *pulumi.Context,
	name string,
	files *efs.FileSystem,
	location identity.Location,
	clients []FileSystemClient,
	opts ...pulumi.ResourceOption,
) (*efs.FileSystemPolicy, error) {
	document, err := fileSystemPolicy(location, clients)
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
	settings := &efs.FileSystemArgs{
		Encrypted:         pulumi.Bool(true),
		KmsKeyId:          optionalInput(replica.KmsKeyArn),
		ThroughputMode:    pulumi.String(f.args.Throughput),
		LifecyclePolicies: f.args.lifecyclePolicies(),
		Tags:              f.args.tagged(replica.Tags),
	}
	opts := with(there, pulumi.Protect(f.args.DeletionProtection))
	if !f.args.replicating(ctx) {
		settings.Protection = efs.FileSystemProtectionArgs{ReplicationOverwrite: pulumi.String("DISABLED")}
		opts = append(opts, pulumi.IgnoreChanges([]string{"protection"})) // so that the first refresh reports none
	}
	files, err := efs.NewFileSystem(ctx, name+"-copy-files", settings, opts...)
	if err != nil {
		return fmt.Errorf("creating its copy in %s: %w", replica.Location.Region, err)
	}
	policy, err := attachPolicy(ctx, name+"-copy", files, replica.Location, nil, there...)
	if err != nil {
		return fmt.Errorf("its copy in %s: %w", replica.Location.Region, err)
	}
	replication, err := efs.NewReplicationConfiguration(ctx, name+"-replication", &efs.ReplicationConfigurationArgs{
		SourceFileSystemId: f.files.ID(),
		Destination: efs.ReplicationConfigurationDestinationArgs{
			Region:       pulumi.String(replica.Location.Region),
			FileSystemId: files.ID().ToStringOutput(),
		},
		// A file system is replicated to one place at a time.
	}, pulumi.Parent(f), pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return fmt.Errorf("replicating it to %s: %w", replica.Location.Region, err)
	}
	f.CopyId = onceMade(files.ID().ToStringOutput(), policy, replication)
	return nil
}

// replicating reports whether the copy is being replicated to. EFS then says of its protection what it accepts from
// nobody, and a refresh writes that down: an update that says anything of it would be refused. A copy that cannot be
// found is not there yet.
func (args *FileSystemArgs) replicating(ctx *pulumi.Context) bool {
	found, err := efs.LookupFileSystem(
		ctx,
		&efs.LookupFileSystemArgs{Tags: map[string]string{"Name": args.Name}},
		pulumi.Provider(args.Copy.Provider),
	)
	return err == nil && slices.ContainsFunc(found.Protections, func(p efs.GetFileSystemProtection) bool {
		return p.ReplicationOverwrite == "REPLICATING"
	})
}
