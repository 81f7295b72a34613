package data

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/efs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/internal/problem"
)

// FileSystemArgs describe an EFS file system. What has a default may be left out.
type FileSystemArgs struct {
	Location identity.Location
	// Name is its tag Name, 1 to 128 letters, digits, . _ -.
	Name string
	// VpcId and SubnetIds are where it is mounted: one subnet of the data tier in each zone.
	VpcId     pulumi.StringInput
	SubnetIds pulumi.StringArray
	// AccessPoints are what can be mounted, by name. There is no other way in, so there is at least one.
	AccessPoints map[string]AccessPoint
	// Clients are the roles that may mount it, by one of the access points.
	Clients []FileSystemClient

	// KmsKeyArn encrypts the files. Nil means the AWS managed key of EFS. Changing it replaces the file system.
	KmsKeyArn pulumi.StringInput
	// Throughput is elastic (the default; paid by what is read and written) or bursting (by what is stored).
	Throughput string
	// InfrequentAccessDays is after how many days without being read files move to cheaper storage, which costs when
	// they are read: 1, 7, 14, 30 (the default), 60, 90, 180, 270 or 365. They move back when they are read.
	InfrequentAccessDays int
	// ArchiveDays is the same for still cheaper storage, and later. 0 means that files stay where they are; it needs
	// elastic Throughput.
	ArchiveDays int
	// NoAutomaticBackups leaves backups to a plan of AWS Backup that takes the file system in. Otherwise EFS has AWS
	// Backup keep one of each of the last 35 days.
	NoAutomaticBackups bool
	// DeletionProtection has Pulumi refuse to delete or replace the file system, as EFS knows no such protection.
	DeletionProtection bool

	// Copy keeps a copy in another region, some minutes old. Nil means none.
	Copy *FileSystemCopy
	Tags map[string]string
}

// AccessPoint is a folder that clients see as their root. Changing anything of it replaces the access point; the
// files stay.
type AccessPoint struct {
	// Path is the folder, such as /orders. It is created when it is first mounted, with the access point's owner and
	// permissions, and keeps those it has when it is there.
	Path string
	// Uid and Gid are the user and group that all clients act as, whoever they are in their container. Default: 65532,
	// which distroless images call nonroot.
	Uid, Gid int
	// Permissions of the folder, in octal. Default: 0750.
	Permissions string
}

// FileSystemClient lets a role mount the file system. Which access point it takes says the task definition: the ARNs of
// access points are not known before they exist, and the policy has to be known in preview.
type FileSystemClient struct {
	// RoleArn is put together from the role's name, so that it is known before the role exists.
	RoleArn string
	// Role is created first, as the policy can name only roles that exist. Nil for one that is there and about to go.
	Role pulumi.Resource
	// Mode is read, or one that writes.
	Mode identity.Mode
}

// FileSystemCopy is a file system in another region that EFS replicates to. It can be read through mount targets of
// that region, and written to once the replication is removed.
type FileSystemCopy struct {
	Location identity.Location
	Provider pulumi.ProviderResource // of that region
	// KmsKeyArn is a key of that region. Nil means the AWS managed key of EFS. Changing it replaces the copy.
	KmsKeyArn pulumi.StringInput
	// Tags are by default those of the file system.
	Tags map[string]string
}

// FileSystem is an EFS file system. Its type token is awslab:data:FileSystem.
type FileSystem struct {
	pulumi.ResourceState

	FileSystemId pulumi.StringOutput `pulumi:"fileSystemId"`
	Arn          pulumi.StringOutput `pulumi:"arn"`
	// SecurityGroupId is the group that clients connect to, by NFS ([NfsPort]); see [network.NewConnection].
	SecurityGroupId pulumi.StringOutput `pulumi:"securityGroupId"`
	// AccessPointIds are the access points, by name.
	AccessPointIds pulumi.StringMapOutput `pulumi:"accessPointIds"`
	// CopyId is the copy's id, and empty without one.
	CopyId pulumi.StringOutput `pulumi:"copyId"`

	// Name is the one given, known in preview.
	Name string
	// Entrances are what has to be there before it is mounted: a way in from every zone, and who may take it.
	Entrances []pulumi.Resource

	args  *FileSystemArgs // with defaults
	files *efs.FileSystem
}

// NfsPort is where file systems listen (RFC 7530).
const NfsPort = 2049

// nonroot is the user and group of files by default.
const nonroot = 65532

var (
	fileSystemNamePattern  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)
	accessPointNamePattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	permissionsPattern     = regexp.MustCompile(`^[0-7]{3,4}$`)
	// idleDays are the periods that EFS knows (API reference, LifecyclePolicy).
	idleDays    = []int{1, 7, 14, 30, 60, 90, 180, 270, 365}
	throughputs = []string{"elastic", "bursting"}
)

// NewFileSystem creates a file system.
func NewFileSystem(
	ctx *pulumi.Context,
	name string,
	args *FileSystemArgs,
	opts ...pulumi.ResourceOption,
) (*FileSystem, error) {
	if args == nil {
		args = &FileSystemArgs{}
	}
	args = args.withDefaults()
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("file system %q: %w", name, err)
	}
	component := &FileSystem{Name: args.Name, args: args}
	if err := ctx.RegisterComponentResource("awslab:data:FileSystem", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering file system %q: %w", name, err)
	}
	component.CopyId = pulumi.String("").ToStringOutput() // registering makes new outputs
	for _, step := range []func(*pulumi.Context, string) error{
		component.newFiles,
		component.newMountTargets,
		component.newPolicy,
		component.newAccessPoints,
		component.newBackupPolicy,
		component.newCopy,
	} {
		if err := step(ctx, name); err != nil {
			return nil, fmt.Errorf("file system %q: %w", args.Name, err)
		}
	}
	component.Arn = component.files.Arn
	component.FileSystemId = component.files.ID().ToStringOutput()
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{
		"fileSystemId": component.FileSystemId, "arn": component.Arn, "securityGroupId": component.SecurityGroupId,
		"accessPointIds": component.AccessPointIds, "copyId": component.CopyId,
	}); err != nil {
		return nil, fmt.Errorf("registering outputs of file system %q: %w", name, err)
	}
	return component, nil
}

func (args *FileSystemArgs) withDefaults() *FileSystemArgs {
	full := *args
	full.Throughput = cmp.Or(full.Throughput, throughputs[0])
	full.InfrequentAccessDays = cmp.Or(full.InfrequentAccessDays, 30)
	full.AccessPoints = maps.Clone(full.AccessPoints)
	for name, point := range full.AccessPoints {
		point.Uid, point.Gid = cmp.Or(point.Uid, nonroot), cmp.Or(point.Gid, nonroot)
		point.Permissions = cmp.Or(point.Permissions, "0750")
		full.AccessPoints[name] = point
	}
	if full.Copy != nil && full.Copy.Tags == nil {
		replica := *full.Copy
		replica.Tags = full.Tags
		full.Copy = &replica
	}
	return &full
}

// Problems returns what is wrong with the arguments, those that come from other resources included.
func (args *FileSystemArgs) Problems() []problem.Problem {
	return problem.All(args.withDefaults().validate())
}

// validate expects the defaults to be set.
func (args *FileSystemArgs) validate() error {
	p := &problems{}
	p.add(args.Location.Validate())
	p.addIf(!fileSystemNamePattern.MatchString(args.Name), "Name", "%q; use 1 to 128 letters, digits, . _ -", args.Name)
	p.missing("VpcId", args.VpcId, "the VPC of the subnets")
	p.addIf(len(args.SubnetIds) == 0, "SubnetIds", "it is missing; give a subnet of the data tier in each zone")
	p.addIf(
		!slices.Contains(throughputs, args.Throughput),
		"Throughput",
		"%q; use one of %v",
		args.Throughput,
		throughputs,
	)
	p.addIf(
		!slices.Contains(idleDays, args.InfrequentAccessDays),
		"InfrequentAccessDays",
		"%d; use one of %v",
		args.InfrequentAccessDays,
		idleDays,
	)
	if args.ArchiveDays != 0 {
		p.addIf(
			!slices.Contains(idleDays, args.ArchiveDays),
			"ArchiveDays",
			"%d; use 0 or one of %v",
			args.ArchiveDays,
			idleDays,
		)
		p.addIf(
			args.ArchiveDays <= args.InfrequentAccessDays,
			"ArchiveDays",
			"%d; use more than InfrequentAccessDays, %d",
			args.ArchiveDays,
			args.InfrequentAccessDays,
		)
		p.addIf(
			args.Throughput != throughputs[0],
			"ArchiveDays",
			"%d, and Throughput is %q; only elastic file systems have an archive",
			args.ArchiveDays,
			args.Throughput,
		)
	}
	args.validateAccessPoints(p)
	for i, client := range args.Clients {
		at := fmt.Sprintf("Clients[%d]", i)
		p.addIf(client.RoleArn == "", at+".RoleArn", "it is missing; give the role's ARN")
		p.addIf(!client.Mode.Valid(), at+".Mode", "%q; use %s, %s or %s", client.Mode, identity.Read, identity.Write,
			identity.ReadWrite)
	}
	if replica := args.Copy; replica != nil {
		if err := replica.Location.Validate(); err != nil {
			p.add(problem.In("Copy", err))
		}
		p.addIf(
			replica.Location.Region == args.Location.Region,
			"Copy.Location.Region",
			"%q is the file system's own; a copy there is lost with it: use another",
			replica.Location.Region,
		)
		p.addIf(
			replica.Provider == nil,
			"Copy.Provider",
			"it is missing; give the provider of %s",
			replica.Location.Region,
		)
		p.addIf(
			replica.KmsKeyArn == nil && args.KmsKeyArn != nil,
			"Copy.KmsKeyArn",
			"it is missing; give a key of %s, as the file system has one",
			replica.Location.Region,
		)
	}
	return p.join()
}

func (args *FileSystemArgs) validateAccessPoints(p *problems) {
	p.addIf(
		len(args.AccessPoints) == 0,
		"AccessPoints",
		"there is none, and so nothing to mount; give each service its own",
	)
	for _, name := range slices.Sorted(maps.Keys(args.AccessPoints)) {
		point, at := args.AccessPoints[name], fmt.Sprintf("AccessPoints[%q]", name)
		p.addIf(
			!accessPointNamePattern.MatchString(name),
			at,
			"use lower-case letters, digits and single hyphens as the name",
		)
		p.addIf(
			!path.IsAbs(point.Path) || path.Clean(point.Path) != point.Path || point.Path == "/" ||
				len(point.Path) > 100,
			at+".Path",
			"%q; use a folder such as /orders, of up to 100 characters",
			point.Path,
		)
		p.addIf(
			point.Uid < 1 || point.Gid < 1,
			at,
			"user %d and group %d; use 1 or more: 0 is root",
			point.Uid,
			point.Gid,
		)
		p.addIf(
			!permissionsPattern.MatchString(point.Permissions),
			at+".Permissions",
			"%q; use octal digits such as 0750",
			point.Permissions,
		)
	}
}

// tagged returns tags with the name of the file system.
func (args *FileSystemArgs) tagged(tags map[string]string) pulumi.StringMap {
	all := pulumi.ToStringMap(tags)
	if all == nil {
		all = pulumi.StringMap{}
	}
	all["Name"] = pulumi.String(args.Name)
	return all
}

func (f *FileSystem) newFiles(ctx *pulumi.Context, name string) error {
	files, err := efs.NewFileSystem(ctx, name+"-files", &efs.FileSystemArgs{
		Encrypted:         pulumi.Bool(true),
		KmsKeyId:          optionalInput(f.args.KmsKeyArn),
		ThroughputMode:    pulumi.String(f.args.Throughput),
		LifecyclePolicies: f.args.lifecyclePolicies(),
		Tags:              f.args.tagged(f.args.Tags),
	}, pulumi.Parent(f), pulumi.Protect(f.args.DeletionProtection))
	if err != nil {
		return fmt.Errorf("creating it: %w", err)
	}
	f.files = files
	return nil
}

func (args *FileSystemArgs) lifecyclePolicies() efs.FileSystemLifecyclePolicyArray {
	policies := efs.FileSystemLifecyclePolicyArray{
		efs.FileSystemLifecyclePolicyArgs{TransitionToIa: pulumi.String(idlePeriod(args.InfrequentAccessDays))},
		efs.FileSystemLifecyclePolicyArgs{TransitionToPrimaryStorageClass: pulumi.String("AFTER_1_ACCESS")},
	}
	if args.ArchiveDays > 0 {
		policies = append(
			policies,
			efs.FileSystemLifecyclePolicyArgs{TransitionToArchive: pulumi.String(idlePeriod(args.ArchiveDays))},
		)
	}
	return policies
}

// idlePeriod returns how EFS writes a number of days.
func idlePeriod(days int) string {
	if days == 1 {
		return "AFTER_1_DAY"
	}
	return fmt.Sprintf("AFTER_%d_DAYS", days)
}

// newMountTargets creates a mount target in each zone.
func (f *FileSystem) newMountTargets(ctx *pulumi.Context, name string) error {
	group, err := network.NewSecurityGroup(ctx, name+"-nfs", &network.SecurityGroupArgs{
		VpcId:       f.args.VpcId,
		Description: "File system " + f.args.Name + ": mounted by those who have access",
		Tags:        f.args.Tags,
	}, pulumi.Parent(f))
	if err != nil {
		return err
	}
	f.SecurityGroupId = group.SecurityGroupId
	for zone, subnet := range f.args.SubnetIds {
		target, err := efs.NewMountTarget(ctx, fmt.Sprintf("%s-mount-%d", name, zone+1), &efs.MountTargetArgs{
			FileSystemId:   f.files.ID(),
			SubnetId:       subnet,
			SecurityGroups: pulumi.StringArray{group.SecurityGroupId},
		}, pulumi.Parent(f))
		if err != nil {
			return fmt.Errorf("creating mount target %d: %w", zone+1, err)
		}
		f.Entrances = append(f.Entrances, target)
	}
	return nil
}

// newBackupPolicy reports whether EFS itself has backups made.
func (f *FileSystem) newBackupPolicy(ctx *pulumi.Context, name string) error {
	status := "ENABLED"
	if f.args.NoAutomaticBackups {
		status = "DISABLED"
	}
	if _, err := efs.NewBackupPolicy(ctx, name+"-backup", &efs.BackupPolicyArgs{
		FileSystemId: f.files.ID(),
		BackupPolicy: efs.BackupPolicyBackupPolicyArgs{Status: pulumi.String(status)},
	}, pulumi.Parent(f)); err != nil {
		return fmt.Errorf("setting its automatic backups: %w", err)
	}
	return nil
}
