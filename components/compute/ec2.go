package compute

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/problem"
)

// Instances are the EC2 instances of a cluster. ECS itself adds and removes them as the tasks need, takes tasks off an
// instance before it goes, and never removes one that runs tasks.
type Instances struct {
	Location identity.Location
	// Network is where the instances are, such as [network.Vpc.ServicePlacement].
	Network *network.Placement
	// Types are instance types, the preferred first. All are of one architecture: those with a g behind the generation
	// are arm64.
	Types []string
	// Min and Max are numbers of instances.
	Min, Max int
	// TargetCapacity is the percentage of the instances that tasks should fill, 1 to 100; what is left is room to start
	// tasks without waiting for an instance.
	TargetCapacity int
	// SpotPercentage is the share of the instances beyond Min that are spot instances, 0 to 100.
	SpotPercentage int
	// VolumeTags are those of the volumes besides the cluster's, such as what says whether they are backed up.
	VolumeTags map[string]string
	// RoleName is the name of the instances' role.
	RoleName            string
	PermissionsBoundary string
}

var (
	gravitonType = regexp.MustCompile(`^g`)
)

// launchTemplateSpecification is the SDK's name for which template the instances are made by.
type launchTemplateSpecification = autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs

// arm reports whether an instance type is of architecture arm64.
func arm(instance string) bool {
	match := grammar.InstanceType.Find(instance)
	return match != nil && (gravitonType.MatchString(match[2]) || match[1] == "a1")
}

// InstanceArchitecture returns that of an instance type, amd64 or arm64.
func InstanceArchitecture(instance string) string {
	if arm(instance) {
		return "arm64"
	}
	return "amd64"
}

// validate is called on nil for a cluster on Fargate.
func (i *Instances) validate() error {
	if i == nil {
		return nil
	}
	problems := []error{i.Location.Validate()}
	if err := i.Network.Validate(); err != nil {
		problems = append(problems, problem.In("Instances", err))
	}
	add := func(wrong bool, field, format string, values ...any) {
		if wrong {
			problems = append(problems, problem.New(field, format, values...))
		}
	}
	add(i.RoleName == "", "Instances.RoleName", "missing")
	add(len(i.Types) == 0, "Instances.Types", "missing; name at least one, such as m7i.large")
	add(len(i.Types) > MaxInstanceTypes, "Instances.Types", "%d; use at most %d", len(i.Types), MaxInstanceTypes)
	for n, t := range i.Types {
		add(
			!grammar.InstanceType.Match(t),
			fmt.Sprintf("Instances.Types[%d]", n),
			"%q is not an instance type; use one such as m7i.large",
			t,
		)
		add(
			arm(t) != arm(i.Types[0]),
			fmt.Sprintf("Instances.Types[%d]", n),
			"%q is of another architecture than %q",
			t,
			i.Types[0],
		)
	}
	add(
		i.Min < 0 || i.Max < 1 || i.Min > i.Max,
		"Instances.Min, Max",
		"%d, %d; use 0 or more, and Max not below Min",
		i.Min,
		i.Max,
	)
	add(
		i.TargetCapacity < 1 || i.TargetCapacity > 100,
		"Instances.TargetCapacity",
		"%d; use 1 to 100",
		i.TargetCapacity,
	)
	add(
		i.SpotPercentage < 0 || i.SpotPercentage > 100,
		"Instances.SpotPercentage",
		"%d; use 0 to 100",
		i.SpotPercentage,
	)
	return errors.Join(problems...)
}

// capacityProviderName returns one that ECS takes: it must not begin with aws, ecs or fargate (ECS API,
// CreateCapacityProvider).
func capacityProviderName(cluster string) string { return "instances-of-" + cluster }

// imageParameters are where AWS publishes the current ECS-optimized image, by architecture. An instance that is started
// takes the newest, so that replacing instances is all that patching takes.
var imageParameters = map[string]string{
	"amd64": "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
	"arm64": "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id",
}

const (
	rootVolumeGiB    = 30 // what the image needs ("Amazon ECS-optimized AMIs", Amazon ECS developer guide)
	instanceWarmup   = 120
	maxInstanceStep  = 10
	instanceLifetime = 14 * 24 * 60 * 60 // seconds, after which an instance is replaced by one with the newest image
)

// MaxInstanceTypes is how many types an Auto Scaling group chooses from ("Quotas for Auto Scaling resources and
// groups", Amazon EC2 Auto Scaling user guide).
const MaxInstanceTypes = 40

// newInstances creates the instances and the capacity provider through which ECS governs them.
//
// On destroy everything goes in the opposite order: services first, then the cluster's bond with the capacity provider,
// the capacity provider, and the Auto Scaling group with all its instances. Otherwise each would wait for the next
// (https://github.com/hashicorp/terraform-provider-aws/issues/18849).
func (component *Cluster) newInstances(
	ctx *pulumi.Context,
	name string,
	args *ClusterArgs,
	cluster *ecs.Cluster,
) (*ecs.CapacityProvider, error) {
	template, err := component.newTemplate(ctx, name, args)
	if err != nil {
		return nil, err
	}
	group, err := component.newGroup(ctx, name, args, template, cluster)
	if err != nil {
		return nil, err
	}
	provider, err := ecs.NewCapacityProvider(ctx, name+"-provider", &ecs.CapacityProviderArgs{
		Name: pulumi.String(capacityProviderName(args.Name)),
		AutoScalingGroupProvider: ecs.CapacityProviderAutoScalingGroupProviderArgs{
			AutoScalingGroupArn: group.Arn,
			ManagedDraining:     pulumi.String("ENABLED"),
			// A protected instance would outlive the maximum instance lifetime and never be patched ("Replace Auto
			// Scaling instances based on maximum instance lifetime", Amazon EC2 Auto Scaling user guide). Draining
			// moves the tasks of one that goes.
			ManagedTerminationProtection: pulumi.String("DISABLED"),
			ManagedScaling: ecs.CapacityProviderAutoScalingGroupProviderManagedScalingArgs{
				Status:                 pulumi.String("ENABLED"),
				TargetCapacity:         pulumi.Int(args.Instances.TargetCapacity),
				InstanceWarmupPeriod:   pulumi.Int(instanceWarmup),
				MinimumScalingStepSize: pulumi.Int(1),
				MaximumScalingStepSize: pulumi.Int(maxInstanceStep),
			},
		},
		Tags: pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the capacity provider of cluster %q: %w", name, err)
	}
	component.LaunchType = "EC2"
	component.CapacityProvider = capacityProviderName(args.Name)
	component.ScalingGroup = args.Name
	return provider, nil
}

func (component *Cluster) newTemplate(
	ctx *pulumi.Context,
	name string,
	args *ClusterArgs,
) (*ec2.LaunchTemplate, error) {
	instances := args.Instances
	profile, err := component.newProfile(ctx, name, args)
	if err != nil {
		return nil, err
	}
	group, err := instances.Network.NewSecurityGroup(
		ctx,
		name+"-instances",
		"Instances of cluster "+args.Name+": called by nobody, call AWS",
		args.Tags,
		pulumi.Parent(component),
	)
	if err != nil {
		return nil, fmt.Errorf("creating the security group of the instances of cluster %q: %w", name, err)
	}
	volumeTags := map[string]string{}
	maps.Copy(volumeTags, instances.VolumeTags)
	maps.Copy(volumeTags, args.Tags)
	tagged := ec2.LaunchTemplateTagSpecificationArray{
		ec2.LaunchTemplateTagSpecificationArgs{
			ResourceType: pulumi.String("instance"),
			Tags:         pulumi.ToStringMap(args.Tags),
		},
		ec2.LaunchTemplateTagSpecificationArgs{
			ResourceType: pulumi.String("volume"),
			Tags:         pulumi.ToStringMap(volumeTags),
		},
	}
	template, err := ec2.NewLaunchTemplate(ctx, name+"-template", &ec2.LaunchTemplateArgs{
		Name:                 pulumi.String(args.Name),
		UpdateDefaultVersion: pulumi.Bool(true),
		ImageId:              pulumi.String(imageParameters[InstanceArchitecture(instances.Types[0])]),
		IamInstanceProfile:   ec2.LaunchTemplateIamInstanceProfileArgs{Arn: profile.Arn},
		VpcSecurityGroupIds:  pulumi.StringArray{group.SecurityGroupId},
		UserData:             pulumi.String(base64.StdEncoding.EncodeToString([]byte(userData(args.Name)))),
		// Containers, which are one hop further away, do not get the instance's credentials.
		MetadataOptions: ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint:            pulumi.String("enabled"),
			HttpTokens:              pulumi.String("required"),
			HttpPutResponseHopLimit: pulumi.Int(1),
		},
		// EBS's own key: one of the account's would have to let the service-linked role of Auto Scaling in.
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String("/dev/xvda"),
			Ebs: ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				Encrypted:           pulumi.String("true"),
				VolumeType:          pulumi.String("gp3"),
				VolumeSize:          pulumi.Int(rootVolumeGiB),
				DeleteOnTermination: pulumi.String("true"),
			},
		}},
		Monitoring:        ec2.LaunchTemplateMonitoringArgs{Enabled: pulumi.Bool(true)},
		TagSpecifications: tagged,
		Tags:              pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the launch template of cluster %q: %w", name, err)
	}
	return template, nil
}

// userData configures the ECS agent.
func userData(cluster string) string {
	return strings.Join([]string{
		"#!/bin/bash",
		"cat >> /etc/ecs/ecs.config <<'END'",
		"ECS_CLUSTER=" + cluster,
		"ECS_ENABLE_TASK_IAM_ROLE=true",
		"ECS_AWSVPC_BLOCK_IMDS=true",
		"ECS_ENABLE_SPOT_INSTANCE_DRAINING=true",
		"ECS_IMAGE_PULL_BEHAVIOR=once",
		"END",
		"",
	}, "\n")
}

func (component *Cluster) newProfile(
	ctx *pulumi.Context,
	name string,
	args *ClusterArgs,
) (*iam.InstanceProfile, error) {
	role, err := identity.NewRole(ctx, name+"-instance", &identity.RoleArgs{
		Name:                args.Instances.RoleName,
		Description:         "Instances of cluster " + args.Name,
		PermissionsBoundary: args.Instances.PermissionsBoundary,
		Tags:                args.Tags,
		// EC2 sends no source along when an instance assumes its role.
		Trust: identity.Document{Statements: []identity.Statement{{
			Actions: []string{"sts:AssumeRole"},
			Principals: []identity.Principal{
				{Type: "Service", Values: []string{args.Instances.Location.InstancesPrincipal()}},
			},
		}}},
		Policies: map[string]identity.Document{
			"instance": {Statements: instanceStatements(args.Instances.Location, args.Name)},
		},
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the role of the instances of cluster %q: %w", name, err)
	}
	profile, err := iam.NewInstanceProfile(ctx, name+"-instance-profile", &iam.InstanceProfileArgs{
		Name: pulumi.String(args.Instances.RoleName),
		Role: role.Name,
		Tags: pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("creating the instance profile of cluster %q: %w", name, err)
	}
	return profile, nil
}

// instanceStatements returns what AmazonEC2ContainerServiceforEC2Role and AmazonSSMManagedInstanceCore grant, as far as
// the agents need it and for this cluster alone. Images are pulled and logs written as the tasks' execution roles.
func instanceStatements(location identity.Location, cluster string) []identity.Statement {
	clusterArn := location.Arn("ecs", "cluster/"+cluster)
	return []identity.Statement{
		{
			Sid: "JoinCluster",
			Actions: []string{
				"ecs:DeregisterContainerInstance",
				"ecs:RegisterContainerInstance",
				"ecs:SubmitAttachmentStateChanges",
				"ecs:SubmitContainerStateChange",
				"ecs:SubmitTaskStateChange",
			},
			Resources: []string{clusterArn},
		},
		{
			Sid:       "WorkInCluster",
			Actions:   []string{"ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState"},
			Resources: []string{location.Arn("ecs", "container-instance/"+cluster+"/*")},
			Conditions: []identity.Condition{
				{Operator: "ArnEquals", Key: "ecs:cluster", Values: []string{clusterArn}},
			},
		},
		// None of these knows anything narrower.
		{Sid: "FindCluster", Actions: []string{"ecs:DiscoverPollEndpoint"}, Resources: []string{"*"}},
		{Sid: "SessionManager", Resources: []string{"*"}, Actions: []string{
			"ssm:UpdateInstanceInformation",
			"ssmmessages:CreateControlChannel",
			"ssmmessages:CreateDataChannel",
			"ssmmessages:OpenControlChannel",
			"ssmmessages:OpenDataChannel",
		}},
	}
}

func (component *Cluster) newGroup(
	ctx *pulumi.Context,
	name string,
	args *ClusterArgs,
	template *ec2.LaunchTemplate,
	cluster *ecs.Cluster,
) (*autoscaling.Group, error) {
	instances := args.Instances
	var types autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArray
	for _, t := range instances.Types {
		types = append(
			types,
			autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs{InstanceType: pulumi.String(t)},
		)
	}
	group, err := autoscaling.NewGroup(ctx, name+"-group", &autoscaling.GroupArgs{
		Name:               pulumi.String(args.Name),
		MinSize:            pulumi.Int(instances.Min),
		MaxSize:            pulumi.Int(instances.Max),
		VpcZoneIdentifiers: instances.Network.SubnetIds,
		MixedInstancesPolicy: autoscaling.GroupMixedInstancesPolicyArgs{
			InstancesDistribution: autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs{
				OnDemandBaseCapacity:                pulumi.Int(instances.Min),
				OnDemandPercentageAboveBaseCapacity: pulumi.Int(100 - instances.SpotPercentage),
				SpotAllocationStrategy:              pulumi.String("price-capacity-optimized"),
			},
			LaunchTemplate: autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs{
				LaunchTemplateSpecification: launchTemplateSpecification{
					LaunchTemplateId: template.ID().ToStringOutput().ToStringPtrOutput(),
					Version:          pulumi.Sprintf("%d", template.LatestVersion),
				},
				Overrides: types,
			},
		},
		HealthCheckType:     pulumi.String("EC2"),
		CapacityRebalance:   pulumi.Bool(true),
		MaxInstanceLifetime: pulumi.Int(instanceLifetime),
		ProtectFromScaleIn:  pulumi.Bool(false),
		ForceDelete:         pulumi.Bool(true), // else a destroy would wait for tasks to leave the instances
		InstanceRefresh: autoscaling.GroupInstanceRefreshArgs{
			Strategy: pulumi.String("Rolling"),
			Preferences: autoscaling.GroupInstanceRefreshPreferencesArgs{
				MinHealthyPercentage: pulumi.Int(100),
			},
		},
		// A group publishes those alone that are named. The alarm on its size needs the largest one.
		EnabledMetrics: pulumi.ToStringArray([]string{
			"GroupDesiredCapacity",
			"GroupInServiceInstances",
			"GroupMaxSize",
			"GroupPendingInstances",
			"GroupTotalInstances",
		}),
		Tags: groupTags(args.Tags),
	}, pulumi.Parent(component), pulumi.DependsOn(append(instances.Network.After, cluster)),
		pulumi.IgnoreChanges([]string{"desiredCapacity"}))
	if err != nil {
		return nil, fmt.Errorf("creating the Auto Scaling group of cluster %q: %w", name, err)
	}
	return group, nil
}

// groupTags returns the tags of the group, and the one that ECS puts on groups that it governs, which would else be
// drift.
func groupTags(tags map[string]string) autoscaling.GroupTagArray {
	all := autoscaling.GroupTagArray{
		autoscaling.GroupTagArgs{
			Key:               pulumi.String("AmazonECSManaged"),
			Value:             pulumi.String("true"),
			PropagateAtLaunch: pulumi.Bool(true),
		},
	}
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		all = append(all, autoscaling.GroupTagArgs{
			Key:               pulumi.String(key),
			Value:             pulumi.String(tags[key]),
			PropagateAtLaunch: pulumi.Bool(true),
		})
	}
	return all
}
