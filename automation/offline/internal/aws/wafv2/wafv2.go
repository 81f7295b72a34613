// Package wafv2 stands in for web ACLs: their capacity, scope and where they log to.
package wafv2

import (
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/internal/grammar"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "wafv2", Name: "WAFv2",
	Behaviors: map[string]bridge.Behavior{
		token.WebACL:        {Create: createWebACL, Update: updateWebACL},
		token.WebACLAssoc:   {Create: associateWebACL},
		token.WebACLLogging: {Create: refuseLogDestination},
		token.IPSet:         {Create: placeWAF("ipset"), Update: renewLock},
		token.RegexSet:      {Create: placeWAF("regexpatternset"), Update: renewLock},
		token.RuleGroup:     {Create: placeWAF("rulegroup"), Update: renewLock},
	},
}

// capacities are the web ACL capacity units of AWS's rule groups, from the AWS WAF Developer Guide.
var capacities = map[string]float64{
	"AWSManagedRulesCommonRuleSet":          700,
	"AWSManagedRulesBotControlRuleSet":      50,
	"AWSManagedRulesKnownBadInputsRuleSet":  200,
	"AWSManagedRulesSQLiRuleSet":            200,
	"AWSManagedRulesLinuxRuleSet":           200,
	"AWSManagedRulesAmazonIpReputationList": 25,
	"AWSManagedRulesAnonymousIpList":        50,
	"AWSManagedRulesAdminProtectionRuleSet": 100,
	"AWSManagedRulesPHPRuleSet":             100,
	"AWSManagedRulesUnixRuleSet":            100,
	"AWSManagedRulesWindowsRuleSet":         200,
	"AWSManagedRulesWordPressRuleSet":       100,
}

// maxCapacity is the most units a web ACL may have without a raised quota.
const maxCapacity = 5000

func createWebACL(c *bridge.Change) error {
	if err := placeWAF("webacl")(c); err != nil {
		return err
	}
	return checkCapacity(c)
}

// placeWAF finds the place in the ARN of what has a scope, and refuses CloudFront's outside its region.
func placeWAF(kind string) func(c *bridge.Change) error {
	return func(c *bridge.Change) error {
		c.Variables["path"] = "regional/" + kind + "/" + c.Inputs.Str("name")
		if c.Inputs.Str("scope") != "CLOUDFRONT" {
			return nil
		}
		if c.Region().Name != region.Edge {
			return bridge.Refuse(
				"WAFInvalidParameterException",
				"The scope is not valid: what CloudFront uses is created in %s, not %s",
				region.Edge,
				c.Region().Name,
			)
		}
		c.Variables["path"] = "global/" + kind + "/" + c.Inputs.Str("name")
		return nil
	}
}

// renewLock gives a changed thing a new token, with which the next change names what it changes.
func renewLock(c *bridge.Change) error {
	if len(c.Difference.Edits) > 0 {
		delete(c.State, "lockToken")
	}
	return nil
}

func updateWebACL(c *bridge.Change) error {
	if err := renewLock(c); err != nil {
		return err
	}
	return checkCapacity(c)
}

// checkCapacity adds up the capacity of the rules and refuses priorities that are not unique.
func checkCapacity(c *bridge.Change) error {
	for _, link := range c.Links {
		if scope := bridge.StateOf(link.Target).Str("scope"); scope != c.Inputs.Str("scope") {
			return bridge.Refuse(
				"WAFInvalidParameterException",
				"%s has the scope %s, the web ACL %s",
				link.Target.ARN,
				scope,
				c.Inputs.Str("scope"),
			)
		}
	}
	total := 0.0
	priorities := map[float64]string{}
	for _, rule := range c.Inputs.Objects("rules") {
		priority, name := rule.Num("priority"), rule.Str("name")
		if other, taken := priorities[priority]; taken {
			return bridge.Refuse(
				"WAFInvalidParameterException",
				"The rules %s and %s have the same priority %g",
				other,
				name,
				priority,
			)
		}
		priorities[priority] = name
		for _, code := range rule.Strings("statement.geoMatchStatement.countryCodes") {
			if !grammar.Country.Match(code) {
				return bridge.Refuse(
					"ValidationException",
					"1 validation error detected: Value '[%s]' at 'rules.statement.geoMatchStatement.countryCodes' "+
						"failed to satisfy constraint: Member must satisfy enum value set",
					code,
				)
			}
		}
		total += capacityOf(rule)
	}
	if total > maxCapacity {
		return bridge.Refuse(
			"WAFLimitsExceededException",
			"The rules need %g capacity units; a web ACL has %d",
			total,
			maxCapacity,
		)
	}
	c.Set("capacity", total)
	return nil
}

func capacityOf(rule values.View) float64 {
	if group := rule.Str("statement.managedRuleGroupStatement.name"); group != "" {
		return capacities[group]
	}
	if rule.Has("statement.rateBasedStatement") {
		return 2
	}
	return 1
}

// associateWebACL refuses what cannot have a web ACL of its own.
func associateWebACL(c *bridge.Change) error {
	acl := c.Target("webAclArn")
	if acl != nil && bridge.StateOf(acl).Str("scope") == "CLOUDFRONT" {
		return bridge.Refuse(
			"WAFInvalidParameterException",
			"The web ACL %s is for CloudFront: set it as the distribution's webAclId",
			acl.ARN,
		)
	}
	return nil
}

// refuseLogDestination refuses a destination whose name does not begin as AWS WAF requires it.
func refuseLogDestination(c *bridge.Change) error {
	for _, arn := range c.Inputs.Strings("logDestinationConfigs") {
		name := values.AfterLast(strings.TrimSuffix(arn, ":*"), ":")
		if !strings.HasPrefix(strings.TrimPrefix(name, "deliverystream/"), "aws-waf-logs-") {
			return bridge.Refuse(
				"WAFInvalidParameterException",
				"Error reason: The ARN isn't valid. A valid ARN begins with arn: and includes other "+
					"information separated by colons or slashes., field: LOG_DESTINATION, parameter: %s. The name "+
					"of the log group, bucket or "+
					"stream begins with aws-waf-logs-",
				arn,
			)
		}
	}
	return nil
}
