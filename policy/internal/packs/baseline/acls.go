package baseline

import (
	"cmp"
	"slices"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	aclType        = "aws:ec2/networkAcl:NetworkAcl"
	defaultAclType = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
	aclRuleType    = "aws:ec2/networkAclRule:NetworkAclRule"
)

var adminPorts = rule.Setting{
	Name: "ports", Description: "ports that administer servers, such as SSH and " +
		"RDP", Numbers: []int{22, 3389}, Minimum: 1,
}

var acls = []rule.Rule{{
	Name:        "nacl-admin-ports",
	Description: "Network ACLs allow no inbound traffic from the internet to ports 22 and 3389.",
	Severity:    rule.Medium,
	Controls:    append(rule.FSBP.Controls("EC2.21"), rule.CIS.Controls("5.1")...),
	Level:       rule.Mandatory,
	Why:         "The network ACL is the second barrier when a security group opens an administration port by mistake.",
	Fix: "add to ingress a rule with action deny for the port, with a lower ruleNo than the one that " +
		"allows it, or set cidrBlock to the clients' addresses.",
	Settings:     []rule.Setting{adminPorts},
	Types:        []string{aclType, defaultAclType, aclRuleType},
	JudgeInStack: judgeAcl,
}}

// entry is one rule of a network ACL for what comes in.
type entry struct {
	number                float64
	action                string
	protocol, first, last property.Value
	cidr, ipv6            property.Value
}

func judgeAcl(r rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
	entries := entriesOf(r)
	if r.Type == aclRuleType {
		if out, state := r.Get("egress").Bool(); state == property.Known && out {
			return rule.NotApplicable("it is about what goes out")
		}
		entries = withEarlierDenials(r, stack)
	} else if ingress := r.Get("ingress"); ingress.State() == property.Unknown && len(
		r.PropertyDependencies["ingress"],
	) > 0 {
		return rule.Unreadable(ingress, property.Unknown)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.number, b.number) })
	for _, port := range run.Numbers(adminPorts) {
		for _, family := range []func(entry) property.Value{
			func(e entry) property.Value { return e.cidr },
			func(e entry) property.Value { return e.ipv6 },
		} {
			if verdict := judgePort(entries, float64(port), family); len(verdict.Violations)+len(verdict.Unjudged) > 0 {
				return verdict
			}
		}
	}
	return rule.Pass()
}

// judgePort goes through the rules in their order, as AWS does, until one decides for the whole world.
func judgePort(entries []entry, port float64, family func(entry) property.Value) rule.Verdict {
	for _, e := range entries {
		block := family(e)
		cidr, state := block.Text()
		if state == property.Absent || !e.covers(port) {
			continue
		}
		switch {
		case e.action == "deny" && state == property.Known && (cidr == "0.0.0.0/0" || cidr == "::/0"):
			return rule.Pass()
		case e.action == "deny":
		case state == property.Unknown:
			return rule.Unreadable(block, state)
		case isWorld(cidr):
			return rule.Violation(block.Path(), "allows traffic from the internet to port %d", int(port))
		}
	}
	return rule.Pass()
}

// covers reports whether a rule is about a port of TCP. One about all protocols has no ports.
func (e entry) covers(port float64) bool {
	protocol, _ := e.protocol.Text()
	if number, state := e.protocol.Number(); state == property.Known && number == -1 || protocol == "all" {
		return true
	}
	first, _ := e.first.Number()
	last, state := e.last.Number()
	number, _ := e.protocol.Number()
	return (protocol == "tcp" || number == 6) && (state != property.Known || first <= port && port <= last)
}

// entriesOf returns the rules that a network ACL has in itself.
func entriesOf(acl rule.Resource) []entry {
	elements, _ := acl.Get("ingress").List()
	var entries []entry
	for _, e := range elements {
		number, _ := e.Get("ruleNo").Number()
		action, _ := e.Get("action").Text()
		entries = append(entries, entry{
			number:   number,
			action:   action,
			protocol: e.Get("protocol"),
			first:    e.Get("fromPort"),
			last:     e.Get("toPort"),
			cidr:     e.Get("cidrBlock"),
			ipv6:     e.Get("ipv6CidrBlock"),
		})
	}
	return entries
}

type aclRulesKey struct{}

// withEarlierDenials returns a rule that is a resource of its own, after the deny rules of the same network ACL.
func withEarlierDenials(r rule.Resource, stack rule.Stack) []entry {
	byACL := rule.Derive(stack, aclRulesKey{}, func() map[string][]entry {
		found := map[string][]entry{}
		for _, other := range stack.OfType(aclRuleType) {
			if id, e := aclOf(other, stack), entryOf(other); e.action == "deny" && id != "" {
				found[id] = append(found[id], e)
			}
		}
		return found
	})
	own := entryOf(r)
	return append(slices.Clone(byACL[aclOf(r, stack)]), own)
}

// aclOf identifies the network ACL of a rule, by its URN where the stack has it.
func aclOf(r rule.Resource, stack rule.Stack) string {
	if of := expect.Refer(r, stack, r.Get("networkAclId"), aclType); of.Certain && len(of.Resources) == 1 {
		return of.Resources[0].URN
	}
	id, _ := r.Get("networkAclId").Text()
	return id
}

func entryOf(r rule.Resource) entry {
	number, _ := r.Get("ruleNumber").Number()
	action, _ := r.Get("ruleAction").Text()
	return entry{
		number: number, action: action, protocol: r.Get("protocol"), first: r.Get("fromPort"), last: r.Get("toPort"),
		cidr: r.Get("cidrBlock"), ipv6: r.Get("ipv6CidrBlock"),
	}
}
