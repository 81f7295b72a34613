package resilience

import (
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

// deployments are the rules about how services are replaced.
var deployments = []rule.Rule{
	{
		Name:        "ecs-keeps-tasks",
		Description: "ECS deployments keep the required percentage of tasks running.",
		Severity:    rule.Medium,
		Controls:    rule.WellArchitected.Controls("OPS06-BP03"),
		Level:       rule.Mandatory,
		Why:         "Otherwise each deployment reduces or interrupts the service.",
		Fix:         "set deploymentMinimumHealthyPercent to that percentage or more; 100 keeps as many tasks as ever.",
		Settings:    []rule.Setting{minHealthyPercent},
		Types:       []string{serviceType},
		Judge:       judgeHealthyPercent,
	},
	{
		Name: "ecs-rolls-back", Description: "ECS services have the deployment circuit breaker with rollback enabled.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("OPS06-BP04"), Level: rule.Mandatory,
		Why:   "Without it, a broken version is started again and again, and the old one may be gone.",
		Fix:   "set deploymentCircuitBreaker.enable and rollback to true.",
		Types: []string{serviceType},
		Judge: judgeRollback,
	},
}

var minHealthyPercent = rule.Setting{
	Name:        "minPercent",
	Description: "percentage of a service's tasks that a deployment must keep running",
	Default:     1,
	Minimum:     0,
}

// judgeHealthyPercent takes 100, the default of ECS, for what is not set. ECS rounds the number of tasks up, so that
// every percentage above 0 keeps one.
func judgeHealthyPercent(service rule.Resource, run rule.Run) rule.Verdict {
	if verdict, excepted := otherDeployments(service); excepted {
		return verdict
	}
	percent := service.Get("deploymentMinimumHealthyPercent")
	switch number, state := percent.Number(); {
	case state == property.Absent || state == property.Known && number >= float64(run.Int(minHealthyPercent)):
		return rule.Pass()
	case state == property.Known:
		return rule.Violation(
			percent.Path(),
			"is below %d",
			run.Int(minHealthyPercent),
		)
	default:
		return rule.Unreadable(percent, state)
	}
}

func judgeRollback(service rule.Resource, _ rule.Run) rule.Verdict {
	if verdict, excepted := otherDeployments(service); excepted {
		return verdict
	}
	for _, path := range []string{"enable", "rollback"} {
		value := service.Get("deploymentCircuitBreaker", path)
		switch on, state := value.Bool(); {
		case state == property.Known && on:
		case state == property.Known || state == property.Absent:
			return rule.Violation(value.Path(), "is not true")
		default:
			return rule.Unreadable(value, state)
		}
	}
	return rule.Pass()
}

// otherDeployments reports whether a service's tasks are replaced by another than ECS, or one by one on their
// instances.
func otherDeployments(service rule.Resource) (rule.Verdict, bool) {
	controller := service.Get("deploymentController", "type")
	switch text, state := controller.Text(); {
	case state == property.Known && text != "ECS":
		return rule.NotApplicable("another than ECS deploys it"), true
	case state == property.Unknown:
		return rule.Unreadable(controller, state), true
	}
	return isDaemon(service)
}
