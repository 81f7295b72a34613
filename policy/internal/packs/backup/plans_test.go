package backup

import (
	"testing"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

func selecting(properties ruletest.Props) []ruletest.Resource {
	return []ruletest.Resource{{Type: selectionType, Name: "selection", Properties: properties}}
}

func byTag(value any) []ruletest.Resource {
	return selecting(
		ruletest.Props{"selectionTags": []any{object{"type": "STRINGEQUALS", "key": "Backup", "value": value}}},
	)
}

// onCondition selects of all resources those with a tag.
func onCondition(value any) ruletest.Props {
	return ruletest.Props{
		"resources":  []any{"*"},
		"conditions": []any{object{"stringEquals": []any{object{"key": "aws:ResourceTag/Backup", "value": value}}}},
	}
}

func tagged(tags object) ruletest.Resource { return table(ruletest.Props{"tags": tags}) }

const tableArn = "arn:aws:dynamodb:eu-west-1:123456789012:table/items"

var coverageCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: tagged(object{"Backup": "prod"}), Rest: byTag("prod"), Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "the provider's tags",
		Resource:  table(ruletest.Props{"tagsAll": object{"Backup": "prod"}}),
		Rest:      byTag("prod"),
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Passes, Name: "by ARN", Resource: table(ruletest.Props{"arn": tableArn}),
		Rest: selecting(ruletest.Props{"resources": []any{"arn:aws:dynamodb:*:*:table/*"}}), Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "not worth it",
		Resource:  tagged(object{"backup": "none"}),
		Want:      ruletest.NotApplicable,
	},
	{
		Situation: ruletest.Passes,
		Name:      "a replica",
		Resource:  db(ruletest.Props{"replicateSourceDb": "primary"}),
		Want:      ruletest.NotApplicable,
	},
	{
		Situation: ruletest.Passes,
		Name:      "by condition",
		Resource:  tagged(object{"Backup": "prod"}),
		Rest: selecting(ruletest.Props{
			"resources":  []any{"*"},
			"conditions": []any{object{"stringLikes": []any{object{"key": "aws:ResourceTag/Backup", "value": "p*"}}}},
		}),
		Want: ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "by ARN, and a tag that selects others",
		Resource:  tagged(object{"Backup": "dev"}),
		Want:      ruletest.Pass,
		Rest: selecting(
			ruletest.Props{"resources": []any{"*"}, "selectionTags": []any{object{"key": "Backup", "value": "prod"}}},
		),
	},
	{
		Situation: ruletest.Passes,
		Name:      "by tag, and ARNs that select others",
		Resource:  tagged(object{"Backup": "prod"}),
		Want:      ruletest.Pass,
		Rest: selecting(
			ruletest.Props{
				"resources":     []any{"arn:aws:rds:*:*:db:*"},
				"selectionTags": []any{object{"key": "Backup", "value": "prod"}},
			},
		),
	},
	{
		Situation: ruletest.Passes,
		Name:      "by default",
		Resource:  tagged(object{}),
		Rest:      selecting(ruletest.Props{}),
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Fails, Resource: tagged(object{"Backup": "dev"}), Rest: byTag("prod"), Want: violation("it")},
	{
		Situation: ruletest.Fails,
		Name:      "by condition",
		Resource:  tagged(object{"Backup": "dev"}),
		Rest:      selecting(onCondition("prod")),
		Want:      violation("it"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "by tag, and not by condition",
		Resource:  tagged(object{"Backup": "prod"}),
		Want:      violation("it"),
		Rest: selecting(ruletest.Props{
			"selectionTags": []any{object{"key": "Backup", "value": "prod"}},
			"conditions": []any{
				object{"stringEquals": []any{object{"key": "aws:ResourceTag/Team", "value": "b"}}},
			}}),
	},
	{Situation: ruletest.Fails, Name: "left out", Resource: table(ruletest.Props{"arn": tableArn}),
		Rest: selecting(
			ruletest.Props{"resources": []any{"*"}, "notResources": []any{tableArn}},
		), Want: violation("it")},
	{Situation: ruletest.Fails, Name: "another kind", Resource: table(ruletest.Props{"arn": tableArn}),
		Rest: selecting(ruletest.Props{"resources": []any{"arn:aws:rds:*:*:db:*"}}), Want: violation("it")},
	{
		Situation: ruletest.Unknown,
		Resource:  tagged(object{"Backup": "prod"}),
		Rest:      byTag(ruletest.Computed),
		Want:      doubtful("it"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "what is left out, which AWS fills in",
		Resource:  tagged(object{"Backup": "prod"}),
		Rest: selecting(
			ruletest.Props{"resources": []any{"*"}, "notResources": ruletest.Computed},
		),
		Want: ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "condition",
		Resource:  tagged(object{"Backup": "prod"}),
		Rest:      selecting(onCondition(ruletest.Computed)),
		Want:      doubtful("it"),
	},
	{Situation: ruletest.Unknown, Name: "ARN", Resource: table(ruletest.Props{"arn": ruletest.Computed}),
		Rest: selecting(ruletest.Props{"resources": []any{"arn:aws:dynamodb:*:*:table/i*"}}), Want: doubtful("it")},
	{Situation: ruletest.Passes, Name: "by type", Resource: table(ruletest.Props{"arn": ruletest.Computed}),
		Rest: selecting(ruletest.Props{"resources": []any{"arn:aws:dynamodb:*:*:table/*"}}), Want: ruletest.Pass},
	{
		Situation: ruletest.Secret,
		Resource:  tagged(object{"Backup": ruletest.Secretly("secret-plan")}),
		Rest:      byTag("secret-plan"),
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Absent, Resource: tagged(object{"Backup": "prod"}), Want: violation("it")},
}

var scopeCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: ruletest.Of(selectionType)(onCondition("prod")), Want: ruletest.Pass},
	{Situation: ruletest.Passes, Name: "by tag", Resource: byTag("prod")[0], Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "by ARN",
		Resource:  selecting(ruletest.Props{"resources": []any{"arn:aws:rds:*:*:db:lab-*"}})[0],
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Fails,
		Resource:  selecting(ruletest.Props{"resources": []any{"*"}})[0],
		Want:      violation("resources"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "all of a kind",
		Resource:  selecting(ruletest.Props{"resources": []any{"arn:aws:dynamodb:*:*:table/*"}})[0],
		Want:      violation("resources"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "with a tag, which adds",
		Want:      violation("resources"),
		Resource: selecting(ruletest.Props{
			"resources":     []any{"*"},
			"selectionTags": []any{object{"type": "STRINGEQUALS", "key": "Backup", "value": "prod"}},
		})[0],
	},
	{
		Situation: ruletest.Fails,
		Name:      "conditions that compare nothing",
		Want:      violation("resources"),
		Resource: selecting(ruletest.Props{
			"resources": []any{"*"}, "conditions": []any{object{"stringEquals": []any{}}}})[0],
	},
	{
		Situation: ruletest.Unknown,
		Resource:  selecting(ruletest.Props{"resources": []any{ruletest.Computed}})[0],
		Want:      doubtful("resources"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "conditions",
		Want:      doubtful("conditions"),
		Rest:      []ruletest.Resource{{Type: tableType, Name: "tags"}},
		Resource: ruletest.Resource{Type: selectionType, Name: "it",
			Properties: ruletest.Props{
				"resources":  []any{"*"},
				"conditions": ruletest.Computed,
			}, DependsOn: map[string][]string{"conditions": {"tags"}}},
	},
	{
		Situation: ruletest.Secret,
		Resource:  selecting(ruletest.Props{"resources": []any{ruletest.Secretly("*")}})[0],
		Want:      violation("resources"),
	},
	{Situation: ruletest.Absent, Resource: selecting(ruletest.Props{})[0], Want: violation("resources")},
}

func withRules(rules any) ruletest.Resource { return plan(ruletest.Props{"rules": rules}) }

// planCases returns the situations of a rule about one property of a plan's rules, of which one will do.
func planCases(property string, good, bad any, more ...any) []ruletest.Case {
	with := func(value any) ruletest.Resource {
		return withRules([]any{object{property: bad}, object{property: value}})
	}
	list := []ruletest.Case{
		{Situation: ruletest.Passes, Resource: with(good), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: with(bad), Want: violation("rules")},
		{Situation: ruletest.Unknown, Resource: with(ruletest.Computed), Want: doubtful("rules")},
		{Situation: ruletest.Unknown, Name: "rules", Resource: withRules(ruletest.Computed), Want: doubtful("rules")},
		{Situation: ruletest.Secret, Resource: with(ruletest.Secretly(good)), Want: ruletest.Pass},
		{Situation: ruletest.Absent, Resource: plan(ruletest.Props{}), Want: violation("rules")},
	}
	for _, value := range more {
		list = append(
			list,
			ruletest.Case{Situation: ruletest.Passes, Name: "another way", Resource: with(value), Want: ruletest.Pass},
		)
	}
	return list
}

var (
	retentionCases = append(
		planCases("lifecycle", object{"deleteAfter": 35.0}, object{"deleteAfter": 7.0}),
		ruletest.Case{
			Situation: ruletest.Absent,
			Name:      "for ever",
			Resource:  withRules([]any{object{}}),
			Want:      ruletest.Pass,
		},
	)
	copyCases = []ruletest.Case{
		{
			Situation: ruletest.Passes,
			Resource:  copying(planARN, []any{object{"destinationVaultArn": vaultIn("eu-central-1")}}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Fails, Resource: copying(planARN, []any{}), Want: violation("rules")},
		{
			Situation: ruletest.Fails,
			Name:      "in the same region",
			Resource:  copying(planARN, []any{object{"destinationVaultArn": vaultIn("eu-west-1")}}),
			Want:      violation("rules"),
		},
		{Situation: ruletest.Unknown, Resource: copying(planARN, ruletest.Computed), Want: doubtful("rules")},
		{
			Situation: ruletest.Unknown,
			Name:      "vault",
			Resource:  copying(planARN, []any{object{"destinationVaultArn": ruletest.Computed}}),
			Want:      doubtful("rules"),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "plan",
			Resource:  copying(ruletest.Computed, []any{object{"destinationVaultArn": vaultIn("eu-central-1")}}),
			Want:      doubtful("rules"),
		},
		{
			Situation: ruletest.Unknown,
			Name:      "plan of a known region",
			Resource: in(
				"eu-west-1",
				copying(ruletest.Computed, []any{object{"destinationVaultArn": vaultIn("eu-central-1")}}),
			),
			Want: ruletest.Pass,
		},
		{
			Situation: ruletest.Unknown,
			Name:      "plan of the copies' region",
			Resource: in(
				"eu-west-1",
				copying(ruletest.Computed, []any{object{"destinationVaultArn": vaultIn("eu-west-1")}}),
			),
			Want: violation("rules"),
		},
		{Situation: ruletest.Unknown, Name: "vault, beside one that is elsewhere", Want: ruletest.Pass,
			Resource: copying(
				planARN,
				[]any{
					object{"destinationVaultArn": ruletest.Computed},
					object{"destinationVaultArn": vaultIn("eu-central-1")},
				},
			)},
		{
			Situation: ruletest.Secret,
			Resource: copying(
				planARN,
				[]any{object{"destinationVaultArn": ruletest.Secretly(vaultIn("eu-central-1"))}},
			),
			Want: ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: plan(ruletest.Props{}), Want: violation("rules")},
	}
	keyCases = []ruletest.Case{
		{Situation: ruletest.Passes, Resource: vault(ruletest.Props{"kmsKeyArn": "arn:key"}), Want: ruletest.Pass},
		{Situation: ruletest.Fails, Resource: vault(ruletest.Props{"kmsKeyArn": ""}), Want: violation("kmsKeyArn")},
		{
			Situation: ruletest.Fails,
			Name:      "AWS's own",
			Resource:  vault(ruletest.Props{"kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:alias/aws/backup"}),
			Want:      violation("kmsKeyArn"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  vault(ruletest.Props{"kmsKeyArn": ruletest.Computed}),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Secret,
			Resource:  vault(ruletest.Props{"kmsKeyArn": ruletest.Secretly("arn:secret-key")}),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: vault(ruletest.Props{}), Want: violation("kmsKeyArn")},
	}
	lockCases = []ruletest.Case{
		{
			Situation: ruletest.Passes,
			Resource:  vault(ruletest.Props{"name": "lab"}),
			Rest:      locking("lab"),
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Fails,
			Resource:  vault(ruletest.Props{"name": "lab"}),
			Rest:      locking("other"),
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Unknown,
			Resource:  vault(ruletest.Props{"name": "lab"}),
			Rest:      locking(ruletest.Computed),
			Want:      doubtful("it"),
		},
		{
			Situation: ruletest.Secret,
			Resource:  vault(ruletest.Props{"name": "secret-vault"}),
			Rest:      locking(ruletest.Secretly("secret-vault")),
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: vault(ruletest.Props{"name": "lab"}), Want: violation("it")},
	}
	testing1 = ruletest.Resource{
		Type:       "aws:backup/restoreTestingPlan:RestoreTestingPlan",
		Name:       "testing",
		Properties: ruletest.Props{"name": ruletest.Computed},
	}
	testing2 = ruletest.Resource{
		Type:       "aws:backup/restoreTestingSelection:RestoreTestingSelection",
		Name:       "tested",
		Properties: ruletest.Props{"name": ruletest.Secretly("secret-tables")},
	}
	testedCases = []ruletest.Case{
		{
			Situation: ruletest.Passes,
			Resource:  plan(ruletest.Props{}),
			Rest:      []ruletest.Resource{testing1, testing2},
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Fails,
			Resource:  plan(ruletest.Props{}),
			Rest:      []ruletest.Resource{testing1},
			Want:      violation("it"),
		},
		{
			Situation: ruletest.Fails,
			Name:      "of another kind",
			Resource:  plan(ruletest.Props{}),
			Want:      violation("it"),
			Rest: []ruletest.Resource{testing1, testing2,
				{Type: tableType, Name: "table", Properties: ruletest.Props{}}},
		},
		{
			Situation: ruletest.Passes,
			Name:      "of each kind",
			Resource:  plan(ruletest.Props{}),
			Want:      ruletest.Pass,
			Rest: []ruletest.Resource{testing1, testingOf("DynamoDB"),
				{Type: clusterType, Name: "cluster", Properties: ruletest.Props{"engine": "postgres"}},
				{
					Type:       tableType,
					Name:       "table",
					Properties: ruletest.Props{},
				}, {Type: bucketType, Name: "logs", Properties: ruletest.Props{"tags": object{"backup": "none"}}}},
		},
		{
			Situation: ruletest.Unknown,
			Resource:  plan(ruletest.Props{}),
			Rest:      []ruletest.Resource{testing1, testing2},
			Want:      ruletest.Pass,
		},
		{
			Situation: ruletest.Unknown,
			Name:      "kind",
			Resource:  plan(ruletest.Props{}),
			Rest:      []ruletest.Resource{testing1, testingOf(ruletest.Computed)},
			Want:      doubtful("it"),
		},
		{
			Situation: ruletest.Secret,
			Resource:  plan(ruletest.Props{}),
			Rest:      []ruletest.Resource{testing1, testing2},
			Want:      ruletest.Pass,
		},
		{Situation: ruletest.Absent, Resource: plan(ruletest.Props{}), Want: violation("it")},
	}
)

const planARN = "arn:aws:backup:eu-west-1:123456789012:backup-plan:1"

func vaultIn(region string) string {
	return "arn:aws:backup:" + region + ":123456789012:backup-vault:copies"
}

// copying returns a plan of which one rule copies.
func copying(arn, copyActions any) ruletest.Resource {
	return plan(
		ruletest.Props{"arn": arn, "rules": []any{object{"copyActions": []any{}}, object{"copyActions": copyActions}}},
	)
}

func in(region string, r ruletest.Resource) ruletest.Resource {
	r.Region = region
	return r
}

func testingOf(kind any) ruletest.Resource {
	return ruletest.Resource{
		Type:       testingSelectionType,
		Name:       "tested",
		Properties: ruletest.Props{"protectedResourceType": kind},
	}
}

const roleARN = "arn:aws:iam::123456789012:role/backup"

func selectingAs(arn any) ruletest.Resource {
	return ruletest.Of(selectionType)(ruletest.Props{"iamRoleArn": arn})
}

// trusting returns a role that a service may assume.
func trusting(service string) []ruletest.Resource {
	return []ruletest.Resource{
		{
			Type: roleType,
			Name: "role",
			Properties: ruletest.Props{
				"arn": roleARN,
				"assumeRolePolicy": `{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": ` +
					`{"Service": "` + service + `"}}}`,
			},
		},
	}
}

var selectionRoleCases = []ruletest.Case{
	{
		Situation: ruletest.Passes,
		Resource:  selectingAs(roleARN),
		Rest:      trusting("backup.amazonaws.com"),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Fails,
		Resource:  selectingAs(roleARN),
		Rest:      trusting("ec2.amazonaws.com"),
		Want:      violation("iamRoleArn"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "a role from elsewhere",
		Resource:  selectingAs("arn:aws:iam::123456789012:role/gone"),
		Rest:      trusting("backup.amazonaws.com"),
		Want:      violation("iamRoleArn"),
	},
	{
		Situation: ruletest.Unknown,
		Resource:  selectingAs(ruletest.Computed),
		Rest:      trusting("backup.amazonaws.com"),
		Want:      doubtful("iamRoleArn"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "but from the role",
		Rest:      trusting("backup.amazonaws.com"),
		Want:      ruletest.Pass,
		Resource: ruletest.Resource{
			Type:       selectionType,
			Name:       "it",
			Properties: ruletest.Props{"iamRoleArn": ruletest.Computed},
			DependsOn:  map[string][]string{"iamRoleArn": {"role"}},
		},
	},
	{
		Situation: ruletest.Secret,
		Resource:  selectingAs(ruletest.Secretly(roleARN)),
		Rest:      trusting("ec2.amazonaws.com"),
		Want:      violation("iamRoleArn"),
	},
	{Situation: ruletest.Absent, Resource: selectingAs(nil), Want: violation("iamRoleArn")},
}

func locking(name any) []ruletest.Resource {
	return []ruletest.Resource{
		{
			Type:       "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
			Name:       "lock",
			Properties: ruletest.Props{"backupVaultName": name},
		},
	}
}

func TestGap(t *testing.T) {
	for schedule, want := range map[string]float64{
		"cron(0 3 * * ? *)":         24,
		"cron(0 * * * ? *)":         1,
		"cron(0 0/6 * * ? *)":       6,
		"cron(0 1,13 * * ? *)":      12,
		"cron(0 1,3 * * ? *)":       22,
		"cron(15 0-1,4-23 * * ? *)": 3,
		"cron(0 8-17 * * ? *)":      15,
		"cron(0 8-17/3 * * ? *)":    15,
		"cron(0 */5 * * ? *)":       5,
		"cron(0 6/12,20 * * ? *)":   12,
		"cron(0 13,1 * * ? *)":      12,
		"cron(0 0/48 * * ? *)":      24,
		"cron(0 3 ? * 1 *)":         168,
		"cron(0 3 1 * ? *)":         744,
		"rate(2 days)":              48,
		"rate(1 hour)":              1,
	} {
		if got, known := gap(schedule); !known || got != want {
			t.Errorf("%s: %v %v, want %v", schedule, got, known, want)
		}
	}
	for _, schedule := range []string{
		"", "cron()", "cron(0 99 * * ? *)", "rate(x days)", "rate(1 year)", "cron(0 5-2 * * ? *)",
		"cron(0 1-24 * * ? *)", "cron(0 0/0 * * ? *)", "cron(0 -3 * * ? *)", "cron(0 MON * * ? *)",
	} {
		if got, known := gap(schedule); known {
			t.Errorf("%q: %v", schedule, got)
		}
	}
}
