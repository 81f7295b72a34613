// Package config is the configuration of a stack: the typed tree, its defaults by profile, strict decoding, and every
// refusal. Package stack wires the components by it; nothing else reads a stack's configuration.
package config

import "github.com/awslab/awslab/internal/exemption"

//go:generate go run ./internal/configdoc/gen

// Config is the configuration of a stack: the keys of the namespace awslab in Pulumi.<stack>.yaml. Its JSON Schema,
// schema.json, is generated from these types. What holds when a key is left out is in [Defaults].
type Config struct {
	// Profile is the set of defaults: dev is small and cheap, prod highly available and protected.
	Profile string `json:"profile,omitempty" jsonschema:"enum=dev,enum=prod,default=dev"`
	// Region is the AWS region of the stack.
	Region string `json:"region" jsonschema:"required,example=eu-west-1"`
	// CopyRegion is the region that holds the copies: of backups, and of buckets and images that are replicated.
	CopyRegion string `json:"copyRegion,omitempty" jsonschema:"example=eu-central-1"`
	// PermissionsBoundary is the ARN of the IAM policy that caps every role of the stack.
	PermissionsBoundary string `json:"permissionsBoundary,omitempty"`
	// Network is the VPC.
	Network Network `json:"network,omitempty"`
	// Images says how container images are kept.
	Images Images `json:"images,omitempty"`
	// Cluster is the ECS cluster.
	Cluster Cluster `json:"cluster,omitempty"`
	// LoadBalancer is the public entry to the services.
	LoadBalancer LoadBalancer `json:"loadBalancer,omitempty"`
	// Services are the microservices.
	Services []Service `json:"services,omitempty"`
	// Database is the relational database. Without it there is none.
	Database *Database `json:"database,omitempty"`
	// Tables are DynamoDB tables.
	Tables []Table `json:"tables,omitempty"`
	// Buckets are S3 buckets.
	Buckets []Bucket `json:"buckets,omitempty"`
	// FileSystem is an EFS file system that services mount. Without it there is none.
	FileSystem *FileSystem `json:"fileSystem,omitempty"`
	// Website is static content that is served world-wide. Without it there is none.
	Website *Website `json:"website,omitempty"`
	// Monitoring says who is told of what.
	Monitoring Monitoring `json:"monitoring,omitempty"`
	// Firewall is the web application firewall (AWS WAF) before the load balancer and the website.
	Firewall Firewall `json:"firewall,omitempty"`
	// Backup says what is backed up when, and how that is proven.
	Backup Backup `json:"backup,omitempty"`
	// Exemptions accept findings of policy rules. The packs read them.
	Exemptions []exemption.Exemption `json:"exemptions,omitempty"`
}

// Network configures the VPC.
type Network struct {
	// Cidr is the VPC's IPv4 block, /16 to /24 of a private range. Each availability zone gets a quarter of it.
	Cidr string `json:"cidr,omitempty"`
	// AvailabilityZones is the number of zones: the first of the region, by name, that are available when the stack is
	// made. Going from two to three keeps what exists.
	AvailabilityZones int `json:"availabilityZones,omitempty" jsonschema:"minimum=2,maximum=3"`
	// ZoneNames are the zones, in place of AvailabilityZones, two or three of them.
	ZoneNames []string `json:"zoneNames,omitempty" jsonschema:"example=eu-west-1a"`
	// NatGateways is none, single or onePerAz.
	NatGateways string `json:"natGateways,omitempty" jsonschema:"enum=none,enum=single,enum=onePerAz"`
	// SubnetMasks are the prefix lengths of the tiers; by default half of a zone's block is app, a quarter each public
	// and data.
	SubnetMasks SubnetMasks `json:"subnetMasks,omitempty"`
	// InterfaceEndpoints lists AWS services reached without leaving the VPC. Without NAT gateways tasks need ecr.api,
	// ecr.dkr and logs, and more for what they use.
	InterfaceEndpoints []string `json:"interfaceEndpoints,omitempty" jsonschema:"enum=ecr.api,enum=ecr.dkr,enum=ecs,enum=ecs-agent,enum=ecs-telemetry,enum=elasticfilesystem,enum=events,enum=kms,enum=logs,enum=monitoring,enum=secretsmanager,enum=sns,enum=sqs,enum=ssm,enum=ssmmessages,enum=sts,enum=xray"`
	// EgressPorts are those on the internet that services may call, 443 among them, by which they call AWS itself.
	EgressPorts []int `json:"egressPorts,omitempty" jsonschema:"minimum=1,maximum=65535"`
	// FlowLogRetentionDays is how long flow logs are kept.
	FlowLogRetentionDays int `json:"flowLogRetentionDays,omitempty"`
	// IPv6 gives the VPC and its subnets IPv6 addresses besides.
	IPv6 bool `json:"ipv6,omitempty"`
}

// SubnetMasks are prefix lengths; 0 means the default share of the zone's block.
type SubnetMasks struct {
	Public int `json:"public,omitempty"`
	App    int `json:"app,omitempty"`
	Data   int `json:"data,omitempty"`
}

// Images configures the image repositories.
type Images struct {
	// Keep is the number of images that a repository keeps.
	Keep int `json:"keep,omitempty" jsonschema:"minimum=1,maximum=1000"`
	// ForceDelete lets destroy delete repositories that still hold images.
	ForceDelete bool `json:"forceDelete,omitempty"`
	// Caches are registries whose images, where a service's uri names one, are pulled through the account's own.
	Caches []Cache `json:"caches,omitempty"`
	// Replicate copies every image to the copy region. ECR has one such setting for an account and region.
	Replicate bool `json:"replicate,omitempty"`
	// ReportFindings tells the notifications' subscribers of critical and high findings of image scans.
	ReportFindings bool `json:"reportFindings,omitempty"`
}

// Cache is a pull-through cache of another registry.
type Cache struct {
	Registry string `json:"registry" jsonschema:"required,enum=public.ecr.aws,enum=registry.k8s.io,enum=quay.io,enum=docker.io,enum=ghcr.io,enum=registry.gitlab.com"`
	// CredentialArn is the Secrets Manager secret, named ecr-pullthroughcache/..., with user name and access token. The
	// last three registries ask for it.
	CredentialArn string `json:"credentialArn,omitempty"`
}

// Cluster configures the ECS cluster. On Fargate a service's tasks are spread over the two kinds of capacity by weight,
// once OnDemandBase tasks run on demand.
type Cluster struct {
	// LaunchType is fargate, or ec2 for instances of the stack's own. A stack can go from fargate to ec2 at any time.
	// Back takes two updates, since a capacity provider cannot go while services use it: first the services alone, with
	// pulumi up --target '**:TaskDefinition::*' --target '**ecs/service:Service::*', then everything.
	LaunchType string `json:"launchType,omitempty" jsonschema:"enum=fargate,enum=ec2"`
	// ContainerInsights turns on CloudWatch Container Insights, at a price per metric.
	ContainerInsights bool `json:"containerInsights,omitempty"`
	// OnDemandBase is the number of tasks of each service that always run on demand.
	OnDemandBase int `json:"onDemandBase,omitempty" jsonschema:"minimum=0,maximum=100000"`
	// OnDemandWeight is the share of FARGATE. Both weights 0 mean FARGATE only.
	OnDemandWeight int `json:"onDemandWeight,omitempty" jsonschema:"minimum=0,maximum=1000"`
	// SpotWeight is the share of FARGATE_SPOT, cheaper and interrupted at two minutes' notice.
	SpotWeight int `json:"spotWeight,omitempty" jsonschema:"minimum=0,maximum=1000"`
	// Instances are the EC2 instances of launch type ec2.
	Instances Instances `json:"instances,omitempty"`
}

// Instances are the EC2 instances of a cluster. ECS adds and removes them as the tasks need.
type Instances struct {
	// Types are instance types of one architecture, that of the services, the preferred first.
	Types []string `json:"types,omitempty"`
	// Min and Max are numbers of instances.
	Min int `json:"min,omitempty" jsonschema:"minimum=0,maximum=5000"`
	Max int `json:"max,omitempty" jsonschema:"minimum=1,maximum=5000"`
	// TargetCapacity is the percentage of the instances that tasks should fill.
	TargetCapacity int `json:"targetCapacity,omitempty" jsonschema:"minimum=1,maximum=100"`
	// SpotPercentage is the share of the instances beyond Min that are spot instances.
	SpotPercentage int `json:"spotPercentage,omitempty" jsonschema:"minimum=0,maximum=100"`
	// Backup has the backup plan take in the instances' volumes. ECS makes and removes instances as tasks need them, so
	// that nothing should be on their volumes that is worth it; false tags them backup=none. The plan takes in any
	// other volume that has the tag backup=<stack> in any case.
	Backup bool `json:"backup,omitempty"`
}

// LoadBalancer configures the application load balancer.
type LoadBalancer struct {
	// CertificateArn is an ACM certificate of the stack's region; with it port 80 redirects to HTTPS on 443.
	CertificateArn string `json:"certificateArn,omitempty"`
	// Domain is the name by which clients call. Its certificate is issued and validated through Zone, unless
	// CertificateArn names one.
	Domain string `json:"domain,omitempty" jsonschema:"example=api.example.com"`
	// Zone is the name of the Route 53 hosted zone that Domain lies in, and in which it is made to lead to the load
	// balancer. With CertificateArn it can be left out, when the name is kept elsewhere.
	Zone string `json:"zone,omitempty" jsonschema:"example=example.com"`
	// ClientCidrs are the IPv4 blocks that may connect; by default everyone.
	ClientCidrs []string `json:"clientCidrs,omitempty"`
	// HstsDays is for how long browsers that have called over HTTPS call over nothing else (Strict-Transport-Security);
	// 0 tells them nothing. It is without effect without a certificate.
	HstsDays int `json:"hstsDays,omitempty" jsonschema:"minimum=0,maximum=730"`
	// AccessLogs keeps a record of every request in S3, of those to buckets and to the website too.
	AccessLogs bool `json:"accessLogs,omitempty"`
	// ForceDelete lets destroy delete the buckets of logs while they hold logs, with all of them.
	ForceDelete bool `json:"forceDelete,omitempty"`
	// DeletionProtection refuses to delete the load balancer until it is turned off.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
	// IdleTimeoutSeconds closes a quiet connection.
	IdleTimeoutSeconds int `json:"idleTimeoutSeconds,omitempty" jsonschema:"minimum=1,maximum=4000"`
}

// Service is one microservice.
type Service struct {
	// Name is part of the names of everything the service owns.
	Name string `json:"name" jsonschema:"required"`
	// Image is where the container image comes from.
	Image Image `json:"image" jsonschema:"required"`
	// Port is the one the container listens on. A worker has none.
	Port int `json:"port,omitempty" jsonschema:"minimum=1,maximum=65535"`
	// Internal services are called by other services alone, at http://<name>:<port>.
	Internal bool `json:"internal,omitempty"`
	// Path is the prefix of the URL paths that are routed to the service, at most 9 segments.
	Path string `json:"path,omitempty"`
	// Host is the host name that is routed to the service; * and ? match.
	Host string `json:"host,omitempty"`
	// Priority is the listener rule's; the lowest that matches wins. By default it follows from host and path, the more
	// specific first.
	Priority int `json:"priority,omitempty" jsonschema:"minimum=1,maximum=50000"`
	// CPU is in units of 1/1024 of a vCPU: on Fargate 256, 512, 1024, 2048, 4096, 8192 or 16384.
	CPU int `json:"cpu,omitempty" jsonschema:"minimum=128,maximum=196608"`
	// Memory is in MiB; which sizes Fargate allows depends on CPU.
	Memory int `json:"memory,omitempty" jsonschema:"minimum=128,maximum=3145728"`
	// Architecture is amd64 or arm64.
	Architecture string `json:"architecture,omitempty" jsonschema:"enum=amd64,enum=arm64"`
	// DesiredCount is the number of tasks to start with; scaling takes over from there. By default it is scaling's min,
	// without scaling 1.
	DesiredCount *int `json:"desiredCount,omitempty" jsonschema:"minimum=0,maximum=5000"`
	// Scaling turns on target tracking.
	Scaling *Scaling `json:"scaling,omitempty"`
	// Before and After are tasks that run to their end before and after each deployment, such as database migrations.
	Before []Task `json:"before,omitempty"`
	After  []Task `json:"after,omitempty"`
	// RollbackErrors is how many answers with a server error, in a minute, roll a deployment back; 0 means no number
	// does. It is for services that the load balancer reaches.
	RollbackErrors *int `json:"rollbackErrors,omitempty" jsonschema:"minimum=0,maximum=1000000"`
	// RollbackAlarms are names of further alarms of CloudWatch that roll a deployment back when they go off during it,
	// for any service. They have to exist before it does.
	RollbackAlarms []string `json:"rollbackAlarms,omitempty"`
	// Deployment says how a new version takes the place of the old one.
	Deployment Deployment `json:"deployment,omitempty"`
	// Exec lets people open a shell in a running task with ECS Exec. The image has to have the shell: the output
	// commands names /bin/sh, which images FROM scratch and distroless ones lack.
	Exec bool `json:"exec,omitempty"`
	// ScratchPaths are folders the container may write to; what is in them goes with the task.
	ScratchPaths []string `json:"scratchPaths,omitempty"`
	// HealthCheck is the load balancer's, and the container's own.
	HealthCheck HealthCheck `json:"healthCheck,omitempty"`
	// Environment is passed to the container in clear text. What is encrypted here stays so in the stack's state, but
	// anyone who may describe the task definition can read it: Secrets is the better place.
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets are passed as environment variables, from a Secrets Manager secret or an SSM parameter.
	Secrets map[string]Secret `json:"secrets,omitempty"`
	// Access is what the service's code may reach.
	Access Access `json:"access,omitempty"`
	// LogRetentionDays is how long the service's log is kept.
	LogRetentionDays int `json:"logRetentionDays,omitempty"`
	// Objectives are what its users may expect; what is missed is alarmed by how fast it uses up what may fail.
	Objectives Objectives `json:"objectives,omitempty"`
}

// Deployment is how few and how many tasks there are during a deployment, in percent of those that should run.
type Deployment struct {
	// MinimumPercent of the tasks go on running. A service of which no two tasks may run at once has 0 and, as
	// maximumPercent, 100.
	MinimumPercent int `json:"minimumPercent,omitempty" jsonschema:"minimum=0,maximum=100"`
	// MaximumPercent of the tasks run at once.
	MaximumPercent int `json:"maximumPercent,omitempty" jsonschema:"minimum=100,maximum=200"`
}

// Task is one run of the service's container with another command.
type Task struct {
	// Name tells the tasks of a service apart.
	Name string `json:"name" jsonschema:"required"`
	// Command replaces the image's own.
	Command []string `json:"command" jsonschema:"required"`
	// TimeoutSeconds is how long it may take.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" jsonschema:"minimum=10,maximum=840"`
}

// Objectives are service level objectives over 30 days.
type Objectives struct {
	// Availability is the percentage of requests that do not fail; 0 is no objective.
	Availability float64 `json:"availability,omitempty"`
	// LatencyMilliseconds is what LatencyPercentage of the requests are faster than; 0 is no objective.
	LatencyMilliseconds int     `json:"latencyMilliseconds,omitempty" jsonschema:"minimum=1,maximum=60000"`
	LatencyPercentage   float64 `json:"latencyPercentage,omitempty"`
}

// Image is built from Context and pushed to the service's repository, or taken from URI.
type Image struct {
	// Context is the build context, a folder relative to that of Pulumi.yaml, and below it.
	Context string `json:"context,omitempty"`
	// Dockerfile is relative to Context.
	Dockerfile string `json:"dockerfile,omitempty"`
	// Target is the stage to build; by default the last.
	Target string `json:"target,omitempty"`
	// Args are build arguments.
	Args map[string]string `json:"args,omitempty"`
	// URI is an image that exists, by tag or digest; in ECR, one of the stack's own account and region.
	URI string `json:"uri,omitempty"`
}

// Scaling keeps the averages of the service's tasks near targets.
type Scaling struct {
	Min int `json:"min,omitempty" jsonschema:"minimum=0,maximum=5000"`
	Max int `json:"max" jsonschema:"required,minimum=1,maximum=5000"`
	// CPU is a percentage.
	CPU int `json:"cpu,omitempty" jsonschema:"minimum=1,maximum=100"`
	// Memory is a percentage.
	Memory int `json:"memory,omitempty" jsonschema:"minimum=1,maximum=100"`
	// RequestsPerTarget is per minute; 0 does not scale by requests.
	RequestsPerTarget int `json:"requestsPerTarget,omitempty" jsonschema:"minimum=0"`
	// ScaleOutCooldownSeconds and ScaleInCooldownSeconds pass after a step up or down before the next.
	ScaleOutCooldownSeconds int `json:"scaleOutCooldownSeconds,omitempty" jsonschema:"minimum=1,maximum=3600"`
	ScaleInCooldownSeconds  int `json:"scaleInCooldownSeconds,omitempty" jsonschema:"minimum=1,maximum=3600"`
	// Schedules change Min and Max at set times. With schedules the limits are theirs from the first deployment on: an
	// update leaves the limits alone that the last of them has set.
	Schedules []Schedule `json:"schedules,omitempty"`
}

// Schedule sets the limits of scaling from a point in time on.
type Schedule struct {
	// Name tells the schedules of a service apart.
	Name string `json:"name" jsonschema:"required"`
	// At is cron(...), rate(...) or at(...), as Application Auto Scaling writes them.
	At string `json:"at" jsonschema:"required,example=cron(0 7 ? * MON-FRI *)"`
	// TimeZone is the one At is meant in.
	TimeZone string `json:"timeZone,omitempty" jsonschema:"example=Europe/Dublin"`
	Min      int    `json:"min" jsonschema:"required,minimum=0,maximum=5000"`
	Max      int    `json:"max" jsonschema:"required,minimum=0,maximum=5000"`
}

// HealthCheck decides when a task gets requests, and when it is replaced.
type HealthCheck struct {
	// Path is what the load balancer asks for.
	Path string `json:"path,omitempty"`
	// IntervalSeconds lies between two checks.
	IntervalSeconds int `json:"intervalSeconds,omitempty" jsonschema:"minimum=5,maximum=300"`
	// TimeoutSeconds is shorter than the interval and, with command, at most 60.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" jsonschema:"minimum=2,maximum=120"`
	// GraceSeconds is how long a new task may be unhealthy.
	GraceSeconds int `json:"graceSeconds,omitempty" jsonschema:"minimum=1,maximum=2147483647"`
	// Command runs in the container, such as [CMD, /catalog, healthcheck]; by default there is none.
	Command []string `json:"command,omitempty"`
}

// Secret names a Secrets Manager secret or an SSM parameter.
type Secret struct {
	Name      string `json:"name,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	// Field is the one that is passed of a secret whose value is a JSON object; by default all of it is.
	Field string `json:"field,omitempty"`
	// KeyAlias is that of the customer managed key it is encrypted with, alias/...; by default AWS's own is.
	KeyAlias string `json:"keyAlias,omitempty" jsonschema:"example=alias/shop"`
}

// Access lists what a service may reach. From it follow its role, its security group's rules and its environment:
// TABLE_<NAME>, BUCKET_<NAME>, QUEUE_<NAME>_URL, DATABASE_HOST, _PORT, _NAME and _SECRET, and SERVICE_<NAME>_URL.
type Access struct {
	// Tables and Buckets are names in tables and buckets.
	Tables  []Grant `json:"tables,omitempty"`
	Buckets []Grant `json:"buckets,omitempty"`
	// Queues are names of SQS queues that exist.
	Queues []Queue `json:"queues,omitempty"`
	// Database is the stack's database, with the user that RDS manages.
	Database bool `json:"database,omitempty"`
	// FileSystem mounts the stack's file system.
	FileSystem *Mount `json:"fileSystem,omitempty"`
	// Services are names of other services that it calls.
	Services []string `json:"services,omitempty"`
}

// Mount is a folder of the file system in the container: each service has a folder of its own.
type Mount struct {
	// Folder is its name in the file system, by default the service's. A service that is renamed keeps its files by it.
	Folder string `json:"folder,omitempty"`
	// Path is where the container finds it.
	Path string `json:"path" jsonschema:"required"`
	Mode string `json:"mode" jsonschema:"required,enum=read,enum=readwrite"`
}

// Grant is access to one resource.
type Grant struct {
	Name string `json:"name" jsonschema:"required"`
	Mode string `json:"mode" jsonschema:"required,enum=read,enum=write,enum=readwrite"`
}

// Queue is access to one SQS queue. Reading is receiving and deleting messages, writing is sending them.
type Queue struct {
	Name string `json:"name" jsonschema:"required"`
	Mode string `json:"mode" jsonschema:"required,enum=read,enum=write,enum=readwrite"`
	// KeyAlias is that of the customer managed key it is encrypted with, alias/...; by default AWS's own is.
	KeyAlias string `json:"keyAlias,omitempty" jsonschema:"example=alias/shop"`
}

// complete fills in the defaults that depend on other keys.
func (c *Config) complete() {
	if c.Cluster.OnDemandWeight == 0 && c.Cluster.SpotWeight == 0 {
		c.Cluster.OnDemandWeight = 1
	}
	if zones := len(c.Network.ZoneNames); zones > 0 {
		c.Network.AvailabilityZones = zones
	}
	if c.Database != nil {
		c.Database.complete(c)
	}
	for i := range c.Services {
		s := &c.Services[i]
		if s.Image.Context != "" && s.Image.Dockerfile == "" {
			s.Image.Dockerfile = "Dockerfile"
		}
		if s.RollbackErrors == nil {
			errors := 0
			if s.Public() {
				errors = c.defaultOf("services[].rollbackErrors").(int)
			}
			s.RollbackErrors = &errors
		}
		if s.DesiredCount == nil {
			count := c.defaultOf("services[].desiredCount").(int)
			if s.Scaling != nil {
				count = s.Scaling.Min
			}
			s.DesiredCount = &count
		}
	}
}
