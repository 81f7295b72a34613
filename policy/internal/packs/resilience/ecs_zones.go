package resilience

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var minZones = rule.Setting{
	Name: "minZones", Description: "Availability Zones that it must span", Default: 2, Minimum: 1,
}

// ecsMultiAZ has no Security Hub control for an anchor: none asks for an ECS service's zones.
var ecsMultiAZ = rule.Rule{
	Name:         "ecs-multi-az",
	Description:  "ECS services have subnets in at least two Availability Zones.",
	Severity:     rule.High,
	Controls:     rule.WellArchitected.Controls("REL10-BP01"),
	Level:        rule.Mandatory,
	Settings:     []rule.Setting{minZones},
	Why:          "With one zone, its failure stops the service.",
	Fix:          "set networkConfiguration.subnets to subnets in different Availability Zones.",
	Types:        []string{serviceType},
	JudgeInStack: judgeServiceZones,
}

func judgeServiceZones(service rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
	if verdict, daemon := isDaemon(service); daemon {
		return verdict
	}
	network := service.Get("networkConfiguration")
	subnets := network.Get("subnets")
	if network.State() == property.Absent {
		return rule.NotApplicable("it has no networkConfiguration: its tasks run where its container instances are")
	}
	want := run.Int(minZones)
	span := spanOfList(service, stack, subnets)
	switch {
	case span.least >= want:
		return rule.Pass()
	case span.most < want:
		return rule.Violation(subnets.Path(), "lie in fewer than %d Availability Zones%s", want, span.where())
	default:
		return rule.Unjudged(subnets.Path(), "cannot be placed in Availability Zones: %s", span.doubt)
	}
}

// span is what is known about the number of different zones of a group of subnets.
type span struct {
	least, most int
	names       []string // of the zones, as far as known
	doubt       string   // why least and most differ
}

func (s span) where() string {
	if len(s.names) == 0 {
		return ""
	}
	return ": " + strings.Join(s.names, ", ")
}

// unbounded stands for a number of subnets that is not known yet.
const unbounded = math.MaxInt32

// spanOfList takes the subnets that a list names one by one: those whose id is that of a subnet in the stack have that
// subnet's zone, and those whose id is unknown come from the resources that the list's property depends on.
func spanOfList(r rule.Resource, stack rule.Stack, list property.Value) span {
	source, _, _ := strings.Cut(list.Path(), ".")
	listed, state := list.List()
	switch state {
	case property.Absent:
		return span{doubt: "none are set"}
	case property.Mistyped:
		return span{most: unbounded, doubt: "the list " + state.String()}
	case property.Unknown:
		return spanOfUnknown(r, stack, source, unbounded)
	}
	var found []rule.Resource
	unknown, elsewhere := 0, map[string]bool{}
	for _, element := range listed {
		id, state := subnetID(element)
		if state != property.Known {
			unknown++
			continue
		}
		if subnet, ok := subnetByID(stack, id); ok {
			found = append(found, subnet)
		} else {
			elsewhere[id] = true
		}
	}
	total := spanOf(found)
	if len(elsewhere) > 0 {
		total.most += len(elsewhere)
		total.doubt = "a subnet is not in this stack"
	}
	if unknown > 0 {
		rest := spanOfUnknown(r, stack, source, unknown)
		total.least, total.most, total.doubt = max(total.least, rest.least), total.most+rest.most, rest.doubt
	}
	return total
}

// subnetID reads an element of a list of subnets: an id, or an object that holds one as a load balancer's do.
func subnetID(element property.Value) (string, property.State) {
	if text, state := element.Text(); state != property.Mistyped {
		return text, state
	}
	return element.Get("subnetId").Text()
}

// subnetByID finds a subnet by its id. A stack rule is not given ids, so it goes by the outputs that hold it.
func subnetByID(stack rule.Stack, id string) (rule.Resource, bool) {
	for _, subnet := range stack.OfType(subnetType) {
		if own, _ := subnet.Get("id").Text(); own == id {
			return subnet, true
		}
		if arn, _ := subnet.Get("arn").Text(); strings.HasSuffix(arn, ":subnet/"+id) {
			return subnet, true
		}
	}
	return rule.Resource{}, false
}

// spanOf returns the span of exactly these subnets. AWS names a zone in two ways, of which a subnet in preview can have
// one only, so names and ids are counted apart.
func spanOf(subnets []rule.Resource) span {
	names, ids, unplaced := map[string]bool{}, map[string]bool{}, 0
	for _, subnet := range subnets {
		if name, state := subnet.Get("availabilityZone").Text(); state == property.Known && name != "" {
			names[name] = true
		} else if id, state := subnet.Get("availabilityZoneId").Text(); state == property.Known && id != "" {
			ids[id] = true
		} else {
			unplaced++
		}
	}
	s := span{least: max(len(names), len(ids)), most: len(names) + len(ids) + unplaced}
	for name := range names {
		s.names = append(s.names, name)
	}
	for id := range ids {
		s.names = append(s.names, id)
	}
	slices.Sort(s.names)
	if s.least < s.most {
		s.doubt = "a subnet's zone is not known yet, or known by another kind of name"
	}
	return s
}

// spanOfUnknown returns the span of count subnets (or unbounded) whose ids are unknown. They are taken to be of one
// tier: a network's outputs list its public and its private subnets apart, and a resource uses one of those lists.
func spanOfUnknown(r rule.Resource, stack rule.Stack, source string, count int) span {
	sources := stack.Sources(r, source, subnetType)
	all := spanOf(sources.Resources)
	result := span{most: min(count, all.most), names: all.names, doubt: "their ids are not known yet"}
	if len(sources.Resources) == 0 || slices.ContainsFunc(sources.Others, canHoldSubnets) {
		result.most = count
	}
	for i, tier := range tiers(sources.Resources) {
		least := leastSpan(tier, count)
		if i == 0 || least < result.least {
			result.least = least
		}
	}
	return result
}

// canHoldSubnets reports whether a subnet's id can come out of a resource of the type. Security groups are what else
// networkConfiguration refers to.
func canHoldSubnets(resourceType string) bool {
	return resourceType != "aws:ec2/securityGroup:SecurityGroup" &&
		resourceType != "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
}

// tiers groups subnets by what sets a network's tiers apart: the component they belong to, the tag SubnetType of
// awsx:ec2:Vpc, and whether they give out public addresses.
func tiers(subnets []rule.Resource) [][]rule.Resource {
	var keys []string
	groups := map[string][]rule.Resource{}
	for _, subnet := range subnets {
		kind, _ := subnet.Get("tags", "SubnetType").Text()
		public, _ := subnet.Get("mapPublicIpOnLaunch").Bool()
		key := fmt.Sprint(subnet.Parent, kind, public)
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], subnet)
	}
	var result [][]rule.Resource
	for _, key := range keys {
		result = append(result, groups[key])
	}
	return result
}

// leastSpan returns the fewest zones that count different subnets out of the group can lie in: that of the choice that
// takes the fullest zones first.
func leastSpan(group []rule.Resource, count int) int {
	if count >= len(group) {
		return spanOf(group).least
	}
	perZone := map[string]int{}
	for _, subnet := range group {
		zone, state := subnet.Get("availabilityZone").Text()
		if state != property.Known {
			return 1
		}
		perZone[zone]++
	}
	var sizes []int
	for _, size := range perZone {
		sizes = append(sizes, size)
	}
	slices.Sort(sizes)
	zones := 0
	for count > 0 {
		count -= sizes[len(sizes)-1-zones]
		zones++
	}
	return zones
}
