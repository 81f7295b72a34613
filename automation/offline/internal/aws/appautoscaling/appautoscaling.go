// Package appautoscaling stands in for the scaling of services, tables and clusters: what can be scaled, and that it is
// registered first.
package appautoscaling

import (
	"fmt"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
	"github.com/awslab/awslab/internal/grammar"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "appautoscaling", Name: "Application Auto Scaling",
	Behaviors: map[string]bridge.Behavior{
		token.ScalingTarget: {
			Create:  createScalingTarget,
			Created: scaleService,
			Update:  refuseCapacity,
			Remove:  removeScalingTarget,
		},
		token.ScalingPolicy: {
			Check:  checkScalingPolicy,
			Create: createScalingPolicy,
		},
		token.ScheduledAction: {
			Create: createScheduledAction,
			Update: createScheduledAction,
		},
	},
}

// scalingRoles are the last parts of the names of the service-linked roles that scaling uses.
var scalingRoles = map[string]string{
	"ecs":      "ECSService",
	"dynamodb": "DynamoDBTable",
	"rds":      "RDSCluster",
	"lambda":   "LambdaConcurrency",
}

func createScalingTarget(c *bridge.Change) error {
	namespace := c.Inputs.Str("serviceNamespace")
	if err := refuseCapacity(c); err != nil {
		return err
	}
	if scaled, known := scalables[namespace]; known {
		thing, err := scaled.find(c)
		if err != nil {
			return err
		}
		if thing == nil {
			return bridge.RefuseRetried(
				"ValidationException",
				"%s doesn't exist: %s",
				scaled.title,
				c.Inputs.Str("resourceId"),
			)
		}
		c.Links = append(c.Links, world.Link{Property: "resourceId", Target: thing})
	}
	if role, known := scalingRoles[namespace]; known {
		c.Out("roleArn", fmt.Sprintf("arn:%s:iam::%s:role/aws-service-role/%s.application-autoscaling.amazonaws.com/"+
			"AWSServiceRoleForApplicationAutoScaling_%s", c.Region().Partition(), world.Account, namespace, role))
	}
	return nil
}

// scalables are what can be scaled and is in the world, by namespace, with how AWS calls it in a refusal.
var scalables = map[string]struct {
	title string
	find  func(c *bridge.Change) (*world.Thing, error)
}{
	"ecs":      {"ECS service", scaledService},
	"dynamodb": {"DynamoDB table", scaledTable},
	"rds":      {"RDS cluster", scaledCluster},
}

// scaledTable returns the table that a resource id like table/orders or table/orders/index/by-customer names, or nil.
func scaledTable(c *bridge.Change) (*world.Thing, error) {
	parts := strings.Split(c.Inputs.Str("resourceId"), "/")
	if len(parts) != 2 && len(parts) != 4 {
		return nil, nil
	}
	table, err := namedHere(c, token.Table, parts[1])
	if err != nil || table == nil || len(parts) == 2 {
		return table, err
	}
	for _, index := range bridge.StateOf(table).Objects("globalSecondaryIndexes") {
		if index.Str("name") == parts[3] {
			return table, nil
		}
	}
	return nil, nil
}

// scaledCluster returns the cluster that a resource id like cluster:orders names, or nil.
func scaledCluster(c *bridge.Change) (*world.Thing, error) {
	return namedHere(c, token.DBCluster, strings.TrimPrefix(c.Inputs.Str("resourceId"), "cluster:"))
}

// namedHere returns the thing of a type with the name in the region, or nil.
func namedHere(c *bridge.Change, token, name string) (*world.Thing, error) {
	things, err := c.Tx.ByName(token, name)
	if err != nil {
		return nil, err
	}
	for _, thing := range things {
		if thing.Region == c.Region().Name {
			return thing, nil
		}
	}
	return nil, nil
}

// scaledService returns the service that a resource id like service/cluster/service names, or nil.
func scaledService(c *bridge.Change) (*world.Thing, error) {
	services, err := c.Tx.OfType(c.Region().Name, token.Service)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		if strings.HasSuffix(service.ARN, ":"+c.Inputs.Str("resourceId")) {
			return service, nil
		}
	}
	return nil, nil
}

func refuseCapacity(c *bridge.Change) error {
	if least, most := c.Inputs.Num("minCapacity"), c.Inputs.Num("maxCapacity"); least > most {
		return bridge.Refuse(
			"ValidationException",
			"Maximum capacity %g cannot be less than minimum capacity %g",
			most,
			least,
		)
	}
	return nil
}

// scaleService moves a service's count into the new target's range, as scaling does at once.
func scaleService(c *bridge.Change) error {
	service := c.Target("resourceId")
	if service == nil || service.Type != token.Service {
		return nil
	}
	links, err := c.Tx.Links(service)
	if err != nil {
		return err
	}
	count := bridge.StateOf(service).Num("desiredCount")
	scaled := min(max(count, c.Inputs.Num("minCapacity")), c.Inputs.Num("maxCapacity"))
	if scaled == count {
		return nil
	}
	values.Set(service.State, "desiredCount", values.Of(scaled))
	return c.Tx.Put(service, links)
}

// removeScalingTarget takes the target's policies and scheduled actions along.
func removeScalingTarget(c *bridge.Change) error {
	for _, token := range []string{token.ScalingPolicy, token.ScheduledAction} {
		dependents, err := c.Siblings(token)
		if err != nil {
			return err
		}
		for _, dependent := range dependents {
			if sameTarget(bridge.StateOf(dependent), c.Olds) {
				if err := c.Tx.Remove(dependent.Key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func sameTarget(a, b values.View) bool {
	for _, property := range []string{"serviceNamespace", "resourceId", "scalableDimension"} {
		if a.Str(property) != b.Str(property) {
			return false
		}
	}
	return true
}

func checkScalingPolicy(inputs values.View) []bridge.Failure {
	const metric = "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification"
	if inputs.Str(metric+".predefinedMetricType") == "ALBRequestCountPerTarget" &&
		!inputs.Given(metric+".resourceLabel") {
		return []bridge.Failure{
			bridge.Failf(
				metric+".resourceLabel",
				"resourceLabel must be given for ALBRequestCountPerTarget, in the form "+
					"app/{load balancer}/{id}/targetgroup/{target group}/{id}",
			),
		}
	}
	return nil
}

// refuseUnregistered refuses what scales something that is no scalable target.
func refuseUnregistered(c *bridge.Change) error {
	targets, err := c.Siblings(token.ScalingTarget)
	if err != nil {
		return err
	}
	for _, target := range targets {
		if sameTarget(bridge.StateOf(target), c.Inputs) {
			return nil
		}
	}
	return bridge.RefuseRetried(
		"ObjectNotFoundException",
		"No scalable target registered for service namespace: %s, resource ID: %s, "+
			"scalable dimension: %s",
		c.Inputs.Str("serviceNamespace"),
		c.Inputs.Str("resourceId"),
		c.Inputs.Str("scalableDimension"),
	)
}

// createScheduledAction refuses an action without its target, a range that is none, and a schedule that AWS does not
// read.
func createScheduledAction(c *bridge.Change) error {
	least, given := c.Inputs.At("scalableTargetAction.minCapacity")
	most, both := c.Inputs.At("scalableTargetAction.maxCapacity")
	if given && both && least.IsNumber() && most.IsNumber() && least.NumberValue() > most.NumberValue() {
		return bridge.Refuse(
			"ValidationException",
			"Maximum capacity %s cannot be less than minimum capacity %s",
			values.Text(most),
			values.Text(least),
		)
	}
	if schedule := c.Inputs.Str("schedule"); !grammar.IsSchedule(schedule) {
		return bridge.Refuse("ValidationException", "Invalid schedule expression: %s", schedule)
	}
	return refuseUnregistered(c)
}

func createScalingPolicy(c *bridge.Change) error {
	if err := refuseUnregistered(c); err != nil {
		return err
	}
	if c.Inputs.Str("policyType") == "TargetTrackingScaling" {
		var arns []any
		for _, level := range []string{"AlarmHigh", "AlarmLow"} {
			arn, err := c.Expand(
				"arn:{partition}:cloudwatch:{region}:{account}:alarm:TargetTracking-{resourceId}-" + level + "-{uuid}",
			)
			if err != nil {
				return err
			}
			arns = append(arns, arn)
		}
		c.Set("alarmArns", arns)
	}
	return nil
}
