package resilience

import (
	"strings"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

const clusterMemberType = "aws:rds/clusterInstance:ClusterInstance"

// stores are the rules about what holds data, besides rdsMultiAZ.
var stores = []rule.Rule{
	{
		Name: "aurora-two-az", Description: "Aurora clusters have instances in at least two Availability Zones.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("RDS.15"), Level: rule.Mandatory,
		Why: "With one instance, its failure stops the database until another one is created.",
		Fix: "declare a second aws.rds.ClusterInstance for clusterIdentifier, with another " +
			"availabilityZone or none.",
		Settings:     []rule.Setting{minZones},
		Types:        []string{"aws:rds/cluster:Cluster"},
		JudgeInStack: judgeAurora,
	},
	{
		Name: "dynamodb-scales", Description: "DynamoDB tables use on-demand capacity or auto scaling.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("DynamoDB.1"), Level: rule.Mandatory,
		Why: "Fixed capacity throttles requests as soon as the load exceeds it.",
		Fix: "set billingMode to PAY_PER_REQUEST, or declare aws.appautoscaling.Targets for the table's " +
			"read and write capacity.",
		Types:        []string{"aws:dynamodb/table:Table"},
		JudgeInStack: judgeTableScaling,
	},
	{
		Name: "efs-regional", Description: "EFS file systems use Regional storage, not One Zone.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("REL10-BP01"), Level: rule.Mandatory,
		Why:   "One Zone storage is lost with its Availability Zone.",
		Fix:   "leave availabilityZoneName out.",
		Types: []string{fileSystemType},
		Judge: func(r rule.Resource, _ rule.Run) rule.Verdict {
			zone := r.Get("availabilityZoneName")
			switch name, state := zone.Text(); {
			case state == property.Absent || state == property.Known && name == "":
				return rule.Pass()
			case state == property.Known:
				return rule.Violation(
					zone.Path(),
					"is set",
				)
			default:
				return rule.Unreadable(zone, state)
			}
		},
	},
}

// judgeAurora leaves the zones of members without one to AWS, which spreads them.
func judgeAurora(cluster rule.Resource, stack rule.Stack, run rule.Run) rule.Verdict {
	engine := cluster.Get("engine")
	switch text, state := engine.Text(); {
	case state == property.Known && !strings.HasPrefix(text, "aurora"):
		return rule.NotApplicable("it is a Multi-AZ DB cluster, which spans three zones by itself")
	case state == property.Unknown:
		return rule.Unreadable(engine, state)
	}
	want := run.Int(minZones)
	members, doubtful, chosen := 0, false, map[string]bool{}
	for _, member := range stack.OfType(clusterMemberType) {
		of := expect.Refer(member, stack, member.Get("clusterIdentifier"), cluster.Type)
		switch {
		case of.Has(cluster.URN) && of.Certain:
			members++
			zone, state := member.Get("availabilityZone").Text()
			if state != property.Known {
				zone = member.URN // AWS's choice, another one for each
			}
			chosen[zone] = true
		case of.Has(cluster.URN) || !of.Certain:
			doubtful = true
		}
	}
	switch {
	case len(chosen) >= want:
		return rule.Pass()
	case doubtful:
		return rule.Unjudged(expect.Whole, "may have members whose clusterIdentifier is not known yet")
	case members >= want:
		return rule.Violation(
			expect.Whole,
			"has its members in fewer than %d Availability Zones",
			want,
		)
	}
	return rule.Violation(
		expect.Whole,
		"has fewer than %d members",
		want,
	)
}

// judgeTableScaling requires both capacities of a provisioned table, which is the default, to be scaled.
func judgeTableScaling(table rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	mode := table.Get("billingMode")
	text, state := mode.Text()
	switch {
	case state == property.Known && text == "PAY_PER_REQUEST":
		return rule.Pass()
	case state == property.Unknown || state == property.Mistyped:
		return rule.Unreadable(mode, state)
	}
	scaled := map[string]answer{}
	for _, target := range stack.OfType(targetType) {
		dimension, state := target.Get("scalableDimension").Text()
		if state == property.Known {
			scaled[dimension] = max(scaled[dimension], scalesTable(target, table, stack))
		}
	}
	switch min(scaled["dynamodb:table:ReadCapacityUnits"], scaled["dynamodb:table:WriteCapacityUnits"]) {
	case yes:
		return rule.Pass()
	case maybe:
		return rule.Unjudged(
			mode.Path(),
			"is not PAY_PER_REQUEST, and the resourceId of an auto scaling target is not known yet",
		)
	}
	return rule.Violation(
		mode.Path(),
		"is not PAY_PER_REQUEST, and nothing scales both capacities",
	)
}

func scalesTable(target, table rule.Resource, stack rule.Stack) answer {
	id := target.Get("resourceId")
	text, state := id.Text()
	if state == property.Known {
		name, own := strings.CutPrefix(text, "table/")
		if own && expect.Named(table, name) {
			return yes
		}
		return no
	}
	switch of := expect.Refer(target, stack, id, table.Type); {
	case of.Has(table.URN) && of.Certain:
		return yes
	case of.Has(table.URN) || !of.Certain:
		return maybe
	}
	return no
}
