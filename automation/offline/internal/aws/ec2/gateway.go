package ec2

import (
	"fmt"
	"hash/crc32"
	"net/netip"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

func attachInternetGateway(c *bridge.Change) error {
	vpc := c.Inputs.Str("vpcId")
	if vpc == "" {
		return nil
	}
	others, err := c.Siblings(token.InternetGateway)
	if err != nil {
		return err
	}
	for _, other := range others {
		if bridge.StateOf(other).Str("vpcId") == vpc {
			return bridge.Refuse(
				"Resource.AlreadyAssociated",
				"resource %s is already attached to network %s: a VPC has one internet "+
					"gateway",
				other.ID,
				vpc,
			)
		}
	}
	return nil
}

// removeInternetGateway refuses to detach while addresses of the VPC are reachable through the gateway.
func removeInternetGateway(c *bridge.Change) error {
	vpc := c.Olds.Str("vpcId")
	if vpc == "" {
		return nil
	}
	gateways, err := c.Siblings(token.NatGateway)
	if err != nil {
		return err
	}
	for _, gateway := range gateways {
		links, err := c.Tx.Links(gateway)
		if err != nil {
			return err
		}
		for _, link := range links {
			if link.Property == "subnetId" && bridge.StateOf(link.Target).Str("vpcId") == vpc &&
				bridge.StateOf(gateway).Str("publicIp") != "" {
				return bridge.RefuseRetried(
					references.Dependency,
					"Network %s has some mapped public address(es). Please unmap those public "+
						"address(es) before detaching the gateway: %s has %s.",
					vpc,
					gateway.ID,
					bridge.StateOf(gateway).Str("publicIp"),
				)
			}
		}
	}
	return nil
}

func checkNatGateway(inputs values.View) []bridge.Failure {
	if inputs.Str("connectivityType") == "private" {
		for _, property := range []string{"allocationId", "secondaryAllocationIds"} {
			if inputs.Given(property) {
				return []bridge.Failure{
					bridge.Failf(property, "%s is not supported with connectivityType \"private\"", property),
				}
			}
		}
		return nil
	}
	if inputs.Given("secondaryPrivateIpAddressCount") {
		return []bridge.Failure{bridge.Failf("secondaryPrivateIpAddressCount",
			"secondaryPrivateIpAddressCount is not supported with connectivityType \"public\"")}
	}
	return nil
}

func createNatGateway(c *bridge.Change) error {
	if subnet := c.Target("subnetId"); subnet != nil {
		c.Out("privateIp", AddressIn(subnet))
	}
	if c.Inputs.Str("connectivityType") == "private" {
		return nil
	}
	eip := c.Target("allocationId")
	if eip == nil {
		return bridge.Refuse(
			"MissingParameter",
			"The request must include the AllocationId parameter. Add the required parameter "+
				"and retry the request.",
		)
	}
	referrers, err := c.Tx.Referrers(eip)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Property == "allocationId" {
			return bridge.Refuse(
				"Resource.AlreadyAssociated",
				"Elastic IP address [%s] is already associated with %s",
				eip.ID,
				r.Thing.ID,
			)
		}
	}
	c.Set("publicIp", bridge.StateOf(eip).Str("publicIp"))
	c.Set("associationId", "eipassoc-"+template.RandomHex(17))
	return nil
}

// AddressIn returns an address of a subnet that AWS could give out: not one of the first four or the last.
func AddressIn(subnet *world.Thing) string {
	block, err := netip.ParsePrefix(bridge.StateOf(subnet).Str("cidrBlock"))
	if err != nil || !block.Addr().Is4() {
		return ""
	}
	address := block.Addr().As4()
	size := uint32(1) << (32 - block.Bits())
	offset := 4 + crc32.ChecksumIEEE([]byte(template.RandomHex(8)))%(size-5)
	value := uint32(address[0])<<24 | uint32(address[1])<<16 | uint32(address[2])<<8 | uint32(address[3]) + offset
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}).String()
}

func createEip(c *bridge.Change) error {
	address := c.Inputs.Str("address")
	if address == "" {
		random := []byte(
			template.RandomText(
				"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x14\x1e\x28\x32\x3c\x46"+
					"\x50\x5a\x64\x6e\x78\x82\x8c\x96\xa0\xaa\xb4\xbe\xc8\xd2\xdc\xe6",
				3,
			),
		)
		address = fmt.Sprintf("52.%d.%d.%d", random[0], random[1], random[2])
	}
	c.Set("publicIp", address)
	c.Set(
		"publicDns",
		fmt.Sprintf(
			"ec2-%s.%s.%s",
			strings.ReplaceAll(address, ".", "-"),
			computeDomain(c.Region()),
			c.Region().DNSSuffix(),
		),
	)
	return nil
}

func computeDomain(r region.Region) string {
	if r.Name == "us-east-1" {
		return "compute-1"
	}
	return r.Name + ".compute"
}

// readEip shows what the address is associated with.
func readEip(c *bridge.Change) error {
	referrers, err := c.Tx.Referrers(c.Thing)
	if err != nil {
		return err
	}
	for _, r := range referrers {
		if r.Thing.Type == token.NatGateway {
			c.Set("associationId", bridge.StateOf(r.Thing).Str("associationId"))
			c.Set("networkInterface", bridge.StateOf(r.Thing).Str("networkInterfaceId"))
			c.Set("privateIp", bridge.StateOf(r.Thing).Str("privateIp"))
		}
	}
	return nil
}
