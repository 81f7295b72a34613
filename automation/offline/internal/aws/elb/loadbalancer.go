package elb

import (
	"fmt"
	"slices"

	"github.com/awslab/awslab/automation/offline/internal/aws/ec2"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// balancerKinds are the parts of ARNs that tell the types of load balancers.
var balancerKinds = map[string]string{"application": "app", "network": "net", "gateway": "gwy"}

// diffLoadBalancer replaces a network load balancer that loses a subnet or gains or loses security groups as such.
func diffLoadBalancer(d *diff.Difference) error {
	if d.News.Str("loadBalancerType") != "network" {
		return nil
	}
	after := d.News.Strings("subnets")
	lost := slices.ContainsFunc(
		d.Olds.Strings("subnets"),
		func(subnet string) bool { return !slices.Contains(after, subnet) },
	)
	if d.Changed("subnets") && lost {
		d.Replace("subnets", true)
	}
	if d.Changed("securityGroups") &&
		(len(d.Olds.List("securityGroups")) == 0) != (len(d.News.List("securityGroups")) == 0) {
		d.Replace("securityGroups", true)
	}
	return nil
}

func planLoadBalancer(d *diff.Difference) []string {
	switch {
	case d.Changed("subnets"):
		return []string{"subnetMappings"}
	case d.Changed("subnetMappings"):
		return []string{"subnets"}
	default:
		return nil
	}
}

func createLoadBalancer(c *bridge.Change) error {
	kind := c.Inputs.Str("loadBalancerType")
	if err := placeLoadBalancer(c); err != nil {
		return err
	}
	name, id := c.Inputs.Str("name"), template.RandomHex(16)
	path := fmt.Sprintf("%s/%s/%s", balancerKinds[kind], name, id)
	c.Variables["path"] = path
	c.Set("arnSuffix", path)
	region := c.Region()
	if kind == "network" {
		c.Set("dnsName", fmt.Sprintf("%s-%s.elb.%s.%s", name, id, region.Name, region.DNSSuffix()))
		c.Set("zoneId", region.NLBZone)
		if len(c.Inputs.List("securityGroups")) > 0 {
			c.Out("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "on")
		}
		return nil
	}
	prefix := ""
	if c.Inputs.Bool("internal") {
		prefix = "internal-"
	}
	c.Set(
		"dnsName",
		fmt.Sprintf(
			"%s%s-%s.%s.elb.%s",
			prefix,
			name,
			template.RandomText(template.Alphabets["digits"], 10),
			region.Name,
			region.DNSSuffix(),
		),
	)
	c.Set("zoneId", region.ALBZone)
	return nil
}

func updateLoadBalancer(c *bridge.Change) error { return placeLoadBalancer(c) }

// placeLoadBalancer refuses subnets that do not do and computes what follows from them.
func placeLoadBalancer(c *bridge.Change) error {
	for _, kind := range []string{"accessLogs", "connectionLogs"} {
		if err := refuseLogs(c, kind); err != nil {
			return err
		}
	}
	if len(c.Inputs.List("subnets")) > 0 {
		delete(c.State, "subnetMappings")
	}
	subnets := append(c.Targets("subnets"), c.Targets("subnetMappings.subnetId")...)
	unique := map[string]*world.Thing{}
	zones := map[string]string{}
	for _, subnet := range subnets {
		if unique[subnet.ID] != nil {
			continue
		}
		unique[subnet.ID] = subnet
		zone := bridge.StateOf(subnet).Str("availabilityZone")
		if other, taken := zones[zone]; taken {
			return bridge.Refuse(
				"InvalidConfigurationRequest",
				"A load balancer cannot be attached to multiple subnets in the same "+
					"Availability Zone: %s and %s are both in %s",
				other,
				subnet.ID,
				zone,
			)
		}
		zones[zone] = subnet.ID
	}
	application := c.Inputs.Str("loadBalancerType") == "application"
	if application && len(zones) < 2 {
		return bridge.Refuse(
			"ValidationError",
			"At least two subnets in two different Availability Zones must be specified",
		)
	}
	if len(unique) == 0 {
		return bridge.Refuse("ValidationError", "At least one subnet must be specified")
	}
	return placeInVPC(c, unique, application)
}

func placeInVPC(c *bridge.Change, subnets map[string]*world.Thing, application bool) error {
	var mappings, ids []any
	vpc := ""
	for _, id := range values.SortedKeys(subnets) {
		of := bridge.StateOf(subnets[id]).Str("vpcId")
		if vpc != "" && of != vpc {
			return bridge.Refuse(
				"InvalidConfigurationRequest",
				"All subnets must belong to the same VPC: %s is in %s, others in %s",
				id,
				of,
				vpc,
			)
		}
		vpc = of
		ids = append(ids, id)
		mappings = append(mappings, map[string]any{
			"subnetId": id, "outpostId": "", "allocationId": "", "ipv6Address": "", "privateIpv4Address": "",
		})
	}
	if err := ec2.RefuseForeignGroups(c, "subnets", "securityGroups"); err != nil {
		return err
	}
	if err := refuseUnreachable(c, vpc, application); err != nil {
		return err
	}
	c.Set("vpcId", vpc)
	c.Out("subnetMappings", mappings)
	c.Out("subnets", ids)
	if application && len(c.Inputs.List("securityGroups")) == 0 {
		vpcs, err := c.Tx.ByID(token.Vpc, vpc)
		if err != nil || len(vpcs) == 0 {
			return err
		}
		c.Out("securityGroups", []any{bridge.StateOf(vpcs[0]).Str("defaultSecurityGroupId")})
	}
	return nil
}

// refuseUnreachable refuses a load balancer for the internet in a VPC without a gateway to it.
func refuseUnreachable(c *bridge.Change, vpc string, application bool) error {
	if c.Inputs.Bool("internal") || !application || vpc == c.Region().DefaultVPC() {
		return nil
	}
	gateways, err := c.Siblings(token.InternetGateway)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(gateways, func(g *world.Thing) bool { return bridge.StateOf(g).Str("vpcId") == vpc }) {
		return bridge.RefuseRetried("InvalidSubnet", "VPC %s has no internet gateway", vpc)
	}
	return nil
}

// removeLoadBalancer takes the listeners and their rules along.
func removeLoadBalancer(c *bridge.Change) error {
	if c.Olds.Bool("enableDeletionProtection") {
		return bridge.Refuse(
			"OperationNotPermitted",
			"Load balancer '%s' cannot be deleted because deletion protection is enabled; set "+
				"enableDeletionProtection to false and run an update first",
			c.Thing.ARN,
		)
	}
	return removeReferrers(c, token.Listener)
}
