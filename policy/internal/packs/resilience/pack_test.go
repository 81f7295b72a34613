package resilience

import (
	"testing"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

var cases = map[string][]ruletest.Case{
	"rds-multi-az":  rdsMultiAZCases,
	"ecs-multi-az":  ecsMultiAZCases,
	"ecs-min-tasks": ecsMinTasksCases,

	"aurora-two-az":   auroraCases,
	"dynamodb-scales": tableScalingCases,
	"efs-regional":    regionalCases,

	"alb-multi-az": balancerZoneCases,
	"alb-deletion-protection": ruletest.Switches(
		balancer,
		"enableDeletionProtection",
		true,
		ruletest.Violation("enableDeletionProtection"),
	),
	"asg-multi-az":     groupZoneCases,
	"asg-health-check": healthCheckCases,

	"lambda-multi-az":      functionZoneCases,
	"lambda-failed-events": failedEventsCases,

	"ecs-keeps-tasks": keepsTasksCases,
	"ecs-rolls-back":  rollsBackCases,

	"az-independent-egress": egressCases,
	"endpoint-zones":        endpointCases,
	"efs-mount-zones":       mountCases,
}

func TestRules(t *testing.T) { ruletest.Run(t, Pack, cases) }

func TestFixesNameProperties(t *testing.T) { ruletest.FixesNameProperties(t, Pack) }

func TestPropertyNames(t *testing.T) { ruletest.PropertyNames(t, cases) }

func FuzzRules(f *testing.F) { ruletest.Fuzz(f, Pack, cases) }
