package ecs_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

// A cluster stays while instances that join it run, and a group while its instances are protected.
func TestInstancesHoldTheirCluster(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	cluster := l.Create(token.Cluster, "lab", awstest.In{"name": "lab"})
	template := l.Create(
		token.LaunchTemplate,
		"lab",
		awstest.In{
			"userData": base64.StdEncoding.EncodeToString(
				[]byte("#!/bin/bash\necho ECS_CLUSTER=lab >> /etc/ecs/ecs.config\n"),
			),
		},
	)
	group := awstest.In{
		"minSize":            1,
		"maxSize":            2,
		"vpcZoneIdentifiers": []any{subnets[0].Id},
		"launchTemplate":     awstest.In{"id": template.Id, "version": "$Latest"},
		"protectFromScaleIn": true,
	}
	m := l.Create(token.AutoScalingGroup, "lab", group)
	other := l.Create(token.Cluster, "other", awstest.In{"name": "lab-2"})
	require.NoError(t, l.TryDelete(other))
	assert.ErrorContains(t, l.TryDelete(cluster), "ClusterContainsContainerInstancesException")
	assert.ErrorContains(t, l.TryDelete(m), "1 instances are protected from scale in")
	require.NoError(t, l.TryDelete(l.Update(m, awstest.Merge(group, awstest.In{"forceDelete": true}))))
	require.NoError(t, l.TryDelete(cluster))
}

func TestAServicesCapacityProvidersAreItsClusters(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	cluster := l.Create(token.Cluster, "lab", awstest.In{"name": "lab"})
	l.Create(
		token.TaskDefinition,
		"shop",
		awstest.In{
			"family":                  "shop",
			"containerDefinitions":    awstest.Shop,
			"requiresCompatibilities": []any{"FARGATE"},
			"networkMode":             "awsvpc",
			"cpu":                     "256",
			"memory":                  "512",
		},
	)
	service := awstest.In{
		"cluster":                    cluster.Str("arn"),
		"taskDefinition":             "shop",
		"networkConfiguration":       awstest.In{"subnets": []any{subnets[0].Id}},
		"capacityProviderStrategies": []any{awstest.In{"capacityProvider": "FARGATE_SPOT", "weight": 1}},
	}
	_, err := l.TryCreate(token.Service, "shop", service)
	assert.ErrorContains(
		t,
		err,
		"cannot contain a capacity provider that is not associated with the cluster: FARGATE_SPOT is not of lab",
	)
	providers := l.Create(
		token.ClusterProviders,
		"lab",
		awstest.In{"clusterName": "lab", "capacityProviders": []any{"FARGATE_SPOT"}},
	)
	made := l.Create(token.Service, "shop", service)
	_, err = l.TryUpdate(providers, awstest.In{"clusterName": "lab", "capacityProviders": []any{"FARGATE"}})
	assert.ErrorContains(t, err, "ResourceInUseException")
	assert.ErrorContains(t, err, "FARGATE_SPOT runs service")

	service["healthCheckGracePeriodSeconds"] = 30
	_, err = l.TryUpdate(made, service)
	assert.ErrorContains(
		t,
		err,
		"Health check grace period is only valid for services configured to use load balancers",
	)
}

// Each task has a network interface of its own, of which an instance has few. ECS starts no task without.
func TestInstancesHaveRoomForFewTasks(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	cluster := l.Create(token.Cluster, "lab", awstest.In{"name": "lab"})
	template := l.Create(token.LaunchTemplate, "lab", awstest.In{})
	group := l.Create(token.AutoScalingGroup, "lab", awstest.In{
		"minSize":            0,
		"maxSize":            2,
		"vpcZoneIdentifiers": []any{subnets[0].Id},
		"mixedInstancesPolicy": awstest.In{"launchTemplate": awstest.In{
			"launchTemplateSpecification": awstest.In{"launchTemplateId": template.Id},
			"overrides":                   []any{awstest.In{"instanceType": "m7i.large"}},
		}},
	})
	l.Create(token.CapacityProvider, "lab", awstest.In{
		"name": "instances", "autoScalingGroupProvider": awstest.In{"autoScalingGroupArn": group.Str("arn")},
	})
	l.Create(
		token.ClusterProviders,
		"lab",
		awstest.In{"clusterName": "lab", "capacityProviders": []any{"instances"}},
	)
	definition := func(family, cpu string) string {
		return l.Create(token.TaskDefinition, family, awstest.In{
			"family": family, "containerDefinitions": awstest.Shop, "networkMode": "awsvpc",
			"cpu": cpu, "memory": "512",
		}).Str("arn")
	}
	small := definition("small", "256")
	service := func(name, definition string, count int) awstest.In {
		return awstest.In{
			"name": name, "cluster": cluster.Str("arn"), "taskDefinition": definition, "desiredCount": count,
			"networkConfiguration":       awstest.In{"subnets": []any{subnets[0].Id}},
			"capacityProviderStrategies": []any{awstest.In{"capacityProvider": "instances", "weight": 1}},
			"waitForSteadyState":         true,
		}
	}
	const refused = "no container instance met all of its requirements (RESOURCE:ENI, CPU or MEMORY): "
	shop := l.Create(token.Service, "shop", service("shop", small, 3))
	_, err := l.TryCreate(token.Service, "other", service("other", small, 2))
	assert.ErrorContains(t, err, refused+"5 tasks need 3 instances, of 2 of the Auto Scaling group")
	_, err = l.TryCreate(token.Service, "other", service("other", definition("large", "4096"), 1))
	assert.ErrorContains(t, err, refused)
	l.Create(token.Service, "other", service("other", small, 1))
	_, err = l.TryUpdate(shop, service("shop", definition("small", "512"), 3))
	assert.ErrorContains(t, err, refused+"5 tasks", "a deployment starts a task before it stops one")
}

func TestServicesHoldTheirNamespace(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	_, subnets := l.Network()
	namespace := l.Create(token.HttpNamespace, "lab", awstest.In{"name": "lab"})
	cluster := l.Create(
		token.Cluster,
		"lab",
		awstest.In{"serviceConnectDefaults": awstest.In{"namespace": namespace.Str("arn")}},
	)
	l.Create(
		token.TaskDefinition,
		"shop",
		awstest.In{
			"family":                  "shop",
			"containerDefinitions":    awstest.Shop,
			"requiresCompatibilities": []any{"FARGATE"},
			"networkMode":             "awsvpc",
			"cpu":                     "256",
			"memory":                  "512",
		},
	)
	service := l.Create(
		token.Service,
		"shop",
		awstest.In{
			"cluster":                     cluster.Str("arn"),
			"taskDefinition":              "shop",
			"launchType":                  "FARGATE",
			"networkConfiguration":        awstest.In{"subnets": []any{subnets[0].Id}},
			"serviceConnectConfiguration": awstest.In{"enabled": true, "namespace": namespace.Str("arn")},
		},
	)
	assert.ErrorContains(t, l.TryDelete(namespace), "ResourceInUse")
	require.NoError(t, l.TryDelete(service))
	require.NoError(t, l.TryDelete(namespace))
}
