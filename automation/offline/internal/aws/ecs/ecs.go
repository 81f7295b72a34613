// Package ecs stands in for clusters, task definitions and services: sizes, images, ports, networks and capacity
// providers.
package ecs

import (
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/model"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "ecs", Name: "ECS",
	Behaviors: map[string]bridge.Behavior{
		token.Cluster:          {Remove: refuseInstances},
		token.ClusterProviders: {Create: refuseStrategy, Update: updateProviders},
		token.CapacityProvider: {Create: createCapacityProvider},
		token.TaskDefinition: {
			Check: checkTaskDefinition, Diff: diffTaskDefinition, Create: createTaskDefinition,
		},
		token.Service: {
			Diff: diffService, Create: createService, Update: updateService, Runs: true, Run: runDeployment,
			Remove: forgetDeployments,
		},
	},
	Equalities: map[string]func(a, b string) bool{
		"containers": func(a, b string) bool { return model.EqualDocuments(a, b, canonicalContainers) },
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:ecs/getCluster:getCluster": bridge.GetByName("clusterName", token.Cluster, "ClusterNotFoundException"),
		"aws:ecs/getService:getService": getService,
	},
}
