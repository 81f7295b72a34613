package ecs

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
	"github.com/awslab/awslab/internal/instancetype"
)

// refuseRoom fails the wait for a steady state when the instances of the service's capacity provider, as many as its
// Auto Scaling group may have, cannot hold the tasks of all its services. A deployment needs room for one more.
func refuseRoom(c *bridge.Change, definition values.View) error {
	provider := providerOf(c.Inputs)
	group, err := groupOf(c, provider)
	if err != nil || group == nil {
		return err
	}
	_, size, known := instancetype.Largest(typesOf(bridge.StateOf(group)))
	if !known {
		return nil
	}
	need := needOf(definition, c.Inputs.Num("desiredCount"))
	if c.Difference != nil && c.Difference.Changed("taskDefinition") {
		need.Tasks++
	}
	services, err := c.Siblings(token.Service)
	if err != nil {
		return err
	}
	for _, service := range services {
		state := bridge.StateOf(service)
		if c.Thing != nil && service.Key == c.Thing.Key || providerOf(state) != provider {
			continue
		}
		other, err := definitionOf(c.Tx, service)
		if err != nil {
			return err
		}
		need = need.Plus(needOf(other, state.Num("desiredCount")))
	}
	most := int(bridge.StateOf(group).Num("maxSize"))
	if least := need.Instances(size); least > most {
		return fmt.Errorf("waiting for the service to reach a steady state: (service %s) was unable to place a task "+
			"because no container instance met all of its requirements (RESOURCE:ENI, CPU or MEMORY): %d tasks need "+
			"%d instances, of %d of the Auto Scaling group %s",
			c.Inputs.Str("name"), need.Tasks, least, most, group.Name)
	}
	return nil
}

// providerOf returns the name of the capacity provider by which a service runs on instances, if it does.
func providerOf(service values.View) string {
	for _, strategy := range service.Objects("capacityProviderStrategies") {
		if name := values.AfterLast(strategy.Str("capacityProvider"), "/"); !references.IsFargate(name) {
			return name
		}
	}
	return ""
}

// groupOf returns the Auto Scaling group of a capacity provider in the region, or nil.
func groupOf(c *bridge.Change, provider string) (*world.Thing, error) {
	if provider == "" {
		return nil, nil
	}
	providers, err := c.Tx.ByName(token.CapacityProvider, provider)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(providers, func(p *world.Thing) bool { return p.Region == c.Region().Name })
	if i < 0 {
		return nil, nil
	}
	groups, err := c.Tx.ByARN(bridge.StateOf(providers[i]).Str("autoScalingGroupProvider.autoScalingGroupArn"))
	if err != nil || len(groups) == 0 {
		return nil, err
	}
	return groups[0], nil
}

// typesOf returns the instance types that a group chooses from.
func typesOf(group values.View) []string {
	var types []string
	for _, override := range group.Objects("mixedInstancesPolicy.launchTemplate.overrides") {
		types = append(types, override.Str("instanceType"))
	}
	return types
}

func definitionOf(tx *world.Tx, service *world.Thing) (values.View, error) {
	links, err := tx.Links(service)
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if link.Property == "taskDefinition" {
			return bridge.StateOf(link.Target), nil
		}
	}
	return nil, nil
}

func needOf(definition values.View, tasks float64) instancetype.Need {
	cpu, _ := strconv.Atoi(definition.Str("cpu")) // 0 where the containers alone say it
	memory, _ := strconv.Atoi(definition.Str("memory"))
	need := instancetype.Need{CPU: int(tasks) * cpu, Memory: int(tasks) * memory}
	if definition.Str("networkMode") == "awsvpc" {
		need.Tasks = int(tasks)
	}
	return need
}
