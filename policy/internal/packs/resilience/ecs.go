package resilience

import (
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const (
	serviceType = "aws:ecs/service:Service"
	subnetType  = "aws:ec2/subnet:Subnet"
	targetType  = "aws:appautoscaling/target:Target"
)

// isDaemon reports whether the service runs one task on each container instance. Then the group of instances decides on
// the number and place of tasks. Absent means REPLICA.
func isDaemon(service rule.Resource) (rule.Verdict, bool) {
	strategy := service.Get("schedulingStrategy")
	switch text, state := strategy.Text(); {
	case state == property.Known && text == "DAEMON":
		return rule.NotApplicable("it is a DAEMON service, which follows its container instances"), true
	case state == property.Unknown:
		return rule.Unreadable(strategy, state), true
	}
	return rule.Verdict{}, false
}
