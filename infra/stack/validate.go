package stack

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/network"
)

var (
	// serviceName leaves room for a prefix in the names it becomes part of: a target group's has 32 characters.
	serviceName     = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	certificateArn  = regexp.MustCompile(`^arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate/[A-Za-z0-9-]+$`)
	pathPrefix      = regexp.MustCompile(`^/[A-Za-z0-9_.$/~"'@:+-]*$`)
	hostName        = regexp.MustCompile(`^[A-Za-z0-9*?-]+(\.[A-Za-z0-9*?-]+)+$`)
	imageURI        = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9._/:@-]*[A-Za-z0-9]$`)
)

// Limits of AWS that the configuration can run into.
const (
	maxServiceName = 16   // a target group's name has 32 characters, of which project and stack take the rest
	maxPathPrefix  = 126  // a path pattern has 128 (Elastic Load Balancing API, PathPatternConfig); "/*" is appended
	maxServices    = 100  // rules per load balancer, default quota
	maxTasks       = 5000 // tasks per service, default quota
)

// logRetentions are the periods CloudWatch Logs offers, in days (API reference, PutRetentionPolicy).
var logRetentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// interfaceEndpoints are the services that may be reached without leaving the VPC.
var interfaceEndpoints = []string{"ecr.api", "ecr.dkr", "logs", "secretsmanager", "sqs", "ssm", "sts", "kms"}

// validate notes everything that is wrong with a complete configuration, including combinations.
func (d *decoder) validate(project string, c *Config) {
	d.region(project+":region", c.Region)
	d.network(project+":network", c)
	d.images(project+":images", c.Images)
	d.cluster(project+":cluster", c.Cluster)
	d.loadBalancer(project+":loadBalancer", c)
	d.services(project, c)
}

func (d *decoder) region(path, region string) {
	switch {
	case region == "":
		d.add(path, "is missing; say which AWS region, such as eu-west-1")
	case !slices.Contains(regions, region):
		message := fmt.Sprintf("%q is no AWS region", region)
		if near := nearest(region, regions); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
		d.add(path, "%s", message)
	}
}

// networkFields says which key of ours a field of the network component comes from.
var networkFields = strings.NewReplacer(
	"CidrBlock: ", "cidr: ", "AvailabilityZones: ", "availabilityZones: ", "SubnetMasks.Public: ", "subnetMasks.public: ",
	"SubnetMasks.App: ", "subnetMasks.app: ", "SubnetMasks.Data: ", "subnetMasks.data: ", "SubnetMasks: ", "subnetMasks: ")

func (d *decoder) network(path string, c *Config) {
	n := c.Network
	d.between(path+".availabilityZones", n.AvailabilityZones, 2, 3)
	d.oneOf(path+".natGateways", n.NatGateways, "none", "single", "onePerAz")
	for i, service := range n.InterfaceEndpoints {
		at := fmt.Sprintf("%s.interfaceEndpoints[%d]", path, i)
		d.oneOf(at, service, interfaceEndpoints...)
		if slices.Contains(n.InterfaceEndpoints[:i], service) {
			d.add(at, "%q is there twice", service)
		}
	}
	d.retention(path+".flowLogRetentionDays", n.FlowLogRetentionDays)
	masks := network.SubnetMasks{Public: n.SubnetMasks.Public, App: n.SubnetMasks.App, Data: n.SubnetMasks.Data}
	if _, err := network.NewLayout(n.Cidr, min(3, max(2, n.AvailabilityZones)), masks); err != nil {
		for line := range strings.Lines(networkFields.Replace(err.Error())) {
			field, message, found := strings.Cut(strings.TrimSpace(line), ": ")
			if !found {
				field, message = "cidr", strings.TrimSpace(line)
			}
			d.add(path+"."+field, "%s", message)
		}
	}
	if n.NatGateways == "none" && d.sound(path+".interfaceEndpoints") {
		for _, needed := range endpointsNeeded(c.Services) {
			if !slices.Contains(n.InterfaceEndpoints, needed) {
				d.add(path+".natGateways", "none leaves tasks no way to %s; add it to interfaceEndpoints, or use single", needed)
			}
		}
	}
}

// endpointsNeeded are the AWS services that the microservices cannot do without. S3 and DynamoDB have gateways.
func endpointsNeeded(services []Service) []string {
	if len(services) == 0 {
		return nil
	}
	needed := []string{"ecr.api", "ecr.dkr", "logs"}
	use := func(endpoint string, wanted bool) {
		if wanted && !slices.Contains(needed, endpoint) {
			needed = append(needed, endpoint)
		}
	}
	for _, s := range services {
		for _, variable := range sortedKeys(s.Secrets) {
			use("secretsmanager", s.Secrets[variable].Name != "")
			use("ssm", s.Secrets[variable].Parameter != "")
		}
		use("sqs", len(s.Access.Queues) > 0)
	}
	return needed
}

func (d *decoder) images(path string, i Images) { d.between(path+".keep", i.Keep, 1, 1000) }

func (d *decoder) cluster(path string, c Cluster) {
	d.between(path+".onDemandBase", c.OnDemandBase, 0, 100000)
	d.between(path+".onDemandWeight", c.OnDemandWeight, 0, 1000)
	d.between(path+".spotWeight", c.SpotWeight, 0, 1000)
}

func (d *decoder) loadBalancer(path string, c *Config) {
	lb := c.LoadBalancer
	if lb.CertificateArn != "" {
		match := certificateArn.FindStringSubmatch(lb.CertificateArn)
		switch {
		case match == nil:
			d.add(path+".certificateArn", "%q is no ARN of an ACM certificate", lb.CertificateArn)
		case match[1] != c.Region && slices.Contains(regions, c.Region):
			d.add(path+".certificateArn", "the certificate is in %s; a load balancer in %s needs one in its own region", match[1], c.Region)
		}
	}
	if len(lb.ClientCidrs) == 0 {
		d.add(path+".clientCidrs", "is empty, so that nobody could connect; leave it out to let everyone in")
	}
	for i, cidr := range lb.ClientCidrs {
		at := fmt.Sprintf("%s.clientCidrs[%d]", path, i)
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() {
			d.add(at, "%q is no IPv4 block; use one such as 203.0.113.0/24", cidr)
		}
		if slices.Contains(lb.ClientCidrs[:i], cidr) {
			d.add(at, "%q is there twice", cidr)
		}
	}
	d.between(path+".idleTimeoutSeconds", lb.IdleTimeoutSeconds, 1, 4000)
}

func (d *decoder) services(project string, c *Config) {
	path := project + ":services"
	if len(c.Services) > maxServices {
		d.add(path, "%d services; a load balancer has at most %d rules", len(c.Services), maxServices)
	}
	names, routes, priorities := map[string]string{}, map[string]string{}, map[int]string{}
	for i, s := range c.Services {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !d.sound(at) {
			continue
		}
		d.service(at, s, c)
		if first, taken := names[s.Name]; taken && s.Name != "" {
			d.add(at+".name", "%q is the name of %s already", s.Name, first)
		} else {
			names[s.Name] = at
		}
		if (s.Path == "" && s.Host == "") || !d.sound(at+".path", at+".host", at+".priority") {
			continue
		}
		route := s.route().Normal()
		key := route.Host + " " + route.Path
		if first, taken := routes[key]; taken {
			d.add(at+".path", "%s%s is routed to %s already", s.Host, s.Path, first)
			continue
		}
		routes[key] = at
		d.priority(at, route.RulePriority(), priorities)
	}
}

// priority refuses a listener rule priority that is taken. Those that are not given follow from the route alone, so that
// adding a service never renumbers another's rule; two that come out the same are rare, and a person parts them.
func (d *decoder) priority(at string, priority int, taken map[int]string) {
	first, isTaken := taken[priority]
	if !isTaken {
		taken[priority] = at
		return
	}
	free := priority%compute.MaxPriority + 1
	for taken[free] != "" {
		free = free%compute.MaxPriority + 1
	}
	d.add(at+".priority", "%d is the listener rule priority of %s already; set another, such as %d", priority, first, free)
}

func (s Service) route() compute.Route {
	return compute.Route{Host: s.Host, Path: s.Path, Priority: s.Priority}
}

func (d *decoder) service(path string, s Service, c *Config) {
	switch {
	case s.Name == "":
		d.add(path+".name", "is missing")
	case !serviceName.MatchString(s.Name) || len(s.Name) > maxServiceName:
		d.add(path+".name", "%q: use 1 to %d lower-case letters and digits, with single hyphens between them", s.Name, maxServiceName)
	}
	d.image(path+".image", s.Image, c)
	d.between(path+".port", s.Port, 1, 65535)
	d.route(path, s)
	d.size(path, s)
	d.oneOf(path+".architecture", s.Architecture, "amd64", "arm64")
	d.between(path+".desiredCount", *s.DesiredCount, 0, maxTasks)
	d.scaling(path, s)
	d.healthCheck(path+".healthCheck", s.HealthCheck)
	d.environment(path, s)
	d.access(path+".access", s.Access)
	d.retention(path+".logRetentionDays", s.LogRetentionDays)
}

// ecrImage is an image in ECR: account, region and repository.
var ecrImage = regexp.MustCompile(`^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9._/-]+)(?:[:@].*)?$`)

func (d *decoder) image(path string, i Image, c *Config) {
	if !d.sound(path+".context", path+".uri") {
		return
	}
	if (i.Context == "") == (i.URI == "") {
		d.add(path, "say either context, a folder to build, or uri, an image that exists")
		return
	}
	if i.Context != "" {
		return
	}
	match := ecrImage.FindStringSubmatch(i.URI)
	switch {
	case !imageURI.MatchString(i.URI):
		d.add(path+".uri", "%q is no image reference", i.URI)
	case i.Dockerfile != "" || i.Target != "" || len(i.Args) > 0:
		d.add(path, "dockerfile, target and args are for an image that is built from context, not for uri")
	case match != nil && match[2] != c.Region && slices.Contains(regions, c.Region):
		d.add(path+".uri", "the image is in %s; replicate it to %s, where its tasks run", match[2], c.Region)
	case match == nil && c.Network.NatGateways == "none":
		d.add(path+".uri", "%q cannot be pulled without a NAT gateway; copy the image to ECR, or set natGateways to single", i.URI)
	}
}

func (d *decoder) route(path string, s Service) {
	if s.Path == "" && s.Host == "" && d.sound(path+".host") {
		d.add(path+".path", "is missing; say path, such as /%s, or host", s.Name)
	}
	if s.Path != "" && (!pathPrefix.MatchString(s.Path) || len(s.Path) > maxPathPrefix) {
		d.add(path+".path", "%q is no path prefix; begin with / and use at most %d characters", s.Path, maxPathPrefix)
	}
	if depth := s.route().Depth(); depth > compute.MaxDepth {
		d.add(path+".path", "%q has %d segments; use at most %d", s.Path, depth, compute.MaxDepth)
	}
	if s.Priority < 0 || s.Priority > compute.MaxPriority {
		d.between(path+".priority", s.Priority, 1, compute.MaxPriority)
	}
	if s.Host != "" && (!hostName.MatchString(s.Host) || len(s.Host) > 128) {
		d.add(path+".host", "%q is no host name; use one such as api.example.com", s.Host)
	}
}

func (d *decoder) size(path string, s Service) {
	memories := compute.FargateMemory(s.CPU)
	if memories == nil {
		d.add(path+".cpu", "%d is no Fargate size; allowed are %s", s.CPU, list(compute.FargateCPUs()))
		return
	}
	if !slices.Contains(memories, s.Memory) && d.sound(path+".cpu") {
		d.add(path+".memory", "%d MiB does not go with cpu %d; allowed are %s", s.Memory, s.CPU, list(memories))
	}
}

func (d *decoder) scaling(path string, s Service) {
	if s.Scaling == nil {
		return
	}
	scaling := s.Scaling
	d.between(path+".scaling.min", scaling.Min, 0, maxTasks)
	d.between(path+".scaling.max", scaling.Max, 1, maxTasks)
	if d.sound(path+".scaling.min", path+".scaling.max") {
		if scaling.Min > scaling.Max {
			d.add(path+".scaling.min", "%d is more than max, %d", scaling.Min, scaling.Max)
		} else if count := *s.DesiredCount; count < scaling.Min || count > scaling.Max {
			d.add(path+".desiredCount", "%d lies outside scaling, %d to %d", count, scaling.Min, scaling.Max)
		}
	}
	d.between(path+".scaling.cpu", scaling.CPU, 1, 100)
	d.between(path+".scaling.memory", scaling.Memory, 1, 100)
	if scaling.RequestsPerTarget < 0 {
		d.add(path+".scaling.requestsPerTarget", "%d is negative; 0 does not scale by requests", scaling.RequestsPerTarget)
	}
}

func (d *decoder) healthCheck(path string, h HealthCheck) {
	if !strings.HasPrefix(h.Path, "/") || len(h.Path) > 1024 {
		d.add(path+".path", "%q is no path; begin with / and use at most 1024 characters", h.Path)
	}
	d.between(path+".intervalSeconds", h.IntervalSeconds, 5, 300)
	d.between(path+".timeoutSeconds", h.TimeoutSeconds, 2, 120)
	if h.TimeoutSeconds >= h.IntervalSeconds && d.sound(path+".intervalSeconds") {
		d.add(path+".timeoutSeconds", "%d is not shorter than intervalSeconds, %d", h.TimeoutSeconds, h.IntervalSeconds)
	}
	d.between(path+".graceSeconds", h.GraceSeconds, 1, 2147483647)
	if len(h.Command) > 0 && h.TimeoutSeconds > compute.MaxCommandTimeout {
		d.add(path+".timeoutSeconds", "%d; with command, ECS allows at most %d", h.TimeoutSeconds, compute.MaxCommandTimeout)
	}
	if len(h.Command) > 0 && h.Command[0] != "CMD" && h.Command[0] != "CMD-SHELL" {
		d.add(path+".command", "begins with %q; the first word is CMD or CMD-SHELL", h.Command[0])
	}
}

func (d *decoder) environment(path string, s Service) {
	for _, name := range sortedKeys(s.Environment) {
		if !environmentName.MatchString(name) {
			d.add(path+".environment."+name, "is no name of an environment variable")
		}
	}
	for _, name := range sortedKeys(s.Secrets) {
		at := path + ".secrets." + name
		if !environmentName.MatchString(name) {
			d.add(at, "is no name of an environment variable")
		}
		if _, twice := s.Environment[name]; twice {
			d.add(at, "is in environment too")
		}
		if secret := s.Secrets[name]; (secret.Name == "") == (secret.Parameter == "") {
			d.add(at, "say either name, of a Secrets Manager secret, or parameter, of an SSM parameter")
		}
	}
}

func (d *decoder) access(path string, a Access) {
	for _, kind := range []string{"buckets", "queues", "tables"} {
		grants := map[string][]Grant{"buckets": a.Buckets, "queues": a.Queues, "tables": a.Tables}[kind]
		for i, grant := range grants {
			at := fmt.Sprintf("%s.%s[%d]", path, kind, i)
			if grant.Name == "" {
				d.add(at+".name", "is missing")
			}
			d.oneOf(at+".mode", grant.Mode, "read", "write", "readwrite")
		}
	}
}

func (d *decoder) between(path string, value, low, high int) {
	if value < low || value > high {
		d.add(path, "%d; allowed is %d to %d", value, low, high)
	}
}

func (d *decoder) oneOf(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		d.add(path, "%q; allowed are %s", value, strings.Join(allowed, ", "))
	}
}

func (d *decoder) retention(path string, days int) {
	if !slices.Contains(logRetentions, days) {
		d.add(path, "%d days; CloudWatch Logs offers %s", days, list(logRetentions))
	}
}

func list(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = fmt.Sprint(n)
	}
	if len(texts) > 12 {
		return fmt.Sprintf("%s, ... %s", strings.Join(texts[:3], ", "), texts[len(texts)-1])
	}
	return strings.Join(texts, ", ")
}
