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
	return listener(ruletest.Props{"protocol": "HTTP", "defaultActions": []any{object{"type": "redirect", "redirect": object{"protocol": protocol}}}})
}

func secured(policy any) ruletest.Resource {
	return listener(ruletest.Props{"protocol": "HTTPS", "sslPolicy": policy})
}

func instance(tokens, hops any) ruletest.Resource {
	return template(ruletest.Props{"metadataOptions": object{"httpTokens": tokens, "httpPutResponseHopLimit": hops}})
}

var defaultGroup = of("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")

func bucketWith(document any) []ruletest.Resource {
	return []ruletest.Resource{{Type: "aws:s3/bucketPolicy:BucketPolicy", Name: "policy", Properties: ruletest.Props{"bucket": "files", "policy": document}}}
}

var (
	files    = ruletest.Resource{Type: bucketType, Name: "it", Properties: ruletest.Props{"bucket": "files"}}
	blocking = of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
)

func block(policy any) ruletest.Resource {
	return blocking(ruletest.Props{"bucket": "files", "blockPublicAcls": true, "blockPublicPolicy": policy, "ignorePublicAcls": true, "restrictPublicBuckets": true})
}

const tlsOnly = `{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`

var exposureCases = map[string][]ruletest.Case{
	"cloudfront-waf": {
		{Situation: ruletest.Passes, Resource: distribution(ruletest.Props{"webAclId": "arn:acl"}), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: distribution(ruletest.Props{"webAclId": ""}), Want: violation("webAclId")},
		{Situation: ruletest.Unknown, Resource: distribution(ruletest.Props{"webAclId": ruletest.Computed}), Want: ruletest.Pass},
		{Situation: ruletest.Secret, Resource: distribution(ruletest.Props{"webAclId": ruletest.Secretly("arn:acl")}), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: distribution(ruletest.Props{}), Want: violation("webAclId")},
	},
	"rds-private":              ruletest.Switches(db, "publiclyAccessible", false, ruletest.Pass),
	"subnet-no-auto-public-ip": ruletest.Switches(subnet, "mapPublicIpOnLaunch", false, ruletest.Pass),
	"ecs-no-public-ip":         ruletest.Switches(below(service, "networkConfiguration", "assignPublicIp"), "networkConfiguration.assignPublicIp", false, ruletest.Pass),
	"sg-open-ingress": {
		{Situation: ruletest.Passes, Resource: opening("10.0.0.0/8", 22), Want: ruletest.Pass},
		{Situation: ruletest.Passes, Name: "the web", Resource: opening("0.0.0.0/0", 443), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: opening("0.0.0.0/0", 22), Want: violation("cidrIpv4")},
		{Situation: ruletest.Fails, Name: "everything", Resource: ingress(ruletest.Props{"cidrIpv6": "::/0", "ipProtocol": "-1"}), Want: violation("cidrIpv6")},
		{Situation: ruletest.Fails, Name: "inline", Resource: group(ruletest.Props{"ingress": []any{object{"cidrBlocks": []any{"10.0.0.0/8", "0.0.0.0/0"}, "fromPort": 0.0, "toPort": 65535.0, "protocol": "tcp"}}}), Want: violation("ingress[0].cidrBlocks[1]")},
		{Situation: ruletest.Unknown, Resource: opening(ruletest.Computed, 22), Want: unevaluated("cidrIpv4")},
		{Situation: ruletest.Secret, Resource: opening(ruletest.Secretly("0.0.0.0/0"), 22), Want: violation("cidrIpv4")},
		{Situation: ruletest.Absent, Resource: ingress(ruletest.Props{"referencedSecurityGroupId": "sg-1", "ipProtocol": "-1"}), Want: ruletest.Pass},
	},
	"default-sg-closed": append(companionCases(vpcType, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId"),
		ruletest.Case{Situation: ruletest.Fails, Name: "a rule", Resource: defaultGroup(ruletest.Props{"ingress": []any{object{"self": true}}}), Want: violation("ingress")},
		ruletest.Case{Situation: ruletest.Unknown, Name: "rules", Resource: defaultGroup(ruletest.Props{"egress": ruletest.Computed}), Want: unevaluated("egress")},
		ruletest.Case{Situation: ruletest.Passes, Name: "no rules", Resource: defaultGroup(ruletest.Props{"ingress": []any{}}), Want: ruletest.Pass}),
	"alb-https": {
		{Situation: ruletest.Passes, Resource: secured("ELBSecurityPolicy-TLS13-1-2-2021-06"), Want: ruletest.Pass},
		{Situation: ruletest.Passes, Name: "a redirect", Resource: redirecting("HTTPS"), Want: ruletest.Pass},
		{Situation: ruletest.Passes, Name: "no web", Resource: listener(ruletest.Props{"protocol": "TCP"}), Want: ruletest.NotApplicable},
		{Situation: ruletest.Fails, Resource: redirecting("HTTP"), Want: violation("protocol")},
		{Situation: ruletest.Fails, Name: "weak ciphers", Resource: secured("ELBSecurityPolicy-2016-08"), Want: violation("sslPolicy")},
		{Situation: ruletest.Unknown, Resource: listener(ruletest.Props{"protocol": ruletest.Computed}), Want: unevaluated("protocol")},
		{Situation: ruletest.Unknown, Name: "a redirect", Resource: redirecting(ruletest.Computed), Want: unevaluated("defaultActions[0].redirect.protocol")},
		{Situation: ruletest.Secret, Resource: secured(ruletest.Secretly("ELBSecurityPolicy-TLS13-1-2-2021-06")), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: listener(ruletest.Props{}), Want: violation("protocol")},
	},
	"alb-hygiene": append(ruletest.Switches(balancer, "dropInvalidHeaderFields", true, violation("dropInvalidHeaderFields")),
		ruletest.Case{Situation: ruletest.Fails, Name: "smuggling", Resource: balancer(ruletest.Props{"dropInvalidHeaderFields": true, "desyncMitigationMode": "monitor"}), Want: violation("desyncMitigationMode")},
		ruletest.Case{Situation: ruletest.Passes, Name: "no web", Resource: balancer(ruletest.Props{"loadBalancerType": "network"}), Want: ruletest.NotApplicable}),
	"public-alb-waf": append(companionCases(loadBalancerType, "aws:wafv2/webAclAssociation:WebAclAssociation", "resourceArn"),
		ruletest.Case{Situation: ruletest.Passes, Name: "not public", Resource: balancer(ruletest.Props{"internal": true}), Want: ruletest.NotApplicable}),
	"waf-nonempty": {
		{Situation: ruletest.Passes, Resource: acl(ruletest.Props{"rules": []any{object{"name": "a"}}}), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: acl(ruletest.Props{"rules": []any{}}), Want: violation("rules")},
		{Situation: ruletest.Unknown, Resource: acl(ruletest.Props{"rules": ruletest.Computed}), Want: ruletest.Pass},
		{Situation: ruletest.Secret, Resource: acl(ruletest.Props{"rules": ruletest.Secretly([]any{object{"name": "secret-rule"}})}), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: acl(ruletest.Props{}), Want: violation("rules")},
	},
	"s3-public-access-block": append(companionCases(bucketType, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket"),
		ruletest.Case{Situation: ruletest.Passes, Name: "the block", Resource: block(true), Want: ruletest.Pass},
		ruletest.Case{Situation: ruletest.Fails, Name: "the block", Resource: block(false), Want: violation("blockPublicPolicy")},
		ruletest.Case{Situation: ruletest.Unknown, Name: "the block", Resource: block(ruletest.Computed), Want: unevaluated("blockPublicPolicy")}),
	"imdsv2": {
		{Situation: ruletest.Passes, Resource: instance("required", 1.0), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: instance("optional", 1.0), Want: violation("metadataOptions.httpTokens")},
		{Situation: ruletest.Fails, Name: "containers", Resource: instance("required", 2.0), Want: violation("metadataOptions.httpPutResponseHopLimit")},
		{Situation: ruletest.Unknown, Resource: instance(ruletest.Computed, 1.0), Want: unevaluated("metadataOptions.httpTokens")},
		{Situation: ruletest.Secret, Resource: instance(ruletest.Secretly("required"), 1.0), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: template(ruletest.Props{}), Want: violation("metadataOptions.httpTokens")},
	},
	"s3-tls-only": {
		{Situation: ruletest.Passes, Resource: files, Rest: bucketWith(tlsOnly), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: files, Rest: bucketWith(`{"Statement": []}`), Want: violation("it")},
		{Situation: ruletest.Unknown, Resource: files, Rest: bucketWith(ruletest.Computed), Want: unevaluated("it")},
		{Situation: ruletest.Secret, Resource: files, Rest: bucketWith(ruletest.Secretly(tlsOnly)), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: files, Want: violation("it")},
	},
}
