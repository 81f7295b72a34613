package backup

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/awslab/awslab/policy/internal/expect"
	"github.com/awslab/awslab/policy/internal/property"
	"github.com/awslab/awslab/policy/internal/rule"
)

var (
	maxHours = rule.Setting{Name: "rpoHours", Description: "hours of work that may be lost: the longest gap between two backups", Default: 24, Minimum: 1}
	minDays  = rule.Setting{Name: "minDays", Description: "days that some rule of a plan keeps backups", Default: 35, Minimum: 1}
)

// plans are the rules about AWS Backup.
var plans = []rule.Rule{
	{
		Name: "backup-coverage", Description: "A backup plan covers every database, table, file system, bucket and volume.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL09-BP01"), Level: rule.Mandatory,
		Fix:          "give tags that a selection of a backup plan looks for, or the tag backup=none if nothing in it is worth a backup.",
		Types:        []string{instanceType, clusterType, tableType, fileSystemType, bucketType, volumeType},
		JudgeInStack: judgeCoverage,
	},
	{
		Name: "backup-frequency", Description: "Backups are made often enough.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL13-BP01"), Level: rule.Mandatory,
		Fix:      "give one of rules a schedule that is due at least that often.",
		Settings: []rule.Setting{maxHours},
		Types:    []string{planType},
		Judge:    judgeFrequency,
	},
	{
		Name: "backup-retention", Description: "Backups are kept long enough.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("REL09-BP01"), Level: rule.Mandatory,
		Fix:      "set lifecycle.deleteAfter of one of rules to that number of days, or leave it out.",
		Settings: []rule.Setting{minDays},
		Types:    []string{planType},
		Judge:    judgeBackupRetention,
	},
	{
		Name: "backup-copies", Description: "Backups are copied, to a vault that is elsewhere.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL13-BP02"), Level: rule.Mandatory,
		Fix:          "set copyActions of one of rules to a vault in another region.",
		Types:        []string{planType},
		JudgeInStack: judgeCopies,
	},
	{
		Name: "backup-vault-key", Description: "Backup vaults are encrypted with a key of the account's.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("Backup.1"), Level: rule.Mandatory,
		Fix:   "set kmsKeyArn to a key's.",
		Types: []string{vaultType},
		Judge: expect.OwnKey("kmsKeyArn", "so that AWS's own key encrypts it, whose use nobody can limit"),
	},
	{
		Name: "backup-vault-lock", Description: "Backup vaults are locked against early deletion.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL09-BP02"), Level: rule.Mandatory,
		Fix:   "declare an aws.backup.VaultLockConfiguration for the vault.",
		Types: []string{vaultType},
		JudgeInStack: func(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
			return expect.Companion(r, stack, "aws:backup/vaultLockConfiguration:VaultLockConfiguration", "backupVaultName", "is not locked, so that whoever gets in deletes the backups first")
		},
	},
	{
		Name: "backup-restore-tested", Description: "Restoring is tried regularly.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("REL09-BP04"), Level: rule.Mandatory,
		Fix:          "declare an aws.backup.RestoreTestingPlan, and an aws.backup.RestoreTestingSelection for each protectedResourceType.",
		Types:        []string{planType},
		JudgeInStack: judgeTested,
	},
	{
		Name: "backup-selection-role", Description: "AWS Backup has a role to make backups as.",
		Severity: rule.High, Controls: rule.WellArchitected.Controls("REL09-BP01"), Level: rule.Mandatory,
		Fix:          "set iamRoleArn to the ARN of a role of the stack that backup.amazonaws.com may assume.",
		Types:        []string{selectionType},
		JudgeInStack: judgeSelectionRole,
	},
	{
		Name: "backup-selection-scoped", Description: "Backup plans select what is worth a backup, not the whole account.",
		Severity: rule.Medium, Controls: rule.WellArchitected.Controls("REL09-BP01"), Level: rule.Mandatory,
		Fix:   "set conditions to the tags of what is to be backed up; selectionTags add to resources and narrow nothing.",
		Types: []string{selectionType},
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
	}, "have none that is due often enough")
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
	}, "copy no backup to another region, so that the loss of the region loses them all")
}

// regionOf is the region in an ARN, or "".
func regionOf(text string) string {
	parsed, err := arn.Parse(text)
	if err != nil {
		return ""
	}
	return parsed.Region
}
