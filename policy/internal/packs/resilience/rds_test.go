package resilience

import "github.com/awslab/awslab/policy/internal/ruletest"

func db(properties ruletest.Props) ruletest.Resource {
	return ruletest.Resource{Type: "aws:rds/instance:Instance", Name: "db", Properties: properties}
}

var rdsMultiAZCases = []ruletest.Case{
	{
		Situation: ruletest.Passes,
		Resource:  db(ruletest.Props{"engine": "postgres", "multiAz": true}),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "true as text",
		Resource:  db(ruletest.Props{"multiAz": "true"}),
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Passes, Name: "another type",
		Resource: ruletest.Resource{Type: "aws:s3/bucketV2:BucketV2", Name: "b"}, Want: ruletest.NotApplicable},
	{Situation: ruletest.Passes, Name: "member of an Aurora cluster",
		Resource: db(ruletest.Props{"engine": "aurora-postgresql"}), Want: ruletest.NotApplicable},
	{Situation: ruletest.Passes, Name: "read replica",
		Resource: db(ruletest.Props{"replicateSourceDb": "primary", "multiAz": false}), Want: ruletest.NotApplicable},
	{
		Situation: ruletest.Fails,
		Resource:  db(ruletest.Props{"engine": "postgres", "multiAz": false}),
		Want:      ruletest.Violation("multiAz"),
	},
	{Situation: ruletest.Fails, Name: "an empty source is not a source",
		Resource: db(ruletest.Props{"replicateSourceDb": "", "multiAz": false}), Want: ruletest.Violation("multiAz")},
	{
		Situation: ruletest.Unknown,
		Resource:  db(ruletest.Props{"multiAz": ruletest.Computed}),
		Want:      ruletest.Unevaluated("multiAz"),
	},
	{Situation: ruletest.Unknown, Name: "source of a replica",
		Resource: db(
			ruletest.Props{"replicateSourceDb": ruletest.Computed},
		), Want: ruletest.Unevaluated("replicateSourceDb")},
	{Situation: ruletest.Unknown, Name: "engine",
		Resource: db(
			ruletest.Props{"engine": ruletest.Computed, "multiAz": false},
		), Want: ruletest.Unevaluated("engine")},
	{Situation: ruletest.Unknown, Name: "a standby makes the engine irrelevant",
		Resource: db(ruletest.Props{"engine": ruletest.Computed, "multiAz": true}), Want: ruletest.Pass},
	{Situation: ruletest.Secret, Resource: db(ruletest.Props{"multiAz": ruletest.Secretly(true)}), Want: ruletest.Pass},
	{Situation: ruletest.Secret, Name: "false",
		Resource: db(
			ruletest.Props{"multiAz": ruletest.Secretly(false), "password": ruletest.Secretly("hunter22")},
		), Want: ruletest.Violation("multiAz")},
	{Situation: ruletest.Secret, Name: "unknown",
		Resource: db(
			ruletest.Props{"multiAz": ruletest.Secretly(ruletest.Computed)},
		), Want: ruletest.Unevaluated("multiAz")},
	{
		Situation: ruletest.Absent,
		Resource:  db(ruletest.Props{"engine": "postgres"}),
		Want:      ruletest.Violation("multiAz"),
	},
	{
		Situation: ruletest.Absent,
		Name:      "null",
		Resource:  db(ruletest.Props{"multiAz": nil}),
		Want:      ruletest.Violation("multiAz"),
	},
	{Situation: ruletest.Absent, Name: "another type of value",
		Resource: db(ruletest.Props{"multiAz": []any{true}}), Want: ruletest.Unevaluated("multiAz")},
}
