package ec2

import (
	"fmt"
	"hash/crc32"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

var destinations = []string{"destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"}

func destinationOf(route values.View) string {
	for _, property := range destinations {
		if destination := route.Str(property); destination != "" {
			return destination
		}
	}
	return ""
}

func createRoute(c *bridge.Change) error {
	destination := destinationOf(c.Inputs)
	if c.Inputs.Str("gatewayId") == "local" {
		return bridge.Refuse("InvalidParameterValue", "cannot create a local route: it comes with the route table")
	}
	c.Id = fmt.Sprintf("r-%s%d", c.Inputs.Str("routeTableId"), crc32.ChecksumIEEE([]byte(destination)))
	if _, err := c.Tx.Get(world.Key{Region: c.Region().Name, Type: token.Route, Key: c.Id}); err == nil {
		return bridge.Refuse("RouteAlreadyExists", "Route in Route Table (%s) with destination (%s) already exists",
			c.Inputs.Str("routeTableId"), destination)
	}
	return nil
}

func createRouteTableAssociation(c *bridge.Change) error {
	subnet := c.Inputs.Str("subnetId")
	if subnet == "" {
		return nil
	}
	others, err := c.Siblings(token.RouteTableAssoc)
	if err != nil {
		return err
	}
	for _, other := range others {
		if bridge.StateOf(other).Str("subnetId") == subnet {
			return bridge.Refuse(
				"Resource.AlreadyAssociated",
				"the specified association for route table %s conflicts with an existing "+
					"association: %s",
				c.Inputs.Str("routeTableId"),
				other.ID,
			)
		}
	}
	return nil
}
