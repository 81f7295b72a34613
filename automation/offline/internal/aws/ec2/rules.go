package ec2

import (
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// refusePortsOfAll refuses rules for all protocols that name ports.
func refusePortsOfAll(c *bridge.Change) error {
	for _, direction := range []string{"ingress", "egress"} {
		for _, rule := range c.Inputs.Objects(direction) {
			if protocolNumber(rule.Str("protocol")) == "-1" && (rule.Num("fromPort") != 0 || rule.Num("toPort") != 0) {
				return fmt.Errorf("%s: from_port (%s) and to_port (%s) must both be 0 to use the 'ALL' \"-1\" protocol",
					direction, rule.Str("fromPort"), rule.Str("toPort"))
			}
		}
	}
	return nil
}

func createNetworkAclRule(c *bridge.Change) error {
	acl, number, egress := c.Inputs.Str("networkAclId"), c.Inputs.Str("ruleNumber"), c.Inputs.Bool("egress")
	others, err := c.Siblings(token.NetworkAclRule)
	if err != nil {
		return err
	}
	for _, other := range others {
		rule := bridge.StateOf(other)
		if rule.Str("networkAclId") == acl && rule.Str("ruleNumber") == number && rule.Bool("egress") == egress {
			return bridge.Refuse(
				"NetworkAclEntryAlreadyExists",
				"The network acl entry identified by %s already exists.",
				number,
			)
		}
	}
	key := fmt.Sprintf("%s-%s-%t-%s-", acl, number, egress, c.Inputs.Str("protocol"))
	c.Id = fmt.Sprintf("nacl-%d", crc32.ChecksumIEEE([]byte(key)))
	c.Set("protocol", protocolNumber(c.Inputs.Str("protocol")))
	return nil
}

func createSecurityGroup(c *bridge.Change) error {
	c.Out("vpcId", c.Region().DefaultVPC())
	return refusePortsOfAll(c)
}

// takeOver takes over something that a VPC came with, named by a property.
func takeOver(property string) func(c *bridge.Change) error {
	return func(c *bridge.Change) error {
		c.Id = c.Inputs.Str(property)
		return refusePortsOfAll(c)
	}
}

func adoptSecurityGroup(c *bridge.Change) error {
	c.Id = c.Region().Part("sg")
	if vpc := c.Target("vpcId"); vpc != nil {
		c.Id = bridge.StateOf(vpc).Str("defaultSecurityGroupId")
	}
	c.Out("vpcId", c.Region().DefaultVPC())
	return refusePortsOfAll(c)
}

// sources are the properties of a security group rule of which one says where traffic comes from or goes to.
var sources = []string{"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"}

// diffSecurityGroupRule replaces a rule whose source becomes one of another kind.
func diffSecurityGroupRule(d *diff.Difference) error {
	for _, source := range sources {
		if d.Changed(source) && d.Olds.Has(source) != d.News.Given(source) {
			d.Replace(source, true)
		}
	}
	return nil
}

func createSecurityGroupRule(c *bridge.Change) error {
	others, err := c.Siblings(c.Token)
	if err != nil {
		return err
	}
	for _, other := range others {
		if sameRule(bridge.StateOf(other), c.Inputs) {
			return bridge.Refuse("InvalidPermission.Duplicate", "the specified rule already exists: %s", other.ID)
		}
	}
	return updateSecurityGroupRule(c)
}

// updateSecurityGroupRule forgets the ports of a rule for all protocols, as AWS does.
func updateSecurityGroupRule(c *bridge.Change) error {
	if protocolNumber(c.Inputs.Str("ipProtocol")) == "-1" {
		delete(c.State, "fromPort")
		delete(c.State, "toPort")
	}
	return nil
}

func sameRule(a, b values.View) bool {
	for _, property := range append([]string{"securityGroupId", "fromPort", "toPort"}, sources...) {
		if a.Str(property) != b.Str(property) {
			return false
		}
	}
	return protocolNumber(a.Str("ipProtocol")) == protocolNumber(b.Str("ipProtocol"))
}

// releaseRules lets a security group's own rules go with it.
func releaseRules(c *bridge.Change, holder world.Referrer) bool {
	return holder.Thing.ID == c.Thing.ID || values.View(holder.Thing.State).Str("securityGroupId") == c.Thing.ID
}

// RefuseForeignGroups refuses security groups of another VPC than the subnets'.
func RefuseForeignGroups(c *bridge.Change, subnets, groups string) error {
	vpc := ""
	for _, subnet := range c.Targets(subnets) {
		vpc = bridge.StateOf(subnet).Str("vpcId")
	}
	for _, group := range c.Targets(groups) {
		if of := bridge.StateOf(group).Str("vpcId"); vpc != "" && of != vpc {
			return bridge.Refuse(
				"InvalidParameterException",
				"The security group '%s' does not exist in VPC '%s': it is in %s",
				group.ID,
				vpc,
				of,
			)
		}
	}
	return nil
}

// protocols are the IANA numbers of the protocols that security groups and network ACLs name.
var protocols = map[string]string{"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}

func protocolNumber(name string) string {
	if number, has := protocols[strings.ToLower(name)]; has {
		return number
	}
	return name
}
