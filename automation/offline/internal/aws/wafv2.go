package aws

import "strings"

// wafv2Service is what WAFv2 does beyond its models.
var wafv2Service = service{
	module: "wafv2", name: "WAFv2",
	behaviors: map[string]behavior{
		tWebACL:        {create: createWebACL, update: updateWebACL},
		tWebACLAssoc:   {create: associateWebACL},
		tWebACLLogging: {create: refuseLogDestination},
		tIPSet:         {create: placeWAF("ipset"), update: renewLock},
		tRegexSet:      {create: placeWAF("regexpatternset"), update: renewLock},
		tRuleGroup:     {create: placeWAF("rulegroup"), update: renewLock},
	},
}

// capacities are the web ACL capacity units of AWS's rule groups, from the AWS WAF Developer Guide.
var capacities = map[string]float64{
	"AWSManagedRulesCommonRuleSet": 700, "AWSManagedRulesBotControlRuleSet": 50, "AWSManagedRulesKnownBadInputsRuleSet": 200,
	"AWSManagedRulesSQLiRuleSet": 200, "AWSManagedRulesLinuxRuleSet": 200, "AWSManagedRulesAmazonIpReputationList": 25,
	"AWSManagedRulesAnonymousIpList": 50, "AWSManagedRulesAdminProtectionRuleSet": 100, "AWSManagedRulesPHPRuleSet": 100,
	"AWSManagedRulesUnixRuleSet": 100, "AWSManagedRulesWindowsRuleSet": 200, "AWSManagedRulesWordPressRuleSet": 100,
}

// maxCapacity is the most units a web ACL may have without a raised quota.
const maxCapacity = 5000

func createWebACL(c *change) error {
	if err := placeWAF("webacl")(c); err != nil {
		return err
	}
	return weigh(c)
}

// placeWAF finds the place in the ARN of what has a scope, and refuses CloudFront's outside its region.
func placeWAF(kind string) func(c *change) error {
	return func(c *change) error {
		c.variables["path"] = "regional/" + kind + "/" + c.inputs.str("name")
		if c.inputs.str("scope") != "CLOUDFRONT" {
			return nil
		}
		if c.region().Name != edgeRegion {
			return refuse("WAFInvalidParameterException", "The scope is not valid: what CloudFront uses is created in %s, not %s", edgeRegion, c.region().Name)
		}
		c.variables["path"] = "global/" + kind + "/" + c.inputs.str("name")
		return nil
	}
}

// renewLock gives a changed thing a new token, with which the next change names what it changes.
func renewLock(c *change) error {
	if len(c.difference.edits) > 0 {
		delete(c.state, "lockToken")
	}
	return nil
}

func updateWebACL(c *change) error {
	if err := renewLock(c); err != nil {
		return err
	}
	return weigh(c)
}

// weigh adds up the capacity of the rules and refuses priorities that are not unique.
func weigh(c *change) error {
	for _, link := range c.links {
		if scope := stateOf(link.Target).str("scope"); scope != c.inputs.str("scope") {
			return refuse("WAFInvalidParameterException", "%s has the scope %s, the web ACL %s", link.Target.ARN, scope, c.inputs.str("scope"))
		}
	}
	total := 0.0
	priorities := map[float64]string{}
	for _, rule := range c.inputs.objects("rules") {
		priority, name := rule.num("priority"), rule.str("name")
		if other, taken := priorities[priority]; taken {
			return refuse("WAFInvalidParameterException", "The rules %s and %s have the same priority %g", other, name, priority)
		}
		priorities[priority] = name
		total += capacityOf(rule)
	}
	if total > maxCapacity {
		return refuse("WAFLimitsExceededException", "The rules need %g capacity units; a web ACL has %d", total, maxCapacity)
	}
	c.set("capacity", total)
	return nil
}

func capacityOf(rule view) float64 {
	if group := rule.str("statement.managedRuleGroupStatement.name"); group != "" {
		return capacities[group]
	}
	if rule.has("statement.rateBasedStatement") {
		return 2
	}
	return 1
}

// associateWebACL refuses what cannot have a web ACL of its own.
func associateWebACL(c *change) error {
	acl := c.target("webAclArn")
	if acl != nil && stateOf(acl).str("scope") == "CLOUDFRONT" {
		return refuse("WAFInvalidParameterException", "The web ACL %s is for CloudFront: set it as the distribution's webAclId", acl.ARN)
	}
	return nil
}

// refuseLogDestination refuses a destination whose name does not begin as AWS WAF wants it.
func refuseLogDestination(c *change) error {
	for _, arn := range c.inputs.strings("logDestinationConfigs") {
		name := afterLast(strings.TrimSuffix(arn, ":*"), ":")
		if !strings.HasPrefix(strings.TrimPrefix(name, "deliverystream/"), "aws-waf-logs-") {
			return refuse("WAFInvalidParameterException", "Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other "+
				"information separated by colons or slashes., field: LOG_DESTINATION, parameter: %s. The name of the log group, bucket or "+
				"stream begins with aws-waf-logs-", arn)
		}
	}
	return nil
}
