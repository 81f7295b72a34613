package resilience

import (
	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	loadBalancerType = "aws:lb/loadBalancer:LoadBalancer"
	scalingGroupType = "aws:autoscaling/group:Group"
)

// balancing are the rules about load balancers and the groups of instances behind them.
var balancing = []rule.Rule{
	{
		Name: "alb-multi-az", Description: "Load balancers have subnets in at least two Availability Zones.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("ELB.13"), Level: rule.Mandatory,
		Why:      "With one zone, its failure stops every service behind the load balancer.",
		Fix:      "set subnets to subnets in different Availability Zones.",
		Settings: []rule.Setting{minZones},
		Types:    []string{loadBalancerType},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
			return judgeSpan(r, stack, balancerSubnets(r), run.Int(minZones))
		},
	},
	{
		Name: "alb-deletion-protection", Description: "Load balancers have deletion protection enabled.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("ELB.6"), Level: rule.Mandatory,
		Why:   "Deleting the load balancer stops every service behind it, and changes its DNS name.",
		Fix:   "set enableDeletionProtection to true.",
		Types: []string{loadBalancerType},
		Judge: expect.True(
			"enableDeletionProtection"),
	},
	{
		Name: "asg-multi-az", Description: "Auto Scaling groups have subnets in at least two Availability Zones.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("AutoScaling.2"), Level: rule.Mandatory,
		Why:          "With one zone, its failure stops all instances.",
		Fix:          "set vpcZoneIdentifiers to subnets in different Availability Zones.",
		Settings:     []rule.Setting{minZones},
		Types:        []string{scalingGroupType},
		JudgeInStack: judgeGroupZones,
	},
	{
		Name:        "asg-health-check",
		Description: "Auto Scaling groups behind a load balancer use its health checks.",
		Severity:    rule.Low,
		Controls:    rule.FSBP.Controls("AutoScaling.1"),
		Level:       rule.Mandatory,
		Why:         "Otherwise instances stay in service although the load balancer finds them unhealthy.",
		Fix:         "set healthCheckType to ELB.",
		Types:       []string{scalingGroupType},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
			if !behindBalancer(r, stack) {
				return rule.NotApplicable("it is behind no load balancer of the stack")
			}
			return expect.OneOf("healthCheckType", "ELB")(r, run)
		},
	},
}

// balancerSubnets returns the property that the subnets are set by. AWS fills in the other one, of which nothing comes
// from another resource.
func balancerSubnets(r rule.Resource) property.Value {
	mappings := r.Get("subnetMappings")
	if _, state := r.Get("subnets").List(); state != property.Known &&
		(mappings.State() == property.Known || len(r.PropertyDependencies["subnetMappings"]) > 0) {
		return mappings
	}
	return r.Get("subnets")
}

// judgeGroupZones takes the zones of a group that names no subnets, as in a default VPC, as they are.
func judgeGroupZones(r rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
	subnets, zones := r.Get("vpcZoneIdentifiers"), r.Get("availabilityZones")
	if names, state := zones.List(); subnets.State() != property.Known && state == property.Known &&
		len(r.PropertyDependencies["vpcZoneIdentifiers"]) == 0 {
		if len(names) >= run.Int(minZones) {
			return rule.Pass()
		}
		return rule.Violation(zones.Path(), "are fewer than %d", run.Int(minZones))
	}
	return judgeSpan(r, stack, subnets, run.Int(minZones))
}

// behindBalancer reports whether target groups are attached to the group, by itself or by a resource of their own.
func behindBalancer(group rule.Resource, stack rule.Stack) bool {
	for _, name := range []string{"targetGroupArns", "loadBalancers", "trafficSources"} {
		elements, state := group.Get(name).List()
		if state == property.Known && len(elements) > 0 ||
			state == property.Unknown && len(group.PropertyDependencies[name]) > 0 {
			return true
		}
	}
	attached, _ := expect.Companions(group, stack, "aws:autoscaling/attachment:Attachment", "autoscalingGroupName")
	return len(attached) > 0
}
