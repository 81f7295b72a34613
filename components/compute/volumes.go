package compute

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/problem"
)

// Volume mounts an EFS file system into the container: encrypted in transit, and as far as the IAM policies of the task
// role go. Who owns the files is decided by the access point.
type Volume struct {
	// Name in the task definition, 1 to 255 letters, digits, hyphens and underscores; not beginning with scratch-.
	Name                        string
	FileSystemId, AccessPointId pulumi.StringInput
	// After is what has to be there before it is mounted, such as the file system's mount targets.
	After []pulumi.Resource
	// Path is where it is mounted, absolute.
	Path     string
	ReadOnly bool
}

const scratchPrefix = "scratch-"

// execPaths are what the agent of ECS Exec writes to. It runs as root, in the container's own file system, which is
// read-only here; AWS does not support that for ECS Exec ("Considerations for using ECS Exec", Amazon ECS developer
// guide), but the agent writes nowhere else (https://github.com/aws/containers-roadmap/issues/1359). A root file system
// that can be written to for the sake of a shell would be the greater risk.
var execPaths = []string{"/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm"}

// scratch lists the paths that are writable until the task ends.
func (args *ServiceArgs) scratch() []string {
	paths := slices.Clone(args.ScratchPaths)
	if args.ExecuteCommand {
		paths = append(paths, execPaths...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func scratchName(i int) string { return fmt.Sprintf("%s%d", scratchPrefix, i+1) }

func (args *ServiceArgs) mountPoints() []mountPoint {
	var mounts []mountPoint
	for _, volume := range args.Volumes {
		mounts = append(
			mounts,
			mountPoint{SourceVolume: volume.Name, ContainerPath: volume.Path, ReadOnly: volume.ReadOnly},
		)
	}
	for i, scratch := range args.scratch() {
		mounts = append(mounts, mountPoint{SourceVolume: scratchName(i), ContainerPath: scratch})
	}
	slices.SortFunc(mounts, func(a, b mountPoint) int { return cmp.Compare(a.ContainerPath, b.ContainerPath) })
	return mounts
}

func (args *ServiceArgs) taskVolumes() ecs.TaskDefinitionVolumeArray {
	var volumes ecs.TaskDefinitionVolumeArray
	for _, volume := range slices.SortedFunc(
		slices.Values(args.Volumes),
		func(a, b Volume) int { return cmp.Compare(a.Name, b.Name) },
	) {
		volumes = append(volumes, ecs.TaskDefinitionVolumeArgs{
			Name: pulumi.String(volume.Name),
			EfsVolumeConfiguration: ecs.TaskDefinitionVolumeEfsVolumeConfigurationArgs{
				FileSystemId:      volume.FileSystemId,
				TransitEncryption: pulumi.String("ENABLED"),
				AuthorizationConfig: ecs.TaskDefinitionVolumeEfsVolumeConfigurationAuthorizationConfigArgs{
					AccessPointId: volume.AccessPointId,
					Iam:           pulumi.String("ENABLED"),
				},
			},
		})
	}
	for i := range args.scratch() {
		volumes = append(volumes, ecs.TaskDefinitionVolumeArgs{Name: pulumi.String(scratchName(i))})
	}
	return volumes
}

func (args *ServiceArgs) validateVolumes() error {
	var problems []error
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	names, paths := map[string]bool{}, map[string]bool{}
	checkPath := func(at, p string) {
		add(
			!path.IsAbs(p) || path.Clean(p) != p || p == "/" || strings.Contains(p, ":"),
			at,
			"%q; use an absolute path, without colon and trailing slash",
			p,
		)
		add(paths[p], at, "%q is mounted twice", p)
		paths[p] = true
	}
	for i, volume := range args.Volumes {
		at := fmt.Sprintf("Volumes[%d]", i)
		problems = append(problems, checkName(at+".Name", volume.Name, 255))
		add(
			strings.HasPrefix(volume.Name, scratchPrefix),
			at+".Name",
			"%q begins with %s, which is for ScratchPaths",
			volume.Name,
			scratchPrefix,
		)
		add(names[volume.Name], at+".Name", "%q is used twice", volume.Name)
		names[volume.Name] = true
		add(volume.FileSystemId == nil, at+".FileSystemId", "missing")
		add(volume.AccessPointId == nil, at+".AccessPointId", "missing")
		checkPath(at+".Path", volume.Path)
	}
	for i, scratch := range args.ScratchPaths {
		checkPath(fmt.Sprintf("ScratchPaths[%d]", i), scratch)
	}
	return errors.Join(problems...)
}
