package baseline

import "github.com/awslab/awslab/policy/internal/ruletest"

func tagged(tags any) ruletest.Resource { return vpc(ruletest.Props{"tagsAll": tags}) }

var (
	vpc           = of(vpcType)
	instanceGroup = of(instanceGroupType)
	complete      = object{"Project": "awslab", "Stack": "prod", "ManagedBy": "pulumi"}
)

var tagCases = map[string][]ruletest.Case{"required-tags": {
	{Situation: ruletest.Passes, Resource: tagged(complete), Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "others are asked for",
		Resource:  tagged(object{"Team": "a"}),
		Settings:  map[string]any{"tags": []any{"Team"}},
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "a component",
		Resource:  ruletest.Resource{Type: "awslab:network:Vpc", Name: "it"},
		Want:      ruletest.NotApplicable,
	},
	{Situation: ruletest.Fails, Resource: tagged(object{"Project": "awslab"}), Want: violation("tagsAll")},
	{Situation: ruletest.Fails, Name: "none", Resource: tagged(object{}), Want: violation("tagsAll")},
	{
		Situation: ruletest.Fails,
		Name:      "a group of instances",
		Resource:  instanceGroup(ruletest.Props{"tags": []any{object{"key": "Project", "value": "awslab"}}}),
		Want:      violation("tags"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "a group of instances without tags",
		Resource:  instanceGroup(ruletest.Props{}),
		Want:      violation("tags"),
	},
	{Situation: ruletest.Unknown, Resource: tagged(ruletest.Computed), Want: unevaluated("tagsAll")},
	{
		Situation: ruletest.Unknown,
		Name:      "value",
		Resource:  tagged(object{"Project": ruletest.Computed, "Stack": "prod", "ManagedBy": "pulumi"}),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "value, and with it all of the provider's",
		Resource: vpc(ruletest.Props{"tagsAll": ruletest.Computed, "tags": object{
			"Project": "awslab", "Stack": "prod", "ManagedBy": "pulumi", "database": ruletest.Computed,
		}}),
		Want: ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "value, and others may be the provider's",
		Resource:  vpc(ruletest.Props{"tagsAll": ruletest.Computed, "tags": object{"Project": ruletest.Computed}}),
		Want:      unevaluated("tagsAll"),
	},
	{
		Situation: ruletest.Secret,
		Resource:  tagged(ruletest.Secretly(object{"Project": "hunter22"})),
		Want:      violation("tagsAll"),
	},
	{
		Situation: ruletest.Absent,
		Name:      "for what cannot have tags",
		Resource:  vpc(ruletest.Props{}),
		Want:      ruletest.NotApplicable,
	},
	{Situation: ruletest.Absent, Name: "another type of value", Resource: tagged("tags"), Want: unevaluated("tagsAll")},
}}
