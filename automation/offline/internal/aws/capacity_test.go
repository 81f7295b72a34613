package aws

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A cluster stays while instances that join it run, and a group while its instances are protected.
func TestInstancesHoldTheirCluster(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, subnets := l.network()
	cluster := l.create(tCluster, "lab", in{"name": "lab"})
	template := l.create(tLaunchTemplate, "lab", in{"userData": base64.StdEncoding.EncodeToString([]byte("#!/bin/bash\necho ECS_CLUSTER=lab >> /etc/ecs/ecs.config\n"))})
	group := in{"minSize": 1, "maxSize": 2, "vpcZoneIdentifiers": []any{subnets[0].id}, "launchTemplate": in{"id": template.id, "version": "$Latest"}, "protectFromScaleIn": true}
	m := l.create(tAutoScalingGroup, "lab", group)
	other := l.create(tCluster, "other", in{"name": "lab-2"})
	require.NoError(t, l.tryDelete(other))
	assert.ErrorContains(t, l.tryDelete(cluster), "ClusterContainsContainerInstancesException")
	assert.ErrorContains(t, l.tryDelete(m), "1 instances are protected from scale in")
	require.NoError(t, l.tryDelete(l.update(m, merge(group, in{"forceDelete": true}))))
	require.NoError(t, l.tryDelete(cluster))
}

func TestAServicesCapacityProvidersAreItsClusters(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, subnets := l.network()
	cluster := l.create(tCluster, "lab", in{"name": "lab"})
	l.create(tTaskDefinition, "shop", in{"family": "shop", "containerDefinitions": shop, "requiresCompatibilities": []any{"FARGATE"}, "networkMode": "awsvpc", "cpu": "256", "memory": "512"})
	service := in{"cluster": cluster.str("arn"), "taskDefinition": "shop", "networkConfiguration": in{"subnets": []any{subnets[0].id}},
		"capacityProviderStrategies": []any{in{"capacityProvider": "FARGATE_SPOT", "weight": 1}}}
	_, err := l.tryCreate(tService, "shop", service)
	assert.ErrorContains(t, err, "cannot contain a capacity provider that is not associated with the cluster: FARGATE_SPOT is not of lab")
	l.create(tClusterProviders, "lab", in{"clusterName": "lab", "capacityProviders": []any{"FARGATE_SPOT"}})
	l.create(tService, "shop", service)
}

func TestServicesHoldTheirNamespace(t *testing.T) {
	l := newLab(t, "us-east-1")
	_, subnets := l.network()
	namespace := l.create(tHttpNamespace, "lab", in{"name": "lab"})
	cluster := l.create(tCluster, "lab", in{"serviceConnectDefaults": in{"namespace": namespace.str("arn")}})
	l.create(tTaskDefinition, "shop", in{"family": "shop", "containerDefinitions": shop, "requiresCompatibilities": []any{"FARGATE"}, "networkMode": "awsvpc", "cpu": "256", "memory": "512"})
	service := l.create(tService, "shop", in{"cluster": cluster.str("arn"), "taskDefinition": "shop", "launchType": "FARGATE", "networkConfiguration": in{"subnets": []any{subnets[0].id}},
		"serviceConnectConfiguration": in{"enabled": true, "namespace": namespace.str("arn")}})
	assert.ErrorContains(t, l.tryDelete(namespace), "ResourceInUse")
	require.NoError(t, l.tryDelete(service))
	require.NoError(t, l.tryDelete(namespace))
}
