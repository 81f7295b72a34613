package aws

func init() {
	register(map[string]behavior{
		tWebACL:      {create: createWebACL, update: updateWebACL},
		tWebACLAssoc: {create: associateWebACL},
	})
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
	scope := c.inputs.str("scope")
	c.variables["path"] = "regional/webacl/" + c.inputs.str("name")
	if scope == "CLOUDFRONT" {
		if c.p.region.Name != "us-east-1" {
			return refuse("WAFInvalidParameterException", "The scope is not valid: a web ACL for CloudFront is created in us-east-1, not %s", c.p.region.Name)
		}
		c.variables["path"] = "global/webacl/" + c.inputs.str("name")
	}
	return weigh(c)
}

func updateWebACL(c *change) error {
	if len(c.difference.edits) > 0 {
		delete(c.state, "lockToken")
	}
	return weigh(c)
}

// weigh adds up the capacity of the rules and refuses priorities that are not unique.
func weigh(c *change) error {
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
