package baseline

import (
	"net/netip"
	"slices"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var exposure = []rule.Rule{
	{
		Name:        "rds-private",
		Description: "RDS databases are not publicly accessible.",
		Severity:    rule.Critical,
		Controls:    append(rule.FSBP.Controls("RDS.2"), rule.CIS.Controls("2.3.3")...),
		Level:       rule.Mandatory,
		Why:         "A public address exposes the database to password guessing and to vulnerabilities from anywhere.",
		Fix:         "set publiclyAccessible to false.",
		Types:       []string{"aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"},
		Judge:       expect.NotTrue("publiclyAccessible"),
	},
	{
		Name: "cloudfront-waf", Description: "CloudFront distributions are associated with a WAF web ACL.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("CloudFront.6"), Level: rule.Mandatory,
		Why:   "Without one, SQL injection, cross-site scripting and floods of requests reach the origin unfiltered.",
		Fix:   "set webAclId to the ARN of an aws.wafv2.WebAcl of scope CLOUDFRONT.",
		Types: []string{distributionType},
		Judge: expect.Set("webAclId"),
	},
	{
		Name: "ecs-no-public-ip", Description: "ECS services do not assign public IP addresses to their tasks.",
		Severity: rule.High, Controls: rule.FSBP.Controls("ECS.2"), Level: rule.Mandatory,
		Why:   "A task with a public address can be reached around the load balancer and the web ACL.",
		Fix:   "set networkConfiguration.assignPublicIp to false.",
		Types: []string{"aws:ecs/service:Service"},
		Judge: expect.NotTrue("networkConfiguration.assignPublicIp"),
	},
	{
		Name: "subnet-no-auto-public-ip", Description: "Subnets do not assign public IP addresses on launch.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("EC2.15"), Level: rule.Mandatory,
		Why:   "An instance would be exposed to the internet only because of the subnet it starts in.",
		Fix:   "set mapPublicIpOnLaunch to false.",
		Types: []string{"aws:ec2/subnet:Subnet"},
		Judge: expect.NotTrue("mapPublicIpOnLaunch"),
	},
	{
		Name:        "sg-open-ingress",
		Description: "Security groups allow inbound traffic from the internet to ports 80 and 443 only.",
		Severity:    rule.High,
		Controls:    append(rule.FSBP.Controls("EC2.18", "EC2.19"), rule.CIS.Controls("5.2", "5.3")...),
		Level:       rule.Mandatory,
		Why:         "Any other port that is open to the internet is scanned and attacked within minutes.",
		Fix: "set cidrIpv4 and cidrIpv6 to the clients' addresses, or referencedSecurityGroupId to their " +
			"group.",
		Settings: []rule.Setting{publicPorts},
		Types:    []string{ingressType, groupType, groupRuleType},
		Judge: expect.ByType(map[string]expect.Judge{
			ingressType: judgeIngressRule, groupType: judgeGroup, groupRuleType: judgeGroupRule,
		}),
	},
	{
		Name:        "default-sg-closed",
		Description: "The default security group of a VPC has no rules.",
		Severity:    rule.High,
		Controls:    append(rule.FSBP.Controls("EC2.2"), rule.CIS.Controls("5.4")...),
		Level:       rule.Mandatory,
		Why:         "Resources without a security group of their own get the default one, with everything it allows.",
		Fix:         "declare an aws.ec2.DefaultSecurityGroup for the VPC, with empty ingress and egress.",
		Types:       []string{vpcType, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
			if r.Type == vpcType {
				return expect.Companion(
					r,
					stack,
					"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
					"vpcId",
					"has a default security group with its default rules",
				)
			}
			return expect.All(empty("ingress"), empty("egress"))(r, run)
		},
	},
	{
		Name:        "alb-https",
		Description: "Load balancer listeners use HTTPS with a strong security policy, or redirect to HTTPS.",
		Severity:    rule.Medium,
		Controls:    rule.FSBP.Controls("ELB.1", "ELB.17"),
		Level:       rule.Mandatory,
		Why:         "Plain HTTP and weak ciphers let others read and change requests on the way.",
		Fix: "set protocol to HTTPS, with certificateArn and sslPolicy, or defaultActions to a redirect to " +
			"HTTPS.",
		Settings: []rule.Setting{tlsPolicies},
		Types:    []string{"aws:lb/listener:Listener"},
		Judge:    judgeListener,
	},
	{
		Name: "alb-hygiene", Description: "Application Load Balancers drop invalid headers and mitigate HTTP desync.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("ELB.4", "ELB.12"), Level: rule.Mandatory,
		Why:   "Malformed requests can smuggle a second request past the web ACL to the targets.",
		Fix:   "set dropInvalidHeaderFields to true, and desyncMitigationMode to defensive or strictest.",
		Types: []string{loadBalancerType},
		Judge: judgeHygiene,
	},
	{
		Name: "public-alb-waf", Description: "Internet-facing load balancers are associated with a WAF web ACL.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("SEC05-BP03"), Level: rule.Mandatory,
		Why:   "Without one, SQL injection, cross-site scripting and floods of requests reach the services unfiltered.",
		Fix:   "declare an aws.wafv2.WebAclAssociation with a web ACL for the load balancer.",
		Types: []string{loadBalancerType},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
			if inside, state := r.Get("internal").Bool(); state == property.Known && inside {
				return rule.NotApplicable("it is not public")
			}
			if kind, state := r.Get("loadBalancerType").Text(); state == property.Known && kind != "application" {
				return rule.NotApplicable("it is no application load balancer, and AWS WAF filters no other")
			}
			return expect.Companion(
				r,
				stack,
				"aws:wafv2/webAclAssociation:WebAclAssociation",
				"resourceArn",
				"is not associated with a web ACL",
			)
		},
	},
	{
		Name: "waf-nonempty", Description: "WAF web ACLs have at least one rule that blocks requests.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("WAF.10"), Level: rule.Mandatory,
		Why:   "A web ACL without such a rule lets every request through.",
		Fix:   "set rules, one of them with action.block, or with overrideAction.none for a group of rules.",
		Types: []string{webAclType},
		Judge: judgeWebAcl,
	},
	{
		Name:        "s3-public-access-block",
		Description: "S3 buckets have all four settings of S3 Block Public Access enabled.",
		Severity:    rule.High,
		Controls:    append(rule.FSBP.Controls("S3.8"), rule.CIS.Controls("2.1.4")...),
		Level:       rule.Mandatory,
		Why:         "One wrong bucket policy or ACL would otherwise publish the objects.",
		Fix:         "declare an aws.s3.BucketPublicAccessBlock for the bucket, with all four switches true.",
		Types:       []string{bucketType, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
			if r.Type == bucketType {
				return expect.Companion(
					r,
					stack,
					"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
					"bucket",
					"has no S3 Block Public Access configuration",
				)
			}
			return expect.All(expect.True("blockPublicAcls"), expect.True("blockPublicPolicy"),
				expect.True("ignorePublicAcls"), expect.True("restrictPublicBuckets"))(r, run)
		},
	},
	{
		Name:        "imdsv2",
		Description: "EC2 instances require IMDSv2 with a hop limit of 1.",
		Severity:    rule.Low,
		Controls:    append(rule.FSBP.Controls("EC2.170"), rule.CIS.Controls("5.6")...),
		Level:       rule.Mandatory,
		Why: "IMDSv1, or a longer hop limit, lets a container or a forged request read the credentials of " +
			"the instance.",
		Fix:      "set metadataOptions.httpTokens to required and httpPutResponseHopLimit to 1.",
		Settings: []rule.Setting{maxHops},
		Types:    []string{"aws:ec2/launchTemplate:LaunchTemplate"},
		Judge: expect.All(
			expect.OneOf(
				"metadataOptions.httpTokens",
				"required",
			),
			judgeHopLimit,
		),
	},
	{
		Name:        "s3-tls-only",
		Description: "S3 bucket policies deny requests without TLS.",
		Severity:    rule.Medium,
		Controls:    append(rule.FSBP.Controls("S3.5"), rule.CIS.Controls("2.1.1")...),
		Level:       rule.Mandatory,
		Why:         "Otherwise objects can be requested, and answered, in clear text.",
		Fix: "declare an aws.s3.BucketPolicy that denies every action on the bucket and its objects where " +
			"aws:SecureTransport is false.",
		Types:        []string{bucketType},
		JudgeInStack: judgeTlsOnly,
	},
}

var publicPorts = rule.Setting{
	Name: "ports", Description: "ports that the internet may reach", Numbers: []int{80, 443}, Minimum: 1,
}

// Prefixes of this length and shorter are the world: all addresses, a half of them, or so many that nobody's network is
// as large, as 16 million of IPv4.
const (
	worldIPv4 = 8
	worldIPv6 = 16
)

// private are the blocks that are as large, and that the internet does not route to.
var private = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fc00::/7")}

// isWorld reports whether a block is of more addresses of the internet than can be somebody's in particular.
func isWorld(cidr string) bool {
	block, err := netip.ParsePrefix(cidr)
	inside := func(p netip.Prefix) bool { return p.Contains(block.Addr()) && p.Bits() <= block.Bits() }
	if err != nil || slices.ContainsFunc(private, inside) {
		return false
	}
	return block.Addr().Is4() && block.Bits() <= worldIPv4 || block.Addr().Is6() && block.Bits() <= worldIPv6
}

func openToWorld(cidrs ...property.Value) (property.Value, bool, property.State) {
	worst := property.Known
	for _, cidr := range cidrs {
		text, state := cidr.Text()
		if state == property.Known && isWorld(text) {
			return cidr, true, property.Known
		}
		if state == property.Unknown {
			worst = state
		}
	}
	return property.Value{}, false, worst
}

func judgeIngressRule(r rule.Resource, run rule.Run) rule.Verdict {
	return judgeOpening(
		run.Numbers(publicPorts),
		r.Get("fromPort"),
		r.Get("toPort"),
		r.Get("ipProtocol"),
		r.Get("cidrIpv4"),
		r.Get("cidrIpv6"),
	)
}

// judgeOpening judges one rule of a security group.
func judgeOpening(ports []int, from, to, protocol property.Value, cidrs ...property.Value) rule.Verdict {
	cidr, open, state := openToWorld(cidrs...)
	if state != property.Known {
		return rule.Unjudged(cidrs[0].Path(), "%s", state)
	}
	if !open {
		return rule.Pass()
	}
	first, one := from.Number()
	last, two := to.Number()
	if one == property.Unknown || two == property.Unknown {
		return rule.Unreadable(from, property.Unknown)
	}
	kind, _ := protocol.Text()
	if one == property.Known && two == property.Known && first == last && slices.Contains(ports, int(first)) &&
		kind != "-1" {
		return rule.Pass()
	}
	return rule.Violation(cidr.Path(), "allows traffic from the internet to ports other than the permitted ones")
}

func judgeGroup(r rule.Resource, run rule.Run) rule.Verdict {
	rules := r.Get("ingress")
	elements, state := rules.List()
	switch {
	case state == property.Absent:
		return rule.Pass()
	case state != property.Known:
		return rule.Unreadable(rules, state)
	}
	var verdict rule.Verdict
	for _, ingress := range elements {
		one := judgeOpening(
			run.Numbers(publicPorts),
			ingress.Get("fromPort"),
			ingress.Get("toPort"),
			ingress.Get("protocol"),
			cidrsOf(ingress)...)
		verdict.Violations = append(verdict.Violations, one.Violations...)
		verdict.Unjudged = append(verdict.Unjudged, one.Unjudged...)
	}
	return verdict
}

func judgeGroupRule(r rule.Resource, run rule.Run) rule.Verdict {
	if kind, state := r.Get("type").Text(); state == property.Known && kind != "ingress" {
		return rule.NotApplicable("it lets traffic out, not in")
	}
	return judgeOpening(
		run.Numbers(publicPorts),
		r.Get("fromPort"),
		r.Get("toPort"),
		r.Get("protocol"),
		cidrsOf(r.Properties)...)
}

// cidrsOf returns the blocks of a rule, of which there is at least one that may be absent.
func cidrsOf(ingress property.Value) []property.Value {
	cidrs := []property.Value{ingress.Get("cidrBlocks", "0")}
	for _, name := range []string{"cidrBlocks", "ipv6CidrBlocks"} {
		list := ingress.Get(name)
		if list.State() == property.Unknown {
			return []property.Value{list}
		}
		elements, _ := list.List()
		cidrs = append(cidrs, elements...)
	}
	return cidrs
}

// empty requires a list to have no elements.
func empty(name string) expect.Judge {
	return func(r rule.Resource, _ rule.Run) rule.Verdict {
		list := r.Get(name)
		elements, state := list.List()
		switch {
		case state == property.Absent || state == property.Known && len(elements) == 0:
			return rule.Pass()
		case state == property.Known:
			return rule.Violation(list.Path(), "is not empty")
		}
		return rule.Unreadable(list, state)
	}
}

// tlsPolicies are those without weak ciphers that [ELB.17] recommends, and the newer ones with post-quantum key
// exchange.
var tlsPolicies = rule.Setting{
	Name:        "sslPolicies",
	Description: "security policies that a listener may have",
	Texts: []string{
		"ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04",
		"ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
		"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
		"ELBSecurityPolicy-TLS13-1-2-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
		"ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
	},
}

func judgeListener(r rule.Resource, run rule.Run) rule.Verdict {
	protocol := r.Get("protocol")
	switch text, state := protocol.Text(); {
	case state == property.Unknown:
		return rule.Unreadable(protocol, state)
	case text == "HTTPS" || text == "TLS":
		return expect.OneOfSetting("sslPolicy", tlsPolicies)(r, run)
	case text != "HTTP" && text != "":
		return rule.NotApplicable("it passes on what it does not read")
	}
	actions := r.Get("defaultActions")
	elements, state := actions.List()
	if state == property.Unknown {
		return rule.Unreadable(actions, state)
	}
	for _, action := range elements {
		kind, _ := action.Get("type").Text()
		to, toState := action.Get("redirect", "protocol").Text()
		switch {
		case toState == property.Unknown:
			return rule.Unreadable(action.Get("redirect", "protocol"), toState)
		case kind == "redirect" && to == "HTTPS":
			return rule.Pass()
		}
	}
	return rule.Violation("protocol", "is HTTP, and no default action redirects to HTTPS")
}

func judgeHygiene(r rule.Resource, run rule.Run) rule.Verdict {
	if kind, state := r.Get("loadBalancerType").Text(); state == property.Known && kind != "application" {
		return rule.NotApplicable("it is no application load balancer")
	}
	judge := expect.True("dropInvalidHeaderFields")
	if r.Get("desyncMitigationMode").State() != property.Absent { // defensive by default
		judge = expect.All(
			judge,
			expect.OneOf(
				"desyncMitigationMode",
				"defensive",
				"strictest",
			),
		)
	}
	return judge(r, run)
}

var maxHops = rule.Setting{
	Name:        "maxHops",
	Description: "largest hop limit of the metadata service; a second hop reaches containers",
	Default:     1,
	Minimum:     1,
}

// judgeHopLimit takes 1 for what is not set, as EC2 does.
func judgeHopLimit(r rule.Resource, run rule.Run) rule.Verdict {
	limit := r.Get("metadataOptions", "httpPutResponseHopLimit")
	hops, state := limit.Number()
	switch {
	case state == property.Absent || state == property.Known && hops <= float64(run.Int(maxHops)):
		return rule.Pass()
	case state == property.Known:
		return rule.Violation(
			limit.Path(),
			"is more than %d",
			run.Int(maxHops),
		)
	}
	return rule.Unreadable(limit, state)
}

// judgeWebAcl requires a rule that does more than count or let through, or else a default that blocks.
func judgeWebAcl(acl rule.Resource, _ rule.Run) rule.Verdict {
	rules := acl.Get("rules")
	elements, state := rules.List()
	switch {
	case state == property.Unknown || state == property.Mistyped:
		return rule.Unreadable(rules, state)
	case acl.Get("defaultAction", "block").State() != property.Absent || slices.ContainsFunc(elements, stops):
		return rule.Pass()
	case len(elements) > 0:
		return rule.Violation(rules.Path(), "only count, or let through")
	}
	return rule.Violation(rules.Path(), "is not set")
}

func stops(wafRule property.Value) bool {
	for _, does := range [][]string{{"action", "count"}, {"action", "allow"}, {"overrideAction", "count"}} {
		if wafRule.Get(does...).State() != property.Absent {
			return false
		}
	}
	return true
}
