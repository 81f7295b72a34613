// Package stack is the lab as one program: Deploy reads the stack's configuration and brings the components together
// in the order of the lab's steps. It is the only place that reads configuration.
package stack

import (
	"fmt"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/components/network"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// programDir is Pulumi.yaml's main: the folder of the program, in which the engine also runs the providers.
const programDir = "infra"

// Deploy is the Pulumi program.
func Deploy(ctx *pulumi.Context) error { return deploy(ctx, ctx.RootDirectory()) }

// Program is Deploy for whoever runs it inside the Automation API, where the engine does not say where the project
// lies: root is the folder of Pulumi.yaml.
func Program(root string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error { return deploy(ctx, root) }
}

// lab is what the steps build on one another.
type lab struct {
	*pulumi.Context
	config *Config
	root   string

	// aws gives components the providers; regional is the one that functions are invoked with.
	aws      pulumi.ResourceOption
	regional pulumi.InvokeOption
	place    identity.Place
	tags     map[string]string

	vpc      *network.Vpc
	roles    map[string]roles
	images   map[string]pulumi.StringInput
	cluster  *compute.Cluster
	balancer *compute.LoadBalancer
	services map[string]*compute.Service
}

func deploy(ctx *pulumi.Context, root string) error {
	config, err := load(ctx)
	if err != nil {
		return err
	}
	if err := config.CheckPlace(ctx.Project(), ctx.Stack(), root); err != nil {
		return err
	}
	l := &lab{Context: ctx, config: config, root: root}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"providers", l.providers},
		{"1. network", l.network},
		{"1. identity", l.identity},
		{"2. container images", l.containerImages},
		{"3. ECS cluster and load balancer", l.clusterAndLoadBalancer},
		{"3. ECS services", l.ecsServices},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("step %s: %w", step.name, err)
		}
	}
	l.exports()
	return nil
}

func (l *lab) network() error {
	zones, err := network.LookupAvailabilityZones(l.Context, l.config.Network.AvailabilityZones, l.invoke())
	if err != nil {
		return err
	}
	n := l.config.Network
	l.vpc, err = network.NewVpc(l.Context, "lab", &network.VpcArgs{
		Place:              l.place,
		AvailabilityZones:  zones,
		CidrBlock:          n.Cidr,
		SubnetMasks:        network.SubnetMasks{Public: n.SubnetMasks.Public, App: n.SubnetMasks.App, Data: n.SubnetMasks.Data},
		NatGateways:        network.NatGateways(n.NatGateways),
		Ports:              l.ports(),
		ClientCidrs:        l.config.LoadBalancer.ClientCidrs,
		InterfaceEndpoints: n.InterfaceEndpoints,
		FlowLogs:           network.FlowLogs{RetentionInDays: n.FlowLogRetentionDays},
		Tags:               l.tags,
	}, l.aws)
	return err
}

// roles are a service's two: ECS starts its tasks with one, its code acts as the other.
type roles struct {
	execution, task *identity.Role
}

func (l *lab) identity() error {
	l.roles = map[string]roles{}
	for _, s := range l.config.Services {
		repositories, err := l.repositories(s)
		if err != nil {
			return err
		}
		execution, err := identity.NewExecutionRole(l.Context, s.Name+"-execution", &identity.ExecutionRoleArgs{
			RoleSettings: identity.RoleSettings{Name: l.name(s.Name, "execution"), Tags: l.tags},
			Place:        l.place,
			Repositories: repositories,
			LogGroups:    []string{l.logGroup(s)},
			Secrets:      secrets(s),
		}, l.aws)
		if err != nil {
			return err
		}
		task, err := identity.NewTaskRole(l.Context, s.Name+"-task", &identity.TaskRoleArgs{
			RoleSettings: identity.RoleSettings{Name: l.name(s.Name, "task"), Tags: l.tags},
			Place:        l.place,
			Access:       access(s),
		}, l.aws)
		if err != nil {
			return err
		}
		l.roles[s.Name] = roles{execution, task}
	}
	return nil
}

func (l *lab) containerImages() error {
	l.images = map[string]pulumi.StringInput{}
	for _, s := range l.config.Services {
		if s.Image.URI != "" {
			l.images[s.Name] = pulumi.String(s.Image.URI)
			continue
		}
		image, err := images.NewImage(l.Context, s.Name, l.imageArgs(s), l.aws)
		if err != nil {
			return err
		}
		l.images[s.Name] = image.Ref
	}
	return nil
}

func (l *lab) clusterAndLoadBalancer() (err error) {
	l.cluster, err = compute.NewCluster(l.Context, "lab", &compute.ClusterArgs{
		Name:              l.name("cluster"),
		ContainerInsights: l.config.Cluster.ContainerInsights,
		Capacity:          l.capacity(),
		Tags:              l.tags,
	}, l.aws)
	if err != nil {
		return err
	}
	l.balancer, err = compute.NewLoadBalancer(l.Context, "lab", &compute.LoadBalancerArgs{
		Name:               l.name("alb"),
		SubnetIds:          l.vpc.PublicSubnetIds,
		SecurityGroupId:    l.vpc.LoadBalancerSecurityGroupId,
		CertificateArn:     l.config.LoadBalancer.CertificateArn,
		DeletionProtection: l.config.LoadBalancer.DeletionProtection,
		IdleTimeout:        l.config.LoadBalancer.IdleTimeoutSeconds,
		Tags:               l.tags,
	}, l.aws)
	return err
}

func (l *lab) ecsServices() error {
	l.services = map[string]*compute.Service{}
	for _, s := range l.config.Services {
		service, err := compute.NewService(l.Context, s.Name, &compute.ServiceArgs{
			Name:             l.name(s.Name),
			Region:           l.place.Region,
			Cluster:          l.cluster,
			LoadBalancer:     l.balancer,
			Route:            s.route(),
			Vpc:              l.vpc,
			Image:            l.images[s.Name],
			Port:             s.Port,
			CPU:              s.CPU,
			Memory:           s.Memory,
			Architecture:     s.Architecture,
			ExecutionRoleArn: l.roles[s.Name].execution.Arn,
			TaskRoleArn:      l.roles[s.Name].task.Arn,
			DesiredCount:     *s.DesiredCount,
			Scaling:          scaling(s),
			Capacity:         l.capacity(),
			Health:           health(s),
			Environment:      l.environment(s),
			Secrets:          l.secretArns(s),
			LogGroup:         l.logGroup(s),
			LogRetentionDays: s.LogRetentionDays,
			Tags:             l.tags,
		}, l.aws)
		if err != nil {
			return err
		}
		l.services[s.Name] = service
	}
	return nil
}

func (l *lab) exports() {
	refs, names := pulumi.StringMap{}, pulumi.StringMap{}
	for name, service := range l.services {
		refs[name], names[name] = l.images[name], service.ServiceName
	}
	for name, value := range map[string]pulumi.Input{
		"account":         pulumi.String(l.place.AccountId),
		"region":          pulumi.String(l.place.Region),
		"url":             l.balancer.Url,
		"vpcId":           l.vpc.VpcId,
		"publicSubnetIds": l.vpc.PublicSubnetIds,
		"appSubnetIds":    l.vpc.AppSubnetIds,
		"dataSubnetIds":   l.vpc.DataSubnetIds,
		"clusterName":     l.cluster.ClusterName,
		"images":          refs,
		"services":        names,
	} {
		l.Export(name, value)
	}
}
