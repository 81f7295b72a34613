package ecs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/ec2"
	"github.com/awslab/awslab/automation/offline/internal/aws/ecr"
	"github.com/awslab/awslab/automation/offline/internal/aws/elb"
	"github.com/awslab/awslab/automation/offline/internal/aws/references"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// diffService replaces a service whose capacity providers change, unless a new deployment is forced and there were and
// will be some.
func diffService(d *diff.Difference) error {
	if !d.Changed("capacityProviderStrategies") {
		return nil
	}
	before, after := len(d.Olds.List("capacityProviderStrategies")), len(d.News.List("capacityProviderStrategies"))
	d.Replace("capacityProviderStrategies", !d.News.Bool("forceNewDeployment") || before == 0 || after == 0)
	return nil
}

func createService(c *bridge.Change) error {
	c.Variables["clusterName"] = "default"
	if cluster := c.Target("cluster"); cluster != nil {
		c.Variables["clusterName"] = cluster.Name
	}
	strategies := c.Inputs.List("capacityProviderStrategies")
	if c.Inputs.Has("launchType") && len(strategies) > 0 {
		return bridge.Refuse(
			"InvalidParameterException",
			"Specifying both a launch type and capacity provider strategy is not supported. "+
				"Remove one and try again.",
		)
	}
	if c.Inputs.Has("healthCheckGracePeriodSeconds") && len(c.Inputs.List("loadBalancers")) == 0 {
		return refuseGrace()
	}
	if err := refuseProviders(c); err != nil {
		return err
	}
	if err := deployService(c); err != nil {
		return err
	}
	if len(strategies) == 0 {
		c.Out("launchType", "EC2")
	} else {
		c.Out("launchType", "")
	}
	if onFargate(c.Inputs) {
		c.Out("platformVersion", "LATEST")
	}
	c.Out("desiredCount", 0.0)
	return nil
}

// updateService refuses a grace period in the update that adds or removes the target groups: ECS holds it against the
// service as it is.
func updateService(c *bridge.Change) error {
	before, after := len(c.Olds.List("loadBalancers")), len(c.Inputs.List("loadBalancers"))
	if c.Difference.Changed("healthCheckGracePeriodSeconds") && (before == 0 || after == 0) {
		return refuseGrace()
	}
	if err := refuseProviders(c); err != nil {
		return err
	}
	return deployService(c)
}

func refuseGrace() error {
	return bridge.Refuse(
		"InvalidParameterException",
		"Health check grace period is only valid for services configured to use load balancers",
	)
}

// refuseProviders refuses a strategy with capacity providers that the service's cluster does not have.
func refuseProviders(c *bridge.Change) error {
	cluster := c.Target("cluster")
	strategies := c.Inputs.Objects("capacityProviderStrategies")
	if cluster == nil || len(strategies) == 0 {
		return nil
	}
	referrers, err := c.Tx.Referrers(cluster)
	if err != nil {
		return err
	}
	var associated []string
	for _, r := range referrers {
		if r.Thing.Type == token.ClusterProviders {
			associated = append(associated, bridge.StateOf(r.Thing).Strings("capacityProviders")...)
		}
	}
	for _, strategy := range strategies {
		if provider := values.AfterLast(strategy.Str("capacityProvider"), "/"); !slices.Contains(associated, provider) {
			return bridge.Refuse(
				"InvalidParameterException",
				"The specified capacity provider strategy cannot contain a capacity provider that is not "+
					"associated with the cluster: %s is not of %s",
				provider,
				cluster.Name,
			)
		}
	}
	return nil
}

func onFargate(service values.View) bool {
	if service.Str("launchType") == "FARGATE" {
		return true
	}
	return slices.ContainsFunc(service.Objects("capacityProviderStrategies"), func(entry values.View) bool {
		return references.IsFargate(entry.Str("capacityProvider"))
	})
}

// deployService refuses what ECS refuses of a deployment, and one that would never become steady if the program waits.
func deployService(c *bridge.Change) error {
	definition, err := taskDefinition(c)
	if err != nil || definition == nil {
		return err
	}
	state := bridge.StateOf(definition)
	if onFargate(c.Inputs) && !slices.Contains(state.Strings("requiresCompatibilities"), "FARGATE") {
		return bridge.Refuse("InvalidParameterException", "Task definition does not support launch_type FARGATE.")
	}
	awsvpc := state.Str("networkMode") == "awsvpc"
	if awsvpc && len(c.Inputs.List("networkConfiguration.subnets")) == 0 {
		return bridge.Refuse(
			"InvalidParameterException",
			"Network Configuration must be provided when networkMode 'awsvpc' is specified.",
		)
	}
	if err := ec2.RefuseForeignGroups(
		c,
		"networkConfiguration.subnets",
		"networkConfiguration.securityGroups",
	); err != nil {
		return err
	}
	definitions, has := state.At("containerDefinitions")
	if !has {
		return nil
	}
	containers, err := containersOf(values.Document(definitions))
	if err != nil {
		return err
	}
	if err := refuseLoadBalancers(c, containers, awsvpc); err != nil {
		return err
	}
	if !c.Inputs.Bool("waitForSteadyState") || c.Inputs.Num("desiredCount") == 0 {
		return nil
	}
	if err := refuseRoom(c, state); err != nil {
		return err
	}
	return refuseImages(c, containers)
}

// taskDefinition returns the task definition of a service, which names it by ARN, family or family and revision.
func taskDefinition(c *bridge.Change) (*world.Thing, error) {
	if definition := c.Target("taskDefinition"); definition != nil {
		return definition, nil
	}
	name := c.Inputs.Str("taskDefinition")
	if name == "" || strings.HasPrefix(name, "arn:") {
		return nil, nil
	}
	family, revision, exact := strings.Cut(name, ":")
	revisions, err := c.Tx.ByName(token.TaskDefinition, family)
	if err != nil {
		return nil, err
	}
	for _, d := range revisions {
		if d.Region == c.Region().Name && (!exact || bridge.StateOf(d).Str("revision") == revision) {
			c.Links = append(c.Links, world.Link{Property: "taskDefinition", Target: d})
			return d, nil
		}
	}
	return nil, bridge.Refuse("ClientException", "Unable to describe task definition %s", name)
}

// refuseLoadBalancers refuses target groups that no listener uses and containers that do not serve the port.
func refuseLoadBalancers(c *bridge.Change, containers []container, awsvpc bool) error {
	for _, group := range c.Targets("loadBalancers.targetGroupArn") {
		balancers, err := elb.BalancersOf(c, group)
		if err != nil {
			return err
		}
		if len(balancers) == 0 {
			return bridge.RefuseRetried(
				"InvalidParameterException",
				"The target group with targetGroupArn %s does not have an associated "+
					"load balancer.",
				group.ARN,
			)
		}
		if kind := bridge.StateOf(group).Str("targetType"); awsvpc && kind != "ip" {
			return bridge.Refuse(
				"InvalidParameterException",
				"The provided target group %s has target type %s, which is incompatible with "+
					"the awsvpc network mode specified in the task definition.",
				group.ARN,
				kind,
			)
		}
	}
	for _, entry := range c.Inputs.Objects("loadBalancers") {
		if err := refusePort(containers, entry.Str("containerName"), int(entry.Num("containerPort"))); err != nil {
			return err
		}
	}
	return nil
}

func refusePort(containers []container, name string, port int) error {
	i := slices.IndexFunc(containers, func(c container) bool { return c.Name == name })
	if i < 0 {
		return bridge.Refuse(
			"InvalidParameterException",
			"The container %s does not exist in the task definition.",
			name,
		)
	}
	for _, mapping := range containers[i].PortMappings {
		if mapping.ContainerPort == port {
			return nil
		}
	}
	return bridge.Refuse(
		"InvalidParameterException",
		"The container %s did not have a container port %d defined.",
		name,
		port,
	)
}

// refuseImages fails the wait for a steady state when a task's image is not in its repository of this account. What a
// pull-through cache would fetch is taken to be there.
func refuseImages(c *bridge.Change, containers []container) error {
	registry := fmt.Sprintf("%s.dkr.ecr.%s.%s/", world.Account, c.Region().Name, c.Region().DNSSuffix())
	for _, definition := range containers {
		if !strings.HasPrefix(definition.Image, registry) {
			continue
		}
		repository, reference := ecr.SplitImage(definition.Image)
		if cached, err := ecr.PulledThrough(c, strings.TrimPrefix(repository, registry)); err != nil {
			return err
		} else if cached {
			continue
		}
		images, err := c.Tx.Images(repository)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(
			images,
			func(i world.Image) bool { return i.Tag == reference || i.Digest == reference },
		) {
			return errors.New("waiting for the service to reach a steady state: unexpected state: tasks stopped with " +
				"CannotPullContainerError: failed to resolve ref " + definition.Image + ": not found")
		}
	}
	return nil
}

// getService finds a service by its cluster and name, as two clusters may have one of the same name.
func getService(c bridge.Call) (map[string]any, error) {
	things, err := c.Here(token.Service)
	if err != nil {
		return nil, err
	}
	for _, thing := range things {
		if state := bridge.StateOf(thing); state.Str("name") == c.Args.Str("serviceName") &&
			state.Str("cluster") == c.Args.Str("clusterArn") {
			return bridge.Describe(thing), nil
		}
	}
	return nil, bridge.Refuse(
		"ServiceNotFoundException",
		"there is no service %q in cluster %s",
		c.Args.Str("serviceName"),
		c.Args.Str("clusterArn"),
	)
}
