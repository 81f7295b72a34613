// Package stack is the lab as one program: Deploy brings the components together in the order of the lab's steps, as
// package config says.
package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/data"
	"github.com/awslab/awslab/components/identity"
	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/components/monitoring"
	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/components/protection"
	"github.com/awslab/awslab/infra/config"
	"github.com/awslab/awslab/internal/names"
)

// Deploy returns the Pulumi program.
func Deploy(ctx *pulumi.Context) error { return deploy(ctx, ctx.RootDirectory(), nil, nil) }

// Await returns once the deployment of an ECS service is over, see [compute.ServiceArgs].
type Await func(ctx context.Context, cluster, service string) error

// Begun reports whether the state of a stack has resources. It is asked about one without outputs, which is new unless
// its first update was interrupted or has failed.
type Begun func(ctx context.Context) (bool, error)

// Program returns Deploy for programs that run it inside the Automation API, where the engine does not say where the
// project lies: root is the folder of Pulumi.yaml. await and begun may be nil; without begun, a stack without outputs
// counts as new.
func Program(root string, await Await, begun Begun) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error { return deploy(ctx, root, await, begun) }
}

// lab is what the steps build on one another.
type lab struct {
	*pulumi.Context
	config *config.Config
	root   string
	await  Await
	tags   map[string]string
	names  names.Namer

	providers providers
	location  identity.Location
	// before is what the stack was made with, see madeWith.
	before map[string]string
	// resources are those of this run.
	resources []pulumi.Resource
	// state are the resources that the last run left, by URN.
	state map[string]resourceState
	// replicaVersion is not empty when the database's replicas are upgraded before it.
	replicaVersion string
	// zones are the names of the availability zones: those of the last run until there is a network.
	zones []string

	vpc    *network.Vpc
	keys   keys
	roles  map[string]roles
	images map[string]pulumi.StringInput
	// sources are the commits of the folders that images are built from.
	sources map[string]images.Source
	// versions name the services' images, see [compute.ServiceArgs.Version].
	versions map[string]string
	// caches are the pull-through caches, by the registry whose images they take.
	caches map[string]*images.PullThroughCache
	// runner runs tasks before and after deployments. It is nil when no service has any.
	runner *compute.TaskRunner
	// redeployment is nil when no service is started with a secret.
	redeployment *compute.Redeployment
	cluster      *compute.Cluster
	balancer     *compute.LoadBalancer
	// taskGroup are the security groups of the services' tasks, connections what each calls and is called by.
	taskGroup   map[string]*network.SecurityGroup
	connections map[string][]pulumi.Resource
	services    map[string]*compute.Service
	// targetGroups are the names of the services' target groups, by service.
	targetGroups map[string]string

	logBucket *data.Bucket
	// copyLogBucket is that of the copy region.
	copyLogBucket   *data.Bucket
	tableArns       pulumi.StringMap
	bucketNames     pulumi.StringMap
	topicArns       pulumi.StringMap
	fileSystem      *data.FileSystem
	website         *data.Website
	database        *data.Database
	databaseClients clients
	// setupClients may call the database itself, behind the proxy.
	setupClients clients
	fileClients  clients

	notifications, edgeNotifications *monitoring.Notifications
	dashboard                        *monitoring.Dashboard

	// acl stands before the load balancer, edgeAcl before the website, in us-east-1. Each is nil without a firewall.
	acl, edgeAcl   *protection.WebAcl
	backup         *protection.Backup
	restoreTesting *protection.RestoreTesting
}

func deploy(ctx *pulumi.Context, root string, await Await, begun Begun) error {
	configured, err := config.Load(ctx)
	if err != nil {
		return err
	}
	if err := configured.CheckFiles(ctx.Project(), root); err != nil {
		return err
	}
	recorded, err := permanentBefore(ctx)
	if err != nil {
		return err
	}
	resources, err := resourcesBefore(ctx, recorded, begun)
	if err != nil {
		return err
	}
	before := madeWith(recorded, resources)
	if err := configured.CheckPermanent(ctx.Project(), before); err != nil {
		return err
	}
	if err := configured.CheckStorage(ctx.Project(), storageOf(resources)); err != nil {
		return err
	}
	if err := checkCalls(ctx.Project(), configured, before); err != nil {
		return err
	}
	if err := checkRules(ctx.Project(), configured, before, resources); err != nil {
		return err
	}
	if err := ctx.RegisterStackTransformation(nameResources); err != nil {
		return err
	}
	l := &lab{
		Context: ctx,
		config:  configured,
		root:    root,
		await:   await,
		names:   namesOf(ctx, recorded),
		before:  before,
		state:   resources,
		zones:   strings.Fields(before[config.ZonesKey]),
	}
	if err := ctx.RegisterStackTransformation(l.collect); err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"providers", l.newProviders},
		{"4. version of the database", l.planUpgrade},
		{"1. keys", l.encryption},
		{"1. network", l.network},
		{"5. notifications", l.notify},
		{"2. container images", l.containerImages},
		{"4. log bucket", l.logBuckets},
		{"3. ECS cluster and load balancer", l.clusterAndLoadBalancer},
		{"4. database", l.databases},
		{"1. identity", l.identity},
		{"4. tables", l.tables},
		{"4. buckets", l.buckets},
		{"4. topics", l.topics},
		{"4. file system", l.fileSystems},
		{"6. firewall", l.firewall},
		{"4. website", l.websites},
		{"3. ECS services", l.ecsServices},
		{"6. backup and restore testing", l.backups},
		{"5. alarms, dashboard, logs and tracing", l.monitor},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("step %s: %w", step.name, err)
		}
	}
	return l.exports()
}

// name returns what something is called in AWS.
func (l *lab) name(parts ...string) string { return l.names.Name(parts...) }
