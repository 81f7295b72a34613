package resilience

import "github.com/awslab/awslab/policy/internal/ruletest"

var function = ruletest.Of(functionType)

var functionZoneCases = spanCases(func(subnets any) ruletest.Resource {
	return function(ruletest.Props{"vpcConfig": object{"subnetIds": subnets, "securityGroupIds": []string{"sg-1"}}})
}, "vpcConfig.subnetIds", "vpcConfig", ruletest.NotApplicable)

func deadLetters(target any) ruletest.Resource {
	return function(ruletest.Props{"name": "check", "deadLetterConfig": object{"targetArn": target}})
}

// calledBy lets a service call the function named check.
func calledBy(principal any) []ruletest.Resource {
	return []ruletest.Resource{
		{
			Type:       "aws:lambda/permission:Permission",
			Name:       "permission",
			Properties: ruletest.Props{"principal": principal, "function": "check"},
		},
	}
}

func sentTo(destination any) ruletest.Resource {
	return ruletest.Resource{
		Type: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
		Name: "config",
		Properties: ruletest.Props{
			"functionName": "check", "destinationConfig": object{"onFailure": object{"destination": destination}}},
	}
}

const queueARN = "arn:aws:sqs:eu-west-1:123456789012:failed"

var failedEventsCases = []ruletest.Case{
	{
		Situation: ruletest.Passes,
		Resource:  deadLetters(queueARN),
		Rest:      calledBy("events.amazonaws.com"),
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Passes, Name: "by a destination", Resource: function(ruletest.Props{"name": "check"}),
		Rest: append(calledBy("s3.amazonaws.com"), sentTo(queueARN)), Want: ruletest.Pass},
	{Situation: ruletest.Passes, Name: "callers wait", Resource: function(ruletest.Props{"name": "check"}),
		Rest: calledBy("elasticloadbalancing.amazonaws.com"), Want: ruletest.NotApplicable},
	{Situation: ruletest.Passes, Name: "another function is called", Resource: function(ruletest.Props{"name": "own"}),
		Rest: append(calledBy("events.amazonaws.com"), ruletest.Resource{
			Type:       functionType,
			Name:       "other",
			Properties: ruletest.Props{"name": "check", "deadLetterConfig": object{"targetArn": queueARN}},
		}),
		Want: ruletest.Pass},
	{
		Situation: ruletest.Fails,
		Resource:  function(ruletest.Props{"name": "check"}),
		Rest:      calledBy("events.amazonaws.com"),
		Want:      ruletest.Violation("deadLetterConfig.targetArn"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "a configuration without a destination",
		Resource:  function(ruletest.Props{"name": "check"}),
		Rest: append(
			calledBy("sns.amazonaws.com"),
			sentTo(nil),
		),
		Want: ruletest.Violation("deadLetterConfig.targetArn"),
	},
	{
		Situation: ruletest.Unknown,
		Resource:  deadLetters(ruletest.Computed),
		Rest:      calledBy("events.amazonaws.com"),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "caller",
		Resource:  function(ruletest.Props{"name": "check"}),
		Rest:      calledBy(ruletest.Computed),
		Want:      ruletest.NotApplicable,
	},
	{
		Situation: ruletest.Secret,
		Resource:  deadLetters(ruletest.Secretly(queueARN)),
		Rest:      calledBy("events.amazonaws.com"),
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Absent, Resource: function(ruletest.Props{}), Want: ruletest.NotApplicable},
}
