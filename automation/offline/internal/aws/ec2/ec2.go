// Package ec2 stands in for the network: VPCs, subnets, gateways, routes, rules, endpoints and launch templates.
package ec2

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "ec2", Name: "EC2",
	Behaviors: map[string]bridge.Behavior{
		token.Vpc: {
			Check:   checkVPC,
			Diff:    diffVPC,
			Plan:    planVPC,
			Create:  createVPC,
			Created: createdVPC,
			Update:  updateVPC,
		},
		token.Subnet: {Diff: diffSubnet, Create: createSubnet, Update: updateSubnet},
		token.InternetGateway: {
			Create: attachInternetGateway,
			Update: attachInternetGateway,
			Remove: removeInternetGateway,
		},
		token.NatGateway:           {Check: checkNatGateway, Create: createNatGateway},
		token.Eip:                  {Create: createEip, Read: readEip},
		token.Route:                {Create: createRoute},
		token.RouteTableAssoc:      {Create: createRouteTableAssociation},
		token.NetworkAcl:           {Create: refusePortsOfAll, Update: refusePortsOfAll},
		token.NetworkAclRule:       {Create: createNetworkAclRule},
		token.SecurityGroup:        {Create: createSecurityGroup, Update: refusePortsOfAll, Releases: releaseRules},
		token.DefaultSecurityGroup: {Create: adoptSecurityGroup, Update: refusePortsOfAll},
		token.DefaultNetworkAcl:    {Create: takeOver("defaultNetworkAclId"), Update: refusePortsOfAll},
		token.DefaultRouteTable:    {Create: takeOver("defaultRouteTableId")},
		token.IngressRule: {
			Diff:   diffSecurityGroupRule,
			Create: createSecurityGroupRule,
			Update: updateSecurityGroupRule,
		},
		token.EgressRule: {
			Diff:   diffSecurityGroupRule,
			Create: createSecurityGroupRule,
			Update: updateSecurityGroupRule,
		},
		token.VpcEndpoint: {
			Diff:   diffEndpoint,
			Plan:   planEndpoint,
			Create: createEndpoint,
			Update: updateEndpoint,
		},
		token.FlowLog:        {Create: createFlowLog},
		token.LaunchTemplate: {Update: updateLaunchTemplate},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:ec2/getVpc:getVpc":         getVpc,
		"aws:ec2/getSubnet:getSubnet":   bridge.GetOne(token.Subnet, "InvalidSubnet.NotFound"),
		"aws:ec2/getSubnets:getSubnets": getSubnets,
		"aws:ec2/getSecurityGroup:getSecurityGroup": bridge.GetOne(
			token.SecurityGroup,
			"InvalidGroup.NotFound",
		),
		"aws:ec2/getPrefixList:getPrefixList":                 getPrefixList,
		"aws:ec2/getVpcEndpointService:getVpcEndpointService": getEndpointService,
		"aws:ec2/getManagedPrefixList:getManagedPrefixList":   getManagedPrefixList,
		"aws:ec2/getAmi:getAmi":                               getAMI,
	},
	Equalities: map[string]func(a, b string) bool{
		"protocol": func(a, b string) bool { return protocolNumber(a) == protocolNumber(b) },
	},
}
