package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/components/images"
	"github.com/awslab/awslab/components/monitoring"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/limits"
)

var (
	environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	pathPrefix      = regexp.MustCompile(`^/[A-Za-z0-9_.$/~"'@:+-]*$`)
	hostName        = regexp.MustCompile(`^[A-Za-z0-9*?-]+(\.[A-Za-z0-9*?-]+)+$`)
	imageURI        = regexp.MustCompile(`^[a-z0-9][A-Za-z0-9._/:@-]*[A-Za-z0-9]$`)
	containerPath   = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)
)

// MaxCalls is how many services one can call, or be called by; a service's security group has other rules besides.
const MaxCalls = limits.GroupRules - 10

// Limits of AWS that the services' configuration can run into.
const (
	maxServiceName = 16  // a target group's name has 32 characters, of which project and stack take the rest
	maxAlarmName   = 255 // CloudWatch API, PutMetricAlarm
	maxPathPrefix  = 126 // a path pattern has 128 (Elastic Load Balancing API, PathPatternConfig); "/*" is appended
	// maxServices is as many as the load balancer has rules for.
	maxServices = limits.BalancerRules
	// maxPorts is how many the load balancer's group has rules for: all of them can change at once, as the new rules
	// are made before the old ones are deleted.
	maxPorts = limits.GroupRules / 2
)

func (d *decoder) services(project string, c *Config) {
	path := project + ":services"
	d.checkCycles(path, c.Services)
	d.caches(project+":images.caches", c.Images.Caches)
	if len(c.Services) > maxServices {
		d.add(
			path,
			"%d services; use at most %d: the load balancer has a rule for each, and AWS allows no more",
			len(c.Services),
			maxServices,
		)
	}
	d.calls(path, c.Services)
	d.doors(path, c.Services)
	all := each(c.Services, func(s Service) string { return s.Name })
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
		d.ownName(at+".name", s.Name, all, ownServices)
		if !s.routed() || !d.sound(at+".path", at+".host", at+".priority") {
			continue
		}
		route := s.Route().Normal()
		key := route.Host + " " + route.Path
		if first, taken := routes[key]; taken {
			d.add(at+".path", "%s%s is routed to %s already", s.Host, s.Path, first)
			continue
		}
		routes[key] = at
		d.priority(at, route.RulePriority(), priorities)
	}
}

// calls refuses services that call, or are called by, more than their security groups have rules for.
func (d *decoder) calls(path string, services []Service) {
	callers := map[string]int{}
	for _, s := range services {
		for _, called := range s.Access.Services {
			callers[called]++
		}
	}
	for i, s := range services {
		refuse := func(what string, count int) {
			if count > MaxCalls {
				d.add(fmt.Sprintf("%s[%d].access.services", path, i), "%s %s %d services; AWS has room for rules of %d",
					s.Name, what, count, MaxCalls)
			}
		}
		refuse("calls", len(s.Access.Services))
		refuse("is called by", callers[s.Name])
	}
}

// doors refuses more ports behind the load balancer than its security group has rules for.
func (d *decoder) doors(path string, services []Service) {
	ports := map[int]bool{}
	for _, s := range services {
		if s.routed() {
			ports[s.Port] = true
		}
	}
	if len(ports) > maxPorts {
		d.add(path, "services behind the load balancer listen on %d different ports; AWS has room for rules of %d",
			len(ports), maxPorts)
	}
}

// checkCycles refuses services that call each other: each would have to be there before the other.
func (d *decoder) checkCycles(path string, services []Service) {
	calls := map[string][]string{}
	for _, s := range services {
		calls[s.Name] = s.Access.Services
	}
	for i, s := range services {
		if way := wayBack(calls, s.Name, s.Name, nil); len(way) > 2 {
			d.add(
				fmt.Sprintf("%s[%d].access.services", path, i),
				"lead back to the service: %s; let one of them call through the load balancer",
				strings.Join(way, " -> "),
			)
			return
		}
	}
}

// wayBack returns a way of calls from one service to another, or nil.
func wayBack(calls map[string][]string, from, to string, seen []string) []string {
	seen = append(seen, from)
	for _, next := range calls[from] {
		if next == to {
			return append(slices.Clone(seen), to)
		}
		if slices.Contains(seen, next) {
			continue
		}
		if way := wayBack(calls, next, to, seen); way != nil {
			return way
		}
	}
	return nil
}

// priority refuses a listener rule priority that is taken. Those that are not given follow from the route alone, so
// that adding a service never renumbers another's rule; two that come out the same are rare, and a person parts them.
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
	d.add(
		at+".priority",
		"%d is the listener rule priority of %s already; set another, such as %d",
		priority,
		first,
		free,
	)
}

func (d *decoder) service(path string, s Service, c *Config) {
	d.name(path+".name", s.Name, maxServiceName)
	d.image(path+".image", s.Image, c)
	d.entry(path, s)
	if c.Cluster.LaunchType == "fargate" {
		d.size(path, s)
	}
	d.scaling(path, s)
	d.healthCheck(path+".healthCheck", s.HealthCheck)
	d.environment(path, s)
	d.testEnvironment(path, s)
	d.access(path+".access", s, c)
	d.tasks(path, s)
	d.deployment(path, s)
	d.objectives(path+".objectives", s.Objectives)
	d.smoke(path, s)
	for i, folder := range s.ScratchPaths {
		d.containerPath(fmt.Sprintf("%s.scratchPaths[%d]", path, i), folder)
	}
	d.retention(path+".logRetentionDays", s.LogRetentionDays)
}

// ecrImage is an image in ECR: account, region and repository.
var ecrImage = regexp.MustCompile(
	`^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9._/-]+)(?:[:@].*)?$`,
)

// ECR returns where in Amazon ECR the image is, if it is there.
func (i Image) ECR() (account, region, repository string, ok bool) {
	match := ecrImage.FindStringSubmatch(i.URI)
	if match == nil {
		return "", "", "", false
	}
	return match[1], match[2], match[3], true
}

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
	_, region, _, inECR := i.ECR()
	switch {
	case !imageURI.MatchString(i.URI):
		d.add(path+".uri", "%q is not an image reference", i.URI)
	case i.Dockerfile != "" || i.Target != "" || len(i.Args) > 0:
		d.add(path, "dockerfile, target and args are for an image that is built from context, not for uri")
	case inECR && region != c.Region && d.isRegion(c.Region):
		d.add(path+".uri", "the image is in %s; replicate it to %s, where its tasks run", region, c.Region)
	case !inECR && c.Network.NatGateways == "none":
		// "Considerations for using pull through cache rules", Amazon ECR user guide.
		d.add(
			path+".uri",
			"%q cannot be pulled without a NAT gateway, not even through a cache, which needs one for the first pull; "+
				"copy the image to ECR, or set natGateways to single",
			i.URI,
		)
	}
}

func (d *decoder) caches(path string, caches []Cache) {
	d.distinctBy(path, ".registry", each(caches, func(c Cache) string { return c.Registry }))
	for i, c := range caches {
		at := fmt.Sprintf("%s[%d].credentialArn", path, i)
		switch asks := images.AsksWhoPulls(c.Registry); {
		case asks && c.CredentialArn == "":
			d.add(
				at,
				"is missing; %s asks who pulls: give the ARN of a secret named ecr-pullthroughcache/...",
				c.Registry,
			)
		case asks && !cacheCredential.MatchString(c.CredentialArn):
			d.add(at, "%q is not an ARN of a secret named ecr-pullthroughcache/...", c.CredentialArn)
		case !asks && c.CredentialArn != "":
			d.add(at, "is given, but %s does not ask who pulls; leave it out", c.Registry)
		}
	}
}

// cacheCredential is a secret as ECR requires it (ECR API, CreatePullThroughCacheRule, credentialArn).
var cacheCredential = regexp.MustCompile(
	`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:ecr-pullthroughcache/[A-Za-z0-9/_+=.@-]+$`,
)

// entry is how requests come to the service: through the load balancer, from other services, or not at all.
func (d *decoder) entry(path string, s Service) {
	switch {
	case s.Port == 0 && (s.routed() || s.Internal) && d.sound(path+".port"):
		d.add(path+".port", "is missing; say on which the container listens")
	case s.Internal && s.routed():
		d.add(path+".internal", "is true, but path and host let clients in; say one or the other")
	case s.Public() && !s.routed() && d.sound(path+".host", path+".path"):
		d.add(path+".path", "is missing; say path, such as /%s, or host, or internal: true", s.Name)
	}
	if s.Priority != 0 && !s.Public() && d.sound(path+".priority") {
		d.add(
			path+".priority",
			"%d; only a rule of the load balancer has one, and it does not reach this service: leave it out",
			s.Priority,
		)
	}
	if *s.RollbackErrors > 0 && !s.Public() {
		d.add(
			path+".rollbackErrors",
			"%d; only the load balancer counts errors, and it does not reach this service: leave it out",
			*s.RollbackErrors,
		)
	}
	if s.Path != "" && (!pathPrefix.MatchString(s.Path) || len(s.Path) > maxPathPrefix) {
		d.add(
			path+".path",
			"%q is not a path prefix; begin with / and use at most %d characters",
			s.Path,
			maxPathPrefix,
		)
	}
	if depth := s.Route().Depth(); depth > compute.MaxDepth {
		d.add(path+".path", "%q has %d segments; use at most %d", s.Path, depth, compute.MaxDepth)
	}
	if s.Host != "" && (!hostName.MatchString(s.Host) || len(s.Host) > 128) {
		d.add(path+".host", "%q is not a host name; use one such as api.example.com", s.Host)
	}
}

func (d *decoder) size(path string, s Service) {
	memories := compute.FargateMemory(s.CPU)
	if memories == nil {
		d.add(path+".cpu", "%d is not a Fargate size; allowed are %s", s.CPU, list(compute.FargateCPUs()))
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
	if d.sound(path+".scaling.min", path+".scaling.max") && scaling.Max > 0 {
		if scaling.Min > scaling.Max {
			d.add(path+".scaling.min", "%d is more than max, %d", scaling.Min, scaling.Max)
		} else if count := *s.DesiredCount; count < scaling.Min || count > scaling.Max {
			d.add(path+".desiredCount", "%d lies outside scaling, %d to %d", count, scaling.Min, scaling.Max)
		}
	}
	if scaling.RequestsPerTarget > 0 && !s.Public() {
		d.add(path+".scaling.requestsPerTarget", "is for services behind the load balancer, which counts requests")
	}
	d.distinctBy(path+".scaling.schedules", ".name", each(scaling.Schedules, func(s Schedule) string { return s.Name }))
	for i, schedule := range scaling.Schedules {
		at := fmt.Sprintf("%s.scaling.schedules[%d]", path, i)
		d.name(at+".name", schedule.Name, maxServiceName)
		if schedule.Min > schedule.Max {
			d.add(at+".min", "%d is more than max, %d", schedule.Min, schedule.Max)
		}
	}
}

func (d *decoder) healthCheck(path string, h HealthCheck) {
	if !strings.HasPrefix(h.Path, "/") || len(h.Path) > 1024 {
		d.add(path+".path", "%q is not a path; begin with / and use at most 1024 characters", h.Path)
	}
	if h.TimeoutSeconds >= h.IntervalSeconds && d.sound(path+".intervalSeconds") {
		d.add(path+".timeoutSeconds", "%d is not shorter than intervalSeconds, %d", h.TimeoutSeconds, h.IntervalSeconds)
	}
	if len(h.Command) > 0 && h.TimeoutSeconds > compute.MaxCommandTimeout {
		d.add(
			path+".timeoutSeconds",
			"%d; with command, ECS allows at most %d",
			h.TimeoutSeconds,
			compute.MaxCommandTimeout,
		)
	}
	if len(h.Command) > 0 && h.Command[0] != "CMD" && h.Command[0] != "CMD-SHELL" {
		d.add(path+".command", "begins with %q; the first word is CMD or CMD-SHELL", h.Command[0])
	}
}

func (d *decoder) smoke(path string, s Service) {
	if len(s.Smoke) > 0 && s.Port == 0 && d.sound(path+".port") {
		d.add(path+".smoke", "is given, and there is no port to send requests to; set port, or leave smoke out")
	}
	for i, request := range s.Smoke {
		_, err := url.ParseRequestURI(request.Path)
		if request.Path != "" && (err != nil || !strings.HasPrefix(request.Path, "/")) {
			d.add(
				fmt.Sprintf("%s.smoke[%d].path", path, i),
				"%q is not a path; begin with /, and encode what a URL cannot contain",
				request.Path,
			)
		}
	}
}

func (d *decoder) environment(path string, s Service) {
	for _, name := range sortedKeys(s.Environment) {
		if !environmentName.MatchString(name) {
			d.add(path+".environment."+name, "is not a name of an environment variable")
		}
	}
	for _, name := range sortedKeys(s.Secrets) {
		at := path + ".secrets." + name
		if !environmentName.MatchString(name) {
			d.add(at, "is not a name of an environment variable")
		}
		if _, twice := s.Environment[name]; twice {
			d.add(at, "is in environment too")
		}
		d.secret(at, s.Secrets[name])
	}
}

func (d *decoder) testEnvironment(path string, s Service) {
	if !d.sound(path+".environment", path+".secrets", path+".access") {
		return
	}
	allowed := s.DeployedVariables()
	if d.decrypted {
		allowed = slices.AppendSeq(allowed, maps.Keys(s.Environment))
	}
	for _, name := range sortedKeys(s.TestEnvironment) {
		at := path + ".testEnvironment." + name
		switch {
		case len(allowed) == 0:
			d.add(at, "the container has no variable that only the deployment knows; leave testEnvironment out")
		case !slices.Contains(allowed, name):
			d.add(at, "is no variable that only the deployment knows; allowed are %s", strings.Join(allowed, ", "))
		case s.TestEnvironment[name] == Encrypted:
			d.add(at, "is encrypted, which awslab images test cannot read; write a value that is no secret")
		}
	}
}

func (d *decoder) secret(path string, secret Secret) {
	if (secret.Name == "") == (secret.Parameter == "") {
		d.add(path, "say either name, of a Secrets Manager secret, or parameter, of an SSM parameter")
	}
	if secret.Name != "" && !grammar.SecretName.Match(secret.Name) {
		d.add(path+".name", "%q is not a name of a secret; use 1 to 512 letters, digits and /_+=.@-", secret.Name)
	}
	if secret.Parameter != "" && !grammar.ParameterName.Match(secret.Parameter) {
		d.add(path+".parameter", "%q is not a name of a parameter; use one such as /shop/mode", secret.Parameter)
	}
	switch {
	case secret.Field != "" && secret.Parameter != "":
		d.add(path+".field", "%q; only a Secrets Manager secret has fields: leave it out, or say name", secret.Field)
	case strings.Contains(secret.Field, ":"):
		d.add(path+".field", "%q has a colon, which ECS does not take; rename the field", secret.Field)
	}
	d.keyAlias(path+".keyAlias", secret.KeyAlias)
}

// queues exist outside of the stack, so that only their names can be judged.
func (d *decoder) queues(path string, queues []Queue) {
	taken := map[string]string{}
	for i, q := range queues {
		at := fmt.Sprintf("%s[%d]", path, i)
		first, isTaken := taken[Variable("QUEUE", q.Name)]
		switch {
		case q.Name != "" && !grammar.QueueName.Match(q.Name):
			d.add(
				at+".name",
				"%q is not a name of a queue; use up to 80 letters, digits, - and _, and .fifo at the end of a FIFO "+
					"queue's",
				q.Name,
			)
		case isTaken:
			d.add(at+".name", "%q would be told to the service by the same environment variable as %q", q.Name, first)
		}
		taken[Variable("QUEUE", q.Name)] = q.Name
		d.keyAlias(at+".keyAlias", q.KeyAlias)
	}
}

func (d *decoder) keyAlias(path, alias string) {
	if alias != "" && (!grammar.KeyAlias.Match(alias) || strings.HasPrefix(alias, "alias/aws/")) {
		d.add(
			path,
			"%q is not an alias of a customer managed key; use one such as alias/shop, and none for AWS's own",
			alias,
		)
	}
}

func (d *decoder) access(path string, s Service, c *Config) {
	d.grants(path+".tables", s.Access.Tables, each(c.Tables, func(t Table) string { return t.Name }))
	d.grants(path+".buckets", s.Access.Buckets, each(c.Buckets, func(b Bucket) string { return b.Name }))
	d.queues(path+".queues", s.Access.Queues)
	topics := each(c.Topics, func(t Topic) string { return t.Name })
	for i, name := range s.Access.Topics {
		d.checkKnown(fmt.Sprintf("%s.topics[%d]", path, i), name, topics)
	}
	d.distinct(path+".topics", s.Access.Topics)
	var others []string
	for _, other := range c.Services {
		if other.Name != s.Name && other.Port != 0 {
			others = append(others, other.Name)
		}
	}
	for i, name := range s.Access.Services {
		d.checkKnown(fmt.Sprintf("%s.services[%d]", path, i), name, others)
	}
	d.distinct(path+".services", s.Access.Services)
	if s.Access.Database && c.Database == nil {
		d.add(path+".database", "is true, and there is none; add awslab:database")
	}
	if mount := s.Access.FileSystem; mount != nil {
		if c.FileSystem == nil {
			d.add(path+".fileSystem", "is mounted, and there is none; add awslab:fileSystem")
		}
		d.containerPath(path+".fileSystem.path", mount.Path)
		if mount.Folder != "" && !serviceName.MatchString(mount.Folder) {
			d.add(
				path+".fileSystem.folder",
				"%q; use lower-case letters, digits and single hyphens, such as the name of a service",
				mount.Folder,
			)
		}
	}
}

func (d *decoder) grants(path string, grants []Grant, known []string) {
	d.distinctBy(path, ".name", each(grants, func(g Grant) string { return g.Name }))
	for i, grant := range grants {
		d.checkKnown(fmt.Sprintf("%s[%d].name", path, i), grant.Name, known)
	}
}

func (d *decoder) containerPath(path, folder string) {
	if folder != "" && !containerPath.MatchString(folder) {
		d.add(path, "%q is not a folder in a container; use one such as /tmp", folder)
	}
}

func (d *decoder) tasks(path string, s Service) {
	var names []string
	check := func(at string, task Task) {
		d.name(at+".name", task.Name, maxServiceName)
		if slices.Contains(names, task.Name) {
			d.add(at+".name", "%q is the name of another task of the service", task.Name)
		}
		names = append(names, task.Name)
	}
	for i, task := range s.Before {
		check(fmt.Sprintf("%s.before[%d]", path, i), task)
	}
	for i, task := range s.After {
		check(fmt.Sprintf("%s.after[%d]", path, i), task)
	}
}

func (d *decoder) deployment(path string, s Service) {
	for i, alarm := range s.RollbackAlarms {
		if alarm == "" || len(alarm) > maxAlarmName {
			d.add(
				fmt.Sprintf("%s.rollbackAlarms[%d]", path, i),
				"%q; an alarm's name has 1 to %d characters",
				alarm,
				maxAlarmName,
			)
		}
	}
	d.distinct(path+".rollbackAlarms", s.RollbackAlarms)
}

func (d *decoder) objectives(path string, o Objectives) {
	d.objective(path+".availability", o.Availability)
	d.objective(path+".latencyPercentage", o.LatencyPercentage)
	switch {
	case o.LatencyMilliseconds > 0 && o.LatencyPercentage == 0:
		d.add(
			path+".latencyPercentage",
			"is missing; say how many percent of the requests are to take less than %d ms",
			o.LatencyMilliseconds,
		)
	case o.LatencyMilliseconds == 0 && o.LatencyPercentage > 0 && d.sound(path+".latencyMilliseconds"):
		d.add(
			path+".latencyMilliseconds",
			"is missing; say how long %v percent of the requests may take at most",
			o.LatencyPercentage,
		)
	}
}

func (d *decoder) objective(path string, percentage float64) {
	if percentage != 0 && (percentage <= monitoring.LowestObjective || percentage >= 100) {
		d.add(path, "%v; use more than %d and less than 100, or 0 for none", percentage, monitoring.LowestObjective)
	}
}
