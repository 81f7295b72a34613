package resilience

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	routeType       = "aws:ec2/route:Route"
	routeTableType  = "aws:ec2/routeTable:RouteTable"
	associationType = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	natGatewayType  = "aws:ec2/natGateway:NatGateway"
	endpointType    = "aws:ec2/vpcEndpoint:VpcEndpoint"
	fileSystemType  = "aws:efs/fileSystem:FileSystem"
	mountTargetType = "aws:efs/mountTarget:MountTarget"
	taskType        = "aws:ecs/taskDefinition:TaskDefinition"
	vpcType         = "aws:ec2/vpc:Vpc"
)

// egress are the rules about the ways out of an Availability Zone, on which what runs there depends.
var egress = []rule.Rule{
	{
		Name:        "az-independent-egress",
		Description: "Private subnets route to a NAT gateway in their own Availability Zone.",
		Severity:    rule.Medium,
		Controls:    rule.WellArchitected.Controls("REL10-BP01"),
		Level:       rule.Mandatory,
		Why: "Otherwise the failure of one zone cuts the others off from the internet, and traffic across " +
			"zones is charged.",
		Fix: "set natGatewayId of each Availability Zone's route table to a NAT gateway whose subnetId " +
			"lies in it.",
		Types:        []string{routeType, routeTableType},
		JudgeInStack: judgeEgress,
	},
	{
		Name:         "endpoint-zones",
		Description:  "Interface endpoints have a subnet in every Availability Zone that ECS services use.",
		Severity:     rule.Medium,
		Controls:     rule.WellArchitected.Controls("REL10-BP01"),
		Level:        rule.Mandatory,
		Why:          "Otherwise the failure of one zone cuts tasks in the others off from the AWS service.",
		Fix:          "add to subnetIds a subnet of each zone that is missing.",
		Types:        []string{endpointType},
		JudgeInStack: judgeEndpoint,
	},
	{
		Name:         "efs-mount-zones",
		Description:  "EFS file systems have a mount target in every Availability Zone whose ECS tasks mount them.",
		Severity:     rule.Medium,
		Controls:     rule.WellArchitected.Controls("REL10-BP01"),
		Level:        rule.Mandatory,
		Why:          "Tasks in a zone without a mount target cannot mount the file system, or depend on another zone.",
		Fix:          "declare an aws.efs.MountTarget with a subnetId in each zone that is missing.",
		Types:        []string{fileSystemType},
		JudgeInStack: judgeMountTargets,
	},
}

func judgeEgress(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	if r.Type == routeType {
		tables := expect.Refer(r, stack, r.Get("routeTableId"), routeTableType)
		return judgeGateway(r, r.Get("natGatewayId"), tables, stack)
	}
	routes, state := r.Get("routes").List()
	if state != property.Known {
		return rule.NotApplicable("its routes are resources of their own")
	}
	verdict := rule.NotApplicable("none of its routes is by a NAT gateway")
	for _, route := range routes {
		one := judgeGateway(
			r,
			route.Get("natGatewayId"),
			expect.Reference{Resources: []rule.Resource{r}, Certain: true},
			stack,
		)
		if one.NotApplicable == "" {
			verdict.NotApplicable = ""
			verdict.Violations = append(verdict.Violations, one.Violations...)
			verdict.Unjudged = append(verdict.Unjudged, one.Unjudged...)
		}
	}
	return verdict
}

// judgeGateway compares the zones of the subnets that a route is for with the zone of its NAT gateway.
func judgeGateway(r rule.Resource, id property.Value, tables expect.Reference, stack rule.Stack) rule.Verdict {
	text, state := id.Text()
	fromNowhere := len(r.PropertyDependencies["natGatewayId"])+len(r.PropertyDependencies["routes"]) == 0
	gateways := expect.Refer(r, stack, id, natGatewayType)
	switch {
	case state == property.Absent || state == property.Known && text == "" || state == property.Unknown && fromNowhere:
		return rule.NotApplicable("it is not by a NAT gateway")
	case len(gateways.Resources) != 1 || !gateways.Certain || len(tables.Resources) != 1 || !tables.Certain:
		return rule.Unjudged(
			id.Path(),
			"cannot be placed in an Availability Zone: it, or the route table, is not known yet or not in this stack",
		)
	}
	gateway := zonesOf(gateways.Resources[0], stack, gateways.Resources[0].Get("subnetId"))
	served := zonesServed(tables.Resources[0], stack)
	placed := gateway.certain && len(gateway.names) == 1
	if missing := served.missing(gateway.names); placed && len(missing) > 0 {
		return rule.Violation(
			id.Path(),
			"is a NAT gateway in %s, whose loss cuts off the subnets in %s as well",
			join(gateway.names),
			join(missing),
		)
	}
	if !placed || !served.certain {
		return rule.Unjudged(
			id.Path(),
			"cannot be compared with the subnets' Availability Zones, which are not known yet",
		)
	}
	return rule.Pass()
}

// zonesServed returns the zones of the subnets of a route table.
func zonesServed(table rule.Resource, stack rule.Stack) zones {
	served := zones{certain: true}
	for _, association := range stack.OfType(associationType) {
		of := expect.Refer(association, stack, association.Get("routeTableId"), routeTableType)
		switch {
		case of.Has(table.URN) && of.Certain:
			served.add(zonesOf(association, stack, association.Get("subnetId")))
		case of.Has(table.URN):
			served.certain = false
		}
	}
	return served
}

func (z *zones) add(other zones) {
	for _, name := range other.names {
		if !slices.Contains(z.names, name) {
			z.names = append(z.names, name)
		}
	}
	slices.Sort(z.names)
	z.certain = z.certain && other.certain
}

func judgeEndpoint(endpoint rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	kind := endpoint.Get("vpcEndpointType")
	switch text, state := kind.Text(); {
	case state == property.Unknown:
		return rule.Unreadable(kind, state)
	case text != "Interface": // Gateway by default
		return rule.NotApplicable("it is in no Availability Zone")
	}
	vpc := expect.Refer(endpoint, stack, endpoint.Get("vpcId"), vpcType)
	used := zonesUsed(stack, func(service rule.Resource) bool { return inVpc(service, vpc, stack) })
	if len(used.names) == 0 && used.certain {
		return rule.NotApplicable("no ECS service of the stack is in its VPC")
	}
	return compare(endpoint.Get("subnetIds"), zonesOf(endpoint, stack, endpoint.Get("subnetIds")), used)
}

// inVpc reports whether a service's subnets may be in a VPC. What cannot be told is taken for so where the stack has
// one VPC.
func inVpc(service rule.Resource, vpc expect.Reference, stack rule.Stack) bool {
	subnets := expect.Refer(service, stack, service.Get("networkConfiguration", "subnets"), subnetType)
	return slices.ContainsFunc(subnets.Resources, func(subnet rule.Resource) bool {
		return slices.ContainsFunc(
			expect.Refer(subnet, stack, subnet.Get("vpcId"), vpcType).Resources,
			func(of rule.Resource) bool { return vpc.Has(of.URN) },
		)
	})
}

// zonesUsed returns the zones of some of the stack's ECS services.
func zonesUsed(stack rule.Stack, which func(rule.Resource) bool) zones {
	used := zones{certain: true}
	for _, service := range stack.OfType(serviceType) {
		if which(service) && service.Get("networkConfiguration").State() != property.Absent {
			used.add(zonesOf(service, stack, service.Get("networkConfiguration", "subnets")))
		}
	}
	return used
}

// compare requires every zone that is used to be served.
func compare(list property.Value, served, used zones) rule.Verdict {
	missing := used.missing(served.names)
	switch {
	case len(missing) > 0 && served.certain:
		return rule.Violation(
			list.Path(),
			"lack a subnet in %s",
			join(missing),
		)
	case !served.certain || !used.certain:
		return rule.Unjudged(
			list.Path(),
			"cannot be compared with the services' Availability Zones, which are not known yet",
		)
	}
	return rule.Pass()
}

// judgeMountTargets counts mount targets whose zones are not known yet: AWS refuses two of one file system in a zone.
func judgeMountTargets(files rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	used := zonesUsed(stack, func(service rule.Resource) bool { return mounts(service, files, stack) })
	if len(used.names) == 0 && used.certain {
		return rule.NotApplicable("no ECS service of the stack mounts it")
	}
	served, possible, unplaced := zones{certain: true}, zones{}, 0
	for _, target := range stack.OfType(mountTargetType) {
		of := expect.Refer(target, stack, target.Get("fileSystemId"), fileSystemType)
		if !of.Has(files.URN) {
			continue
		}
		one := zonesOf(target, stack, target.Get("subnetId"))
		possible.add(one)
		if of.Certain && one.certain && len(one.names) == 1 {
			served.add(one)
			continue
		}
		unplaced++
		served.certain = false
	}
	missing := used.missing(served.names)
	placedAll := unplaced > 0 && len(served.names)+unplaced >= len(possible.names)
	switch {
	case used.certain && placedAll && len(used.missing(possible.names)) == 0:
		return rule.Pass()
	case len(missing) > unplaced:
		return rule.Violation(
			expect.Whole,
			"has no mount target in %s",
			join(missing),
		)
	case unplaced > 0 || !used.certain:
		return rule.Unjudged(
			expect.Whole,
			"has mount targets, or is mounted by services, in Availability Zones that are not known yet",
		)
	}
	return rule.Pass()
}

// mounts reports whether a service's tasks mount a file system.
func mounts(service, files rule.Resource, stack rule.Stack) bool {
	for _, task := range expect.Refer(service, stack, service.Get("taskDefinition"), taskType).Resources {
		volumes, _ := task.Get("volumes").List()
		for _, volume := range volumes {
			if expect.Refer(
				task,
				stack,
				volume.Get("efsVolumeConfiguration", "fileSystemId"),
				fileSystemType,
			).Has(
				files.URN,
			) {
				return true
			}
		}
	}
	return false
}
