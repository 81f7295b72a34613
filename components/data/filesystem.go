package data

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
)

// FileSystemArgs describe an EFS file system.
type FileSystemArgs struct {
	Place identity.Place
	// Name by which role policies find it, 1 to 128 letters, digits, . _ - (its tag [identity.FileSystemTag]).
	Name  string
	VpcId pulumi.StringInput
	// SubnetIds are those of the data tier, Zones how many there are: each gets a mount target.
	SubnetIds pulumi.StringArrayInput
	Zones     int
	// Folders are the paths, by name, that clients see as their root: each has an access point, through which all files
	// belong to the user and group 65532.
	Folders map[string]string
	// KmsKeyArn encrypts the file system. Changing it replaces the file system.
	KmsKeyArn pulumi.StringInput
	// InfrequentAccessDays is after how many days files that nobody reads move to cheaper storage: 1, 7, 14, 30, 60, 90,
	// 180, 270 or 365.
	InfrequentAccessDays int
	// CopyRegion keeps a read-only copy in another region, encrypted with CopyKmsKeyArn. Empty means none.
	CopyRegion    string
	CopyKmsKeyArn pulumi.StringInput
	Tags          map[string]string
}

// FileSystem is an EFS file system. Its type token is awslab:data:FileSystem.
type FileSystem struct {
	pulumi.ResourceState

	// FileSystemId becomes known once every zone has a mount target.
	FileSystemId pulumi.StringOutput `pulumi:"fileSystemId"`
	Arn          pulumi.StringOutput `pulumi:"arn"`
	// SecurityGroupId is the group that clients connect to, by NFS (port 2049).
	SecurityGroupId pulumi.StringOutput `pulumi:"securityGroupId"`
	// AccessPointIds are the access points, by the folder's name.
	AccessPointIds map[string]pulumi.StringOutput
}

// owner is the user and group of the files: the id that distroless images call nonroot.
const owner = 65532

// idlePeriods are what EFS offers (API reference, LifecyclePolicy).
var idlePeriods = []int{1, 7, 14, 30, 60, 90, 180, 270, 365}

var fileSystemName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

func (args *FileSystemArgs) validate() error {
	problems := []error{args.Place.Validate()}
	add := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	add(!fileSystemName.MatchString(args.Name), "Name: %q; use 1 to 128 letters, digits, . _ -", args.Name)
	add(args.VpcId == nil, "VpcId: missing")
	add(args.SubnetIds == nil, "SubnetIds: missing")
	add(args.Zones < 1, "Zones: %d; say how many subnets there are", args.Zones)
	add(args.KmsKeyArn == nil, "KmsKeyArn: missing")
	add(!slices.Contains(idlePeriods, args.InfrequentAccessDays), "InfrequentAccessDays: %d; use one of %v", args.InfrequentAccessDays, idlePeriods)
	for _, name := range slices.Sorted(maps.Keys(args.Folders)) {
		folder := args.Folders[name]
		add(!path.IsAbs(folder) || folder == "/" || path.Clean(folder) != folder, "Folders[%q]: %q; use a folder such as /orders", name, folder)
	}
	add(args.CopyRegion == args.Place.Region, "CopyRegion: %s; a copy in the same region is lost with it", args.CopyRegion)
	add(args.CopyRegion != "" && args.CopyKmsKeyArn == nil, "CopyKmsKeyArn: missing; the copy needs a key of its region")
	return errors.Join(problems...)
}

// NewFileSystem makes a file system.
func NewFileSystem(ctx *pulumi.Context, name string, args *FileSystemArgs, opts ...pulumi.ResourceOption) (*FileSystem, error) {
	if args == nil {
		args = &FileSystemArgs{}
	}
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("file system %q: %w", name, err)
	}
	component := &FileSystem{AccessPointIds: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResource("awslab:data:FileSystem", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering file system %q: %w", name, err)
	}
	tags := maps.Clone(args.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags[identity.FileSystemTag], tags["Name"] = args.Name, args.Name
	files, err := efs.NewFileSystem(ctx, name+"-files", &efs.FileSystemArgs{
		Encrypted: pulumi.Bool(true), KmsKeyId: args.KmsKeyArn.ToStringOutput().ToStringPtrOutput(), ThroughputMode: pulumi.String("elastic"),
		LifecyclePolicies: args.lifecycle(), Tags: pulumi.ToStringMap(tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating file system %q: %w", name, err)
	}
	for _, step := range []func(*pulumi.Context, string, *FileSystemArgs, *efs.FileSystem) error{
		component.mount, component.guard, component.divide, component.replicate,
	} {
		if err := step(ctx, name, args, files); err != nil {
			return nil, err
		}
	}
	component.Arn = files.Arn
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"fileSystemId": component.FileSystemId, "arn": component.Arn, "securityGroupId": component.SecurityGroupId,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of file system %q: %w", name, err)
	}
	return component, nil
}

func (args *FileSystemArgs) lifecycle() efs.FileSystemLifecyclePolicyArray {
	period := fmt.Sprintf("AFTER_%d_DAYS", args.InfrequentAccessDays)
	if args.InfrequentAccessDays == 1 {
		period = "AFTER_1_DAY"
	}
	return efs.FileSystemLifecyclePolicyArray{
		efs.FileSystemLifecyclePolicyArgs{TransitionToIa: pulumi.String(period)},
		efs.FileSystemLifecyclePolicyArgs{TransitionToPrimaryStorageClass: pulumi.String("AFTER_1_ACCESS")},
	}
}

// mount makes a mount target in each zone.
func (component *FileSystem) mount(ctx *pulumi.Context, name string, args *FileSystemArgs, files *efs.FileSystem) error {
	group, err := network.NewSecurityGroup(ctx, name+"-nfs", &network.SecurityGroupArgs{
		VpcId: args.VpcId, Description: "File system " + args.Name + ": mounted by the services that have access", Tags: args.Tags,
	}, pulumi.Parent(component))
	if err != nil {
		return fmt.Errorf("creating the security group of file system %q: %w", name, err)
	}
	ready := []any{files.ID().ToStringOutput()}
	subnets := args.SubnetIds.ToStringArrayOutput()
	for zone := range args.Zones {
		target, err := efs.NewMountTarget(ctx, fmt.Sprintf("%s-mount-%d", name, zone+1), &efs.MountTargetArgs{
			FileSystemId: files.ID(), SubnetId: subnets.Index(pulumi.Int(zone)), SecurityGroups: pulumi.StringArray{group.SecurityGroupId},
		}, pulumi.Parent(component))
		if err != nil {
			return fmt.Errorf("creating a mount target of file system %q: %w", name, err)
		}
		ready = append(ready, target.ID())
	}
	component.SecurityGroupId = group.SecurityGroupId
	component.FileSystemId = pulumi.All(ready...).ApplyT(func(values []any) string { return values[0].(string) }).(pulumi.StringOutput)
	return nil
}

// guard refuses clients without TLS, and lets the account's in through mount targets alone, as far as their IAM policies go.
// AWS Backup takes the file system in by its tag, and so EFS's own automatic backups stay off.
func (component *FileSystem) guard(ctx *pulumi.Context, name string, args *FileSystemArgs, files *efs.FileSystem) error {
	anyOfThem := []string{args.Place.Arn("elasticfilesystem", "file-system/*")} // its own id is not known before it exists
	everybody := []identity.Principal{{Type: "AWS", Values: []string{"*"}}}
	policy, err := identity.Document{Statements: []identity.Statement{
		{Sid: "TlsOnly", Effect: identity.Deny, Actions: []string{"elasticfilesystem:Client*"}, Resources: anyOfThem, Principals: everybody,
			Conditions: []identity.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"false"}}}},
		{Sid: "ThroughMountTargets", Actions: []string{"elasticfilesystem:ClientMount"}, Resources: anyOfThem,
			Principals: []identity.Principal{{Type: "AWS", Values: []string{"arn:" + args.Place.Partition + ":iam::" + args.Place.AccountId + ":root"}}},
			Conditions: []identity.Condition{{Operator: "Bool", Key: "elasticfilesystem:AccessedViaMountTarget", Values: []string{"true"}}}},
	}}.JSON()
	if err != nil {
		return fmt.Errorf("rendering the policy of file system %q: %w", name, err)
	}
	if _, err := efs.NewFileSystemPolicy(ctx, name+"-policy", &efs.FileSystemPolicyArgs{FileSystemId: files.ID(), Policy: pulumi.String(policy)}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("creating the policy of file system %q: %w", name, err)
	}
	if _, err := efs.NewBackupPolicy(ctx, name+"-backup", &efs.BackupPolicyArgs{
		FileSystemId: files.ID(), BackupPolicy: efs.BackupPolicyBackupPolicyArgs{Status: pulumi.String("DISABLED")},
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("turning off automatic backups of file system %q: %w", name, err)
	}
	return nil
}

// divide makes an access point for each folder.
func (component *FileSystem) divide(ctx *pulumi.Context, name string, args *FileSystemArgs, files *efs.FileSystem) error {
	for _, folder := range slices.Sorted(maps.Keys(args.Folders)) {
		point, err := efs.NewAccessPoint(ctx, name+"-"+folder, &efs.AccessPointArgs{
			FileSystemId: files.ID(),
			PosixUser:    efs.AccessPointPosixUserArgs{Uid: pulumi.Int(owner), Gid: pulumi.Int(owner)},
			RootDirectory: efs.AccessPointRootDirectoryArgs{
				Path:         pulumi.String(args.Folders[folder]),
				CreationInfo: efs.AccessPointRootDirectoryCreationInfoArgs{OwnerUid: pulumi.Int(owner), OwnerGid: pulumi.Int(owner), Permissions: pulumi.String("0750")},
			},
			Tags: pulumi.ToStringMap(args.Tags),
		}, pulumi.Parent(component))
		if err != nil {
			return fmt.Errorf("creating the access point of %s in file system %q: %w", folder, name, err)
		}
		component.AccessPointIds[folder] = point.ID().ToStringOutput()
	}
	return nil
}

func (component *FileSystem) replicate(ctx *pulumi.Context, name string, args *FileSystemArgs, files *efs.FileSystem) error {
	if args.CopyRegion == "" {
		return nil
	}
	if _, err := efs.NewReplicationConfiguration(ctx, name+"-replication", &efs.ReplicationConfigurationArgs{
		SourceFileSystemId: files.ID(),
		Destination: efs.ReplicationConfigurationDestinationArgs{
			Region: pulumi.String(args.CopyRegion), KmsKeyId: args.CopyKmsKeyArn.ToStringOutput().ToStringPtrOutput(),
		},
	}, pulumi.Parent(component)); err != nil {
		return fmt.Errorf("replicating file system %q to %s: %w", name, strings.ToLower(args.CopyRegion), err)
	}
	return nil
}
