// Package config is the configuration of a stack: the typed tree, its defaults by profile, strict decoding, and every
// refusal. Package stack wires the components by it; nothing else reads a stack's configuration.
package config

import (
	"cmp"
	"maps"

	"github.com/awslab/awslab/internal/exemption"
)

//go:generate go run ./internal/configdoc/gen

// Config is the configuration of a stack: the keys of the namespace awslab in Pulumi.<stack>.yaml. Its JSON Schema,
// schema.json, is generated from these types. What holds when a key is left out is in [Defaults].
type Config struct {
	// Profile is the set of defaults: dev is small and cheap, prod highly available and protected.
	Profile string `json:"profile,omitempty"             jsonschema:"enum=dev,enum=prod,default=dev"`
	// Region is the AWS region of the stack, in any partition. A region that is newer than the aws provider needs
	// aws:skipRegionValidation. Outside the partition aws there is no website, and no notification by Slack or Teams.
	Region string `json:"region"                        jsonschema:"required,example=eu-west-1"`
	// CopyRegion is the Region that holds copies of backups, buckets, tables, files and images.
	CopyRegion string `json:"copyRegion,omitempty"          jsonschema:"example=eu-central-1"`
	// PermissionsBoundary is the ARN of an IAM policy that limits every role of the stack.
	PermissionsBoundary string `json:"permissionsBoundary,omitempty"`
	// Network is the VPC.
	Network Network `json:"network,omitempty"`
	// Images configures the ECR repositories.
	Images Images `json:"images,omitempty"`
	// Cluster is the ECS cluster.
	Cluster Cluster `json:"cluster,omitempty"`
	// LoadBalancer is the public entry to the services.
	LoadBalancer LoadBalancer `json:"loadBalancer,omitempty"`
	// Services are the microservices.
	Services []Service `json:"services,omitempty"`
	// Database is the relational database (RDS). A stack without this key has none.
	Database *Database `json:"database,omitempty"`
	// Tables are DynamoDB tables.
	Tables []Table `json:"tables,omitempty"`
	// Buckets are S3 buckets.
	Buckets []Bucket `json:"buckets,omitempty"`
	// Topics are SNS topics.
	Topics []Topic `json:"topics,omitempty"`
	// FileSystem is an EFS file system that services mount. A stack without this key has none.
	FileSystem *FileSystem `json:"fileSystem,omitempty"`
	// Website is static content, served by CloudFront. A stack without this key has none.
	Website *Website `json:"website,omitempty"`
	// Monitoring configures alarms, notifications and tracing.
	Monitoring Monitoring `json:"monitoring,omitempty"`
	// Firewall configures AWS WAF in front of the load balancer and the website.
	Firewall Firewall `json:"firewall,omitempty"`
	// Backup configures AWS Backup.
	Backup Backup `json:"backup,omitempty"`
	// Exemptions accept findings of policy rules, each for some resources, with a reason and a last day.
	Exemptions []exemption.Exemption `json:"exemptions,omitempty"`
}

// Network configures the VPC.
type Network struct {
	// Cidr is the VPC's IPv4 block, /16 to /24 of a private range. Each availability zone gets a quarter of it.
	Cidr string `json:"cidr,omitempty"`
	// AvailabilityZones is the number of Availability Zones. The first ones by name that are available when the stack
	// is created are used. A change from 2 to 3 keeps existing resources.
	AvailabilityZones int `json:"availabilityZones,omitempty"    jsonschema:"minimum=2,maximum=3"`
	// ZoneNames selects two or three Availability Zones by name, instead of availabilityZones.
	ZoneNames []string `json:"zoneNames,omitempty"            jsonschema:"example=eu-west-1a"`
	// NatGateways is the number of NAT gateways: none, a single one, or one per Availability Zone.
	NatGateways string `json:"natGateways,omitempty"          jsonschema:"enum=none,enum=single,enum=onePerAz"`
	// SubnetMasks are the prefix lengths of the subnets. By default the app tier gets half of a zone's block, and the
	// public and data tiers a quarter each.
	SubnetMasks SubnetMasks `json:"subnetMasks,omitempty"`
	// InterfaceEndpoints lists AWS services that get an interface VPC endpoint. Without NAT gateways, tasks need
	// ecr.api, ecr.dkr, logs, and the services that they call.
	InterfaceEndpoints []string `json:"interfaceEndpoints,omitempty"   jsonschema:"enum=ecr.api,enum=ecr.dkr,enum=ecs,enum=ecs-agent,enum=ecs-telemetry,enum=elasticfilesystem,enum=events,enum=kms,enum=logs,enum=monitoring,enum=secretsmanager,enum=sns,enum=sqs,enum=ssm,enum=ssmmessages,enum=sts,enum=xray"`
	// EgressPorts are the ports on the internet that services may connect to. 443 is required, because AWS APIs use
	// it.
	EgressPorts []int `json:"egressPorts,omitempty"          jsonschema:"minimum=1,maximum=65535"`
	// FlowLogRetentionDays is the retention of the VPC flow logs in CloudWatch Logs.
	FlowLogRetentionDays int `json:"flowLogRetentionDays,omitempty"`
	// IPv6 assigns IPv6 blocks to the VPC and its subnets, in addition to IPv4.
	IPv6 bool `json:"ipv6,omitempty"`
}

// SubnetMasks are prefix lengths; 0 means the default share of the zone's block.
type SubnetMasks struct {
	// Public is the prefix length of the public subnets; 0 means the default share.
	Public int `json:"public,omitempty"`
	// App is the prefix length of the subnets of services; 0 means the default share.
	App int `json:"app,omitempty"`
	// Data is the prefix length of the subnets of databases; 0 means the default share.
	Data int `json:"data,omitempty"`
}

// Images configures the image repositories.
type Images struct {
	// Args are build arguments of every image that is built, such as BUILD_IMAGE and GOPROXY for mirrors.
	Args map[string]string `json:"args,omitempty"`
	// Keep is the number of images that the lifecycle policy of a repository retains.
	Keep int `json:"keep,omitempty"           jsonschema:"minimum=1,maximum=1000"`
	// ForceDelete lets destroy delete repositories that contain images.
	ForceDelete bool `json:"forceDelete,omitempty"`
	// Caches are pull-through caches. An image URI of such a registry is pulled through the stack's ECR.
	Caches []Cache `json:"caches,omitempty"`
	// Replicate pushes every image to the copy Region too.
	Replicate bool `json:"replicate,omitempty"`
	// ReportFindings sends critical and high findings of image scans to the notification topic.
	ReportFindings bool `json:"reportFindings,omitempty"`
}

// argsWith returns the build arguments of every image, with those of one image, which take precedence.
func (i Images) argsWith(own map[string]string) map[string]string {
	if len(i.Args) == 0 {
		return own
	}
	all := maps.Clone(i.Args)
	maps.Copy(all, own)
	return all
}

// Cache is a pull-through cache of another registry.
type Cache struct {
	// Registry is the host name of the upstream registry.
	Registry string `json:"registry"                jsonschema:"required,enum=public.ecr.aws,enum=registry.k8s.io,enum=quay.io,enum=docker.io,enum=ghcr.io,enum=registry.gitlab.com"`
	// CredentialArn is the ARN of a Secrets Manager secret named ecr-pullthroughcache/..., with user name and access
	// token. docker.io, ghcr.io and registry.gitlab.com require it.
	CredentialArn string `json:"credentialArn,omitempty"`
}

// Cluster configures the ECS cluster. On Fargate a service's tasks are spread over the two kinds of capacity by weight,
// once OnDemandBase tasks run on demand.
type Cluster struct {
	// LaunchType is fargate, or ec2 for EC2 instances that the stack manages. It can be changed at any time; the
	// way from ec2 to fargate takes two updates.
	LaunchType string `json:"launchType,omitempty"        jsonschema:"enum=fargate,enum=ec2"`
	// ContainerInsights enables CloudWatch Container Insights, which is charged per metric.
	ContainerInsights bool `json:"containerInsights,omitempty"`
	// OnDemandBase is the number of tasks of each service that run on FARGATE before the weights apply.
	OnDemandBase int `json:"onDemandBase,omitempty"      jsonschema:"minimum=0,maximum=100000"`
	// OnDemandWeight is the relative share of FARGATE. If both weights are 0, all tasks run on FARGATE.
	OnDemandWeight int `json:"onDemandWeight,omitempty"    jsonschema:"minimum=0,maximum=1000"`
	// SpotWeight is the relative share of FARGATE_SPOT, which is cheaper and can be interrupted with two minutes'
	// notice.
	SpotWeight int `json:"spotWeight,omitempty"        jsonschema:"minimum=0,maximum=1000"`
	// Instances configures the EC2 instances of launch type ec2.
	Instances Instances `json:"instances,omitempty"`
}

// Instances are the EC2 instances of a cluster. ECS adds and removes them as the tasks need.
type Instances struct {
	// Types are EC2 instance types of one architecture, in order of preference, 40 at most. The services have the same
	// architecture.
	Types []string `json:"types,omitempty"`
	// Min is the minimum number of instances.
	Min int `json:"min,omitempty"            jsonschema:"minimum=0,maximum=5000"`
	// Max is the maximum number of instances. Each task has a network interface of its own, of which an m7i.large has
	// two for tasks and an m7i.xlarge three.
	Max int `json:"max,omitempty"            jsonschema:"minimum=1,maximum=5000"`
	// TargetCapacity is the percentage of the instances' capacity that managed scaling keeps in use.
	TargetCapacity int `json:"targetCapacity,omitempty" jsonschema:"minimum=1,maximum=100"`
	// SpotPercentage is the percentage of Spot Instances among the instances beyond min.
	SpotPercentage int `json:"spotPercentage,omitempty" jsonschema:"minimum=0,maximum=100"`
	// Backup includes the volumes of the instances in the backup plan. Otherwise they have the tag backup=none,
	// because ECS replaces instances and nothing of value should be on them.
	Backup bool `json:"backup,omitempty"`
}

// LoadBalancer configures the application load balancer.
type LoadBalancer struct {
	// CertificateArn is the ARN of an ACM certificate in the stack's Region. With it, port 443 serves HTTPS and port
	// 80 redirects to it.
	CertificateArn string `json:"certificateArn,omitempty"`
	// Domain is the host name of the load balancer. Unless certificateArn is given, a certificate is requested and
	// validated through zone.
	Domain string `json:"domain,omitempty"             jsonschema:"example=api.example.com"`
	// Zone is the name of the Route 53 hosted zone that contains domain. The stack creates the DNS record in it.
	Zone string `json:"zone,omitempty"               jsonschema:"example=example.com"`
	// ClientCidrs are the IPv4 CIDR blocks that may connect, 15 at most.
	ClientCidrs []string `json:"clientCidrs,omitempty"`
	// HstsDays is the max-age of the Strict-Transport-Security header in days; 0 tells browsers to forget an earlier
	// one. It has no effect without HTTPS.
	HstsDays int `json:"hstsDays,omitempty"           jsonschema:"minimum=0,maximum=730"`
	// AccessLogs stores access logs of the load balancer, the buckets and the website in S3.
	AccessLogs bool `json:"accessLogs,omitempty"`
	// ForceDelete lets destroy delete the log buckets with the logs in them.
	ForceDelete bool `json:"forceDelete,omitempty"`
	// DeletionProtection prevents the deletion of the load balancer.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
	// IdleTimeoutSeconds is the time after which an idle connection is closed.
	IdleTimeoutSeconds int `json:"idleTimeoutSeconds,omitempty" jsonschema:"minimum=1,maximum=4000"`
}

// Service is one microservice.
type Service struct {
	// Name identifies the service. It is part of the names of its resources; a renamed service is a new one.
	Name string `json:"name"                       jsonschema:"required"`
	// Image is built from a Dockerfile, or is an existing image.
	Image Image `json:"image"                      jsonschema:"required"`
	// Port is the port that the container listens on. A service without a port is a worker. Those behind the load
	// balancer have 30 different ones at most.
	Port int `json:"port,omitempty"             jsonschema:"minimum=1,maximum=65535"`
	// Internal makes the port reachable for other services only, at http://<name>:<port>, through Service Connect.
	Internal bool `json:"internal,omitempty"`
	// Path is the URL path prefix that the load balancer routes to the service, with at most 9 segments.
	Path string `json:"path,omitempty"`
	// Host is the host name that the load balancer routes to the service. It may contain * and ?.
	Host string `json:"host,omitempty"`
	// Priority is the priority of the listener rule; the lowest matching one wins. By default it follows from host and
	// path, the more specific first.
	Priority int `json:"priority,omitempty"         jsonschema:"minimum=1,maximum=50000"`
	// CPU is in CPU units, 1024 per vCPU. Fargate supports 256, 512, 1024, 2048, 4096, 8192 and 16384.
	CPU int `json:"cpu,omitempty"              jsonschema:"minimum=128,maximum=196608"`
	// Memory is in MiB. The sizes that Fargate supports depend on cpu.
	Memory int `json:"memory,omitempty"           jsonschema:"minimum=128,maximum=3145728"`
	// Architecture is the CPU architecture of the image.
	Architecture string `json:"architecture,omitempty"     jsonschema:"enum=amd64,enum=arm64"`
	// DesiredCount is the initial number of tasks; auto scaling changes it later. By default it is scaling.min, or 1
	// without scaling.
	DesiredCount *int `json:"desiredCount,omitempty"     jsonschema:"minimum=0,maximum=5000"`
	// Scaling enables auto scaling by target tracking.
	Scaling *Scaling `json:"scaling,omitempty"`
	// Before are tasks that run before each deployment, such as a database migration. A failing task stops the
	// deployment.
	Before []Task `json:"before,omitempty"`
	// After are tasks that run after each successful deployment.
	After []Task `json:"after,omitempty"`
	// RollbackErrors is the number of HTTP 5xx responses per minute that rolls a deployment back; 0 disables it. It
	// applies to services behind the load balancer.
	RollbackErrors *int `json:"rollbackErrors,omitempty"   jsonschema:"minimum=0,maximum=1000000"`
	// RollbackAlarms are the names of existing CloudWatch alarms that roll a deployment back when they go into the
	// ALARM state.
	RollbackAlarms []string `json:"rollbackAlarms,omitempty"`
	// Deployment limits the number of tasks during a deployment.
	Deployment Deployment `json:"deployment,omitempty"`
	// Exec enables ECS Exec, which opens a shell in a running task. The image must contain /bin/sh.
	Exec bool `json:"exec,omitempty"`
	// ScratchPaths are folders that the container may write to. Their content is lost with the task.
	ScratchPaths []string `json:"scratchPaths,omitempty"`
	// HealthCheck configures the health checks of the load balancer and of the container.
	HealthCheck HealthCheck `json:"healthCheck,omitempty"`
	// Environment sets environment variables in clear text. Everybody who may describe the task definition can read
	// them; use secrets for anything confidential.
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets sets environment variables from Secrets Manager secrets or SSM parameters.
	Secrets map[string]Secret `json:"secrets,omitempty"`
	// Access lists what the service may use. Its IAM permissions, security group rules and environment follow from it.
	Access Access `json:"access,omitempty"`
	// LogRetentionDays is the retention of the service's log group.
	LogRetentionDays int `json:"logRetentionDays,omitempty"`
	// Objectives are service level objectives. Alarms report when their error budget is used up too fast.
	Objectives Objectives `json:"objectives,omitempty"`
	// Smoke are requests that awslab images test sends to the container before the image goes to AWS. It always
	// requests healthCheck.path of a service behind the load balancer. No AWS resource depends on this key.
	Smoke []SmokeRequest `json:"smoke,omitempty"`
	// TestEnvironment sets variables for awslab images test that the container otherwise has on AWS only: those of
	// access and of secrets, and encrypted ones of environment. Write no secret here, but a value that the container
	// starts with on this machine. No AWS resource depends on this key.
	TestEnvironment map[string]string `json:"testEnvironment,omitempty"`
}

// SmokeRequest is an HTTP request to the container's port, and the response that is expected.
type SmokeRequest struct {
	// Method is the HTTP method. The request has no body.
	Method string `json:"method,omitempty" jsonschema:"enum=GET,enum=HEAD,enum=POST,enum=PUT,enum=PATCH,enum=DELETE,enum=OPTIONS"`
	// Path is the URL path, with a query string if there is one.
	Path string `json:"path"             jsonschema:"required,example=/items"`
	// Status is the status code of the response. Redirects are not followed.
	Status int `json:"status,omitempty" jsonschema:"minimum=100,maximum=599"`
}

// Deployment is how few and how many tasks there are during a deployment, in percent of those that should run.
type Deployment struct {
	// MinimumPercent is the percentage of the desired tasks that keep running. Set it to 0, and maximumPercent to 100,
	// if no two tasks may run at once.
	MinimumPercent int `json:"minimumPercent,omitempty" jsonschema:"minimum=0,maximum=100"`
	// MaximumPercent is the percentage of the desired tasks that may run at once.
	MaximumPercent int `json:"maximumPercent,omitempty" jsonschema:"minimum=100,maximum=200"`
}

// Task is one run of the service's container with another command.
type Task struct {
	// Name identifies the task within the service.
	Name string `json:"name"                     jsonschema:"required"`
	// Command replaces the command of the image.
	Command []string `json:"command"                  jsonschema:"required"`
	// TimeoutSeconds is the time after which the task is stopped and counts as failed.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" jsonschema:"minimum=10,maximum=840"`
}

// Objectives are service level objectives over 30 days.
type Objectives struct {
	// Availability is the percentage of requests that succeed, over 30 days; 0 means no objective.
	Availability float64 `json:"availability,omitempty"`
	// LatencyMilliseconds is the response time that latencyPercentage of the requests stay below; 0 means no
	// objective.
	LatencyMilliseconds int `json:"latencyMilliseconds,omitempty" jsonschema:"minimum=1,maximum=60000"`
	// LatencyPercentage is the percentage of requests that are faster than latencyMilliseconds.
	LatencyPercentage float64 `json:"latencyPercentage,omitempty"`
}

// Image is built from Context and pushed to the service's repository, or taken from URI.
type Image struct {
	// Context is the build context: a folder below the one of Pulumi.yaml.
	Context string `json:"context,omitempty"`
	// Dockerfile is the path of the Dockerfile within context.
	Dockerfile string `json:"dockerfile,omitempty"`
	// Target is the build stage; by default the last.
	Target string `json:"target,omitempty"`
	// Args are build arguments, besides those of images.args.
	Args map[string]string `json:"args,omitempty"`
	// URI is an existing image, by tag or digest, instead of context.
	URI string `json:"uri,omitempty"`
}

// Scaling keeps the averages of the service's tasks near targets.
type Scaling struct {
	// Min is the minimum number of tasks. 0 requires a schedule that starts one, as targets cannot.
	Min int `json:"min,omitempty"                     jsonschema:"minimum=0,maximum=5000"`
	// Max is the maximum number of tasks.
	Max int `json:"max"                               jsonschema:"required,minimum=1,maximum=5000"`
	// CPU is the target CPU utilization in percent.
	CPU int `json:"cpu,omitempty"                     jsonschema:"minimum=1,maximum=100"`
	// Memory is the target memory utilization in percent.
	Memory int `json:"memory,omitempty"                  jsonschema:"minimum=1,maximum=100"`
	// RequestsPerTarget is the target number of requests per task and minute; 0 does not scale by requests.
	RequestsPerTarget int `json:"requestsPerTarget,omitempty"       jsonschema:"minimum=0"`
	// ScaleOutCooldownSeconds is the time between two increases.
	ScaleOutCooldownSeconds int `json:"scaleOutCooldownSeconds,omitempty" jsonschema:"minimum=1,maximum=3600"`
	// ScaleInCooldownSeconds is the time between two decreases.
	ScaleInCooldownSeconds int `json:"scaleInCooldownSeconds,omitempty"  jsonschema:"minimum=1,maximum=3600"`
	// Schedules change min and max at given times. Later updates leave the limits that the last schedule has set.
	Schedules []Schedule `json:"schedules,omitempty"`
}

// Schedule sets the limits of scaling from a point in time on.
type Schedule struct {
	// Name identifies the schedule within the service.
	Name string `json:"name"               jsonschema:"required"`
	// At is a cron(...), rate(...) or at(...) expression of Application Auto Scaling.
	At string `json:"at"                 jsonschema:"required,example=cron(0 7 ? * MON-FRI *)"`
	// TimeZone is the time zone of at, by its IANA name.
	TimeZone string `json:"timeZone,omitempty" jsonschema:"example=Europe/Dublin"`
	// Min is the minimum number of tasks from then on.
	Min int `json:"min"                jsonschema:"required,minimum=0,maximum=5000"`
	// Max is the maximum number of tasks from then on.
	Max int `json:"max"                jsonschema:"required,minimum=0,maximum=5000"`
}

// HealthCheck decides when a task gets requests, and when it is replaced.
type HealthCheck struct {
	// Path is the path that the load balancer requests.
	Path string `json:"path,omitempty"`
	// IntervalSeconds is the time between two checks.
	IntervalSeconds int `json:"intervalSeconds,omitempty" jsonschema:"minimum=5,maximum=300"`
	// TimeoutSeconds is the timeout of a check. It is shorter than the interval and, with command, at most 60.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty"  jsonschema:"minimum=2,maximum=120"`
	// GraceSeconds is the time for which a new task may be unhealthy.
	GraceSeconds int `json:"graceSeconds,omitempty"    jsonschema:"minimum=1,maximum=2147483647"`
	// Command is the health check of the container, such as [CMD, /catalog, healthcheck]; by default there is none.
	Command []string `json:"command,omitempty"`
}

// Secret names a Secrets Manager secret or an SSM parameter.
type Secret struct {
	// Name is the name of a Secrets Manager secret.
	Name string `json:"name,omitempty"`
	// Parameter is the name of an SSM parameter.
	Parameter string `json:"parameter,omitempty"`
	// Field selects one field of a secret whose value is a JSON object; by default the whole value is passed.
	Field string `json:"field,omitempty"`
	// KeyAlias is the alias of the customer managed KMS key that encrypts it; by default none does.
	KeyAlias string `json:"keyAlias,omitempty"  jsonschema:"example=alias/shop"`
}

// Access lists what a service may reach. From it follow its role, its security group's rules and its environment:
// TABLE_<NAME>, BUCKET_<NAME>, QUEUE_<NAME>_URL, TOPIC_<NAME>_ARN, DATABASE_HOST, _READER_HOST, _PORT, _NAME, _USER and
// _AUTH, and SERVICE_<NAME>_URL. AWS_REGION is set in any case.
type Access struct {
	// Tables are names in tables, each with a mode.
	Tables []Grant `json:"tables,omitempty"`
	// Buckets are names in buckets, each with a mode.
	Buckets []Grant `json:"buckets,omitempty"`
	// Queues are existing SQS queues.
	Queues []Queue `json:"queues,omitempty"`
	// Topics are the names of topics that the service publishes to.
	Topics []string `json:"topics,omitempty"`
	// Database grants access to the database, as a user of the service's own that signs in by IAM (DATABASE_USER). The
	// tasks in before can sign in as the master user as well, and create that user.
	Database bool `json:"database,omitempty"`
	// FileSystem mounts a folder of the file system. Each service has a folder of its own.
	FileSystem *Mount `json:"fileSystem,omitempty"`
	// Services are the names of other services that the service calls.
	Services []string `json:"services,omitempty"`
}

// Mount is a folder of the file system in the container: each service has a folder of its own.
type Mount struct {
	// Folder is the folder in the file system; by default the name of the service. Set it to keep the files of a
	// service that is renamed.
	Folder string `json:"folder,omitempty"`
	// Path is the mount path in the container.
	Path string `json:"path"             jsonschema:"required"`
	// Mode is read or readwrite.
	Mode string `json:"mode"             jsonschema:"required,enum=read,enum=readwrite"`
}

// Grant is access to one resource.
type Grant struct {
	// Name is the name in tables or buckets.
	Name string `json:"name" jsonschema:"required"`
	// Mode is read, write or readwrite.
	Mode string `json:"mode" jsonschema:"required,enum=read,enum=write,enum=readwrite"`
}

// Queue is access to one SQS queue. Reading is receiving and deleting messages, writing is sending them.
type Queue struct {
	// Name is the name of the queue.
	Name string `json:"name"               jsonschema:"required"`
	// Mode is read (receive and delete messages), write (send messages) or readwrite.
	Mode string `json:"mode"               jsonschema:"required,enum=read,enum=write,enum=readwrite"`
	// KeyAlias is the alias of the customer managed KMS key that encrypts the queue; by default none does.
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
		if s.Image.Context != "" {
			s.Image.Dockerfile = cmp.Or(s.Image.Dockerfile, "Dockerfile")
			s.Image.Args = c.Images.argsWith(s.Image.Args)
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
