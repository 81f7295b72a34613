package resilience

import "github.com/awslab/awslab/policy/internal/ruletest"

var aurora = ruletest.Resource{
	Type:       "aws:rds/cluster:Cluster",
	Name:       "aurora",
	Properties: ruletest.Props{"clusterIdentifier": "aurora", "engine": "aurora-postgresql"},
}

func clusterOf(engine any) ruletest.Resource {
	return ruletest.Resource{
		Type:       "aws:rds/cluster:Cluster",
		Name:       "aurora",
		Properties: ruletest.Props{"engine": engine},
	}
}

// member returns a member of a cluster, in a zone that AWS chooses unless one is given.
func member(name string, cluster, zone any) ruletest.Resource {
	return ruletest.Resource{
		Type:       clusterMemberType,
		Name:       name,
		Properties: ruletest.Props{"clusterIdentifier": cluster, "availabilityZone": zone},
	}
}

var auroraCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: aurora, Want: ruletest.Pass,
		Rest: []ruletest.Resource{member("one", "aurora", "eu-west-1a"), member("two", "aurora", "eu-west-1b")}},
	{
		Situation: ruletest.Passes,
		Name:      "a Multi-AZ DB cluster",
		Resource:  clusterOf("postgres"),
		Want:      ruletest.NotApplicable,
	},
	{
		Situation: ruletest.Fails,
		Resource:  aurora,
		Want:      ruletest.Violation("it"),
		Rest:      []ruletest.Resource{member("one", "aurora", nil)},
	},
	{Situation: ruletest.Fails, Name: "both in one zone", Resource: aurora, Want: ruletest.Violation("it"),
		Rest: []ruletest.Resource{member("one", "aurora", "eu-west-1a"), member("two", "aurora", "eu-west-1a")}},
	{Situation: ruletest.Fails, Name: "another cluster's member", Resource: aurora, Want: ruletest.Violation("it"),
		Rest: []ruletest.Resource{member("one", "aurora", nil), member("two", "another", nil)}},
	{Situation: ruletest.Unknown, Resource: aurora, Want: ruletest.Unevaluated("it"),
		Rest: []ruletest.Resource{member("one", "aurora", nil), member("two", ruletest.Computed, nil)}},
	{
		Situation: ruletest.Unknown,
		Name:      "engine",
		Resource:  clusterOf(ruletest.Computed),
		Want:      ruletest.Unevaluated("engine"),
	},
	{Situation: ruletest.Unknown, Name: "zones, which AWS chooses", Resource: aurora, Want: ruletest.Pass,
		Rest: []ruletest.Resource{
			member("one", "aurora", ruletest.Computed),
			member("two", "aurora", ruletest.Computed),
		}},
	{
		Situation: ruletest.Secret,
		Resource:  aurora,
		Want:      ruletest.Violation("it"),
		Rest:      []ruletest.Resource{member("one", ruletest.Secretly("aurora"), nil)},
	},
	{Situation: ruletest.Absent, Name: "no members", Resource: aurora, Want: ruletest.Violation("it")},
	{Situation: ruletest.Absent, Name: "zones", Resource: aurora, Want: ruletest.Pass,
		Rest: []ruletest.Resource{member("one", "aurora", nil), member("two", "aurora", nil)}},
}

func tableWith(mode any) ruletest.Resource {
	return ruletest.Resource{
		Type:       "aws:dynamodb/table:Table",
		Name:       "table",
		Properties: ruletest.Props{"name": "items", "billingMode": mode},
	}
}

// tableScaling scales both capacities of what resourceId names.
func tableScaling(resourceID any, sources ...string) []ruletest.Resource {
	target := func(capacity string) ruletest.Resource {
		return ruletest.Resource{
			Type:      targetType,
			Name:      capacity,
			DependsOn: map[string][]string{"resourceId": sources},
			Properties: ruletest.Props{
				"serviceNamespace":  "dynamodb",
				"resourceId":        resourceID,
				"scalableDimension": "dynamodb:table:" + capacity,
			},
		}
	}
	return []ruletest.Resource{target("ReadCapacityUnits"), target("WriteCapacityUnits")}
}

var tableScalingCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: tableWith("PAY_PER_REQUEST"), Want: ruletest.Pass},
	{
		Situation: ruletest.Passes,
		Name:      "by auto scaling",
		Resource:  tableWith("PROVISIONED"),
		Rest:      tableScaling("table/items"),
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Fails, Resource: tableWith("PROVISIONED"), Want: ruletest.Violation("billingMode")},
	{
		Situation: ruletest.Fails,
		Name:      "another table is scaled",
		Resource:  tableWith("PROVISIONED"),
		Rest:      tableScaling("table/orders"),
		Want:      ruletest.Violation("billingMode"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "reads alone are scaled",
		Resource:  tableWith("PROVISIONED"),
		Rest:      tableScaling("table/items")[:1],
		Want:      ruletest.Violation("billingMode"),
	},
	{Situation: ruletest.Unknown, Resource: tableWith(ruletest.Computed), Want: ruletest.Unevaluated("billingMode")},
	{
		Situation: ruletest.Unknown,
		Name:      "what is scaled",
		Resource:  tableWith("PROVISIONED"),
		Rest:      tableScaling(ruletest.Computed),
		Want:      ruletest.Unevaluated("billingMode"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "what is scaled, which comes from the table",
		Resource:  tableWith("PROVISIONED"),
		Rest:      tableScaling(ruletest.Computed, "table"),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Secret,
		Resource:  tableWith(ruletest.Secretly("PROVISIONED")),
		Want:      ruletest.Violation("billingMode"),
	},
	{
		Situation: ruletest.Absent,
		Name:      "which means provisioned",
		Resource:  tableWith(nil),
		Want:      ruletest.Violation("billingMode"),
	},
	{
		Situation: ruletest.Absent,
		Name:      "another type of value",
		Resource:  tableWith([]any{1.0}),
		Want:      ruletest.Unevaluated("billingMode"),
	},
}

var fileSystem = ruletest.Of(fileSystemType)

var regionalCases = append(
	ruletest.Values(fileSystem, "availabilityZoneName", "", "eu-west-1a", ruletest.Pass),
	ruletest.Case{
		Situation: ruletest.Absent,
		Name:      "another type of value",
		Resource:  fileSystem(ruletest.Props{"availabilityZoneName": []any{1.0}}),
		Want:      ruletest.Unevaluated("availabilityZoneName"),
	},
)
