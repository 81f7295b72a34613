package ec2

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

func diffEndpoint(d *diff.Difference) error {
	if d.Changed("privateDnsEnabled") && d.News.Str("vpcEndpointType") != "Interface" {
		d.Replace("privateDnsEnabled", true)
	}
	return nil
}

func planEndpoint(d *diff.Difference) []string {
	if d.Changed("subnetIds") {
		return []string{"networkInterfaceIds", "subnetConfigurations"}
	}
	return nil
}

func createEndpoint(c *bridge.Change) error {
	service := c.Inputs.Str("serviceName")
	if !offered(c.Region(), c.Inputs.Str("vpcEndpointType"), service) {
		return bridge.Refuse(
			"InvalidServiceName",
			"The Vpc Endpoint Service '%s' does not exist in %s",
			service,
			c.Region().Name,
		)
	}
	if c.Inputs.Str("vpcEndpointType") == "Gateway" {
		for _, property := range []string{"subnetIds", "securityGroupIds"} {
			if len(c.Inputs.List(property)) > 0 {
				return bridge.Refuse(
					"InvalidParameter",
					"%s is not supported for gateway endpoints: %s",
					property,
					service,
				)
			}
		}
		c.Set("prefixListId", prefixList(service))
		c.Set("cidrBlocks", prefixListBlocks(service))
		return nil
	}
	if len(c.Inputs.List("routeTableIds")) > 0 {
		return bridge.Refuse(
			"InvalidParameter",
			"Route table IDs are only supported for gateway type VPC endpoints: %s",
			service,
		)
	}
	c.Out("ipAddressType", "ipv4")
	c.Out("dnsOptions", map[string]any{"dnsRecordIpType": "ipv4", "privateDnsOnlyForInboundResolverEndpoint": false})
	return interfaceEndpoint(c)
}

// inChina are services whose interface endpoints have names that begin with cn in China (aws/aws-cdk#25333).
var inChina = regexp.MustCompile(
	`^com\.amazonaws\.cn-[a-z]+-\d\.(application-autoscaling|athena|autoscaling|backup|cloudformation|ebs|ec2|` +
		`ecr\.api|ecr\.dkr|eks|elasticache|elasticfilesystem|lambda|monitoring|rds|redshift|s3|sqs|states|sts|xray)$`,
)

// offered reports whether the region has the service of AWS's, as far as its name tells; others' services are anything.
func offered(r region.Region, kind, service string) bool {
	own, chinese := strings.CutPrefix(service, "cn.")
	if !strings.HasPrefix(own, "com.amazonaws.") || strings.HasPrefix(own, "com.amazonaws.vpce.") {
		return true
	}
	expected := r.Partition() == "aws-cn" && kind == "Interface" && inChina.MatchString(own)
	return strings.HasPrefix(own, "com.amazonaws."+r.Name+".") && chinese == expected
}

// withoutEndpoints are zones, by id, in which services have no interface endpoints. Which services lack which zone
// changes; this one stands for all (terraform-aws-modules/terraform-aws-vpc#785).
var withoutEndpoints = []string{"use1-az3"}

func endpointZones(r region.Region) []string {
	return slices.DeleteFunc(r.ZoneNames(), func(zone string) bool {
		return slices.Contains(withoutEndpoints, r.ZoneID(zone))
	})
}

// getEndpointService says in which zones a service of AWS's has interface endpoints.
func getEndpointService(c bridge.Call) (map[string]any, error) {
	service := c.Args.Str("serviceName")
	if !offered(c.Region(), "Interface", service) {
		return nil, bridge.Refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", service)
	}
	return map[string]any{
		"id":                service,
		"serviceName":       service,
		"serviceType":       "Interface",
		"availabilityZones": values.ToAny(endpointZones(c.Region())),
		"owner":             "amazon",
	}, nil
}

func updateEndpoint(c *bridge.Change) error {
	if c.Inputs.Str("vpcEndpointType") != "Interface" {
		return nil
	}
	return interfaceEndpoint(c)
}

// interfaceEndpoint computes what an interface endpoint has in each of its subnets.
func interfaceEndpoint(c *bridge.Change) error {
	vpc := c.Target("vpcId")
	if c.Inputs.Bool("privateDnsEnabled") && vpc != nil &&
		(!bridge.StateOf(vpc).Bool("enableDnsSupport") || !bridge.StateOf(vpc).Bool("enableDnsHostnames")) {
		return bridge.Refuse(
			"InvalidParameter",
			"Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC "+
				"attributes set to true for %s",
			vpc.ID,
		)
	}
	if vpc != nil && len(c.Inputs.List("securityGroupIds")) == 0 {
		c.Set("securityGroupIds", []any{bridge.StateOf(vpc).Str("defaultSecurityGroupId")})
	}
	subnets := c.Targets("subnetIds")
	for _, subnet := range subnets {
		if zone := bridge.StateOf(subnet).Str("availabilityZone"); !slices.Contains(endpointZones(c.Region()), zone) {
			return bridge.Refuse(
				"InvalidParameter",
				"The VPC endpoint service %s does not support the availability zone of the subnet: %s.",
				c.Inputs.Str("serviceName"),
				subnet.ID,
			)
		}
	}
	if len(c.Olds.List("networkInterfaceIds")) == len(subnets) && c.Olds != nil {
		return nil
	}
	var interfaces, configurations, entries []any
	for _, subnet := range subnets {
		interfaces = append(interfaces, "eni-"+template.RandomHex(17))
		configurations = append(configurations, map[string]any{"ipv4": AddressIn(subnet), "subnetId": subnet.ID})
	}
	suffix := template.RandomText(template.Alphabets["lower"], 8)
	service := values.AfterLast(c.Inputs.Str("serviceName"), c.Region().Name+".")
	entries = append(entries, map[string]any{
		"dnsName":      fmt.Sprintf("vpce-%s.%s.%s.vpce.%s", suffix, service, c.Region().Name, c.Region().DNSSuffix()),
		"hostedZoneId": c.Region().NLBZone,
	})
	c.Set("networkInterfaceIds", interfaces)
	c.Set("subnetConfigurations", configurations)
	c.Set("dnsEntries", entries)
	return nil
}
