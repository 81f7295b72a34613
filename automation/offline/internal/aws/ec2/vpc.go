package ec2

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

func checkVPC(inputs values.View) []bridge.Failure {
	if block, err := netip.ParsePrefix(inputs.Str("cidrBlock")); err == nil &&
		(block.Bits() < 16 || block.Bits() > 28) {
		return []bridge.Failure{
			bridge.Failf("cidrBlock", "expected \"cidrBlock\" to contain a network Value with between 16 and 28 "+
				"significant bits, got: %d", block.Bits()),
		}
	}
	return nil
}

// diffVPC lets a dedicated VPC become a shared one in place, but not the other way round.
func diffVPC(d *diff.Difference) error {
	if d.Changed("instanceTenancy") && d.News.Str("instanceTenancy") != "default" {
		d.Replace("instanceTenancy", true)
	}
	return nil
}

func planVPC(d *diff.Difference) []string {
	if d.Changed("assignGeneratedIpv6CidrBlock") && d.News.Bool("assignGeneratedIpv6CidrBlock") {
		return []string{"ipv6AssociationId", "ipv6CidrBlock"}
	}
	return nil
}

func createVPC(c *bridge.Change) error {
	if !c.Inputs.Has("cidrBlock") && !c.Inputs.Has("ipv4IpamPoolId") {
		return bridge.Refuse("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
	}
	if err := refuseHostnames(c); err != nil {
		return err
	}
	assignIPv6(c)
	table := "rtb-" + template.RandomHex(17)
	c.Set("mainRouteTableId", table)
	c.Set("defaultRouteTableId", table)
	c.Set("defaultNetworkAclId", "acl-"+template.RandomHex(17))
	c.Set("defaultSecurityGroupId", "sg-"+template.RandomHex(17))
	return nil
}

func updateVPC(c *bridge.Change) error {
	if c.Inputs.Bool("assignGeneratedIpv6CidrBlock") {
		assignIPv6(c)
	}
	return refuseHostnames(c)
}

func refuseHostnames(c *bridge.Change) error {
	if c.Inputs.Bool("enableDnsHostnames") && !c.Inputs.Bool("enableDnsSupport") {
		return bridge.Refuse(
			"InvalidParameterCombination",
			"DNS hostnames cannot be enabled while DNS support is not: set "+
				"enableDnsSupport to true as well",
		)
	}
	return nil
}

func assignIPv6(c *bridge.Change) {
	if !c.Inputs.Bool("assignGeneratedIpv6CidrBlock") || values.View(c.State).Str("ipv6CidrBlock") != "" {
		return
	}
	c.Set(
		"ipv6CidrBlock",
		fmt.Sprintf("2600:1f%s:%s:%s00::/56", template.RandomHex(2), template.RandomHex(4), template.RandomHex(2)),
	)
	c.Set("ipv6AssociationId", "vpc-cidr-assoc-"+template.RandomHex(17))
	c.Set("ipv6CidrBlockNetworkBorderGroup", c.Region().Name)
}

// createdVPC records what comes with every VPC.
func createdVPC(c *bridge.Change) error {
	parts := map[string]string{
		"defaultRouteTableId":    token.RouteTable,
		"defaultNetworkAclId":    token.NetworkAcl,
		"defaultSecurityGroupId": token.SecurityGroup,
	}
	for _, property := range values.SortedKeys(parts) {
		if err := c.Tx.PutPart(c.Thing, parts[property], values.View(c.State).Str(property)); err != nil {
			return err
		}
	}
	return nil
}

const tCidrAssociation = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"

// vpcBlocks returns the address blocks of the VPC that the thing is in.
func vpcBlocks(c *bridge.Change) ([]netip.Prefix, error) {
	vpc := c.Target("vpcId")
	if vpc == nil {
		return []netip.Prefix{defaultVPCBlock}, nil
	}
	texts := []string{bridge.StateOf(vpc).Str("cidrBlock")}
	associations, err := c.Siblings(tCidrAssociation)
	if err != nil {
		return nil, err
	}
	for _, association := range associations {
		if bridge.StateOf(association).Str("vpcId") == vpc.ID {
			texts = append(texts, bridge.StateOf(association).Str("cidrBlock"))
		}
	}
	var blocks []netip.Prefix
	for _, text := range texts {
		if block, err := netip.ParsePrefix(text); err == nil {
			blocks = append(blocks, block)
		}
	}
	return blocks, nil
}

var defaultVPCBlock = netip.MustParsePrefix("172.31.0.0/16")

func within(inner, outer netip.Prefix) bool {
	return inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr())
}

func joinPrefixes(prefixes []netip.Prefix) string {
	texts := make([]string, len(prefixes))
	for i, prefix := range prefixes {
		texts[i] = prefix.String()
	}
	return strings.Join(texts, ", ")
}

func createFlowLog(c *bridge.Change) error {
	if !c.Inputs.Has("transitGatewayId") && !c.Inputs.Has("transitGatewayAttachmentId") &&
		!c.Inputs.Has("trafficType") {
		return bridge.Refuse("MissingParameter", "The request must contain the parameter TrafficType")
	}
	if c.Inputs.Str("logDestinationType") != "cloud-watch-logs" {
		return nil
	}
	if !c.Inputs.Has("iamRoleArn") {
		return bridge.Refuse(
			"InvalidParameter",
			"DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
		)
	}
	if name := c.Inputs.Str("logGroupName"); name != "" {
		c.Set(
			"logDestination",
			fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s", c.Region().Partition(), c.Region().Name, world.Account, name),
		)
		return nil
	}
	if _, name, found := strings.Cut(c.Inputs.Str("logDestination"), ":log-group:"); found {
		c.Set("logGroupName", strings.TrimSuffix(name, ":*"))
	}
	return nil
}
