package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/awslab/awslab/components/network"
	"github.com/awslab/awslab/internal/grammar"
	"github.com/awslab/awslab/internal/limits"
)

// serviceName leaves room for a prefix in the names it becomes part of.
var serviceName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// validate notes everything that is wrong with a complete configuration beyond what the tags of its fields say.
func (d *decoder) validate(project string, c *Config) {
	d.region(project+":region", c.Region)
	d.copies(project, c)
	d.partition(project, c)
	if c.PermissionsBoundary != "" && !grammar.PolicyArn.Match(c.PermissionsBoundary) {
		d.add(project+":permissionsBoundary", "%q is not an ARN of an IAM policy", c.PermissionsBoundary)
	}
	d.network(project+":network", c)
	d.cluster(project, c)
	d.loadBalancer(project+":loadBalancer", c)
	d.hosts(project, c)
	d.data(project, c)
	d.services(project, c)
	d.operations(project, c)
	d.components(project, c)
	d.ports(project, c)
}

// ports refuses more of them than network ACLs have room for, once it is clear what there is.
func (d *decoder) ports(project string, c *Config) {
	if len(d.problems) > 0 {
		return
	}
	zones := make([]string, c.Network.AvailabilityZones)
	if err := c.VpcArgs(zones).CheckAclSizes(); err != nil {
		d.add(project+":network.egressPorts", "%v", err)
	}
}

func (d *decoder) region(path, region string) {
	if region == "" || d.isRegion(region) {
		return
	}
	message := fmt.Sprintf("%q is not an AWS region", region)
	if grammar.Region.Match(region) {
		message += " that the aws provider knows (a newer one needs " + skipRegionValidation + ": true)"
	}
	if near := nearest(region, regions); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	d.add(path, "%s", message)
}

// copies refuses what is to be in a second region when there is none.
func (d *decoder) copies(project string, c *Config) {
	path := project + ":copyRegion"
	if c.CopyRegion != "" {
		d.region(path, c.CopyRegion)
		if c.CopyRegion == c.Region {
			d.add(path, "%s is the stack's own region; a copy there would be lost with it", c.CopyRegion)
		}
		return
	}
	if wanted := c.Copied(); len(wanted) > 0 {
		d.add(
			path,
			"is missing; say in which region copies are kept, such as eu-central-1, or turn off %s",
			strings.Join(wanted, ", "),
		)
	}
}

// Copied returns the keys that ask for something in the copy region.
func (c *Config) Copied() []string {
	var keys []string
	use := func(wanted bool, format string, args ...any) {
		if wanted {
			keys = append(keys, fmt.Sprintf(format, args...))
		}
	}
	use(c.Images.Replicate, "images.replicate")
	for i, t := range c.Tables {
		use(t.Replicate, "tables[%d].replicate", i)
	}
	for i, b := range c.Buckets {
		use(b.Replicate, "buckets[%d].replicate", i)
	}
	use(c.FileSystem != nil && c.FileSystem.Replicate, "fileSystem.replicate")
	for i, r := range c.Backup.Rules {
		use(c.Backup.Enabled && r.CopyRetentionDays > 0, "backup.rules[%d].copyRetentionDays", i)
	}
	return keys
}

// networkFields says which key of ours a field of the network component comes from.
var networkFields = strings.NewReplacer(
	"CidrBlock: ",
	"cidr: ",
	"AvailabilityZones: ",
	"availabilityZones: ",
	"SubnetMasks.Public: ",
	"subnetMasks.public: ",
	"SubnetMasks.App: ",
	"subnetMasks.app: ",
	"SubnetMasks.Data: ",
	"subnetMasks.data: ",
	"SubnetMasks: ",
	"subnetMasks: ",
)

func (d *decoder) network(path string, c *Config) {
	n := c.Network
	d.distinct(path+".interfaceEndpoints", n.InterfaceEndpoints)
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
	if !slices.Contains(n.EgressPorts, httpsPort) && d.sound(path+".egressPorts") {
		d.add(path+".egressPorts", "%v lacks %d, by which services call AWS itself; add it", n.EgressPorts, httpsPort)
	}
	d.distinct(path+".egressPorts", each(n.EgressPorts, strconv.Itoa))
	d.zoneNames(path, c)
	d.wayOut(path, c)
}

// maxClientCidrs leaves room for rules of two ports, and for those of a change, which are made before the old ones are
// deleted.
const maxClientCidrs = limits.GroupRules / 2 / 2

func (d *decoder) loadBalancer(path string, c *Config) {
	lb := c.LoadBalancer
	if lb.CertificateArn != "" {
		match := grammar.CertificateArn.Find(lb.CertificateArn)
		switch {
		case match == nil:
			d.add(path+".certificateArn", "%q is not an ARN of an ACM certificate", lb.CertificateArn)
		case match[1] != c.Region && d.isRegion(c.Region):
			d.add(
				path+".certificateArn",
				"the certificate is in %s; a load balancer in %s needs one in its own region",
				match[1],
				c.Region,
			)
		}
	}
	if len(lb.ClientCidrs) == 0 {
		d.add(path+".clientCidrs", "is empty, so that nobody could connect; leave it out to let everyone in")
	}
	d.cidrs(path+".clientCidrs", lb.ClientCidrs)
	if len(lb.ClientCidrs) > maxClientCidrs {
		d.add(
			path+".clientCidrs",
			"%d CIDR blocks; use at most %d, for which AWS has room, and for as many that replace them; merge "+
				"neighbors",
			len(lb.ClientCidrs),
			maxClientCidrs,
		)
	}
	switch {
	case lb.Domain == "" && lb.Zone != "":
		d.add(path+".domain", "is missing; zone says where a name lies, domain which it is")
	case lb.Domain == "":
	case !grammar.DomainName.Match(lb.Domain):
		d.add(path+".domain", "%q is not a domain name; use one such as api.example.com", lb.Domain)
	case lb.Zone == "" && lb.CertificateArn != "": // somebody else makes the name lead to the load balancer
	case !lb.inZone(lb.Domain):
		d.add(path+".zone", "%q does not hold %s; name the Route 53 hosted zone that it lies in", lb.Zone, lb.Domain)
	case lb.CertificateArn == "" && len(lb.Domain) > limits.CertificateName:
		d.add(path+".domain", "%q has %d characters, and the first name of a certificate has %d at most; use a "+
			"shorter one, or bring your own certificate in certificateArn",
			lb.Domain, len(lb.Domain), limits.CertificateName)
	}
}

// maxHosts are the names of a certificate but for the load balancer's own ("Quotas", AWS Certificate Manager user
// guide).
const maxHosts = 9

// hosts refuses host names that the stack's certificate cannot be for.
func (d *decoder) hosts(project string, c *Config) {
	lb := c.LoadBalancer
	if lb.Zone == "" || lb.CertificateArn != "" {
		return
	}
	for i, s := range c.Services {
		if host := s.Route().Normal().Host; host != "" && host != lb.Domain && !lb.holds(host) {
			d.add(fmt.Sprintf("%s:services[%d].host", project, i), "%q is no name in the zone %s, and the stack's "+
				"certificate is for such names alone; use one, or bring your own in loadBalancer.certificateArn",
				s.Host, lb.Zone)
		}
	}
	if hosts := c.Hosts(); len(hosts) > maxHosts {
		d.add(project+":services", "%d hosts besides %s; a certificate has room for %d. Use one with *, such as *.%s",
			len(hosts), lb.Domain, maxHosts, lb.Zone)
	}
}

// name refuses what cannot be part of names in AWS.
func (d *decoder) name(path, name string, limit int) {
	if name != "" && (!serviceName.MatchString(name) || len(name) > limit) {
		d.add(path, "%q: use 1 to %d lower-case letters and digits, with single hyphens between them", name, limit)
	}
}

// checkKnown refuses a name that nothing in the configuration has.
func (d *decoder) checkKnown(path, name string, known []string) {
	if name == "" || slices.Contains(known, name) {
		return
	}
	switch near := nearest(name, known); {
	case near != "":
		d.add(path, "there is no %q; did you mean %q?", name, near)
	case len(known) == 0:
		d.add(path, "there is no %q, nor any other", name)
	default:
		d.add(path, "there is no %q; there are %s", name, strings.Join(known, ", "))
	}
}

// distinct refuses a value that is listed twice.
func (d *decoder) distinct(path string, values []string) { d.distinctBy(path, "", values) }

// distinctBy refuses the value of a key that an earlier element of the list has.
func (d *decoder) distinctBy(path, key string, values []string) {
	for i, value := range values {
		if value != "" && slices.Contains(values[:i], value) {
			d.add(fmt.Sprintf("%s[%d]%s", path, i, key), "%q is listed twice", value)
		}
	}
}

func (d *decoder) cidrs(path string, cidrs []string) {
	for i, cidr := range cidrs {
		if _, err := grammar.ParseCIDR(cidr, grammar.IPv4); err != nil {
			d.add(fmt.Sprintf("%s[%d]", path, i), "%v", err)
		}
	}
	d.distinct(path, cidrs)
}

func (d *decoder) retention(path string, days int) {
	if !slices.Contains(grammar.LogRetentions, days) {
		d.add(path, "%d days; CloudWatch Logs offers %s", days, list(grammar.LogRetentions))
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

// each collects one text of every element.
func each[T any](elements []T, text func(T) string) []string {
	texts := make([]string, len(elements))
	for i, element := range elements {
		texts[i] = text(element)
	}
	return texts
}
