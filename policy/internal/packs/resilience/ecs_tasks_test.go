package resilience

import "github.com/awslab/awslab/policy/internal/ruletest"

func service(properties ruletest.Props) ruletest.Resource {
	all := ruletest.Props{"name": "web", "cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/lab"}
	for key, value := range properties {
		all[key] = value
	}
	return ruletest.Resource{Type: serviceType, Name: "web", Properties: all}
}

// scaling returns an auto scaling target whose resourceId comes from the named resources.
func scaling(resourceID, minCapacity any, sources ...string) ruletest.Resource {
	return ruletest.Resource{
		Type: targetType, Name: "scaling",
		Properties: ruletest.Props{"serviceNamespace": "ecs", "resourceId": resourceID, "minCapacity": minCapacity},
		DependsOn:  map[string][]string{"resourceId": sources},
	}
}

func byNight(minCapacity any) ruletest.Resource {
	return ruletest.Resource{
		Type: "aws:appautoscaling/scheduledAction:ScheduledAction",
		Name: "night",
		Properties: ruletest.Props{
			"serviceNamespace":     "ecs",
			"resourceId":           "service/lab/web",
			"scalableTargetAction": map[string]any{"minCapacity": minCapacity},
		},
	}
}

var other = ruletest.Resource{
	Type:       serviceType,
	Name:       "other",
	Properties: ruletest.Props{"name": "other", "desiredCount": 2},
}

var ecsMinTasksCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: service(ruletest.Props{"desiredCount": 2}), Want: ruletest.Pass},
	{Situation: ruletest.Passes, Name: "by auto scaling", Resource: service(ruletest.Props{"desiredCount": 1}),
		Rest: []ruletest.Resource{scaling("service/lab/web", 2)}, Want: ruletest.Pass},
	{Situation: ruletest.Passes, Name: "by auto scaling in the default cluster",
		Resource: ruletest.Resource{Type: serviceType, Name: "web", Properties: ruletest.Props{"name": "web"}},
		Rest:     []ruletest.Resource{scaling("service/default/web", 2)}, Want: ruletest.Pass},
	{Situation: ruletest.Passes, Name: "a daemon follows its instances",
		Resource: service(ruletest.Props{"schedulingStrategy": "DAEMON"}), Want: ruletest.NotApplicable},
	{Situation: ruletest.Passes, Name: "one is asked for", Resource: service(ruletest.Props{"desiredCount": 1}),
		Settings: map[string]any{"minTasks": 1}, Want: ruletest.Pass},
	{
		Situation: ruletest.Fails,
		Resource:  service(ruletest.Props{"desiredCount": 1}),
		Want:      ruletest.Violation("desiredCount"),
	},
	{Situation: ruletest.Fails, Name: "auto scaling of one", Resource: service(ruletest.Props{"desiredCount": 1}),
		Rest: []ruletest.Resource{scaling("service/lab/web", 1)}, Want: ruletest.Violation("desiredCount")},
	{Situation: ruletest.Fails, Name: "auto scaling down to one", Resource: service(ruletest.Props{"desiredCount": 3}),
		Rest: []ruletest.Resource{scaling("service/lab/web", 1)}, Want: ruletest.Violation("desiredCount")},
	{
		Situation: ruletest.Fails,
		Name:      "auto scaling down to one by night",
		Resource:  service(ruletest.Props{"desiredCount": 3}),
		Rest:      []ruletest.Resource{scaling("service/lab/web", 3), byNight(1)},
		Want:      ruletest.Violation("desiredCount"),
	},
	{
		Situation: ruletest.Passes,
		Name:      "auto scaling down to two by night",
		Resource:  service(ruletest.Props{"desiredCount": 3}),
		Rest:      []ruletest.Resource{scaling("service/lab/web", 3), byNight(2)},
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Unknown, Name: "what may scale it down", Resource: service(ruletest.Props{"desiredCount": 3}),
		Rest: []ruletest.Resource{scaling(ruletest.Computed, 1)}, Want: ruletest.Unevaluated("desiredCount")},
	{
		Situation: ruletest.Fails,
		Name:      "auto scaling of another service",
		Resource:  service(ruletest.Props{"desiredCount": 1}),
		Rest:      []ruletest.Resource{scaling("service/lab/other", 2)},
		Want:      ruletest.Violation("desiredCount"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "auto scaling in another cluster",
		Resource:  service(ruletest.Props{"desiredCount": 1}),
		Rest:      []ruletest.Resource{scaling("service/other/web", 2)},
		Want:      ruletest.Violation("desiredCount"),
	},
	{Situation: ruletest.Fails, Name: "auto scaling of a table", Resource: service(ruletest.Props{"desiredCount": 1}),
		Rest: []ruletest.Resource{
			{
				Type:       targetType,
				Name:       "t",
				Properties: ruletest.Props{"serviceNamespace": "dynamodb", "resourceId": "table/web", "minCapacity": 5},
			},
		},
		Want: ruletest.Violation("desiredCount")},
	{Situation: ruletest.Fails, Name: "three are asked for", Resource: service(ruletest.Props{"desiredCount": 2}),
		Settings: map[string]any{"minTasks": 3}, Want: ruletest.Violation("desiredCount")},

	{
		Situation: ruletest.Unknown,
		Resource:  service(ruletest.Props{"desiredCount": ruletest.Computed}),
		Want:      ruletest.Unevaluated("desiredCount"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "desired count, with auto scaling",
		Resource:  service(ruletest.Props{"desiredCount": ruletest.Computed}),
		Rest:      []ruletest.Resource{scaling("service/lab/web", 2)},
		Want:      ruletest.Pass,
	},
	{Situation: ruletest.Unknown, Name: "target of auto scaling, which depends on the service", Resource: service(nil),
		Rest: []ruletest.Resource{scaling(ruletest.Computed, 2, "web")}, Want: ruletest.Pass},
	{
		Situation: ruletest.Unknown,
		Name:      "target of auto scaling, which depends on another service",
		Resource:  service(nil),
		Rest: []ruletest.Resource{
			scaling(ruletest.Computed, 2, "other"),
			other,
		},
		Want: ruletest.Violation("desiredCount"),
	},
	{Situation: ruletest.Unknown, Name: "target of auto scaling, which depends on two services", Resource: service(nil),
		Rest: []ruletest.Resource{
			scaling(ruletest.Computed, 2, "web", "other"),
			other,
		}, Want: ruletest.Unevaluated("desiredCount")},
	{Situation: ruletest.Unknown, Name: "target of auto scaling", Resource: service(nil),
		Rest: []ruletest.Resource{scaling(ruletest.Computed, 2)}, Want: ruletest.Unevaluated("desiredCount")},
	{Situation: ruletest.Unknown, Name: "target of auto scaling that asks for too few", Resource: service(nil),
		Rest: []ruletest.Resource{scaling(ruletest.Computed, 1)}, Want: ruletest.Violation("desiredCount")},
	{Situation: ruletest.Unknown, Name: "minimum of auto scaling", Resource: service(nil),
		Rest: []ruletest.Resource{
			scaling("service/lab/web", ruletest.Computed),
		}, Want: ruletest.Unevaluated("desiredCount")},
	{
		Situation: ruletest.Unknown,
		Name:      "kind of auto scaling, whose resourceId is not a service's",
		Resource:  service(nil),
		Rest: []ruletest.Resource{{Type: targetType, Name: "t", Properties: ruletest.Props{
			"serviceNamespace": ruletest.Computed, "resourceId": "table/lab/web", "minCapacity": 2,
		}}},
		Want: ruletest.Violation("desiredCount"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "name of the service",
		Resource:  service(ruletest.Props{"name": ruletest.Computed}),
		Rest:      []ruletest.Resource{scaling("service/lab/web", 2)},
		Want:      ruletest.Unevaluated("desiredCount"),
	},

	{
		Situation: ruletest.Secret,
		Resource:  service(ruletest.Props{"desiredCount": ruletest.Secretly(2)}),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Secret,
		Name:      "one",
		Resource: service(
			ruletest.Props{"desiredCount": ruletest.Secretly(1), "name": ruletest.Secretly("web-secret")},
		),
		Want: ruletest.Violation("desiredCount"),
	},

	{
		Situation: ruletest.Absent,
		Name:      "which means none",
		Resource:  service(nil),
		Want:      ruletest.Violation("desiredCount"),
	},
	{Situation: ruletest.Absent, Name: "with auto scaling", Resource: service(nil),
		Rest: []ruletest.Resource{scaling("service/lab/web", 2)}, Want: ruletest.Pass},
	{Situation: ruletest.Absent, Name: "another type of value",
		Resource: service(ruletest.Props{"desiredCount": []any{2}}), Want: ruletest.Unevaluated("desiredCount")},
}
