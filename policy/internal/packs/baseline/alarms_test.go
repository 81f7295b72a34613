package baseline

import (
	"slices"

	"github.com/awslab/awslab/policy/internal/ruletest"
)

const topicARN = "arn:aws:sns:eu-west-1:123456789012:notifications"

var watchedService = service(ruletest.Props{"name": "web"})

var watchedCluster = ruletest.Of(dbClusterType)(ruletest.Props{"clusterIdentifier": "lab"})

func alarmOnServer(id string) []ruletest.Resource {
	return []ruletest.Resource{{Type: alarmType, Name: "alarm", Properties: ruletest.Props{
		"dimensions": object{"DBInstanceIdentifier": id}, "alarmActions": []any{topicARN}}}}
}

// alarmOn returns an alarm on a service, which does something.
func alarmOn(name, action any) ruletest.Resource {
	return ruletest.Resource{Type: alarmType, Name: "alarm", Properties: ruletest.Props{
		"name": "high", "dimensions": object{"ServiceName": name}, "alarmActions": []any{action}}}
}

var alarmCases = map[string][]ruletest.Case{"alarm-coverage": {
	{
		Situation: ruletest.Passes,
		Resource:  watchedService,
		Rest:      []ruletest.Resource{alarmOn("web", topicARN)},
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Passes,
		Name:      "by an expression",
		Resource:  watchedService,
		Want:      ruletest.Pass,
		Rest: []ruletest.Resource{{Type: alarmType, Name: "alarm",
			Properties: ruletest.Props{
				"alarmActions":  []any{topicARN},
				"metricQueries": []any{object{"metric": object{"dimensions": object{"ServiceName": "web"}}}},
			}}},
	},
	{
		Situation: ruletest.Passes,
		Name:      "by an alarm of alarms",
		Resource:  watchedService,
		Want:      ruletest.Pass,
		Rest: []ruletest.Resource{alarmOn("web", nil),
			{
				Type:       compositeType,
				Name:       "both",
				Properties: ruletest.Props{"alarmRule": `ALARM("high")`, "alarmActions": []any{topicARN}},
			}},
	},
	{
		Situation: ruletest.Passes,
		Name:      "a load balancer",
		Resource:  balancer(ruletest.Props{"arnSuffix": "app/web/1"}),
		Want:      ruletest.Pass,
		Rest: []ruletest.Resource{
			{
				Type: alarmType,
				Name: "alarm",
				Properties: ruletest.Props{
					"dimensions":   object{"LoadBalancer": "app/web/1"},
					"alarmActions": []any{topicARN},
				},
			}},
	},
	{
		Situation: ruletest.Passes,
		Name:      "a Multi-AZ cluster, by a server",
		Resource:  watchedCluster,
		Rest:      alarmOnServer("lab-instance-2"),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Fails,
		Name:      "a server of another cluster",
		Resource:  watchedCluster,
		Rest:      alarmOnServer("lab-2-instance-2"),
		Want:      violation("it"),
	},
	{
		Situation: ruletest.Fails,
		Resource:  watchedService,
		Rest:      []ruletest.Resource{alarmOn("another", topicARN)},
		Want:      violation("it"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "a silent alarm",
		Resource:  watchedService,
		Rest:      []ruletest.Resource{alarmOn("web", "arn:aws:automate:eu-west-1:ec2:stop")},
		Want:      violation("it"),
	},
	{
		Situation: ruletest.Fails,
		Name:      "one that is turned off",
		Resource:  watchedService,
		Want:      violation("it"),
		Rest: []ruletest.Resource{{Type: alarmType, Name: "alarm",
			Properties: ruletest.Props{
				"actionsEnabled": false,
				"dimensions":     object{"ServiceName": "web"},
				"alarmActions":   []any{topicARN},
			}}},
	},
	{
		Situation: ruletest.Unknown,
		Resource:  watchedService,
		Rest:      comingFrom("dimensions", alarmOn(ruletest.Computed, topicARN), "it", "other"),
		Want:      unevaluated("it"),
	},
	{
		Situation: ruletest.Unknown,
		Name:      "but from the service",
		Resource:  watchedService,
		Rest:      comingFrom("dimensions", alarmOn(ruletest.Computed, topicARN), "it"),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "topic, which comes from one",
		Resource:  watchedService,
		Rest:      comingFrom("alarmActions", alarmOn("web", ruletest.Computed), "topic"),
		Want:      ruletest.Pass,
	},
	{
		Situation: ruletest.Unknown,
		Name:      "action, which comes from something else",
		Resource:  watchedService,
		Rest:      comingFrom("alarmActions", alarmOn("web", ruletest.Computed), "other"),
		Want:      violation("it"),
	},
	{
		Situation: ruletest.Secret,
		Resource:  watchedService,
		Rest:      []ruletest.Resource{alarmOn(ruletest.Secretly("another"), topicARN)},
		Want:      violation("it"),
	},
	{Situation: ruletest.Absent, Resource: watchedService, Want: violation("it")},
}}

// comingFrom returns an alarm, one of whose properties comes from the named resources.
func comingFrom(property string, alarm ruletest.Resource, sources ...string) []ruletest.Resource {
	alarm.DependsOn = map[string][]string{property: sources}
	rest := []ruletest.Resource{alarm, {Type: targetTopic, Name: "topic"}}
	if slices.Contains(sources, "other") {
		rest = append(
			rest,
			ruletest.Resource{Type: serviceType, Name: "other", Properties: ruletest.Props{"name": "other"}},
		)
	}
	return rest
}
