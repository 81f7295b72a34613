package baseline

import "github.com/awslab/awslab/policy/internal/ruletest"

var (
	service  = of("aws:ecs/service:Service")
	subnet   = of("aws:ec2/subnet:Subnet")
	ingress  = of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
	group    = of("aws:ec2/securityGroup:SecurityGroup")
	listener = of("aws:lb/listener:Listener")
	balancer = of(loadBalancerType)
	acl      = of(webAclType)
)

func opening(cidr any, port float64) ruletest.Resource {
	return ingress(ruletest.Props{"cidrIpv4": cidr, "fromPort": port, "toPort": port, "ipProtocol": "tcp"})
}

func redirecting(protocol any) ruletest.Resource {
	return listener(
		ruletest.Props{
			"protocol":       "HTTP",
			"defaultActions": []any{object{"type": "redirect", "redirect": object{"protocol": protocol}}},
		},
	)
}

func secured(policy any) ruletest.Resource {
	return listener(ruletest.Props{"protocol": "HTTPS", "sslPolicy": policy})
}

func instance(tokens, hops any) ruletest.Resource {
	return template(ruletest.Props{"metadataOptions": object{"httpTokens": tokens, "httpPutResponseHopLimit": hops}})
}

var defaultGroup = of("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")

func bucketWith(document any) []ruletest.Resource {
	return []ruletest.Resource{
		{
			Type:       "aws:s3/bucketPolicy:BucketPolicy",
			Name:       "policy",
			Properties: ruletest.Props{"bucket": "files", "policy": document},
		},
	}
}

var (
	files    = ruletest.Resource{Type: bucketType, Name: "it", Properties: ruletest.Props{"bucket": "files"}}
	blocking = of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
)

func block(policy any) ruletest.Resource {
	return blocking(
		ruletest.Props{
			"bucket":                "files",
			"blockPublicAcls":       true,
			"blockPublicPolicy":     policy,
			"ignorePublicAcls":      true,
			"restrictPublicBuckets": true,
		},
	)
}

const tlsOnly = `{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", ` +
	`"Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`

const clearText = `"Bool": {"aws:SecureTransport": "false"}`

// denying denies everything on resources under conditions.
func denying(resources, conditions string) string {
	return `{"Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": ` +
		`[` + resources + `], "Condition": {` + conditions + `}}]}`
}

var exposureCases = map[string][]ruletest.Case{
	"cloudfront-waf": {
		{
			Situation: ruletest.Passes,
			Resource:  distribution(ruletest.Props{"webAclId": "arn:acl"}),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Fails,
			Resource:  distribution(ruletest.Props{"webAclId": ""}),
			Want:      violation("webAclId"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  distribution(ruletest.Props{"webAclId": ruletest.Computed}),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Secret,
			Resource:  distribution(ruletest.Props{"webAclId": ruletest.Secretly("arn:acl")}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: distribution(ruletest.Props{}), Want: violation("webAclId")},
	},
	"rds-private":              ruletest.Switches(db, "publiclyAccessible", false, ruletest.Pass),
	"subnet-no-auto-public-ip": ruletest.Switches(subnet, "mapPublicIpOnLaunch", false, ruletest.Pass),
	"ecs-no-public-ip": ruletest.Switches(
		below(service, "networkConfiguration", "assignPublicIp"),
		"networkConfiguration.assignPublicIp",
		false,
		ruletest.Pass,
	),
	"sg-open-ingress": {
		{Situation: ruletest.Passes, Resource: opening("10.0.0.0/8", 22), Want: ruletest.Pass},
		{Situation: ruletest.Passes, Name: "the web", Resource: opening("0.0.0.0/0", 443), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: opening("0.0.0.0/0", 22), Want: violation("cidrIpv4")},
		{
			Situation: ruletest.Fails,
			Name:      "everything",
			Resource:  ingress(ruletest.Props{"cidrIpv6": "::/0", "ipProtocol": "-1"}),
			Want:      violation("cidrIpv6"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "inline",
			Resource: group(
				ruletest.Props{
					"ingress": []any{
						object{
							"cidrBlocks": []any{"10.0.0.0/8", "0.0.0.0/0"},
							"fromPort":   0.0,
							"toPort":     65535.0,
							"protocol":   "tcp",
						},
					},
				},
			),
			Want: violation("ingress[0].cidrBlocks[1]"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "half of the world",
			Resource:  opening("0.0.0.0/1", 22),
			Want:      violation("cidrIpv4"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "the other half",
			Resource:  opening("128.0.0.0/1", 22),
			Want:      violation("cidrIpv4"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "the world in other words",
			Resource:  ingress(ruletest.Props{"cidrIpv6": "0::/0", "ipProtocol": "-1"}),
			Want:      violation("cidrIpv6"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "all of IPv6 that is routed",
			Resource:  ingress(ruletest.Props{"cidrIpv6": "2000::/3", "ipProtocol": "-1"}),
			Want:      violation("cidrIpv6"),
		},
		{
			Situation: ruletest.Passes,
			Name:      "all of IPv6 that is private",
			Resource:  ingress(ruletest.Props{"cidrIpv6": "fc00::/7", "ipProtocol": "-1"}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Passes, Name: "an office", Resource: opening("203.0.113.0/24", 22), Want: ruletest.Pass},
		{
			Situation: ruletest.Passes,
			Name:      "another port that is meant for it",
			Resource:  opening("0.0.0.0/0", 8443),
			Settings:  map[string]any{"ports": []any{8443}},
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Fails,
			Name:      "the web, if it is not meant for it",
			Resource:  opening("0.0.0.0/0", 443),
			Settings:  map[string]any{"ports": []any{8443}},
			Want:      violation("cidrIpv4"),
		},
		{Situation: ruletest.Unknown, Resource: opening(ruletest.Computed, 22), Want: unevaluated("cidrIpv4")},
		{
			Situation: ruletest.Secret,
			Resource:  opening(ruletest.Secretly("0.0.0.0/0"), 22),
			Want:      violation("cidrIpv4"),
		},
		{
			Situation: ruletest.Absent,
			Resource:  ingress(ruletest.Props{"referencedSecurityGroupId": "sg-1", "ipProtocol": "-1"}),
			Want:      ruletest.Pass,
		},
	},
	"default-sg-closed": append(
		companionCases(vpcType, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId"),
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "a rule",
			Resource:  defaultGroup(ruletest.Props{"ingress": []any{object{"self": true}}}),
			Want:      violation("ingress"),
		},
		ruletest.Case{
			Situation: ruletest.Unknown,
			Name:      "rules",
			Resource:  defaultGroup(ruletest.Props{"egress": ruletest.Computed}),
			Want:      unevaluated("egress"),
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "no rules",
			Resource:  defaultGroup(ruletest.Props{"ingress": []any{}}),
			Want:      ruletest.Pass,
		},
	),
	"alb-https": {
		{Situation: ruletest.Passes, Resource: secured("ELBSecurityPolicy-TLS13-1-2-2021-06"), Want: ruletest.Pass},
		{Situation: ruletest.Passes, Name: "a redirect", Resource: redirecting("HTTPS"), Want: ruletest.Pass},
		{
			Situation: ruletest.Passes,
			Name:      "no web",
			Resource:  listener(ruletest.Props{"protocol": "TCP"}),
			Want:      ruletest.NotApplicable,
		},
		{Situation: ruletest.Fails, Resource: redirecting("HTTP"), Want: violation("protocol")},
		{
			Situation: ruletest.Fails,
			Name:      "weak ciphers",
			Resource:  secured("ELBSecurityPolicy-2016-08"),
			Want:      violation("sslPolicy"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "weak ciphers of a network load balancer",
			Resource:  listener(ruletest.Props{"protocol": "TLS", "sslPolicy": "ELBSecurityPolicy-2016-08"}),
			Want:      violation("sslPolicy"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "by the SDK's other name",
			Resource:  of("aws:alb/listener:Listener")(ruletest.Props{"protocol": "HTTP"}),
			Want:      violation("protocol"),
		},
		{
			Situation: ruletest.Passes,
			Name:      "a policy of one's own choice",
			Resource:  secured("ELBSecurityPolicy-FS-1-2-Res-2020-10"),
			Settings:  map[string]any{"sslPolicies": []any{"ELBSecurityPolicy-FS-1-2-Res-2020-10"}},
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Unknown,
			Resource:  listener(ruletest.Props{"protocol": ruletest.Computed}),
			Want:      unevaluated("protocol"),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "a redirect",
			Resource:  redirecting(ruletest.Computed),
			Want:      unevaluated("defaultActions[0].redirect.protocol"),
		},
		{
			Situation: ruletest.Secret,
			Resource:  secured(ruletest.Secretly("ELBSecurityPolicy-TLS13-1-2-2021-06")),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: listener(ruletest.Props{}), Want: violation("protocol")},
	},
	"alb-hygiene": append(
		ruletest.Switches(balancer, "dropInvalidHeaderFields", true, violation("dropInvalidHeaderFields")),
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "smuggling",
			Resource:  balancer(ruletest.Props{"dropInvalidHeaderFields": true, "desyncMitigationMode": "monitor"}),
			Want:      violation("desyncMitigationMode"),
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "no web",
			Resource:  balancer(ruletest.Props{"loadBalancerType": "network"}),
			Want:      ruletest.NotApplicable,
		},
	),
	"public-alb-waf": append(
		companionCases(loadBalancerType, "aws:wafv2/webAclAssociation:WebAclAssociation", "resourceArn"),
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "no web",
			Resource:  balancer(ruletest.Props{"loadBalancerType": "network"}),
			Want:      ruletest.NotApplicable,
		},
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "by the SDK's other name",
			Resource:  of("aws:alb/loadBalancer:LoadBalancer")(ruletest.Props{"loadBalancerType": "application"}),
			Want:      violation("it"),
		},
		ruletest.Case{
			Situation: ruletest.Passes,
			Name:      "not public",
			Resource:  balancer(ruletest.Props{"internal": true}),
			Want:      ruletest.NotApplicable,
		},
	),
	"waf-nonempty": {
		{
			Situation: ruletest.Passes,
			Resource:  acl(ruletest.Props{"rules": []any{object{"name": "a"}}}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Fails, Resource: acl(ruletest.Props{"rules": []any{}}), Want: violation("rules")},
		{
			Situation: ruletest.Fails,
			Name:      "it counts",
			Resource: acl(
				ruletest.Props{
					"rules": []any{
						object{"action": object{"count": object{}}},
						object{"overrideAction": object{"count": object{}}},
					},
				},
			),
			Want: violation("rules"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "it lets through",
			Resource: acl(
				ruletest.Props{
					"rules":         []any{object{"action": object{"allow": object{}}}},
					"defaultAction": object{"allow": object{}},
				},
			),
			Want: violation("rules"),
		},
		{
			Situation: ruletest.Passes,
			Name:      "it counts some",
			Resource: acl(
				ruletest.Props{
					"rules": []any{
						object{"action": object{"count": object{}}},
						object{"action": object{"block": object{}}},
					},
				},
			),
			Want: ruletest.Pass,
		},
		{
			Situation: ruletest.Passes,
			Name:      "it blocks all but some",
			Resource: acl(
				ruletest.Props{
					"rules":         []any{object{"action": object{"allow": object{}}}},
					"defaultAction": object{"block": object{}},
				},
			),
			Want: ruletest.Pass,
		},
		{
			Situation: ruletest.Unknown,
			Resource:  acl(ruletest.Props{"rules": ruletest.Computed}),
			Want:      unevaluated("rules"),
		},
		{
			Situation: ruletest.Secret,
			Resource:  acl(ruletest.Props{"rules": ruletest.Secretly([]any{object{"name": "secret-rule"}})}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: acl(ruletest.Props{}), Want: violation("rules")},
	},
	"s3-public-access-block": append(
		companionCases(bucketType, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket"),
		ruletest.Case{Situation: ruletest.Passes, Name: "the block", Resource: block(true), Want: ruletest.Pass},
		ruletest.Case{
			Situation: ruletest.Fails,
			Name:      "the block",
			Resource:  block(false),
			Want:      violation("blockPublicPolicy"),
		},
		ruletest.Case{
			Situation: ruletest.Unknown,
			Name:      "the block",
			Resource:  block(ruletest.Computed),
			Want:      unevaluated("blockPublicPolicy"),
		},
	),
	"imdsv2": {
		{Situation: ruletest.Passes, Resource: instance("required", 1.0), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: instance("optional", 1.0), Want: violation("metadataOptions.httpTokens")},
		{
			Situation: ruletest.Fails,
			Name:      "containers",
			Resource:  instance("required", 2.0),
			Want:      violation("metadataOptions.httpPutResponseHopLimit"),
		},
		{
			Situation: ruletest.Passes,
			Name:      "as far as configured",
			Resource:  instance("required", 2.0),
			Settings:  map[string]any{"maxHops": 2},
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Unknown,
			Resource:  instance(ruletest.Computed, 1.0),
			Want:      unevaluated("metadataOptions.httpTokens"),
		},
		{Situation: ruletest.Secret, Resource: instance(ruletest.Secretly("required"), 1.0), Want: ruletest.Pass},
		{
			Situation: ruletest.Absent,
			Resource:  template(ruletest.Props{}),
			Want:      violation("metadataOptions.httpTokens"),
		},
	},
	"s3-tls-only": {
		{Situation: ruletest.Passes, Resource: files, Rest: bucketWith(tlsOnly), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: files, Rest: bucketWith(`{"Statement": []}`), Want: violation("it")},
		{
			Situation: ruletest.Passes,
			Name:      "in another way",
			Resource:  files,
			Rest: bucketWith(
				denying(
					`"arn:aws:s3:::files", "arn:aws:s3:::files/*"`,
					`"BoolIfExists": {"AWS:securetransport": false}`,
				),
			),
			Want: ruletest.Pass,
		},
		{Situation: ruletest.Passes, Name: "by the bucket itself", Want: ruletest.Pass,
			Resource: of("aws:s3/bucket:Bucket")(ruletest.Props{"bucket": "files", "policy": tlsOnly})},
		{
			Situation: ruletest.Fails,
			Name:      "the bucket, not its objects",
			Resource:  files,
			Rest:      bucketWith(denying(`"arn:aws:s3:::files"`, clearText)),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "the objects, not the bucket",
			Resource:  files,
			Rest:      bucketWith(denying(`"arn:aws:s3:::files/*"`, clearText)),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "some objects",
			Resource:  files,
			Rest:      bucketWith(denying(`"arn:aws:s3:::files", "arn:aws:s3:::files/secret/*"`, clearText)),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "of another bucket",
			Resource:  files,
			Rest:      bucketWith(denying(`"arn:aws:s3:::other", "arn:aws:s3:::other/*"`, clearText)),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "from one network",
			Resource:  files,
			Rest:      bucketWith(denying(`"*"`, clearText+`, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}`)),
			Want:      violation("it"),
		},
		{Situation: ruletest.Unknown, Resource: files, Rest: bucketWith(ruletest.Computed), Want: unevaluated("it")},
		{
			Situation: ruletest.Secret,
			Resource:  files,
			Rest:      bucketWith(ruletest.Secretly(tlsOnly)),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: files, Want: violation("it")},
	},
}
