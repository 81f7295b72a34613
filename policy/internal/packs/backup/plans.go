package backup

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var (
	maxHours = rule.Setting{
		Name:        "rpoHours",
		Description: "recovery point objective in hours: the longest gap between two recovery points",
		Default:     24,
		Minimum:     1,
	}
	minDays = rule.Setting{
		Name:        "minDays",
		Description: "days for which at least one rule of a plan retains recovery points",
		Default:     35,
		Minimum:     1,
	}
)

// plans are the rules about AWS Backup.
var plans = []rule.Rule{
	{
		Name:         "backup-coverage",
		Description:  "A backup plan covers every database, table, file system, bucket and volume.",
		Severity:     rule.High,
		Controls:     rule.WellArchitected.Controls("REL09-BP01"),
		Level:        rule.Mandatory,
		Why:          "Data that no backup plan selects cannot be restored after it is lost.",
		Fix:          "set tags that a backup selection matches, or the tag backup=none if the data needs no backup.",
		Types:        []string{instanceType, clusterType, tableType, fileSystemType, bucketType, volumeType},
		JudgeInStack: judgeCoverage,
	},
	{
		Name: "backup-frequency", Description: "Backup plans create recovery points often enough.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL13-BP01"), Level: rule.Mandatory,
		Why:      "Everything written since the last recovery point is lost in a restore.",
		Fix:      "set schedule of one of rules to at least that frequency.",
		Settings: []rule.Setting{maxHours},
		Types:    []string{planType},
		Judge:    judgeFrequency,
	},
	{
		Name: "backup-retention", Description: "Backup plans retain recovery points long enough.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("REL09-BP01"), Level: rule.Mandatory,
		Why:      "Damage that is noticed after the recovery points have expired cannot be repaired.",
		Fix:      "set lifecycle.deleteAfter of one of rules to that number of days, or leave it out.",
		Settings: []rule.Setting{minDays},
		Types:    []string{planType},
		Judge:    judgeBackupRetention,
	},
	{
		Name: "backup-copies", Description: "Backup plans copy recovery points to a vault in another Region.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL13-BP02"), Level: rule.Mandatory,
		Why:          "An outage or the loss of a Region would take the data and its backups together.",
		Fix:          "set copyActions of one of rules to a vault in another region.",
		Types:        []string{planType},
		JudgeInStack: judgeCopies,
	},
	{
		Name: "backup-vault-key", Description: "Backup vaults are encrypted with a customer managed KMS key.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("Backup.1"), Level: rule.Mandatory,
		Why:   "Only the policy of a customer managed key can restrict who may decrypt the recovery points.",
		Fix:   "set kmsKeyArn to the ARN of a customer managed key.",
		Types: []string{vaultType},
		Judge: expect.OwnKey("kmsKeyArn"),
	},
	{
		Name: "backup-vault-lock", Description: "Backup vaults have AWS Backup Vault Lock.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL09-BP02"), Level: rule.Mandatory,
		Why:   "Without it, anyone with enough permissions can delete recovery points before they expire.",
		Fix:   "declare an aws.backup.VaultLockConfiguration for the vault.",
		Types: []string{vaultType},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
			return expect.Companion(
				r,
				stack,
				"aws:backup/vaultLockConfiguration:VaultLockConfiguration",
				"backupVaultName",
				"has no Vault Lock",
			)
		},
	},
	{
		Name: "backup-restore-tested", Description: "A restore testing plan covers every backup plan.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("REL09-BP04"), Level: rule.Mandatory,
		Why: "A backup that was never restored may turn out to be unusable when it is needed.",
		Fix: "declare an aws.backup.RestoreTestingPlan, and an aws.backup.RestoreTestingSelection for " +
			"each protectedResourceType.",
		Types:        []string{planType},
		JudgeInStack: judgeTested,
	},
	{
		Name: "backup-selection-role", Description: "Backup selections have a role that AWS Backup may assume.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL09-BP01"), Level: rule.Mandatory,
		Why:          "Without such a role, every backup job fails.",
		Fix:          "set iamRoleArn to the ARN of a role of the stack that backup.amazonaws.com may assume.",
		Types:        []string{selectionType},
		JudgeInStack: judgeSelectionRole,
	},
	{
		Name:        "backup-selection-scoped",
		Description: "Backup selections select resources by condition, not the whole account.",
		Severity:    rule.Medium,
		Controls:    rule.WellArchitected.Controls("REL09-BP01"),
		Level:       rule.Mandatory,
		Why:         "Resources of other stacks would be backed up too, and paid for here.",
		Fix:         "set conditions to the tags of what to back up; selectionTags only add resources.",
		Types:       []string{selectionType},
		// The stack tells what a value depends on, and so whether AWS is to fill it in.
		JudgeInStack: judgeScope,
	},
}

// judgePlan asks the rules of a plan for one that will do.
func judgePlan(plan rule.Resource, will func(property.Value) answer, otherwise string) rule.Verdict {
	rules := plan.Get("rules")
	elements, state := rules.List()
	if state == property.Unknown || state == property.Mistyped {
		return rule.Unreadable(rules, state)
	}
	best := no
	for _, element := range elements {
		best = max(best, will(element))
	}
	switch best {
	case yes:
		return rule.Pass()
	case maybe:
		return rule.Unreadable(rules, property.Unknown)
	}
	return rule.Violation(rules.Path(), "%s", otherwise)
}

func judgeFrequency(plan rule.Resource, run rule.Run) rule.Verdict {
	return judgePlan(plan, func(r property.Value) answer {
		schedule, state := r.Get("schedule").Text()
		if state == property.Unknown {
			return maybe
		}
		if hours, known := gap(schedule); known && hours <= float64(run.Int(maxHours)) {
			return yes
		}
		return no
	}, "contain no schedule that is due often enough")
}

func judgeBackupRetention(plan rule.Resource, run rule.Run) rule.Verdict {
	return judgePlan(plan, func(r property.Value) answer {
		days, state := r.Get("lifecycle", "deleteAfter").Number()
		switch {
		case state == property.Unknown:
			return maybe
		case state == property.Absent || days >= float64(run.Int(minDays)):
			return yes
		}
		return no
	}, "delete every backup too early")
}

// judgeCopies leaves open where a vault is that is not known yet, or the plan itself.
func judgeCopies(plan rule.Resource, _ rule.Stack, _ rule.Run) rule.Verdict {
	own, _ := plan.Get("arn").Text()
	home := cmp.Or(plan.Region, regionOf(own))
	return judgePlan(plan, func(r property.Value) answer {
		best := no
		copies := r.Get("copyActions")
		elements, state := copies.List()
		if state == property.Unknown {
			return maybe
		}
		for _, action := range elements {
			vault, _ := action.Get("destinationVaultArn").Text()
			switch region := regionOf(vault); {
			case region == "" || home == "":
				best = max(best, maybe)
			case region != home:
				return yes
			}
		}
		return best
	}, "copy no backup to another region")
}

// regionOf returns the region in an ARN, or "".
func regionOf(text string) string {
	parsed, err := arn.Parse(text)
	if err != nil {
		return ""
	}
	return parsed.Region
}
