package baseline

import "github.com/awslab/awslab/policy/internal/ruletest"

// aclRule returns a rule in a network ACL, for TCP.
func aclRule(number float64, action string, cidr any, first, last float64) object {
	return object{
		"ruleNo":    number,
		"action":    action,
		"protocol":  "6",
		"cidrBlock": cidr,
		"fromPort":  first,
		"toPort":    last,
	}
}

func aclWith(rules ...any) ruletest.Resource { return of(aclType)(ruletest.Props{"ingress": rules}) }

// ownRule returns a rule that is a resource of its own.
func ownRule(name, action string, number float64) ruletest.Resource {
	return ruletest.Resource{
		Type: aclRuleType,
		Name: name,
		Properties: ruletest.Props{"networkAclId": "acl-1", "ruleNumber": number, "ruleAction": action,
			"protocol": "tcp", "cidrBlock": "0.0.0.0/0", "fromPort": 1024, "toPort": 65535},
	}
}

var ephemeral = aclRule(110, "allow", "0.0.0.0/0", 1024, 65535)

var aclCases = map[string][]ruletest.Case{"nacl-admin-ports": {
	{
		Situation: ruletest.Passes,
		Resource:  aclWith(aclRule(100, "deny", "0.0.0.0/0", 3389, 3389), ephemeral),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "within the network",
		Resource:  aclWith(aclRule(100, "allow", "10.0.0.0/8", 0, 65535)),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "the web",
		Resource:  aclWith(aclRule(100, "allow", "0.0.0.0/0", 443, 443)),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "as configured",
		Resource:  aclWith(ephemeral),
		Settings:  map[string]any{"ports": []any{22}},
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "refused by a resource of its own",
		Resource:  ownRule("it", "allow", 110),
		Rest:      []ruletest.Resource{ownRule("first", "deny", 100)},
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "the way out",
		Resource: of(
			aclRuleType,
		)(
			ruletest.Props{"egress": true, "ruleAction": "allow", "protocol": "-1", "cidrBlock": "0.0.0.0/0"},
		),
		Want: ruletest.NotApplicable,
	},
	{Situation: ruletest.Fails, Resource: aclWith(ephemeral), Want: violation("ingress[0].cidrBlock")},
	{
		Situation: ruletest.Fails,
		Name:      "refused too late",
		Resource:  aclWith(ephemeral, aclRule(120, "deny", "0.0.0.0/0", 3389, 3389)),
		Want:      violation("ingress[0].cidrBlock"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "refused to some",
		Resource:  aclWith(aclRule(100, "deny", "203.0.113.0/24", 3389, 3389), ephemeral),
		Want:      violation("ingress[1].cidrBlock"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "everything",
		Resource:  aclWith(object{"ruleNo": 100.0, "action": "allow", "protocol": "-1", "ipv6CidrBlock": "::/0"}),
		Want:      violation("ingress[0].ipv6CidrBlock"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "in two halves",
		Resource:  aclWith(aclRule(100, "allow", "128.0.0.0/1", 22, 22)),
		Want:      violation("ingress[0].cidrBlock"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "by a resource of its own",
		Resource:  ownRule("it", "allow", 110),
		Rest:      []ruletest.Resource{ownRule("later", "deny", 120)},
		Want:      violation("cidrBlock"),
	},
	{
		Situation: ruletest.Unknown,
		Resource:  aclWith(aclRule(100, "allow", ruletest.Computed, 22, 22)),
		Want:      unevaluated("ingress[0].cidrBlock"),
	},
	{
		Situation: ruletest.Secret,
		Resource:  aclWith(aclRule(100, "allow", ruletest.Secretly("0.0.0.0/0"), 22, 22)),
		Want:      violation("ingress[0].cidrBlock"),
	},
	{Situation: ruletest.Absent, Resource: aclWith(), Want: ruletest.Pass},
}}
