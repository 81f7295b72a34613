package baseline

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	groupType       = "aws:ec2/securityGroup:SecurityGroup"
	ingressType     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	groupRuleType   = "aws:ec2/securityGroupRule:SecurityGroupRule"
	mountTargetType = "aws:efs/mountTarget:MountTarget"
	proxyType       = "aws:rds/proxy:Proxy"
	subnetGroupType = "aws:rds/subnetGroup:SubnetGroup"
)

// tiers are the rules about the way from the internet to the data: by a load balancer, and then by a service.
var tiers = []rule.Rule{
	{
		Name:        "network-tiers",
		Description: "Security groups let each tier be reached from the tier in front of it only.",
		Severity:    rule.High,
		Controls:    rule.WellArchitected.Controls("SEC05-BP01"),
		Level:       rule.Mandatory,
		Why:         "A tier that can be reached directly is not protected by what stands in front of it.",
		Fix: "set referencedSecurityGroupId to the group of the tier in front: the load balancer's for a " +
			"service, a service's for data.",
		Types:        []string{ingressType, groupRuleType, groupType},
		JudgeInStack: judgeTier,
	},
	{
		Name: "data-from-groups", Description: "Security groups of data stores refer to security groups, not to IP " +
			"addresses.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("SEC05-BP02"), Level: rule.Mandatory,
		Why: "Addresses are reused: a rule by address admits whatever gets that address next.",
		Fix: "set referencedSecurityGroupId to the clients' group, and leave out cidrIpv4, cidrIpv6 and " +
			"prefixListId.",
		Types:        []string{ingressType, groupRuleType, groupType},
		JudgeInStack: judgeDataIngress,
	},
	{
		Name:        "private-subnets",
		Description: "ECS services and data stores run in subnets without a route to an internet gateway.",
		Severity:    rule.High,
		Controls:    append(rule.FSBP.Controls("RDS.46"), rule.WellArchitected.Controls("SEC05-BP01")...),
		Level:       rule.Mandatory,
		Why:         "In a public subnet, a public address is all that separates them from the internet.",
		Fix: "set networkConfiguration.subnets, subnetIds or subnetId to subnets whose route table has no " +
			"route to an internet gateway.",
		Types:        []string{serviceType, subnetGroupType, mountTargetType},
		JudgeInStack: judgeSubnets,
	},
}

// attachments are the properties that hold the security groups of what a group can protect.
var attachments = []struct {
	resourceType string
	path         []string
	tier         tier
}{
	{loadBalancerType, []string{"securityGroups"}, atDoor},
	{serviceType, []string{"networkConfiguration", "securityGroups"}, atService},
	{"aws:ec2/vpcEndpoint:VpcEndpoint", []string{"securityGroupIds"}, atService},
	{databaseType, []string{"vpcSecurityGroupIds"}, atData},
	{dbClusterType, []string{"vpcSecurityGroupIds"}, atData},
	{proxyType, []string{"vpcSecurityGroupIds"}, atData},
	{mountTargetType, []string{"securityGroups"}, atData},
	{"aws:elasticache/replicationGroup:ReplicationGroup", []string{"securityGroupIds"}, atData},
	{"aws:elasticache/cluster:Cluster", []string{"securityGroupIds"}, atData},
	{"aws:elasticache/serverlessCache:ServerlessCache", []string{"securityGroupIds"}, atData},
}

// tier is how far something is from the internet.
type tier int

const (
	nowhere tier = iota
	atDoor
	atService
	atData
)

type tiersKey struct{}

// tierOf returns the innermost tier that a group protects, as far as that is known.
func tierOf(group string, stack rule.Stack) tier {
	return rule.Derive(stack, tiersKey{}, func() map[string]tier {
		tiers := map[string]tier{}
		for _, a := range attachments {
			for _, r := range stack.OfType(a.resourceType) {
				of := expect.Refer(r, stack, r.Get(a.path...), groupType)
				if !of.Certain {
					continue
				}
				for _, attached := range of.Resources {
					tiers[attached.URN] = max(tiers[attached.URN], a.tier)
				}
			}
		}
		return tiers
	})[group]
}

// wayIn is one way into a group.
type wayIn struct {
	into expect.Reference
	// addresses are the blocks and lists of addresses that are let in, and groups are the groups.
	addresses, groups []property.Value
}

// waysIn reads the ways in that a resource makes: a rule makes one, a group one for each element of ingress.
func waysIn(r rule.Resource, stack rule.Stack) []wayIn {
	switch r.Type {
	case ingressType:
		return []wayIn{{expect.Refer(r, stack, r.Get("securityGroupId"), groupType),
			[]property.Value{
				r.Get("cidrIpv4"),
				r.Get("cidrIpv6"),
				r.Get("prefixListId"),
			}, []property.Value{r.Get("referencedSecurityGroupId")}}}
	case groupRuleType:
		if kind, state := r.Get("type").Text(); state == property.Known && kind != "ingress" {
			return nil
		}
		return []wayIn{
			{
				expect.Refer(r, stack, r.Get("securityGroupId"), groupType),
				addressesOf(r.Properties),
				[]property.Value{r.Get("sourceSecurityGroupId")},
			},
		}
	}
	var ways []wayIn
	elements, _ := r.Get("ingress").List()
	for _, element := range elements {
		groups, _ := element.Get("securityGroups").List()
		ways = append(
			ways,
			wayIn{expect.Reference{Resources: []rule.Resource{r}, Certain: true}, addressesOf(element), groups},
		)
	}
	return ways
}

func addressesOf(v property.Value) []property.Value {
	var all []property.Value
	for _, name := range []string{"cidrBlocks", "ipv6CidrBlocks", "prefixListIds"} {
		elements, _ := v.Get(name).List()
		all = append(all, elements...)
	}
	return all
}

// target returns the one group that a way leads into, if that is known.
func (w wayIn) target() (string, bool) {
	if len(w.into.Resources) != 1 || !w.into.Certain {
		return "", false
	}
	return w.into.Resources[0].URN, true
}

func (w wayIn) toWorld() (property.Value, bool) {
	cidr, open, _ := openToWorld(w.addresses...)
	return cidr, open
}

// judgeTier requires the internet to get no further than a load balancer, and what the internet reaches no further than
// a service.
func judgeTier(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	var verdict rule.Verdict
	add := func(one rule.Verdict) {
		verdict.Violations, verdict.Unjudged = append(
			verdict.Violations,
			one.Violations...), append(
			verdict.Unjudged,
			one.Unjudged...)
	}
	for _, way := range waysIn(r, stack) {
		group, known := way.target()
		if !known {
			if len(way.into.Resources) > 1 {
				add(rule.Unjudged("securityGroupId", "is not known yet"))
			}
			continue
		}
		into := tierOf(group, stack)
		if cidr, open := way.toWorld(); open && into >= atService {
			add(rule.Violation(cidr.Path(), "allows traffic from the internet without a load balancer in between"))
		}
		if into != atData {
			continue
		}
		for _, from := range way.groups {
			front := expect.Refer(r, stack, from, groupType)
			if front.Certain &&
				slices.ContainsFunc(front.Resources, func(g rule.Resource) bool { return worldReaches(g.URN, stack) }) {
				add(
					rule.Violation(
						from.Path(),
						"is a security group that the internet can reach directly",
					),
				)
			}
		}
	}
	return verdict
}

type reachedKey struct{}

// worldReaches reports whether a group lets the internet in.
func worldReaches(group string, stack rule.Stack) bool {
	return rule.Derive(stack, reachedKey{}, func() map[string]bool {
		reached := map[string]bool{}
		for _, resourceType := range []string{ingressType, groupRuleType, groupType} {
			for _, r := range stack.OfType(resourceType) {
				for _, way := range waysIn(r, stack) {
					into, known := way.target()
					if _, open := way.toWorld(); known && open {
						reached[into] = true
					}
				}
			}
		}
		return reached
	})[group]
}

func judgeDataIngress(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	var verdict rule.Verdict
	for _, way := range waysIn(r, stack) {
		group, known := way.target()
		if !known || tierOf(group, stack) != atData {
			continue
		}
		for _, address := range way.addresses {
			if address.State() == property.Absent ||
				address.State() == property.Unknown && len(r.PropertyDependencies[address.Path()]) == 0 {
				continue // what is not known and comes from nowhere is for AWS to fill in
			}
			verdict.Violations = append(
				verdict.Violations,
				rule.Violation(address.Path(), "allows IP addresses, not a security group").Violations...)
		}
	}
	return verdict
}
