package resilience

import (
	"strings"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const functionType = "aws:lambda/function:Function"

// configRules are AWS's own rules for AWS Config, which anchor what Security Hub has no control for.
var configRules = rule.Framework{Name: "AWS Config managed rules"}

// functions are the rules about Lambda functions.
var functions = []rule.Rule{
	{
		Name: "lambda-multi-az", Description: "Lambda functions in a VPC have subnets in at least two Availability " +
			"Zones.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("Lambda.5"), Level: rule.Mandatory,
		Why:      "With one zone, its failure stops the function.",
		Fix:      "set vpcConfig.subnetIds to subnets in different Availability Zones.",
		Settings: []rule.Setting{minZones},
		Types:    []string{functionType},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
			subnets := r.Get("vpcConfig", "subnetIds")
			elements, state := subnets.List()
			if r.Get("vpcConfig").State() == property.Absent || state == property.Absent ||
				state == property.Known && len(elements) == 0 {
				return rule.NotApplicable("it is in no VPC, and AWS runs it in several zones")
			}
			return judgeSpan(r, stack, subnets, run.Int(minZones))
		},
	},
	{
		Name: "lambda-failed-events", Description: "Lambda functions have a dead-letter queue or an on-failure " +
			"destination.",
		Severity: rule.Medium, Controls: configRules.Controls("lambda-dlq-check"), Level: rule.Mandatory,
		Why: "Events that fail after the last retry are lost otherwise.",
		Fix: "set deadLetterConfig.targetArn, or destinationConfig.onFailure of an " +
			"aws.lambda.FunctionEventInvokeConfig, to a queue or topic.",
		Types:        []string{functionType},
		JudgeInStack: judgeFailedEvents,
	},
}

// judgeFailedEvents returns about functions that somebody calls without waiting for the answer: the others' callers see
// the failure themselves.
func judgeFailedEvents(function rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	target := function.Get("deadLetterConfig", "targetArn")
	if text, state := target.Text(); state == property.Unknown || state == property.Known && text != "" {
		return rule.Pass() // a target that becomes known later is one
	}
	caller := asyncCaller(function, stack)
	if caller == "" {
		return rule.NotApplicable("nothing in the stack sends it events without waiting for the answer")
	}
	configs, doubt := expect.Companions(
		function,
		stack,
		"aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
		"functionName",
	)
	for _, config := range configs {
		if config.Get("destinationConfig", "onFailure", "destination").State() != property.Absent {
			return rule.Pass()
		}
	}
	if len(doubt.Unjudged) > 0 {
		return doubt
	}
	return rule.Violation(target.Path(), "is not set, and %s calls the function without waiting for the answer", caller)
}

// asyncCallers are the principals of services that send events to functions and do not wait (AWS Lambda developer
// guide, "Invoking Lambda with events from other AWS services").
var asyncCallers = []string{
	"events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com", "scheduler.amazonaws.com", "config.amazonaws.com",
	"ses.amazonaws.com", "iot.amazonaws.com", "codecommit.amazonaws.com", "logs.", "cloudformation.amazonaws.com",
}

// asyncCaller returns the service that a permission lets send events to the function, or "".
func asyncCaller(function rule.Resource, stack rule.Stack) string {
	for _, permission := range stack.OfType("aws:lambda/permission:Permission") {
		principal, state := permission.Get("principal").Text()
		if state != property.Known {
			continue
		}
		for _, caller := range asyncCallers {
			of := expect.Refer(permission, stack, permission.Get("function"), functionType)
			if strings.HasPrefix(principal, caller) && of.Certain && of.Has(function.URN) {
				return principal
			}
		}
	}
	return ""
}
