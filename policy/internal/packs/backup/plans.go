package backup

import (
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
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
		Fix:   "set copyActions of one of rules to a vault in another region.",
		Types: []string{planType},
		Judge: judgeCopies,
	},
	{
		Name: "backup-vault-key", Description: "Backup vaults are encrypted with a key of the account's.",
		Severity: rule.Medium, Controls: rule.FSBP.Controls("Backup.1"), Level: rule.Mandatory,
		Fix:   "set kmsKeyArn to a key's.",
		Types: []string{vaultType},
		Judge: expect.Set("kmsKeyArn", "so that AWS's own key encrypts it, whose use nobody can limit"),
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
		Fix:   "declare an aws.backup.RestoreTestingPlan and aws.backup.RestoreTestingSelections.",
		Types: []string{planType},
		JudgeInStack: func(_ rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
			if len(stack.OfType("aws:backup/restoreTestingPlan:RestoreTestingPlan")) == 0 || len(stack.OfType("aws:backup/restoreTestingSelection:RestoreTestingSelection")) == 0 {
				return rule.Violation(expect.Whole, "makes backups that nobody has ever restored")
			}
			return rule.Pass()
		},
	},
}

// judgeCoverage looks for a selection that takes the resource in. A plan of another stack may do so too, which this
// stack cannot know: such a resource says backup=none here.
func judgeCoverage(r rule.Resource, stack rule.Stack, _ rule.Run) rule.Verdict {
	for _, name := range []string{"replicateSourceDb", "clusterIdentifier"} {
		if text, state := r.Get(name).Text(); r.Type == instanceType && (state == property.Known && text != "" || state == property.Unknown && name == "replicateSourceDb") {
			return rule.NotApplicable("its data is another's")
		}
	}
	tags := tagsOf(r)
	if tags["backup"] == "none" {
		return rule.NotApplicable("it says that nothing in it is worth a backup")
	}
	doubt := ""
	for _, selection := range stack.OfType(selectionType) {
		switch selects(selection, r, tags) {
		case yes:
			return rule.Pass()
		case maybe:
			doubt = selection.Name
		}
	}
	if doubt != "" {
		return rule.Unjudged(expect.Whole, "may be covered by selection %s, which is not known yet", doubt)
	}
	return rule.Violation(expect.Whole, "is covered by no backup plan")
}

// tagsOf are a resource's own tags, and those that the provider adds where they are known.
func tagsOf(r rule.Resource) map[string]string {
	tags := map[string]string{}
	for _, name := range []string{"tagsAll", "tags"} {
		values, _ := r.Get(name).Object()
		for key, value := range values {
			if text, state := value.Text(); state == property.Known {
				tags[key] = text
			}
		}
	}
	return tags
}

type answer int

const (
	no answer = iota
	maybe
	yes
)

// selects follows AWS Backup: of resources less notResources, those with any of selectionTags and all of conditions
// (AWS Backup developer guide, "Assigning resources").
func selects(selection, r rule.Resource, tags map[string]string) answer {
	named := matchesARN(selection.Get("resources"), r, yes)
	excluded := matchesARN(selection.Get("notResources"), r, no)
	if excluded == yes {
		return no
	}
	return min(named, yes-excluded, anyTag(selection.Get("selectionTags"), tags), allConditions(selection.Get("conditions"), tags))
}

// matchesARN tells whether a list of patterns has one for the resource; without is the answer for no list.
func matchesARN(list property.Value, r rule.Resource, without answer) answer {
	patterns, state := list.List()
	switch {
	case state == property.Absent || state == property.Known && len(patterns) == 0:
		return without
	case state != property.Known:
		return maybe
	}
	result := no
	own, ownState := r.Get("arn").Text()
	for _, pattern := range patterns {
		text, state := pattern.Text()
		switch {
		case state == property.Known && (text == "*" || ownState == property.Known && document.Match(text, own)):
			return yes
		case state != property.Known || ownState != property.Known:
			result = maybe
		}
	}
	return result
}

func anyTag(list property.Value, tags map[string]string) answer {
	wanted, state := list.List()
	switch {
	case state == property.Absent || state == property.Known && len(wanted) == 0:
		return yes
	case state != property.Known:
		return maybe
	}
	result := no
	for _, tag := range wanted {
		key, keyState := tag.Get("key").Text()
		value, valueState := tag.Get("value").Text()
		switch {
		case keyState != property.Known || valueState != property.Known:
			result = maybe
		case tags[key] == value:
			return yes
		}
	}
	return result
}

// operators are the comparisons of conditions.
var operators = map[string]func(pattern, value string) bool{
	"stringEquals":    func(pattern, value string) bool { return pattern == value },
	"stringLikes":     document.Match,
	"stringNotEquals": func(pattern, value string) bool { return pattern != value },
	"stringNotLikes":  func(pattern, value string) bool { return !document.Match(pattern, value) },
}

func allConditions(list property.Value, tags map[string]string) answer {
	sets, state := list.List()
	if state == property.Unknown || state == property.Mistyped {
		return maybe
	}
	result := yes
	for _, set := range sets {
		for operator, holds := range operators {
			conditions, _ := set.Get(operator).List()
			for _, condition := range conditions {
				key, keyState := condition.Get("key").Text()
				value, valueState := condition.Get("value").Text()
				switch {
				case keyState != property.Known || valueState != property.Known:
					result = min(result, maybe)
				case !holds(value, tags[strings.TrimPrefix(key, "aws:ResourceTag/")]):
					return no
				}
			}
		}
	}
	return result
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

func judgeCopies(plan rule.Resource, _ rule.Run) rule.Verdict {
	return judgePlan(plan, func(r property.Value) answer {
		copies := r.Get("copyActions")
		elements, state := copies.List()
		if state == property.Unknown {
			return maybe
		}
		if len(elements) > 0 {
			return yes
		}
		return no
	}, "copy no backup, so that the loss of the region loses them all")
}

// gap is the longest time, in hours, between two times at which a schedule is due, as far as it is one of the usual.
func gap(schedule string) (hours float64, known bool) {
	if rate, is := strings.CutPrefix(schedule, "rate("); is {
		return rateGap(strings.TrimSuffix(rate, ")"))
	}
	fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(schedule, "cron("), ")"))
	if len(fields) != 6 {
		return 0, false
	}
	everyDay := slices.Contains([]string{"*", "?"}, fields[2]) && slices.Contains([]string{"*", "?"}, fields[4]) && fields[3] == "*"
	switch {
	case !everyDay && fields[2] == "?" && fields[4] != "?" && fields[4] != "*":
		return 7 * 24, true
	case !everyDay:
		return 31 * 24, true
	}
	return hourGap(fields[1])
}

func rateGap(rate string) (float64, bool) {
	number, unit, _ := strings.Cut(rate, " ")
	n, ok := positive(number)
	hours, known := map[string]float64{"minute": 1. / 60, "hour": 1, "day": 24}[strings.TrimSuffix(unit, "s")]
	return n * hours, ok && known
}

// hourGap is that of the hours of a cron expression: *, */4, 0/4, 5 or 1,13.
func hourGap(field string) (float64, bool) {
	if field == "*" {
		return 1, true
	}
	if _, step, stepped := strings.Cut(field, "/"); stepped {
		return positive(step)
	}
	var hours []float64
	for _, text := range strings.Split(field, ",") {
		hour, ok := number(text)
		if !ok || hour > 23 {
			return 0, false
		}
		hours = append(hours, hour)
	}
	slices.Sort(hours)
	longest := 24 - hours[len(hours)-1] + hours[0]
	for i := 1; i < len(hours); i++ {
		longest = max(longest, hours[i]-hours[i-1])
	}
	return longest, true
}

func positive(text string) (float64, bool) {
	n, ok := number(text)
	return n, ok && n > 0
}

func number(text string) (float64, bool) {
	n := 0.0
	for _, digit := range text {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + float64(digit-'0')
	}
	return n, text != "" && len(text) < 6
}
