package resilience

import (
	"strings"

	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var rdsMultiAZ = rule.Rule{
	Name:        "rds-multi-az",
	Description: "RDS DB instances are Multi-AZ deployments.",
	Severity:    rule.Medium,
	Controls:    []rule.Control{{Framework: rule.FSBP, ID: "RDS.5"}, {Framework: rule.CIS5, ID: "2.2.4"}},
	Level:       rule.Mandatory,
	Why:         "Without a standby, the failure of one Availability Zone stops the database until it is restored.",
	Fix:         "set multiAz to true.",
	Types:       []string{"aws:rds/instance:Instance"},
	Judge:       judgeMultiAZ,
}

// judgeMultiAZ asks for exceptions only once an instance is found to have no standby, so that an unknown engine or
// source does not hide one that has.
func judgeMultiAZ(db rule.Resource, _ rule.Run) rule.Verdict {
	multiAZ := db.Get("multiAz")
	on, state := multiAZ.Bool()
	if state == property.Known && on {
		return rule.Pass()
	}
	if verdict, excepted := withoutOwnStandby(db); excepted {
		return verdict
	}
	switch state {
	case property.Known:
		return rule.Violation(
			multiAZ.Path(),
			"is not true",
		)
	case property.Absent:
		// AWS creates a Single-AZ instance when CreateDBInstance has no MultiAZ, and when it restores a snapshot.
		return rule.Violation(
			multiAZ.Path(),
			"is not set and defaults to false",
		)
	default:
		return rule.Unreadable(multiAZ, state)
	}
}

// withoutOwnStandby reports whether the instance's availability is another resource's business, or cannot be told to be
// its own.
func withoutOwnStandby(db rule.Resource) (rule.Verdict, bool) {
	source := db.Get("replicateSourceDb")
	switch text, state := source.Text(); {
	case state == property.Known && text != "":
		return rule.NotApplicable("it is a read replica"), true
	case state == property.Unknown:
		return rule.Unreadable(source, state), true
	}
	engine := db.Get("engine")
	switch text, state := engine.Text(); {
	case state == property.Known && strings.HasPrefix(text, "aurora"):
		return rule.NotApplicable("it is a member of an Aurora cluster, which spreads its members itself"), true
	case state == property.Unknown:
		return rule.Unreadable(engine, state), true
	}
	return rule.Verdict{}, false
}
