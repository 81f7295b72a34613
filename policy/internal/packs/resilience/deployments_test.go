package resilience

import "github.com/awslab/awslab/policy/internal/ruletest"

var anyService = ruletest.Of(serviceType)

var otherController = ruletest.Case{
	Situation: ruletest.Passes,
	Name:      "another deploys it",
	Want:      ruletest.NotApplicable,
	Resource: anyService(
		ruletest.Props{"deploymentController": object{"type": "CODE_DEPLOY"}, "deploymentMinimumHealthyPercent": 0.0},
	),
}

var unknownController = ruletest.Case{
	Situation: ruletest.Unknown,
	Name:      "who deploys it",
	Want:      ruletest.Unevaluated("deploymentController.type"),
	Resource:  anyService(ruletest.Props{"deploymentController": object{"type": ruletest.Computed}}),
}

var keepsTasksCases = append(
	ruletest.Values(anyService, "deploymentMinimumHealthyPercent", 50.0, 0.0, ruletest.Pass),
	otherController,
	unknownController,
	ruletest.Case{
		Situation: ruletest.Fails,
		Name:      "fewer than configured",
		Settings:  map[string]any{"minPercent": 100},
		Want:      ruletest.Violation("deploymentMinimumHealthyPercent"),
		Resource:  anyService(ruletest.Props{"deploymentMinimumHealthyPercent": 50.0}),
	},
	ruletest.Case{
		Situation: ruletest.Passes,
		Name:      "a daemon, of which an instance has one",
		Want:      ruletest.NotApplicable,
		Resource:  anyService(ruletest.Props{"schedulingStrategy": "DAEMON", "deploymentMinimumHealthyPercent": 0.0}),
	},
)

func breaker(enable, rollback any) ruletest.Resource {
	return anyService(ruletest.Props{"deploymentCircuitBreaker": object{"enable": enable, "rollback": rollback}})
}

var rollsBackCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: breaker(true, true), Want: ruletest.Pass},
	otherController,
	unknownController,
	{
		Situation: ruletest.Fails,
		Resource:  breaker(true, false),
		Want:      ruletest.Violation("deploymentCircuitBreaker.rollback"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "off",
		Resource:  breaker(false, true),
		Want:      ruletest.Violation("deploymentCircuitBreaker.enable"),
	},
	{
		Situation: ruletest.Unknown,
		Resource:  breaker(true, ruletest.Computed),
		Want:      ruletest.Unevaluated("deploymentCircuitBreaker.rollback"),
	},
	{
		Situation: ruletest.Secret,
		Resource:  breaker(true, ruletest.Secretly(false)),
		Want:      ruletest.Violation("deploymentCircuitBreaker.rollback"),
	},
	{
		Situation: ruletest.Absent,
		Resource:  anyService(ruletest.Props{}),
		Want:      ruletest.Violation("deploymentCircuitBreaker.enable"),
	},
}
