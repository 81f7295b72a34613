package leastprivilege

import "github.com/awslab/awslab/policy/internal/ruletest"

var instances = ruletest.Resource{Type: capacityProviderType, Name: "instances", Properties: ruletest.Props{
	"name": "pool-1", "autoScalingGroupProvider": map[string]any{"autoScalingGroupArn": "arn:group"}}}

// onProvider returns a service on a capacity provider, with tasks of a role.
func onProvider(name string, provider any, role string) []ruletest.Resource {
	return []ruletest.Resource{
		{
			Type:       taskDefinitionType,
			Name:       name + "-task",
			Properties: ruletest.Props{"arn": "arn:task/" + name, "taskRoleArn": arnOf(role)},
		},
		{
			Type: serviceType,
			Name: name,
			Properties: ruletest.Props{"cluster": "lab", "taskDefinition": "arn:task/" + name,
				"capacityProviderStrategies": []any{map[string]any{"capacityProvider": provider}}},
		},
	}
}

// byDefault returns a service that leaves its place to its cluster.
func byDefault(name, role string) []ruletest.Resource {
	service := onProvider(name, "", role)
	delete(service[1].Properties, "capacityProviderStrategies")
	return append(
		service,
		ruletest.Resource{Type: ecsClusterType, Name: "cluster", Properties: ruletest.Props{"name": "lab"}},
		ruletest.Resource{Type: clusterCapacityType, Name: "capacity", Properties: ruletest.Props{
			"clusterName":                       "lab",
			"defaultCapacityProviderStrategies": []any{map[string]any{"capacityProvider": "pool-1"}},
		}},
	)
}

// byLaunchType returns a service on a cluster that has the instances, and whose services have no place by default.
func byLaunchType(name, role, launchType string) []ruletest.Resource {
	service := byDefault(name, role)
	service[1].Properties["launchType"] = launchType
	service[3].Properties = ruletest.Props{"clusterName": "lab", "capacityProviders": []string{"pool-1"}}
	return service
}

// sharing returns services on the same stack as readers, who may read a bucket, and writers, who may write it.
func sharing(services ...[]ruletest.Resource) []ruletest.Resource {
	all := append(
		append(
			actor("reader", byTasks, may("s3:GetObject", bucket)),
			actor("writer", byTasks, may("s3:PutObject", bucket))...),
		actor("second-reader", byTasks, may("s3:GetObject", bucket), may("xray:PutTraceSegments", "*"))...)
	for _, service := range services {
		all = append(all, service...)
	}
	return all
}

var isolationCases = []ruletest.Case{
	{Situation: ruletest.Passes, Resource: instances, Want: ruletest.Pass,
		Rest: sharing(onProvider("one", "pool-1", "reader"), onProvider("two", "FARGATE", "writer"))},
	{Situation: ruletest.Passes, Name: "of the same rights", Resource: instances, Want: ruletest.Pass,
		Rest: sharing(onProvider("one", "pool-1", "reader"), onProvider("two", "pool-1", "second-reader"))},
	{Situation: ruletest.Fails, Resource: instances, Want: ruletest.Violation("it"),
		Rest: sharing(onProvider("one", "pool-1", "reader"), onProvider("two", "pool-1", "writer"))},
	{Situation: ruletest.Fails, Name: "by the cluster's choice", Resource: instances, Want: ruletest.Violation("it"),
		Rest: sharing(onProvider("one", "pool-1", "reader"), byDefault("two", "writer"))},
	{Situation: ruletest.Fails, Name: "by launch type", Resource: instances, Want: ruletest.Violation("it"),
		Rest: sharing(onProvider("one", "pool-1", "reader"), byLaunchType("two", "writer", "EC2"))},
	{Situation: ruletest.Fails, Name: "where nobody chose", Resource: instances, Want: ruletest.Violation("it"),
		Rest: sharing(onProvider("one", "pool-1", "reader"), byLaunchType("two", "writer", ""))},
	{Situation: ruletest.Passes, Name: "by another launch type", Resource: instances, Want: ruletest.Pass,
		Rest: sharing(onProvider("one", "pool-1", "reader"), byLaunchType("two", "writer", "FARGATE"))},
	{
		Situation: ruletest.Unknown,
		Resource:  instances,
		Want:      ruletest.Unevaluated("it"),
		Rest: append(sharing(onProvider("one", "pool-1", "reader")), ruletest.Resource{
			Type: serviceType,
			Name: "two",
			Properties: ruletest.Props{"taskDefinition": ruletest.Computed,
				"capacityProviderStrategies": []any{map[string]any{"capacityProvider": "pool-1"}}},
		}),
	},
	{Situation: ruletest.Secret, Resource: instances, Want: ruletest.Violation("it"),
		Rest: sharing(onProvider("one", ruletest.Secretly("pool-1"), "reader"), onProvider("two", "pool-1", "writer"))},
	{Situation: ruletest.Absent, Name: "services", Resource: instances, Want: ruletest.Pass},
	{
		Situation: ruletest.Absent,
		Name:      "instances",
		Resource:  ruletest.Resource{Type: capacityProviderType, Name: "it"},
		Want:      ruletest.NotApplicable,
	},
}
