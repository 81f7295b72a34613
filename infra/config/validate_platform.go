package config

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/instancetype"
)

// zoneNames refuses names that are no zones of the region.
func (d *decoder) zoneNames(path string, c *Config) {
	names := c.Network.ZoneNames
	if len(names) == 0 {
		return
	}
	if d.given[path+".availabilityZones"] {
		d.add(
			path+".zoneNames",
			"names %d zones, and availabilityZones says how many there are; say one or the other",
			len(names),
		)
	} else if len(names) < minZones || len(names) > maxZones {
		d.add(path+".zoneNames", "%d zones; allowed is %d to %d", len(names), minZones, maxZones)
	}
	d.distinct(path+".zoneNames", names)
	zone := regexp.MustCompile("^" + regexp.QuoteMeta(c.Region) + "[a-z]$")
	for i, name := range names {
		if d.isRegion(c.Region) && !zone.MatchString(name) {
			d.add(
				fmt.Sprintf("%s.zoneNames[%d]", path, i),
				"%q is not a zone of %s; use one such as %sa",
				name,
				c.Region,
				c.Region,
			)
		}
	}
}

// Numbers of availability zones: services and databases need two, and there is room for a third.
const (
	minZones = 2
	maxZones = 3
)

const httpsPort = 443

// wayOut refuses a network without NAT gateways in which tasks could not run.
func (d *decoder) wayOut(path string, c *Config) {
	if c.Network.NatGateways != "none" || !d.sound(path+".interfaceEndpoints") {
		return
	}
	for _, needed := range c.endpointsNeeded() {
		if !slices.Contains(c.Network.InterfaceEndpoints, needed) {
			d.add(
				path+".natGateways",
				"none leaves tasks no way to %s; add it to interfaceEndpoints, or use single",
				needed,
			)
		}
	}
	if len(c.Services) > 0 && c.Monitoring.Tracing {
		d.add(
			path+".natGateways",
			"none leaves tasks no way to %s, which tracing puts beside them; use single, or set monitoring.tracing "+
				"to false",
			compute.CollectorImage,
		)
	}
}

// endpointsNeeded returns the AWS services that the cluster and the microservices cannot do without. S3 and DynamoDB
// have gateways; what Fargate needs for itself does not pass the VPC ("Amazon ECS interface VPC endpoints", Amazon ECS
// developer guide).
func (c *Config) endpointsNeeded() []string {
	if len(c.Services) == 0 {
		return nil
	}
	needed := []string{"ecr.api", "ecr.dkr", "logs"}
	use := func(wanted bool, endpoints ...string) {
		for _, endpoint := range endpoints {
			if wanted && !slices.Contains(needed, endpoint) {
				needed = append(needed, endpoint)
			}
		}
	}
	use(c.Cluster.LaunchType == "ec2", "ecs", "ecs-agent", "ecs-telemetry")
	for _, s := range c.Services {
		for _, variable := range sortedKeys(s.Secrets) {
			use(s.Secrets[variable].Name != "", "secretsmanager")
			use(s.Secrets[variable].Parameter != "", "ssm")
		}
		use(s.Access.Database, "ssm") // ECS reads where the database is from parameters
		use(s.SetsUpDatabase(), "secretsmanager")
		use(len(s.Access.Queues) > 0, "sqs")
		use(len(s.Access.Topics) > 0, "sns")
		use(s.Exec, "ssmmessages", "kms") // the agent in the task opens sessions, and decrypts them
	}
	return needed
}

// cluster judges the instances without launch type ec2 too: they run for one more update when their services leave.
func (d *decoder) cluster(project string, c *Config) {
	path, instances := project+":cluster.instances", c.Cluster.Instances
	if len(instances.Types) == 0 {
		d.add(path+".types", "is empty; name at least one instance type, such as m7i.large")
	}
	for i, t := range instances.Types {
		if !grammar.InstanceType.Match(t) {
			d.add(fmt.Sprintf("%s.types[%d]", path, i), "%q is not an instance type; use one such as m7i.large", t)
		} else if first := instances.Types[0]; compute.InstanceArchitecture(t) != compute.InstanceArchitecture(first) {
			d.add(
				fmt.Sprintf("%s.types[%d]", path, i),
				"%q is of another architecture than %q; use types of one",
				t,
				first,
			)
		}
	}
	if len(instances.Types) > compute.MaxInstanceTypes {
		d.add(path+".types", "%d types; use at most %d", len(instances.Types), compute.MaxInstanceTypes)
	}
	d.distinct(path+".types", instances.Types)
	if instances.Min > instances.Max && d.sound(path+".min", path+".max") {
		d.add(path+".min", "%d is more than max, %d", instances.Min, instances.Max)
	}
	if c.Cluster.LaunchType != "ec2" {
		return
	}
	for i, s := range c.Services {
		d.runnable(fmt.Sprintf("%s:services[%d].architecture", project, i), s, instances.Types)
	}
	d.room(project, c)
}

// room refuses services for which the instances have no room, as ECS would wait for it in vain. Only what cannot be is
// refused: types whose size is not known may have it.
func (d *decoder) room(project string, c *Config) {
	path, instances := project+":cluster.instances.max", c.Cluster.Instances
	name, size, known := instancetype.Largest(instances.Types)
	if !known || !d.sound(path) {
		return
	}
	need := instancetype.Need{Tasks: 1} // that of a deployment, which starts before it stops
	for i, s := range c.Services {
		at := fmt.Sprintf("%s:services[%d]", project, i)
		if s.CPU > size.CPU && d.sound(at+".cpu") {
			d.add(at+".cpu", "%d units, and no instance of cluster.instances.types has more than %d; use less, or "+
				"larger types", s.CPU, size.CPU)
		}
		if s.Memory >= size.Memory && d.sound(at+".memory") {
			d.add(at+".memory", "%d MiB, and no instance of cluster.instances.types has more than %d, of which ECS "+
				"keeps a part; use less, or larger types", s.Memory, size.Memory)
		}
		tasks := *s.DesiredCount
		need = need.Plus(instancetype.Need{Tasks: tasks, CPU: tasks * s.CPU, Memory: tasks * s.Memory})
	}
	if least := need.Instances(size); least > instances.Max && len(c.Services) > 0 {
		d.add(path, "%d; for the services' tasks and one more of a deployment, %d in all, it takes %d instances at "+
			"least: each task has a network interface of its own, of which %s has %d for tasks; use %[3]d or more, or "+
			"larger types", instances.Max, need.Tasks, least, name, size.Tasks)
	}
}

// runnable refuses a service that none of the instances could run: its tasks would wait forever.
func (d *decoder) runnable(path string, s Service, types []string) {
	if len(types) == 0 || !slices.Contains(architectures, s.Architecture) {
		return
	}
	if theirs := compute.InstanceArchitecture(types[0]); theirs != s.Architecture {
		d.add(
			path,
			"%s, and cluster.instances.types are %s, such as %s; use %s, or other types",
			s.Architecture,
			theirs,
			types[0],
			theirs,
		)
	}
}

var architectures = []string{"amd64", "arm64"}
