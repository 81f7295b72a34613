package resilience

import (
	"testing"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

var cases = map[string][]ruletest.Case{
	"rds-multi-az":  rdsMultiAZCases,
	"ecs-multi-az":  ecsMultiAZCases,
	"ecs-min-tasks": ecsMinTasksCases,
}

func TestRules(t *testing.T) { ruletest.Run(t, Pack, cases) }

func TestPropertyNames(t *testing.T) { ruletest.PropertyNames(t, cases) }

func FuzzRules(f *testing.F) { ruletest.Fuzz(f, Pack, cases) }
