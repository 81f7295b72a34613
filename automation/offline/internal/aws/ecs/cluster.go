package ecs

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// refuseInstances refuses to delete a cluster while instances of a group that joins it run. An instance joins the
// cluster that its user data names.
func refuseInstances(c *bridge.Change) error {
	groups, err := c.Tx.OfType(c.Thing.Region, token.AutoScalingGroup)
	if err != nil {
		return err
	}
	for _, group := range groups {
		if bridge.StateOf(group).Num("desiredCapacity") == 0 {
			continue
		}
		joins, err := joinsCluster(c.Tx, group, c.Thing.Name)
		if err != nil {
			return err
		}
		if joins {
			return bridge.RefuseRetried(
				"ClusterContainsContainerInstancesException",
				"The Cluster cannot be deleted while Container Instances are active "+
					"or draining: those of the Auto Scaling group %s are in %s",
				group.Name,
				c.Thing.Name,
			)
		}
	}
	return nil
}

// joinsCluster reports whether the launch template of a group names the cluster.
func joinsCluster(tx *world.Tx, group *world.Thing, cluster string) (bool, error) {
	links, err := tx.Links(group)
	if err != nil {
		return false, err
	}
	for _, link := range links {
		if link.Target.Type != token.LaunchTemplate {
			continue
		}
		script, err := base64.StdEncoding.DecodeString(bridge.StateOf(link.Target).Str("userData"))
		if err != nil {
			continue // no user data that an instance could run either
		}
		for line := range strings.Lines(string(script)) {
			if _, name, found := strings.Cut(line, "ECS_CLUSTER="); found && leadingName(name) == cluster {
				return true, nil
			}
		}
	}
	return false, nil
}

// leadingName returns the name at the beginning of a text, which may be quoted.
func leadingName(text string) string {
	text = strings.TrimLeft(text, `"'`)
	end := strings.IndexFunc(
		text,
		func(r rune) bool { return !strings.ContainsRune(template.Alphabets["alnum"]+"-_", r) },
	)
	if end < 0 {
		return text
	}
	return text[:end]
}

// refuseStrategy refuses a default strategy that the cluster's providers cannot serve.
func refuseStrategy(c *bridge.Change) error {
	providers := c.Inputs.Strings("capacityProviders")
	based := 0
	for _, entry := range c.Inputs.Objects("defaultCapacityProviderStrategies") {
		if provider := entry.Str("capacityProvider"); !slices.Contains(providers, provider) {
			return bridge.Refuse(
				"InvalidParameterException",
				"The specified capacity provider strategy cannot contain a capacity "+
					"provider that is not associated with the cluster: %s",
				provider,
			)
		}
		if entry.Num("base") > 0 {
			based++
		}
	}
	if based > 1 {
		return bridge.Refuse(
			"InvalidParameterException",
			"The specified capacity provider strategy cannot contain more than one capacity "+
				"provider with a base value.",
		)
	}
	return nil
}

// updateProviders refuses to take away a capacity provider by which services of the cluster run (Amazon ECS API,
// PutClusterCapacityProviders).
func updateProviders(c *bridge.Change) error {
	services, err := c.Siblings(token.Service)
	if err != nil {
		return err
	}
	for _, service := range services {
		state := bridge.StateOf(service)
		if !strings.HasSuffix(state.Str("cluster"), "/"+c.Inputs.Str("clusterName")) {
			continue
		}
		for _, entry := range state.Objects("capacityProviderStrategies") {
			used := values.AfterLast(entry.Str("capacityProvider"), "/")
			if !slices.Contains(c.Inputs.Strings("capacityProviders"), used) {
				return bridge.Refuse(
					"ResourceInUseException",
					"The specified capacity provider is in use and cannot be removed: %s runs service %s",
					used,
					service.Name,
				)
			}
		}
	}
	return refuseStrategy(c)
}

func createCapacityProvider(c *bridge.Change) error {
	for _, reserved := range []string{"aws", "ecs", "fargate"} {
		if name := c.Inputs.Str("name"); strings.HasPrefix(strings.ToLower(name), reserved) {
			return bridge.Refuse(
				"ClientException",
				"The specified capacity provider name %q is invalid: it must not start with %s.",
				name,
				reserved,
			)
		}
	}
	group := c.Target("autoScalingGroupProvider.autoScalingGroupArn")
	protects := c.Inputs.Str("autoScalingGroupProvider.managedTerminationProtection") == "ENABLED"
	if protects && group != nil && !bridge.StateOf(group).Bool("protectFromScaleIn") {
		return bridge.Refuse(
			"ClientException",
			"The managed termination protection setting for the capacity provider is invalid. To "+
				"enable managed termination protection for a capacity provider, the Auto Scaling group must have "+
				"instance protection "+
				"from scale in enabled.",
		)
	}
	return nil
}
