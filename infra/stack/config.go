package stack

//go:generate go run ./internal/configschema/gen

// Config is the configuration of a stack: the keys of the namespace awslab in Pulumi.<stack>.yaml. Its JSON Schema,
// schema.json, is generated from these types.
type Config struct {
	// Region is the AWS region of the stack.
	Region string `json:"region" jsonschema:"required,example=eu-west-1"`
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
}

// Network configures the VPC.
type Network struct {
	// Cidr is the VPC's IPv4 block, /16 to /24 of a private range. Each availability zone gets a quarter of it.
	Cidr string `json:"cidr,omitempty" jsonschema:"default=10.0.0.0/16"`
	// AvailabilityZones is the number of zones. Going from two to three keeps what exists.
	AvailabilityZones int `json:"availabilityZones,omitempty" jsonschema:"minimum=2,maximum=3,default=2"`
	// NatGateways is none, single or onePerAz.
	NatGateways string `json:"natGateways,omitempty" jsonschema:"enum=none,enum=single,enum=onePerAz,default=single"`
	// SubnetMasks are the prefix lengths of the tiers; by default half of a zone's block is app, a quarter each public
	// and data.
	SubnetMasks SubnetMasks `json:"subnetMasks,omitempty"`
	// InterfaceEndpoints lists AWS services reached without leaving the VPC.
	InterfaceEndpoints []string `json:"interfaceEndpoints,omitempty" jsonschema:"enum=ecr.api,enum=ecr.dkr,enum=logs,enum=secretsmanager,enum=sqs,enum=ssm,enum=sts,enum=kms"`
	// FlowLogRetentionDays is how long flow logs are kept.
	FlowLogRetentionDays int `json:"flowLogRetentionDays,omitempty" jsonschema:"default=30"`
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
	Keep int `json:"keep,omitempty" jsonschema:"minimum=1,maximum=1000,default=30"`
	// ForceDelete lets destroy delete repositories that still hold images.
	ForceDelete bool `json:"forceDelete,omitempty"`
}

// Cluster configures the ECS cluster. A service's tasks are spread over the two kinds of capacity by weight, once
// OnDemandBase tasks run on demand.
type Cluster struct {
	// ContainerInsights turns on CloudWatch Container Insights, at a price per metric.
	ContainerInsights bool `json:"containerInsights,omitempty"`
	// OnDemandBase is the number of tasks of each service that always run on demand.
	OnDemandBase int `json:"onDemandBase,omitempty" jsonschema:"minimum=0,maximum=100000"`
	// OnDemandWeight is the share of FARGATE. Both weights 0 mean FARGATE only.
	OnDemandWeight int `json:"onDemandWeight,omitempty" jsonschema:"minimum=0,maximum=1000"`
	// SpotWeight is the share of FARGATE_SPOT, cheaper and interrupted at two minutes' notice.
	SpotWeight int `json:"spotWeight,omitempty" jsonschema:"minimum=0,maximum=1000"`
}

// LoadBalancer configures the application load balancer.
type LoadBalancer struct {
	// CertificateArn is an ACM certificate of the stack's region; with it port 80 redirects to HTTPS on 443.
	CertificateArn string `json:"certificateArn,omitempty"`
	// ClientCidrs are the IPv4 blocks that may connect; by default everyone.
	ClientCidrs []string `json:"clientCidrs,omitempty" jsonschema:"default=0.0.0.0/0"`
	// DeletionProtection refuses to delete the load balancer until it is turned off.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
	// IdleTimeoutSeconds closes a quiet connection.
	IdleTimeoutSeconds int `json:"idleTimeoutSeconds,omitempty" jsonschema:"minimum=1,maximum=4000,default=60"`
}

// Service is one microservice.
type Service struct {
	// Name is part of the names of everything the service owns.
	Name string `json:"name" jsonschema:"required"`
	// Image is where the container image comes from.
	Image Image `json:"image" jsonschema:"required"`
	// Port is the one the container listens on.
	Port int `json:"port" jsonschema:"required,minimum=1,maximum=65535"`
	// Path is the prefix of the URL paths that are routed to the service, at most 9 segments.
	Path string `json:"path,omitempty"`
	// Host is the host name that is routed to the service; * and ? match.
	Host string `json:"host,omitempty"`
	// Priority is the listener rule's; the lowest that matches wins. By default it follows from host and path, the more
	// specific first.
	Priority int `json:"priority,omitempty" jsonschema:"minimum=1,maximum=50000"`
	// CPU is in units of 1/1024 of a vCPU.
	CPU int `json:"cpu,omitempty" jsonschema:"enum=256,enum=512,enum=1024,enum=2048,enum=4096,enum=8192,enum=16384,default=256"`
	// Memory is in MiB; which sizes are allowed depends on CPU.
	Memory int `json:"memory,omitempty" jsonschema:"default=512"`
	// Architecture is amd64 or arm64.
	Architecture string `json:"architecture,omitempty" jsonschema:"enum=amd64,enum=arm64,default=amd64"`
	// DesiredCount is the number of tasks to start with; scaling takes over from there. By default it is scaling's min,
	// without scaling 1.
	DesiredCount *int `json:"desiredCount,omitempty" jsonschema:"minimum=0,maximum=5000"`
	// Scaling turns on target tracking.
	Scaling *Scaling `json:"scaling,omitempty"`
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
	LogRetentionDays int `json:"logRetentionDays,omitempty" jsonschema:"default=30"`
}

// Image is built from Context and pushed to the service's repository, or taken from URI.
type Image struct {
	// Context is the build context, a folder relative to that of Pulumi.yaml, and below it.
	Context string `json:"context,omitempty"`
	// Dockerfile is relative to Context.
	Dockerfile string `json:"dockerfile,omitempty" jsonschema:"default=Dockerfile"`
	// Target is the stage to build; by default the last.
	Target string `json:"target,omitempty"`
	// Args are build arguments.
	Args map[string]string `json:"args,omitempty"`
	// URI is an image that exists, by tag or digest; in ECR, one of the stack's own account and region.
	URI string `json:"uri,omitempty"`
}

// Scaling keeps the averages of the service's tasks near targets.
type Scaling struct {
	Min int `json:"min" jsonschema:"required,minimum=0,maximum=5000"`
	Max int `json:"max" jsonschema:"required,minimum=1,maximum=5000"`
	// CPU is a percentage.
	CPU int `json:"cpu,omitempty" jsonschema:"minimum=1,maximum=100,default=70"`
	// Memory is a percentage.
	Memory int `json:"memory,omitempty" jsonschema:"minimum=1,maximum=100,default=80"`
	// RequestsPerTarget is per minute; 0 does not scale by requests.
	RequestsPerTarget int `json:"requestsPerTarget,omitempty" jsonschema:"minimum=0"`
}

// HealthCheck decides when a task gets requests, and when it is replaced.
type HealthCheck struct {
	// Path is what the load balancer asks for.
	Path string `json:"path,omitempty" jsonschema:"default=/healthz"`
	// IntervalSeconds lies between two checks.
	IntervalSeconds int `json:"intervalSeconds,omitempty" jsonschema:"minimum=5,maximum=300,default=10"`
	// TimeoutSeconds is shorter than the interval and, with command, at most 60.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" jsonschema:"minimum=2,maximum=120,default=5"`
	// GraceSeconds is how long a new task may be unhealthy.
	GraceSeconds int `json:"graceSeconds,omitempty" jsonschema:"minimum=1,maximum=2147483647,default=30"`
	// Command runs in the container, such as [CMD, /catalog, healthcheck]; by default there is none.
	Command []string `json:"command,omitempty"`
}

// Secret names a Secrets Manager secret or an SSM parameter.
type Secret struct {
	Name      string `json:"name,omitempty"`
	Parameter string `json:"parameter,omitempty"`
}

// Access lists what a service may reach, by the names AWS knows them by.
type Access struct {
	Tables  []Grant `json:"tables,omitempty"`
	Buckets []Grant `json:"buckets,omitempty"`
	Queues  []Grant `json:"queues,omitempty"`
}

// Grant is access to one resource.
type Grant struct {
	Name string `json:"name" jsonschema:"required"`
	Mode string `json:"mode" jsonschema:"required,enum=read,enum=write,enum=readwrite"`
}

// setDefaults fills in what holds when a key is left out. It comes before decoding, so that a zero somebody wrote stays
// a zero and is judged as one.
func (c *Config) setDefaults() {
	c.Network.setDefaults()
	c.Images.setDefaults()
	c.LoadBalancer.setDefaults()
}

func (n *Network) setDefaults() {
	*n = Network{Cidr: "10.0.0.0/16", AvailabilityZones: 2, NatGateways: "single", FlowLogRetentionDays: 30}
}

func (i *Images) setDefaults() { *i = Images{Keep: 30} }

func (l *LoadBalancer) setDefaults() {
	*l = LoadBalancer{ClientCidrs: []string{"0.0.0.0/0"}, IdleTimeoutSeconds: 60}
}

func (s *Service) setDefaults() {
	*s = Service{CPU: 256, Memory: 512, Architecture: "amd64", LogRetentionDays: 30}
	s.HealthCheck.setDefaults()
}

func (s *Scaling) setDefaults() { *s = Scaling{CPU: 70, Memory: 80} }

func (h *HealthCheck) setDefaults() {
	*h = HealthCheck{Path: "/healthz", IntervalSeconds: 10, TimeoutSeconds: 5, GraceSeconds: 30}
}

// complete fills in the defaults that depend on other keys.
func (c *Config) complete() {
	if c.Cluster.OnDemandWeight == 0 && c.Cluster.SpotWeight == 0 {
		c.Cluster.OnDemandWeight = 1
	}
	for i := range c.Services {
		s := &c.Services[i]
		if s.Image.Context != "" && s.Image.Dockerfile == "" {
			s.Image.Dockerfile = "Dockerfile"
		}
		if s.DesiredCount == nil {
			count := 1
			if s.Scaling != nil {
				count = s.Scaling.Min
			}
			s.DesiredCount = &count
		}
	}
}
